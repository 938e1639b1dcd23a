"""How contradicting proofs are settled, and what follows for the recipients."""

from __future__ import annotations

import datetime as dt
import pathlib
import re
import typing

import pytest

import bouncelib
from bouncelib import Context, ProvenanceVerdict
from bouncelib.provenance import ORDER, batv

ROOT = pathlib.Path(__file__).parent.parent
OWN, FOREIGN, UNPROVEN = ProvenanceVerdict.OWN, ProvenanceVerdict.FOREIGN, ProvenanceVerdict.UNPROVEN
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
NEWS = "news@example.com"
TAGGED = batv.make(NEWS, b"key", now=NOW)
HOP = "from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.net with ESMTP id 4"
BULK = "from bulk.example.org (bulk.example.org [203.0.113.9]) by mx.example.net with ESMTP id 4"

REPORT = """\
Return-Path: <>
Received: from mx.example.net (mx.example.net [198.51.100.2]) by mail.example.com with ESMTP id 5
From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
{postfix}
Final-Recipient: rfc822; anne@example.net
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

Return-Path: <{sender}>
Received: {hop}
From: {news}
To: anne@example.net
Message-ID: <1@example.com>
--b--
"""


def parse(
    context: dict[str, typing.Any], to: str = NEWS, sender: str = NEWS, hop: str = HOP, postfix: str = ""
) -> bouncelib.Report:
    raw = REPORT.format(to=to, sender=sender, hop=hop, news=NEWS, postfix=postfix)
    return bouncelib.parse(raw.encode(), context=Context(**context))


MTAS = {"own_mtas": ["mail.example.com"]}
KEY: dict[str, typing.Any] = {"batv_keys": [b"key"], "now": NOW}
OURS = {"own_domains": ["example.com"]}
IDS = {"message_id_domains": ["example.com"]}


@pytest.mark.parametrize(
    ("context", "arguments", "verdict", "decided", "suppress"),
    [
        ({}, {}, UNPROVEN, None, True),
        ({"require_proof": True}, {}, FOREIGN, None, False),
        (MTAS, {}, OWN, "received", True),
        (MTAS, {"hop": BULK}, FOREIGN, "received", False),
        ({**MTAS, "require_proof": True}, {}, OWN, "received", True),
        (IDS, {}, OWN, "message-id", True),
        ({**MTAS, **IDS}, {"hop": BULK}, FOREIGN, "received", False),
        ({"sent_by_us": lambda _: False}, {}, FOREIGN, "message-id", False),
        ({**MTAS, "sent_by_us": lambda _: False}, {}, OWN, "received", True),
        ({**KEY, **OURS}, {"to": TAGGED}, OWN, "batv", True),
        ({**KEY, **OURS, **MTAS}, {"to": TAGGED, "hop": BULK}, OWN, "batv", True),
        ({**KEY, **OURS, **MTAS, **IDS}, {}, FOREIGN, "address", False),
        ({**KEY, **OURS}, {"sender": TAGGED}, FOREIGN, "address", False),
        (KEY, {"sender": TAGGED}, OWN, "returned-batv", False),
        (KEY, {"postfix": f"X-Postfix-Sender: rfc822; {TAGGED}\n"}, OWN, "returned-batv", False),
        (
            KEY,
            {"sender": f"SRS0=abcd=JM=example.com={TAGGED.partition('@')[0]}@fwd.example.org"},
            OWN,
            "returned-batv",
            False,
        ),
        (KEY, {"sender": "prvs=0787abcdef=carl@example.org"}, UNPROVEN, None, False),  # another domain's tag
        ({**KEY, **MTAS}, {}, OWN, "received", False),  # a key, and no proof by it
        ({"srs_secrets": ["key"]}, {}, UNPROVEN, None, False),
        (
            {"srs_secrets": ["key"], **OURS},
            {"sender": "SRS0=abcd=JM=example.org=carl@fwd.example.org"},
            UNPROVEN,
            None,
            False,
        ),
        ({"verp": ["key"], **OURS}, {}, FOREIGN, "address", False),
    ],
)
def test_contradictions(
    context: dict[str, typing.Any],
    arguments: dict[str, str],
    verdict: ProvenanceVerdict,
    decided: str | None,
    suppress: bool,
) -> None:
    report = parse(context, **arguments)
    provenance = report.provenance
    assert provenance.verdict is verdict
    assert (provenance.proofs[0].name if provenance.proofs else None) == decided
    assert report.recipients[0].suppress is suppress
    assert (report.recipients[0].bounce_type == "backscatter") is (verdict is FOREIGN)


def test_the_ones_that_lost_stay_visible() -> None:
    proofs = parse({**KEY, **OURS, **MTAS, **IDS}, hop=BULK).provenance.proofs
    assert [(proof.name, proof.verdict) for proof in proofs] == [
        ("address", FOREIGN),
        ("received", FOREIGN),
        ("message-id", OWN),
    ]


def test_a_callback_that_fails_is_recorded_and_counts_as_nothing() -> None:
    def fails(_: str) -> bool:
        raise OSError("the database is away")

    report = parse({"sent_by_us": fails})
    assert report.provenance.verdict is UNPROVEN
    assert "the database is away" in report.provenance.proofs[0].text


def test_why_nobody_is_suppressed_is_said() -> None:
    report = parse({**KEY, **MTAS})
    assert any(evidence.field == "suppress" for evidence in report.recipients[0].evidence)


def test_a_complaint_comes_to_an_address_without_a_tag() -> None:
    raw = (ROOT / "corpus" / "arf" / "abuse.eml").read_bytes()
    report = bouncelib.parse(raw, context=Context(**KEY, own_domains=["example.com"]))
    assert report.kind is bouncelib.Kind.COMPLAINT
    assert report.provenance.verdict is UNPROVEN


def test_the_order_is_documented() -> None:
    text = (ROOT / "docs" / "provenance.md").read_text("utf-8")
    listed = re.findall(r"(?m)^\d+\. `([a-z-]+)` (own|foreign)", text)
    assert listed == [(name, str(verdict)) for name, verdict, _ in ORDER]


@pytest.mark.parametrize("piece", ["prvs=", "SRS0=", "+bv1-", "a=b@", "(", "from ", "; dmarc=fail "])
def test_time_is_linear(piece: str) -> None:
    context = {**KEY, **OURS, **MTAS, "verp": ["secret"], "srs_secrets": ["secret"]}
    report = parse(context, to=piece * 20_000 + "x@example.com", sender=piece * 20_000, hop=piece * 20_000)
    assert report.recipients[0].suppress is False
