"""Timing: who reports decides; with a context by name, without one by what the report shows of it."""

from __future__ import annotations

import pytest

from bouncelib import Context, mime, parse, timing
from bouncelib.provenance import Reporter

DSN = """\
Return-Path: <>
{carried}From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

{reporting}
Final-Recipient: rfc822; anne@example.org
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

{returned}From: {author}
Subject: x
Message-ID: <1@example.com>

--b--
"""
FOREIGN_HOP = (
    "Received: from mx.example.net (mx.example.net [192.0.2.7]) by mail.example.com; Mon, 2 Mar 2026 10:00:00 +0000\n"
)
INSIDE = "Received: by mail.example.com (Postfix) id 4711; Mon, 2 Mar 2026 10:00:00 +0000\n"


def dsn(
    reporting: str = "",
    *,
    carried: str = "",
    to: str = "list@sender.example",
    returned: str = "",
    author: str = "a@author.example",
) -> bytes:
    line = f"Reporting-MTA: {reporting}\n" if reporting else ""
    return DSN.format(reporting=line, carried=carried, to=to, returned=returned, author=author).encode()


WITH_CONTEXT = [
    # own_mtas, reporting MTA, how the report came, expected
    (("mail.example.com",), "dns; mail.example.com", "", "synchronous"),
    (("MAIL.example.com.",), "dns; mail.EXAMPLE.com.", "", "synchronous"),
    ((".example.com",), "dns; out7.example.com", INSIDE, "synchronous"),
    ((".example.com",), "dns; mx.example.net", FOREIGN_HOP, "asynchronous"),
    (("mail.example.com",), "dns; mail.example.com.evil.example.net", "", "asynchronous"),
    (("192.0.2.0/24",), "dns; [192.0.2.9]", "", "synchronous"),
    (("192.0.2.0/24",), "dns; [198.51.100.9]", "", "asynchronous"),
    (("2001:db8::/32",), "dns; [IPv6:2001:db8::1]", "", "synchronous"),
    (("mail.example.com",), "", FOREIGN_HOP, "asynchronous"),
    (("mx.example.net",), "", FOREIGN_HOP, "synchronous"),
    # It says that it is ours, and a stranger brought it: somebody imitates our server.
    (("mail.example.com",), "dns; mail.example.com", FOREIGN_HOP, "asynchronous"),
]


@pytest.mark.parametrize(("own", "reporting", "carried", "expected"), WITH_CONTEXT)
def test_with_a_context_who_reports_decides(own: tuple[str, ...], reporting: str, carried: str, expected: str) -> None:
    report = parse(dsn(reporting, carried=carried), context=Context(own_mtas=own))
    recipient = report.recipients[0]
    assert recipient.timing == expected
    assert any(evidence.field == "timing" and evidence.rule for evidence in recipient.evidence)


TO_US = "Received: from a.client.example (a.client.example [192.0.2.1]) by mail.sender.example; now\n"
TO_THEM = "Received: from mail.sender.example (mail.sender.example [192.0.2.2]) by mx.hoster.example; now\n"
LOGGED_IN = "Received: from pc (unknown [192.0.2.3]) by smtp.isp.example with ESMTPSA id 1; now\n"
FILTER = "Received: from localhost (localhost [127.0.0.1]) by smtp.isp.example (Postfix); now\n"
TO_ISP = "Received: from mail.sender.example (mail.sender.example [192.0.2.2]) by smtp.isp.example; now\n"
WEBMAIL = "Received: from [192.0.2.3] by web7.isp.example via HTTP; now\n"
FOR_ALIAS = TO_THEM.replace("; now", " for <info@hoster.example>; now")

# Two hops in one house: Exchange Online before it sends.
EXCHANGE_ONLINE = (
    "Received: from A2.eurprd01.prod.exchangelabs.com (2001:db8::1) by A1.eurprd01.prod.exchangelabs.com (2001:db8::2)"
    " with Microsoft SMTP Server id 15.20; now\n"
    "Received: from A2.prod.outlook.com ([fe80::1]) by A2.prod.outlook.com ([fe80::1%7]) with mapi; now\n"
)
EDGE = "Received: from A3.outbound.protection.outlook.com (2001:db8::3) by A4.mail.protection.outlook.com; now\n"

WITHOUT_CONTEXT = [
    # rule, message, expected
    ("report-never-carried", dsn("dns; anything.example", carried=INSIDE), "synchronous"),
    ("reporter-of-one-side", dsn("dns; mail.sender.example", carried=FOREIGN_HOP), "synchronous"),
    ("reporter-of-one-side", dsn("dns; mx1.example.org", carried=FOREIGN_HOP), "asynchronous"),
    ("had-it-from-a-client", dsn("dns; smtp.isp.example", carried=FOREIGN_HOP, returned=LOGGED_IN), "synchronous"),
    (
        "had-it-from-another-server",
        dsn("dns; mx.hoster.example", carried=FOREIGN_HOP, returned=TO_THEM + TO_US),
        "asynchronous",
    ),
    (
        "received-from-the-sender",
        dsn(
            "dns; mx.hoster.example\nReceived-From-MTA: dns; out.sender.example (out.sender.example [192.0.2.2])",
            carried=FOREIGN_HOP,
        ),
        "asynchronous",
    ),
    # A filter on the reporter's own host hands the message back to it; the client is in the oldest line.
    (
        "had-it-from-a-client",
        dsn("dns; smtp.isp.example", carried=FOREIGN_HOP, returned=FILTER + LOGGED_IN),
        "synchronous",
    ),
    (
        "had-it-from-another-server",
        dsn("dns; smtp.isp.example", carried=FOREIGN_HOP, returned=FILTER + TO_ISP + TO_US),
        "asynchronous",
    ),
    ("nothing-tells", dsn("dns; smtp.isp.example", carried=FOREIGN_HOP, returned=FILTER + TO_ISP), "unknown"),
    ("had-it-from-a-client", dsn("dns; web.isp.example", carried=FOREIGN_HOP, returned=WEBMAIL), "synchronous"),
    (
        "had-it-from-a-client",
        dsn("dns; A1.eurprd01.prod.exchangelabs.com", carried=FOREIGN_HOP, returned=EXCHANGE_ONLINE),
        "synchronous",
    ),
    (
        "nothing-tells",  # from one customer of it to another
        dsn("dns; A5.eurprd01.prod.exchangelabs.com", carried=FOREIGN_HOP, returned=EDGE + EXCHANGE_ONLINE),
        "unknown",
    ),
    # The recipient is a forwarding target; the reporter took the message for an address of its own.
    ("reporter-of-one-side", dsn("dns; mx.hoster.example", carried=FOREIGN_HOP, returned=FOR_ALIAS), "asynchronous"),
    # Fetched or tunnelled: no line has a host in it, and yet two organisations wrote them.
    (
        "nothing-tells",
        dsn("dns; mx.hoster.example", carried=INSIDE + INSIDE.replace("mail.example.com", "mx.hoster.example")),
        "unknown",
    ),
    ("reporter-of-the-authors-side", dsn("dns; smtp.author.example", carried=FOREIGN_HOP), "synchronous"),
    ("nothing-tells", dsn("dns; mx.hoster.example", carried=FOREIGN_HOP), "unknown"),
    # Sender and recipient of one organisation: the side tells nothing.
    ("nothing-tells", dsn("dns; mx.example.org", carried=FOREIGN_HOP, to="list@example.org"), "unknown"),
    ("nothing-tells", dsn("dns; mx.hoster.example"), "unknown"),
]


@pytest.mark.parametrize(("rule", "raw", "expected"), WITHOUT_CONTEXT)
def test_without_a_context_the_first_rule_that_answers_decides(rule: str, raw: bytes, expected: str) -> None:
    recipient = parse(raw).recipients[0]
    said = [evidence.rule for evidence in recipient.evidence if evidence.field == "timing"]
    assert (recipient.timing, said) == (expected, [rule])


def test_every_rule_has_a_case_and_a_sentence() -> None:
    named = {case[0] for case in WITHOUT_CONTEXT} | {"own-server-reports", "foreign-server-reports"}
    assert {name for name, _ in timing.RULES} == named - {"nothing-tells"}
    assert all("\n\n" in (rule.__doc__ or "") for _, rule in timing.RULES)  # what it holds for, and an example


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
            b"Received: from MAILER-DAEMON id 1 by dma.example.net (DragonFly Mail Agent); now\n\n",
            None,
            ("dma.example.net", "oldest Received of the report"),
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
    found = timing.find_reporter(mime.read(raw).headers, reporting_mta)
    assert found == (Reporter(*expected) if expected else None)
