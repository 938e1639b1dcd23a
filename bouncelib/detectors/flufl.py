"""The detectors of flufl.bounce, and any written for it, behind this library's protocol.

    Registry.default().with_(FluflAdapter(TheirDetector(), name="theirs"))

A detector of flufl.bounce reads a message of the standard library and returns the addresses that failed for now and
those that failed for good. `Flufl` runs all that come with flufl.bounce, as the last resort.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

from .. import address as addresses
from ..marks import bystanders, is_daemon, is_report
from ..mime import DELIVERY_STATUS, Message
from ..model import Finding, Kind, Value

if TYPE_CHECKING:
    from email.message import Message as StdlibMessage

__all__ = ["MAX_LINE", "MAX_LINES", "MAX_NESTED", "MAX_SIZE", "Flufl", "FluflAdapter", "FluflDetector"]

MAX_SIZE = 1 << 16
"""Bytes of a message that are handed over, for some of the patterns on the other side are not linear."""

MAX_LINE = 400
"""Bytes of a line that are handed over, for the same reason."""

MAX_LINES = 1000
"""Lines of a message that are handed over: each of them is read again by every pattern on the other side."""

MAX_NESTED = 20
"""Multiparts and enclosed messages beyond which nothing is handed over: the standard library's parser recurses."""

_LOG = logging.getLogger("flufl.bounce")
_MAX_FOUND = 1000
_FULL = re.compile(addresses.ADDRESS)
_LONG = re.compile(rb"[^\n]{%d,}" % MAX_LINE)


class FluflDetector(Protocol):
    """What flufl.bounce calls `IBounceDetector` or `BounceDetector`: addresses as bytes or as text."""

    def process(self, msg: StdlibMessage) -> tuple[Iterable[bytes | str], Iterable[bytes | str]]: ...


class FluflAdapter:
    """A detector written for flufl.bounce as one of this library's.

    Only messages that bear a mark of a bounce (see `bouncelib.marks`) are handed over, cut at `MAX_SIZE`, `MAX_LINES`
    and `MAX_LINE`, and not those nested deeper than `MAX_NESTED`. Temporary failures become delays, permanent ones
    bounces. `fallback` keeps the detector back until the others have found nobody.
    """

    def __init__(self, detector: FluflDetector, *, name: str | None = None, fallback: bool = False) -> None:
        self._detector = detector
        self.name = name or type(detector).__name__.lower()
        self.fallback = fallback

    def __repr__(self) -> str:
        return f"FluflAdapter({self._detector!r}, name={self.name!r})"

    def find(self, message: Message) -> Iterator[Finding]:
        # It walks into attached messages, and would take a report that a person forwards for the message itself.
        if not is_report(message.headers) or _holds_report(message):
            return
        raw = _LONG.sub(lambda match: match[0][:MAX_LINE], message.raw[:MAX_SIZE])
        raw = b"\n".join(raw.split(b"\n", MAX_LINES)[:MAX_LINES])
        low = raw.lower()
        if low.count(b"multipart/") + low.count(b"message/") <= MAX_NESTED:
            import email.policy

            parsed = email.message_from_bytes(raw, policy=email.policy.compat32)
            yield from _findings(*self._detector.process(parsed), bystanders(message.headers))


class _AllFailures:
    """Every detector of flufl.bounce, imported when the first message asks for them."""

    def process(self, msg: StdlibMessage) -> tuple[Iterable[bytes | str], Iterable[bytes | str]]:
        from flufl.bounce import all_failures

        # It logs what its detectors raise; where nobody has asked for logs, Python would write that to standard error.
        if not _LOG.handlers:
            _LOG.addHandler(logging.NullHandler())
        temporary, permanent = all_failures(msg)
        return temporary, permanent


class Flufl(FluflAdapter):
    """All detectors that come with flufl.bounce."""

    def __init__(self) -> None:
        super().__init__(_AllFailures(), name="flufl", fallback=True)

    def find(self, message: Message) -> Iterator[Finding]:
        # Some of them guess a host, or decode what is not encoded: both parts of an address have to be said.
        said = f"{message.raw[:MAX_SIZE].decode('utf-8', 'replace').lower()}\n{message.body.lower}"
        for finding in super().find(message):
            local, _, domain = finding.address.text.lower().rpartition("@") if finding.address else ("", "", "")
            if local in said and domain in said:
                yield finding


def _holds_report(message: Message) -> bool:
    """Whether a report is only attached to the message."""
    return not message.is_delivery_status and any(
        below.content_type in DELIVERY_STATUS
        for part in message.parts
        if part.content_type == "message/rfc822"
        for below in part.embedded().walk()
    )


def _findings(
    temporary: Iterable[bytes | str], permanent: Iterable[bytes | str], excluded: frozenset[str]
) -> Iterator[Finding]:
    for found, kind, action in ((temporary, Kind.DELAY, "delayed"), (permanent, Kind.BOUNCE, "failed")):
        for text in sorted(_readable(item) for item in found)[:_MAX_FOUND]:
            address = addresses.clean(text)
            if address and _FULL.fullmatch(address) and address.lower() not in excluded and not is_daemon(address):
                yield Finding(
                    address=Value(address, rule="flufl.bounce"), action=Value(action, rule="flufl.bounce"), kind=kind
                )


def _readable(item: bytes | str) -> str:
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else item
