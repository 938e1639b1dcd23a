"""One function over many items, here or in worker processes; the results come in the order of the items.

items ─batches─▶ workers ─work─▶ results

What goes wrong goes wrong at its place: the results before it are handed out first, whoever raised it.
"""

from __future__ import annotations

import collections
import concurrent.futures
import contextlib
import dataclasses
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from .model import BouncelibError

__all__ = ["in_order"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Future = concurrent.futures.Future[tuple[list[Any], Exception | None]]

_BATCH_COUNT = 64  # items handed to a worker at once,
_BATCH_BYTES = 1 << 20  # or as many as have this many bytes


def in_order(
    work: Callable[[_Item], _Result], items: Iterable[_Item], jobs: int, size: Callable[[_Item], int]
) -> Iterator[_Result]:
    """`work(item)` for each item, by so many processes: 1 is this one, 0 means one for each CPU. `size` is in bytes.

    No more than a few batches are held at a time. Raises `BouncelibError` where a worker dies, or where `work` cannot
    be sent to one.
    """
    if jobs < 0:
        raise BouncelibError(f"jobs={jobs} is no number of processes: give 1 or more, or 0 for one a CPU")
    jobs = jobs or _cpus()
    if jobs == 1:
        return map(work, items)
    try:
        sent = pickle.dumps(work)
    except Exception as error:
        raise BouncelibError(
            f"this cannot be sent to a worker process: {error}: use functions and classes of a module, or jobs=1"
        ) from error
    return _in_workers(sent, items, jobs, size)


def _cpus() -> int:
    """The CPUs that this process may use, which in a container are fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _in_workers(work: bytes, items: Iterable[_Item], jobs: int, size: Callable[[_Item], int]) -> Iterator[Any]:
    import multiprocessing

    waiting: collections.deque[tuple[_Future, Exception | None]] = collections.deque()
    spawned = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(jobs, spawned, _start_worker, (work,))
    done = 0
    try:
        with _interrupts_ignored():  # which the workers inherit, for the time until they have started
            for _ in range(jobs):
                pool.submit(_do_nothing)
        for batch in _batches(items, size):
            waiting.append((pool.submit(_do_batch, batch.items), batch.error))
            while len(waiting) > 2 * jobs or (batch.error and waiting):
                for result in _results(*waiting.popleft()):
                    yield result
                    done += 1
        while waiting:
            for result in _results(*waiting.popleft()):
                yield result
                done += 1
    except concurrent.futures.BrokenExecutor:
        raise BouncelibError(
            f"a worker process has died, of want of memory perhaps, after the first {done} results: jobs=1 shows more. "
            "A script has to start its work below `if __name__ == '__main__':`"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _results(future: _Future, feeding: Exception | None) -> Iterator[Any]:
    """The results of a batch; then whatever `work` has raised, or the items while the next one was asked for."""
    results, working = future.result()
    yield from results
    if error := working or feeding:
        raise error


@dataclasses.dataclass(frozen=True, slots=True)
class _Batch(Generic[_Item]):
    items: list[_Item]
    error: Exception | None = None


def _batches(items: Iterable[_Item], size: Callable[[_Item], int]) -> Iterator[_Batch[_Item]]:
    """The items in batches; the last one has the error with which they ended."""
    batch: list[_Item] = []
    held = 0
    try:
        for item in items:
            batch.append(item)
            held += size(item)
            if len(batch) >= _BATCH_COUNT or held >= _BATCH_BYTES:
                yield _Batch(batch)
                batch, held = [], 0
    except Exception as error:  # noqa: BLE001 - it is raised again, behind the results of what came before
        yield _Batch(batch, error)
        return
    if batch:
        yield _Batch(batch)


# -- in a worker

_work: Callable[[Any], Any]


def _start_worker(work: bytes) -> None:
    """Ctrl-C reaches every process of the terminal: the parent ends the work, and its workers end with it."""
    import multiprocessing

    global _work  # noqa: PLW0603 - a worker does one work, which is sent to it once
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()
    _work = pickle.loads(work)  # noqa: S301 - from our own parent


def _end_with(wait: Callable[[], object]) -> None:
    """A parent that was killed ends no worker; and a worker that waits for work does not notice by itself."""
    wait()
    os._exit(1)


def _do_nothing() -> None:
    """The first task of each worker, which makes it start."""


def _do_batch(items: list[Any]) -> tuple[list[Any], Exception | None]:
    results: list[Any] = []
    try:
        for item in items:
            results.append(_work(item))  # noqa: PERF401 - those before an error are kept
    except Exception as error:  # noqa: BLE001 - it is raised in the parent
        error.add_note(f"In a worker process:\n{traceback.format_exc()}")
        return results, error
    return results, None


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
