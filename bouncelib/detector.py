"""What a detector is, and the engine that makes one out of a table.

A detector adds findings; it never wins by coming first, and knows no other detector. Most formats are a `TextFormat`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, runtime_checkable

import regex

from .body import Body
from .mime import Message
from .model import BouncelibError, Finding, Kind, Value

__all__ = ["FIELDS", "Detector", "TextFormat"]

FIELDS = ("address", "original_address", "action", "status", "diagnostic", "reply", "remote_mta", "command",
          "reporting_mta", "received_from_mta", "arrival_date", "envelope_id")  # fmt: skip
"""The fields of a `Finding` that a pattern may fill, as the names of its groups."""

TIMEOUT = 0.5
"""Seconds that one search of a pattern may take before its detector is given up for this message."""

MAX_DIAGNOSTIC_LINES = 60
"""Lines of prose kept for one recipient."""


@runtime_checkable
class Detector(Protocol):
    """Reads one format. `name` is unique in a registry; `find` yields what the message says, or nothing.

    A true `fallback` attribute, where there is one, keeps the detector back until no other found a recipient.
    """

    @property
    def name(self) -> str: ...

    def find(self, message: Message) -> Iterable[Finding]: ...


class _Match(Protocol):
    def groupdict(self) -> dict[str, str | None]: ...


_Search = Callable[[str], "_Match | None"]


@dataclasses.dataclass(frozen=True)
class TextFormat:
    """A format as a table.

    The format applies where every one of `headers` holds (lower-case name: lower-case phrase that the value contains;
    an empty phrase asks for presence only) and one of the phrases `start`, lower-case and each within one line, stands
    in the readable text. Reading begins at the line with that phrase, or at the top where `start` is empty, and ends
    at a line that contains one of the phrases `end`, or at the returned message.

    A line that a `recipient` pattern matches opens a finding; a `fields` pattern adds its named groups (`FIELDS`);
    every other line joins its diagnostic, until the first blank line after it where `paragraph` is true. Lines with
    one of the phrases `skip` are passed over. Before any recipient, fields count for all recipients.

    `recipient_header` names a header that lists the failed addresses. One of the phrases `delay` in the text makes the
    report a delay warning, `kind` says what it is otherwise. `lasting` keeps lines before the first recipient as the
    diagnostic of those that have none of their own.

    Patterns are searched by `regex` under a time-out; those of `trusted` formats, known to be linear, by `re`.
    """

    name: str
    start: tuple[str, ...] = ()
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    recipient: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    delay: tuple[str, ...] = ()
    recipient_header: str = ""
    kind: Kind = Kind.BOUNCE
    paragraph: bool = True
    lasting: bool = False
    trusted: bool = False
    _recipient: tuple[_Search, ...] = dataclasses.field(init=False, repr=False, compare=False, default=())
    _fields: tuple[_Search, ...] = dataclasses.field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        if not self.start and not self.headers:
            raise BouncelibError(f"format {self.name!r} would claim every message: give it `start` or `headers`")
        for phrase in (*self.start, *self.end, *self.skip, *self.delay, *self.headers, *self.headers.values()):
            if phrase != phrase.lower() or "\n" in phrase:
                raise BouncelibError(f"format {self.name!r}: {phrase!r} must be lower-case and within one line")
        object.__setattr__(self, "_recipient", tuple(self._compile(p) for p in self.recipient))
        object.__setattr__(self, "_fields", tuple(self._compile(p) for p in self.fields))

    def _compile(self, pattern: str) -> _Search:
        try:
            search: _Search
            if self.trusted:
                compiled = re.compile(pattern)
                groups, search = set(compiled.groupindex), compiled.search
            else:
                timed = regex.compile(pattern)
                groups, search = set(timed.groupindex), _timed(timed)
        except (re.error, regex.error) as error:
            raise BouncelibError(f"format {self.name!r}: pattern {pattern!r} does not compile: {error}") from error
        if not groups or not groups <= set(FIELDS):
            raise BouncelibError(
                f"format {self.name!r}: pattern {pattern!r} needs named groups, all of them from {', '.join(FIELDS)}"
            )
        return search

    def find(self, message: Message) -> Iterator[Finding]:
        headers = message.headers
        for name, phrase in self.headers.items():
            if name not in headers or (phrase and phrase not in headers.raw(name).lower()):
                return
        body = message.body
        begin = 0
        if self.start:
            low = body.lower
            at = min((found for found in (low.find(phrase) for phrase in self.start) if found >= 0), default=-1)
            if at < 0:
                return
            begin = low.count("\n", 0, at)
        kind = Kind.DELAY if any(phrase in body.lower for phrase in self.delay) else self.kind
        found = False
        for finding in self._read(body, begin, kind):
            found = found or finding.address is not None
            yield finding
        if self.recipient_header and self.recipient_header in headers:
            for address in headers.raw(self.recipient_header).split(","):
                if address.strip():
                    found = True
                    yield Finding(address=Value(address, rule=f"header {self.recipient_header}"), kind=kind)
        if not found:
            yield Finding(kind=kind)

    def _read(self, body: Body, begin: int, kind: Kind) -> Iterator[Finding]:
        lines = body.lines
        shared: dict[str, Value] = {}
        current: dict[str, Value] | None = None
        prose: list[str] = []
        prose_at = begin
        closed = False
        for index in range(begin, len(lines)):
            line = lines[index]
            stripped = line.strip()
            if not stripped:
                closed = closed or (self.paragraph and current is not None and bool(prose))
                continue
            low = line.lower() if self.end or self.skip else ""
            if self.end and any(phrase in low for phrase in self.end):
                break
            if self.skip and any(phrase in low for phrase in self.skip):
                continue
            groups = _first(self._recipient, line)
            if groups and groups.get("address"):
                if current is not None:
                    yield self._finding(body, current, prose, prose_at, kind)
                    prose = []
                elif not self.lasting:
                    prose = []
                current, closed = {}, False
                _fill(current, groups, body, index)
                if current.get("diagnostic"):
                    prose, prose_at = [current.pop("diagnostic").text], index
                continue
            groups = _first(self._fields, line)
            if groups:
                _fill(shared if current is None else current, groups, body, index)
            if (current is not None or self.lasting) and not closed and len(prose) < MAX_DIAGNOSTIC_LINES:
                if not prose:
                    prose_at = index
                prose.append(stripped)
        if current is not None:
            yield self._finding(body, current, prose, prose_at, kind)
        if shared or (self.lasting and prose and current is None):
            yield self._finding(body, shared, prose if current is None else [], prose_at, kind)

    @staticmethod
    def _finding(body: Body, values: dict[str, Value], prose: list[str], at: int, kind: Kind) -> Finding:
        if prose and "diagnostic" not in values:
            values = {**values, "diagnostic": body.value("\n".join(prose), at)}
        return Finding(kind=kind, **values)  # type: ignore[arg-type]


def _timed(pattern: regex.Pattern[str]) -> _Search:
    def search(line: str) -> _Match | None:
        return pattern.search(line, timeout=TIMEOUT)

    return search


def _first(searches: tuple[_Search, ...], line: str) -> dict[str, str | None] | None:
    for search in searches:
        match = search(line)
        if match is not None:
            return match.groupdict()
    return None


def _fill(values: dict[str, Value], groups: dict[str, str | None], body: Body, index: int) -> None:
    for name, text in groups.items():
        if text and name not in values:
            values[name] = body.value(text, index)
