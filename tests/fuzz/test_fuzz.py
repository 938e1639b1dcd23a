"""A few thousand of the inputs that `run.py` makes by the million, and text where text is expected."""

from __future__ import annotations

import email
import pathlib
import random

import invariant
import mutations
import pytest
import reports
import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bouncelib
from bouncelib import mime
from bouncelib.address import clean, find, typed
from bouncelib.dialogue import find_command, find_host
from bouncelib.model import Report

_SETTINGS = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
_ROUNDS = 130


@pytest.fixture(scope="module")
def pool() -> list[bytes]:
    return mutations.samples()


@pytest.mark.parametrize("damage", mutations.MUTATIONS, ids=lambda damage: damage.__name__)
def test_damaged_samples(damage: mutations.Mutation, pool: list[bytes]) -> None:
    chance = random.Random(damage.__name__)
    for _ in range(_ROUNDS):
        invariant.check(damage(chance.choice(pool), chance.choice(pool), chance), chance.choice(invariant.CONTEXTS))


def test_samples_damaged_in_several_ways(pool: list[bytes]) -> None:
    chance = random.Random(0)
    for _ in range(400):
        invariant.check(mutations.mutate(pool, chance), chance.choice(invariant.CONTEXTS))


@settings(_SETTINGS, max_examples=120)
@given(reports.messages(), st.sampled_from(invariant.CONTEXTS))
def test_reports(raw: bytes, context: invariant.Context | None) -> None:
    invariant.check(raw, context)


@settings(_SETTINGS, max_examples=120)
@given(reports.damaged())
def test_damaged_reports(raw: bytes) -> None:
    invariant.check(raw)


@settings(_SETTINGS, max_examples=200)
@given(st.one_of(st.binary(max_size=400), reports.pieces))
def test_bytes(raw: bytes) -> None:
    invariant.check(raw)
    message = mime.read(raw)
    for part in message.parts:
        part.text().encode("utf-8")
        part.embedded().headers.decoded()


@settings(_SETTINGS, max_examples=200)
@given(reports.pieces)
def test_messages_of_the_standard_library(raw: bytes) -> None:
    assert isinstance(bouncelib.parse(email.message_from_bytes(raw)), Report)


@settings(_SETTINGS, max_examples=200)
@given(st.one_of(st.text(max_size=200), reports.words))
def test_text(text: str) -> None:
    for function in (
        clean,
        typed,
        find,
        find_command,
        find_host,
        mime.decode_words,
        mime.parameters,
        mime.html_to_text,
    ):
        function(text)
    assert isinstance(bouncelib.parse_reply(text), Report)
    address = clean(text)
    assert address is None or address.strip() == address


# -- the instruments themselves


@pytest.mark.parametrize(
    "address, is_there",
    [
        ("anne@example.com", True),
        ("Anne@EXAMPLE.com", True),
        ("björn@example.com", True),
        ("carl@bücher.example", True),
        ("dora+tag@example.com", True),
        ("eve@example.com", True),
        ("frank@example.com", True),
        ('"gina h"@example.com', True),
        ("nobody@example.com", False),
        ("anne@example.net", False),
    ],
)
def test_an_invented_address_is_told_from_an_encoded_one(address: str, is_there: bool) -> None:
    raw = (
        b"From: =?utf-8?q?bj=C3=B6rn?=@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\n\n<anne@example.com> carl@xn--bcher-kva.example rfc822;dora+2Btag@example.com eve&#64;example.com\n"
        b'--b\nContent-Transfer-Encoding: base64\n\nZnJhbmtAZXhhbXBsZS5jb20K\n--b\n\n"gina\n h"@example.com\n--b--\n'
    )
    assert (address in invariant.Pool(raw)) == is_there


def test_a_fault_is_found_and_cut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(raw: bytes, _context: object) -> Report:
        assert b"fault" not in raw
        return bouncelib.parse(b"")

    monkeypatch.setattr(invariant, "check", check)
    totals = run.Totals()
    totals.try_out(b"Subject: x\n\nno\n", None)
    totals.try_out(b"Subject: x\n\nsome\nfaulty lines\n", None)
    assert totals.inputs == 2
    assert list(totals.findings.values()) == [b"fault"]


def test_a_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path) -> None:
    monkeypatch.setattr("sys.argv", ["run.py", "--inputs", "60", "--save", str(tmp_path)])
    assert run.main() == 0
    out = capsys.readouterr().out
    assert out.startswith("60 inputs")
    assert "0 findings" in out
