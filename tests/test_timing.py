"""Timing: who reports decides, and only with a context."""

from __future__ import annotations

import pytest

from bouncelib import Context, mime, parse, timing

DSN = """\
Return-Path: <>
Received: from mx.example.net (mx.example.net [192.0.2.7]) by mail.example.com; Mon, 2 Mar 2026 10:00:00 +0000
From: MAILER-DAEMON@mx.example.net
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

{reporting}
Final-Recipient: rfc822; anne@example.org
Action: failed
Status: 5.1.1

--b--
"""


@pytest.mark.parametrize(
    ("own", "reporting", "expected"),
    [
        (("mail.example.com",), "Reporting-MTA: dns; mail.example.com\n", "synchronous"),
        (("MAIL.example.com.",), "Reporting-MTA: dns; mail.EXAMPLE.com.\n", "synchronous"),
        ((".example.com",), "Reporting-MTA: dns; out7.example.com\n", "synchronous"),
        ((".example.com",), "Reporting-MTA: dns; mx.example.net\n", "asynchronous"),
        (("mail.example.com",), "Reporting-MTA: dns; mail.example.com.evil.example.net\n", "asynchronous"),
        (("192.0.2.0/24",), "Reporting-MTA: dns; [192.0.2.9]\n", "synchronous"),
        (("192.0.2.0/24",), "Reporting-MTA: dns; [198.51.100.9]\n", "asynchronous"),
        (("2001:db8::/32",), "Reporting-MTA: dns; [IPv6:2001:db8::1]\n", "synchronous"),
        (("mail.example.com",), "", "asynchronous"),
        (("mx.example.net",), "", "synchronous"),
        ((), "Reporting-MTA: dns; mail.example.com\n", "unknown"),
    ],
)
def test_who_reports_decides(own: tuple[str, ...], reporting: str, expected: str) -> None:
    report = parse(DSN.format(reporting=reporting).encode(), context=Context(own_mtas=own))
    recipient = report.recipients[0]
    assert recipient.timing == expected
    assert any(evidence.field == "timing" for evidence in recipient.evidence)


def test_without_a_context_nothing_is_claimed() -> None:
    report = parse(DSN.format(reporting="Reporting-MTA: dns; mail.example.com\n").encode())
    assert report.recipients[0].timing == "unknown"
    assert report.provenance.verdict == "unproven"


@pytest.mark.parametrize(
    ("raw", "reporting_mta", "expected"),
    [
        (b"From: x@example.com\n\n", "Mx.Example.Net", ("mx.example.net", "field reporting-mta")),
        (
            b"Received: by b.example.net; now\nReceived: from a.example.org by b.example.net; now\n\n",
            None,
            ("a.example.org", "oldest Received of the report"),
        ),
        (
            b"Received: (qmail 1 invoked for bounce)\nFrom: <MAILER-DAEMON@q.example.net>\n\n",
            "localhost",
            ("q.example.net", "domain of the report's From"),
        ),
        (b"Subject: nobody\n\n", None, None),
    ],
)
def test_find_reporter(raw: bytes, reporting_mta: str | None, expected: tuple[str, str] | None) -> None:
    assert timing.find_reporter(mime.read(raw), reporting_mta) == expected
