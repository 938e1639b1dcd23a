"""The parser: any bytes in, a report out; detectors isolated; replies read like reports."""

from __future__ import annotations

import email
import gc
import pathlib
import smtplib
import tracemalloc
import typing
from collections.abc import Iterator

import pytest

import bouncelib
from bouncelib import (
    BouncelibError,
    BounceType,
    Context,
    Finding,
    Kind,
    Message,
    Parser,
    Registry,
    Report,
    Rules,
    TextFormat,
    Value,
)

BOUNCE = b"""\
From: MAILER-DAEMON@mx.example.net
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Final-Recipient: rfc822; anne@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--b--
"""


class Raises:
    name = "raises"

    def find(self, message: Message) -> Iterator[Finding]:
        raise RuntimeError("no reason")
        yield Finding()


class Strange:
    """Yields what no detector should."""

    name = "strange"

    def find(self, message: Message) -> Iterator[Finding]:
        del message
        yield Finding(address=Value("\x00 <<>> @@"), status=Value("9.9.9"), action=Value("?"), arrival_date=Value("x"))


class Fallback:
    name = "last"
    fallback = True

    def find(self, message: Message) -> Iterator[Finding]:
        del message
        yield Finding(address=Value("last@example.org"), kind=Kind.BOUNCE)


@pytest.mark.parametrize("raw", [b"", b"\n", b"\x00", b"\xff" * 100, b":", b"\r\r\r", b"From ", b"\xef\xbb\xbf"])
def test_anything_is_a_report(raw: bytes) -> None:
    report = bouncelib.parse(raw)
    assert (report.kind, report.recipients) == ("other", ())


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, email.message_from_bytes])
def test_every_type_of_input_gives_the_same(make: object) -> None:
    assert callable(make)
    assert bouncelib.parse(make(BOUNCE)).recipients == bouncelib.parse(BOUNCE).recipients != ()


@pytest.mark.parametrize("raw", ["text", None, 5])
def test_what_is_no_message_at_all_is_a_programmers_error(raw: object) -> None:
    with pytest.raises(TypeError):
        bouncelib.parse(raw)  # type: ignore[arg-type]


@pytest.mark.parametrize("context", [{"own_domains": ["example.com"]}, "example.com", Context, 0])
def test_what_is_no_context_is_a_programmers_error(context: typing.Any) -> None:
    calls: list[typing.Callable[[], object]] = [
        lambda: bouncelib.parse(BOUNCE, context=context),
        lambda: bouncelib.parse(b"", context=context),
        lambda: bouncelib.parse_log_line("", context=context),
        lambda: bouncelib.check_bounce_address("anne@example.com", context),
    ]
    for call in calls:
        with pytest.raises(BouncelibError, match=r"a context is a Context, not \w+: write Context\("):
            call()


@pytest.mark.parametrize("reply", [550, ["550 no"], b"550 no".split(), object()])
def test_what_is_no_reply_is_a_programmers_error(reply: typing.Any) -> None:
    with pytest.raises(TypeError, match="this is neither text nor bytes: "):
        bouncelib.parse_reply(reply)
    with pytest.raises(TypeError, match="this is neither text nor bytes: "):
        bouncelib.parse_reply("550 no", recipient=reply)


def test_a_code_and_a_text_are_not_one_reply() -> None:
    with pytest.raises(TypeError, match="for a code and a text, parse_refusals"):
        bouncelib.parse_reply((550, b"no"))  # type: ignore[arg-type]


@pytest.mark.parametrize("line", [None, 5, ["line"]])
def test_what_is_no_line_is_a_programmers_error(line: typing.Any) -> None:
    with pytest.raises(TypeError, match="a line of a log is text or bytes, not "):
        bouncelib.parse_log_line(line)


def test_a_detector_that_raises_is_isolated() -> None:
    report = Parser(Registry.default().with_(Raises())).parse(BOUNCE)
    assert [recipient.address for recipient in report.recipients] == ["anne@example.org"]
    assert [(defect.rule, defect.text) for defect in report.defects] == [
        ("detector-failed", "raises: RuntimeError: no reason")
    ]


def test_a_fallback_that_raises_is_isolated_too() -> None:
    raises = Raises()
    raises.fallback = True  # type: ignore[attr-defined]
    report = Parser(Registry((raises, Fallback()))).parse(b"Subject: x\n\n")
    assert [recipient.address for recipient in report.recipients] == ["last@example.org"]
    assert report.defects[0].rule == "detector-failed"


def test_strange_findings_do_no_harm() -> None:
    report = Parser(Registry.default().with_(Strange())).parse(BOUNCE)
    assert [recipient.address for recipient in report.recipients] == ["anne@example.org"]


class Wrong:
    name = "wrong"

    def __init__(self, yields: object) -> None:
        self.yields = yields

    def find(self, message: Message) -> Iterator[Finding]:
        del message
        yield self.yields  # type: ignore[misc]


WRONG = [
    (None, "a detector yields Finding values, not None"),
    ("x", "a detector yields Finding values"),
    (Finding(address="x@example.net"), "Finding.address must be a Value, not str: write Value('x@example.net')"),  # type: ignore[arg-type]
    (Finding(status=Value(None)), "Finding.status: text, part and rule of a Value are text"),  # type: ignore[arg-type]
    (Finding(address=Value("a@example.net", part=3)), "Finding.address: text, part"),  # type: ignore[arg-type]
    (Finding(kind="bounce"), "Finding.kind must be a Kind"),  # type: ignore[arg-type]
    (Finding(feedback="x"), "Finding.feedback must be a Feedback"),  # type: ignore[arg-type]
    (Finding(unparsed=("x",)), "Finding.unparsed must be a tuple of UnparsedField"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("yields", "says"), WRONG, ids=[case[1] for case in WRONG])
def test_a_detector_that_yields_what_it_should_not_is_isolated(yields: object, says: str) -> None:
    report = Parser(Registry.default().with_(Wrong(yields))).parse(BOUNCE)
    assert [recipient.address for recipient in report.recipients] == ["anne@example.org"]
    (defect,) = report.defects
    assert defect.rule == "detector-failed"
    assert says in defect.text
    assert Report.from_dict(report.to_dict()) == report


def test_a_slow_pattern_gets_its_time_once_a_message_and_not_once_a_line() -> None:
    slow = TextFormat(
        name="slow", start=("slow",), recipient=("(?P<address>^z)",), fields=(r"^(?P<status>(?:a|aa)+)$",)
    )
    raw = BOUNCE.replace(b"--b\n", b"--b\n\nslow\n" + (b"a" * 40 + b"!\n") * 200 + b"--b\n", 1)
    report = Parser(Registry.default().with_(slow)).parse(raw)
    assert [recipient.address for recipient in report.recipients] == ["anne@example.org"]
    assert "took more than 0.5 s" in report.defects[-1].text
    assert "slow: TimeoutError" in report.defects[-1].text


def test_a_fallback_waits_until_nobody_else_found_anybody() -> None:
    parser = Parser(Registry.default().with_(Fallback()))
    assert [recipient.address for recipient in parser.parse(BOUNCE).recipients] == ["anne@example.org"]
    assert [r.address for r in parser.parse(b"Subject: hello\n\nhello\n").recipients] == ["last@example.org"]


def test_parse_takes_a_parser(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[rule]]\nid = "mine"\nreason = "suppressed"\ntext = ["user unknown"]\n'
        'example = "550 user unknown"\nwhy = "Our relay says so for its own list."\n'
    )
    mine = Parser(rules=Rules.default().with_file(file))
    assert bouncelib.parse(BOUNCE, parser=mine).recipients[0].reason == "suppressed"
    assert bouncelib.parse(BOUNCE).recipients[0].reason == "bad_mailbox"


def test_every_value_has_evidence() -> None:
    recipient = bouncelib.parse(BOUNCE).recipients[0]
    fields = {evidence.field for evidence in recipient.evidence}
    assert {"address", "action", "status", "reply", "diagnostic", "reason", "timing"} <= fields
    where = next(evidence for evidence in recipient.evidence if evidence.field == "address")
    assert (where.part, where.line, where.text.strip()) == ("1", 1, "rfc822; anne@example.org")


REPLIES = [
    # reply, command, kind, status, code, reason, bounce type, suppress
    ("550 5.1.1 <anne@example.org>: no such user", "RCPT", "bounce", "5.1.1", 550, "bad_mailbox", "hard", True),
    ("550-5.1.1 The account does not\n550 5.1.1 exist", "RCPT", "bounce", "5.1.1", 550, "bad_mailbox", "hard", True),
    ("452 4.2.2 mailbox full", "RCPT", "delay", "4.2.2", 452, "mailbox_full", "soft", False),
    ("550 5.7.26 DMARC check failed", "DATA", "bounce", "5.7.26", 550, "auth_failure", "soft", False),
    ("550 User unknown", None, "bounce", None, 550, "bad_mailbox", "hard", True),
    (b"550 5.1.1 Benutzer gel\xf6scht, user unknown", "RCPT", "bounce", "5.1.1", 550, "bad_mailbox", "hard", True),
    ("250 2.1.5 ok", "RCPT", "success", "2.1.5", 250, None, None, False),
    ("", None, "bounce", None, None, "undetermined", "soft", False),
]


@pytest.mark.parametrize(("reply", "command", "kind", "status", "code", "reason", "means", "suppress"), REPLIES)
def test_replies(
    reply: str | bytes,
    command: str | None,
    kind: str,
    status: str | None,
    code: int | None,
    reason: str | None,
    means: str | None,
    suppress: bool,
) -> None:
    report = bouncelib.parse_reply(reply, recipient="Anne@EXAMPLE.org", command=command, remote_mta="mx.example.org")
    (recipient,) = report.recipients
    assert report.kind == kind
    assert recipient.address == "Anne@example.org"
    assert (str(recipient.status) if recipient.status else None) == status
    assert (recipient.reply.code if recipient.reply else None) == code
    assert (recipient.reason, recipient.bounce_type, recipient.suppress) == (reason, means, suppress)
    assert recipient.timing == ("synchronous" if kind != "success" else recipient.timing)
    assert recipient.command == command
    assert recipient.remote_mta == "mx.example.org"


def test_a_reply_without_a_recipient_names_nobody() -> None:
    assert bouncelib.parse_reply("550 no").recipients[0].address == ""


def test_refusals_of_smtplib() -> None:
    error = smtplib.SMTPRecipientsRefused(
        {"anne@example.org": (550, b"5.1.1 no such user"), "bob@example.org": (452, b"4.2.2 full\n4.2.2 really")}
    )
    for refused in (error, error.recipients):
        report = bouncelib.parse_refusals(refused)
        assert report.kind == "bounce"
        assert [(r.address, r.reason, r.command, r.timing) for r in report.recipients] == [
            ("anne@example.org", "bad_mailbox", "RCPT", "synchronous"),
            ("bob@example.org", "mailbox_full", "RCPT", "synchronous"),
        ]
    assert bouncelib.parse_refusals({"a@example.org": (450, b"4.2.1 later")}).kind == "delay"
    assert bouncelib.parse_refusals({}).recipients == ()


@pytest.mark.parametrize(
    ("error", "address", "command"),
    [
        (smtplib.SMTPSenderRefused(550, b"5.1.8 bad sender", "me@example.com"), "me@example.com", "MAIL"),
        (smtplib.SMTPDataError(554, b"5.7.1 spam"), "", "DATA"),
        (smtplib.SMTPConnectError(554, b"go away"), "", "CONN"),
        (smtplib.SMTPHeloError(504, b"no"), "", "EHLO"),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 no"), "", "AUTH"),
        (smtplib.SMTPResponseException(550, "text"), "", None),
    ],
)
def test_exceptions_of_smtplib(error: smtplib.SMTPException, address: str, command: str | None) -> None:
    (recipient,) = bouncelib.parse_refusals(error).recipients
    assert (recipient.address, recipient.command) == (address, command)
    assert recipient.reply is not None
    assert recipient.bounce_type is BounceType.SOFT


def test_an_exception_without_a_reply_is_a_programmers_error() -> None:
    with pytest.raises(TypeError, match="carries no SMTP reply"):
        bouncelib.parse_refusals(ValueError("x"))


@pytest.mark.parametrize("name", ["status-5.7.1/unknown-user.eml", "exim/delivered.eml", "arf/abuse.eml"])
def test_no_message_outlives_its_report(name: str) -> None:
    """A collector that comes now and then is no help where a message has 32 MB."""
    raw = (pathlib.Path(__file__).parent.parent / "corpus" / name).read_bytes()
    raw = raw.replace(b"\n\n", b"\nX-Padding: " + b"x" * 300_000 + b"\n\n", 1)
    bouncelib.parse(raw)
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10):
            bouncelib.parse(raw)
        assert tracemalloc.get_traced_memory()[0] - before < len(raw)
    finally:
        tracemalloc.stop()
        gc.enable()
