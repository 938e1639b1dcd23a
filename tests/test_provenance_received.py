"""Received lines of many servers, and what a chain of them proves."""

from __future__ import annotations

import pathlib
import re

import pytest

from bouncelib import Context, ProvenanceVerdict
from bouncelib.provenance import hop, received
from bouncelib.provenance.hop import Received

OWN, FOREIGN, UNPROVEN = ProvenanceVerdict.OWN, ProvenanceVerdict.FOREIGN, ProvenanceVerdict.UNPROVEN
DATE = "Mon, 23 Nov 2026 11:40:05 +0000"
NAMES = Context(own_mtas=["mail.example.com"], own_domains=["example.com"])
NETWORKS = Context(own_mtas=["mail.example.com", "192.0.2.0/24"], own_domains=["example.com"])

# line, helo, name, ip, by
FORMS = [
    ("from h.example.org (r.example.org [192.0.2.9]) by mx.example.net (Postfix) with ESMTP id 4X; " + DATE,
     "h.example.org", "r.example.org", "192.0.2.9", "mx.example.net"),
    ("from h.example.org (unknown [192.0.2.9])\tby mx.example.net (Postfix) with ESMTP id 4X; " + DATE,
     "h.example.org", "", "192.0.2.9", "mx.example.net"),
    ("from r.example.org ([192.0.2.9] helo=h.example.org) by mx.example.net with esmtp (Exim 4.96) id 1x; " + DATE,
     "h.example.org", "r.example.org", "192.0.2.9", "mx.example.net"),
    ("from r.example.org ([192.0.2.9])\tby mx.example.net with esmtp (Exim 4.96) id 1x; " + DATE,
     "r.example.org", "r.example.org", "192.0.2.9", "mx.example.net"),
    ("from [192.0.2.9] (helo=h.example.org) by mx.example.net with esmtp (Exim 4.96) id 1x; " + DATE,
     "h.example.org", "", "192.0.2.9", "mx.example.net"),
    ("from h.example.org (IDENT:root@r.example.org [192.0.2.9] (may be forged)) by mx.example.net (8.17.1/8.17.1) id 6",
     "h.example.org", "", "192.0.2.9", "mx.example.net"),
    ("from unknown (HELO h.example.org) (192.0.2.9)\n  by mx.example.net with SMTP; 23 Nov 2026 11:40:05 -0000",
     "h.example.org", "", "192.0.2.9", "mx.example.net"),
    ("from r.example.org (HELO h.example.org) (user@192.0.2.9) by mx.example.net with SMTP; " + DATE,
     "h.example.org", "r.example.org", "192.0.2.9", "mx.example.net"),
    ("from h.example.org ([::ffff:192.0.2.9])\n  by mx.example.net with ESMTP\n  id 00; " + DATE,
     "h.example.org", "", "::ffff:192.0.2.9", "mx.example.net"),
    ("from [192.0.2.9] (h.example.org)\tby mx.example.net (chasquid) with ESMTPS; " + DATE,
     "h.example.org", "", "192.0.2.9", "mx.example.net"),
    # The client calls itself by an address of somebody else.
    ("from [192.0.2.1] (r.example.org [203.0.113.9]) by mx.example.net (Postfix) with ESMTP id 4X; " + DATE,
     "", "r.example.org", "203.0.113.9", "mx.example.net"),
    ("from [192.0.2.1] ([::ffff:203.0.113.9])\n  by mx.example.net with ESMTP\n  id 00; " + DATE,
     "", "", "::ffff:203.0.113.9", "mx.example.net"),
    ("from [203.0.113.9] ([192.0.2.1])\tby mx.example.net (chasquid) with ESMTPS; " + DATE,
     "", "", "203.0.113.9", "mx.example.net"),
    ("from [203.0.113.9] (helo=[192.0.2.1]) by mx.example.net with esmtp (Exim 4.96) id 1x; " + DATE,
     "", "", "203.0.113.9", "mx.example.net"),
    ("from r.example.org ([203.0.113.9] helo=[192.0.2.1]) by mx.example.net with esmtp (Exim 4.96) id 1x; " + DATE,
     "", "r.example.org", "203.0.113.9", "mx.example.net"),
    ("from unknown (HELO [192.0.2.1]) (203.0.113.9)\n  by mx.example.net with SMTP; " + DATE,
     "", "", "203.0.113.9", "mx.example.net"),
    ("from A.prod.example.org (2001:db8::1) by B.prod.example.org (2001:db8::2) with Microsoft SMTP Server id 15.20",
     "a.prod.example.org", "", "2001:db8::1", "b.prod.example.org"),
    ("from h.example.org (r.example.org. [IPv6:2001:db8::7]) by mx.example.net with ESMTPS id x1-2 for <a@example.net>",
     "h.example.org", "r.example.org", "2001:db8::7", "mx.example.net"),
    ("from phobos [127.0.0.1] by localhost with IMAP (fetchmail-5.9.0)", "phobos", "", "127.0.0.1", "localhost"),
    ("by mx.example.net (Postfix) id 4X; " + DATE, "", "", "", "mx.example.net"),
    ("(qmail 444 invoked from network); 23 Nov 2026 16:47:15 -0000", "", "", "", ""),
    ("", "", "", "", ""),
    ("from by with for", "by", "", "", ""),
    ("from (((((", "", "", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "helo", "name", "ip", "by"), FORMS)
def test_a_line_is_read(line: str, helo: str, name: str, ip: str, by: str) -> None:
    found = hop.parse(line)
    assert (found.helo, found.name, found.ip, found.by) == (helo, name, ip, by)


LOCAL = [
    "from localhost (localhost [127.0.0.1]) by mail.example.com (Postfix) with ESMTP id 4X",
    "by mail.example.com (Postfix, from userid 1000) id 4X",
    "(from anne@localhost) by mail.example.com (8.17.1/8.17.1/Submit) id 6A",
    "from root (uid 0) (envelope-from a@example.com) id 27 by mail.example.com (DragonFly Mail Agent v0.13)",
    "from MAILER-DAEMON id 2709d5 by mail.example.com (DragonFly Mail Agent v0.13)",
    "(nullmailer pid 213 invoked by uid 0)",
    "from mail.example.com (mail.example.com [local]) by mail.example.com (OpenSMTPD) with ESMTPA id 33",
]
NOT_LOCAL = [
    "from a@localhost (bulk.example.org [203.0.113.9]) by mail.example.com (Postfix) with SMTP id 4X",
    "from [local] (bulk.example.org [203.0.113.9]) by mail.example.com (Postfix) with SMTP id 4X",
    "from localhost (bulk.example.org [203.0.113.9]) by mail.example.com (Postfix) with SMTP id 4X",
]


@pytest.mark.parametrize(("line", "expected"), [*((x, True) for x in LOCAL), *((x, False) for x in NOT_LOCAL)])
def test_a_client_on_the_same_host_is_told(line: str, expected: bool) -> None:
    assert hop.parse(line).is_local is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from pc (p.example.com [198.51.100.1]) by mail.example.com (Postfix) with ESMTPSA id 4", True),
        ("from pc (p.example.com [198.51.100.1]) (Authenticated sender: anne) by m.example.com with ESMTP id 4", True),
        ("from pc (p.example.com [198.51.100.1]) (AUTH: LOGIN anne) by m.example.com with esmtp", True),
        ("from pc (p.example.com [198.51.100.1]) by mail.example.com (Postfix) with ESMTPS id 4", False),
        ("from A.prod.outlook.com ([fe80::1]) by A.prod.outlook.com ([fe80::1%7]) with mapi id 15.20; now", True),
        ("from [198.51.100.1] by web1.example.com via HTTP; now", True),
        ("from mapi.example.org (http [203.0.113.9]) by mail.example.com with ESMTP", False),
        ("from authenticated.example.org (authenticated [203.0.113.9]) by mail.example.com with SMTP", False),
        ("from [203.0.113.9] (authenticated) by mail.example.com (chasquid) with ESMTP", False),
        ("from esmtpsa (x [203.0.113.9]) by mail.example.com with smtp", False),
    ],
)
def test_a_login_is_told_and_none_is_made_up(line: str, expected: bool) -> None:
    assert hop.parse(line).is_authenticated is expected


HANDED = "from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.net (Postfix) with ESMTPS id 4"
SUBMITTED = "from pc.example.com (pc.example.com [198.51.100.1]) by mail.example.com (Postfix) with ESMTPSA id 4"
BULK = "from bulk.example.org (bulk.example.org [203.0.113.9]) by mx.example.net (Postfix) with ESMTP id 4"
FORWARDED = "from fwd.example.org (fwd.example.org [203.0.113.5]) by mx.example.net (Postfix) with ESMTP id 4"
TO_FORWARDER = "from mail.example.com (mail.example.com [192.0.2.1]) by fwd.example.org (Postfix) with ESMTP id 4"
INSIDE = "from mx.example.net (mx.example.net [198.51.100.25]) by store.example.net (Dovecot) with LMTP id 4"
NO_NAME = "from unknown (HELO mail.example.com) (192.0.2.1) by mx.example.net with SMTP"

EXCHANGE_ONLINE = [
    "from AM0EUR.eop-eur01.prod.protection.outlook.com (2001:db8::9) by AM0PR.outlook.office365.com (2001:db8::8)",
    "from mail.example.com (192.0.2.1) by AM0EUR.mail.protection.outlook.com (10.13.1.1) with Microsoft SMTP Server id",
    SUBMITTED,
]

CHAINS = [
    ([HANDED, SUBMITTED], NAMES, OWN),
    ([INSIDE, HANDED, SUBMITTED], NAMES, OWN),
    (["(qmail 444 invoked from network)", NO_NAME], NAMES, OWN),
    (["by mx.example.net (Postfix) id 4", HANDED], NAMES, OWN),
    ([HANDED.replace("192.0.2.1", "192.0.2.77").replace("mail.example.com", "other.example.com")], NETWORKS, OWN),
    ([HANDED.replace("mail.example.com [", "unknown [")], NAMES, UNPROVEN),
    ([HANDED.replace("mail.example.com [192.0.2.1]", "unknown [203.0.113.9]")], NETWORKS, FOREIGN),
    ([HANDED.replace("mail.example.com [", "bulk.example.org [")], NAMES, FOREIGN),
    ([BULK], NAMES, FOREIGN),
    ([BULK, SUBMITTED], NAMES, FOREIGN),
    ([BULK, HANDED, SUBMITTED], NAMES, FOREIGN),
    ([BULK, INSIDE, HANDED, SUBMITTED], NAMES, FOREIGN),
    ([BULK.replace("bulk.example.org", "[192.0.2.1]", 1), SUBMITTED], NETWORKS, FOREIGN),
    # It calls itself by the name of the server that it brings the message to, with a hand-over invented below.
    ([BULK.replace("bulk.example.org (bulk.example.org", "mx.example.net (unknown"), HANDED], NAMES, FOREIGN),
    ([INSIDE.replace("(mx.example.net [198.51.100.25]", "(unknown [10.0.0.1]"), HANDED], NAMES, OWN),
    ([FORWARDED, TO_FORWARDER, SUBMITTED], NAMES, UNPROVEN),
    ([FORWARDED, BULK.replace("mx.example.net", "fwd.example.org")], NAMES, FOREIGN),
    (EXCHANGE_ONLINE, NAMES, OWN),
    ([SUBMITTED], NAMES, UNPROVEN),
    (["by mx.example.net (Postfix) id 4"], NAMES, None),
    (["no line at all"], NAMES, None),
    ([], NAMES, None),
    ([BULK], Context(), None),
]


@pytest.mark.parametrize(("lines", "context", "expected"), CHAINS)
def test_a_chain_proves(lines: list[str], context: Context, expected: ProvenanceVerdict | None) -> None:
    proof = received.prove(lines, context)
    assert (proof.verdict if proof else None) is expected


STRANGER = "from bulk.example.org (bulk.example.org [203.0.113.9]) by mail.example.com (Postfix) with ESMTP id 4"


@pytest.mark.parametrize(
    ("lines", "recipients", "expected"),
    [
        ([SUBMITTED], ["anne@example.net"], OWN),
        ([LOCAL[1]], ["staff@example.com"], OWN),
        ([STRANGER + " for <anne@example.net>"], [], OWN),  # relayed: not for a stranger
        ([STRANGER + " for <staff@example.com>"], ["anne@example.net"], UNPROVEN),  # forwarded by an alias
        ([LOCAL[0], STRANGER + " for <staff@example.com>"], ["anne@example.net"], UNPROVEN),
        ([STRANGER], ["anne@example.net"], OWN),
        ([STRANGER], [], UNPROVEN),
        ([STRANGER.replace("bulk.example.org (bulk.example.org", "mail.example.com (unknown")], [], UNPROVEN),
        ([STRANGER, SUBMITTED], ["staff@example.com"], UNPROVEN),
        ([BULK], [], None),
    ],
)
def test_what_our_own_server_took(lines: list[str], recipients: list[str], expected: ProvenanceVerdict | None) -> None:
    proof = received.accepted_by_us(lines, NAMES, recipients)
    assert (proof.verdict if proof else None) is expected


def test_where_the_networks_are_known_the_address_counts() -> None:
    claimed = HANDED.replace("mx.example.net", "mail.example.com").replace("192.0.2.1", "203.0.113.9")
    assert received.brought_from_outside([claimed], NETWORKS, verified=True)
    assert not received.brought_from_outside([claimed.replace("203.0.113.9", "10.0.0.1")], NETWORKS, verified=True)
    assert not received.brought_from_outside([claimed], NETWORKS)


@pytest.mark.parametrize(
    ("lines", "verified", "expected"),
    [
        (["by mail.example.com (Postfix) id 4"], True, False),
        (["(qmail 838 invoked for bounce)"], True, False),
        ([HANDED, "by mail.example.com (Postfix) id 4"], True, False),
        ([STRANGER, "by mail.example.com (Postfix) id 4"], True, True),
        ([HANDED, "by mx.example.org (Postfix) id 4"], True, True),
        (["from mail.example.com ([203.0.113.9]) by mx.example.net with ESMTP"], False, False),
        (["from mail.example.com ([203.0.113.9]) by mx.example.net with ESMTP"], True, True),
        ([HANDED.replace("192.0.2.1", "203.0.113.9").replace("mx.example.net", "mail.example.com")], True, False),
    ],
)
def test_who_brought_the_report(lines: list[str], verified: bool, expected: bool) -> None:
    assert received.brought_from_outside(lines, NAMES, verified=verified) is expected


TO_US = "from mx.example.net (mx.example.net [198.51.100.25]) by mail.example.com (Postfix) with ESMTP id 4"
TO_STORE = "from mail.example.com (mail.example.com [10.0.0.1]) by store.example.com with LMTP id 4"
STORE = Context(own_mtas=[".example.com"])


@pytest.mark.parametrize(
    ("lines", "context", "expected"),
    [
        ([TO_US], NAMES, "mx.example.net"),
        ([TO_US], Context(), "mx.example.net"),
        ([TO_STORE, TO_US], STORE, "mx.example.net"),
        ([TO_STORE, TO_US], Context(), "mx.example.net"),
        (["by mail.example.com (Postfix) id 4", TO_US], NAMES, "mx.example.net"),
        ([LOCAL[0], TO_US], NAMES, "mx.example.net"),
        ([STRANGER, TO_US], NAMES, "bulk.example.org"),
        ([TO_US.replace("(mx.example.net [", "(unknown ["), TO_US], NAMES, ""),
        ([TO_US.replace("by mail.example.com", "by mail.example.org")], NAMES, ""),
        ([STRANGER.replace("bulk.example.org (bulk.example.org", "mail.example.com (unknown"), TO_US], NAMES, ""),
        (["by mail.example.com (Postfix) id 4"], NAMES, ""),
        ([], NAMES, ""),
    ],
)
def test_the_host_that_brought_the_report(lines: list[str], context: Context, expected: str) -> None:
    assert received.bringer(lines, context) == expected


def test_organisations() -> None:
    assert hop.same_organisation("a.b.example.com", "EXAMPLE.com.")
    assert hop.same_organisation("a.example.co.uk", "b.example.co.uk")
    assert not hop.same_organisation("a.co.uk", "b.co.uk")
    assert not hop.same_organisation("localhost", "localhost")
    assert not hop.same_organisation("192.0.2.1", "192.0.2.1")
    assert hop.same_organisation("x.office365.com", "y.outlook.com")


@pytest.mark.parametrize("home", ["example.com", "example.co.uk", "outlook.com"])
@pytest.mark.parametrize(
    "domain",
    ["example.com", "Mail.Example.COM", "example.com.", "notexample.com", "example.com.example.net", "a.example.co.uk",
     "co.uk", "x.exchangelabs.com", "outlook.com", "[192.0.2.1]", ""],
)  # fmt: skip
def test_whether_an_address_is_of_an_organisation(domain: str, home: str) -> None:
    assert hop.is_of(f"anne@{domain}", home) == hop.same_organisation(domain, home)


def test_long_lines_and_chains_are_cut() -> None:
    assert isinstance(hop.parse("from " + "(" * 100_000), Received)
    assert received.prove(["by mx.example.net " + "a" * 100_000] * 1000 + [BULK], NAMES) is None


# Nearly of a usual form, and each of them means something else.
ODD = [
    "from [203.0.113.9] (authenticated) by mail.example.com with ESMTP; now",
    "from [203.0.113.9] ([198.51.100.7]) by mail.example.com (chasquid) with ESMTP; now",
    "from a.example.org (helo [203.0.113.9]) by mail.example.com with ESMTP; now",
    "from a.example.org ([203.0.113.9]) (envelope <a@b> (EHLO b)) by mail.example.com with ESMTP; now",
    "from a.example.org ([203.0.113.9]) (b.example.org [198.51.100.7]) by mail.example.com with ESMTP; now",
    "from a.example.org (a.example.org [203.0.113.9]) (may be forged) by mail.example.com with ESMTP; now",
    "from a.example.org ([203.0.113.9]) by mail.example.com with esmtp (Exim 4.98) id 1; now",
    "from 203.0.113.9 (203.0.113.256) by mail.example.com with SMTP; now",
    "from by by mail.example.com WITH SMTP via HTTP id 1 for <anne@example.net>; now",
    "from a.example.org by mail.example.com with SMTP id 1 via with for <anne@example.net>; now",
    "from a.example.org by mail.example.com with SMTP; now for anne@example.net",
    "from a.example.org by mail.example.com with SMTP for(a) anne@example.net; now",
    "from a.example.org by mail.example.com with SMTP) via HTTP for anne@example.net; now",
    "from a.example.org by mail.example.com via A via for anne@example.net; now",
    "by mail.example.com with SMTP from a.example.org; now",
    "from a.example.org (EHLO\t[203.0.113.9]) by mail.example.com with ESMTP; now",
    "from by (b.example.org [203.0.113.9]) by mail.example.com with ESMTP; now",
    "from a.example.org (a.example.org [127.0.0.1]) by mail.example.com with ESMTP; now",
    "from a.example.org (a.example.org [203.0.113.256]) by mail.example.com with ESMTP; now",
    "From mailhub0 (203.0.113.9) by mail.example.com with ESMTP; now",
    "from 203.0.113.9 (a.example.org [198.51.100.7]) by mail.example.com with ESMTP; now",
    "from a.example.org. (2001:db8::1) by mail.example.com with ESMTP; Mon, 1 Jun 2026 10:00:00 +0000",
    "from a.example.org (a.example.org [IPv6:2001:db8::1]) by mail.example.com via Frontend Transport with ESMTP; now",
    "from a.example.org (a.example.org [IPv6:2001:db8::1::2]) by mail.example.com with ESMTP; now",
    "from [203.0.113.9] (b) by mail.example.com with ESMTP; Mon, 1 For 2026 10:00:00 +0000",
    f"from a.example.org {' ' * 4000} (a.example.org [203.0.113.9]) by mail.example.com with ESMTP; now",
]


def test_the_short_way_says_what_the_long_one_does() -> None:
    lines = [line for line, *_ in FORMS] + LOCAL + NOT_LOCAL + ODD
    for path in sorted((pathlib.Path(__file__).parent.parent / "corpus").rglob("*.eml")):
        for match in re.finditer(rb"(?mi)^received:((?:.*\n[ \t])*.*)", path.read_bytes().replace(b"\r", b"")):
            lines.append(match[1].decode("utf-8", "replace").strip())
    told = 0
    for line in lines:
        long = hop.parse(line)
        told += bool(hop._FROM_AFAR.match(line))
        assert hop.is_handed_over(line) == (long.has_from and not long.is_local), line
    assert told > 100
    short = 0
    for text in [" ".join(line.split()) for line in lines]:
        if said := hop._usual(text, text.lower()):
            short += 1
            assert said == hop._unusual(text, text.lower()), text
    assert short > len(lines) * 0.8
