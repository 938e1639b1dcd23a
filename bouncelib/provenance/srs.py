"""SRS, the Sender Rewriting Scheme: a forwarder's own address, with the sender's in it and a signature over both.

    SRS0=HHHH=TT=domain=local@forwarder                 separator after SRS0 and SRS1: `=`, `+` or `-`
    SRS1=HHHH=first==HHHH=TT=domain=local@second        a second forwarder; its signature covers what follows

H is the start, in base64, of HMAC-SHA1 over what follows it, TT the day modulo 1024 in base32.
<http://www.libsrs2.org/srs/srs.pdf>
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Sequence
from typing import NamedTuple

from ..context import Secret, as_bytes, day_number
from ..model import Proof, ProvenanceVerdict
from .signature import digest, is_same

__all__ = ["LIFETIME", "Rewritten", "check", "make", "prove", "read", "unwrap"]

NAME = "srs"
LIFETIME = 21
"""Days for which a rewritten address is good: those of the reference implementation."""

_SRS0 = re.compile(r"(?ai)SRS0[=+-]([a-z0-9+/]{4,28})=([a-z2-7]{2})=([^=@]{1,255})=([^@]{1,250})@([^@]{1,255})")
_SRS1 = re.compile(r"(?ai)SRS1[=+-]([a-z0-9+/]{4,28})=([^=@]{1,255})=([=+-][^@]{1,500})@([^@]{1,255})")
# What only looks like a rewritten address of ours is an altered one.
_LIKE = re.compile(r"(?ai)SRS[01][=+-][^@]{0,500}@[^@]{1,255}")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Rewritten(NamedTuple):
    """A rewritten address, taken apart: `address` is the sender's, `signed` the parts that the signature covers."""

    address: str
    signature: str
    signed: tuple[str, ...]
    day: int | None
    forwarder: str
    level: int


def read(address: str) -> Rewritten | None:
    """The parts of an SRS address, or `None` where it is none."""
    if address[:3].upper() != "SRS":
        return None
    if match := _SRS0.fullmatch(address):
        signature, stamp, domain, local, host = match.groups()
        return Rewritten(f"{local}@{domain.lower()}", signature, (stamp, domain, local), _day(stamp), host.lower(), 0)
    if match := _SRS1.fullmatch(address):
        signature, first, rest, host = match.groups()
        inner = _SRS0.fullmatch(f"SRS0{rest}@{first}")
        sender = f"{inner[4]}@{inner[3].lower()}" if inner else f"SRS0{rest}@{first.lower()}"
        return Rewritten(sender, signature, (first, rest), None, host.lower(), 1)
    return None


def unwrap(address: str) -> str:
    """The sender's address; any other one as it is."""
    parts = read(address)
    return parts.address if parts else address


def make(
    address: str, secret: Secret, forwarder: str, *, now: dt.datetime, separator: str = "=", length: int = 4
) -> str:
    """`address` rewritten for the domain `forwarder`; an SRS0 address of another forwarder becomes an SRS1."""
    key = as_bytes(secret)
    local, _, domain = address.rpartition("@")
    if local[:4].upper() == "SRS0":
        signed: tuple[str, ...] = (domain, local[4:])
        return f"SRS1{separator}{_sign(key, signed)[:length]}={domain}={local[4:]}@{forwarder}"
    if local[:4].upper() == "SRS1" and (parts := read(address)):
        return f"SRS1{separator}{_sign(key, parts.signed)[:length]}={'='.join(parts.signed)}@{forwarder}"
    number = day_number(now) % 1024
    stamp = _ALPHABET[number >> 5] + _ALPHABET[number & 31]
    signed = (stamp, domain, local)
    return f"SRS0{separator}{_sign(key, signed)[:length]}={'='.join(signed)}@{forwarder}"


def check(address: str, secrets: Sequence[Secret], *, now: dt.datetime | None = None, lifetime: int = LIFETIME) -> str:
    """What is wrong with an SRS address; the empty string where it is ours and, with a `now`, still good.

    Mail servers may change the case of a local part, so it does not count, as in the reference implementation. A time
    stamp stands only in an SRS0 address; that of an SRS1 was the first forwarder's.
    """
    parts = read(address)
    if parts is None:
        return "a rewritten address without its parts" if _LIKE.fullmatch(address) else "no rewritten address"
    given = parts.signature.lower()
    listed = [secrets] if isinstance(secrets, (str, bytes)) else secrets
    if not any(is_same(_sign(as_bytes(secret), parts.signed)[: len(given)].lower(), given) for secret in listed):
        return "the signature of the rewritten address is not ours"
    if now is not None and parts.day is not None:
        age = (day_number(now) - parts.day + 1) % 1024 - 1
        if age > lifetime:
            return "the rewritten address has expired"
    return ""


def prove(address: str, secrets: Sequence[Secret], *, now: dt.datetime | None = None) -> Proof | None:
    """What an SRS address proves; `None` where it is none, or there is no secret to check it with."""
    if not secrets or not _LIKE.fullmatch(address):
        return None
    wrong = check(address, secrets, now=now)
    verdict = ProvenanceVerdict.FOREIGN if wrong else ProvenanceVerdict.OWN
    return Proof(NAME, verdict, f"{wrong or 'our signature'}: {address}"[:300])


def _sign(key: bytes, parts: tuple[str, ...]) -> str:
    text = "".join(parts).lower().encode("utf-8", "surrogateescape")
    return base64.b64encode(digest(key, text, "sha1")).decode("ascii").rstrip("=")


def _day(stamp: str) -> int:
    high, low = (_ALPHABET.index(letter) for letter in stamp.upper())
    return (high << 5) | low
