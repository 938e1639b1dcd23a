"""What the command does with each message: it makes something small of its report, or a word on what went wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

from .context import Context
from .mailbox import Failure, Found
from .model import BouncelibError, Kind, Report
from .parser import DEFAULT, Parser

__all__ = ["Entry", "Job", "Outcome", "bug", "size"]

Entry = Found | Failure

_T = TypeVar("_T")


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome(Generic[_T]):
    """What became of the message of this name; nothing was made where there is an error, or its kind is not wanted."""

    name: str
    made: _T | None = None
    error: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Job(Generic[_T]):
    """What is done with each message, in this process or in another: `make` gets its name and its report.

    With `is_log` each message is a line of a log; one that tells of no delivery makes nothing.
    """

    context: Context | None
    make: Callable[[str, Report], _T]
    kinds: frozenset[Kind] | None = None
    parser: Parser | None = None
    is_log: bool = False

    def __call__(self, entry: Entry) -> Outcome[_T]:
        if isinstance(entry, Failure):
            return Outcome(entry.name, error=entry.error)
        try:
            parser = self.parser or DEFAULT
            read = parser.parse_log_line if self.is_log else parser.parse
            report = read(entry.raw, context=self.context)
            if report is None or (self.kinds and report.kind not in self.kinds):
                return Outcome(entry.name)
            return Outcome(entry.name, self.make(entry.name, report))
        except BouncelibError:
            raise
        except Exception as error:  # noqa: BLE001 - no message may keep the others from being read
            return Outcome(entry.name, error=bug(error))


def bug(error: Exception) -> str:
    """What to say of an error that no message may cause."""
    return f"a bug in bouncelib, please report it: {type(error).__name__}: {error}"[:1000]


def size(entry: Entry) -> int:
    """The bytes of its message."""
    return len(entry.raw) if isinstance(entry, Found) else 0
