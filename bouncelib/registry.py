"""Which detectors run, and in which order a report names them. Changing a registry makes another one."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from .detector import Detector, TextFormat
from .marks import has_report_type, is_report
from .mime import Message
from .model import BouncelibError, Finding
from .phrases import PhraseIndex

__all__ = ["ENTRY_POINT_GROUP", "Candidate", "Registry"]

ENTRY_POINT_GROUP = "bouncelib.detectors"


# A detector to ask: its name, what is called of it, and whether what it finds has to be checked.
Candidate = tuple[str, Callable[[Message], bool] | None, Callable[[Message], Iterable[Finding]], bool]


@dataclasses.dataclass(frozen=True, slots=True)
class Registry:
    """An immutable sequence of detectors with unique names."""

    detectors: tuple[Detector, ...] = ()
    fallbacks: tuple[Candidate, ...] = dataclasses.field(init=False, repr=False, compare=False)
    _candidates: tuple[Candidate, ...] = dataclasses.field(init=False, repr=False, compare=False)
    _index: PhraseIndex = dataclasses.field(init=False, repr=False, compare=False)
    _for_reports: frozenset[int] = dataclasses.field(init=False, repr=False, compare=False)
    _by_header: dict[str, set[int]] = dataclasses.field(init=False, repr=False, compare=False)
    _by_type: dict[str, set[int]] = dataclasses.field(init=False, repr=False, compare=False)
    _of_reports: frozenset[int] = dataclasses.field(init=False, repr=False, compare=False)
    _others: frozenset[int] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self.detectors)
        candidates = tuple(_candidate(detector) for detector in self.detectors)
        fallbacks: list[Candidate] = []
        phrases: list[tuple[str, int]] = []
        for_reports: set[int] = set()
        by_header: dict[str, set[int]] = {}
        by_type: dict[str, set[int]] = {}
        of_reports: set[int] = set()
        others: set[int] = set()
        for number, detector in enumerate(self.detectors):
            own = getattr(detector, "phrases", ())
            types = getattr(detector, "_part_types", None)
            header = _telling_header(detector)
            if getattr(detector, "fallback", False):
                fallbacks.append(candidates[number])
            elif header:
                by_header.setdefault(header, set()).add(number)
            elif own:
                phrases += [(phrase, number) for phrase in own]
                if getattr(detector, "reports_only", False):
                    for_reports.add(number)
            else:
                others.add(number)
                if types is None:
                    of_reports.add(number)
                for kind in types or ():
                    by_type.setdefault(kind, set()).add(number)
        object.__setattr__(self, "fallbacks", tuple(fallbacks))
        object.__setattr__(self, "_candidates", candidates)
        object.__setattr__(self, "_index", PhraseIndex(phrases))
        object.__setattr__(self, "_for_reports", frozenset(for_reports))
        object.__setattr__(self, "_by_header", by_header)
        object.__setattr__(self, "_by_type", by_type)
        object.__setattr__(self, "_of_reports", frozenset(of_reports))
        object.__setattr__(self, "_others", frozenset(others))

    def candidates(self, message: Message) -> list[Candidate]:
        """The detectors that `message` may concern, in order: those without `phrases`, and those with one in its text.

        The `fallbacks` are not among them, nor those for `reports_only` where the header bears no mark of a report. Of
        a table with a header that few messages have, or without phrases, the message must have that header. What is a
        delivery report by all that it says of itself is no complaint, receipt or answer, but for parts of these types.
        """
        headers = message.headers
        wanted = self._index.find(message.body.lower)
        if wanted and not is_report(headers):
            wanted -= self._for_reports
        for name in self._by_header.keys() & headers.first.keys():
            wanted |= self._by_header[name]
        if _is_delivery_report(message):
            wanted |= self._of_reports
            for kind in self._by_type.keys() & message.types:
                wanted |= self._by_type[kind]
        else:
            wanted |= self._others
        return [self._candidates[number] for number in sorted(wanted)]

    def __iter__(self) -> Iterator[Detector]:
        return iter(self.detectors)

    def __len__(self) -> int:
        return len(self.detectors)

    @staticmethod
    @functools.cache
    def default() -> Registry:
        """Every detector that comes with the library."""
        from .detectors import BUILTIN  # some hundred patterns are compiled: only where somebody reads a message

        return Registry(BUILTIN)

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


def _candidate(detector: Detector) -> Candidate:
    is_foreign = not type(detector).__module__.startswith(f"{__package__}.")
    return detector.name, getattr(detector, "concerns", None), detector.find, is_foreign


def _telling_header(detector: Detector) -> str:
    """The header by which a table is chosen: one that few messages have, or its first where it has no phrases."""
    if not isinstance(detector, TextFormat):
        return ""
    few = (name for name in detector.headers if name.startswith("x-"))
    return next(few, "" if detector.phrases else next(iter(detector.headers)))


def _is_delivery_report(message: Message) -> bool:
    return (
        message.is_delivery_status
        and has_report_type(message.headers)
        and "disposition-notification" not in message.headers.raw("content-type").lower()
    )


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
