"""Does the returned message itself show that it did not come from the sender's side? Asked where no proof says more.

    Return-Path: <list@example.com>
    Received: from bulk.example.org (bulk.example.org [198.51.100.9]) by mx.example.net for <anne@example.net>
    Message-ID: <1@bulk.example.org>                                            nothing here is of example.com

No forgery is proven by that: a web host or a mailing service that signs nothing and leaves no trace of its own looks
the same. It is a doubt, strong enough not to turn anybody off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..address import domain_of
from ..header import Headers
from ..model import Proof, ProvenanceVerdict
from . import srs
from .hop import Received, organisation, parse, same_organisation
from .received import is_internal

__all__ = ["doubt"]

NAME = "stranger"
_MAX_LINES = 50
_DKIM_DOMAIN = re.compile(r"(?:^|;)\s*d\s*=\s*([^\s;]{1,255})")
# Whoever passes on mail of others says so, and so does a service that sends for others.
_PASSED_ON = frozenset({
    "resent-from", "resent-sender", "resent-to", "x-forwarded-to", "x-forwarded-for", "arc-seal",
    "list-id", "list-post", "list-unsubscribe", "sender", "feedback-id",
})  # fmt: skip


def doubt(
    headers: Headers, *, sender: str | None, message_id: str = "", recipients: Iterable[tuple[str, str | None]]
) -> Proof | None:
    """The reason to doubt that `sender` sent the message with these `headers`, if there is one.

    It is there where the server of a recipient took the message straight from a client, which is the oldest trace of
    it, and neither that client, nor a signature, nor the Message-ID is of the sender's organisation or of the author's.
    """
    if "received" not in headers.first:
        return None
    if sender and same_organisation(domain_of(message_id.rstrip(">")), domain_of(sender)):
        return None  # as is nearly always so
    if not _PASSED_ON.isdisjoint(headers.first):
        return None
    home = _home(headers, sender)
    sides = frozenset(map(organisation, home)) - {""}
    if not home or _is_named(headers, sides):
        return None
    lines = headers.get_all("received")
    if len(lines) > _MAX_LINES:
        return None
    own = {domain_of(address) for pair in recipients for address in pair if address}
    if sender and (parts := srs.read(sender)):
        own.add(parts.forwarder)
    entry = parse(lines[-1])
    if not _took_as_its_own(entry, own) or not _is_outside(entry):
        return None
    if any(organisation(host) in sides for hop in map(parse, lines) for host in (hop.helo, hop.name, hop.by)):
        return None
    return Proof(
        NAME,
        ProvenanceVerdict.UNPROVEN,
        f"nothing in the returned header is of {min(home)}, and a stranger brought the message: {entry.text}"[:300],
    )


def _home(headers: Headers, sender: str | None) -> set[str]:
    """The domains that the message is said to come from; none where no sender is known."""
    domain = domain_of(srs.unwrap(sender)) if sender else ""
    if not domain:
        return set()
    author = domain_of((headers.get("from") or "").rstrip(">"))
    return {domain, author} if author else {domain}


def _is_named(headers: Headers, sides: frozenset[str]) -> bool:
    """Whether the Message-ID or a signature is of one of the organisations."""
    for value in headers.get_all("message-id"):
        if organisation(value.rstrip(">").rpartition("@")[2]) in sides:
            return True
    for value in headers.get_all("dkim-signature"):
        match = _DKIM_DOMAIN.search(value)
        if match and organisation(match[1]) in sides:
            return True
    return False


def _took_as_its_own(hop: Received, own: Iterable[str]) -> bool:
    """Whether the host that took the message is the recipient's, so no smarthost of the sender."""
    return any(same_organisation(hop.by, domain) for domain in (*own, domain_of(hop.recipient)) if domain)


def _is_outside(hop: Received) -> bool:
    """Whether the client is somebody else with a name: neither logged in nor on the same machine or network."""
    if hop.is_authenticated or hop.is_local or not hop.ip or "." not in (hop.name or hop.helo):
        return False
    return not is_internal(hop, hop.by)
