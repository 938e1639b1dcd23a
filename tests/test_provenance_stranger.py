"""The doubt without any key: a message that shows no trace of its sender, brought by a stranger."""

from __future__ import annotations

import pytest

from bouncelib import Context, parse
from bouncelib.header import Headers
from bouncelib.provenance import stranger

Fields = list[tuple[str, str]]

BY_STRANGER = "from bulk.example.org (bulk.example.org [203.0.113.9]) by mx.example.net with ESMTP id 1; now"
FORGED: Fields = [
    ("Received", BY_STRANGER),
    ("Message-ID", "<1@bulk.example.org>"),
    ("From", "The News <news@example.com>"),
    ("To", "anne@example.net"),
]


def changed(**fields: str) -> Fields:
    """`FORGED` with other values, and what it does not have on top."""
    new = {name.replace("_", "-").lower(): value for name, value in fields.items()}
    kept = [(name, new.pop(name.lower(), value)) for name, value in FORGED]
    return [*new.items(), *kept]


@pytest.mark.parametrize(
    ("headers", "sender", "recipient"),
    [
        (FORGED, "news@example.com", ("anne@example.net", None)),
        # The author is of another host of the same side.
        (changed(From="news@lists.example.com"), "news@example.com", ("anne@example.net", None)),
        # A tag and a rewritten address stand for the sender in them.
        (FORGED, "prvs=0747719089=news@example.com", ("anne@example.net", None)),
        # The recipient is somebody else's, and was an alias at the host that took the message.
        (FORGED, "news@example.com", ("anne@example.edu", "info@example.net")),
        (
            changed(Received=BY_STRANGER.replace("; now", " for <info@example.net>; now")),
            "news@example.com",
            ("anne@example.edu", None),
        ),
        # Its own lines above that one: a filter, an alias.
        (
            [("Received", "from localhost (localhost [127.0.0.1]) by mx.example.net; now"), *FORGED],
            "news@example.com",
            ("anne@example.net", None),
        ),
        # chasquid, which shows the HELO name in a comment; Courier, which looks nothing up.
        (
            changed(Received="from [203.0.113.9] (bulk.example.org) by mx.example.net (chasquid) with ESMTP; now"),
            "news@example.com",
            ("anne@example.net", None),
        ),
        (
            changed(Received="from bulk.invalid ([::ffff:203.0.113.9]) by mx.example.net with ESMTP; now"),
            "news@example.com",
            ("anne@example.net", None),
        ),
        # Through a forwarder, whose own server took the message from the stranger.
        (
            [
                ("Received", "from mx.fwd.example (mx.fwd.example [198.51.100.1]) by mx.example.net; now"),
                *changed(Received=BY_STRANGER.replace("mx.example.net", "mx.fwd.example")),
            ],
            "SRS0=HHHH=TT=example.com=news@fwd.example",
            ("anne@example.net", None),
        ),
    ],
)
def test_a_stranger_brought_it(headers: Fields, sender: str, recipient: tuple[str, str | None]) -> None:
    proof = stranger.doubt(Headers(headers), sender=sender, recipients=[recipient])
    assert proof is not None
    assert (proof.name, proof.verdict) == ("stranger", "unproven")
    assert "example.com" in proof.text


GENUINE = {
    "our server brought it": changed(Received="from a (mail.example.com [192.0.2.1]) by mx.example.net; now"),
    "our server says so, and no name is looked up": changed(
        Received="from mail.example.com ([192.0.2.1]) by mx.example.net; now"
    ),
    "a smarthost, which had it from somebody": [*FORGED, ("Received", "from pc by bulk.example.org with ESMTPSA; now")],
    "a server without a name of its own": [*FORGED, ("Received", "by bulk.example.org with SMTP id 4711; now")],
    "the program that wrote it names us": changed(Message_ID="<1@mail.example.com>"),
    "a mailing service that signs for us": changed(DKIM_Signature="v=1; a=rsa-sha256; d=example.com; s=s1; b=x"),
    "a list passed it on": changed(List_Id="<talk.example.org>"),
    "somebody passed it on": changed(Resent_From="bart@example.org"),
    "a client that had logged in": changed(Received=BY_STRANGER.replace("ESMTP", "ESMTPSA")),
    "from the same machine": changed(Received="from localhost (localhost [127.0.0.1]) by mx.example.net; now"),
    "from the same house": changed(Received="from pc7.example.net ([10.0.0.7]) by mx.example.net; now"),
    "a client without any name": changed(Received="from PC-7 (unknown [203.0.113.9]) by mx.example.net; now"),
    "a smarthost of ours, perhaps": changed(Received=BY_STRANGER.replace("mx.example.net", "smtp.isp.example")),
    "no Received lines": [field for field in FORGED if field[0] != "Received"],
}


@pytest.mark.parametrize("headers", GENUINE.values(), ids=GENUINE)
def test_what_a_genuine_message_looks_like_is_not_doubted(headers: Fields) -> None:
    assert stranger.doubt(Headers(headers), sender="news@example.com", recipients=[("anne@example.net", None)]) is None


def test_without_a_sender_nobody_is_a_stranger() -> None:
    assert stranger.doubt(Headers(FORGED), sender=None, recipients=[("anne@example.net", None)]) is None


REPORT = """\
Return-Path: <>
To: news@example.com
From: MAILER-DAEMON@mx.example.net
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; anne@example.net
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

{}

--b--
"""


@pytest.mark.parametrize(
    ("headers", "context", "verdict", "suppress", "why"),
    [
        (FORGED, None, "unproven", False, "no: nothing in the returned message is the sender's"),
        (GENUINE["the program that wrote it names us"], None, "unproven", True, "yes: the failure is permanent"),
        # Who knows better: it is a smarthost of ours.
        (FORGED, Context(own_mtas=["bulk.example.org"]), "own", True, "yes: the failure is permanent"),
        (FORGED, Context(own_mtas=["mail.example.com"]), "foreign", False, "no: the message was not ours"),
    ],
)
def test_a_doubt_keeps_from_suppressing(
    headers: Fields, context: Context | None, verdict: str, suppress: bool, why: str
) -> None:
    raw = REPORT.format("\n".join(f"{name}: {value}" for name, value in headers)).encode()
    report = parse(raw, context=context)
    assert (report.provenance.verdict, report.recipients[0].suppress) == (verdict, suppress)
    assert f"Suppress: {why}" in report.explain()
