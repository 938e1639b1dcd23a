"""Text to `Reply`."""

import time

import pytest

from bouncelib import reply
from bouncelib.model import Reply


@pytest.mark.parametrize(
    "text, code, said",
    [
        ("550 5.1.1 <a@example.com>... User unknown", 550, "5.1.1 <a@example.com>... User unknown"),
        ("550-5.1.1 a\n550 5.1.1 b", 550, "5.1.1 a\n5.1.1 b"),
        ("550-5.1.1 a\r\n550-5.1.1 b\r\n550 5.1.1 c", 550, "5.1.1 a\n5.1.1 b\n5.1.1 c"),
        ("550-5.1.1 a 550-5.1.1 b 550 5.1.1 c", 550, "5.1.1 a\n5.1.1 b\n5.1.1 c"),
        ("550-a\n b\n550 c", 550, "a b\nc"),
        ("smtp; 550 no", 550, "no"),
        ("SMTP;550 5.1.1 no", 550, "5.1.1 no"),
        ("smtp; 550-no 550 never", 550, "no\nnever"),
        ("host mx.example.com[192.0.2.1] said: 450 later (in reply to RCPT TO command)", 450, "later"),
        ("host mx said: 552 no (in reply to end of DATA command)", 552, "no"),
        ("SMTP error from remote server after RCPT command: host x [192.0.2.1]: 550 Unknown", 550, "Unknown"),
        ("SMTP error from remote mail server after RCPT TO:<a@b.c>: 421 busy", 421, "busy"),
        ("#550 5.1.1 no", 550, "5.1.1 no"),
        ("<<< 550 5.1.1 no\n550 5.1.1 never", 550, "5.1.1 no\n5.1.1 never"),
        ("<<< 550-no\n<<< 550 never\n>>> QUIT\n<<< 221 bye", 550, "no\nnever"),
        (">>> RCPT To:<a@example.com>\n<<< 553 5.3.0 no", 553, "5.3.0 no"),
        ('Remote server returned "550 5.1.10 RESOLVER.ADR; none" at noon', 550, "5.1.10 RESOLVER.ADR; none"),
        ("Remote Server returned '550 5.1.1 none'", 550, "5.1.1 none"),
        ("The error was: 450 450 4.2.2 <a@example.com>... Full (state 14).", 450, "4.2.2 <a@example.com>... Full"),
        ("250 2.1.0 ok\n550 5.1.1 no", 550, "5.1.1 no"),
        ("250 2.1.5 ok", 250, "2.1.5 ok"),
        ("550: 5.1.1 <a@example.com>: no", 550, "5.1.1 <a@example.com>: no"),
        ("550", 550, ""),
        ("550 ", 550, ""),
        ("mailbox unavailable. [SMTP Error Code 550]", 550, ""),
        ("Connected to 192.0.2.1 but sender was rejected. Remote host said: 554 no", 554, "no"),
        ("554-a\n\nsomething else", 554, "a"),
        ("552 5.3.4 size 552 bytes", 552, "5.3.4 size 552 bytes"),
    ],
)
def test_a_server_said(text: str, code: int, said: str) -> None:
    assert reply.parse(text) == Reply(code, said)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "connect to mx.example.com[192.0.2.1]:25: Connection refused",
        "no answer from 10.250.4.5",
        "connect to port 250 failed",
        "the message has 552 bytes",
        "message size: 452 KB",
        "Could not deliver for the last 432000 seconds. Giving up.",
        "waited: 450 seconds",
        "sent in 2023",
        "sent on 2023-11-20",
        "354 go ahead",
        "600 no",
        "560 no",
        "499",
        "5501 no",
        "mx-550 is down",
        "anne.550@example.com is full",
        "User unknown",
        "room 450 is closed",
        "5.3.0 unknown mailer error 255",
        "died with exit status 250",
    ],
)
def test_nobody_said(text: str) -> None:
    assert reply.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "550 " + "550 " * 30000,
        "550-" + "a 550-" * 20000,
        "550 no" + " " * 100000 + "x",
        "550 no" + "(in reply to " * 10000,
        "(" * 100000,
        "said " * 30000 + "550",
        "550-x\n" * 20000,
    ],
)
def test_the_worst_text_costs_little(text: str) -> None:
    start = time.process_time()
    reply.parse(text)
    assert time.process_time() - start < 1
