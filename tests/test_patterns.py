"""Every pattern of the library is linear: each is given the texts that it is slowest on, made from its own parts.

For each repeat in a pattern: what leads to the repeat, then what it repeats, many times, then what does not match; and
all of that again and again, for a search that begins anew at every place.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import time
import typing
from collections.abc import Iterator

import pytest

import bouncelib
from bouncelib import TextFormat

parser: typing.Any = importlib.import_module("re._parser")

_SIZES = (250, 1000, 4000)

# For short texts only: 40 characters before a number, 300 of a field, one line of a log of our own server.
SHORT = frozenset({
    "bouncelib.reply._INTRODUCED", "bouncelib.reply._SAID", "bouncelib.detectors.rfc3834._MARKS",
    "bouncelib.logs._LISTED", "bouncelib.logs._EXIM_REST",
})  # fmt: skip


def _patterns() -> dict[str, list[re.Pattern[typing.Any]]]:
    found: dict[str, list[re.Pattern[typing.Any]]] = {}
    seen: set[int] = set()
    for module in pkgutil.walk_packages(bouncelib.__path__, "bouncelib."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if patterns := [pattern for pattern in _inside(value) if id(pattern) not in seen]:
                    found[f"{module.name}.{name}"] = patterns
                    seen.update(map(id, patterns))
    return found


def _inside(value: object) -> Iterator[re.Pattern[typing.Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, TextFormat):
        yield from _inside((value._recipient, value._fields))
    elif isinstance(value, dict):
        yield from _inside(tuple(value.values()))
    elif isinstance(value, tuple | list | frozenset):
        for one in value:
            yield from _inside(one)


PATTERNS = _patterns()

Attack = tuple[str, str]


def _attacks(pattern: re.Pattern[typing.Any]) -> list[Attack]:
    """For each long repeat in the pattern: what leads to it, and what it repeats."""
    source = pattern.pattern
    text, flags = (source, pattern.flags) if isinstance(source, str) else (source.decode("latin-1"), pattern.flags)
    attacks: list[Attack] = []
    _example(parser.parse(text, flags if isinstance(source, str) else flags & ~re.UNICODE), attacks, "")
    return list(dict.fromkeys(attacks))


def _example(sequence: typing.Any, attacks: list[Attack], before: str) -> str:
    """A text that the sequence matches, lookarounds left out."""
    text = ""
    for operator, value in sequence:
        match str(operator):
            case "LITERAL":
                text += chr(value)
            case "NOT_LITERAL":
                text += "b" if value == ord("a") else "a"
            case "ANY":
                text += "a"
            case "IN":
                text += _characters(value)[0]
            case "BRANCH":
                text += max([_example(branch, attacks, before + text) for branch in value[1]], key=len)
            case "SUBPATTERN":
                text += _example(value[3], attacks, before + text)
            case "ATOMIC_GROUP":
                text += _example(value, attacks, before + text)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, repeated = value
                piece = _example(repeated, attacks, before + text)
                if most > 20:
                    attacks += [(before + text, pump) for pump in (piece, *_pumps(repeated)) if pump]
                text += piece * max(least, 1)
    return text


def _pumps(repeated: typing.Any) -> list[str]:
    if len(repeated) != 1:
        return []
    operator, value = repeated[0]
    return {"IN": lambda: _characters(value), "ANY": lambda: [" ", "1"], "NOT_LITERAL": lambda: [" ", "1"]}.get(
        str(operator), list
    )()


_CATEGORIES = {
    "CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a1", "CATEGORY_NOT_SPACE": "a1.@<",
    "CATEGORY_NOT_WORD": " .<", "CATEGORY_NOT_DIGIT": "a ",
}  # fmt: skip


def _characters(items: typing.Any) -> list[str]:
    """A few characters of a set."""
    listed, ranges, negated = "", [], False
    for operator, value in items:
        match str(operator):
            case "NEGATE":
                negated = True
            case "LITERAL":
                listed += chr(value)
            case "RANGE":
                ranges.append(value)
                listed += chr(value[0])
            case "CATEGORY":
                listed += _CATEGORIES[str(value)]
    if not negated:
        return [listed[0], listed[-1]]
    kept = [c for c in 'a 1.@<("-:' if c not in listed and not any(low <= ord(c) <= high for low, high in ranges)]
    return kept[:3] or ["é"]


def _texts(attack: Attack, size: int) -> Iterator[str]:
    before, pump = attack
    yield before + pump * (size // len(pump)) + "\0"
    yield (before + pump) * (size // len(before + pump)) + "\0"
    yield (before + pump + "\n") * (size // len(before + pump + "\n")) + "\0"


def _seconds(search: typing.Callable[[typing.Any], object], text: str, *, as_bytes: bool) -> float:
    subject = text.encode("latin-1", "replace") if as_bytes else text
    begin = time.process_time()
    search(subject)
    return time.process_time() - begin


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_linear(name: str) -> None:
    for pattern in PATTERNS[name]:
        search = pattern.search if _is_searched(name) else pattern.match
        for attack in _attacks(pattern) if name not in SHORT else ():
            for texts in zip(*(_texts(attack, size) for size in _SIZES), strict=True):
                assert _is_linear(search, texts, as_bytes=isinstance(pattern.pattern, bytes)), (pattern.pattern, attack)


def _is_searched(name: str) -> bool:
    """Whether a pattern is searched for, or only tried at the beginning of a text: as its module uses it."""
    module, _, name = name.rpartition(".")
    if module not in sys.modules:
        return True
    source = inspect.getsource(sys.modules[module])
    uses = set(re.findall(rf"(?<![\w.]){re.escape(name)}\.(\w+)", source))
    return not uses or not uses <= {"match", "fullmatch", "pattern"}


def _is_linear(search: typing.Callable[[typing.Any], object], texts: tuple[str, ...], *, as_bytes: bool) -> bool:
    """Whether a text four times as long takes no more than twice as much as it should."""
    before = 0.0005
    for text in texts:
        took = _seconds(search, text, as_bytes=as_bytes)
        for _ in range(4):
            if took < 8 * before:
                break
            took = min(took, _seconds(search, text, as_bytes=as_bytes))
        else:
            return False
        before = max(before, took)
    return True


def test_the_exceptions_are_there() -> None:
    assert set(PATTERNS) >= SHORT
    assert len(PATTERNS) > 150


@pytest.mark.parametrize("pattern", [r"^\s*a\s*\s*$", r"\d+x", r"(?:a|b)*c\s*(?:d)?\s*e", rb"a[^b]*b", r"\s*,"])
def test_one_that_is_not_is_found(pattern: str | bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PATTERNS, "slow", [re.compile(pattern)])
    with pytest.raises(AssertionError):
        test_a_pattern_is_linear("slow")
