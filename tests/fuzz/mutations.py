"""Ways to damage a message: each takes it, another one, and a source of chance."""

from __future__ import annotations

import base64
import pathlib
import quopri
import random
from collections.abc import Callable

__all__ = ["MUTATIONS", "SAMPLES", "WORDS", "Mutation", "mutate", "samples"]

Mutation = Callable[[bytes, bytes, random.Random], bytes]

SAMPLES = pathlib.Path(__file__).parent.parent.parent / "corpus"
MAX_SIZE = 60_000
"""Bytes of a mutated message."""

WORDS = [
    b"Content-Type: multipart/report; boundary=b\n", b"Content-Type: message/delivery-status\n",
    b"Content-Type: message/rfc822\n", b"Content-Transfer-Encoding: base64\n", b"\n--b\n", b"\n--b--\n", b"\n\n", b"\r",
    b"Content-Transfer-Encoding: quoted-printable\n", b"Content-Type: text/html; charset=utf-8\n", b"From x Mon\n",
    b"Final-Recipient: rfc822;a@example.com\n", b"Action: failed\n", b"Action: delayed\n", b"Status: 5.1.1\n",
    b"Diagnostic-Code: smtp; 550 no\n", b"Original-Recipient: rfc822;b+2Bc@example.com\n", b"Feedback-Type: abuse\n",
    b"Disposition: automatic-action/MDN-sent-automatically; deleted\n", b"X-Failed-Recipients: c@example.com\n",
    b"=?utf-8?q?=C3?=", b"=?iso-2022-jp?b?GyRC?=", b"\xff\xfe", b"\0", b"\x1b$B", b"Received: from x by y\n",
    b"Subject: Undelivered Mail\n", b"<a@example.com>", b"<\xc3\xa4@b\xc3\xbccher.example>", b"a@xn--bcher-kva.example",
    b"<html>", b"<!--", b"&#64;", b"charset=utf-16\n", b"charset=utf-7\n", b"boundary*0*=utf-8''%ff;",
    b"From: MAILER-DAEMON@example.com\n", b"Return-Path: <>\n", b"(", b'"', b"&#", b"=", b"550 5.1.1 ", b">>> RCPT TO:",
    b"... while talking to mx.example.com:\n", b"<<< 550 5.1.1 no\n", b"prvs=0123456789=", b"SRS0=aaaa=bb=example.com=",
]  # fmt: skip
"""What mail is made of, and what breaks its readers."""

_ENDS = (b"\n", b"\r\n", b"\r", b"\r\r\n", b"\n\r")
_TYPES = (b"text/plain", b"message/delivery-status", b"multipart/mixed", b"message/rfc822", b"text/html", b"x",
          b"message/feedback-report", b"multipart/report", b"message/global-delivery-status")  # fmt: skip
_CHARSETS = (b"utf-8", b"us-ascii", b"iso-8859-1", b"utf-16", b"utf-7", b"iso-2022-jp", b"hz", b"gb2312", b"x", b"idna")


def samples(limit: int = MAX_SIZE) -> list[bytes]:
    """The messages of the corpus."""
    found = [raw for path in sorted(SAMPLES.rglob("*.eml")) if 0 < len(raw := path.read_bytes()) < limit]
    assert found, f"no samples under {SAMPLES}"
    return found


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


def move(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    """Some lines elsewhere."""
    lines = _lines(raw, chance)
    begin = chance.randrange(len(lines))
    taken = lines[begin : begin + chance.randrange(1, 12)]
    rest = lines[:begin] + lines[begin + len(taken) :]
    at = chance.randrange(len(rest) + 1)
    return b"\n".join(rest[:at] + taken + rest[at:])


def splice(raw: bytes, other: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))] + other[chance.randrange(len(other)) :]


def blend(raw: bytes, other: bytes, chance: random.Random) -> bytes:
    """Lines of both, in turns."""
    mine, others, mixed = _lines(raw, chance), _lines(other, chance), list[bytes]()
    for _unused in range(chance.choice((2, 4, 10))):
        size = chance.randrange(1, 30)
        mixed += mine[:size]
        del mine[:size]
        begin = chance.randrange(len(others))
        mixed += others[begin : begin + chance.randrange(1, 30)]
    return b"\n".join(mixed + mine)


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
    return b"".join(line.rstrip(b"\r") + chance.choice(_ENDS) for line in raw.split(b"\n"))


def insert(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    for _unused in range(chance.choice((1, 3, 10))):
        at = chance.randrange(len(raw))
        raw = raw[:at] + chance.choice(WORDS) + raw[at:]
    return raw


def swap_types(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    return raw.replace(chance.choice(_TYPES), chance.choice(_TYPES))


def swap_charsets(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    name = chance.choice(_CHARSETS)
    changed = raw.replace(chance.choice(_CHARSETS), name)
    return changed if changed != raw else raw.replace(b"text/plain", b"text/plain; charset=" + name)


def stretch(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    """A piece of a line a few hundred times."""
    at = chance.randrange(len(raw))
    piece = raw[at : at + chance.choice((1, 2, 5, 20))].replace(b"\n", b" ") or b" "
    return raw[:at] + piece * chance.choice((10, 100, 400)) + raw[at:]


def encode(raw: bytes, _: bytes, chance: random.Random) -> bytes:
    """The body in a transfer encoding, said or not."""
    head, _blank, body = raw.partition(b"\n\n")
    name, data = chance.choice(
        ((b"base64", base64.encodebytes(body)), (b"quoted-printable", quopri.encodestring(body)))
    )
    field = b"\nContent-Transfer-Encoding: " + name if chance.random() < 0.8 else b""
    return head + field + b"\n\n" + data


def nest(raw: bytes, other: bytes, chance: random.Random) -> bytes:
    """The message as a part of another one, or of nothing."""
    head = other.partition(b"\n\n")[0] if chance.random() < 0.5 else b"From: a@example.org\nSubject: Fwd: x"
    kind = chance.choice((b"message/rfc822", b"text/plain", b"message/delivery-status", b"multipart/mixed; boundary=b"))
    return (
        head + b"\nContent-Type: multipart/mixed; boundary=nest\n\n--nest\nContent-Type: " + kind + b"\n\n" + raw
        + b"\n--nest--\n"
    )  # fmt: skip


MUTATIONS: tuple[Mutation, ...] = (
    cut, double, drop, drop_blank, move, splice, blend, flip, cross, mix_line_endings, insert, swap_types,
    swap_charsets, stretch, encode, nest,
)  # fmt: skip


def mutate(pool: list[bytes], chance: random.Random) -> bytes:
    """A message of the pool, damaged in one to four ways."""
    raw = chance.choice(pool)
    for _unused in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        raw = chance.choice(MUTATIONS)(raw, chance.choice(pool), chance)[:MAX_SIZE] or b"\n"
    return raw
