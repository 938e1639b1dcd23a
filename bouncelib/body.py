"""What a person reads of a report: its lines, each with its place, and where the returned message begins in them."""

from __future__ import annotations

import dataclasses
import functools
import re

from .model import Value

__all__ = ["Body", "Span", "split_original"]

# A returned message is recognised by its header, not by the hundred ways to announce it: a run of field lines, perhaps
# quoted or indented, in which a field stands that only a transported message has.
_ENTRY = re.compile(
    r"(?mi)^(?P<indent>[ \t>|]{0,8})(?:received|return-path|message-id|delivered-to|from|date|subject|to|mime-version"
    r"|x-[!-9;-~]+|content-type|dkim-signature|reply-to|sender)[ \t]*:"
)
_FIELD = re.compile(r"[A-Za-z][!-9;-~]*[ \t]*:(?:\s|$)")
_TRANSPORTED = ("received", "return-path", "message-id", "delivered-to", "dkim-signature")
_LETTER = frozenset({"from", "date"})
_LOOK = 60


def split_original(text: str) -> tuple[int, str] | None:
    """Where in `text` the header of a returned message begins, and the indent that it is quoted with."""
    skip = -1
    for match in _ENTRY.finditer(text):
        if match.start() < skip:
            continue
        indent = match["indent"]
        names: set[str] = set()
        at = match.start()
        count = 0
        for _ in range(_LOOK):
            stop = text.find("\n", at)
            line = text[at : stop if stop >= 0 else len(text)]
            if not line.startswith(indent):
                break
            line = line[len(indent) :]
            if _FIELD.match(line):
                names.add(line.partition(":")[0].strip().lower())
                count += 1
            elif not (count and line[:1] in {" ", "\t"} and line.strip()):
                break
            if stop < 0:
                break
            at = stop + 1
        if count >= 2 and (any(name in names for name in _TRANSPORTED) or names >= _LETTER):
            return match.start(), indent
        skip = at
    return None


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """The readable text of one part; `first` is the index of its first line among all lines of the body."""

    part: str
    text: str
    first: int


class Body:
    """The readable lines of a report, without the returned message.

    `lower` is all of the text in lower case, for cheap tests with `in`. `returned` is the text of a returned message
    that follows within the same part, quoting removed; empty where there is none.
    """

    def __init__(self, spans: tuple[Span, ...], returned: str = "", returned_part: str = "") -> None:
        self.spans = spans
        self.returned = returned
        self.returned_part = returned_part

    @functools.cached_property
    def text(self) -> str:
        return "\n".join(span.text for span in self.spans)

    @functools.cached_property
    def lower(self) -> str:
        return self.text.lower()

    @functools.cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def place(self, index: int) -> tuple[str, int]:
        """The part of line `index`, and its number in that part, counted from 1."""
        for span in reversed(self.spans):
            if index >= span.first:
                return span.part, index - span.first + 1
        return "", 0

    def value(self, text: str, index: int, rule: str = "") -> Value:
        """`text`, as read in line `index`."""
        part, line = self.place(index)
        return Value(text, part, line, rule)
