"""BATV: the envelope sender carries a tag that only we can make (draft-levine-smtp-batv-01).

    prvs=KDDDSSSSSS=local@domain     as in the draft; `local+prvs=KDDDSSSSSS@domain` where a tag must come last
    prvs=local/KDDDSSSSSS@domain     as in its first versions
    btv1==TAG==local@domain          Barracuda's; a secret of the appliance, so recognised and taken off, never checked

K is the number of the key, DDD a day modulo 1000, S the first three bytes, in hex, of HMAC-SHA1 over `KDDD` and the
address. The draft writes the day on which the tag expires, some write the day on which it was made: both are accepted.
Mail servers change the case of addresses, so `make` signs the address in lower case, and `check` tries it as it stands
and in lower case: a tag that somebody else made for `Anne@…`, and that comes back as `anne@…`, is lost.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..context import Secret, as_bytes, day_number, numbered
from ..model import Proof, ProvenanceVerdict
from .signature import digest, is_same

__all__ = ["LIFETIME", "Tag", "check", "make", "prove", "read"]

NAME = "batv"
LIFETIME = 7
"""Days for which a tag is good: those of the draft."""

_FIRST = re.compile(r"(?ai)prvs=([0-9])([0-9]{3})([0-9a-f]{6})[=/](.{1,300}@[^@]{1,255})")
_SECOND = re.compile(r"(?ai)prvs=([^@=]{1,250})[=/]([0-9])([0-9]{3})([0-9a-f]{6})@([^@]{1,255})")
_LAST = re.compile(r"(?ai)([^@]{1,250})\+prvs=([0-9])([0-9]{3})([0-9a-f]{6})@([^@]{1,255})")
_BARRACUDA = re.compile(r"(?ai)btv1==[0-9a-z+/]{1,40}==(.{1,300}@[^@]{1,255})")
# What only looks like a tag of ours is an altered one.
_LIKE = re.compile(r"(?ai)prvs=[^@=/]{0,80}[=/](.{1,300}@[^@]{1,255})|([^@]{1,250})\+prvs=[^@]{0,80}(@[^@]{1,255})")


class Tag(NamedTuple):
    """A tagged address, taken apart. `number` is -1 where the tag cannot be read, or is Barracuda's."""

    address: str
    number: int = -1
    day: int = 0
    signature: str = ""


def read(address: str) -> Tag | None:
    """The tag of an address, or `None` where there is none."""
    low = address.lower()
    if "prvs=" not in low and not low.startswith("btv1=="):
        return None
    if match := _FIRST.fullmatch(address):
        return Tag(match[4], int(match[1]), int(match[2]), match[3].lower())
    if match := _LAST.fullmatch(address) or _SECOND.fullmatch(address):
        return Tag(f"{match[1]}@{match[5]}", int(match[2]), int(match[3]), match[4].lower())
    if match := _BARRACUDA.fullmatch(address):
        return Tag(match[1])
    if match := _LIKE.fullmatch(address):
        return Tag(match[1] or match[2] + match[3])
    return None


def is_barracuda(address: str) -> bool:
    """Whether the tag is one of Barracuda's."""
    return address[:6].lower() == "btv1=="


def make(address: str, key: Secret, *, now: dt.datetime, number: int = 0, lifetime: int = LIFETIME) -> str:
    """`address` with a tag that is good for `lifetime` days."""
    day = (day_number(now) + lifetime) % 1000
    return f"prvs={number}{day:03}{_sign(as_bytes(key), number, day, address.lower())}={address}"


def check(
    address: str,
    keys: Sequence[Secret | tuple[int, bytes]] | Mapping[str, Secret] | Mapping[int, Secret],
    *,
    now: dt.datetime | None = None,
    lifetime: int = LIFETIME,
) -> str:
    """What is wrong with the tag of an address; the empty string where it is ours and, with a `now`, still good."""
    tag = read(address)
    if tag is None:
        return "no tag"
    if tag.number < 0:
        return "a tag that cannot be checked"
    if not any(
        is_same(_sign(key, tag.number, tag.day, spelling), tag.signature)
        for number, key in numbered(keys)
        if number in (None, tag.number)
        for spelling in dict.fromkeys((tag.address, tag.address.lower()))
    ):
        return "the signature of the tag is not ours"
    if now is not None:
        ahead = (tag.day - day_number(now) + 500) % 1000 - 500
        if not -lifetime <= ahead <= lifetime:
            return "the tag has expired"
    return ""


def prove(
    address: str,
    keys: Sequence[Secret | tuple[int, bytes]] | Mapping[str, Secret] | Mapping[int, Secret],
    *,
    now: dt.datetime | None = None,
) -> Proof | None:
    """What the tag of an address proves; `None` without a tag or without a key to check it with."""
    if not keys or read(address) is None or is_barracuda(address):
        return None
    wrong = check(address, keys, now=now)
    verdict = ProvenanceVerdict.FOREIGN if wrong else ProvenanceVerdict.OWN
    return Proof(NAME, verdict, f"{wrong or 'our signature'}: {address}"[:300])


def _sign(key: bytes, number: int, day: int, address: str) -> str:
    text = f"{number}{day:03}{address}".encode("utf-8", "surrogateescape")
    return digest(key, text, "sha1").hex()[:6]
