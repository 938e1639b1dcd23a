"""Counts over many reports: how many of which kind, and of the failures how many by reason, provider, timing and type.

    Report ─tally─▶ Tally, small enough for another process to send ─add─▶ Counter ─summary─▶ Summary

A failure is a recipient to whom something was not delivered, or not yet. However many messages there are, a `Counter`
holds no more than some megabytes: see `MAX_ADDRESSES` and `MAX_PROVIDERS`.
"""

from __future__ import annotations

import collections
import hashlib
import re

from .address import domain_of
from .frozen import frozen
from .model import Recipient, Report
from .provenance.hop import organisation

__all__ = ["MAX_ADDRESSES", "MAX_PROVIDERS", "UNKNOWN", "Count", "Counter", "Summary", "Tally", "provider", "tally"]

MAX_ADDRESSES = 1 << 16
"""So many addresses to suppress are counted exactly; the number of more than these is an estimate."""

MAX_PROVIDERS = 10_000
"""So many providers, those with the most failures, are never forgotten."""

UNKNOWN = "unknown"  # no registered domain, since it has no dot

_HOST = re.compile(r"[\w.-]{1,253}")

Count = tuple[str, int]


@frozen
class Tally:
    """What one report adds: a count for each (field, value), and a hash for each address to suppress."""

    counts: tuple[tuple[tuple[str, str], int], ...] = ()
    addresses: frozenset[int] = frozenset()


@frozen
class Summary:
    """Counts over many reports. Each table has the most frequent value first, and only values that occur.

    `kinds` counts messages, the others failures; `other_providers` those of the providers that `providers` does not
    name. `suppress` is the number of different addresses to stop mailing; where it `is_estimate`, it is off by about
    half a percent. `unreadable` is the number of inputs that could not be read; they count nowhere else.
    """

    messages: int = 0
    unreadable: int = 0
    failures: int = 0
    suppress: int = 0
    is_estimate: bool = False
    kinds: tuple[Count, ...] = ()
    types: tuple[Count, ...] = ()
    timings: tuple[Count, ...] = ()
    reasons: tuple[Count, ...] = ()
    providers: tuple[Count, ...] = ()
    other_providers: int = 0


def tally(_: str, report: Report) -> Tally:
    """What `report` adds to a summary. The first argument is the name of the message."""
    counts = collections.Counter([("kind", str(report.kind))])
    addresses = set()
    for recipient in report.recipients:
        if recipient.reason is None:
            continue
        counts["reason", str(recipient.reason)] += 1
        counts["timing", str(recipient.timing)] += 1
        counts["type", str(recipient.bounce_type)] += 1
        counts["provider", provider(recipient)] += 1
        if recipient.suppress:
            addresses.add(_hash(recipient.subscriber))
    return Tally(tuple(counts.items()), frozenset(addresses))


def provider(recipient: Recipient) -> str:
    """Who refused: the registered domain of the remote host where it has a name, else that of the recipient's domain.

    `UNKNOWN` where neither has one.
    """
    host, _, _ = (recipient.remote_mta or "").strip().partition(" ")
    for name in (host, domain_of(recipient.address)):
        if _HOST.fullmatch(name) and (found := organisation(name)):
            return found
    return UNKNOWN


def _hash(address: str) -> int:
    """Sixty-four bits that are the same in every process."""
    digest = hashlib.blake2b(address.lower().encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


class Counter:
    """Adds up what reports have to say. Memory is bounded, whatever they say."""

    def __init__(self) -> None:
        self._counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self._other_providers = 0
        self._addresses: set[int] = set()
        self._level = 0

    def add(self, tally: Tally) -> None:
        """Count a report."""
        for (field, value), number in tally.counts:
            self._counts[field][value] += number
        self._addresses |= {found for found in tally.addresses if self._is_sampled(found)}
        # Adaptive sampling (Wegman): of too many hashes every second one is kept, by its last bits.
        while len(self._addresses) > MAX_ADDRESSES:
            self._level += 1
            self._addresses = {found for found in self._addresses if self._is_sampled(found)}
        if len(self._counts["provider"]) > 2 * MAX_PROVIDERS:
            most = self._counts["provider"].most_common(MAX_PROVIDERS)
            self._other_providers += self._counts["provider"].total() - sum(number for _, number in most)
            self._counts["provider"] = collections.Counter(dict(most))

    def _is_sampled(self, found: int) -> bool:
        return found & ((1 << self._level) - 1) == 0

    def summary(self, *, unreadable: int = 0, top: int = 20) -> Summary:
        """What has been counted so far, with the `top` providers by name; `unreadable` is told, not counted."""
        providers = self._table("provider")
        return Summary(
            messages=self._counts["kind"].total(),
            unreadable=unreadable,
            failures=self._counts["reason"].total(),
            suppress=len(self._addresses) << self._level,
            is_estimate=self._level > 0,
            kinds=self._table("kind"),
            types=self._table("type"),
            timings=self._table("timing"),
            reasons=self._table("reason"),
            providers=providers[:top],
            other_providers=self._other_providers + sum(number for _, number in providers[top:]),
        )

    def _table(self, field: str) -> tuple[Count, ...]:
        return tuple(sorted(self._counts[field].items(), key=lambda count: (-count[1], count[0])))
