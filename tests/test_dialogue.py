"""Which command and which host a diagnostic names, in the words of a dozen servers."""

from __future__ import annotations

import pytest

from bouncelib.dialogue import _VERBS, find_command, find_host, to_command
from bouncelib.model import Command

CONN, EHLO, STARTTLS, AUTH = Command.CONN, Command.EHLO, Command.STARTTLS, Command.AUTH
MAIL, RCPT, DATA = Command.MAIL, Command.RCPT, Command.DATA

SAID = [
    # Postfix
    ("host mx.example.com[192.0.2.1] said: 550 5.1.1 unknown (in reply to RCPT TO command)", RCPT, "mx.example.com"),
    ("host mx.example.com[192.0.2.1] said: 554 spam (in reply to end of DATA command)", DATA, "mx.example.com"),
    ("host mx.example.com[192.0.2.1] said: 550 no (in reply to MAIL FROM\ncommand)", MAIL, "mx.example.com"),
    ("host 192.0.2.1[192.0.2.1] said: 550 no (in reply to EHLO command)", EHLO, "192.0.2.1"),
    ("host mx.example.com[2001:db8::1] refused to talk to me: 554 no", None, "mx.example.com"),
    ("connect to mx.example.com[192.0.2.1]:25: Connection refused", CONN, "mx.example.com"),
    ("lost connection with mx.example.com[192.0.2.1] while sending RCPT TO", RCPT, "mx.example.com"),
    ("lost connection with mx.example.com[192.0.2.1] while sending end of data", DATA, "mx.example.com"),
    (
        "conversation with mx.example.com[192.0.2.1] timed out while receiving the initial server greeting",
        CONN,
        "mx.example.com",
    ),
    ("lost connection with mx.example.com[192.0.2.1] while performing the EHLO handshake", EHLO, "mx.example.com"),
    ("TLS is required, but was not offered by host mx.example.com[192.0.2.1]", None, "mx.example.com"),
    ("Host or domain name not found. Name service error for name=example.com type=MX", None, None),
    # Exim
    (
        "SMTP error from remote mail server after RCPT TO:<anne@example.com>:\nhost mx.example.com [192.0.2.1]: 550 no",
        RCPT,
        "mx.example.com",
    ),
    (
        "host mx.example.com [192.0.2.1]\nSMTP error from remote mail server after pipelined MAIL FROM:<a@example.com>",
        MAIL,
        "mx.example.com",
    ),
    (
        "host mx.example.com [192.0.2.1]\nSMTP error from remote mail server after end of data: 550",
        DATA,
        "mx.example.com",
    ),
    (
        "host mx.example.com [192.0.2.1]\nSMTP error from remote mail server after initial connection: 421",
        CONN,
        "mx.example.com",
    ),
    ("host mx.example.com [192.0.2.1]\nLMTP error from remote mail server after RCPT TO:<a>", RCPT, "mx.example.com"),
    ("H=mx.example.com [192.0.2.1]: Connection timed out", CONN, None),
    ("Remote host closed connection in response to EHLO mail.example.net", EHLO, None),
    ("all hosts for 'example.com' have been failing for a long time", None, None),
    # Sendmail
    (
        "... while talking to mx.example.com.:\n>>> RCPT To:<anne@example.com>\n<<< 550 5.1.1 unknown",
        RCPT,
        "mx.example.com",
    ),
    (
        "... while talking to mx.example.com.:\n>>> DATA\n<<< 554 5.7.1 spam\n554 5.0.0 Service unavailable",
        DATA,
        "mx.example.com",
    ),
    (
        "... while talking to mx.example.com.:\n>>> DATA\n<<< 550 5.1.1 unknown\n<<< 503 5.5.1 Need RCPT (recipient)",
        RCPT,
        "mx.example.com",
    ),
    # qmail
    ("Connected to 192.0.2.1 but greeting failed.\nRemote host said: 421 later", CONN, "192.0.2.1"),
    ("Connected to 192.0.2.1 but my name was rejected.\nRemote host said: 550 no", EHLO, "192.0.2.1"),
    ("Connected to 192.0.2.1 but sender was rejected.\nRemote host said: 550 no", MAIL, "192.0.2.1"),
    ("192.0.2.1 does not like recipient.\nRemote host said: 550 no\nGiving up on 192.0.2.1.", RCPT, "192.0.2.1"),
    ("192.0.2.1 failed after I sent the message.\nRemote host said: 554 no", DATA, "192.0.2.1"),
    ("Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)", CONN, None),
    ("Sorry, I couldn't find any host named example.com. (#5.1.2)", None, None),
    # Courier
    ("mx.example.com [192.0.2.1]:\n>>> RCPT TO:<anne@example.com>\n<<< 550 unknown", RCPT, "mx.example.com"),
    # OpenSMTPD, nullmailer, Haraka, Google: the reply alone
    ("550 5.1.1 <anne@example.com>: Recipient address rejected", None, None),
    ("Permanent error in sending the message: 550 5.1.1 no such user", None, None),
    # dma
    ("mx.example.com [192.0.2.1] did not like our RCPT TO:\n550 5.1.1 unknown", RCPT, "mx.example.com"),
    ("mx.example.com [192.0.2.1] did not like our DATA:\n550 no", DATA, "mx.example.com"),
    # Google
    (
        "the server for the recipient domain example.com by mx.example.com. [192.0.2.1].\n\nThe error was: 550 no",
        None,
        "mx.example.com",
    ),
    # Exchange
    ("Server at mx.example.com returned '550 5.1.1 no'", None, "mx.example.com"),
    ("Remote Server at mx.example.com (192.0.2.1) returned '550 4.4.7 QUEUE.Expired'", None, "mx.example.com"),
    ("Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'", None, None),
    ("mx.example.com gave this error:\nUnknown user", None, "mx.example.com"),
    # PowerMTA, KumoMTA
    ("smtp;550 no such user (in reply to RCPT TO)", RCPT, None),
    ("connect to 192.0.2.1: timed out", CONN, "192.0.2.1"),
    # hMailServer, MDaemon, GMX
    ("Remote server (192.0.2.1) issued an error.\nhMailServer sent: RCPT TO:<anne@example.com>", RCPT, "192.0.2.1"),
    ("<-- RCPT To:<anne@example.com>\n--> 550 unknown", RCPT, None),
    ("SMTP error from remote server after RCPT command:\nhost: mx.example.com", RCPT, "mx.example.com"),
    # The sending host is not the one that refused.
    ("554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.example.org", None, None),
    ("451 4.7.650 The mail server [192.0.2.9] has been temporarily rate limited", None, None),
    ("550 your host 192.0.2.9 is not allowed", None, None),
    ("550 sending host mail.example.net [192.0.2.9] is listed", None, None),
    ("550 mail from host mail.example.net [192.0.2.9] refused", None, None),
    ("Mail server is busy, please try the other server later", None, None),
    ("", None, None),
]


@pytest.mark.parametrize(("text", "command", "host"), SAID)
def test_command(text: str, command: Command | None, host: str | None) -> None:
    assert find_command(text) == command


@pytest.mark.parametrize(("text", "command", "host"), SAID)
def test_host(text: str, command: Command | None, host: str | None) -> None:
    assert find_host(text) == host


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("RCPT TO", RCPT), ("rcpt", RCPT), ("MAIL FROM:<a@example.com>", MAIL), ("end of data", DATA), (".", DATA),
        ("end-of-data", DATA), ("BDAT 10 LAST", DATA), ("EHLO", EHLO), ("LHLO", EHLO), ("STARTTLS", STARTTLS),
        ("AUTH PLAIN", AUTH), ("initial connection", CONN), ("CONN", CONN), ("QUIT", None), ("", None),
    ],
)  # fmt: skip
def test_to_command(text: str, command: Command | None) -> None:
    assert to_command(text) == command


@pytest.mark.parametrize("verb", _VERBS)
@pytest.mark.parametrize("rest", ["", " ", " TO:<anne@example.com>", " block", ".", "x"])
def test_a_usual_verb_is_read_like_any_other(verb: str, rest: str) -> None:
    assert to_command(verb + rest) is to_command(f" {verb}{rest}")


@pytest.mark.parametrize(
    "piece",
    ["host ", "host a.", "a.", "_.", "error from ", "in reply to ", "host [", "\n>>> ", "server ", "a.b: ", "\t"],
)
def test_a_megabyte(piece: str) -> None:
    text = ">>> does not like " + piece * (1_000_000 // len(piece))
    assert find_host(text) is None or isinstance(find_host(text), str)
    find_command(text)
    to_command(text)
