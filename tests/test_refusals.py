"""What SMTP clients raise and return, made into refusals."""

from __future__ import annotations

import smtplib
import typing
from collections.abc import Mapping

import pytest

import bouncelib
from bouncelib.refusals import Refused, refusals, reply_text

ANNE, BOB = "anne@example.org", "bob@example.org"

# -- look-alikes of aiosmtplib's classes, by the names and attributes that its documentation gives


class SMTPException(Exception):  # noqa: N818 - the library's name
    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SMTPResponseException(SMTPException):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class SMTPDataError(SMTPResponseException):
    pass


class SMTPHeloError(SMTPResponseException):
    pass


class SMTPAuthenticationError(SMTPResponseException):
    pass


class SMTPConnectError(SMTPException, ConnectionError):
    pass


class SMTPConnectResponseError(SMTPResponseException, SMTPConnectError):
    pass


class SMTPSenderRefused(SMTPResponseException):
    def __init__(self, code: int, message: str, sender: str) -> None:
        super().__init__(code, message)
        self.sender = sender


class SMTPRecipientRefused(SMTPResponseException):
    def __init__(self, code: int, message: str, recipient: str) -> None:
        super().__init__(code, message)
        self.recipient = recipient


class SMTPRecipientsRefused(SMTPException):
    def __init__(self, recipients: list[SMTPRecipientRefused]) -> None:
        super().__init__("all refused")
        self.recipients = recipients


class SMTPResponse(typing.NamedTuple):
    code: int
    message: str


class OwnDataError(smtplib.SMTPDataError):
    """Somebody's subclass."""


UNKNOWN = SMTPRecipientRefused(550, "5.1.1 no such user", ANNE)
FULL = SMTPRecipientRefused(452, "4.2.2 full", BOB)

CASES: list[tuple[str, typing.Any, list[tuple[str, int | None, str, str | None]]]] = [
    ("nobody", {}, []),
    ("what sendmail returns", {ANNE: (550, b"5.1.1 no")}, [(ANNE, 550, "5.1.1 no", "RCPT")]),
    ("several, in order", {BOB: (450, b"x"), ANNE: (550, "y")}, [(BOB, 450, "x", "RCPT"), (ANNE, 550, "y", "RCPT")]),
    ("a named tuple", {ANNE: SMTPResponse(550, "no")}, [(ANNE, 550, "no", "RCPT")]),
    ("a list", {ANNE: [550, b"no"]}, [(ANNE, 550, "no", "RCPT")]),
    ("a code in text", {ANNE: ("550", "no")}, [(ANNE, 550, "no", "RCPT")]),
    ("a code in bytes", {ANNE: (b"550", b"no")}, [(ANNE, 550, "no", "RCPT")]),
    ("no code", {ANNE: (-1, b"lost")}, [(ANNE, None, "lost", "RCPT")]),
    ("a code that is none", {ANNE: ("x", b"lost")}, [(ANNE, None, "lost", "RCPT")]),
    ("a number too large", {ANNE: (10**5000, b"lost")}, [(ANNE, None, "lost", "RCPT")]),
    ("no text", {ANNE: (550, None)}, [(ANNE, 550, "", "RCPT")]),
    ("the whole reply", {ANNE: "550 5.1.1 no"}, [(ANNE, None, "550 5.1.1 no", "RCPT")]),
    ("the whole reply in bytes", {ANNE: bytearray(b"550 no")}, [(ANNE, None, "550 no", "RCPT")]),
    ("an exception for each", {ANNE: UNKNOWN}, [(ANNE, 550, "5.1.1 no such user", "RCPT")]),
    ("UTF-8", {ANNE: (550, "gelöscht".encode())}, [(ANNE, 550, "gelöscht", "RCPT")]),
    ("Latin-1", {ANNE: (550, "User gelöscht".encode("latin-1"))}, [(ANNE, 550, "User gelöscht", "RCPT")]),
    ("bytes carried as surrogates", {ANNE: (550, "gel\udcc3\udcb6scht")}, [(ANNE, 550, "gelöscht", "RCPT")]),
    ("an address in another script", {"anné@example.org": (550, b"x")}, [("anné@example.org", 550, "x", "RCPT")]),
    ("an address with surrogates", {"ann\udcc3\udca9@x.org": (550, b"x")}, [("anné@x.org", 550, "x", "RCPT")]),
    ("an address in bytes", {b"a@x.org": (550, b"x")}, [("a@x.org", 550, "x", "RCPT")]),
    (
        "smtplib: all recipients",
        smtplib.SMTPRecipientsRefused({ANNE: (550, b"a"), BOB: (450, b"b")}),
        [(ANNE, 550, "a", "RCPT"), (BOB, 450, "b", "RCPT")],
    ),
    (
        "smtplib: the sender",
        smtplib.SMTPSenderRefused(550, b"5.1.8 no", "me@example.com"),
        [("me@example.com", 550, "5.1.8 no", "MAIL")],
    ),
    ("smtplib: the data", smtplib.SMTPDataError(554, b"5.7.1 spam"), [("", 554, "5.7.1 spam", "DATA")]),
    ("smtplib: a subclass", OwnDataError(554, b"5.7.1 spam"), [("", 554, "5.7.1 spam", "DATA")]),
    ("smtplib: the connection", smtplib.SMTPConnectError(554, b"no"), [("", 554, "no", "CONN")]),
    ("smtplib: the greeting", smtplib.SMTPHeloError(504, b"no"), [("", 504, "no", "EHLO")]),
    ("smtplib: the login", smtplib.SMTPAuthenticationError(535, b"no"), [("", 535, "no", "AUTH")]),
    ("smtplib: anything", smtplib.SMTPResponseException(550, "text"), [("", 550, "text", None)]),
    (
        "aiosmtplib: all recipients",
        SMTPRecipientsRefused([UNKNOWN, FULL]),
        [(ANNE, 550, "5.1.1 no such user", "RCPT"), (BOB, 452, "4.2.2 full", "RCPT")],
    ),
    ("aiosmtplib: the list alone", [FULL], [(BOB, 452, "4.2.2 full", "RCPT")]),
    ("aiosmtplib: one recipient", FULL, [(BOB, 452, "4.2.2 full", "RCPT")]),
    ("aiosmtplib: the sender", SMTPSenderRefused(550, "no", "me@x.org"), [("me@x.org", 550, "no", "MAIL")]),
    ("aiosmtplib: the data", SMTPDataError(554, "no"), [("", 554, "no", "DATA")]),
    ("aiosmtplib: the greeting", SMTPHeloError(504, "no"), [("", 504, "no", "EHLO")]),
    ("aiosmtplib: the login", SMTPAuthenticationError(535, "no"), [("", 535, "no", "AUTH")]),
    ("aiosmtplib: the connection", SMTPConnectResponseError(554, "no"), [("", 554, "no", "CONN")]),
    ("aiosmtplib: anything", SMTPResponseException(550, "no"), [("", 550, "no", None)]),
]


@pytest.mark.parametrize(("refused", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_was_refused(refused: typing.Any, wanted: list[tuple[str, int | None, str, str | None]]) -> None:
    assert [tuple(one) for one in refusals(refused)] == wanted
    report = bouncelib.parse_refusals(refused)
    assert len(report.recipients) == len(wanted)
    for recipient, (address, code, _, command) in zip(report.recipients, wanted, strict=True):
        assert (recipient.address, recipient.command) == (address, command)
        assert recipient.timing == "synchronous"
        assert code is None or (recipient.reply and recipient.reply.code == code)


NO_REPLIES: list[typing.Any] = [
    ValueError("x"),
    smtplib.SMTPServerDisconnected("gone"),
    SMTPConnectError("no route to host"),
    [ValueError("x")],
    {ANNE: None},
    {ANNE: 550},
    {ANNE: (550, b"x", b"y")},
    {ANNE: (550, 7)},
    [ANNE],
    "550 no",
    None,
    7,
]


@pytest.mark.parametrize("refused", NO_REPLIES, ids=repr)
def test_what_carries_no_reply_is_a_programmers_error(refused: typing.Any) -> None:
    with pytest.raises(TypeError, match="carries no SMTP reply"):
        bouncelib.parse_refusals(refused)


REPLIES = [
    (550, "no", "550 no"),
    (550, "", "550 "),
    (550, "one\ntwo\nthree", "550-one\n550-two\n550 three"),
    (550, "one\r\ntwo\rthree", "550-one\n550-two\n550 three"),
    (550, "550-one\n550 two", "550-one\n550 two"),
    (550, "5501 is no code", "550 5501 is no code"),
    (None, "lost", "lost"),
]


@pytest.mark.parametrize(("code", "text", "wanted"), REPLIES)
def test_a_reply_as_the_server_wrote_it(code: int | None, text: str, wanted: str) -> None:
    assert reply_text(Refused(ANNE, code, text, None)) == wanted


def test_a_reply_of_many_lines_is_one_reply() -> None:
    (recipient,) = bouncelib.parse_refusals({ANNE: (550, b"5.1.1 The account does not\n5.1.1 exist")}).recipients
    assert recipient.reply == bouncelib.Reply(550, "5.1.1 The account does not\n5.1.1 exist")
    assert (str(recipient.status), recipient.reason, recipient.suppress) == ("5.1.1", "bad_mailbox", True)


def test_lmtp_answers_for_each_recipient_after_the_data() -> None:
    answers: Mapping[str, tuple[int, bytes]] = {
        ANNE: (250, b"2.1.5 saved"),
        BOB: (452, b"4.2.2 Mailbox is full"),
        "cyd@example.org": (550, b"5.1.1 no such user"),
    }
    report = bouncelib.parse_refusals(answers, command="DATA", remote_mta="store.example.org")
    assert report.kind == "bounce"
    assert [(r.action, r.command, r.remote_mta, r.reason) for r in report.recipients] == [
        ("delivered", "DATA", "store.example.org", None),
        ("delayed", "DATA", "store.example.org", "mailbox_full"),
        ("failed", "DATA", "store.example.org", "bad_mailbox"),
    ]
    assert bouncelib.parse_refusals({ANNE: (250, b"ok")}).kind == "success"
    assert bouncelib.parse_refusals({ANNE: (450, b"later")}, command=None).recipients[0].command is None


def test_surrogates_reach_no_output() -> None:
    report = bouncelib.parse_reply("550 \udcff", recipient="\ud800@example.org", command="RCPT", remote_mta="m\udcff.x")
    assert str(report.to_dict()).encode("utf-8")


def test_aiosmtplib_itself() -> None:
    aiosmtplib = pytest.importorskip("aiosmtplib")
    one = aiosmtplib.SMTPRecipientRefused(550, "5.1.1 no such user", ANNE)
    for refused in (
        aiosmtplib.SMTPRecipientsRefused([one]),
        [one],
        one,
        {ANNE: aiosmtplib.SMTPResponse(*one.args[:2])},
    ):
        assert [tuple(refusal) for refusal in refusals(refused)] == [(ANNE, 550, "5.1.1 no such user", "RCPT")]
    assert refusals(aiosmtplib.SMTPSenderRefused(550, "no", "me@x.org"))[0] == ("me@x.org", 550, "no", "MAIL")
    assert refusals(aiosmtplib.SMTPDataError(554, "no"))[0] == ("", 554, "no", "DATA")
    with pytest.raises(TypeError, match="carries no SMTP reply"):
        refusals(aiosmtplib.SMTPServerDisconnected("gone"))
