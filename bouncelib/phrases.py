"""Phrases in a text: whether one of a few stands there, and where; and an index that says which of hundreds do.

The index cuts a text at the letter "e", the commonest one in the languages of reports: that makes half as many pieces
as blanks do, and few phrases have no piece between two of them. A phrase is filed under its rarest one, which the text
must then hold as well; or under a shorter phrase that it contains. Phrases with neither are searched for each.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence

__all__ = ["PhraseIndex", "first_of", "has_any", "has_unquoted"]


# In every other text, so that filing a phrase under one of them is of little use.
_USUAL = frozenset({
    " d", " r", " s", "c", "cipi", "d b", "iv", "l", "liv", "r", "rman", "ss", "ssag", "t", "th",
})  # fmt: skip

# What several phrases with no rare piece have in common: one search spares the others.
_STEMS = ("diagnosti", "your message to")


def has_any(text: str, phrases: Iterable[str]) -> bool:
    """Whether one of `phrases` stands in `text`."""
    for phrase in phrases:  # noqa: SIM110 - a generator costs more than the search
        if phrase in text:
            return True
    return False


def first_of(phrases: Sequence[str], text: str, begin: int = 0, *, unquoted: bool = False) -> int:
    """Where the first of `phrases` stands in `text` from `begin` on; -1 where none does."""
    first, limit = -1, len(text)
    for phrase in phrases:
        if phrase not in text:  # which is true of most, and cheaper than to find it
            continue
        at = text.find(phrase, begin, limit + len(phrase))
        if at >= 0 and unquoted:
            at = _unquoted(text, phrase, at)
        if at >= 0 and (first < 0 or at < first):
            first, limit = at, at - 1
    return first


def has_unquoted(phrases: Sequence[str], text: str) -> bool:
    """Whether one of `phrases` stands in a line of `text` that is not quoted."""
    for phrase in phrases:
        at = text.find(phrase)
        if at >= 0 and _unquoted(text, phrase, at) >= 0:
            return True
    return False


def _unquoted(text: str, phrase: str, at: int) -> int:
    """Where `phrase`, which stands at `at`, stands in a line of `text` that is not quoted; -1 where it does not."""
    while at >= 0:
        line = text[text.rfind("\n", 0, at) + 1 : at].lstrip()
        if not line.startswith((">", "|>")):
            return at
        stop = text.find("\n", at)
        at = text.find(phrase, stop) if stop >= 0 else -1
    return -1


# A phrase, the numbers that it stands for, and the phrases to look for where it stands.
_Entry = tuple[str, tuple[int, ...], "list[_Entry]"]


class PhraseIndex:
    """An immutable set of lower-case phrases, each with the numbers that it stands for."""

    __slots__ = ("_filed", "_foreign", "_keys", "_plain")

    def __init__(self, phrases: Iterable[tuple[str, int]]) -> None:
        numbers: dict[str, list[int]] = {}
        for phrase, number in phrases:
            numbers.setdefault(phrase, []).append(number)
        for stem in _STEMS:
            if any(stem in phrase for phrase in numbers):
                numbers.setdefault(stem, [])
        entries: dict[str, _Entry] = {phrase: (phrase, tuple(owners), []) for phrase, owners in numbers.items()}
        count = collections.Counter(piece for phrase in entries for piece in _pieces(phrase))
        filed: dict[str, list[_Entry]] = {}
        plain: list[_Entry] = []
        foreign: list[tuple[str, _Entry]] = []
        for phrase, entry in entries.items():
            key = min(
                _pieces(phrase), key=lambda piece: (piece in _USUAL, count[piece], -len(piece), piece), default=""
            )
            if (not key or key in _USUAL) and (shorter := _contained(phrase, entries)):
                entries[shorter][2].append(entry)
            elif key:
                filed.setdefault(key, []).append(entry)
            elif phrase.isascii():
                plain.append(entry)
            else:
                # One character is found much faster than a phrase, and few texts have that of another script.
                foreign.append((_foreign(phrase), entry))
        self._filed = filed
        self._keys = frozenset(filed)
        self._plain = tuple(plain)
        self._foreign = tuple(foreign)

    def find(self, text: str) -> set[int]:
        """The numbers of the phrases that stand in the lower-case `text`."""
        found: set[int] = set()
        entries = [*self._plain]
        for key in self._keys.intersection(text.split("e")):
            entries += self._filed[key]
        if not text.isascii():
            entries += [entry for character, entry in self._foreign if character in text]
        for phrase, owners, longer in entries:  # which grows meanwhile
            if phrase in text:
                found.update(owners)
                entries += longer
        return found


def _foreign(phrase: str) -> str:
    return next(character for character in phrase if not character.isascii())


def _pieces(phrase: str) -> set[str]:
    """What stands between two letters "e" of `phrase`."""
    return {piece for piece in phrase.split("e")[1:-1] if piece}


def _contained(phrase: str, phrases: Iterable[str]) -> str:
    """The longest of `phrases` that stands within `phrase` and is another one; empty where none does."""
    return max((other for other in phrases if other in phrase and other != phrase), key=len, default="")
