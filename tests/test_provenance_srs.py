"""SRS: rewritten addresses made, checked and unwrapped."""

from __future__ import annotations

import datetime as dt

import pytest

from bouncelib import ProvenanceVerdict
from bouncelib.provenance import srs

SECRET, OLD = b"this year's", b"last year's"
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SENDER = "Carl.Sender@example.org"
FIRST = srs.make(SENDER, SECRET, "fwd.example.com", now=NOW)
SECOND = srs.make(srs.make(SENDER, OLD, "first.example.net", now=NOW), SECRET, "fwd.example.com", now=NOW)
THIRD = srs.make(srs.make(FIRST, OLD, "second.example.net", now=NOW), SECRET, "fwd.example.com", now=NOW)


def later(days: int) -> dt.datetime:
    return NOW + dt.timedelta(days=days)


def test_the_form() -> None:
    # Day 20780 is 300 modulo 1024: J and M in base32.
    # HMAC-SHA1("this year's", "jmexample.orgcarl.sender") in base64 begins with /FB0.
    assert FIRST.startswith("SRS0=/FB0=")
    assert FIRST.endswith("=JM=example.org=Carl.Sender@fwd.example.com")
    assert SECOND.startswith("SRS1=")
    assert "=first.example.net==" in SECOND


@pytest.mark.parametrize(
    ("address", "secrets", "now", "wrong"),
    [
        (FIRST, [SECRET], NOW, ""),
        (FIRST, SECRET, None, ""),
        (FIRST, [OLD, SECRET], NOW, ""),
        (FIRST.lower(), [SECRET], NOW, ""),
        (srs.make(SENDER, SECRET, "fwd.example.com", now=NOW, separator="+"), [SECRET], NOW, ""),
        (srs.make(SENDER, SECRET, "fwd.example.com", now=NOW, separator="-"), [SECRET], NOW, ""),
        (srs.make(SENDER, SECRET, "fwd.example.com", now=NOW, length=8), [SECRET], NOW, ""),
        (srs.make(SENDER, SECRET, "fwd.example.com", now=NOW, length=28), [SECRET], NOW, ""),
        (FIRST, [SECRET], later(21), ""),
        (FIRST, [SECRET], later(22), "expired"),
        (FIRST, [SECRET], later(-1), ""),
        (FIRST, [SECRET], later(-2), "expired"),
        (srs.make(SENDER, SECRET, "fwd.example.com", now=later(723)), [SECRET], later(725), ""),  # 1023 to 1
        (FIRST, [OLD], NOW, "not ours"),
        (FIRST, [], NOW, "not ours"),
        (FIRST.replace("Carl", "Dora"), [SECRET], NOW, "not ours"),
        (FIRST.replace("=JM=", "=JN="), [SECRET], NOW, "not ours"),
        (SECOND, [SECRET], NOW, ""),
        (SECOND, [OLD], NOW, "not ours"),
        (SECOND, [SECRET], later(500), ""),  # the time stamp is the first forwarder's
        (THIRD, [SECRET], NOW, ""),
        (SENDER, [SECRET], NOW, "no rewritten address"),
        ("SRS0=abc=JM=example.org=carl@fwd.example.com", [SECRET], NOW, "without its parts"),
        ("srs1-@fwd.example.com", [SECRET], NOW, "without its parts"),
        ("SRS0=abcd=JM=example.org=@fwd.example.com", [SECRET], NOW, "without its parts"),
    ],
)
def test_addresses_are_checked(address: str, secrets: list[bytes], now: dt.datetime | None, wrong: str) -> None:
    found = srs.check(address, secrets, now=now)
    assert (wrong in found) if wrong else found == ""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (FIRST, SENDER),
        (SECOND, SENDER),
        (THIRD, SENDER),
        ("SRS0+abcd=JM=example.org=a=b@fwd.example.com", "a=b@example.org"),
        ("srs0-abcd=jm=example.org=prvs=0787f6e6a3=anne@fwd.example.com", "prvs=0787f6e6a3=anne@example.org"),
        ("SRS0=x@fwd.example.com", "SRS0=x@fwd.example.com"),
        ("SRS1=abcd=first.example.net==odd@fwd.example.com", "SRS0=odd@first.example.net"),
        (SENDER, SENDER),
        ("", ""),
    ],
)
def test_addresses_are_unwrapped(address: str, expected: str) -> None:
    assert srs.unwrap(address) == expected


def test_proofs() -> None:
    own, foreign = srs.prove(FIRST, [SECRET]), srs.prove(FIRST, [OLD])
    assert own
    assert own.verdict is ProvenanceVerdict.OWN
    assert foreign
    assert foreign.verdict is ProvenanceVerdict.FOREIGN
    odd = srs.prove("SRS0=abc=JM=example.org=carl@fwd.example.com", [SECRET])
    assert odd
    assert odd.verdict is ProvenanceVerdict.FOREIGN
    assert srs.prove(FIRST, []) is None
    assert srs.prove(SENDER, [SECRET]) is None


@pytest.mark.parametrize(
    "address", ["SRS0=\u017f\u017f\u017f\u017f=JM=b.example=a@c.example", "SRS1=" + "=" * 90_000, "SRS"]
)
def test_nothing_raises(address: str) -> None:
    assert srs.check(address, [SECRET], now=NOW)
