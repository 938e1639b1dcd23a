"""Writes what in docs/ is made from the code: `python tests/generate_docs.py`. `test_docs.py` says when it is stale.

- docs/formats.md: the detectors, and the samples that each contributes to
- docs/servers.md: what the servers of the lab write (`server_tables.py`)
- docs/accuracy.md: what is checked in the samples and refusals of the project, and how much of it is right
- in any page, the table between `<!-- generated: NAME -->` and `<!-- end -->`
- the outputs: a block of text right behind one of Python or shell is what that has printed
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator

from bouncelib import Parser, Reason, Registry, parse_reply, testing, timing
from bouncelib.cli import _describe
from bouncelib.explain import REASONS
from bouncelib.merge import RANKS
from bouncelib.reasons import attribution_of, bounce_type

ROOT = pathlib.Path(__file__).parent.parent
DOCS = ROOT / "docs"

# -- blocks of code

_BLOCK = re.compile(
    r"(?ms)^(?:<!-- run: (?P<mark>[^\n]+?) -->\n)?"
    r'```(?P<language>[a-z]*)(?: title="(?P<title>[^"\n]+)")?\n(?P<code>.*?)^```$'
)

SKIPPED = {
    "python3 -m venv": "makes a virtual environment",
    "pip install": "installs; a `pip install .` is played by what pip would write for entry points",
    "git clone": "asks the network",
    "pytest --cov": "is what runs this test",
    "tests/bench": "measures for a minute",
    "ruff": "tests/test_quality.py runs it",
    "mypy": "tests/test_quality.py runs it",
    "generate_docs.py": "would write into the pages that are tested",
}
"""Commands that a page may show and this test does not run: a part of the command, and why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: `title` is the name of the file that the reader is to write it to; `start` where its code is.

    `mark` is from a comment `<!-- run: MARK -->` above it: another test runs this one, with what it needs around it.
    """

    language: str
    mark: str
    title: str
    code: str
    line: int
    start: int
    end: int
    follows: bool  # nothing but blank lines between it and the block before


def blocks(text: str) -> list[Block]:
    found: list[Block] = []
    last = 0
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        follows = bool(found) and not text[last : match.start()].strip()
        start, end = match.span("code")
        found.append(
            Block(
                match["language"], match["mark"] or "", match["title"] or "", match["code"], line, start, end, follows
            )
        )
        last = match.end()
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Output:
    """What a block has printed, and the block of text behind it that says what it should, if there is one."""

    block: Block
    printed: str
    expected: Block | None


def run(page: pathlib.Path, scratch: pathlib.Path) -> Iterator[Output]:
    """Run the blocks of a page in order, as its reader would; the Python ones in one namespace.

    The reader is in the root of the project; in a page that has him write files, in an empty directory of his own.
    """
    found = blocks(page.read_text("utf-8"))
    namespace: dict[str, object] = {"__name__": page.stem}
    own = any(block.title for block in found)
    directory = scratch if own else ROOT
    shell = _Shell(scratch, directory)
    with contextlib.chdir(directory), _importable(directory if own else None):
        for number, block in enumerate(found):
            after = found[number + 1] if number + 1 < len(found) else None
            expected = after if after and after.language == "text" and after.follows else None
            if block.mark:
                continue
            if block.title:
                target = directory / block.title
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.code, "utf-8")
            elif block.language == "python":
                printed = io.StringIO()
                code = compile("\n" * block.line + block.code, str(page), "exec")
                with contextlib.redirect_stdout(printed):
                    exec(code, namespace)
                yield Output(block, printed.getvalue(), expected)
            elif block.language == "sh":
                yield Output(block, shell.run(block.code), expected)


class _Shell:
    """Runs the commands of a page, with the interpreter that runs this one, less those in `SKIPPED`."""

    def __init__(self, scratch: pathlib.Path, directory: pathlib.Path) -> None:
        self._bin = scratch / ".bin"
        self._site = scratch / ".site"
        self._directory = directory
        self._bin.mkdir()
        self._site.mkdir()
        for name, arguments in {"bouncelib": "-m bouncelib", "python": "", "pytest": "-m pytest -q"}.items():
            script = self._bin / name
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            script.chmod(0o755)

    def run(self, code: str) -> str:
        printed = ""
        for line in code.replace("\\\n", " ").splitlines():
            commands = line.split(" && ")
            wanted = [command for command in commands if not any(part in command for part in SKIPPED)]
            if any(command.endswith("pip install .") for command in commands):
                self._install()
            if wanted:
                printed += self._run(" && ".join(wanted).replace(".venv/bin/", ""))
        return printed

    def _run(self, command: str) -> str:
        path = os.pathsep.join((str(self._bin), os.environ.get("PATH", "")))
        paths = os.pathsep.join(filter(None, (str(self._site), str(ROOT), os.environ.get("PYTHONPATH", ""))))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self._directory,
            env={**os.environ, "PATH": path, "PYTHONPATH": paths, "COLUMNS": "120", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"{command}\nended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _install(self) -> None:
        """What `pip install .` leaves behind, as far as entry points are concerned."""
        project = tomllib.loads((self._directory / "pyproject.toml").read_text("utf-8"))["project"]
        info = self._site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        points = project.get("entry-points", {})
        lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in table.items()) for group, table in points.items()]
        (info / "entry_points.txt").write_text("\n".join(lines))
        for module in self._directory.glob("*.py"):
            (self._site / module.name).write_bytes(module.read_bytes())


@contextlib.contextmanager
def _importable(directory: pathlib.Path | None) -> Iterator[None]:
    """For as long as a page runs, the modules that it has the reader write can be imported."""
    if directory is None:
        yield
        return
    before = set(sys.modules)
    paths = [str(directory), str(directory / ".site")]
    sys.path[:0] = paths
    try:
        yield
    finally:
        for path in paths:
            sys.path.remove(path)
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(directory)):
                del sys.modules[name]


# -- generated tables


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def formats() -> str:
    """docs/formats.md."""
    parser = Parser()
    count: Counter[str] = Counter()
    origins: dict[str, dict[str, None]] = {}
    for sample in testing.discover(ROOT / "corpus"):
        for name in sample.parse(parser).detectors:
            count[name] += 1
            origins.setdefault(name, {})[sample.name.partition("/")[0]] = None
    text = _FORMATS_HEAD
    for detector in Registry.default():
        name = detector.name
        links = [f"[{origin}](../corpus/{origin})" for origin in list(origins.get(name, {}))[:_SHOWN]]
        more = len(origins.get(name, {})) - len(links)
        where = ", ".join(links) + (f" and {more} more" if more else "")
        text += _row(f"`{name}`", _describe(detector), where, str(count[name]) if count[name] else "none")
    return text


_SHOWN = 6
_FORMATS_HEAD = """# Formats

Made by `python tests/generate_docs.py`; do not edit.

Every detector that `Registry.default()` holds, in the order in which a report names them. Several may read the same
message: [how it decides](how-it-decides.md) says which of them counts. *Samples* is the number of messages in `corpus/`
to which the detector contributes, *where* the directories that hold them.

| detector | reads | where | samples |
|---|---|---|---|
"""


def servers() -> str:
    """docs/servers.md."""
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "corpus")]
    try:
        import server_tables
    finally:
        del sys.path[:2]
    return server_tables.page(testing.discover(ROOT / "corpus"))


def accuracy() -> str:
    """docs/accuracy.md."""
    checked: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for sample in testing.discover(ROOT / "corpus"):
        checked.update(sample.expected.keys())
        kinds[str(sample.expected["kind"])] += 1
        if sample.recipients is not None:
            checked["recipients"] += 1
        for fields in sample.recipients or ():
            checked.update(fields.keys() - {"address"})
            told[str(fields.get("reason"))] += 1
        wrong.update(difference.field.rpartition(".")[2] for difference in testing.check(sample))
        wrong.update(gap.rpartition(".")[2] for gap in sample.gaps)
    said: Counter[str] = Counter()
    for line in (ROOT / "tests" / "grammar.txt").read_text("utf-8").splitlines():
        reason, command, text = (cell.strip() for cell in line.split("|", 2))
        said[reason] += 1
        report = parse_reply(text, recipient="anne@example.com", command=command or None)
        wrong["refusals"] += report.recipients[0].reason != reason
    checked["refusals"] = said.total()
    text = _ACCURACY_HEAD
    for field in _MEASURED:
        text += _row(field.replace("_", " "), str(checked[field]), str(checked[field] - wrong[field]))
    text += "\n| kind | samples |\n|---|---|\n"
    for kind, count in sorted(kinds.items()):
        text += _row(f"`{kind}`", str(count))
    text += "\n| reason | recipients | refusals |\n|---|---|---|\n"
    for reason in Reason:
        text += _row(f"`{reason}`", str(told[reason]), str(said[reason]))
    return text


_MEASURED = (
    "kind", "recipients", "action", "status", "reply", "reason", "bounce_type", "suppress", "timing", "provenance",
    "refusals",
)  # fmt: skip
_ACCURACY_HEAD = """# Accuracy

Made by `python tests/generate_docs.py`; do not edit.

What every run of the tests holds the library to: the messages of [corpus/](../corpus/README.md), each with what it must
give, and the SMTP refusals of `tests/grammar.txt`. All of them are the project's own, so that these figures say what
stays right, and not how often the mail of strangers is read right. To measure that on messages of your own, write down
what they must give and let [bouncelib.testing](add-a-format.md) compare.

| what | checked | right |
|---|---|---|
"""


def reasons() -> str:
    text = "| reason | meaning | type | caused by |\n|---|---|---|---|\n"
    for reason in Reason:
        kind = bounce_type(reason, status=None, code=550)
        text += _row(f"`{reason}`", REASONS[reason], str(kind or ""), str(attribution_of(reason) or "nobody"))
    return text


def ranks() -> str:
    text = "| rank | detectors |\n|---|---|\n"
    by_rank: dict[int, list[str]] = {1: ["all others"]}
    for name, rank in RANKS.items():
        by_rank.setdefault(rank, []).append(f"`{name}`")
    for rank, names in sorted(by_rank.items()):
        text += _row(str(rank), ", ".join(names))
    return text


def timing_rules() -> str:
    text = "| rule | holds where | example |\n|---|---|---|\n"
    for name, rule in timing.RULES:
        what, _, example = (rule.__doc__ or "").partition("\n\n")
        text += _row(f"`{name}`", what.strip().rstrip("."), " ".join(example.split()))
    return text


def arrow_columns() -> str:
    from bouncelib.integrations import arrow

    text = "| column | type |\n|---|---|\n"
    for column in arrow.SCHEMA:
        text += _row(f"`{column.name}`", f"`{column.type}`".replace("item: ", ""))
    return text


TABLES: dict[str, Callable[[], str]] = {
    "reasons": reasons,
    "ranks": ranks,
    "timing rules": timing_rules,
    "arrow columns": arrow_columns,
}

_TABLE = re.compile(r"(?s)(<!-- generated: ([a-z ]+) -->\n)(.*?)(<!-- end -->)")


def with_tables(text: str) -> str:
    """The text of a page, its generated tables made new."""
    return _TABLE.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}{match[4]}", text)


def pages() -> list[pathlib.Path]:
    return [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def with_outputs(page: pathlib.Path) -> str:
    """The text of a page, the outputs in it made new."""
    text = page.read_text("utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        outputs = list(run(page, pathlib.Path(scratch)))
    for output in reversed(outputs):
        if output.expected:
            text = text[: output.expected.start] + output.printed.rstrip() + "\n" + text[output.expected.end :]
    return text


def write() -> int:
    """Write everything that is generated; 1 where a page could not be run, 0 else."""
    status = 0
    (DOCS / "formats.md").write_text(formats(), "utf-8")
    (DOCS / "servers.md").write_text(servers(), "utf-8")
    (DOCS / "accuracy.md").write_text(accuracy(), "utf-8")
    for page in pages():
        try:
            text = with_tables(with_outputs(page))
        except Exception as error:  # noqa: BLE001 - the other pages are written all the same
            print(f"{page.relative_to(ROOT)} fails: {type(error).__name__}: {error}")
            status = 1
            continue
        if text != page.read_text("utf-8"):
            page.write_text(text, "utf-8")
            print(f"written: {page.relative_to(ROOT)}")
    return status


if __name__ == "__main__":
    sys.exit(write())
