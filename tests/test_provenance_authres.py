"""Authentication results in the returned header: a forgery that shows, and what only looks like one."""

from __future__ import annotations

import pytest

import bouncelib
from bouncelib import BounceType, Context, ProvenanceVerdict
from bouncelib.header import Headers
from bouncelib.provenance import authres

FOREIGN, UNPROVEN = ProvenanceVerdict.FOREIGN, ProvenanceVerdict.UNPROVEN
Header = tuple[str, str]

BULK: Header = ("Received", "from bulk.example.org (bulk.example.org [203.0.113.9]) by mx.example.net with ESMTP id 4")
INSIDE: Header = ("Received", "from mx.example.net (mx.example.net [198.51.100.2]) by store.example.net with LMTP id 4")
BELOW: Header = ("Received", "from mail.example.com (mail.example.com [192.0.2.1]) by bulk.example.org with ESMTP id 4")
DMARC: Header = (
    "Authentication-Results",
    "mx.example.net; dmarc=fail (p=none) header.from=example.com; spf=fail smtp.mailfrom=news@example.com",
)
ARC: Header = ("ARC-Authentication-Results", "i=1; mx.example.net; dmarc=fail header.from=example.com")
SPF: Header = (
    "Received-SPF",
    "Fail (mx.example.net: news@example.com does not) envelope-from=news@example.com; receiver=mx.example.net",
)
# pypolicyd-spf, which Postfix puts above its own Received line.
NAMELESS: Header = (
    "Received-SPF",
    "Fail (mailfrom) identity=mailfrom; client-ip=203.0.113.9; envelope-from=news@example.com; receiver=<UNKNOWN>",
)
REQUEUED: Header = ("Received", "by mx.example.net (Postfix) id 4X")
PASS: Header = (
    "Authentication-Results",
    "mx.example.net; dkim=pass header.d=example.com; spf=fail smtp.mailfrom=example.com",
)


def other(field: Header, old: str, new: str) -> Header:
    return field[0], field[1].replace(old, new)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([DMARC, BULK], FOREIGN),
        ([INSIDE, DMARC, BULK], FOREIGN),
        ([ARC, BULK], FOREIGN),
        ([SPF, BULK], FOREIGN),
        ([NAMELESS, BULK], FOREIGN),
        ([REQUEUED, NAMELESS, BULK], FOREIGN),
        ([BULK, NAMELESS], None),  # where the sender could have written it
        ([NAMELESS], None),
        ([DMARC, BULK, BELOW], UNPROVEN),  # forwarded, perhaps
        ([SPF, BULK, BELOW], UNPROVEN),
        ([DMARC, BULK, ("List-Id", "<readers.example.org>")], UNPROVEN),
        ([DMARC, BULK, ("Resent-From", "anne@example.org")], UNPROVEN),
        ([DMARC], UNPROVEN),
        ([PASS, BULK], None),
        ([other(SPF, "Fail", "Softfail"), BULK], None),
        ([other(SPF, "mx.example.net", "mx.example.org"), BULK], None),  # not the reporter's word
        ([other(DMARC, "mx.example.net", "bulk.example.org"), BULK], None),
        ([other(DMARC, "example.com", "example.org"), BULK], None),  # about somebody else
        ([("Authentication-Results", "mx.example.net; none"), BULK], None),
        ([("Authentication-Results", ""), ("Received-SPF", "?"), BULK], None),
        ([BULK], None),
        ([], None),
    ],
)
def test_what_the_receiver_found(headers: list[Header], expected: ProvenanceVerdict | None) -> None:
    proof = authres.prove(
        headers, reporter="mx.example.net", sender="news@example.com", is_own_domain="example.com".__eq__
    )
    assert (proof.verdict if proof else None) is expected


@pytest.mark.parametrize("sender", ["SRS0=abcd=JM=example.com=news@example.org", "news+caf_=x=y.example@example.com"])
def test_a_forwarders_address_is_a_sign_of_forwarding(sender: str) -> None:
    proof = authres.prove([DMARC, BULK], reporter="mx.example.net", sender=sender, is_own_domain="example.com".__eq__)
    assert proof
    assert proof.verdict is UNPROVEN


def test_results_are_read() -> None:
    found = list(
        authres.read("Authentication-Results", "mx.example.net 1; spf/1=pass smtp.mailfrom=a@b.example; dkim=none")
    )
    assert [(r.author, r.method, r.result, r.domain) for r in found] == [
        ("mx.example.net", "spf", "pass", "b.example"),
        ("mx.example.net", "dkim", "none", ""),
    ]
    assert not list(authres.read("Subject", "spf=pass"))


TOP = ("Received", "from mx.example.net (mx.example.net [198.51.100.2]) by in.example.com with ESMTP id 4")


@pytest.mark.parametrize(
    ("author", "expected"), [("in.example.com", True), ("mail.example.com", True), ("mx.example.net", False)]
)
def test_who_sent_the_report_is_noted(author: str, expected: bool) -> None:
    headers = Headers([("Authentication-Results", f"{author}; dkim=pass header.d=example.net"), TOP])
    proof = authres.prove_report(headers, is_own_host=lambda _: False)
    assert bool(proof) is expected
    if proof:
        assert proof.verdict is UNPROVEN
        assert "dkim=pass example.net" in proof.text


REPORT = """\
From: MAILER-DAEMON@mx.example.net
To: news@example.com
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; anne@example.net
Action: failed
Status: 5.1.1

--b
Content-Type: text/rfc822-headers

{}: {}
{}: {}
From: news@example.com
--b--
"""


@pytest.mark.parametrize(("context", "suppress"), [(None, False), (Context(own_domains=["example.com"]), False)])
def test_a_report_that_shows_the_forgery_needs_no_context(context: Context | None, suppress: bool) -> None:
    report = bouncelib.parse(REPORT.format(*DMARC, *BULK).encode(), context=context)
    assert report.provenance.verdict is FOREIGN
    assert report.recipients[0].bounce_type is BounceType.BACKSCATTER
    assert report.recipients[0].suppress is suppress


def test_our_own_hop_outranks_it() -> None:
    hop = other(BULK, "bulk.example.org", "mail.example.com")
    report = bouncelib.parse(REPORT.format(*DMARC, *hop).encode(), context=Context(own_mtas=["mail.example.com"]))
    assert report.provenance.verdict is ProvenanceVerdict.OWN
    assert [proof.name for proof in report.provenance.proofs] == ["received", "authentication-results"]
