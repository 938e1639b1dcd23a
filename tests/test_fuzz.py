"""Any bytes in, a Report out: samples of the corpus cut, doubled, spliced, flipped, and bytes that never were mail."""

from __future__ import annotations

import email
import json
import pathlib
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bouncelib
from bouncelib import mime
from bouncelib.address import clean, find, typed
from bouncelib.dialogue import find_command, find_host
from bouncelib.model import Report

CORPUS = pathlib.Path(__file__).parent.parent / "corpus"
SAMPLES = sorted(CORPUS.rglob("*.eml"))
_SETTINGS = settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

_WORDS = [
    b"Content-Type: multipart/report; boundary=b\n", b"Content-Type: message/delivery-status\n",
    b"Content-Type: message/rfc822\n", b"Content-Transfer-Encoding: base64\n", b"\n--b\n", b"\n--b--\n", b"\n\n", b"\r",
    b"Final-Recipient: rfc822;a@example.com\n", b"Action: failed\n", b"Status: 5.1.1\n",
    b"Diagnostic-Code: smtp; 550 no\n", b"=?utf-8?q?=C3?=", b"\xff\xfe", b"\0", b"\x1b$B", b"Received: x\n",
    b"Subject: Undelivered Mail\n", b"<a@example.com>",
    b"<html>", b"charset=utf-16\n", b"boundary*0*=utf-8''%ff;", b"From: MAILER-DAEMON@example.com\n", b"(", b'"', b"&#",
]  # fmt: skip


def check(raw: bytes) -> None:
    report = bouncelib.parse(raw)
    assert isinstance(report, Report)
    failed = [defect.text for defect in report.defects if defect.rule == "detector-failed"]
    # The detectors of `flufl.bounce` do raise; that they are isolated is what counts.
    assert not [text for text in failed if not text.startswith("flufl")]
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    assert report.explain()


def _lines(raw: bytes, chance: random.Random) -> list[bytes]:
    lines = raw.split(b"\n")
    return lines[:400] if len(lines) > 400 and chance.random() < 0.5 else lines


def cut(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    begin = chance.randrange(len(raw)) if chance.random() < 0.3 else 0
    return raw[begin : chance.randrange(begin, len(raw)) + 1]


def double(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    lines = _lines(raw, chance)
    at, size = chance.randrange(len(lines)), chance.randrange(1, 20)
    return b"\n".join(lines[:at] + lines[at : at + size] * chance.choice((2, 3, 50)) + lines[at:])


def drop(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    return b"\n".join(line for line in _lines(raw, chance) if chance.random() > 0.05)


def drop_blank(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    return b"\n".join(line for line in _lines(raw, chance) if line.strip() or chance.random() > 0.5)


def splice(raw: bytes, other: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))] + other[chance.randrange(len(other)) :]


def flip(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    for _unused in range(chance.choice((1, 5, 50, 500))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def cross(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    """Delimiter lines in another order."""
    lines = _lines(raw, chance)
    marks = [number for number, line in enumerate(lines) if line.startswith(b"--")]
    shuffled = chance.sample(marks, len(marks))
    moved = dict(zip(marks, (lines[number] for number in shuffled), strict=True))
    return b"\n".join(moved.get(number, line) for number, line in enumerate(lines))


def mix_line_endings(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    ends = (b"\n", b"\r\n", b"\r", b"\r\r\n", b"\n\r")
    return b"".join(line.rstrip(b"\r") + chance.choice(ends) for line in raw.split(b"\n"))


def insert(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    for _unused in range(chance.choice((1, 3, 10))):
        at = chance.randrange(len(raw))
        raw = raw[:at] + chance.choice(_WORDS) + raw[at:]
    return raw


def swap_types(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    kinds = (b"text/plain", b"message/delivery-status", b"multipart/mixed", b"message/rfc822", b"text/html", b"x")
    return raw.replace(chance.choice(kinds), chance.choice(kinds))


MUTATIONS = (cut, double, drop, drop_blank, splice, flip, cross, mix_line_endings, insert, swap_types)
_ROUNDS = 240


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_mutated_samples(mutate: object) -> None:
    assert callable(mutate)
    assert SAMPLES, f"no samples under {CORPUS}"
    chance = random.Random(mutate.__name__)  # type: ignore[attr-defined]
    pool = [raw for path in SAMPLES if 0 < len(raw := path.read_bytes()) < 60_000]
    for _ in range(_ROUNDS):
        raw = mutate(chance.choice(pool), chance.choice(pool), chance)
        check(raw)


@_SETTINGS
@given(st.binary(max_size=400))
def test_bytes(raw: bytes) -> None:
    check(raw)


@_SETTINGS
@given(st.lists(st.one_of(st.sampled_from(_WORDS), st.binary(max_size=12)), max_size=40))
def test_pieces_of_mail(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    check(raw)
    message = mime.read(raw)
    for part in message.parts:
        part.text().encode("utf-8")
        part.embedded().headers.decoded()


@_SETTINGS
@given(st.lists(st.one_of(st.sampled_from(_WORDS), st.binary(max_size=12)), max_size=20))
def test_messages_of_the_standard_library(pieces: list[bytes]) -> None:
    bouncelib.parse(email.message_from_bytes(b"".join(pieces)))


@_SETTINGS
@given(st.text(max_size=200))
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
