"""The checkers that every change has to pass, as tests, so that one command says everything."""

from __future__ import annotations

import importlib.util
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent

CHECKERS = [
    ("ruff", ["check", "."]),
    ("ruff", ["format", "--check", "."]),
    ("mypy", []),
]


@pytest.mark.parametrize(("module", "arguments"), CHECKERS, ids=["lint", "format", "types"])
def test_checker_is_content(module: str, arguments: list[str]) -> None:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
