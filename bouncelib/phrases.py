"""Which of a few hundred phrases stand in a text, in one look at its words.

A phrase is filed under its rarest inner word, one with white space on either side of it, which the text must then hold
as a word of its own. Phrases without one (too short, or in a script that does not part words) are searched for each.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable

__all__ = ["PhraseIndex"]


class PhraseIndex:
    """An immutable set of lower-case phrases, each with the numbers that it stands for."""

    __slots__ = ("_ascii", "_foreign", "_words")

    def __init__(self, phrases: Iterable[tuple[str, int]]) -> None:
        numbers: dict[str, list[int]] = {}
        for phrase, number in phrases:
            numbers.setdefault(phrase, []).append(number)
        count = collections.Counter(word for phrase in numbers for word in set(_inner(phrase)))
        words: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
        plain: list[tuple[str, tuple[int, ...]]] = []
        for phrase, owners in numbers.items():
            inner = _inner(phrase)
            if inner:
                words.setdefault(min(inner, key=lambda word: (count[word], -len(word))), []).append(
                    (phrase, tuple(owners))
                )
            else:
                plain.append((phrase, tuple(owners)))
        self._words = words
        self._ascii = tuple(entry for entry in plain if entry[0].isascii())
        self._foreign = tuple(entry for entry in plain if not entry[0].isascii())

    def find(self, text: str) -> set[int]:
        """The numbers of the phrases that stand in the lower-case `text`."""
        found: set[int] = set()
        for key in self._words.keys() & text.split():
            for phrase, owners in self._words[key]:
                if phrase in text:
                    found.update(owners)
        for phrase, owners in self._ascii:
            if phrase in text:
                found.update(owners)
        if not text.isascii():
            for phrase, owners in self._foreign:
                if phrase in text:
                    found.update(owners)
        return found


def _inner(phrase: str) -> list[str]:
    """The words of `phrase` that white space bounds on both sides."""
    words = phrase.split(" ")
    return [word for word in words[1:-1] if word and word.isascii()]
