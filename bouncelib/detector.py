"""What a detector is, and the engine that makes one out of a table.

A detector adds findings; it never wins by coming first, and knows no other detector. Most formats are a `TextFormat`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from .body import Body
from .frozen import maker
from .marks import is_letter, is_report
from .mentions import may_introduce
from .mime import Headers, Message
from .model import BouncelibError, Feedback, Finding, Kind, UnparsedField, Value
from .patterns import Patience, needed_character, trusted_searches
from .phrases import first_of, has_any, has_unquoted

if TYPE_CHECKING:
    from .patterns import Pattern, Searches

__all__ = ["FIELDS", "Detector", "TextFormat", "check_finding"]

FIELDS = ("address", "original_address", "action", "status", "diagnostic", "reply", "remote_mta", "command",
          "reporting_mta", "received_from_mta", "arrival_date", "envelope_id")  # fmt: skip
"""The fields of a `Finding` that a pattern may fill, as the names of its groups: its first ones, in their order."""

MAX_DIAGNOSTIC_LINES = 60
"""Lines of prose kept for one recipient."""

MAX_COMMON = 1000
"""Characters kept of what is said to all recipients at once: each of them gets it, and there may be very many."""


@runtime_checkable
class Detector(Protocol):
    """Reads one format. `name` is unique in a registry; `find` yields what the message says, or nothing.

    Four more attributes are looked at where there are any. A true `fallback` keeps the detector back until no other
    found a recipient. `phrases`, lower-case and each within one line, say that the detector has no use for a message
    without one of them in its readable text; all of them are looked for at once, which costs next to nothing. With
    them, a true `reports_only` says the same of a message whose header bears no mark of a report: see
    `bouncelib.marks.is_report`. A method `concerns(message)` is asked first, and `find` is called only where it says
    yes.
    """

    @property
    def name(self) -> str: ...

    def find(self, message: Message) -> Iterable[Finding]: ...


def check_finding(finding: object) -> None:
    """Raise `TypeError`, with the remedy, where what a detector yields is not made of what the merge step expects."""
    if not isinstance(finding, Finding):
        raise TypeError(f"a detector yields Finding values, not {finding!r}")
    for name in FIELDS:
        value = getattr(finding, name)
        if value is None:
            continue
        if not isinstance(value, Value):
            raise TypeError(f"Finding.{name} must be a Value, not {type(value).__name__}: write Value({value!r})")
        texts = (value.text, value.part, value.rule)
        if not all(isinstance(text, str) for text in texts) or not isinstance(value.line, int):
            raise TypeError(f"Finding.{name}: text, part and rule of a Value are text, its line is a number: {value!r}")
    if not isinstance(finding.kind, Kind | None):
        raise TypeError(f"Finding.kind must be a Kind, not {finding.kind!r}")
    if not isinstance(finding.feedback, Feedback | None):
        raise TypeError(f"Finding.feedback must be a Feedback, not {finding.feedback!r}")
    if not isinstance(finding.unparsed, tuple) or not all(
        isinstance(field, UnparsedField) for field in finding.unparsed
    ):
        raise TypeError(f"Finding.unparsed must be a tuple of UnparsedField, not {finding.unparsed!r}")


@dataclasses.dataclass(frozen=True)
class TextFormat:
    """A format as a table.

    The format applies where every one of `headers` holds (lower-case name: lower-case phrase that the value contains,
    or several of which it contains one; an empty phrase asks for presence only), one of the phrases `marks`, if there
    are any, stands anywhere in the readable text, and one of the phrases `start` begins the reading: all of them in
    lower case and within one line. Reading begins at the line with that phrase, or at the top where `start` is empty,
    and ends at a line that contains one of the phrases `end`, or at the returned message. A phrase in a quoted line
    (`> ...`) starts nothing, and what is evidently a letter between people is not read at all: see `is_letter`.

    A line that a `recipient` pattern matches opens a finding; a `fields` pattern adds its named groups (`FIELDS`);
    every other line joins its diagnostic, until the first blank line after it where `paragraph` is true. A line with
    one of the phrases `skip` may hold fields, but names nobody and joins no diagnostic. Nor is an address read that is
    alone in its line where the line above sends the reader there: see `bouncelib.mentions`. Where `folded` is true, a
    line that begins with white space continues the one before it.

    The text that a pattern of `recipient` takes for the diagnostic is its first line; where patterns of `fields` take
    some, it is these texts, one a line, and nothing else. Several addresses in one `address`, separated by commas,
    make as many findings. Before any recipient, fields count for all recipients.

    Where `reports_only` is true, the header must bear a mark of a report as well: see `bouncelib.marks`. A `quiet`
    format that names nobody claims nothing: one whose phrases other messages have too.

    `recipient_header` names a header that lists the failed addresses. One of the phrases `delay` in the text makes the
    report a delay warning, `kind` says what it is otherwise. `lasting` keeps lines before the first recipient as the
    diagnostic of those that have none of their own.

    Patterns are searched by `regex` under a time-out; those of `trusted` formats, known to be linear, by `re`.
    """

    name: str
    start: tuple[str, ...] = ()
    headers: Mapping[str, str | tuple[str, ...]] = dataclasses.field(default_factory=dict)
    marks: tuple[str, ...] = ()
    recipient: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    delay: tuple[str, ...] = ()
    recipient_header: str = ""
    kind: Kind = Kind.BOUNCE
    paragraph: bool = True
    folded: bool = False
    lasting: bool = False
    quiet: bool = False
    reports_only: bool = False
    trusted: bool = False
    _recipient: tuple[Pattern, ...] = dataclasses.field(init=False, repr=False, compare=False, default=())
    _fields: tuple[Pattern, ...] = dataclasses.field(init=False, repr=False, compare=False, default=())
    _needed: str = dataclasses.field(init=False, repr=False, compare=False, default="")
    _trusted: tuple[Searches, Searches] = dataclasses.field(init=False, repr=False, compare=False, default=((), ()))

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise BouncelibError(f"a format needs a name, and {self.name!r} is none")
        if not isinstance(self.headers, Mapping):
            raise self._error(f'headers must be a mapping, such as {{"x-mailer": "frobnitz"}}, not {self.headers!r}')
        for option in ("start", "marks", "end", "skip", "delay", "recipient", "fields"):
            value = getattr(self, option)
            if not isinstance(value, tuple):
                raise self._error(f"{option} must be a tuple: write {_as_tuple(value)!r}")
            for text in value:
                if option not in ("recipient", "fields"):
                    self._check_phrase(option, text, may_be_empty=False)
                elif not isinstance(text, str):
                    raise self._error(f"{option}: the pattern {text!r} is no text")
        for name, wanted in self.headers.items():
            self._check_phrase("headers", name, may_be_empty=False)
            for phrase in wanted if isinstance(wanted, tuple) else (wanted,):
                self._check_phrase("headers", phrase, may_be_empty=True)
        self._check_phrase("recipient_header", self.recipient_header, may_be_empty=True)
        if not (self.start or self.headers or self.marks):
            raise self._error("it would claim every message: give it `start`, `marks` or `headers`")
        if not isinstance(self.kind, Kind):
            raise self._error(f"kind must be a Kind, such as Kind.BOUNCE, not {self.kind!r}")
        for option in ("paragraph", "folded", "lasting", "quiet", "reports_only", "trusted"):
            value = getattr(self, option)
            if not isinstance(value, bool):
                raise self._error(f"{option} must be True or False, not {value!r}")
        object.__setattr__(self, "_recipient", tuple(self._compile(p, "address") for p in self.recipient))
        object.__setattr__(self, "_fields", tuple(self._compile(p) for p in self.fields))
        object.__setattr__(self, "_needed", needed_character(self.recipient))
        if self.trusted:
            object.__setattr__(self, "_trusted", (trusted_searches(self._recipient), trusted_searches(self._fields)))

    def _error(self, says: str) -> BouncelibError:
        return BouncelibError(f"format {self.name!r}: {says}")

    def _check_phrase(self, option: str, phrase: object, *, may_be_empty: bool) -> None:
        if not isinstance(phrase, str):
            raise self._error(f"{option}: {phrase!r} is no text")
        if not phrase and not may_be_empty:
            raise self._error(f"{option}: an empty phrase stands in every line")
        if phrase != phrase.lower():
            raise self._error(f"{option}: {phrase!r} must be lower-case: write {phrase.lower()!r}")
        if "\n" in phrase:
            raise self._error(f"{option}: {phrase!r} must be within one line")

    def _compile(self, pattern: str, needed: str = "") -> Pattern:
        try:
            if self.trusted:
                compiled: Pattern = re.compile(pattern)
            else:
                import regex

                compiled = regex.compile(pattern)
        except Exception as error:  # each of the two modules has an error of its own
            raise self._error(f"pattern {pattern!r} does not compile: {error}") from error
        groups = set(compiled.groupindex)
        if unknown := sorted(groups - set(FIELDS)):
            raise self._error(
                f"pattern {pattern!r} has a group {unknown[0]!r} that is no field; there are {', '.join(FIELDS)}"
            )
        if not groups or (needed and needed not in groups):
            raise self._error(
                f"pattern {pattern!r} has no group named {needed or 'after a field'}: (?P<{needed or 'status'}>...)"
            )
        return compiled

    @property
    def phrases(self) -> tuple[str, ...]:
        """See `Detector`."""
        return self.start or self.marks

    def concerns(self, message: Message) -> bool:
        """See `Detector`: whether the header is that of this format, and its marks may stand in the text."""
        if self.marks and not has_any(message.body.lower, self.marks):
            return False
        headers = message.headers
        if self.reports_only and not is_report(headers):
            return False
        for name, wanted in self.headers.items():
            if name not in headers:
                return False
            value = headers.raw(name).lower()
            if not has_any(value, (wanted,) if isinstance(wanted, str) else wanted):
                return False
        return not is_letter(headers)

    def find(self, message: Message) -> Iterator[Finding]:
        return iter(self.read(message.body, message.headers))

    def read(self, body: Body, headers: Headers) -> list[Finding]:
        """What the table finds in `body`, wherever that is from; of `headers` only `recipient_header` counts."""
        begin = self._begin(body.lower)
        if begin < 0:
            return []
        kind = _DELAY if self.delay and has_any(body.lower, self.delay) else self.kind
        found = self._read(body, begin, kind)
        is_named = _names_somebody(found)
        if self.quiet and not is_named:
            found = []
        if self.recipient_header:
            for address in ",".join(headers.get_all(self.recipient_header)).split(","):
                if address.strip():
                    is_named = True
                    found.append(Finding(address=Value(address, rule=f"header {self.recipient_header}"), kind=kind))
        if not is_named and not self.quiet:
            found.append(Finding(kind=kind))
        return found

    def _begin(self, text: str) -> int:
        """Where the first line to read begins in the lower-case `text`; -1 where the format does not apply."""
        if self.marks and not has_unquoted(self.marks, text):
            return -1
        begin = first_of(self.start, text, unquoted=True) if self.start else 0
        return begin if begin < 0 else text.rfind("\n", 0, begin) + 1

    def _searches(self) -> tuple[Searches, Searches]:
        """What searches a line for a recipient, and what searches it for other fields."""
        if self.trusted:
            return self._trusted
        patience = Patience()
        return patience.searches(self._recipient), patience.searches(self._fields)

    def _read(self, body: Body, begin: int, kind: Kind) -> list[Finding]:
        text, needed = body.lower, self._needed
        lines = body.lines
        first = text.count("\n", 0, begin)
        stop = first_of(self.end, text, begin) if self.end else -1
        if stop >= 0:
            stop = text.rfind("\n", begin, stop)
            if stop < 0:
                return []
            lines = lines[: first + text.count("\n", begin, stop) + 1]
        else:
            stop = len(text)
        if needed and not (self.fields or self.lasting):
            # Nothing counts before the first line that may name somebody, or what it continues.
            at = text.find(needed, begin, stop)
            if at < 0:
                return []
            top, first = first, first + text.count("\n", begin, at)
            while self.folded and first > top and lines[first][:1].isspace():
                first -= 1
        openers, patterns = self._searches()
        # Most messages that have the phrases of a quiet format name nobody in its way, and need no closer look.
        if self.quiet and not self.folded and not _has_match(openers, needed, lines[first:]):
            return []
        skips = self.skip and [phrase for phrase in self.skip if text.find(phrase, begin, stop) >= 0]
        found: list[Finding] = []
        shared = _Entry()
        current: _Entry | None = None
        aside = -1
        for index, line in _unfold(lines, first) if self.folded else enumerate(lines[first:], first):
            stripped = line.strip()
            if not stripped:
                if current is not None and self.paragraph:
                    current.closed = bool(current.prose)
                continue
            skipped = has_any(line.lower(), skips) if skips else False
            if not skipped and needed in line:
                match = None
                for search in openers:
                    if match := search(line):
                        break
                if match and (address := match["address"]):
                    if stripped.strip(_AROUND) == address.strip(_AROUND) and _is_aside(body.lines, index, aside):
                        aside = index
                        continue
                    if current is None:
                        shared.shorten()
                    else:
                        found += current.findings(body, kind, shared.prose)
                    current = _Entry()
                    groups = match.groupdict()
                    if told := groups.pop("diagnostic", None):
                        current.prose = [(told, index)]
                    current.fill(groups, body, index)
                    continue
            entry = shared if current is None else current
            for search in patterns:
                if match := search(line):
                    entry.fill(match.groupdict(), body, index)
                    break
            if skipped or entry.closed or (current is None and not self.lasting):
                continue
            if len(entry.prose) < MAX_DIAGNOSTIC_LINES:
                entry.prose.append((stripped, index))
        if current is not None:
            found += current.findings(body, kind, shared.prose)
            shared.prose = []
        found += shared.findings(body, kind)
        return found


def _as_tuple(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | set | frozenset) else (value,)


class _Entry:
    """What has been read about one recipient, or about all of them."""

    __slots__ = ("closed", "prose", "taken", "values")

    def __init__(self) -> None:
        self.values: dict[str, Value] = {}
        self.taken: list[tuple[str, int]] = []
        self.prose: list[tuple[str, int]] = []
        self.closed = False

    def fill(self, groups: Mapping[str, str | None], body: Body, index: int) -> None:
        for name, text in groups.items():
            if not text:
                continue
            if name != "diagnostic":
                self.values.setdefault(name, body.value(text.strip(), index, "text pattern"))
            elif len(self.taken) < MAX_DIAGNOSTIC_LINES:
                self.taken.append((text.strip(), index))

    def shorten(self) -> None:
        """Keep `MAX_COMMON` characters of the prose."""
        kept: list[tuple[str, int]] = []
        left = MAX_COMMON
        for text, index in self.prose:
            if left > 0:
                kept.append((text[:left], index))
            left -= len(text)
        self.prose = kept

    def findings(self, body: Body, kind: Kind, common: Sequence[tuple[str, int]] = ()) -> list[Finding]:
        values = self.values
        lines = self.taken or self.prose or common
        if lines:
            rule = "text pattern" if self.taken else "text"
            text, index = lines[0]
            if len(lines) > 1:
                text = "\n".join([text for text, _ in lines])
            values["diagnostic"] = body.value(text, index, rule)
        elif not values:
            return []
        address = values.get("address")
        if address is None or "," not in address.text:
            return [_make(*map(values.get, FIELDS), kind)]  # type: ignore[arg-type, call-arg]
        return [
            Finding(kind=kind, **values | {"address": dataclasses.replace(address, text=one.strip())})  # type: ignore[arg-type]
            for one in _COMMA.split(address.text)
            if one.strip()
        ]


_make = maker(Finding)
_DELAY = Kind.DELAY  # an enumeration is slow to find its members


def _names_somebody(found: Iterable[Finding]) -> bool:
    for finding in found:  # noqa: SIM110 - a generator is a call for each
        if finding.address:
            return True
    return False


# The comma between two addresses; one within a quoted local part has no blank behind it, or no address.
_COMMA = re.compile(r"(?<=>),|,\s+(?=<?(?:\"|[^\s,<>]{1,300}@))")


# What may stand around an address that has a line of its own.
_AROUND = " \t<>()[]\"':;,.*"


def _is_aside(lines: Sequence[str], index: int, aside: int) -> bool:
    """Whether the line above, blank ones aside, sends the reader to the address in line `index`.

    `aside` is the line of the last address of which this was true.
    """
    above = index - 1
    while above >= 0 and above > index - 4 and not lines[above].strip():
        above -= 1
    return above >= 0 and (above == aside or may_introduce(lines[above]))


def _has_match(searches: Searches, needed: str, lines: Iterable[str]) -> bool:
    for line in lines:
        if needed in line:
            for search in searches:
                if search(line):
                    return True
    return False


def _unfold(lines: list[str], begin: int) -> Iterator[tuple[int, str]]:
    """The lines from `begin` on, each with its index, those that begin with white space joined to the one before."""
    at, opened, more = begin, "", list[str]()
    for index, line in enumerate(lines[begin:], begin):
        if opened and line[:1] in (" ", "\t") and (stripped := line.strip()):
            more.append(stripped)
            continue
        if index > begin:
            yield at, " ".join([opened, *more]) if more else opened
        at, opened, more = index, line.rstrip(), []
    if begin < len(lines):
        yield at, " ".join([opened, *more])
