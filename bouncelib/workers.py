"""What is done with each message, here or in worker processes.

entries ─batches─▶ workers ─parse, make rows─▶ outcomes, in the order of the entries
"""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import dataclasses
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator

from .context import Context
from .mailbox import Failure, Found
from .model import BouncelibError, Kind
from .output import FORMATS, Row
from .parser import DEFAULT

__all__ = ["Job", "Outcome", "bug", "in_workers"]

Entry = Found | Failure

_BATCH_COUNT = 64  # messages handed to a worker at once,
_BATCH_BYTES = 1 << 20  # or as many as have this many bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    rows: list[Row] = dataclasses.field(default_factory=list)
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


def in_workers(job: Job, entries: Iterable[Entry], jobs: int) -> Iterator[Outcome]:
    """The outcomes in the order of the entries; no more than a few batches are held at a time."""
    import multiprocessing

    waiting: collections.deque[concurrent.futures.Future[list[Outcome]]] = collections.deque()
    pool = concurrent.futures.ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _start_worker)
    try:
        with _interrupts_ignored():  # which the workers inherit, for the time until they have started
            for _ in range(jobs):
                pool.submit(_do_nothing)
        for batch in _batches(entries):
            waiting.append(pool.submit(_do_batch, job, batch))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except concurrent.futures.BrokenExecutor:
        raise BouncelibError("a worker process has died, for want of memory perhaps: try --jobs 1") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _do_batch(job: Job, batch: list[Entry]) -> list[Outcome]:
    return [job(entry) for entry in batch]


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += len(entry.raw) if isinstance(entry, Found) else 0
        if len(batch) >= _BATCH_COUNT or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _start_worker() -> None:
    """Ctrl-C reaches every process of the terminal: the parent ends the work, and its workers end with it."""
    import multiprocessing

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _end_with(wait: Callable[[], object]) -> None:
    """A parent that was killed ends no worker; and a worker that waits for work does not notice by itself."""
    wait()
    os._exit(1)


def _do_nothing() -> None:
    """The first task of each worker, which makes it start."""


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
