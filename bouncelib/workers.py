"""One function over many items, by this process and others; the results come in the order of the items.

items ─batches─▶ work, in a worker or here ─in order─▶ results

What goes wrong goes wrong at its place: the results before it are handed out first, whoever raised it.

A pool of the standard library moves the batches in threads, which have to wait at each step until this process, where
it works itself, lets go of the interpreter: workers idle meanwhile. So here they are moved between two items.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import dataclasses
import os
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .model import BouncelibError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

__all__ = ["MOST", "in_order"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

MOST = 1000
"""Processes at most: more are a slip of the pen, and would take all memory before the first result."""

_BATCH_COUNT = 64  # items that are handed to a process at once,
_BATCH_BYTES = 1 << 20  # or as many as have this many bytes
_AHEAD = 4  # batches for each process that are begun, at most, while the first of them is not done


def in_order(
    work: Callable[[_Item], _Result], items: Iterable[_Item], jobs: int, size: Callable[[_Item], int]
) -> Iterator[_Result]:
    """`work(item)` for each item, by so many processes: 1 is this one, 0 means one for each CPU. `size` is in bytes.

    This process works as the others do. No more than a few batches are held at a time. Raises `BouncelibError` where a
    worker cannot be started or dies, or where `work` cannot be sent to one.
    """
    if not isinstance(jobs, int) or not 0 <= jobs <= MOST:
        raise BouncelibError(f"jobs={jobs!r} is no number of processes: give 1 to {MOST}, or 0 for one a CPU")
    jobs = jobs or _cpus()
    if jobs == 1:
        return map(work, items)
    if _is_daemon():
        raise BouncelibError(
            "this is a daemonic process, such as a worker of a multiprocessing.Pool, and may start no others: use "
            "jobs=1 in it, or a concurrent.futures.ProcessPoolExecutor in place of the pool"
        )
    try:
        sent = pickle.dumps(work)
    except Exception as error:
        raise BouncelibError(
            f"this cannot be sent to a worker process: {error}: use functions and classes of a module, or jobs=1"
        ) from error
    return _shared(work, sent, _batches(items, size), jobs)


def _is_daemon() -> bool:
    import multiprocessing

    return multiprocessing.current_process().daemon


def _cpus() -> int:
    """The CPUs that this process may use, which in a container are fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclasses.dataclass(slots=True, eq=False)
class _Batch(Generic[_Item, _Result]):
    """Items that are to be worked on, and what has become of those before them."""

    items: collections.deque[_Item]
    feeding: Exception | None = None  # with which all items ended, behind these
    sendable: bool = True
    results: collections.deque[_Result] = dataclasses.field(default_factory=collections.deque)
    working: Exception | None = None  # what `work` has raised, behind the results

    @property
    def done(self) -> bool:
        return not self.items or self.working is not None

    def work_on(self, work: Callable[[_Item], _Result]) -> None:
        """Turn the next item into a result."""
        try:
            self.results.append(work(self.items.popleft()))
        except Exception as error:  # noqa: BLE001 - it is raised again, behind the results
            self.working = error


def _batches(items: Iterable[_Item], size: Callable[[_Item], int]) -> Iterator[_Batch[_Item, Any]]:
    batch: collections.deque[_Item] = collections.deque()
    held = 0
    try:
        for item in items:
            batch.append(item)
            held += size(item)
            if len(batch) >= _BATCH_COUNT or held >= _BATCH_BYTES:
                yield _Batch(batch)
                batch, held = collections.deque(), 0
    except Exception as error:  # noqa: BLE001 - it is raised again, behind the results of what came before
        yield _Batch(batch, error)
        return
    if batch:
        yield _Batch(batch)


def _shared(
    work: Callable[[_Item], _Result], sent: bytes, batches: Iterator[_Batch[_Item, _Result]], jobs: int
) -> Iterator[_Result]:
    begun: collections.deque[_Batch[_Item, _Result]] = collections.deque()
    own: _Batch[_Item, _Result] = _Batch(collections.deque())
    most = _AHEAD * jobs
    given = 0
    try:
        with _crew(sent, jobs - 1) as crew:
            following = next(batches, None)
            while following or begun:
                if begun and (results := crew.results(begun[0])):
                    while results:
                        given += 1
                        yield results.popleft()
                elif begun and begun[0].done:
                    first = begun.popleft()
                    if error := first.working or first.feeding:
                        raise error
                elif own.done and following and len(begun) < most:
                    own = following
                    begun.append(own)
                    following = next(batches, None)
                else:
                    crew.hear(wait=own.done)
                    while following and len(begun) < most and crew.take(following):
                        begun.append(following)
                        following = next(batches, None)
                    if not own.done:
                        own.work_on(work)
    except _WorkerError:
        raise BouncelibError(
            f"a worker process has died, of want of memory perhaps, after the first {given} results: jobs=1 shows "
            "more. A script has to be a file, and to start its work below `if __name__ == '__main__':`"
        ) from None


class _WorkerError(Exception):
    """A worker process has ended that should not have."""


class _Crew:
    """The worker processes: one is starting, or at work on a batch, or idle, and then listening."""

    def __init__(self) -> None:
        import multiprocessing.connection

        self._spawned = multiprocessing.get_context("spawn")
        self._ready = multiprocessing.connection.wait
        self._processes: list[SpawnProcess] = []
        self._busy: dict[Connection, _Batch[Any, Any] | None] = {}
        self._idle: list[Connection] = []
        self._answers: dict[_Batch[Any, Any], bytes] = {}

    def hire(self, sent: bytes) -> None:
        ours, theirs = self._spawned.Pipe()
        process = self._spawned.Process(target=_serve, args=(sent, theirs), daemon=True)
        process.start()
        theirs.close()
        self._processes.append(process)
        self._busy[ours] = None

    def take(self, batch: _Batch[Any, Any]) -> bool:
        """Whether there is a worker who takes the batch."""
        if not self._idle or not batch.sendable:
            return False
        try:
            sent = pickle.dumps(batch.items, pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001 - of whatever kind, it says nothing about the item
            batch.sendable = False
            return False
        connection = self._idle.pop()
        try:
            connection.send_bytes(sent)
        except OSError:
            batch.working = _WorkerError()
        else:
            self._busy[connection] = batch
        return True

    def hear(self, *, wait: bool = False) -> None:
        """Take the answers that have come; with `wait` at least one."""
        for connection in cast("list[Connection]", self._ready(self._busy, None if wait else 0)):
            batch = self._busy.pop(connection)
            try:
                answer = connection.recv_bytes()
            except (EOFError, OSError):
                if not batch:
                    raise _WorkerError from None
                batch.working = _WorkerError()
                continue
            self._idle.append(connection)
            if batch:
                batch.items.clear()
                self._answers[batch] = answer

    def results(self, batch: _Batch[_Item, _Result]) -> collections.deque[_Result]:
        """What there is of the batch. An answer is not read before this: first its worker gets something new to do."""
        if batch in self._answers:
            batch.results, batch.working = pickle.loads(self._answers.pop(batch))  # noqa: S301 - from our own worker
        return batch.results

    def dismiss(self) -> None:
        for process in self._processes:
            process.kill()  # who ignores SIGTERM hands that on to those it starts
        for process in self._processes:
            process.join()
        for connection in [*self._busy, *self._idle]:
            connection.close()


@contextlib.contextmanager
def _crew(sent: bytes, count: int) -> Iterator[_Crew]:
    crew = _Crew()
    atexit.register(crew.dismiss)  # for one who leaves without having taken all results
    try:
        with _interrupts_ignored():  # which the workers inherit, for the time until they have started
            for number in range(count):
                try:
                    crew.hire(sent)
                except OSError as error:
                    raise BouncelibError(
                        f"only {number} of {count} worker processes could be started: {error}: give fewer jobs"
                    ) from error
        yield crew
    finally:
        crew.dismiss()
        atexit.unregister(crew.dismiss)


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield  # only the main thread may, and what is not Python's own cannot be put back
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# -- in a worker


def _serve(sent: bytes, connection: Connection) -> None:
    """Ctrl-C reaches every process of the terminal: the parent ends the work, and its workers end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    work = pickle.loads(sent)  # noqa: S301 - from our own parent, as what follows
    with contextlib.suppress(EOFError, OSError):  # the parent has been killed
        connection.send_bytes(b"has started")
        while True:
            batch: _Batch[Any, Any] = _Batch(pickle.loads(connection.recv_bytes()))  # noqa: S301
            while not batch.done:
                batch.work_on(work)
            if error := batch.working:
                error.add_note(f"In a worker process:\n{''.join(traceback.format_exception(error))}")
            connection.send_bytes(pickle.dumps((batch.results, batch.working), pickle.HIGHEST_PROTOCOL))
