"""DKIM (RFC 6376): does a signature in the returned header verify against one of our own public keys?

No name server is asked: `keys` holds what the DNS would say. Of the body only its hash is used, which the signature
covers: reports seldom return a body, and never one that can be trusted to be unchanged. So what is proven is that we
signed the header fields of `h=`. Whoever received the message can send them back in a report of his own making: a
recipient is vouched for only where a signed field names him.

Needs the extra `bouncelib[dkim]`; its package is imported when there are keys, and only then.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..context import seconds
from ..model import BouncelibError, Proof, ProvenanceVerdict

__all__ = ["Signed", "verify"]

NAME = "dkim"
_MAX_HEADER = 1 << 17
_MAX_SIGNATURES = 10
_FIELD = re.compile(rb"(?m)^([!-9;-~]{1,200})[ \t]*:(.*(?:\n[ \t].*)*)")
_BARE_KEY = re.compile(r"[A-Za-z0-9+/=\s]+")


class Signed(NamedTuple):
    """What the signatures prove, and the values of the fields that a valid one covers, names lower-cased."""

    proof: Proof
    fields: tuple[tuple[str, str], ...] = ()


def verify(
    header: bytes, keys: Mapping[str, str] | Sequence[tuple[str, str]], *, now: dt.datetime | None = None
) -> Signed | None:
    """What the DKIM signatures in a header block prove; `None` where none of them names one of our keys.

    A signature that fails proves nothing: fields are changed on the way. Nor does one whose `x=` lies before `now`.
    """
    known = dict(keys)
    fields = [
        (name, value.replace(b"\n", b"\r\n") + b"\r\n")
        for name, value in _FIELD.findall(_unified(header[:_MAX_HEADER]))
    ]
    signatures = [at for at, (name, _) in enumerate(fields) if name.lower() == b"dkim-signature"]
    if not known or not signatures:
        return None
    library = _library()
    failed = None
    for at in signatures[:_MAX_SIGNATURES]:
        try:
            found = _verify_one(library, fields, at, known, now)
        except Exception as error:  # noqa: BLE001 - the package raises what it likes on a damaged signature
            found = Signed(Proof(NAME, ProvenanceVerdict.UNPROVEN, f"{type(error).__name__}: {error}"[:300]))
        if found and found.proof.verdict is ProvenanceVerdict.OWN:
            return found
        failed = failed or found
    return failed


def _verify_one(
    library: Any, fields: list[tuple[bytes, bytes]], at: int, keys: dict[str, str], now: dt.datetime | None
) -> Signed | None:
    tags = library.util.parse_tag_value(fields[at][1])
    domain, selector = tags[b"d"].decode("ascii").lower(), tags[b"s"].decode("ascii").lower()
    name = f"{selector}._domainkey.{domain}"
    if name not in keys:
        return None
    included = [field.strip().lower() for field in tags[b"h"].split(b":")]
    covered = [tags.get(tag) for tag in (b"a", b"b", b"bh")]
    if b"from" not in included or not all(covered) or tags[b"a"] not in library.HASH_ALGORITHMS:
        return Signed(Proof(NAME, ProvenanceVerdict.UNPROVEN, f"a signature without its parts: {name}"))
    key = keys[name]
    record = f"v=DKIM1; p={''.join(key.split())}" if _BARE_KEY.fullmatch(key) else key
    verifier = library.DKIM(b"", minkey=1024)
    verifier.headers = fields
    verifier.pk, verifier.keysize, verifier.ktag, verifier.seqtlsrpt = library.evaluate_pk(name, record)
    # Without its body hash the package compares no body; the field itself, hash and all, is hashed as it stands.
    without_body = {tag: value for tag, value in tags.items() if tag != b"bh"}
    if not verifier.verify_sig_process(without_body, included, fields[at], None):
        return Signed(Proof(NAME, ProvenanceVerdict.UNPROVEN, f"the signature does not verify: {name}"))
    if now is not None and b"x" in tags and int(tags[b"x"]) < seconds(now):
        return Signed(Proof(NAME, ProvenanceVerdict.UNPROVEN, f"the signature has expired: {name}"))
    signed = tuple([
        (field.decode("ascii", "replace").lower(), " ".join(value.decode("utf-8", "replace").split()))
        for field, value in verifier.signed_headers
    ])  # fmt: skip
    return Signed(Proof(NAME, ProvenanceVerdict.OWN, f"signed by {name}"), signed)


def _unified(header: bytes) -> bytes:
    return header.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _library() -> Any:
    try:
        import dkim
        import dkim.util
    except ImportError as error:
        raise BouncelibError(
            "Context.dkim_keys needs the package dkimpy: install bouncelib[dkim], or leave dkim_keys out"
        ) from error
    return dkim
