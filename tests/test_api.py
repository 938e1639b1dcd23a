"""The public surface: the names, that they are literal, and that values stay values."""

from __future__ import annotations

import ast
import copy
import dataclasses
import pathlib
import pickle
import subprocess
import sys
from collections.abc import Callable

import pytest

import bouncelib
from bouncelib import model


def test_all_is_literal_sorted_and_complete() -> None:
    tree = ast.parse(pathlib.Path(bouncelib.__file__).read_text("utf-8"))
    literal = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    )
    assert literal == bouncelib.__all__
    assert len(set(literal)) == len(literal)
    for name in literal:
        assert getattr(bouncelib, name) is not None
    public = {name for name in model.__all__ if name[0].isupper()}
    assert public <= set(literal)


def test_version_is_the_one_of_the_distribution() -> None:
    import importlib.metadata

    assert bouncelib.__version__ == importlib.metadata.version("bouncelib")


VALUES = [getattr(model, name) for name in model.__all__ if dataclasses.is_dataclass(getattr(model, name))]


@pytest.mark.parametrize("cls", VALUES, ids=lambda cls: str(cls.__name__))
def test_values_are_frozen_slotted_and_documented(cls: type) -> None:
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(cls)
    assert cls.__doc__
    assert not cls.__doc__.startswith(f"{cls.__name__}(")


@pytest.mark.parametrize("cls", [bouncelib.Report, bouncelib.Recipient, bouncelib.Context])
def test_help_tells_of_every_field(cls: type) -> None:
    names = [field.name for field in dataclasses.fields(cls)]
    assert [name for name in names if f"`{name}`" not in str(cls.__doc__)] == []


def test_reports_and_recipients_hash_and_compare() -> None:
    raw = b"Subject: hello\n\nhello\n"
    assert bouncelib.parse(raw) == bouncelib.parse(raw)
    assert hash(bouncelib.parse(raw)) == hash(bouncelib.parse(raw))


REFUSED = bouncelib.parse_reply("550 5.1.1 <anne@example.com>: User unknown", recipient="anne@example.com")


def test_a_value_cannot_be_written_to() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        REFUSED.recipients[0].address = "bob@example.com"  # type: ignore[misc]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_report_is_pickled(protocol: int) -> None:
    read = pickle.loads(pickle.dumps(REFUSED, protocol))
    assert read == REFUSED
    assert type(read.recipients[0].evidence[0]) is bouncelib.Evidence


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_report_is_copied(duplicate: Callable[[bouncelib.Report], bouncelib.Report]) -> None:
    assert duplicate(REFUSED) == REFUSED


NEEDED_LATER = [
    "chardet", "dkim", "flufl.bounce", "pyarrow", "pyspark", "ray", "regex", "rich",
    "concurrent.futures", "csv", "email", "hashlib", "hmac", "importlib.metadata", "importlib.resources", "ipaddress",
    "json", "multiprocessing", "pathlib", "random", "socket", "tempfile", "tomllib", "urllib",
    "bouncelib.cli", "bouncelib.explain", "bouncelib.mailbox", "bouncelib.schema", "bouncelib.workers",
]  # fmt: skip
"""What takes long to import, and is needed for few messages, by few callers, or by none before the first message."""


def test_importing_the_package_stays_light() -> None:
    code = "import sys; before = set(sys.modules); import bouncelib; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert "bouncelib.parser" in imported
    assert imported & set(NEEDED_LATER) == set()


def test_every_public_callable_has_a_docstring() -> None:
    for name in bouncelib.__all__:
        value = getattr(bouncelib, name)
        if callable(value):
            assert value.__doc__, name
