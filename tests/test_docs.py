"""The pages are true: what they show runs and prints what they say, links lead somewhere, nothing public is missing.

Outputs and tables are made by `python tests/generate_docs.py`, which also says how a page is run.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import enum
import inspect
import pathlib
import re
import sys
import tomllib

import pytest

import bouncelib
from bouncelib import BouncelibError, Registry, Rules, TextFormat, arguments, detector, mime, patterns, reasons, testing
from bouncelib.detectors import flufl
from bouncelib.rules import matcher

sys.path.insert(0, str(pathlib.Path(__file__).parent))
try:
    import generate_docs
finally:
    sys.path.pop(0)

ROOT = generate_docs.ROOT
DOCS = generate_docs.DOCS
PAGES = generate_docs.pages()

each = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@each
def test_what_a_page_shows_is_true(page: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for output in generate_docs.run(page, tmp_path):
        if output.expected:
            where = f"{page.name}, line {output.expected.line}"
            assert output.printed.rstrip() == output.expected.code.rstrip(), where


@each
def test_every_block_is_of_a_language_that_is_tested(page: pathlib.Path) -> None:
    text = page.read_text("utf-8")
    found = generate_docs.blocks(text)
    assert text.count("\n```") + text.startswith("```") == 2 * len(found), "a block is not closed, or oddly opened"
    for block in found:
        where = f"{page.name}, line {block.line}"
        assert block.language in {"python", "sh", "toml", "text", "email", ""}, where
        assert block.language != "text" or block.follows or block.title, f"{where}: this output is of no block"


@each
def test_toml_is_toml_and_rules_are_rules(page: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for number, block in enumerate(generate_docs.blocks(page.read_text("utf-8"))):
        if block.language != "toml":
            continue
        table = tomllib.loads(block.code)
        if "rule" in table:
            file = tmp_path / f"{number}.toml"
            file.write_text(block.code, "utf-8")
            assert len(Rules.default().with_file(file)) == len(Rules.default()) + len(table["rule"])


@each
def test_what_is_run_elsewhere_is_run_there(page: pathlib.Path) -> None:
    tests = [path.read_text("utf-8") for path in pathlib.Path(__file__).parent.glob("test_*.py")]
    for mark in {block.mark for block in generate_docs.blocks(page.read_text("utf-8"))} - {""}:
        assert any(f'"{page.name}"' in text and f'"{mark}"' in text for text in tests), f"{page.name}: {mark}"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _without_code(text: str) -> str:
    for block in reversed(generate_docs.blocks(text)):
        text = text[: block.start] + text[block.end :]
    return text


@each
def test_links_lead_somewhere(page: pathlib.Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _without_code(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"(?m)^#+ (.+)$", _without_code(path.read_text("utf-8")))
            assert anchor in map(_anchor, headings), f"{page.name} links to {target}"


@each
def test_a_page_names_nobodys_machine(page: pathlib.Path) -> None:
    assert not re.findall(r"(?<![\w.])/(?:home|work|root|tmp|Users|opt)\b", page.read_text("utf-8"))


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)\s#]+\.md)", page.read_text("utf-8"))
        waiting += [(page.parent / link).resolve() for link in links]
    assert set(PAGES) <= seen


@pytest.mark.parametrize("name", ["formats", "accuracy", "servers"])
def test_a_made_page_is_not_stale(name: str) -> None:
    made = getattr(generate_docs, name)()
    assert (DOCS / f"{name}.md").read_text("utf-8") == made, "run python tests/generate_docs.py"


@each
def test_generated_tables_are_not_stale(page: pathlib.Path) -> None:
    text = page.read_text("utf-8")
    assert generate_docs.with_tables(text) == text, "run python tests/generate_docs.py"


# -- the reference is complete

REFERENCE = (DOCS / "reference.md").read_text("utf-8")


def _entry(name: str) -> str:
    """The part of the reference below the heading that names `name`."""
    headings = list(re.finditer(r"(?m)^(#+) (.+)$", REFERENCE))
    for number, heading in enumerate(headings):
        if f"`{name}`" in heading[2] or f"`{name}(" in heading[2]:
            level = len(heading[1])
            ends = (after.start() for after in headings[number + 1 :] if len(after[1]) <= level)
            return REFERENCE[heading.start() : next(ends, len(REFERENCE))]
    return ""


@pytest.mark.parametrize("name", bouncelib.__all__)
def test_every_public_name_has_an_entry(name: str) -> None:
    assert _entry(name), f"docs/reference.md has no heading with `{name}`"


@pytest.mark.parametrize("name", testing.__all__)
def test_every_name_for_authors_has_an_entry(name: str) -> None:
    assert f"`{name}`" in _entry("bouncelib.testing") or f"`{name}(" in _entry("bouncelib.testing")


CLASSES = [name for name in bouncelib.__all__ if inspect.isclass(getattr(bouncelib, name))]


def _members(cls: type) -> set[str]:
    """What a class offers: its fields, the values of an enumeration, its methods and properties."""
    found = {field.name for field in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set()
    if issubclass(cls, enum.StrEnum):
        return found | {str(member) for member in cls}
    kinds = (property, classmethod)
    return found | {name for name, value in vars(cls).items() if inspect.isfunction(value) or isinstance(value, kinds)}


@pytest.mark.parametrize("name", sorted(set(CLASSES) - {"Message"}))  # of which the page has what a detector needs
def test_every_field_and_method_is_mentioned(name: str) -> None:
    entry = _entry(name)
    wanted = [member for member in sorted(_members(getattr(bouncelib, name))) if not member.startswith("_")]
    missing = [member for member in wanted if f"`{member}`" not in entry and f"`{member}(" not in entry]
    assert not missing, f"docs/reference.md does not say what these of {name} are"


def test_mistakes_have_the_messages_that_the_how_to_quotes() -> None:
    page = (DOCS / "add-a-format.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| `([^`]+)` \| `([^`]+)` \|", page)
    assert len(rows) >= 6
    names = {**vars(bouncelib), "HERON": TextFormat(name="heron", start=("the heron",))}
    for code, message in rows:
        with pytest.raises((BouncelibError, TypeError)) as raised:
            eval(compile(ast.parse(code, mode="eval"), "add-a-format.md", "eval"), names)
        said = re.escape(message).replace("…", ".*")
        assert re.fullmatch(said, str(raised.value)), code


def _commands() -> dict[str, argparse.ArgumentParser]:
    for action in arguments.parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


@pytest.mark.parametrize(("name", "command"), _commands().items(), ids=list(_commands()))
def test_every_command_and_option_is_described(name: str, command: argparse.ArgumentParser) -> None:
    page = (DOCS / "command-line.md").read_text("utf-8")
    assert re.search(rf"(?m)^    bouncelib {name} ", page)
    for option in [string for action in command._actions for string in action.option_strings]:
        assert option in {"-h", "--help"} or re.search(rf"`{option}[ `]", page), f"bouncelib {name} {option}"


LIMITS = [
    ("nested parts", f"{mime.MAX_DEPTH}"),
    ("parts of a message", f"{mime.MAX_PARTS:,}"),
    ("one header block", f"{mime.MAX_HEADER >> 20} MiB"),
    ("one structured header", f"{mime.MAX_PARAMETERS >> 10} KiB"),
    ("text of one refusal that rules look at", f"{matcher.LIMIT} characters"),
    ("lines of prose kept for a recipient", f"{detector.MAX_DIAGNOSTIC_LINES}"),
    ("what is handed to flufl.bounce", f"{flufl.MAX_SIZE >> 10} KiB, {flufl.MAX_LINE} bytes of a line"),
    ("one search of a pattern of yours", f"{patterns.TIMEOUT} s in a format, {reasons._PATIENCE} s in a rule"),
]


@pytest.mark.parametrize(("what", "limit"), LIMITS, ids=[what for what, _ in LIMITS])
def test_limits_are_those_of_the_code(what: str, limit: str) -> None:
    assert f"| {what} | {limit} |" in (DOCS / "how-it-decides.md").read_text("utf-8")


def test_the_library_is_the_one_of_this_checkout() -> None:
    assert pathlib.Path(inspect.getfile(Registry)).is_relative_to(ROOT)
