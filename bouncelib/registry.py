"""Which detectors run, and in which order a report names them. Changing a registry makes another one."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Iterator
from typing import Any, cast

from .detector import Detector, TextFormat
from .marks import is_report
from .mime import Message
from .model import BouncelibError
from .phrases import PhraseIndex

__all__ = ["ENTRY_POINT_GROUP", "Registry"]

ENTRY_POINT_GROUP = "bouncelib.detectors"


@dataclasses.dataclass(frozen=True, slots=True)
class Registry:
    """An immutable sequence of detectors with unique names."""

    detectors: tuple[Detector, ...] = ()
    _index: PhraseIndex = dataclasses.field(init=False, repr=False, compare=False)
    _for_reports: frozenset[int] = dataclasses.field(init=False, repr=False, compare=False)
    _by_header: dict[str, set[int]] = dataclasses.field(init=False, repr=False, compare=False)
    _others: frozenset[int] = dataclasses.field(init=False, repr=False, compare=False)
    fallbacks: tuple[Detector, ...] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.detectors)
        fallbacks = tuple(detector for detector in self.detectors if getattr(detector, "fallback", False))
        phrases: list[tuple[str, int]] = []
        for_reports: set[int] = set()
        by_header: dict[str, set[int]] = {}
        others: set[int] = set()
        for number, detector in enumerate(self.detectors):
            own = getattr(detector, "phrases", ())
            if getattr(detector, "fallback", False):
                continue
            if not own:
                if isinstance(detector, TextFormat):
                    by_header.setdefault(next(iter(detector.headers)), set()).add(number)
                else:
                    others.add(number)
                continue
            phrases += [(phrase, number) for phrase in own]
            if getattr(detector, "reports_only", False):
                for_reports.add(number)
        object.__setattr__(self, "fallbacks", fallbacks)
        object.__setattr__(self, "_index", PhraseIndex(phrases))
        object.__setattr__(self, "_for_reports", frozenset(for_reports))
        object.__setattr__(self, "_by_header", by_header)
        object.__setattr__(self, "_others", frozenset(others))

    def candidates(self, message: Message) -> list[Detector]:
        """The detectors that `message` may concern, in order: those without `phrases`, and those with one in its text.

        The `fallbacks` are not among them, nor those for `reports_only` where the header bears no mark of a report. A
        table without phrases has `headers` instead, of which the message must have the first.
        """
        wanted = self._index.find(message.body.lower)
        if not wanted.isdisjoint(self._for_reports) and not is_report(message.headers):
            wanted -= self._for_reports
        for name in self._by_header.keys() & message.headers.first.keys():
            wanted |= self._by_header[name]
        return [self.detectors[number] for number in sorted(wanted | self._others)]

    def __iter__(self) -> Iterator[Detector]:
        return iter(self.detectors)

    def __len__(self) -> int:
        return len(self.detectors)

    @classmethod
    def default(cls) -> Registry:
        """Every detector that comes with the library."""
        return _default()

    def with_(self, *detectors: Detector) -> Registry:
        """This registry and `detectors` after it. Raises `BouncelibError` where a name is taken."""
        return Registry((*self.detectors, *detectors))

    def without(self, *names: str) -> Registry:
        """This registry less the detectors named. Raises `BouncelibError` where there is none of that name."""
        known = {detector.name for detector in self.detectors}
        if unknown := [name for name in names if name not in known]:
            raise BouncelibError(f"no detector is named {unknown[0]!r}; there are {', '.join(sorted(known))}")
        return Registry(tuple(detector for detector in self.detectors if detector.name not in names))

    def discover(self) -> Registry:
        """This registry and the detectors that installed packages offer under the entry point group.

        An entry point names a detector, or a callable without arguments that makes one. Entry points are taken in the
        order of their names. Raises `BouncelibError` where one cannot be loaded.
        """
        import importlib.metadata

        found: list[Detector] = []
        for point in sorted(importlib.metadata.entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name):
            try:
                loaded = point.load()
                found.append(_detector_in(loaded, point.value))
            except Exception as error:
                raise BouncelibError(f"entry point {point.name!r} ({point.value}) cannot be loaded: {error}") from error
        return self.with_(*found)


def _check(detectors: tuple[Detector, ...]) -> None:
    names: set[str] = set()
    for detector in detectors:
        name = getattr(detector, "name", None)
        if isinstance(detector, type):
            raise BouncelibError(f"{detector.__name__} is a class: pass {detector.__name__}()")
        if not isinstance(name, str) or not name or not callable(getattr(detector, "find", None)):
            raise BouncelibError(f"{detector!r} is no detector: it needs a `name` and a method `find(message)`")
        if name in names:
            raise BouncelibError(f"two detectors are named {name!r}: rename one, or use without()")
        names.add(name)
        phrases = getattr(detector, "phrases", ())
        if isinstance(phrases, str):
            raise BouncelibError(f"detector {name!r}: phrases must be a tuple: write ({phrases!r},)")
        for phrase in phrases:
            if not isinstance(phrase, str) or not phrase or phrase != phrase.lower() or "\n" in phrase:
                raise BouncelibError(f"detector {name!r}: phrase {phrase!r} must be lower-case and within one line")


def _detector_in(loaded: Any, named: str) -> Detector:
    """The detector that an entry point names, or that what it names makes."""
    if isinstance(loaded, types.ModuleType):
        raise TypeError(f"it names a module: write {named}:NAME")
    detector = cast("Detector", loaded() if isinstance(loaded, type) or not hasattr(loaded, "find") else loaded)
    _check((detector,))
    return detector


@functools.cache
def _default() -> Registry:
    from .detectors import BUILTIN  # some hundred patterns are compiled: only where somebody reads a message

    return Registry(BUILTIN)
