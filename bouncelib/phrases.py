"""Which of a few hundred phrases stand in a text, in one look at its words.

A phrase is filed under its rarest inner word, one with white space or a colon on either side of it, which the text must
then hold as a word of its own. Phrases without one (too short, or in a script that does not part words) are searched
for each.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable

__all__ = ["PhraseIndex", "has_any"]


# In every other text, so that filing a phrase under one of them is of little use.
_USUAL = frozenset({
    "a", "address", "addresses", "all", "and", "are", "at", "be", "been", "but", "by", "could", "delivered", "delivery",
    "do", "following", "for", "from", "had", "has", "have", "i", "in", "is", "list", "mail", "message", "no", "not",
    "of", "on", "one", "or", "some", "than", "that", "the", "this", "to", "user", "was", "with", "you", "your",
})  # fmt: skip

_Owners = tuple[int, ...]


def has_any(text: str, phrases: Iterable[str]) -> bool:
    """Whether one of `phrases` stands in `text`."""
    for phrase in phrases:  # noqa: SIM110 - a generator costs more than the search
        if phrase in text:
            return True
    return False


class PhraseIndex:
    """An immutable set of lower-case phrases, each with the numbers that it stands for."""

    __slots__ = ("_ascii", "_foreign", "_keys", "_words")

    def __init__(self, phrases: Iterable[tuple[str, int]]) -> None:
        numbers: dict[str, list[int]] = {}
        for phrase, number in phrases:
            numbers.setdefault(phrase, []).append(number)
        count = collections.Counter(word for phrase in numbers for word in _inner(phrase))
        words: dict[str, list[tuple[str, _Owners]]] = {}
        plain: list[tuple[str, _Owners]] = []
        for phrase, owners in numbers.items():
            inner = _inner(phrase)
            if inner:
                key = min(inner, key=lambda word: (word in _USUAL, count[word], -len(word), word))
                words.setdefault(key, []).append((phrase, tuple(owners)))
            else:
                plain.append((phrase, tuple(owners)))
        self._words = words
        self._keys = frozenset(words)
        self._ascii = tuple(entry for entry in plain if entry[0].isascii())
        # One character is found much faster than a phrase, and few texts have that of another script.
        self._foreign = tuple((_foreign(phrase), phrase, owners) for phrase, owners in plain if not phrase.isascii())

    def find(self, text: str) -> set[int]:
        """The numbers of the phrases that stand in the lower-case `text`."""
        found: set[int] = set()
        for key in self._keys.intersection(text.replace(":", ": ").split()):
            for phrase, owners in self._words[key]:
                if phrase in text:
                    found.update(owners)
        for phrase, owners in self._ascii:
            if phrase in text:
                found.update(owners)
        if not text.isascii():
            for character, phrase, owners in self._foreign:
                if character in text and phrase in text:
                    found.update(owners)
        return found


def _foreign(phrase: str) -> str:
    return next(character for character in phrase if not character.isascii())


def _inner(phrase: str) -> frozenset[str]:
    """The words of `phrase` that white space or a colon bounds on both sides."""
    words = phrase.replace(":", ": ").split(" ")
    return frozenset(word for word in words[1:-1] if word and word.isascii())
