"""The Message-ID of the returned message: is it one of ours?

Three answers, from weak to strong: its domain is ours, the callback knows it, its signature is ours. None of them says
who sent the report: whoever has received our message, or has found it in a public archive, knows its Message-ID.

    <20261123.4711.k5hq2mzkvn3a7wyc@example.com>     signed: see `make`
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence

from ..context import Secret, as_bytes
from ..model import BouncelibError, Proof, ProvenanceVerdict
from .signature import digest, is_same

__all__ = ["check", "make", "prove"]

NAME = "message-id"
_PART = re.compile(r"[^<>@\s]{1,200}")
_SIGNED = re.compile(r"<?([^<>@\s]{1,200})\.([a-z2-7]{16})@([^<>@\s]{1,255})>?")


def make(unique: str, domain: str, secret: Secret) -> str:
    """A Message-ID with a signature over `unique`, which has to be different in each message.

    Raises `BouncelibError` where the two cannot stand in a Message-ID.
    """
    if not _PART.fullmatch(unique) or not _PART.fullmatch(domain):
        raise BouncelibError(f"message_id.make: <{unique}@{domain}> is no Message-ID: leave out blanks, <, > and @")
    if not as_bytes(secret):
        raise BouncelibError("message_id.make: an empty secret signs nothing")
    return f"<{unique}.{_sign(as_bytes(secret), unique, domain)}@{domain}>"


def check(message_id: str, secrets: Sequence[Secret]) -> bool:
    """Whether `make` made this Message-ID with one of the secrets."""
    match = _SIGNED.fullmatch(message_id.strip())
    return match is not None and any(
        is_same(_sign(as_bytes(secret), match[1], match[3]), match[2]) for secret in secrets
    )


def prove(
    message_id: str,
    *,
    secrets: Sequence[Secret] = (),
    sent_by_us: Callable[[str], bool | None] | None = None,
    is_own_domain: Callable[[str], bool] | None = None,
) -> Proof | None:
    """What a Message-ID proves; a domain that is not ours proves nothing, since list members write their own.

    A callback that raises counts as nothing; the error stays visible as an unproven proof.
    """
    if not message_id:
        return None
    shown = message_id[:200]
    if secrets and check(message_id, secrets):
        return Proof(NAME, ProvenanceVerdict.OWN, f"our signature: {shown}")
    if sent_by_us is not None:
        try:
            known = sent_by_us(message_id)
        except Exception as error:  # noqa: BLE001 - the caller's own code; a bounce is no place to fail for it
            return Proof(NAME, ProvenanceVerdict.UNPROVEN, f"sent_by_us failed: {type(error).__name__}: {error}"[:300])
        if known is not None:
            return Proof(
                NAME,
                ProvenanceVerdict.OWN if known else ProvenanceVerdict.FOREIGN,
                f"{'sent by us' if known else 'not sent by us'}: {shown}",
            )
    domain = message_id.strip("<> \t").rpartition("@")[2]
    if is_own_domain is not None and domain and is_own_domain(domain):
        return Proof(NAME, ProvenanceVerdict.OWN, f"a domain of ours: {shown}")
    return None


def _sign(secret: bytes, unique: str, domain: str) -> str:
    text = f"message-id\n{unique}\n{domain}".encode("utf-8", "surrogateescape")
    return base64.b32encode(digest(secret, text, "sha256")[:10]).decode("ascii").lower()
