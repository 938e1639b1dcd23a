"""Many messages, by one process or several: the same reports in the same order, and no message that gets lost."""

from __future__ import annotations

import collections.abc
import email
import functools
import itertools
import multiprocessing
import operator
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing

import pytest

import bouncelib
from bouncelib import BouncelibError, Context, Kind, Parser, Reason, Registry, Rules, TextFormat, parse, workers

ROOT = pathlib.Path(__file__).parent.parent
RAWS = [path.read_bytes() for path in sorted((ROOT / "corpus").rglob("*.eml"))[::4]]
HERON = b"Subject: from the heron\n\nThe heron could not find:\nanne@example.com\n"
RULES = """
[[rule]]
id = "heron.not-found"
reason = "mailbox_moved"
text = ["heron could not find"]
example = "550 the heron could not find"
why = "It says where it looked."
"""

in_process_and_in_two = pytest.mark.parametrize("jobs", [1, 2])


@pytest.fixture(scope="module")
def expected() -> list[bouncelib.Report]:
    return [parse(raw) for raw in RAWS]


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_reports_are_those_of_parse_in_order(expected: list[bouncelib.Report], jobs: int) -> None:
    assert len(expected) > 100
    assert list(bouncelib.parse_many(RAWS, jobs=jobs)) == expected


@in_process_and_in_two
def test_everything_that_parse_takes(jobs: int) -> None:
    raw = RAWS[0]
    messages: list[typing.Any] = [raw, bytearray(raw), memoryview(raw), email.message_from_bytes(raw)]
    assert len(set(bouncelib.parse_many(messages, jobs=jobs))) == 1


@in_process_and_in_two
def test_the_context_and_the_parser_count(jobs: int, tmp_path: pathlib.Path) -> None:
    (tmp_path / "heron.toml").write_text(RULES, "utf-8")
    heron = TextFormat(name="heron", start=("the heron could",), recipient=(r"^(?P<address>\S+@\S+)$",))
    parser = Parser(Registry((heron,)), Rules.default().with_file(tmp_path / "heron.toml"))
    context = Context(require_proof=True)
    (report,) = bouncelib.parse_many([HERON], jobs=jobs, parser=parser, context=context)
    assert report == parser.parse(HERON, context=context)
    assert report.detectors == ("heron",)
    assert report.provenance.verdict == "foreign"
    assert report.recipients[0].reason is Reason.MAILBOX_MOVED


@in_process_and_in_two
def test_no_messages_no_reports(jobs: int) -> None:
    assert list(bouncelib.parse_many([], jobs=jobs)) == []


@in_process_and_in_two
def test_no_more_than_a_few_batches_are_read_ahead(jobs: int) -> None:
    read = itertools.count()
    endless = (b"Subject: %d\n\nhello\n" % number for number in read)
    reports = bouncelib.parse_many(endless, jobs=jobs)
    assert [report.kind for report in itertools.islice(reports, 1000)] == [Kind.OTHER] * 1000
    assert next(read) <= 1000 + workers._BATCH_COUNT * (workers._AHEAD * jobs + 1)
    getattr(reports, "close", lambda: None)()


def slow_in_one_worker(number: int) -> int:
    if not multiprocessing.parent_process():
        time.sleep(0.0005)  # so that the workers have started before all is done
    elif int(multiprocessing.current_process().name.rpartition("-")[2]) % 2:  # one of two that follow each other
        time.sleep(0.01)
    return number


def test_no_more_is_read_ahead_where_one_worker_is_slow() -> None:
    asked: list[int] = []

    def items() -> collections.abc.Iterator[int]:
        for number in itertools.count():
            asked.append(number)
            yield number

    results = workers.in_order(slow_in_one_worker, items(), 3, lambda _: 0)
    ahead = [asked[-1] - number for number in itertools.islice(results, 3_000)]
    assert max(ahead) <= workers._BATCH_COUNT * (workers._AHEAD * 3 + 1)


def test_batches_are_bounded_by_count_and_by_size() -> None:
    assert [len(batch.items) for batch in workers._batches([b""] * 200, len)] == [64, 64, 64, 8]
    big = [b"x" * workers._BATCH_BYTES] * 3
    assert [len(batch.items) for batch in workers._batches(big, len)] == [1, 1, 1]


def test_none_is_one_for_each_cpu_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert workers._cpus() == 1
    assert isinstance(bouncelib.parse_many([], jobs=0), map)
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert workers._cpus() == 7


# -- trouble


def until_it_raises(results: collections.abc.Iterator[object]) -> tuple[list[object], Exception | None]:
    found: list[object] = []
    try:
        found.extend(results)  # which keeps what came before an error
    except Exception as error:  # noqa: BLE001
        return found, error
    return found, None


@in_process_and_in_two
@pytest.mark.parametrize("number", [0, 1, 64, 70])
def test_messages_that_end_in_an_error(jobs: int, number: int) -> None:
    def messages() -> collections.abc.Iterator[bytes]:
        yield from [RAWS[0]] * number
        raise OSError("the disk is gone")

    reports, error = until_it_raises(bouncelib.parse_many(messages(), jobs=jobs))
    assert reports == [parse(RAWS[0])] * number
    assert repr(error) == "OSError('the disk is gone')"


@in_process_and_in_two
@pytest.mark.parametrize("number", [0, 3, 70])
def test_what_is_no_message_is_an_error_in_its_place(jobs: int, number: int) -> None:
    messages = typing.cast("list[bytes]", [*[RAWS[0]] * number, "text", RAWS[0]])
    reports, error = until_it_raises(bouncelib.parse_many(messages, jobs=jobs))
    assert len(reports) == number
    assert isinstance(error, TypeError)
    assert "a message is bytes or" in str(error)


def in_a_worker(trouble: str, number: int) -> int:
    """The number itself, but in a worker process trouble once the number is above 1,000."""
    if number > 1000 and multiprocessing.parent_process():
        if trouble == "dies":
            os._exit(1)
        if trouble == "raises":
            raise ValueError(number)
    return number


@pytest.mark.parametrize("trouble", ["dies", "raises"])
def test_trouble_in_a_worker_is_an_error_in_its_place(trouble: str) -> None:
    results, error = until_it_raises(
        workers.in_order(functools.partial(in_a_worker, trouble), itertools.count(), 2, lambda _: 0)
    )
    assert results == list(range(len(results)))
    assert len(results) > 1000
    if trouble == "dies":
        assert isinstance(error, BouncelibError)
        assert f"a worker process has died, of want of memory perhaps, after the first {len(results)} " in str(error)
    else:
        assert repr(error) == f"ValueError({len(results)})"
        assert "In a worker process:" in "".join(getattr(error, "__notes__", ()))


def test_work_that_cannot_be_read_in_a_worker_ends_it(capfd: pytest.CaptureFixture[str]) -> None:
    results = workers.in_order(Unreadable(), itertools.repeat(7), 2, lambda _: 0)
    found, error = until_it_raises(results)
    assert set(found) <= {7}
    assert isinstance(error, BouncelibError)
    assert "ValueError: not here" in capfd.readouterr().err


def not_here() -> typing.NoReturn:
    raise ValueError("not here")


class Unreadable:
    def __call__(self, item: int) -> int:
        return item

    def __reduce__(self) -> tuple[object, ...]:
        return not_here, ()


def test_items_that_cannot_be_sent_are_worked_on_here() -> None:
    items: list[typing.Any] = [functools.partial(int, number) for number in range(100_000)]
    items[90_000:90_200] = [Unsendable()] * 200
    results = list(workers.in_order(operator.call, items, 2, lambda _: 0))
    assert results == [*range(90_000), *["here"] * 200, *range(90_200, 100_000)]


class Unsendable:
    def __call__(self) -> str:
        return "here"

    def __reduce__(self) -> typing.NoReturn:
        raise ValueError("stays here")


@pytest.mark.parametrize("jobs", [-1, workers.MOST + 1, "2", 1.5, None])
def test_a_number_of_processes_that_is_none(jobs: typing.Any) -> None:
    with pytest.raises(BouncelibError, match="is no number of processes"):
        bouncelib.parse_many([], jobs=jobs)


def in_a_pool(jobs: int) -> str:
    try:
        return str(len(list(bouncelib.parse_many(RAWS[:3], jobs=jobs))))
    except BouncelibError as error:
        return str(error)


def test_a_process_that_may_start_no_others_is_told() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        alone, told = pool.map(in_a_pool, [1, 2])
    assert alone == "3"
    assert "this is a daemonic process" in told
    assert "use jobs=1 in it" in told


def test_workers_that_cannot_be_started_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    hire = workers._Crew.hire

    def second_fails(crew: workers._Crew, sent: bytes) -> None:
        if crew._processes:
            raise OSError(11, "Resource temporarily unavailable")
        hire(crew, sent)

    monkeypatch.setattr(workers._Crew, "hire", second_fails)
    with pytest.raises(BouncelibError, match=r"only 1 of 2 worker processes could be started: .*unavailable"):
        list(bouncelib.parse_many(RAWS, jobs=3))
    assert not multiprocessing.active_children()


ENDED = """
import itertools, signal, sys
import bouncelib
if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    reports = bouncelib.parse_many(itertools.repeat(b"x"), jobs=2)
    for _ in itertools.islice(reports, int(sys.argv[1])):
        pass
    if sys.argv[2] == "closed":
        reports.close()
    print("ended")
"""


@pytest.mark.parametrize("number", ["1", "100000"])  # while the worker starts, and while it works
@pytest.mark.parametrize("how", ["closed", "left"])
def test_workers_end_where_a_request_to_end_is_ignored(tmp_path: pathlib.Path, number: str, how: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(ENDED, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script, number, how], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_a_signal_that_is_not_handled_in_python_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    monkeypatch.setattr(signal, "signal", lambda *_: pytest.fail("nothing to put back"))
    with workers._interrupts_ignored():
        pass


def test_what_cannot_be_sent_to_a_worker_is_said_at_once() -> None:
    context = Context(sent_by_us=lambda _: True)
    assert next(bouncelib.parse_many(RAWS[:1], context=context)) == parse(RAWS[0], context=context)
    with pytest.raises(BouncelibError, match=r"cannot be sent to a worker process.*lambda.*of a module"):
        bouncelib.parse_many(RAWS[:1], jobs=2, context=context)


def test_a_script_without_a_guard_is_told(tmp_path: pathlib.Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import itertools, bouncelib\nprint(list(bouncelib.parse_many(itertools.repeat(b'x'), jobs=2)))\n", "utf-8"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "A script has to be a file, and to start its work below `if __name__ == '__main__':`" in done.stderr
