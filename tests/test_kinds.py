"""What a message is, where detectors disagree; and mail about bounces that is none."""

from __future__ import annotations

import pytest

import bouncelib
from bouncelib import Kind
from bouncelib.kinds import decide
from bouncelib.merge import merge
from bouncelib.model import Finding, Value

ANNE = Value("anne@example.com")
FAILED, DELAYED, DELIVERED = Value("failed"), Value("delayed"), Value("delivered")

Found = list[tuple[str, Finding]]


def named(detector: str = "rfc3464", action: Value | None = None, kind: Kind | None = None, who: Value = ANNE) -> Found:
    return [(detector, Finding(address=who, action=action, kind=kind))]


def said(detector: str, kind: Kind) -> Found:
    return [(detector, Finding(kind=kind))]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([], Kind.OTHER, id="nothing"),
        pytest.param([("x", Finding(diagnostic=Value("550 no")))], Kind.OTHER, id="nothing of weight"),
        pytest.param(named(action=FAILED), Kind.BOUNCE, id="failed"),
        pytest.param(named(action=DELAYED), Kind.DELAY, id="delayed"),
        pytest.param(named(action=DELIVERED), Kind.SUCCESS, id="delivered"),
        pytest.param(named(), Kind.BOUNCE, id="named, no action"),
        pytest.param(
            named(action=DELAYED) + named(action=FAILED, who=Value("bob@example.com")),
            Kind.BOUNCE,
            id="one of two failed",
        ),
        pytest.param(
            named(action=DELIVERED) + named(action=DELAYED, who=Value("bob@example.com")),
            Kind.DELAY,
            id="one of two waits",
        ),
        pytest.param(named("postfix", kind=Kind.DELAY), Kind.DELAY, id="a format that warns"),
        pytest.param(named("postfix", kind=Kind.DELAY) + named(action=FAILED), Kind.BOUNCE, id="a field over a format"),
        pytest.param(said("postfix", Kind.BOUNCE), Kind.BOUNCE, id="a format that names nobody"),
        pytest.param(said("postfix", Kind.DELAY) + said("exim", Kind.BOUNCE), Kind.BOUNCE, id="two formats"),
        pytest.param(named("arf", kind=Kind.COMPLAINT), Kind.COMPLAINT, id="a complaint"),
        pytest.param(
            named("arf", kind=Kind.COMPLAINT) + said("postfix", Kind.BOUNCE),
            Kind.COMPLAINT,
            id="a complaint in other words",
        ),
        pytest.param(
            said("arf", Kind.COMPLAINT) + said("auto-reply", Kind.AUTO_REPLY),
            Kind.COMPLAINT,
            id="an automatic complaint",
        ),
        pytest.param(named("mdn", kind=Kind.DISPOSITION), Kind.DISPOSITION, id="a receipt"),
        pytest.param(
            named("mdn", kind=Kind.DISPOSITION) + said("exim", Kind.BOUNCE),
            Kind.DISPOSITION,
            id="a receipt in other words",
        ),
        pytest.param(said("mdn", Kind.DISPOSITION) + named(action=FAILED), Kind.BOUNCE, id="a DSN over a receipt"),
        pytest.param(named("sieve-reject", FAILED, Kind.BOUNCE), Kind.BOUNCE, id="a refusal by Sieve"),
        pytest.param(said("auto-reply", Kind.AUTO_REPLY), Kind.AUTO_REPLY, id="an automatic reply"),
        pytest.param(
            said("auto-reply", Kind.AUTO_REPLY) + said("challenge", Kind.CHALLENGE),
            Kind.CHALLENGE,
            id="a challenge is both",
        ),
        pytest.param(
            said("auto-reply", Kind.AUTO_REPLY) + named("exim", kind=Kind.BOUNCE), Kind.BOUNCE, id="a known format wins"
        ),
        pytest.param(
            said("auto-reply", Kind.AUTO_REPLY) + named("transcript", kind=Kind.BOUNCE),
            Kind.AUTO_REPLY,
            id="words do not",
        ),
        pytest.param(
            said("challenge", Kind.CHALLENGE) + named("generic", kind=Kind.BOUNCE), Kind.CHALLENGE, id="nor do guesses"
        ),
        pytest.param(
            said("auto-reply", Kind.AUTO_REPLY) + said("exim", Kind.BOUNCE),
            Kind.AUTO_REPLY,
            id="nor one that names nobody",
        ),
    ],
)
def test_order(found: Found, expected: Kind) -> None:
    assert decide(found, merge(found).recipients) is expected


DSN = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="inner"

--inner

This is the mail system at host mx.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<anne@example.org>: host mail.example.org[192.0.2.1] said: 550 5.1.1
    <anne@example.org>: Recipient address rejected: User unknown (in reply to
    RCPT TO command)
--inner
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; anne@example.org
Action: failed
Status: 5.1.1
--inner--
"""
TEXT = DSN.partition("--inner\n\n")[2].partition("--inner")[0]
QUOTED = "".join(f"> {line}\n" for line in TEXT.splitlines())
LETTER = "From: Bob <bob@example.com>\nTo: list@example.com\nMIME-Version: 1.0\n"
LIST = f"{LETTER}List-Id: <list.example.com>\nPrecedence: list\n"
ANSWER = "Subject: Re: bounces again\nIn-Reply-To: <1@example.com>\n\n"


def attached(subject: str) -> str:
    return (
        f'{LETTER}Subject: {subject}\nContent-Type: multipart/mixed; boundary="outer"\n\n--outer\n\nWhat is this?\n'
        f"--outer\nContent-Type: message/rfc822\n\n{DSN}\n--outer--\n"
    )


def test_the_report_itself() -> None:
    assert bouncelib.parse(DSN.encode()).kind is Kind.BOUNCE


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(f"{LIST}{ANSWER}{QUOTED}\nSame here.\n", id="a list post that quotes one"),
        pytest.param(f"{LIST}{ANSWER}I get this:\n\n{TEXT}\n", id="a list post that pastes one"),
        pytest.param(attached("Fwd: Undelivered Mail Returned to Sender"), id="forwarded as an attachment"),
        pytest.param(attached("what is this?"), id="attached to a letter"),
        pytest.param(attached("Fwd: bounce").replace("message/rfc822", "text/plain"), id="attached as text"),
        pytest.param(
            f"{LETTER}Subject: Fwd: Undelivered Mail Returned to Sender\n\n----- Forwarded message -----\n{TEXT}\n",
            id="forwarded in the text",
        ),
        pytest.param(
            f"{LETTER}Subject: Re: SMTP codes\nIn-Reply-To: <1@example.com>\n\n550 5.1.1 means an unknown user:\n"
            "    550 5.1.1 <anne@example.org>... User unknown\nand 452 4.2.2 that it is full.\n",
            id="about SMTP codes",
        ),
        pytest.param(
            f"{LETTER}Subject: delivery\n\nThe delivery to anne@example.org failed, the courier found nobody.\n",
            id="about another delivery",
        ),
    ],
)
def test_mail_about_a_bounce_is_none(raw: str) -> None:
    report = bouncelib.parse(raw.encode())
    assert report.kind is Kind.OTHER
    assert report.recipients == ()
