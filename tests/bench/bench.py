"""Measures everything that the documentation says about speed and memory, in one run, side by side.

    python tests/bench/bench.py              prints the tables
    python tests/bench/bench.py --write      and writes them into docs/benchmarks.md and docs/at-scale.md

Time is CPU time, the least of several rounds, without the garbage collector; where several processes work it is the
clock on the wall, which wants a machine that has nothing else to do. What a first call reads and compiles is not
counted, and nothing is gained from a message that has been read before. Samples are those of `corpus/`, and the
messages of public collections where they lie beside the repository.
"""

from __future__ import annotations

import argparse
import dataclasses
import email
import functools
import gc
import json
import logging
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence

import bouncelib

ROOT = pathlib.Path(__file__).parent.parent.parent
OTHERS = ROOT.parent / "shared" / "corpus-train"
PAGES = [ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "at-scale.md"]

Call = Callable[[bytes], object]


@dataclasses.dataclass(frozen=True)
class Options:
    """How much is measured; sizes are in bytes."""

    rounds: int
    samples: int | None  # of a family
    sizes: tuple[int, ...]
    recipients: tuple[int, ...]
    mbox: int
    messages: int  # shared by several processes


FULL = Options(3, None, (10**6, 10**7, 5 * 10**7), (10**3, 10**4, 10**5), 5 * 10**7, 60_000)
SHORT = Options(1, 2, (10**3, 10**4), (1, 10), 10**5, 200)

# -- who is measured


def contenders() -> dict[str, Call]:
    """`parse` first, the standard library second; the others where they are installed."""
    found: dict[str, Call] = {"parse": bouncelib.parse, "compat32": email.message_from_bytes}
    for name, load in {"flufl.bounce": _flufl, "fast-mail-parser": _fast_mail_parser}.items():
        try:
            found[name] = load()
        except ImportError:
            print(f"{name} is not installed: skipped", file=sys.stderr)
    return found


def _flufl() -> Call:
    from flufl.bounce import all_failures

    logging.getLogger("flufl.bounce").disabled = True  # it tells of each detector that raises

    def call(raw: bytes) -> object:
        try:
            return all_failures(email.message_from_bytes(raw))
        except Exception:  # noqa: BLE001 - it raises on some samples, and is timed until then
            return None

    return call


def _fast_mail_parser() -> Call:
    import fast_mail_parser

    def call(raw: bytes) -> object:
        try:
            return fast_mail_parser.parse_email(raw)
        except fast_mail_parser.ParseError:
            return None

    return call


# -- samples


def families() -> dict[str, list[bytes]]:
    """The samples by family; of the public ones by what they are labelled as."""
    found: dict[str, list[bytes]] = {}
    for path in sorted((ROOT / "corpus").rglob("*.eml")):
        origin = path.relative_to(ROOT / "corpus").parts[0]
        name = "not bounces" if origin == "not-a-bounce" else "bounces"
        found.setdefault(f"corpus: {name}", []).append(path.read_bytes())
    if (OTHERS / "truth.jsonl").exists():
        for line in (OTHERS / "truth.jsonl").read_text("utf-8").splitlines():
            entry = json.loads(line)
            name = "not bounces" if entry["kind"] == "not-bounce" else "bounces"
            found.setdefault(f"public: {name}", []).append((OTHERS / entry["path"]).read_bytes())
    return found


def bounces(options: Options) -> list[bytes]:
    """The public ones where they are at hand."""
    found = families()
    return (found.get("public: bounces") or found["corpus: bounces"])[: options.samples]


_LINE = b"The quick brown fox jumps over the lazy dog and reads what it has written.\n"
_GROUP = b"\nFinal-Recipient: rfc822; user%07d@example.org\nAction: failed\nStatus: 5.1.1\n"
_PROSE = b"""\
From: MAILER-DAEMON@mx.example.net
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.

<anne@example.org>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 User unknown

--- Below this line is a copy of the message.

Return-Path: <sender@example.com>
Subject: big

"""


def _report(message: bytes, groups: bytes = _GROUP % 1) -> bytes:
    return (
        b"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\n\nIt did not work.\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n"
        + groups
        + b"\n--b\nContent-Type: message/rfc822\n\nFrom: a@example.com\n"
        + message
        + b"\n--b--\n"
    )


def _returned(size: int) -> bytes:
    return _report(b"\n" + _LINE * (size // len(_LINE)))


def _attached(size: int) -> bytes:
    line = b"VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZyBhbmQgcmVhZHM=\n"
    head = b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n"
    return _report(head + line * (size // len(line)))


def _prose(size: int) -> bytes:
    return _PROSE + _LINE * (size // len(_LINE))


def _one_line(size: int) -> bytes:
    return _PROSE + b"x" * size + b"\n"


def _recipients(number: int) -> bytes:
    return _report(b"\nhi\n", b"".join([_GROUP % one for one in range(number)]))


SHAPES: dict[str, Callable[[int], bytes]] = {
    "a returned message": _returned,
    "a returned attachment": _attached,
    "prose, and a message below": _prose,
    "prose, and one line below": _one_line,
}

# -- measuring


def cpu(call: Call, raw: bytes, rounds: int) -> float:
    """The least CPU time of so many calls, in seconds."""
    clock = time.process_time
    least = float("inf")
    for _ in range(rounds):
        begin = clock()
        call(raw)
        least = min(least, clock() - begin)
    return least


def passes(calls: dict[str, Call], raws: Sequence[bytes], rounds: int) -> dict[str, list[float]]:
    """The least CPU time of each call for each message, in seconds, of so many passes over all of them.

    The calls take turns, for a machine may be slower in one minute than in the next. Before each pass `forget`: what a
    message gains from those before it, it gains in a mailbox as well; from having been read already it must gain
    nothing.
    """
    clock = time.process_time
    least = {name: [float("inf")] * len(raws) for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            forget()
            for number, raw in enumerate(raws):
                begin = clock()
                call(raw)
                least[name][number] = min(least[name][number], clock() - begin)
            gc.collect()
    return least


def forget() -> None:
    """Empty the caches of the package that fill as messages are read."""
    for name, module in list(sys.modules.items()):
        for cached in list(vars(module).values()) if name.partition(".")[0] == "bouncelib" else ():
            if isinstance(cached, functools._lru_cache_wrapper) and cached.cache_parameters()["maxsize"]:
                cached.cache_clear()


# Calls in a row after which nothing becomes faster.
_AGAIN = 5


def families_table(options: Options) -> str:
    calls = contenders()
    rows = []
    for family, every in families().items():
        raws = every[: options.samples]
        times = passes(calls, raws, options.rounds)
        ratios = [mine / theirs for mine, theirs in zip(times["parse"], times["compat32"], strict=True)]
        columns = [f"{statistics.mean(taken) * 1e6:.0f} µs" for taken in times.values()]
        size = f"{statistics.mean(map(len, raws)) / 1000:.1f} kB"
        again = [cpu(calls["parse"], raw, _AGAIN) / cpu(calls["compat32"], raw, _AGAIN) for raw in raws]
        medians = [f"{statistics.median(found):.2f}" for found in (ratios, again)]
        rows.append((family, len(raws), size, *columns, *medians))
    return table(("samples", "number", "mean size", *calls, "median of parse / compat32", "read again at once"), rows)


def sizes_table(options: Options) -> str:
    names = [f"{size / 1e6:g} MB" for size in options.sizes]
    rows = [growth(shape, make, options.sizes) for shape, make in SHAPES.items()]
    return table(("a report with", *names, *_GROWTH), rows)


def recipients_table(options: Options) -> str:
    names = [f"{number:,}" for number in options.recipients]
    return table(("recipients", *names, *_GROWTH), [growth("a report on so many", _recipients, options.recipients)])


_GROWTH = ("growth / linear growth", "memory / size", "compat32 with the last one")


def growth(name: str, make: Callable[[int], bytes], amounts: Sequence[int]) -> list[str]:
    """A row on how time grows with the amount; memory is that for the first one."""
    taken = []
    for amount in amounts:
        raw = make(amount)
        taken.append(cpu(bouncelib.parse, raw, 2))
        gc.collect()
    theirs = cpu(email.message_from_bytes, raw, 1)
    times = (taken[-1] / taken[0]) / (amounts[-1] / amounts[0])
    columns = [f"{seconds * 1e3:.1f} ms" for seconds in taken]
    return [name, *columns, f"{times:.2f}", f"{_memory(make(amounts[0])):.1f}", f"{theirs * 1e3:.0f} ms"]


def _memory(raw: bytes) -> float:
    """The most memory that `parse` takes beside the message, in its bytes."""
    tracemalloc.start()
    try:
        bouncelib.parse(raw)
        return tracemalloc.get_traced_memory()[1] / len(raw)
    finally:
        tracemalloc.stop()


def import_table(options: Options) -> str:
    with tempfile.TemporaryDirectory() as cache:

        def process(code: str) -> float:
            """The least CPU time of a few, after one that writes byte code."""
            command = (
                "env",
                "-u",
                "PYTHONDONTWRITEBYTECODE",
                f"PYTHONPYCACHEPREFIX={cache}",
                sys.executable,
                "-c",
                code,
            )
            return min([run(*command)[1] for _ in range(3 * options.rounds + 1)][1:])

        nothing, package = process("pass"), process("import bouncelib")
        first = process(f"import bouncelib; bouncelib.parse({_returned(100)!r})")
    rows = [
        ("Python alone", f"{nothing * 1e3:.0f} ms"),
        ("`import bouncelib`", f"{(package - nothing) * 1e3:.0f} ms"),
        ("the first `parse`, which reads the rules", f"{(first - package) * 1e3:.0f} ms"),
    ]
    return table(("start", "CPU time"), rows)


# A small process in between: what a large one starts counts the memory of that as its own.
_WATCHED = """
import json, resource, subprocess, sys, time
begin = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([time.perf_counter() - begin, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024]))
"""


def run(*command: str | os.PathLike[str]) -> list[float]:
    """Seconds on the wall, seconds of CPU, and the bytes of memory of the largest of the processes."""
    watched = [sys.executable, "-c", _WATCHED, *command]
    done = subprocess.run(watched, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


def mbox_table(options: Options) -> str:
    raws = [re.sub(rb"(?m)^From ", b">From ", raw) for raw in bounces(options)]
    counts = (1, cpus())
    least = {jobs: [float("inf"), 0.0, 0.0] for jobs in counts}
    with tempfile.TemporaryDirectory() as directory:
        box = pathlib.Path(directory) / "box"
        number = 0
        with box.open("wb") as file:
            while file.tell() < options.mbox:
                file.write(b"From x Mon Nov 23 16:47:16 2026\n" + raws[number % len(raws)] + b"\n\n")
                number += 1
        for _ in range(options.rounds):
            for jobs in counts:  # in turns, so that what else the machine does meets all of them
                taken = run(sys.executable, "-m", "bouncelib", "parse", box, "--jobs", str(jobs))
                least[jobs] = min(least[jobs], taken)
    rows = []
    for jobs, (wall, used, memory) in least.items():
        size = f"{options.mbox / 1e6:g} MB, {number:,} messages"
        times = f"{least[1][0] / wall:.2f}"
        rows.append((size, f"`--jobs {jobs}`", f"{wall:.1f} s", times, f"{used:.1f} s", f"{memory / 1e6:.0f} MB"))
    head = ("mbox", "bouncelib parse", "time", "times as fast", "CPU time", "memory of the largest process")
    return table(head, rows)


def cpus() -> int:
    return max(2, os.cpu_count() or 1)


def scaling_table(options: Options) -> str:
    raws = bounces(options)
    messages = [raws[number % len(raws)] for number in range(options.messages)]
    counts = sorted({1, 2, cpus()})
    least = dict.fromkeys(counts, (float("inf"), 0.0))
    gc.enable()
    for _ in range(options.rounds):
        for jobs in counts:  # in turns, so that what else the machine does meets all of them
            before, begin = os.times(), time.perf_counter()
            assert sum(1 for _ in bouncelib.parse_many(messages, jobs=jobs)) == len(messages)
            wall = time.perf_counter() - begin
            least[jobs] = min(least[jobs], (wall, sum(os.times()[:4]) - sum(before[:4])))
    rows = []
    for jobs, (wall, used) in least.items():
        rate = f"{len(messages) / wall:,.0f}"
        rows.append((f"`jobs={jobs}`", f"{wall:.1f} s", rate, f"{least[1][0] / wall:.2f}", f"{used:.1f} s"))
    gc.disable()
    return table(("parse_many", "time", "messages a second", "times as fast", "CPU time"), rows)


def sizing_table(options: Options) -> str:
    """What 10⁹ messages take: these samples, multiplied."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bouncelib.integrations import arrow

    raws = bounces(options)
    batch = pa.record_batch({"id": list(range(len(raws))), "raw": pa.array(raws, pa.binary())})
    taken = cpu(lambda _: arrow.parse_batch(batch), b"", options.rounds) / len(raws)
    sizes = []
    with tempfile.TemporaryDirectory() as directory:
        for number, made in enumerate((batch, arrow.parse_batch(batch))):
            file = pathlib.Path(directory) / str(number)
            pq.write_table(pa.Table.from_batches([made]), file, compression="zstd")
            sizes.append(file.stat().st_size / len(raws) / 1000)
    mean = statistics.mean(map(len, raws)) / 1000
    hours = taken * 1e9 / 3600
    rows = [
        ("CPU time, Arrow to Arrow", f"{taken * 1e6:.0f} µs", f"{hours:.0f} core hours"),
        ("with 2 cores", f"{2 / taken:,.0f} a second", f"{hours / 2:.0f} hours"),
        ("with 64 cores", f"{64 / taken:,.0f} a second", f"{hours / 64:.1f} hours"),
        ("messages as they are", f"{mean:.2f} kB", f"{mean:.2f} TB"),
        ("messages in Parquet, zstd", f"{sizes[0]:.2f} kB", f"{sizes[0]:.2f} TB"),
        ("recipients in Parquet, zstd, all columns", f"{sizes[1]:.2f} kB", f"{sizes[1]:.2f} TB"),
    ]
    return table(("what", "a message", "10⁹ messages"), rows)


def machine(_: Options) -> str:
    model = platform.processor() or platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists() and (found := re.search(r"(?m)^model name\s*:\s*(.+)$", info.read_text("utf-8"))):
        model = found[1]
    python = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    return f"bouncelib {bouncelib.__version__}; {python}; {os.cpu_count()} CPUs: {model}.\n"


TABLES: dict[str, Callable[[Options], str]] = {
    "machine": machine,
    "families": families_table,
    "sizes": sizes_table,
    "recipients": recipients_table,
    "import": import_table,
    "mbox": mbox_table,
    "scaling": scaling_table,
    "sizing": sizing_table,
}

# -- writing


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


PLACE = re.compile(r"(?s)(<!-- measured: ([a-z]+) -->\n)(.*?)(<!-- end -->)")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write; 0."""
    parser = argparse.ArgumentParser(description="Measures speed and memory.")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/")
    parser.add_argument("--short", action="store_true", help="a few samples once, to see that it works")
    parser.add_argument("--only", choices=list(TABLES), help="one table")
    parser.add_argument("--mbox", type=int, metavar="MB", help="the size of the mbox; by default 50")
    given = parser.parse_args(argv)
    options = SHORT if given.short else FULL
    if given.mbox:
        options = dataclasses.replace(options, mbox=given.mbox * 10**6)
    gc.disable()
    tables = {}
    for name, measure in TABLES.items():
        if given.only in (None, name):
            tables[name] = measure(options)
            print(f"{name}\n\n{tables[name]}", flush=True)
    gc.enable()
    for page in PAGES if given.write else []:
        text = PLACE.sub(lambda match: f"{match[1]}{tables.get(match[2], match[3])}{match[4]}", page.read_text("utf-8"))
        page.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
