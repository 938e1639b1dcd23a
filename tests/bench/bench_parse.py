"""How long a report takes, beside the standard library and flufl.bounce, on the same samples in the same run.

    pytest tests/bench/bench_parse.py                                    # by family and in total
    pytest tests/bench/bench_parse.py -k total                           # the totals alone
    pytest tests/bench/bench_parse.py --benchmark-json=bench.json        # to compare runs: pytest-benchmark compare

Not part of the default run, for its name: pytest collects `test_*.py` only. Each figure is for all samples of a family
together; the column `extra_info` in the JSON gives the number of samples and the microseconds per message.
"""

from __future__ import annotations

import collections
import email
import email.message
import functools
import pathlib
from collections.abc import Callable, Iterable

import pytest
from flufl.bounce import all_failures
from pytest_benchmark.fixture import BenchmarkFixture

import bouncelib
from bouncelib import mime

ROOT = pathlib.Path(__file__).parent.parent.parent
SHARED = ROOT.parent / "shared" / "corpus-train"


def _families() -> dict[str, list[bytes]]:
    """The samples by the folder that they stand in, under `corpus/` and, where it is there, beside the repository."""
    families: dict[str, list[bytes]] = collections.defaultdict(list)
    for path in sorted((ROOT / "corpus").rglob("*.eml")):
        families[f"corpus/{path.relative_to(ROOT / 'corpus').parts[0]}"].append(path.read_bytes())
    for path in sorted(SHARED.rglob("*")):
        if path.suffix in (".eml", ".txt", ".msg"):
            families[f"shared/{path.relative_to(SHARED).parts[0]}"].append(path.read_bytes())
    return dict(families)


FAMILIES = _families()
TOTALS = {
    f"{prefix}/total": [raw for name, raws in FAMILIES.items() if name.startswith(prefix) for raw in raws]
    for prefix in ("corpus", "shared")
}


def _read_body(raw: bytes) -> object:
    return mime.read(raw).body


def _flufl(raw: bytes) -> object:
    try:
        return all_failures(email.message_from_bytes(raw))
    except Exception:  # noqa: BLE001 - it raises on some samples, and is timed until then
        return None


CONTENDERS: dict[str, Callable[[bytes], object]] = {
    "bouncelib.parse": bouncelib.parse,
    "bouncelib read + body": _read_body,
    "email.message_from_bytes": email.message_from_bytes,
    "flufl.bounce all_failures": _flufl,
}


def _all(function: Callable[[bytes], object], raws: Iterable[bytes]) -> None:
    for raw in raws:
        function(raw)


@pytest.mark.parametrize("contender", CONTENDERS)
@pytest.mark.parametrize("family", [*TOTALS, *FAMILIES])
def test_parse(benchmark: BenchmarkFixture, family: str, contender: str) -> None:
    raws = TOTALS.get(family) or FAMILIES.get(family)
    if not raws:
        pytest.skip(f"no samples of {family}")
    function = CONTENDERS[contender]
    function(raws[0])  # what is read and compiled once is not counted
    benchmark.group = family
    benchmark.pedantic(functools.partial(_all, function, raws), rounds=3, warmup_rounds=1)  # type: ignore[no-untyped-call]
    benchmark.extra_info["samples"] = len(raws)
    if benchmark.stats:
        per_message = benchmark.stats.stats.min / len(raws) * 1e6
        benchmark.extra_info["microseconds per message"] = round(per_message, 1)
        print(f"\n{family:28} {contender:28} {per_message:9.1f} us a message, {len(raws)} samples")
