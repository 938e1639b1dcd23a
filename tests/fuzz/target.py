"""A target for coverage-guided fuzzing: `python tests/fuzz/target.py [-max_total_time=600] [DIRECTORY]`.

Needs the dependency group `fuzz` (atheris, which is libFuzzer: all its options work). What it finds it keeps in the
directory, and begins with it the next time; the samples of the corpus are the seeds. A fault is written to `crash-…`.
"""

from __future__ import annotations

import logging
import pathlib
import sys
import tempfile

import atheris

with atheris.instrument_imports(include=["bouncelib"]):
    import bouncelib  # noqa: F401 - what is imported here is watched

import invariant
import mutations


def try_out(data: bytes) -> None:
    invariant.check(data)


def main() -> None:
    logging.disable()  # flufl.bounce's detectors raise all the time
    with tempfile.TemporaryDirectory() as seeds:
        for number, raw in enumerate(mutations.samples(20_000)):
            pathlib.Path(seeds, str(number)).write_bytes(raw)
        atheris.Setup([*sys.argv, seeds], try_out)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
