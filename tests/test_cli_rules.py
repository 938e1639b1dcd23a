"""`bouncelib rules`: what it lists, and what it says of a user's own file."""

from __future__ import annotations

import json
import pathlib

import pytest

from bouncelib import Reason, Rules
from bouncelib.cli import main

OWN = """
[[rule]]
id = "house.pet"
reason = "policy_related"
attribution = "domain"
text = ["no pets here"]
example = "550 5.7.1 No pets here"
why = "A rule of this house."
"""


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, str]]:
    assert main(["rules", "--format", "jsonl", *arguments]) == 0
    written = capsys.readouterr()
    assert written.err == ""
    return [json.loads(line) for line in written.out.splitlines()]


def test_all_rules_are_listed_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed(capsys)
    assert [row["id"] for row in rows] == [rule.id for rule in Rules.default()]
    for row, rule in zip(rows, Rules.default(), strict=True):
        assert list(row) == ["id", "reason", "attribution", "file", "example", "why"]
        assert (row["reason"], row["file"], row["example"], row["why"]) == (
            rule.reason, rule.file, rule.example, rule.why,
        )  # fmt: skip
    assert {row["attribution"] for row in rows} == {"recipient", "domain", "message", "sender", "nobody"}


def test_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--reason", "null_mx", "--file", "phrases"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "null-mx: null_mx, domain; phrases.toml",
        "    556 5.1.10 Recipient address has null MX",
        "    RFC 7505: the domain says that it takes no mail.",
    ]


def test_only_some(capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed(capsys, "--reason", "greylisted")
    assert rows
    assert {row["reason"] for row in rows} == {"greylisted"}
    rows = listed(capsys, "--file", "google")
    assert rows
    assert {row["file"] for row in rows} == {"providers/google.toml"}
    assert listed(capsys, "--file", "nowhere") == []


def test_no_such_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--reason", "gremlins"]) == 2
    said = capsys.readouterr().err
    assert "there is no reason 'gremlins'" in said
    assert all(reason in said for reason in Reason)


def test_ones_own_file_comes_first(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "house.toml"
    path.write_text(OWN)
    rows = listed(capsys, "--with", str(path))
    assert rows[0] == {
        "id": "house.pet", "reason": "policy_related", "attribution": "domain", "file": str(path),
        "example": "550 5.7.1 No pets here", "why": "A rule of this house.",
    }  # fmt: skip
    assert len(rows) == len(Rules.default()) + 1


def test_a_rule_that_does_not_prove_itself(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "house.toml"
    path.write_text(OWN.replace('example = "550 5.7.1 No pets here"', 'example = "550 5.1.1 User unknown"'))
    assert main(["rules", "--with", str(path), "--file", "house"]) == 1
    said = capsys.readouterr().err
    assert f"{path}: rule 'house.pet': its example is decided by 'mailbox.unknown' of phrases.toml" in said


def test_a_rule_that_hides_another(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "house.toml"
    path.write_text(OWN.replace("no pets here", "pets$").replace("No pets", "Pets") + OWN.replace(".pet", ".second"))
    assert main(["rules", "--with", str(path), "--file", "house"]) == 1
    assert "rule 'house.second': its example is decided by 'house.pet'" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[[rule]]\nid = 'x'\n", "no toml"])
def test_a_file_that_is_none(text: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "house.toml"
    path.write_text(text)
    assert main(["rules", "--with", str(path)]) == 1
    written = capsys.readouterr()
    assert written.out == ""
    assert str(path) in written.err
