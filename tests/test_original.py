"""The returned message, in each of its shapes."""

from __future__ import annotations

import pytest

from bouncelib import mime
from bouncelib.original import find_original

HEAD = """\
Return-Path: <list-bounces@example.com>
Received: from a.example.com by b.example.net; Mon, 2 Mar 2026 10:00:00 +0000
Message-ID: <1@example.com>
From: =?utf-8?q?J=C3=BCrgen?= <list@example.com>
To: anne@example.org
Subject: =?utf-8?b?R3LDvMOfZQ==?=
Date: Mon, 2 Mar 2026 10:00:00 +0000
List-Id: <list.example.com>
"""
REPORT = "From: MAILER-DAEMON@example.net\nSubject: failed\nMIME-Version: 1.0\n"


def multipart(kind: str, inner: str, encoding: str = "7bit") -> str:
    return (
        f"{REPORT}Content-Type: multipart/report; boundary=b\n\n--b\n\nsorry\n--b\nContent-Type: {kind}\n"
        f"Content-Transfer-Encoding: {encoding}\n\n{inner}\n--b--\n"
    )


SHAPES = [
    ("a part", multipart("message/rfc822", HEAD + "\nthe body\n"), True),
    ("a part without a body", multipart("message/rfc822", HEAD), False),
    ("headers only", multipart("text/rfc822-headers", HEAD), False),
    ("headers only, newer type", multipart("message/rfc822-headers", HEAD), False),
    ("internationalised", multipart("message/global", HEAD + "\nthe body\n"), True),
    (
        "encoded, which RFC 2046 forbids",
        multipart(
            "message/rfc822", HEAD.replace("=?", "=3D?").replace("?=", "?=3D") + "\nthe body\n", "quoted-printable"
        ),
        True,
    ),
    ("pasted below the text", f"{REPORT}\nIt failed.\n\n--- copy ---\n{HEAD}\nthe body\n", True),
    ("pasted, headers only", f"{REPORT}\nIt failed.\n\n{HEAD}", False),
    ("pasted and quoted", f"{REPORT}\nIt failed.\n\n" + "".join(f"> {line}\n" for line in HEAD.splitlines()), False),
]


@pytest.mark.parametrize(("raw", "complete"), [case[1:] for case in SHAPES], ids=[case[0] for case in SHAPES])
def test_shapes(raw: str, complete: bool) -> None:
    original, _ = find_original(mime.read(raw.encode()))
    assert original is not None
    assert original.message_id == "<1@example.com>"
    assert original.sender == "list-bounces@example.com"
    assert original.to == "anne@example.org"
    assert original.list_id == "<list.example.com>"
    assert original.date is not None
    assert original.date.year == 2026
    assert original.complete is complete
    assert original.headers[0] == ("Return-Path", "<list-bounces@example.com>")
    if "=3D" not in raw:
        assert (original.subject, original.from_) == ("Grüße", "Jürgen <list@example.com>")


@pytest.mark.parametrize(
    "raw", [f"{REPORT}\nIt failed, and nothing came back.\n", multipart("message/rfc822", "\n(removed)\n")]
)
def test_nothing_returned(raw: str) -> None:
    assert find_original(mime.read(raw.encode()))[0] is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Return-Path: <>", ""),
        ("Return-Path: <a@example.com>", "a@example.com"),
        ("Return-Path: (none)", None),
        ("X-Envelope-From: <b@example.com>", "b@example.com"),
        ("Message-ID: broken", None),
    ],
)
def test_the_envelope_sender(line: str, expected: str | None) -> None:
    original, _ = find_original(mime.read(multipart("message/rfc822", f"{line}\nSubject: x\n\nbody\n").encode()))
    assert original is not None
    assert original.sender == expected
