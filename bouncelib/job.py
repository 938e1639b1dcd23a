"""What the command does with each message: its report as rows of a format, or a word on what went wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .context import Context
from .frozen import frozen
from .mailbox import Failure, Found
from .model import BouncelibError, Kind
from .output import FORMATS, Row
from .parser import DEFAULT

__all__ = ["Entry", "Job", "Outcome", "bug", "size"]

Entry = Found | Failure


@frozen
class Outcome:
    name: str
    rows: Sequence[Row] = ()
    error: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """What is done with each message, in this process or in another."""

    context: Context | None
    format: str
    kinds: frozenset[Kind] | None

    def __call__(self, entry: Entry) -> Outcome:
        if isinstance(entry, Failure):
            return Outcome(entry.name, error=entry.error)
        try:
            report = DEFAULT.parse(entry.raw, context=self.context)
            if self.kinds and report.kind not in self.kinds:
                return Outcome(entry.name)
            return Outcome(entry.name, FORMATS[self.format].rows(entry.name, report))
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
