"""The marks of a bounce in a header."""

from __future__ import annotations

import pytest

from bouncelib.marks import (
    bystanders,
    has_daemon_sender,
    has_null_sender,
    has_report_subject,
    has_report_type,
    is_report,
)
from bouncelib.mime import read


@pytest.mark.parametrize(
    "header, expected",
    [
        ("Return-Path: <>", True),
        ("Return-Path:", True),
        ("Return-Path: <MAILER-DAEMON@mx.example.net>", True),
        ("Return-Path: <MAILER-DAEMON>", True),
        ("Return-Path: <postmaster@example.net>", False),
        ("Return-Path: <anne@example.com>", False),
        ("X-Other: <>", False),
    ],
)
def test_null_sender(header: str, expected: bool) -> None:
    assert has_null_sender(read(f"{header}\n\n".encode()).headers) is expected


@pytest.mark.parametrize(
    "header, expected",
    [
        ("From: MAILER-DAEMON@example.net", True),
        ("From: <>", True),
        ("From: Mail Delivery System <>", True),
        ("From: MAILER-DAEMON@example.net (Mail Delivery System)", True),
        ("From: Mail Delivery System <noreply@example.net>", True),
        ("From: noreply@example.net (Mail Delivery Subsystem)", True),
        ("From: =?utf-8?q?Sous-syst=C3=A8me_de_remise?= <no@example.net>", True),
        ("From: postmaster@example.net\nSubject: Re: my mail", False),
        ("From: mailer-daemon@example.net\nSubject: Re: my mail", True),
        ("From: Mail Delivery System <no@example.net>\nReturn-Path: <bulk@example.net>", False),
        ("From: Anne <anne@example.com>", False),
        ("Subject: nobody", False),
    ],
)
def test_daemon_sender(header: str, expected: bool) -> None:
    assert has_daemon_sender(read(f"{header}\n\n".encode()).headers) is expected


@pytest.mark.parametrize(
    "subject, expected",
    [
        ("Undelivered Mail Returned to Sender", True),
        ("Unzustellbar: Hallo", True),
        ("Ваше сообщение не доставлено", True),
        ("配信不能: こんにちは", True),
        ("Re: Undelivered Mail Returned to Sender", False),
        ("AW: Unzustellbar", False),
        ("RE: hello (delivery failed)", True),
        ("Lunch on Friday", False),
    ],
)
def test_subject(subject: str, expected: bool) -> None:
    assert has_report_subject(read(f"Subject: {subject}\n\n".encode()).headers) is expected


@pytest.mark.parametrize(
    "header, expected",
    [
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=x", True),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", False),
        ("Content-Type: multipart/report; report-type=feedback-report; boundary=x", False),
        ("Content-Type: multipart/mixed; boundary=x", False),
        ("X-Failed-Recipients: anne@example.com", True),
        ("X-MS-Exchange-Message-Is-Ndr:", True),
    ],
)
def test_type(header: str, expected: bool) -> None:
    assert has_report_type(read(f"{header}\n\n".encode()).headers) is expected


@pytest.mark.parametrize(
    "header, expected",
    [
        ("Subject: Mail delivery failed", True),
        ("Subject: [Postmaster] Email Delivery Failure", True),
        ("Subject: **Message you sent blocked by our filter**", True),
        ("Subject: [undeliverable]", True),
        ("Subject: I have a question about a mail delivery", False),
        ("Subject: [#7] Mail delivery failed", True),
        ("Subject: Mail delivery failed\nAuto-Submitted: auto-replied", False),
        ("Subject: Mail delivery failed\nList-Id: <talk.example.org>\nTo: talk@example.org", False),
        ("Subject: Mail delivery failed\nList-Id: <talk.example.org>\nTo: talk-bounces@example.org", True),
        ("Subject: hello\nReturn-Path: <>", True),
        ("Subject: hello", False),
    ],
)
def test_is_report(header: str, expected: bool) -> None:
    assert is_report(read(f"{header}\n\n".encode()).headers) is expected


def test_bystanders() -> None:
    headers = read(b"From: A <A@example.org>\nTo: b@example.org, C <c@example.org>\nCc: d@example.org\n\n").headers
    assert bystanders(headers) == {"a@example.org", "b@example.org", "c@example.org"}
