"""Hostile messages cost no more than their size: ten times the input, ten times the work, wherever it is put.

Work is counted in calls of functions, which is exact and blind to what one call does; so the CPU time of a message and
of one eight times as long are compared as well, with a factor of three to spare.
"""

from __future__ import annotations

import base64
import functools
import gc
import sys
import time
from collections.abc import Callable, Iterator

import pytest

import bouncelib
from bouncelib import mime
from bouncelib.context import Context
from bouncelib.output import FORMATS

CONTEXT = Context(own_mtas=("mx.example.org",), own_domains=("example.org",), batv_keys=(b"key",))
HEAD = (
    b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: list@example.org\n"
    b"Subject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
)
TEXT = HEAD + b"\n"
HTML = HEAD + b"Content-Type: text/html\n\n"
REPORT = HEAD + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
ONE = (
    b"Final-Recipient: rfc822; anne@example.com\nAction: failed\nStatus: 5.1.1\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 no user"
)
FEEDBACK = HEAD + (
    b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nabuse\n"
    b"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n"
)
RECEIPT = HEAD + (
    b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nread\n"
    b"--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; u@example.com\nDisposition: "
)
EXIM = TEXT + (
    b"This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
    b"delivered to one or more of its\nrecipients. The following address(es) failed:\n\n"
)
POSTFIX = TEXT + (
    b"This is the mail system at host mx.example.net.\n\nI'm sorry to have to inform you that your message could not\n"
    b"be delivered to one or more recipients.\n\n"
)
QMAIL = TEXT + b"Hi. This is the qmail-send program at example.net.\n\n"
NETSCAPE = TEXT + b"This Message was undeliverable due to the following reason:\n\n550 5.1.1 user unknown "
GOOGLE = b"From: mailer-daemon@googlemail.com\n"
SENDMAIL = TEXT + b"   ----- The following addresses had permanent fatal errors -----\n"
SESSION = b"\n   ----- Transcript of session follows -----\n"
RECEIVED = b"Received: from a%d.example.org by b%d.example.net with ESMTP id x; Mon, 5 Oct 2026 10:00:00 +0000\n"


def dsn(
    groups: bytes, returned: bytes = b"Subject: hi\nMessage-ID: <1@example.org>\n\nx\n", head: bytes = b""
) -> bytes:
    return (
        head + REPORT + b"--b\n\nCould not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; mx.example.net\n\n" + groups + b"\n\n--b\nContent-Type: message/rfc822\n\n" + returned
        + b"\n--b--\n"
    )  # fmt: skip


def each(pattern: bytes, n: int) -> bytes:
    """`pattern` for every number below `n`, which stands wherever it has `%d`."""
    count = pattern.count(b"%d")
    return b"".join([pattern % ((number,) * count) for number in range(n)])


def field(start: bytes, pump: bytes, end: bytes = b"") -> Callable[[int], bytes]:
    """A report with one long field in the group of its recipient."""
    return lambda n: dsn(start + pump * n + end)


def head(name: bytes, pump: bytes, end: bytes = b"") -> Callable[[int], bytes]:
    """A report with one long field in its header."""
    return lambda n: dsn(ONE, head=name + pump * n + end + b"\n")


def part(header: bytes, pump: bytes, times: int = 10) -> Callable[[int], bytes]:
    """A report of one part of some type."""
    return lambda n: HEAD + header + b"\n\n" + pump * n * times


GROUP = (
    b"Final-Recipient: rfc822; u%d@example.com\nAction: failed\nStatus: 5.1.1\n"
    b"Diagnostic-Code: smtp; 550 no such user\n\n"
)
FINAL = b"Final-Recipient: rfc822; "

# Each makes an input of a size in proportion to n.
HOSTILE: dict[str, Callable[[int], bytes]] = {
    # delivery status
    "recipients": lambda n: dsn(each(GROUP, n)),
    "recipients in base64": lambda n: (
        REPORT
        + b"--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(each(GROUP, n))
        + b"--b--\n"
    ),
    "recipients without blank lines": lambda n: dsn(each(GROUP[:-1], n)),
    "recipients with an original": lambda n: dsn(each(b"Original-Recipient: rfc822; a%d@example.com\n" + GROUP, n)),
    "recipients with one diagnostic": lambda n: dsn(
        b"Diagnostic-Code: smtp; "
        + b"x said " * n * 3
        + b"\n\n"
        + each(b"Final-Recipient: rfc822; u%d@example.com\n\n", n)
    ),
    "recipients in as many parts": lambda n: (
        REPORT + each(b"--b\nContent-Type: message/delivery-status\n\n" + GROUP, n)
    ),
    "recipients and a long reporter": lambda n: dsn(each(GROUP, n)).replace(
        b"dns; mx.example.net", b"dns; " + b"a." * n * 20
    ),
    "recipients and a long message id": lambda n: dsn(each(GROUP, n), b"Message-ID: " + b"x" * n * 20 + b"\n\nx"),
    "recipients and as many in To": lambda n: dsn(each(GROUP, n), b"To: " + each(b"u%d@example.com,", n) + b"\n\nx"),
    "one recipient": lambda n: dsn((ONE + b"\n\n") * n),
    "one recipient, many codes": lambda n: dsn(
        b"".join([b"Final-Recipient: rfc822; a@example.com\nStatus: 5.1.%d\n\n" % (k % 200 + 1) for k in range(n)])
    ),
    "one recipient, many vague codes": lambda n: dsn(
        b"".join([b"%sa@example.com\nDiagnostic-Code: smtp; 4.%d.0 no %d\n\n" % (FINAL, k % 8, k) for k in range(n)])
    ),
    "one recipient, many diagnostics": lambda n: dsn(
        each(FINAL + b"a@example.com\nDiagnostic-Code: smtp; 550 no %d\n\n", n)
    ),
    "unknown fields": lambda n: dsn(ONE + b"\n" + each(b"X-%d: y\n", n)),
    "folds": field(ONE + b"\n", b" x\n" * 10),
    "folds after blank lines": field(ONE + b"\n", b"\n x\n" * 10),
    "a diagnostic of letters": field(ONE, b"x" * 100),
    "a diagnostic of codes": field(ONE, b"550 5.1.1 " * 10),
    "a diagnostic of blanks": field(ONE, b" " * 100, b"x"),
    "a diagnostic of encoded words": field(ONE, b" =?utf-8?q?a?=" * 3),
    "an address of letters": field(FINAL, b"a" * 100, b"@example.com"),
    "an address of at signs": field(FINAL, b"a@" * 50, b"example.com"),
    "an address of quotes": field(FINAL, b'"a\\"' * 30, b"@example.com"),
    "an address of comments": field(FINAL, b"(" * 50, b"a@example.com" + b")" * 50),
    "an address of dots": field(FINAL + b"a@", b"a." * 50, b"com"),
    "an address of punycode": field(FINAL + b"a@", b"xn--a." * 20, b"com"),
    "an address of xtext": field(b"Original-Recipient: rfc822; ", b"+2B" * 20, b"@example.com"),
    "addresses in one field": field(FINAL, b"u@example.com, " * 5),
    "a reporter of dots": field(b"Reporting-MTA: dns; ", b"a." * 50),
    "a remote host of parentheses": field(ONE + b"\nRemote-MTA: dns; ", b"(" * 50),
    "pasted fields": lambda n: TEXT + (ONE + b"\n\n") * n,
    "pasted names of fields": lambda n: TEXT + b"Final-Recipient: x\n" * n * 5,
    # the header
    "hops": lambda n: dsn(ONE, head=each(RECEIVED, n)),
    "hops of the returned message": lambda n: dsn(ONE, each(RECEIVED, n) + b"Subject: x\n\n"),
    "a hop of parentheses": head(b"Received: from a ", b"(b " * 10, b"by c"),
    "a hop of from and by": head(b"Received: ", b"from by " * 10),
    "results": lambda n: dsn(ONE, b"Authentication-Results: mx.example.net; spf=fail smtp.mailfrom=a\n" * n + b"\n"),
    "one long result": head(b"Authentication-Results: ", b"mx; spf=fail " * 5),
    "a long To": head(b"To: ", b"a=b@c.example, " * 5),
    "a long From": head(b"From: ", b"<a@b.example> " * 5),
    "a From of blanks": head(b"From: <a@b>", b" " * 50, b"x"),
    "a subject of tags": head(b"Subject: ", b"[x] " * 20),
    "a subject of answers": head(b"Subject: ", b"Re: " * 20),
    "a subject of UTF-7": head(b"Subject: ", b"=?utf-7?b?K0FHRS0=?= "),
    "a subject of unknown charsets": lambda n: dsn(ONE, head=b"Subject: " + each(b"=?x%d?q?=E4?= ", n) + b"\n"),
    "a subject of escapes": head(b"Subject: ", b"=?iso-2022-jp?q?=1B$B=1B(B?= "),
    "an answer of blanks": head(b"Subject: re", b" " * 10, b"x"),
    "an answer of blanks, in brackets": head(b"Subject: [x] re", b" " * 10, b"[1]"),
    "references": head(b"References: ", b"<a@b> " * 10),
    "sections of a parameter": lambda n: (
        HEAD + b"Content-Type: multipart/report; " + each(b"boundary*%d*=%%41; ", min(n, 9999))
    ),
    "signatures": lambda n: dsn(ONE, b"DKIM-Signature: v=1; " + b"a=b; " * n * 10 + b"\n\nx\n"),
    # MIME
    "parts of text": lambda n: REPORT + b"--b\nContent-Type: text/plain\n\nx\n" * n,
    "parts with pasted fields": lambda n: REPORT + b"--b\nContent-Type: text/plain\n\nFinal-Recipient: x\n" * n,
    "parts in unknown charsets": lambda n: (
        REPORT + each(b"--b\nContent-Type: text/plain; charset=x%d\n\n\xe4\xf6\x81%d\n", n)
    ),
    "messages": lambda n: REPORT + b"--b\nContent-Type: message/rfc822\n\nFrom: MAILER-DAEMON@x\n\n" * n,
    "messages in base64": lambda n: (
        REPORT + b"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nRnJvbTogYQoK\n" * n
    ),
    "messages in messages in base64": lambda n: functools.reduce(
        lambda raw, _: (
            HEAD + b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(raw)
        ),
        range(6),
        TEXT + b"x" * n,
    ),
    "messages in messages": lambda n: HEAD + b"Content-Type: message/rfc822\n\n" * n,
    "levels": lambda n: each(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", n),
    "a long returned message": lambda n: dsn(ONE, b"Subject: hi\n\n" + b"line of text that is long enough\n" * n * 10),
    "a long returned message in text": lambda n: (
        POSTFIX + RECEIVED % (1, 2) + b"Date: x\nFrom: a\n\n" + b"line\n" * n * 10
    ),
    # charsets
    "UTF-16 of surrogates": part(b"Content-Type: text/plain; charset=utf-16", b"\xd8\x00a"),
    "HZ": part(b"Content-Type: text/plain; charset=hz", b"~{VPND~}~"),
    "ISO-2022-JP": part(b"Content-Type: text/plain; charset=iso-2022-jp", b"\x1b$B!!\x1b(B\x1b$(D"),
    "ISO-2022-KR": part(b"Content-Type: text/plain; charset=iso-2022-kr", b"\x1b$)C\x0e!!\x0f"),
    "UTF-7": part(b"Content-Type: text/plain; charset=utf-7", b"+AG"),
    "no charset": part(b"Content-Type: text/plain; charset=xx", b"\xe4\xf6 abc \x81\n"),
    "soft line breaks": part(b"Content-Transfer-Encoding: quoted-printable", b"=\n"),
    # HTML
    "tags": lambda n: HTML + b"<div>" * n * 10,
    "tags without end": lambda n: HTML + b"<div " * n * 10,
    "comments and scripts": lambda n: HTML + b"<!-- <script> <style <head" * n * 5,
    "addresses as tags": lambda n: HTML + b"Could not be delivered: " + b"<anne@example.com " * n * 5,
    "entities": lambda n: HTML + b"&#64;&lt;&amp;" * n * 5,
    # text
    "lines with codes": lambda n: TEXT + b"user unknown 550 5.1.1 <anne@example.com>\n" * n,
    "a line with codes": lambda n: TEXT + b"user unknown 550 5.1.1 <anne@example.com> " * n,
    "addresses": lambda n: TEXT + b"The following could not be delivered:\n" + each(b"u%d@example.com\n", n),
    "at signs": lambda n: TEXT + b"a@" * n * 50,
    "dots": lambda n: TEXT + b"a@" + b"a." * n * 50,
    "quotation marks": lambda n: TEXT + b'"\\' * n * 50,
    "brackets": lambda n: TEXT + b"<" * n * 100,
    "blanks": lambda n: TEXT + b" " * n * 100 + b"x",
    "empty lines": lambda n: TEXT + b"\n" * n * 50,
    "digits": lambda n: TEXT + b"550" * n * 50,
    "halves of codes": lambda n: TEXT + b"5.1." * n * 50,
    "quoted openings": lambda n: TEXT + b"> this message was created automatically by mail delivery software\n" * n,
    "openings": lambda n: (
        TEXT + b"this message was created automatically by mail delivery software. hi. this is the qmail-send program. "
        b"could not be delivered. while talking to " * n
    ),
    # formats
    "exim": lambda n: EXIM + each(b"  u%d@example.com\n    user unknown\n", n),
    "exim, a long line": lambda n: (
        EXIM + b"  u@example.com\n    SMTP error after RCPT TO:<" + b"a" * n * 50 + b">: x\n"
    ),
    "exim, many lines": lambda n: EXIM + b"  u@example.com\n" + b"    SMTP error from remote mail server\n" * n,
    "exim, recipients in the header": lambda n: b"X-Failed-Recipients: " + each(b"u%d@example.com,", n) + b"\n" + EXIM,
    "postfix": lambda n: (
        POSTFIX + each(b"<u%d@example.com>: host mx[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT)\n\n", n)
    ),
    "postfix, a long line": lambda n: POSTFIX + b"<u@example.com>: host mx said: 550 " + b"(in reply to " * n * 5,
    "qmail": lambda n: QMAIL + each(b"<u%d@example.com>:\n550 user unknown\n\n", n),
    "qmail, many lines": lambda n: QMAIL + b"<u@example.com>:\n" + b"Remote host said: 550 x\n" * n,
    "a long line said to all": lambda n: NETSCAPE + b"x" * n * 20 + b"\n" + each(b"  <u%d@example.com>\n", n),
    "long lines said to all": lambda n: NETSCAPE + (b"x" * n + b"\n") * 50 + each(b"  <u%d@example.com>\n", n),
    "a long line said to all in the header": lambda n: (
        GOOGLE + b"X-Failed-Recipients: " + each(b"u%d@example.com,", n) + b"\n\n550 5.1.1 " + b"x" * n * 20
    ),
    "sendmail": lambda n: SENDMAIL + each(b"<u%d@example.com>\n    (reason: 550 5.1.1 user unknown)\n", n),
    "sendmail, notes": lambda n: SENDMAIL + b"<u@example.com>\n    (reason: 550 (\n" + b"     (x\n" * n * 5,
    "sendmail, a transcript": lambda n: (
        SENDMAIL
        + b"<u@example.com>\n"
        + SESSION
        + each(
            b"... while talking to mx%d.example.com.:\n>>> RCPT To:<u%d@example.com>\n<<< 550 5.1.1 no\n"
            b"550 5.1.1 <u%d@example.com>... User unknown\n",
            n,
        )
    ),
    "sendmail, a transcript about nobody": lambda n: (
        SENDMAIL
        + each(b"<u%d@example.com>\n", n)
        + SESSION
        + b"... while talking to mx.example.com.:\n<<< 550 no\n\n" * n
    ),
    "a transcript, long": lambda n: (
        TEXT
        + SESSION
        + b"... while talking to mx:\n>>> DATA\n<<< 550 "
        + b"x" * n * 50
        + b"\n\n"
        + each(b"550 5.1.1 <u%d@example.com>... User unknown\n", n)
    ),
    "a feedback report, fields": lambda n: FEEDBACK + each(b"X-F%d: y\n", n),
    "a feedback report, folds": lambda n: FEEDBACK + b"Reported-Domain: x\n" + b" y\n" * n * 10,
    "a feedback report, recipients": lambda n: FEEDBACK + each(b"Original-Rcpt-To: <u%d@example.com>\n", n),
    "a feedback report, recipients in one": lambda n: FEEDBACK + b"Original-Rcpt-To: " + b"<u@example.com>, " * n,
    "a receipt, fields": lambda n: RECEIPT + b"manual-action/MDN-sent-manually; displayed\n" + each(b"X-F%d: y\n", n),
    "a receipt, a long disposition": lambda n: RECEIPT + b"a/" * n * 50,
    "a notification": lambda n: (
        TEXT
        + b'{"notificationType":"Bounce","bounce":{"bouncedRecipients":['
        + each(b'{"emailAddress":"u%d@example.com","action":"failed"},', n)
        + b"{}]}}"
    ),
    "a notification, nested": lambda n: TEXT + b'{"notificationType":' + b"[" * n * 20,
}

every = pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())


def show(raw: bytes) -> str:
    report = bouncelib.parse(raw, context=CONTEXT)
    return report.explain() + "".join(
        [cell for output in FORMATS.values() for row in output.rows("", report) for cell in row]
    )


def calls(raw: bytes) -> tuple[int, int]:
    """How many functions, of Python and of C, are called to read and to show a message, and how long the result is."""
    count = 0

    def counted(_frame: object, event: str, _what: object) -> None:
        nonlocal count
        count += event.endswith("call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        text = show(raw)
    finally:
        sys.setprofile(before)
    return count, len(text)


@every
def test_calls_and_results_are_linear(make: Callable[[int], bytes]) -> None:
    show(make(10))  # what is done once for all messages
    few, many = calls(make(80)), calls(make(320))
    assert many[0] <= 5 * few[0]
    assert many[1] <= 5 * few[1]


def seconds(raw: bytes, tries: int) -> Iterator[float]:
    """CPU seconds for one reading, each the least so far."""
    least = float("inf")
    for _ in range(tries):
        begin = time.process_time()
        bouncelib.parse(raw, context=CONTEXT)
        least = min(least, time.process_time() - begin)
        yield least


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@every
@pytest.mark.usefixtures("no_garbage_collection")
def test_time_is_linear(make: Callable[[int], bytes]) -> None:
    """At a size that takes long enough to be measured, whatever the machine."""
    show(make(10))
    n = 100
    while next(seconds(make(n), 1)) < 0.01 and len(make(2 * n)) < mime.MAX_HEADER // 8:
        n *= 2
    *_, once = seconds(make(n), 3)
    eight_times = make(8 * n)
    assert any(least <= 3 * 8 * max(once, 0.002) for least in seconds(eight_times, 4))


# Amounts, each beyond a limit that is written down in docs/security.md.


def test_a_long_returned_message_is_not_looked_at() -> None:
    short, long = (dsn(ONE, b"Subject: x\n\n" + b"line\n" * lines) for lines in (10, 10_000_000))
    show(short)
    assert len(long) > 50_000_000
    assert calls(long) == calls(short)


def test_one_line_of_fifty_megabytes() -> None:
    report = bouncelib.parse(POSTFIX + b"<anne@example.com>: host mx.example.com said: 550 5.1.1 " + b"x" * 50_000_000)
    assert [recipient.address for recipient in report.recipients] == ["anne@example.com"]


def test_a_million_parts() -> None:
    report = bouncelib.parse(dsn(ONE)[:-7] + b"\n--b\n\nx" * 1_000_000)
    assert [recipient.address for recipient in report.recipients] == ["anne@example.com"]
    assert "mime-part-limit" in [defect.rule for defect in report.defects]


def test_two_hundred_thousand_levels() -> None:
    report = bouncelib.parse(HOSTILE["levels"](200_000))
    assert "mime-depth-limit" in [defect.rule for defect in report.defects]


def test_a_header_without_end() -> None:
    report = bouncelib.parse(b"X-Nothing: x\n" * 5_000_000 + dsn(ONE))
    assert "header-limit" in [defect.rule for defect in report.defects]


def test_twenty_thousand_recipients() -> None:
    report = bouncelib.parse(dsn(each(GROUP, 20_000)))
    assert len({recipient.address for recipient in report.recipients}) == 20_000
