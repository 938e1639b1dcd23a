"""VERP: the forms in use, and the signed one."""

from __future__ import annotations

import datetime as dt

import pytest

import bouncelib
from bouncelib import BouncelibError, ProvenanceVerdict, check_verp, make_verp
from bouncelib.provenance import verp

SECRET, OLD = "this year's", b"last year's"
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
RECIPIENT = "Anne+tag@example.net"
SIGNED = make_verp("bounces@lists.example.com", RECIPIENT, SECRET, now=NOW)
FOR_EVER = make_verp("bounces@lists.example.com", RECIPIENT, SECRET)


@pytest.mark.parametrize(
    ("address", "form", "recipient"),
    [
        ("list+anne=example.net@lists.example.com", "plain", "anne@example.net"),
        ("list-bounces+anne=example.net@lists.example.com", "plain", "anne@example.net"),
        ("list-bounces+anne+tag=example.net@lists.example.com", "plain", "anne+tag@example.net"),
        ("list-return-123-anne=example.net@lists.example.com", "plain", "anne@example.net"),
        ("list-return-123-anne-marie=example.net@lists.example.com", "plain", "anne-marie@example.net"),
        ("my-list-anne=example.net@lists.example.com", "plain", "anne@example.net"),
        ("bounce+anne==a==example.net==list@lists.example.com", "sympa", "anne@example.net"),
        ("bounce+anne==a==example.net==list==42@lists.example.com", "sympa", "anne@example.net"),
        ("bounce+anne==a==example.net==list==w@lists.example.com", "sympa", "anne@example.net"),
        ("bounce+anne==a==example.net==list==r@lists.example.com", "sympa", "anne@example.net"),
        ("bounce+verp-0123456789abcdef0123456789abcdef@forum.example.com", "token", ""),
        ("list-bounces+0123456789abcdef0123456789abcdef01234567@lists.example.com", "token", ""),
        (SIGNED, "signed", RECIPIENT),
        ("anne@example.com", None, None),
        ("anne+tag@example.com", None, None),
        ("prvs=0787f6e6a3=news@example.com", None, None),
        ("SRS0=abcd=JM=example.org=carl@fwd.example.com", None, None),
        ("list+key=value@example.com", None, None),
        ("list+size=1.5@example.com", None, None),
        ("", None, None),
    ],
)
def test_forms_are_unwrapped(address: str, form: str | None, recipient: str | None) -> None:
    found = verp.read(address)
    assert ((found.form, found.recipient) if found else (None, None)) == (form, recipient)


@pytest.mark.parametrize(
    ("address", "secrets", "now", "expected"),
    [
        (SIGNED, SECRET, NOW, RECIPIENT),
        (SIGNED, [OLD, SECRET], NOW, RECIPIENT),
        (SIGNED.lower(), SECRET, NOW, RECIPIENT.lower()),
        (SIGNED, SECRET, NOW + dt.timedelta(days=30), RECIPIENT),
        (SIGNED, SECRET, NOW + dt.timedelta(days=31), None),
        (SIGNED, SECRET, None, RECIPIENT),
        (FOR_EVER, SECRET, NOW + dt.timedelta(days=3000), RECIPIENT),
        (SIGNED, OLD, NOW, None),
        (SIGNED, [], NOW, None),
        (SIGNED.replace("Anne", "Bert"), SECRET, NOW, None),
        (SIGNED.replace("example.net", "example.org"), SECRET, NOW, None),
        (SIGNED.replace("bounces", "bounced"), SECRET, NOW, None),
        (SIGNED.replace("-780-", "-790-"), SECRET, NOW, None),
        (SIGNED.replace("-780-", "-any-"), SECRET, NOW, None),
        ("bounces+anne=example.net@lists.example.com", SECRET, NOW, None),
        ("anne@example.com", SECRET, NOW, None),
    ],
)
def test_signatures_are_checked(
    address: str, secrets: str | bytes | list[str | bytes], now: dt.datetime | None, expected: str | None
) -> None:
    assert check_verp(address, secrets, now=now) == expected


PLAIN_RECIPIENTS = [
    "anne@example.net",
    "Anne.O'Neil+tag=x@Example.net",
    "a-b_c=d+e-@sub.example.co.uk",
    "-bv1-any-@example.net",
    "x" * 80 + "@example.net",
]
ENCODED_RECIPIENTS = [
    "Zoë@example.net",
    "anne@bücher.example",
    '"Anne B"@example.net',
    '"a@b"@example.net',
    "anne@[192.0.2.1]",
    "anne@localhost",
    "anne@example.net.",
]


@pytest.mark.parametrize("recipient", [*PLAIN_RECIPIENTS, *ENCODED_RECIPIENTS])
def test_every_recipient_comes_back_whatever_became_of_the_case(recipient: str) -> None:
    address = make_verp("bounces@lists.example.com", recipient, SECRET, now=NOW)
    assert (f"{recipient.rpartition('@')[2]}@" in address) is (recipient in PLAIN_RECIPIENTS)
    assert address.isascii()
    assert address.count("@") == 1
    context = bouncelib.Context(verp=[SECRET], own_domains=["lists.example.com"], now=NOW)
    for returned in (address, address.lower(), address.upper()):
        found = check_verp(returned, SECRET, now=NOW)
        assert found
        assert found.lower() == recipient.lower()
        assert bouncelib.check_bounce_address(returned, context).verdict == "accept"
    assert check_verp(address.replace("bv1-780", "bv1-781"), SECRET, now=NOW) is None


@pytest.mark.parametrize(
    ("bounces", "recipient", "secret"),
    [
        ("bounces", "a@b.example", "x"),
        ("b@c.example", "a", "x"),
        ("b@c.example", "a\n@b.example", "x"),
        ("b@c.example", "\udcff@b.example", "x"),
        ("b@c.example", "a@b.example", ""),
    ],
)
def test_what_cannot_be_signed_is_said(bounces: str, recipient: str, secret: str) -> None:
    with pytest.raises(BouncelibError, match="make_verp"):
        make_verp(bounces, recipient, secret)


def test_proofs() -> None:
    own = verp.prove(SIGNED, [SECRET], now=NOW)
    assert own
    assert own.verdict is ProvenanceVerdict.OWN
    for address in (
        SIGNED.replace("Anne", "Bert"),
        "bounces+bv1-odd@lists.example.com",
        "bounces+bv1-780-aaaaaaaaaaaaaaaa-77777777@lists.example.com",  # base32, and no UTF-8
        "bounces+bv1-780-aaaaaaaaaaaaaaaa-mfxg4@lists.example.com",  # no address
    ):
        foreign = verp.prove(address, [SECRET], now=NOW)
        assert foreign
        assert foreign.verdict is ProvenanceVerdict.FOREIGN
    assert verp.prove(SIGNED, []) is None
    assert verp.prove("bounces+anne=example.net@lists.example.com", [SECRET]) is None


def test_patterns() -> None:
    pattern = "b.{local}={domain}@lists.example.com"
    assert verp.read_pattern("b.anne=Example.net@lists.example.com", pattern) == "anne@example.net"
    assert verp.read_pattern("bxanne=example.net@lists.example.com", pattern) is None


REPORT = """\
From: MAILER-DAEMON@mx.example.net
To: {to}
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {final}
{more}Action: failed
Status: 5.1.1
{second}
--b--
"""


PLAIN = "l+anne=example.net@example.com"
OTHER = "x@mx.example.net"
WITH_ORIGINAL = "Original-Recipient: rfc822; y@example.net\n"
ONE_MORE = "\nFinal-Recipient: rfc822; z@example.net\nAction: failed\nStatus: 5.1.1\n"
PATTERN = {"verp": ["v.{local}={domain}@example.com"]}


@pytest.mark.parametrize(
    ("to", "final", "more", "second", "context", "expected"),
    [
        (PLAIN, OTHER, "", "", {}, "anne@example.net"),
        (PLAIN, OTHER, "", "", {"own_domains": ["example.com"]}, "anne@example.net"),
        (PLAIN, OTHER, "", "", {"own_domains": ["example.org"]}, None),
        (PLAIN, "anne@example.net", "", "", {}, None),
        (PLAIN, OTHER, WITH_ORIGINAL, "", {}, "y@example.net"),
        (PLAIN, OTHER, "", ONE_MORE, {}, None),
        ("v.anne=example.net@example.com", OTHER, "", "", PATTERN, "anne@example.net"),
        (SIGNED, OTHER, "", "", {"verp": [SECRET]}, RECIPIENT),
        (SIGNED, OTHER, "", "", {"verp": [OLD]}, None),
        ("prvs=0787ac0fab=" + PLAIN, OTHER, "", "", {}, "anne@example.net"),
    ],
)
def test_the_address_of_the_report_names_the_subscriber(
    to: str, final: str, more: str, second: str, context: dict[str, list[str]], expected: str | None
) -> None:
    raw = REPORT.format(to=to, final=final, more=more, second=second).encode()
    given: dict[str, object] = dict(context)
    report = bouncelib.parse(raw, context=bouncelib.Context(**given))  # type: ignore[arg-type]
    assert report.recipients[0].original_address == expected
    if expected and not more:
        assert any(evidence.field == "original_address" for evidence in report.recipients[0].evidence)
