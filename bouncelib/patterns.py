"""How the patterns of a table are searched: those of the library directly, a user's own under a time-out.

What can be told of a pattern beforehand spares most lines the search.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from .address import ADDRESS

if TYPE_CHECKING:
    import regex

    Pattern = re.Pattern[str] | regex.Pattern[str]

__all__ = ["TIMEOUT", "Match", "Patience", "Search", "Searches", "needed_character", "trusted_searches"]

TIMEOUT = 0.5
"""Seconds that the patterns of an untrusted format may take for one message, before it is given up for this message."""


class Match(Protocol):
    def groupdict(self) -> dict[str, str | None]: ...
    def __getitem__(self, name: str, /) -> str | None: ...


Search = Callable[[str], "Match | None"]
Searches = tuple[Search, ...]


def needed_character(patterns: Sequence[str]) -> str:
    """A character that stands in every line in which one of `patterns` finds an address; empty where none is known."""
    if all(f"(?P<address>{ADDRESS})" in pattern for pattern in patterns):
        return "@"
    if all(_BRACKETED.match(pattern) and _is_anchored(pattern) for pattern in patterns):
        return "<"
    return ""


def trusted_searches(patterns: Sequence[Pattern]) -> Searches:
    """Searches for patterns that need no time-out, at one place of a line where that is enough."""
    return tuple([pattern.match if _is_anchored(pattern.pattern) else pattern.search for pattern in patterns])


@functools.cache
def _is_anchored(pattern: str) -> bool:
    """Whether all of `pattern` stands behind a `^`, so that it need not be tried at every place of a line."""
    bare = _ESCAPED.sub("", pattern)
    while (inner := _GROUP.sub("", bare)) != bare:
        bare = inner
    return bare.startswith("^") and "|" not in bare


_BRACKETED = re.compile(r"\^<(?![?*{])")
# In a pattern: an escaped character, a set of characters, a group without groups in it.
_ESCAPED = re.compile(r"\\.|\[\^?\]?[^\]]*\]")
_GROUP = re.compile(r"\([^()]*\)")


class Patience:
    """The time that the patterns of one format have left for one message."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = TIMEOUT

    def searches(self, patterns: Sequence[Pattern]) -> Searches:
        return tuple([functools.partial(self._search, pattern) for pattern in patterns])

    def _search(self, pattern: Pattern, line: str) -> Match | None:
        begun = time.perf_counter()
        try:
            return pattern.search(line, timeout=max(self.left, 0.001))  # type: ignore[call-overload]
        except TimeoutError:
            raise TimeoutError(
                f"pattern {pattern.pattern!r} took more than {TIMEOUT} s for one message, at the line {line[:60]!r}: "
                "take the repeats out of its repeats"
            ) from None
        finally:
            self.left -= time.perf_counter() - begun
