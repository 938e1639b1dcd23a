"""Which detectors run, and in which order a report names them. Changing a registry makes another one."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Iterator
from typing import Any, cast

from .detector import Detector
from .detectors import BUILTIN
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
    _report_index: PhraseIndex = dataclasses.field(init=False, repr=False, compare=False)
    _always: frozenset[int] = dataclasses.field(init=False, repr=False, compare=False)
    fallbacks: tuple[Detector, ...] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.detectors)
        fallbacks = tuple(detector for detector in self.detectors if getattr(detector, "fallback", False))
        object.__setattr__(self, "fallbacks", fallbacks)
        always: list[int] = []
        phrases: list[tuple[str, int]] = []
        report_phrases: list[tuple[str, int]] = []
        for number, detector in enumerate(self.detectors):
            own = [(phrase, number) for phrase in getattr(detector, "phrases", ())]
            if getattr(detector, "fallback", False):
                continue
            if not own:
                always.append(number)
            elif getattr(detector, "reports_only", False):
                report_phrases += own
            else:
                phrases += own
        object.__setattr__(self, "_always", frozenset(always))
        object.__setattr__(self, "_index", PhraseIndex(phrases))
        object.__setattr__(self, "_report_index", PhraseIndex(report_phrases))

    def candidates(self, message: Message) -> list[Detector]:
        """The detectors that `message` concerns, in order: those without `phrases`, and those with one in its text.

        The `fallbacks` are not among them, nor those for `reports_only` where the header bears no mark of a report.
        """
        text = message.body.lower
        wanted = self._always | self._index.find(text)
        if is_report(message.headers):
            wanted |= self._report_index.find(text)
        return [self.detectors[number] for number in sorted(wanted)]

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
    return Registry(BUILTIN)
