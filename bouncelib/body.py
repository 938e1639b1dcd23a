"""What a person reads of a report: its lines, each with its place, and where the returned message begins in them."""

from __future__ import annotations

import bisect
import html
import operator
import re

from .frozen import frozen, maker
from .model import Value

__all__ = ["Body", "Span", "html_to_text", "split_original", "unquote"]

# A returned message is recognised by its header, not by the hundred ways to announce it: a run of field lines, perhaps
# quoted or indented, in which a field stands that only a transported message has.
_ENTRY = re.compile(
    r"\n(?P<indent>[ \t>|]{0,8})(?:received|return-path|message-id|delivered-to|from|date|subject|to|cc"
    r"|mime-version|x-[!-9;-~]+|arc-[a-z-]+|authentication-results|received-spf|content-type|dkim-signature|reply-to|sender"
    r"|list-[a-z-]+|resent-[a-z-]+|in-reply-to|references|user-agent|thread-[a-z]+)[ \t]*:"
)
_FIELD = re.compile(r"[A-Za-z][!-9;-~]*[ \t]*:(?:\s|$)")
_TRANSPORTED = ("received", "return-path", "message-id", "delivered-to", "dkim-signature")
_LETTER = frozenset({"from", "date"})
# What every field ends with that such a run must have one of, in lower case.
_SIGN = re.compile(f":(?<={'|'.join([f'{name[-4:]}:' for name in (*_TRANSPORTED, 'date')])}|...[ \\t]:)")
_MAX_RUN = 500
# A run of From and Date alone may be a table within the explanation: where codes of SMTP follow, it is taken for one.
_SAID = re.compile(r"(?:^|[\s(#<:])(?:[45]\.\d{1,3}\.\d{1,3}|[45][0-5]\d[ -])")
_SAID_WITHIN = 4096
_MAX_LETTERS = 5

_BLOCK_TAG = re.compile(r"(?i)<(?:br|/?p|/?div|/?tr|/?table|/?li|/?h[1-6]|/?pre|hr)\b[^<>]*>")
# An address in angle brackets is no tag, even where the writer forgot to escape it.
_TAG = re.compile(r"<(?![^<>\s@]{1,300}@)[/!a-zA-Z][^<>]*>")
_UNREAD = tuple(
    (re.compile(begin), re.compile(end))
    for begin, end in (
        (r"<!--", r"-->"),
        (r"(?i)<script\b", r"(?i)</script\b[^<>]*>"),
        (r"(?i)<style\b", r"(?i)</style\b[^<>]*>"),
        (r"(?i)<head\b", r"(?i)</head\b[^<>]*>"),
    )
)
_ENDLESS_REFERENCE = re.compile(r"&#[xX]?[0-9A-Fa-f]{8,}")


def split_original(text: str, low: str | None = None) -> tuple[int, str] | None:
    """Where in `text` the header of a returned message begins, and the indent that it is quoted with.

    `low` is the text in lower case, where that is known.
    """
    low = text.lower() if low is None else low
    if len(low) != len(text):
        low = _lower(text)
    # Cheap, and true of most reports: the returned message has a part of its own.
    if not _SIGN.search(low):
        return None
    low = "\n" + low
    skip = -1
    letters = 0
    for match in _ENTRY.finditer(low):
        start = match.start()  # in `text`, as `low` has a line feed more
        if start < skip:
            continue
        names, count, skip = _read_run(text, start, match["indent"])
        if count < 2:
            continue
        if not names.isdisjoint(_TRANSPORTED):
            return start, match["indent"]
        if names >= _LETTER and letters < _MAX_LETTERS:
            letters += 1
            if not _SAID.search(text, skip, skip + _SAID_WITHIN):
                return start, match["indent"]
    return None


def _lower(text: str) -> str:
    """`text` in lower case, but for the letters that are more than one there: places stay what they are."""
    return "".join([low if len(low := character.lower()) == 1 else character for character in text])


def _read_run(text: str, at: int, indent: str) -> tuple[set[str], int, int]:
    """The names in the run of field lines at `at`, how many there are, and where it ends."""
    names: set[str] = set()
    count = 0
    for _ in range(_MAX_RUN):
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
            return names, count, len(text)
        at = stop + 1
    return names, count, at


def unquote(text: str, indent: str) -> str:
    """`text` without the `indent` that its lines are quoted with."""
    if not indent:
        return text
    bare = indent.rstrip()
    return "\n".join("" if line == bare else line.removeprefix(indent) for line in text.split("\n"))


def html_to_text(source: str) -> str:
    """The lines that a person would read in a piece of HTML."""
    if "<" in source:
        for begin, end in _UNREAD:
            source = _drop(source, begin, end)
    source = _BLOCK_TAG.sub("\n", source)
    source = _TAG.sub(" ", source)
    if "&" in source:
        source = html.unescape(_ENDLESS_REFERENCE.sub("\ufffd", source))
    return source.replace("\xa0", " ")


def _drop(source: str, begin: re.Pattern[str], end: re.Pattern[str]) -> str:
    """`source` without what stands from `begin` up to `end`; what is never closed stays."""
    out, pos = [], 0
    while opened := begin.search(source, pos):
        closed = end.search(source, opened.end())
        if not closed:
            break
        out.append(source[pos : opened.start()])
        pos = closed.end()
    out.append(source[pos:])
    return "".join(out)


@frozen
class Span:
    """The readable text of one part; `first` is the index of its first line among all lines of the body."""

    part: str
    text: str
    first: int


_FIRST = operator.attrgetter("first")


class Body:
    """The readable lines of a report, without the returned message.

    `lower` is all of the text in lower case, for cheap tests with `in`. `returned` is the text of a returned message
    that follows within the same part, quoting removed; empty where there is none.
    """

    def __init__(
        self, spans: tuple[Span, ...], returned: str = "", returned_part: str = "", lower: str | None = None
    ) -> None:
        self.spans = spans
        self.returned = returned
        self.returned_part = returned_part
        self._only = spans[0].part if len(spans) == 1 else None  # whose lines are those of the body
        self.text = spans[0].text if self._only is not None else "\n".join([span.text for span in spans])
        self.lower = self.text.lower() if lower is None else lower
        self._lines: list[str] | None = None

    @property
    def lines(self) -> list[str]:
        if self._lines is None:
            self._lines = self.text.split("\n")
        return self._lines

    def place(self, index: int) -> tuple[str, int]:
        """The part of line `index`, and its number in that part, counted from 1."""
        at = bisect.bisect_right(self.spans, index, key=_FIRST) - 1
        if at < 0:
            return "", 0
        span = self.spans[at]
        return span.part, index - span.first + 1

    def value(self, text: str, index: int, rule: str = "") -> Value:
        """`text`, as read in line `index`."""
        if self._only is not None and index >= 0:
            return _value(text, self._only, index + 1, rule)
        part, line = self.place(index)
        return _value(text, part, line, rule)


_value = maker(Value)
