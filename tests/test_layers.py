"""Imports run one way: a module may import only from modules to its left."""

from __future__ import annotations

import ast
import pathlib

import pytest

import bouncelib

PACKAGE = pathlib.Path(bouncelib.__file__).parent

LAYERS = (
    ("frozen",),
    ("model",),
    ("context", "charset", "transfer", "status", "reply", "address", "dialogue", "phrases", "refusals", "mentions",
     "wordings"),
    ("logs",),
    ("header", "body"),
    ("flatten",),
    ("mime",),
    ("marks", "wrapped", "patterns"),
    ("detector",),
    ("detectors",),
    ("registry",),
    ("merge",),
    ("original", "kinds", "rules"),
    ("reasons", "timing", "provenance"),
    ("parser", "bounce_address"),
    ("safe_text", "schema", "vocabularies"),
    ("explain", "summary"),
    ("workers",),
    ("__init__",),
    ("mailbox", "testing", "integrations"),
    ("output", "progress"),
    ("job", "summary_output", "summary_page", "arguments"),
    ("cli",),
    ("__main__",),
)  # fmt: skip
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

# A Report renders itself; it reaches its two renderings when they are called, not when it is imported.
LATE = {("model", "schema"), ("model", "explain")}


def top_level(path: pathlib.Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: pathlib.Path) -> set[str]:
    """The top-level modules of the package that the file imports."""
    found: set[str] = set()
    depth = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            if node.level < depth:
                continue  # within the same subpackage
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found.update(str(name).partition(".")[0] for name in names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bouncelib"):
            found.add((node.module or "").partition(".")[2].partition(".")[0] or "__init__")
    return found


FILES = sorted(PACKAGE.rglob("*.py"))


def test_there_is_something_to_check() -> None:
    assert len(FILES) > 20


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: pathlib.Path) -> None:
    name = top_level(path)
    assert name in LEVEL, f"{name} has no place in LAYERS: say where it belongs"
    for found in imports(path) - {name}:
        other = found if found in LEVEL else "__init__"  # a public name, imported from the package itself
        if (name, other) not in LATE:
            assert LEVEL[other] < LEVEL[name] or (LEVEL[other] == LEVEL[name] != 0), f"{path.name} imports {other}"


def test_detectors_do_not_know_each_other() -> None:
    for path in (PACKAGE / "detectors").glob("*.py"):
        if path.name == "__init__.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                pytest.fail(f"{path.name} imports .{node.module}")


def test_the_core_imports_nothing_optional_or_slow() -> None:
    heavy = {"rich", "chardet", "flufl", "jsonschema", "email.mime", "asyncio", "multiprocessing"}
    for path in FILES:
        tree = ast.parse(path.read_text("utf-8"))
        for node in tree.body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            for name in names:
                assert name not in heavy, f"{path.name} imports {name} at its top"
                assert name.partition(".")[0] not in heavy, f"{path.name} imports {name} at its top"
