"""BATV: tags made and checked, with keys that change and days that run round."""

from __future__ import annotations

import datetime as dt

import pytest

from bouncelib import ProvenanceVerdict
from bouncelib.provenance import batv

KEY = b"this year's"
OLD = b"last year's"
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)  # day 20780
ADDRESS = "news@example.com"
TAGGED = batv.make(ADDRESS, KEY, now=NOW)


# Made by a program that signs the address as it was given: HMAC-SHA1("this year's", "0787News@example.com").
AS_GIVEN = "prvs=0787cd3304=News@example.com"


def days(number: float) -> dt.datetime:
    return NOW + dt.timedelta(days=number)


def test_the_tag_is_that_of_the_draft() -> None:
    # HMAC-SHA1("this year's", "0787" + address), first three bytes; 787 is the day it expires.
    assert TAGGED == "prvs=0787ac0fab=news@example.com"


def last(address: str) -> str:
    tag, _, plain = address.removeprefix("prvs=").partition("=")
    local, _, domain = plain.partition("@")
    return f"{local}+prvs={tag}@{domain}"


@pytest.mark.parametrize(
    ("address", "keys", "now", "wrong"),
    [
        (TAGGED, KEY, NOW, ""),
        (TAGGED, [KEY], None, ""),
        (TAGGED.upper().replace("NEWS@EXAMPLE.COM", ADDRESS), [KEY], NOW, ""),
        (last(TAGGED), [KEY], NOW, ""),
        (TAGGED.replace("prvs=0787ac0fab=news", "prvs=news/0787ac0fab"), [KEY], NOW, ""),
        (batv.make("News.Desk@Example.com", KEY, now=NOW), [KEY], NOW, ""),
        (batv.make("News.Desk@Example.com", KEY, now=NOW).lower(), [KEY], NOW, ""),
        (batv.make("News.Desk@Example.com", KEY, now=NOW).upper(), [KEY], NOW, ""),
        (AS_GIVEN, [KEY], NOW, ""),
        (AS_GIVEN.lower(), [KEY], NOW, "signature"),
        (TAGGED, [OLD, KEY], NOW, ""),
        (TAGGED, {"0": KEY, "1": OLD}, NOW, ""),
        (TAGGED, {1: KEY}, NOW, "signature"),
        (TAGGED, [(0, KEY)], NOW, ""),
        (batv.make(ADDRESS, OLD, now=NOW, number=7), {0: KEY, 7: OLD}, NOW, ""),
        (TAGGED, [OLD], NOW, "signature"),
        (TAGGED.replace("ac0fab", "ac0fac"), [KEY], NOW, "signature"),
        (TAGGED.replace("0787", "0788"), [KEY], NOW, "signature"),
        (TAGGED.replace("news@", "desk@"), [KEY], NOW, "signature"),
        (TAGGED, [KEY], days(7), ""),
        (TAGGED, [KEY], days(15), "expired"),
        (TAGGED, [KEY], days(400), "expired"),
        (TAGGED, [KEY], days(-1), "expired"),  # it would expire in eight days: made by somebody else
        (batv.make(ADDRESS, KEY, now=NOW, lifetime=0), [KEY], days(7), ""),  # the day of signing, as some write
        (batv.make(ADDRESS, KEY, now=NOW, lifetime=0), [KEY], days(8), "expired"),
        (batv.make(ADDRESS, KEY, now=days(215)), [KEY], days(217), ""),  # days 999 to 2
        (ADDRESS, [KEY], NOW, "no tag"),
        ("prvs=short=news@example.com", [KEY], NOW, "cannot be checked"),
    ],
)
def test_tags_are_checked(address: str, keys: list[bytes], now: dt.datetime | None, wrong: str) -> None:
    found = batv.check(address, keys, now=now)
    assert (wrong in found) if wrong else found == ""


@pytest.mark.parametrize(
    ("address", "plain", "number"),
    [
        (TAGGED, ADDRESS, 0),
        ("news+prvs=1784a0f2c3@example.com", ADDRESS, 1),
        ("prvs=news=1784a0f2c3@example.com", ADDRESS, 1),
        ("prvs=news/1784a0f2c3@example.com", ADDRESS, 1),
        ("prvs=1784a0f2c3/news@example.com", ADDRESS, 1),
        ("prvs=short/news@example.com", ADDRESS, -1),
        ("btv1==020fbc2871f==news@example.com", ADDRESS, -1),
        ("prvs=a=b=news@example.com", "b=news@example.com", -1),
        (ADDRESS, None, None),
        ("list+anne=example.net@example.com", None, None),
        ("prvs=", None, None),
    ],
)
def test_tags_are_taken_off(address: str, plain: str | None, number: int | None) -> None:
    tag = batv.read(address)
    assert ((tag.address, tag.number) if tag else (None, None)) == (plain, number)


def test_proofs() -> None:
    own, foreign = batv.prove(TAGGED, [KEY], now=NOW), batv.prove(TAGGED, [OLD], now=NOW)
    assert own
    assert own.verdict is ProvenanceVerdict.OWN
    assert foreign
    assert foreign.verdict is ProvenanceVerdict.FOREIGN
    assert batv.prove(TAGGED, [], now=NOW) is None
    assert batv.prove(ADDRESS, [KEY], now=NOW) is None
    assert batv.prove("btv1==020fbc2871f==news@example.com", [KEY], now=NOW) is None


@pytest.mark.parametrize(
    "address", ["prvs=0787\u017ac0fab=a@b", "prvs=0787ffffff=\udcff@b.example", "prvs=" + "=" * 90_000]
)
def test_nothing_raises(address: str) -> None:
    assert batv.check(address, [KEY], now=NOW)
