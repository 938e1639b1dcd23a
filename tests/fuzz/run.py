"""A long run: `python tests/fuzz/run.py --inputs 1000000 [--jobs 2] [--seed 1]`.

Most inputs are samples of the corpus, damaged; one of fifty is made from nothing (`reports.py`) and damaged.
What breaks the invariant is cut down to the bytes that matter and saved; the totals are printed at the end. The same
seed gives the same inputs, whatever the number of jobs.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import dataclasses
import hashlib
import logging
import multiprocessing
import pathlib
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable

import invariant
import mutations
import reports
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

BATCH = 2000
_MADE = 50  # one input of so many is made from nothing
_SLOW = 1.0
"""CPU seconds that no input of at most `mutations.MAX_SIZE` bytes may take."""


@dataclasses.dataclass
class Totals:
    inputs: int = 0
    size: int = 0
    seconds: float = 0
    kinds: Counter[str] = dataclasses.field(default_factory=Counter)
    detectors: Counter[str] = dataclasses.field(default_factory=Counter)
    recipients: int = 0
    slowest: tuple[float, int] = (0, 0)
    findings: dict[str, bytes] = dataclasses.field(default_factory=dict)

    def add(self, other: Totals) -> None:
        self.inputs += other.inputs
        self.size += other.size
        self.seconds += other.seconds
        self.kinds += other.kinds
        self.detectors += other.detectors
        self.recipients += other.recipients
        self.slowest = max(self.slowest, other.slowest)
        self.findings = other.findings | self.findings

    def try_out(self, raw: bytes, context: invariant.Context | None) -> None:
        self.inputs += 1
        self.size += len(raw)
        begin = time.process_time()
        wrong = fault(raw, context)
        took = time.process_time() - begin
        self.seconds += took
        self.slowest = max(self.slowest, (took, len(raw)))
        if isinstance(wrong, str):
            if wrong not in self.findings:
                self.findings[wrong] = minimise(raw, lambda less: fault(less, context) == wrong, 60 * took + 10)
        elif took > _SLOW:
            self.findings[f"takes {took:.1f} s"] = raw
        else:
            self.kinds[wrong.kind] += 1
            self.detectors.update(wrong.detectors)
            self.recipients += len(wrong.recipients)


def fault(raw: bytes, context: invariant.Context | None) -> str | invariant.Report:
    """What is wrong, in words that are the same for the same fault, or the report."""
    try:
        return invariant.check(raw, context)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {pathlib.Path(place.filename).name}:{place.lineno} ({place.name})"


def minimise(raw: bytes, still: Callable[[bytes], bool], patience: float) -> bytes:
    """`raw` without whatever can go while it is `still` the same fault: lines first, then bytes. CPU seconds in all."""
    end = time.process_time() + patience
    for joint in (b"\n", None):
        pieces = raw.split(b"\n") if joint else [raw[at : at + 1] for at in range(len(raw))]
        size = len(pieces) // 2
        while size and time.process_time() < end:
            at = 0
            while at < len(pieces) and time.process_time() < end:
                fewer = pieces[:at] + pieces[at + size :]
                if still((joint or b"").join(fewer)):
                    pieces = fewer
                else:
                    at += size
            size //= 2
        raw = (joint or b"").join(pieces)
    return raw


def batch(seed: int, number: int, count: int) -> Totals:
    """The inputs of one batch, tried."""
    logging.disable()  # flufl.bounce's detectors raise all the time
    totals = Totals()
    chance = random.Random(f"{seed} {number}")
    pool = _pool()
    made = count // _MADE
    for _ in range(count - made):
        totals.try_out(mutations.mutate(pool, chance), chance.choice(invariant.CONTEXTS))

    @seeded(f"{seed} {number}")
    @settings(
        max_examples=max(made, 1),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(reports.damaged())
    def make(raw: bytes) -> None:
        totals.try_out(raw, chance.choice(invariant.CONTEXTS))

    if made:
        make()
    return totals


_POOL: list[bytes] = []


def _pool() -> list[bytes]:
    if not _POOL:
        _POOL.extend(mutations.samples())
    return _POOL


def results(seed: int, counts: Iterable[int], jobs: int) -> Iterable[Totals]:
    if jobs == 1:
        return (batch(seed, number, count) for number, count in enumerate(counts))
    pool = concurrent.futures.ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))
    futures = [pool.submit(batch, seed, number, count) for number, count in enumerate(counts)]
    return (future.result() for future in concurrent.futures.as_completed(futures))


def save(directory: pathlib.Path, wrong: str, raw: bytes) -> None:
    directory.mkdir(exist_ok=True)
    path = directory / f"{hashlib.sha256(wrong.encode()).hexdigest()[:8]}.eml"
    path.write_bytes(raw)
    print(f"{path}: {wrong}, {len(raw)} bytes", flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--inputs", type=int, default=1_000_000)
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--save", type=pathlib.Path, default=pathlib.Path("fuzz-findings"), help="where findings go")
    given_ = options.parse_args()
    begin = time.monotonic()
    whole, rest = divmod(given_.inputs, BATCH)
    totals = Totals()
    with contextlib.suppress(KeyboardInterrupt):  # what has been done until then counts
        for one in results(given_.seed, [BATCH] * whole + [rest] * bool(rest), given_.jobs):
            for wrong in one.findings.keys() - totals.findings.keys():
                save(given_.save, wrong, one.findings[wrong])
            totals.add(one)
            print(f"{totals.inputs} inputs, {len(totals.findings)} findings", file=sys.stderr, flush=True)
    print(f"{totals.inputs} inputs, {totals.size / 1e6:.0f} MB, seed {given_.seed}; {len(totals.findings)} findings")
    print(f"{totals.seconds:.0f} s of CPU, {time.monotonic() - begin:.0f} s on the clock, "
          f"slowest {totals.slowest[0]:.2f} s for {totals.slowest[1]} bytes")  # fmt: skip
    print(f"kinds: {', '.join(f'{kind} {count}' for kind, count in totals.kinds.most_common())}")
    print(f"{totals.recipients} recipients by {len(totals.detectors)} detectors")
    return 1 if totals.findings else 0


if __name__ == "__main__":
    sys.exit(main())
