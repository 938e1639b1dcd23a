"""VERP: the envelope sender names the recipient, so that any bounce to it tells who failed.

    bounces+anne=example.net@lists.example.com           plain, Postfix, Mailman (`list-bounces+…`)
    list-anne=example.net@lists.example.com              qmail, ezmlm (`list-return-123-anne=example.net@…`)
    bounce+anne==a==example.net==list@lists.example.com  Sympa; `==N` tracking, `==w` and `==r` probes
    bounce+verp-0123456789abcdef0123456789abcdef@…       Discourse: a random token, which only its database can resolve
    list-bounces+0123456789abcdef0123456789abcdef01234567@…   a probe of Mailman: the same
    bounces+bv1-787-k5hq…-anne=example.net@…             signed: ours, see `make_verp`
    bounces+bv1-787-k5hq…-mfxg4zi…@…                     the same for a recipient who cannot stand in a local part

Plain VERP tells who, but anybody can write it. The signed form also proves that we wrote to that recipient.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from ..context import Secret, as_bytes, day_number
from ..model import BouncelibError, Proof, ProvenanceVerdict
from .signature import digest, is_same

__all__ = ["LIFETIME", "Verp", "check_verp", "make_verp", "prove", "read", "read_pattern"]

NAME = "verp"
LIFETIME = 30
"""Days for which a signed address is good: longer than any queue keeps a message."""

_DOMAIN = r"[^\s=@<>()\[\]\\,;:\"/.]{1,63}(?:\.[^\s=@<>()\[\]\\,;:\"/.]{1,63}){1,10}"
_SIGNED = re.compile(
    rf"(?ai)([^@]{{1,250}})\+bv1-([0-9]{{3}}|any)-([a-z2-7]{{16}})-([^@]{{1,250}})=({_DOMAIN})@([^@]{{1,255}})"
)
_SIGNED_ENCODED = re.compile(r"(?ai)([^@]{1,250})\+bv1-([0-9]{3}|any)-([a-z2-7]{16})-([a-z2-7]{4,500})@([^@]{1,255})")
# What may stand in an envelope sender as it is: everything else is written in base32, quotes and UTF-8 included.
_PLAIN_RECIPIENT = re.compile(rf"(?a)[\w.!#$%&'*+/=?^`{{|}}~-]{{1,250}}@(?=[!-~]+\Z){_DOMAIN}")
_DISCOURSE = re.compile(r"(?ai)([^@]{1,250})\+verp-([0-9a-f]{32})@([^@]{1,255})")
_MAILMAN_PROBE = re.compile(r"(?ai)([^@]{1,200}-bounces)\+([0-9a-f]{40})@([^@]{1,255})")
_SYMPA = re.compile(
    rf"(?ai)([^@+]{{1,100}})\+([^@]{{1,250}})==a==({_DOMAIN})==([^@=]{{1,100}})(?:==([wr]|[0-9]{{1,12}}))?@([^@]{{1,255}})"
)
_PLUS = re.compile(rf"([^@+]{{1,200}})\+([^@=]{{1,250}})=({_DOMAIN})@([^@]{{1,255}})")
_EZMLM = re.compile(
    rf"([^@]{{1,100}}-return-(?:[a-z]{{1,8}}\.)?[0-9]{{1,12}}(?:\.[a-p]{{20}})?)"
    rf"-([^@=]{{1,250}})=({_DOMAIN})@([^@]{{1,255}})"
)
_MINUS = re.compile(rf"([^@=+-]{{1,100}}(?:-[^@=+-]{{1,60}}){{0,4}}?)-([^@=+-]{{1,100}})=({_DOMAIN})@([^@]{{1,255}})")
_OTHER_SCHEMES = ("prvs=", "btv1==", "srs0", "srs1")


class Verp(NamedTuple):
    """An address that names a recipient. `recipient` is empty for a token, which only its maker can resolve."""

    form: str
    recipient: str
    base: str
    token: str = ""


def make_verp(bounce_address: str, recipient: str, secret: Secret, *, now: dt.datetime | None = None) -> str:
    """The envelope sender for one recipient: `bounces+bv1-DAY-SIGNATURE-anne=example.net@lists.example.com`.

    With a `now` the address is good for a month from then, without one for ever. A recipient who needs quotes or UTF-8,
    or whose domain is no name with a dot, is written in base32 instead of `anne=example.net`. Raises `BouncelibError`
    where one of the two is no address.
    """
    local, at, host = bounce_address.rpartition("@")
    name, also_at, domain = recipient.rpartition("@")
    if not (local and at and host and name and also_at and domain and f"{bounce_address}{recipient}".isprintable()):
        raise BouncelibError(f"make_verp: {recipient if local and host else bounce_address!r} is no address")
    if not as_bytes(secret):
        raise BouncelibError("make_verp: an empty secret signs nothing")
    day = "any" if now is None else f"{day_number(now) % 1000:03}"
    written = f"{name}={domain}" if _PLAIN_RECIPIENT.fullmatch(recipient) else _encode(recipient)
    return f"{local}+bv1-{day}-{_sign(as_bytes(secret), day, recipient, bounce_address)}-{written}@{host}"


def check_verp(
    address: str, secrets: Secret | Sequence[Secret], *, now: dt.datetime | None = None, lifetime: int = LIFETIME
) -> str | None:
    """The recipient that a signed address was made for; `None` where it is not ours or, with a `now`, too old."""
    found = read(address)
    if found is None or found.form != "signed" or _wrong(address, secrets, now, lifetime):
        return None
    return found.recipient


def read(address: str) -> Verp | None:
    """The recipient that an address names, by its form alone; `None` where it names nobody."""
    local = address.rpartition("@")[0]
    if ("=" not in local and "+" not in local) or local.lower().startswith(_OTHER_SCHEMES):
        return None
    if signed := _taken_apart(address):
        name, _, domain = signed.recipient.rpartition("@")
        base, _, host = signed.base.rpartition("@")
        return Verp("signed", f"{name}@{domain.lower()}", f"{base}@{host.lower()}")
    if match := _DISCOURSE.fullmatch(address) or _MAILMAN_PROBE.fullmatch(address):
        return Verp("token", "", f"{match[1]}@{match[3].lower()}", match[2].lower())
    if match := _SYMPA.fullmatch(address):
        base, name, domain, _, token, host = match.groups()
        return Verp("sympa", f"{name}@{domain.lower()}", f"{base}@{host.lower()}", token or "")
    if match := _EZMLM.fullmatch(address) or _PLUS.fullmatch(address) or _MINUS.fullmatch(address):
        base, name, domain, host = match.groups()
        if domain.rpartition(".")[2].isdigit():
            return None
        return Verp("plain", f"{name}@{domain.lower()}", f"{base}@{host.lower()}")
    return None


def read_pattern(address: str, pattern: str) -> str | None:
    """The recipient in an address that was made by `pattern`, which has `{local}` and `{domain}` in it."""
    match = _pattern(pattern).fullmatch(address)
    return f"{match['local']}@{match['domain'].lower()}" if match else None


def prove(address: str, secrets: Sequence[Secret], *, now: dt.datetime | None = None) -> Proof | None:
    """What a signed address proves; `None` where it has not that form, or there is no secret to check it with."""
    if not secrets or "+bv1-" not in address.rpartition("@")[0].lower():
        return None
    wrong = _wrong(address, secrets, now, LIFETIME)
    verdict = ProvenanceVerdict.FOREIGN if wrong else ProvenanceVerdict.OWN
    return Proof(NAME, verdict, f"{wrong or 'our signature'}: {address}"[:300])


def _wrong(address: str, secrets: Secret | Sequence[Secret], now: dt.datetime | None, lifetime: int) -> str:
    found = _taken_apart(address)
    listed = [secrets] if isinstance(secrets, (str, bytes)) else secrets
    if found is None or not any(
        is_same(_sign(as_bytes(secret), found.day, found.recipient, found.base), found.signature) for secret in listed
    ):
        return "the signature of the address is not ours"
    if now is not None and found.day != "any":
        age = (day_number(now) - int(found.day) + 1) % 1000 - 1
        if age > lifetime:
            return "the signed address has expired"
    return ""


class _Signed(NamedTuple):
    day: str
    signature: str
    recipient: str
    base: str


def _taken_apart(address: str) -> _Signed | None:
    """The parts of a signed address, whoever signed it."""
    if match := _SIGNED.fullmatch(address):
        base, day, signature, name, domain, host = match.groups()
        return _Signed(day.lower(), signature.lower(), f"{name}@{domain}", f"{base}@{host}")
    match = _SIGNED_ENCODED.fullmatch(address)
    recipient = _decode(match[4]) if match else ""
    if match is None or "@" not in recipient:
        return None
    return _Signed(match[2].lower(), match[3].lower(), recipient, f"{match[1]}@{match[5]}")


def _encode(recipient: str) -> str:
    data = recipient.encode("utf-8", "surrogateescape")
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()


def _decode(text: str) -> str:
    try:
        return base64.b32decode(text.upper() + "=" * (-len(text) % 8)).decode("utf-8")
    except ValueError:
        return ""


def _sign(secret: bytes, day: str, recipient: str, bounce_address: str) -> str:
    """Eighty bits in base32: letters whose case may get lost on the way, like that of the address."""
    text = f"bv1\n{day}\n{recipient}\n{bounce_address}".lower().encode("utf-8", "surrogateescape")
    return base64.b32encode(digest(secret, text, "sha256")[:10]).decode("ascii").lower()


@functools.lru_cache(maxsize=64)
def _pattern(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\{local\}", "(?P<local>[^@]{1,250})")
    return re.compile(text.replace(r"\{domain\}", "(?P<domain>[^@=]{1,255})"), re.IGNORECASE)
