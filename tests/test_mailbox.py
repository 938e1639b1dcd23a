"""Where messages come from, and what becomes of those that cannot be read."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pathlib
import socket
import sys
import tracemalloc
import typing
from collections.abc import Callable, Iterator

import pytest

from bouncelib import mailbox
from bouncelib.mailbox import Failure, Found, Skipped, begins_like_a_message, messages

FROM = b"From anne@example.com Mon Jan  1 00:00:00 2024\n"
ONE = b"Subject: one\n\nfirst\n"
TWO = b"Subject: two\n\nsecond\n"


def found(path: str | os.PathLike[str]) -> list[tuple[str, bytes]]:
    """What was found, by its name without the directories; a failure fails the test."""
    entries = list(messages(path))
    assert not [entry for entry in entries if isinstance(entry, Failure)]
    return [(pathlib.Path(entry.name).name, entry.raw) for entry in entries if isinstance(entry, Found)]


def names(path: pathlib.Path) -> list[str]:
    """The names of what was found, relative to the path, with an exclamation mark where it could not be read."""
    return [
        f"{'!' if isinstance(entry, Failure) else ''}{pathlib.Path(entry.name).relative_to(path).as_posix()}"
        for entry in messages(path)
    ]


def errors(path: str | os.PathLike[str]) -> list[tuple[str, str]]:
    return [(entry.name, entry.error) for entry in messages(path) if isinstance(entry, Failure)]


# -- what one file holds

FILES: list[tuple[str, bytes, list[tuple[str, bytes]]]] = [
    ("one message", ONE, [("f", ONE)]),
    ("nothing", b"", [("f", b"")]),
    ("bytes", b"\x00\xff\r\n\x1b", [("f", b"\x00\xff\r\n\x1b")]),
    ("blank lines", b"\n\n" + ONE, [("f", b"\n\n" + ONE)]),
    ("only blank lines", b"\n\n", [("f", b"\n\n")]),
    ("a message with a From_ line", FROM + ONE, [("f", ONE)]),
    ("two messages", FROM + ONE + b"\n" + FROM + TWO + b"\n", [("f#1", ONE), ("f#2", TWO)]),
    ("blank lines before", b"\n\n" + FROM + ONE + b"\n" + FROM + TWO, [("f#1", ONE), ("f#2", TWO)]),
    ("no line end at the end", FROM + ONE + b"\n" + FROM + b"A: b\n\nc", [("f#1", ONE), ("f#2", b"A: b\n\nc")]),
    ("empty messages", FROM + b"\n" + FROM + b"\n", [("f#1", b"\n"), ("f#2", b"\n")]),
    ("nothing after a From_ line", FROM, [("f", b"")]),
    ("header only", FROM + b"Subject: x\n\n" + FROM + ONE, [("f#1", b"Subject: x\n"), ("f#2", ONE)]),
    (
        "CRLF",
        (FROM + ONE + b"\n" + FROM + TWO).replace(b"\n", b"\r\n"),
        [("f#1", ONE.replace(b"\n", b"\r\n")), ("f#2", TWO.replace(b"\n", b"\r\n"))],
    ),
    ("quoted", FROM + ONE + b"\n>From me\n>>From you\n> From\n", [("f", ONE + b"\nFrom me\n>From you\n> From\n")]),
    ("From in the text", FROM + ONE + b"\nFrom here on, Monday\n", [("f", ONE + b"\nFrom here on, Monday\n")]),
    ("From without a blank line", FROM + ONE + FROM, [("f", ONE + FROM)]),
    ("not an mbox", b"From here on\nSubject: x\n\ny\n", [("f", b"From here on\nSubject: x\n\ny\n")]),
    ("two blank lines at the end", FROM + ONE + b"\n\n", [("f", ONE + b"\n")]),
    (
        "a returned message with its From_ line",
        FROM + b"Subject: x\n\n--b\nContent-Type: message/rfc822\n\n" + FROM + ONE + b"\n--b--\n",
        [("f", b"Subject: x\n\n--b\nContent-Type: message/rfc822\n\n" + FROM + ONE + b"\n--b--\n")],
    ),
    (
        "a message after the last boundary",
        FROM + b"Subject: x\n\n--b\nContent-Type: text/plain\n\nhi\n--b--\n\n" + FROM + ONE,
        [("f#1", b"Subject: x\n\n--b\nContent-Type: text/plain\n\nhi\n--b--\n"), ("f#2", ONE)],
    ),
    (
        "a signature that looks like a boundary",
        FROM + b"Subject: x\n\n--me\n\n" + FROM + ONE,
        [("f#1", b"Subject: x\n\n--me\n"), ("f#2", ONE)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "wanted"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_what_a_file_holds(tmp_path: pathlib.Path, raw: bytes, wanted: list[tuple[str, bytes]]) -> None:
    (tmp_path / "f").write_bytes(raw)
    assert found(tmp_path / "f") == wanted


@pytest.mark.parametrize(("raw", "wanted"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_what_standard_input_holds(
    monkeypatch: pytest.MonkeyPatch, raw: bytes, wanted: list[tuple[str, bytes]]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert found("-") == [(name.replace("f", "-"), text) for name, text in wanted]


FROM_LINES = [
    (b"From anne@example.com Mon Jan  1 00:00:00 2024", True),
    (b"From MAILER-DAEMON  Thu Apr 29 23:34:45 2015", True),
    (b"From - Mon Jan 01 00:00:00 2024", True),
    (b"From  Mon Jan  1 00:00:00 2024", True),
    (b"From anne at example.com  Mon Jan  1 00:00:00 2024", True),
    (b"From anne@example.com Mon Jan  1 00:00 2024", True),
    (b"From anne@example.com Mon Jan  1 00:00:00 +0100 2024", True),
    (b"From anne@example.com Mon Jan  1 00:00:00 CET 2024", True),
    (b"From anne@example.com Mon Jan  1 00:00:00 2024 +0100", True),
    (b"From anne@example.com Mon Jan  1 00:00:00 2024 remote from uunet", True),
    (b"From anne@example.com Mon, 1 Jan 2024 00:00:00 +0000", True),
    (b"From anne@example.com", False),
    (b"From: anne@example.com Mon Jan  1 00:00:00 2024", False),
    (b"From now on, Mon Jan 1", False),
    (b"from anne@example.com Mon Jan  1 00:00:00 2024", False),
    (b"From " + b"x" * 100_000, False),
]


@pytest.mark.parametrize(("line", "is_one"), FROM_LINES)
def test_which_lines_part_messages(tmp_path: pathlib.Path, line: bytes, is_one: bool) -> None:
    (tmp_path / "box").write_bytes(FROM + ONE + b"\n" + line + b"\n" + TWO)
    assert len(found(tmp_path / "box")) == 1 + is_one


OTHERS = [
    ("zip", b"PK\x03\x04\x14\0\0\0\0\0a.eml" + ONE, "a zip archive"),
    ("gzip", gzip.compress(ONE), "a gzip file"),
    ("bzip2", bz2.compress(ONE), "a bzip2 file"),
    ("nothing in bzip2", bz2.compress(b""), "a bzip2 file"),
    ("xz", lzma.compress(ONE), "an xz file"),
    ("zstd", b"\x28\xb5\x2f\xfd\x24\x0a" + ONE, "a zstd file"),
    ("msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "a message of Outlook (.msg)"),
    ("pst", b"!BDN" + bytes(500), "a mailbox of Outlook (.pst)"),
    ("MMDF", b"\1\1\1\1\n" + ONE + b"\1\1\1\1\n", "an MMDF mailbox"),
]


@pytest.mark.parametrize(("raw", "what"), [case[1:] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_what_may_hold_many_messages_is_not_taken_for_one(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, raw: bytes, what: str
) -> None:
    path = tmp_path / "f"
    path.write_bytes(raw)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    entries = [*mailbox.messages(path), *mailbox.messages("-"), *mailbox.log_lines(path)]
    assert [entry.name for entry in entries] == [str(path), "-", str(path)]
    for entry in entries:
        assert isinstance(entry, Failure)
        assert entry.error.startswith(f"{what}, which is not read: ")
    assert list(mailbox.messages(tmp_path)) == [Skipped(str(path))]
    for name in ("cur", "new"):
        (tmp_path / name).mkdir()
    path.rename(tmp_path / "cur" / "f")
    (entry,) = mailbox.messages(tmp_path)
    assert isinstance(entry, Failure)


def test_what_only_looks_a_little_like_it_is_a_message(tmp_path: pathlib.Path) -> None:
    for raw in (b"PK: 1\n\nx\n", b"BZh9: x\n\nx\n", b"!BD: x\n\nx\n", b"\1\1\1\1\1\n"):
        (tmp_path / "f").write_bytes(raw)
        assert found(tmp_path / "f") == [("f", raw)]


def test_the_lines_of_a_log(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    raw = b"one\n" + b"x" * (2 * mailbox._LINE + 5) + b"\n\nfour"
    path.write_bytes(raw)
    lines = [b"one\n", b"x" * mailbox._LINE, b"\n", b"four"]
    assert list(mailbox.log_lines(path)) == [Found(f"{path}:{number}", line) for number, line in enumerate(lines, 1)]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert list(mailbox.log_lines("-")) == [Found(f"-:{number}", line) for number, line in enumerate(lines, 1)]


@pytest.mark.parametrize("name", [".", "nowhere"])
def test_a_log_that_cannot_be_read_is_a_failure(tmp_path: pathlib.Path, name: str) -> None:
    (entry,) = mailbox.log_lines(tmp_path / name)
    assert isinstance(entry, Failure)


@pytest.mark.parametrize("size", [mailbox._LINE - 1, mailbox._LINE, mailbox._LINE + 1, 3 * mailbox._LINE])
def test_long_lines_are_kept_whole(tmp_path: pathlib.Path, size: int) -> None:
    long = b"x" * size + b"From a Mon Jan  1 00:00:00 2024\n"
    (tmp_path / "box").write_bytes(FROM + ONE + long + b"\n" + FROM + TWO)
    assert found(tmp_path / "box") == [("box#1", ONE + long), ("box#2", TWO)]


# -- size


def test_a_message_beyond_the_limit_is_cut_and_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MAX_MESSAGE", 100)
    big = b"Subject: big\n\n" + b"x" * 60 + b"\n" + b"y" * 60 + b"\n"
    (tmp_path / "file").write_bytes(big)
    (tmp_path / "box").write_bytes(FROM + big + b"\n" + FROM + TWO)
    file, failure = messages(tmp_path / "file")
    assert isinstance(file, Found)
    assert file.raw == big[:100]
    assert isinstance(failure, Failure)
    assert failure.name == file.name
    assert "only its beginning was read" in failure.error
    first, failure, second = messages(tmp_path / "box")
    assert isinstance(first, Found)
    assert first.raw == big[:100]
    assert failure == Failure(f"{tmp_path / 'box'}#1", failure.error if isinstance(failure, Failure) else "")
    assert second == Found(f"{tmp_path / 'box'}#2", TWO)


class Generated(io.RawIOBase):
    """An mbox that exists only while it is read."""

    def __init__(self, count: int) -> None:
        self.message = FROM + b"Subject: x\n\n" + (b"x" * 127 + b"\n") * 100 + b"\n"
        self.left = count
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: typing.Any) -> int:
        if not self.rest and self.left:
            self.rest = self.message
            self.left -= 1
        size = min(len(buffer), len(self.rest))
        buffer[:size] = self.rest[:size]
        self.rest = self.rest[size:]
        return size


def test_a_big_mbox_is_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 2300  # 30 MB
    stdin = io.TextIOWrapper(io.BufferedReader(Generated(count)))
    monkeypatch.setattr(sys, "stdin", stdin)
    tracemalloc.start()
    try:
        assert sum(isinstance(entry, Found) for entry in messages("-")) == count
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


# -- directories


def write(root: pathlib.Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(ONE)


def test_a_tree_is_read_in_the_order_of_names(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "b.eml", "a/z.eml", "a/b/c.eml", "c/.hidden", "B.eml", "ü.eml")
    (tmp_path / "empty").mkdir()
    (tmp_path / "c" / "box").write_bytes(FROM + ONE + b"\n" + FROM + TWO)
    wanted = ["B.eml", "a/b/c.eml", "a/z.eml", "b.eml", "c/.hidden", "c/box#1", "c/box#2", "ü.eml"]
    assert names(tmp_path) == wanted
    assert names(tmp_path) == wanted


def test_a_maildir_is_its_messages_and_its_folders(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "new/2", "new/1", "cur/3:2,S", "tmp/4", "dovecot.index.log", ".Sub/cur/5", ".Sub/new/6",
          ".Sub/maildirfolder", ".Sub.Deeper/cur/7", ".Sub.Deeper/new/8", "plain/cur/9", "plain/new/10")  # fmt: skip
    assert names(tmp_path) == [
        "cur/3:2,S", "new/1", "new/2", ".Sub/cur/5", ".Sub/new/6", ".Sub.Deeper/cur/7", ".Sub.Deeper/new/8",
        "plain/cur/9", "plain/new/10",
    ]  # fmt: skip


def test_a_maildir_within_a_tree_is_recognised(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "users/anne/new/1", "users/anne/cur/2", "users/anne/tmp/3", "other/tmp/4")
    assert names(tmp_path) == ["other/tmp/4", "users/anne/cur/2", "users/anne/new/1"]


def test_a_file_of_a_maildir_is_one_message(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "new/1", "cur/2")
    raw = FROM + ONE + b"\n" + FROM + TWO
    (tmp_path / "new" / "1").write_bytes(raw)
    assert [entry.raw for entry in messages(tmp_path) if isinstance(entry, Found)] == [ONE, raw]
    assert found(tmp_path / "new") == [("1", raw)]


def test_a_name_that_is_no_text_is_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.eml")).write_bytes(ONE)
    assert found(tmp_path) == [("\udcff.eml", ONE)]


# -- what begins like a message

RECEIVED = b"Received: from a.example.com by b.example.com;\n\tMon, 1 Jan 2024 00:00:00 +0000\n"
HEADS = [
    ("a field", b"Subject: x\n\ny\n", True),
    ("any case, blanks before the colon", b"sUBJECT : x\n", True),
    ("CRLF", b"Return-Path: <>\r\nTo: a@example.com\r\n", True),
    ("CR", b"\rReturn-Path: <>\rTo: a@example.com\r", True),
    ("blank lines before", b"\n \n\r\n" + RECEIVED, True),
    ("a byte order mark", b"\xef\xbb\xbfSubject: x\n", True),
    ("an extension field", b"X-Failed-Recipients: a@example.com\n", True),
    ("a field that few know, and its like", b"Errand: 7\n of many\nPurpose: none\n\ntext", True),
    ("a field cut off", b"Errand:", True),
    ("a From_ line", FROM + b"Subject: x\n", True),
    ("a From_ line without a date", b"From anne@example.com\nSubject: x\n", True),
    ("a quoted From_ line", b">" + FROM, True),
    ("a From_ line and nothing", FROM, True),
    ("a broken first line", b"ceived: from a\n" + RECEIVED, True),
    ("a first line without a name", b"anne@example.com>\nDate: x\n", True),
    ("a continuation line first", b"\tby b.example.com\nTo: a@example.com\n", True),
    ("a mark and a blank line first", b"-----\n\n" + RECEIVED, True),
    ("bytes in the header", b"Subject: \xff\xfe\x80\n\ny\n", True),
    ("a few NULs", b"Subject: x\0y\nDate: today\n\nmore\n", True),
    ("a field in line 20", b"junk\n" * 19 + b"Message-ID: <a@b>\n", True),
    ("a field in line 21", b"junk\n" * 20 + b"Message-ID: <a@b>\n", False),
    ("nothing", b"", False),
    ("blank lines", b"\n\n \n", False),
    ("text", b"Dear Anne,\n\nsee you at noon: in town\n", False),
    ("text with a colon", b"Note: this is text\nand goes on\n", False),
    ("From in a text", b"From here on it is text\nof some length\n", False),
    ("an indented field", b"Example\n\n    Subject: x\n", False),
    ("TOML", b'kind = "bounce"\n[source]\norigin = "lab"\n', False),
    ("TOML, dotted", b'a.b = "From: x"\n', False),
    ("JSON", b'{"From": "a@example.com",\n"To": "b@example.com"}\n', False),
    ("a JSON list", b'[\n  "Subject: x"\n]\n', False),
    ("JSON Lines", b'{"kind":"bounce"}\n{"kind":"other"}\n', False),
    ("YAML", b"kind: bounce\nsource: lab\n", False),
    ("Markdown", b"# Samples\n\nSubject: x\n", False),
    ("Markdown, underlined", b"Samples\n=======\n\ntext\n", False),
    ("Markdown, fenced", b"```\nSubject: x\n```\n", False),
    ("Python", b"import email\n\nclass A:\n    x: int\n", False),
    ("Python, with a docstring", b'r"""\nSubject: x\n"""\n', False),
    ("shell", b"#!/bin/sh\ncat <<.\nSubject: x\n.\n", False),
    ("HTML", b"<!DOCTYPE html>\nSubject: x\n", False),
    ("C", b"/*\nSubject: x\n*/\n", False),
    ("a URL", b"https://www.example.com/\n", False),
    ("a log", b"2024-01-01T00:00:00Z mx postfix/smtp[7]: 1A: to=<a@example.com>\n", False),
    ("CSV", b"source,kind,address\na.eml,bounce,a@example.com\n", False),
    ("binary", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0", False),
    ("binary with a field", b"\0\0\0\0\0\0\nTo: x\n", False),
    ("one long line", b"a" * 1_000_000, False),
    ("one long name", b"A" * 1_000_000 + b":", False),
    ("many colons", b"::" * 500_000, False),
]  # fmt: skip


@pytest.mark.parametrize(("head", "is_one"), [case[1:] for case in HEADS], ids=[case[0] for case in HEADS])
def test_what_begins_like_a_message(tmp_path: pathlib.Path, head: bytes, is_one: bool) -> None:
    assert begins_like_a_message(head) is is_one
    path = tmp_path / "tree" / "file"
    path.parent.mkdir()
    path.write_bytes(head)
    first = next(messages(path.parent))
    assert isinstance(first, Found) if is_one else first == Skipped(str(path))
    assert isinstance(next(messages(path)), Found)  # what is named is read
    for name in ("cur", "new"):
        (tmp_path / "box" / name).mkdir(parents=True)
    (tmp_path / "box" / "new" / "1").write_bytes(head)
    assert [type(entry) for entry in messages(tmp_path / "box")] == [Found]


# -- links and what is no file


def test_links_are_followed_and_loops_end(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "a/1", "b/2")
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a")
    (tmp_path / "c").symlink_to(tmp_path / "b")
    (tmp_path / "d").symlink_to(tmp_path / "b" / "2")
    assert names(tmp_path) == ["a/1", "b/2", "d"]


def test_a_dangling_link_is_named(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "a", "c")
    (tmp_path / "b").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    assert names(tmp_path) == ["a", "!b", "c", "!loop"]
    assert errors(tmp_path)[0] == (str(tmp_path / "b"), "No such file or directory")


def special(make: Callable[[], object]) -> None:
    try:
        make()
    except (OSError, AttributeError) as error:
        pytest.skip(f"this system does not make one: {error}")


def test_what_is_no_file_is_named_and_skipped(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a", "z")
    special(lambda: os.mkfifo(tmp_path / "fifo"))
    (tmp_path / "null").symlink_to(os.devnull)
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        special(lambda: server.bind("socket"))
        assert names(tmp_path) == ["a", "!fifo", "!null", "!socket", "z"]
        assert [error for _, error in errors(tmp_path)] == [
            "a named pipe: skipped",
            "a character device: skipped",
            "a socket: skipped",
        ]
        assert len(errors(tmp_path / "socket")) == 1


def test_a_device_that_the_caller_names_is_read() -> None:
    assert found(os.devnull) == [(pathlib.Path(os.devnull).name, b"")]


# -- what cannot be read

MISSING: list[typing.Any] = ["does/not/exist", "a\x00b", "x" * 5000]


@pytest.mark.parametrize("path", MISSING, ids=["missing", "nul", "too long"])
def test_a_path_that_leads_nowhere_is_a_failure(path: str) -> None:
    ((name, error),) = errors(path)
    assert name == path
    assert error


def test_standard_input_that_is_closed_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert errors("-") == [("-", "standard input is closed")]
    stdin = io.TextIOWrapper(io.BytesIO())
    stdin.buffer.close()
    monkeypatch.setattr(sys, "stdin", stdin)
    assert len(errors("-")) == 1


def test_a_file_that_vanishes_is_named_and_the_rest_read(tmp_path: pathlib.Path) -> None:
    write(tmp_path, "a", "b", "c/d", "e")
    entries = messages(tmp_path)
    assert next(entries) == Found(str(tmp_path / "a"), ONE)
    (tmp_path / "b").unlink()
    (tmp_path / "c" / "d").unlink()
    (tmp_path / "c").rmdir()
    rest = list(entries)
    assert [type(entry) for entry in rest] == [Failure, Failure, Found]
    assert [entry.name for entry in rest] == [str(tmp_path / name) for name in ("b", "c", "e")]


@pytest.mark.parametrize("name", ["open", "iterdir"])
def test_what_may_not_be_read_is_named(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write(tmp_path, "a", "b/1", "c")
    real = getattr(pathlib.Path, name)
    forbidden = {"open": tmp_path / "a", "iterdir": tmp_path / "b"}[name]

    def refuse(self: pathlib.Path, *arguments: typing.Any) -> typing.Any:
        if self == forbidden:
            raise PermissionError(13, "Permission denied")
        return real(self, *arguments)

    monkeypatch.setattr(pathlib.Path, name, refuse)
    assert errors(tmp_path) == [(str(forbidden), "Permission denied")]
    assert len(list(messages(tmp_path))) == 3


class Breaking(io.RawIOBase):
    """A disk that fails after the first message of an mbox."""

    def __init__(self) -> None:
        self.pieces: Iterator[bytes] = iter([FROM + ONE + b"\n" + FROM + b"Sub"])

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: typing.Any) -> int:
        for piece in self.pieces:
            buffer[: len(piece)] = piece
            return len(piece)
        raise OSError(5, "Input/output error")


def test_a_disk_that_fails_midway_is_named_after_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Breaking())))
    assert list(messages("-")) == [Found("-#1", ONE), Failure("-", "Input/output error")]


def test_no_file_stays_open(tmp_path: pathlib.Path) -> None:
    descriptors = pathlib.Path("/dev/fd")
    if not descriptors.is_dir():
        pytest.skip("this system does not list open files")
    (tmp_path / "box").write_bytes(FROM + ONE + b"\n" + FROM + TWO)
    before = len(list(descriptors.iterdir()))
    entries = messages(tmp_path)
    next(entries)
    assert len(list(descriptors.iterdir())) == before + 1
    del entries
    assert len(list(descriptors.iterdir())) == before
