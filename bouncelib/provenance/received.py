"""Received lines (RFC 5321 section 4.4): did the message pass through one of our servers?

Read from the top, the newest: the server that reports wrote that line itself, and each line below is worth as much as
the host that handed it over. The line with which the reporter's side took the message from outside is the last one
that can be believed; what stands below it was written by whoever brought the message, and may be invented.

    Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.net   <- believed: ours handed it over
    Received: from pc.example.com by mail.example.com                                  <- in the message that it brought

    Received: from bulk.example.org (unknown [198.51.100.9]) by mx.example.net         <- believed: a stranger did
    Received: from pc.example.com by mail.example.com                                  <- worth nothing
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..address import domain_of
from ..context import Context, network_address
from ..model import Proof, ProvenanceVerdict
from .hop import Received, parse, same_organisation

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

__all__ = ["accepted_by_us", "bringer", "brought_from_outside", "is_internal", "prove"]

NAME = "received"
_MAX_LINES = 200
_NETWORK = re.compile(r"(?i)\binvoked from network\b")
# RFC 1918, RFC 6598, RFC 4193, and what never leaves the link or the host. `ipaddress` also counts examples as private.
_PRIVATE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
    "fc00::/7", "fe80::/10", "::1/128",
)  # fmt: skip


def prove(lines: Sequence[str], context: Context) -> Proof | None:
    """What the Received lines of a message that somebody else returned say; `lines` as they stand, newest first."""
    if not context.own_mtas or not lines:
        return None
    handed: Received | None = None
    organisation = ""
    for line in map(parse, lines[:_MAX_LINES]):
        if handed is not None:
            # Beyond the last hop that can be believed: a claim at best, and only by the host that handed it over. One
            # that called itself by the receiver's own name, and was not known there, has made that up.
            is_made_up = handed.is_unresolved and same_organisation(handed.host, organisation)
            if is_made_up or not same_organisation(line.by, handed.host):
                break
            if _is_ours(line, context) is not False:
                return _proof(ProvenanceVerdict.UNPROVEN, "named by a host in between, which nobody vouches for", line)
            if line.has_from and not line.is_local:
                handed = line
            continue
        organisation = organisation or line.by
        if line.by and context.is_own_host(line.by):
            return _proof(ProvenanceVerdict.UNPROVEN, "names our server, and no line above it vouches for that", line)
        if not line.has_from or (line.is_local and not context.is_own_host(line.host)):
            continue
        ours = _is_ours(line, context)
        if ours:
            return _proof(ProvenanceVerdict.OWN, "our server handed it over", line)
        if ours is None:
            return _proof(ProvenanceVerdict.UNPROVEN, "a host that nothing identifies used our server's name", line)
        if not is_internal(line, organisation):
            handed = line
    if handed is None:
        return None
    return _proof(ProvenanceVerdict.FOREIGN, "not our server handed it over", handed)


def accepted_by_us(lines: Sequence[str], context: Context, recipients: Iterable[str] = ()) -> Proof | None:
    """What the lines say of a message that one of our own servers returned: did one of us give it to that server?

    It did where the client had logged in or sat on the server itself, and where the message was for somebody outside,
    since no server of ours relays for strangers. A message for an address of our own may have come from anybody.
    """
    entry: Received | None = None
    seen: list[str] = []
    for line in map(parse, lines[:_MAX_LINES]):
        if line.by and not context.is_own_host(line.by):
            break
        if line.recipient:
            seen.append(line.recipient)
        if not line.by and _NETWORK.search(line.text):
            continue
        entry = line
        if line.has_from and not line.is_local and not _is_ours(line, context, verified=True):
            break
    if entry is None:
        return None
    if entry.is_authenticated or entry.is_local or not entry.has_from or _is_ours(entry, context, verified=True):
        return Proof("own-server", ProvenanceVerdict.OWN, f"our server had it from one of us: {entry.text}"[:300])
    targets = seen or [recipient.lower() for recipient in recipients]
    if context.own_domains and targets and not any(context.is_own_domain(domain_of(target)) for target in targets):
        return Proof("own-server", ProvenanceVerdict.OWN, f"our server took it for relaying: {entry.text}"[:300])
    return Proof("own-server", ProvenanceVerdict.UNPROVEN, f"our server took it from outside: {entry.text}"[:300])


def brought_from_outside(lines: Sequence[str], context: Context, *, verified: bool = False) -> bool:
    """Whether a host that is not ours handed the report itself to the server that received it.

    The top line was written on the receiving side, and can be believed; from our own server downwards all lines must
    be its own. Where it has to be `verified`, what a client calls itself does not make it ours.
    """
    is_own = False
    for line in map(parse, lines[:_MAX_LINES]):
        if is_own and line.by and not context.is_own_host(line.by):
            return True
        if line.has_from and not line.is_local:
            if not _is_ours(line, context, verified=verified):
                return True
            is_own = True
    return False


def bringer(lines: Sequence[str], context: Context) -> str:
    """The host that brought the report to our side, by the name that its address resolved to; empty if not known.

    Only the lines that our side wrote can be believed: from the top, to the one that names a client from outside.
    """
    organisation = ""
    for line in map(parse, lines[:_MAX_LINES]):
        if context.own_mtas and line.by and not context.is_own_host(line.by):
            return ""
        organisation = organisation or line.by
        if not line.has_from or line.is_local or _is_ours(line, context, verified=True):
            continue
        # Of a private address nobody but our own side says what its name is.
        if same_organisation(line.name, organisation) or (_is_private(line.ip) and not line.name):
            continue
        return line.name
    return ""


def _proof(verdict: ProvenanceVerdict, says: str, line: Received) -> Proof:
    return Proof(NAME, verdict, f"{says}: {line.text}"[:300])


def _is_ours(line: Received, context: Context, *, verified: bool = False) -> bool | None:
    """Whether our server is the client of the line; `None` where only an unverified name says so.

    What the address resolves to counts before what the client said of itself. Where it has to be `verified`, and the
    networks are known, the address counts before both: some servers believe whatever name it resolves to.
    """
    if line.ip and context.is_own_host(line.ip):
        return True
    if verified and line.ip and context.names_networks and not _is_private(line.ip):
        return False
    if line.name:
        return context.is_own_host(line.name)
    if verified or not context.is_own_host(line.helo):
        return False
    if line.ip and context.names_networks:
        return False
    return None if line.is_unresolved else True


def is_internal(line: Received, organisation: str) -> bool:
    """Whether the reporter's own side handed the message on.

    What a client calls itself counts where the server that took the message has looked for no other name.
    """
    is_claimed = line.is_unresolved and not _is_private(line.ip)
    if not is_claimed and same_organisation(line.host, organisation):
        return True
    if "." in line.name or ("." in line.helo and network_address(line.helo) is None):
        return False
    return _is_private(line.ip)


def _is_private(ip: str) -> bool:
    address = network_address(ip) if ip else None
    return address is not None and any(address in network for network in _private_networks())


@functools.cache
def _private_networks() -> tuple[IPv4Network | IPv6Network, ...]:
    import ipaddress

    return tuple(map(ipaddress.ip_network, _PRIVATE))
