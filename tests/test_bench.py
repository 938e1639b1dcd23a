"""The command that measures still runs, and the pages have room for what it finds."""

from __future__ import annotations

import importlib.util
import pathlib
import sys
import types

import pytest

ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture(scope="module")
def bench() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("bench_run", ROOT / "tests" / "bench" / "bench.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_run"] = module  # where a dataclass looks for its own annotations
    spec.loader.exec_module(module)
    return module


def test_it_measures_and_writes(
    bench: types.ModuleType, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = []
    for page in bench.PAGES:
        pages.append(tmp_path / page.name)
        pages[-1].write_text(bench.PLACE.sub(r"\1\4", page.read_text("utf-8")), "utf-8")
    monkeypatch.setattr(bench, "PAGES", pages)
    assert bench.main(["--short", "--write"]) == 0
    printed = capsys.readouterr().out
    written = [match for page in pages for match in bench.PLACE.finditer(page.read_text("utf-8"))]
    assert {match[2] for match in written} == set(bench.TABLES)
    for match in written:
        assert match[3]
        assert match[3] in printed
        assert match[2] == "machine" or match[3].count("\n") >= 3
    assert "| corpus: bounces | 2 |" in printed
    assert "| compat32 | flufl.bounce |" in printed


def test_the_pages_hold_measurements(bench: types.ModuleType) -> None:
    for page in bench.PAGES:
        for match in bench.PLACE.finditer(page.read_text("utf-8")):
            assert match[3], f"{page.name} lacks {match[2]}: run python tests/bench/bench.py --write"
