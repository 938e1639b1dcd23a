"""Where messages come from: a file, an mbox, a Maildir, a tree of files, the standard input. The only reader of files.

`messages(path)` yields what it finds, one message at a time, and a `Failure` for what cannot be read; it raises nothing
for the state of the disk. The order is that of the names, so two runs over the same files give the same. Of a tree, a
file that does not begin like a message is `Skipped`; what the caller names is read whatever it is, and so is a Maildir,
but for archives and mailboxes of other forms: each of them would be taken for one message, and is a `Failure`.

An mbox is cut at a line `From <sender> <date>` that follows an empty line; `>From ` loses one `>` (mboxrd). A `From `
line in the text without a date is text, and so is one that opens a returned message: right after the header of a MIME
part. A file that begins with a `From ` line and holds no second one is one message, and carries the file's name.
"""

from __future__ import annotations

import dataclasses
import os
import pathlib
import re
import stat
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

__all__ = ["MAX_MESSAGE", "STDIN", "Failure", "Found", "Skipped", "begins_like_a_message", "log_lines", "messages"]

STDIN = "-"
"""The path that stands for the standard input."""

MAX_MESSAGE = 32 << 20
"""Bytes kept of one message: no server sends a report that long, and the report stands at its beginning."""

_LINE = 1 << 16  # bytes of a line that are read at once

_DAY = rb"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TIME = rb"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
_ZONES = rb"(?: [+-]?[A-Za-z0-9]{1,5}){0,2}"
# RFC 4155: "From", the sender, and the date as asctime() writes it, 24 characters; in the wild the sender may be empty
# or hold blanks, the seconds may be missing, a zone may stand before the year, and some write RFC 5322's date.
_FROM_LINE = re.compile(
    rb"From [^\r\n]{0,500}?(?:"
    + rb" ".join((_DAY, _MONTH, rb"[ 0-9]?[0-9]", _TIME + _ZONES, rb"[0-9]{4}\b"))
    + rb"|"
    + rb" ".join((_DAY + rb",", rb"[ 0-9]?[0-9]", _MONTH, rb"[0-9]{4}", _TIME))
    + rb")"
)
_QUOTED_FROM = re.compile(rb">+From ")
_HEADER_LINE = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]")

_HEAD = 1 << 14  # bytes of a file
_HEAD_LINES = 20  # and lines that tell whether it is a message
_LINE_END = re.compile(rb"\r\n?|\n")
_ENVELOPE_LINE = re.compile(rb">{0,3}From [^\r\n]")
# A field that nearly every message has near its top; a damaged one may have lost the lines before it.
_KNOWN_FIELD = re.compile(
    rb"(?:(?:Return-Path|Received|Delivered-To|From|Sender|Reply-To|To|Cc|Subject|Date|Message-ID|MIME-Version"
    rb"|Content-Type|Content-Transfer-Encoding|Envelope-To|Delivery-Date|Authentication-Results|DKIM-Signature"
    rb"|Auto-Submitted|Precedence|Resent-[A-Z-]{1,20}|ARC-[A-Z-]{1,30}|List-[A-Z-]{1,20})|X-[!-9;-~]{1,60})[ \t]{0,9}:",
    re.IGNORECASE,
)
_ANY_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9_.-]{0,60}[ \t]{0,9}:(?=[ \t]|$)")
# Markdown, shell, Python, C and markup: what they show of a message is an example.
_OTHER_OPENING = re.compile(rb"#|```|/[/*]|[a-zA-Z]?(?:\"\"\"|''')|<[!?]|<(?:html|xml|svg)\b", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """One message, and the name to call it by: the path, with `#2` behind it for the second message of an mbox."""

    name: str
    raw: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """Something that could not be read, and why in words."""

    name: str
    error: str


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped:
    """A file in a directory that does not begin like a message."""

    name: str


_Read = Callable[[BinaryIO, str], Iterator[Found | Failure | Skipped]]


def begins_like_a_message(head: bytes) -> bool:
    """Whether the beginning of a file may be that of a message, damaged perhaps, or of an mbox.

    Its first line is a From_ line, or one of the first lines a well-known field, or they are fields and nothing else.
    """
    text = head[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n\f\v")
    if not text or text.count(b"\0") * 10 > len(text) or _OTHER_OPENING.match(text):
        return False
    if _ENVELOPE_LINE.match(text):
        return _FROM_LINE.match(text.lstrip(b">")) is not None or b"@" in text.partition(b"\n")[0] or _fields(text)
    return _fields(text)


def _fields(text: bytes) -> bool:
    lines = _LINE_END.split(text, _HEAD_LINES)[:_HEAD_LINES]
    if any(_KNOWN_FIELD.match(line) for line in lines):
        return True
    header = lines[: next((number for number, line in enumerate(lines) if not line.strip()), len(lines))]
    return header[0][:1].isupper() and all(line[:1] in (b" ", b"\t") or _ANY_FIELD.match(line) for line in header)


def messages(path: str | os.PathLike[str]) -> Iterator[Found | Failure | Skipped]:
    """Every message under `path`, which may be a file, an mbox, a Maildir, a directory, or `-` for standard input."""
    if os.fspath(path) == STDIN:
        yield from _standard_input(_read)
        return
    path = pathlib.Path(path)
    try:
        is_directory = stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError) as error:
        yield Failure(str(path), _words(error))
        return
    # What the caller names is opened whatever it is: a pipe that a shell made, /dev/stdin.
    yield from _tree(path) if is_directory else _file(path, _read)


def log_lines(path: str | os.PathLike[str]) -> Iterator[Found | Failure | Skipped]:
    """Every line of a log, which may be a file or `-` for standard input; `mail.log:17` is its name."""
    return _standard_input(_lines) if os.fspath(path) == STDIN else _file(pathlib.Path(path), _lines)


def _standard_input(read: _Read) -> Iterator[Found | Failure | Skipped]:
    stdin = getattr(sys.stdin, "buffer", None)
    if stdin is None:
        yield Failure(STDIN, "standard input is closed")
        return
    yield from _guarded(read(stdin, STDIN), STDIN)


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


# -- directories


def _tree(root: pathlib.Path) -> Iterator[Found | Failure | Skipped]:
    """The files under a directory by name, each directory once, whatever links lead to it."""
    seen: set[tuple[int, int]] = set()
    waiting = [(root, True)]  # a stack of (path, whether a file may be an mbox), the next one last
    while waiting:
        path, may_be_mbox = waiting.pop()
        try:
            found = path.stat()
            if stat.S_ISDIR(found.st_mode):
                if (found.st_dev, found.st_ino) not in seen:
                    seen.add((found.st_dev, found.st_ino))
                    waiting.extend(reversed(_inside(path)))
                continue
        except OSError as error:
            yield Failure(str(path), _words(error))
            continue
        if stat.S_ISREG(found.st_mode):
            # In a Maildir every file is a message, whatever it looks like.
            yield from _file(path, _sifted if may_be_mbox else _one)
        else:
            yield Failure(str(path), f"{_SPECIAL.get(stat.S_IFMT(found.st_mode), 'no regular file')}: skipped")


_SPECIAL = {
    stat.S_IFSOCK: "a socket",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFBLK: "a block device",
    stat.S_IFCHR: "a character device",
}


def _inside(path: pathlib.Path) -> list[tuple[pathlib.Path, bool]]:
    """What to read in a directory, in order. Of a Maildir that is its messages and its folders, not its index files."""
    inside = sorted(path.iterdir(), key=lambda entry: entry.name)
    if not _is_maildir(path):
        one_each = path.name in _BOXES and _is_maildir(path.parent)
        return [(entry, not one_each) for entry in inside]
    folders = [entry for entry in inside if entry.name not in (*_BOXES, "tmp") and entry.is_dir()]
    return [(entry, True) for entry in (*(path / name for name in _BOXES), *folders)]


_BOXES = ("cur", "new")


def _is_maildir(path: pathlib.Path) -> bool:
    return all((path / name).is_dir() for name in _BOXES)


# -- files


def _file(path: pathlib.Path, read: _Read) -> Iterator[Found | Failure | Skipped]:
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:
        yield Failure(str(path), _words(error))
        return
    with file:
        yield from _guarded(read(file, str(path)), str(path))


def _guarded(entries: Iterator[Found | Failure | Skipped], name: str) -> Iterator[Found | Failure | Skipped]:
    while True:
        try:
            entry = next(entries, None)
        except (OSError, ValueError) as error:  # a closed file is a ValueError
            yield Failure(name, _words(error))
            return
        if entry is None:
            return
        yield entry


def _sifted(file: BinaryIO, name: str) -> Iterator[Found | Failure | Skipped]:
    """What a file of a directory holds, where it begins like a message."""
    head = file.read(_HEAD)
    if _other_form(head) or not begins_like_a_message(head):
        yield Skipped(name)
        return
    file.seek(0)
    yield from _read(file, name)


def _read(file: BinaryIO, name: str) -> Iterator[Found | Failure | Skipped]:
    """One message, or an mbox."""
    head = line = file.readline(_LINE)
    while line and not line.strip() and len(head) < _LINE:
        line = file.readline(_LINE)
        head += line
    yield from _mbox(file, name) if _FROM_LINE.match(line) else _one(file, name, head)


def _one(file: BinaryIO, name: str, head: bytes = b"") -> Iterator[Found | Failure | Skipped]:
    """One message, of which `head` has been read."""
    raw = head + file.read(MAX_MESSAGE + 1 - len(head))
    if other := _other_form(raw):
        yield Failure(name, other)
        return
    yield Found(name, raw[:MAX_MESSAGE])
    if len(raw) > MAX_MESSAGE:
        yield _cut(name)


def _lines(file: BinaryIO, name: str) -> Iterator[Found | Failure | Skipped]:
    number = 0
    while line := file.readline(_LINE):
        number += 1
        if number == 1 and (other := _other_form(line)):
            yield Failure(name, other)
            return
        yield Found(f"{name}:{number}", line)
        while len(line) == _LINE and not line.endswith(b"\n"):
            line = file.readline(_LINE)


def _other_form(raw: bytes) -> str:
    """What to do with what holds messages, perhaps many, and would be taken for one without a word in it."""
    match = _OTHER.match(raw)
    if match is None or match.lastindex is None:
        return ""
    _, what, remedy = _OTHERS[match.lastindex - 1]
    return f"{what}, which is not read: {remedy}"


_UNPACK = "unpack it first"
_OTHERS = (
    (rb"PK\x03\x04", "a zip archive", _UNPACK),
    (rb"\x1f\x8b\x08", "a gzip file", _UNPACK),
    (rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", "a bzip2 file", _UNPACK),
    (rb"\xfd7zXZ\x00", "an xz file", _UNPACK),
    (rb"\x28\xb5\x2f\xfd", "a zstd file", _UNPACK),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a message of Outlook (.msg)", "save it as .eml"),
    (rb"!BDN", "a mailbox of Outlook (.pst)", "export its messages as .eml or mbox"),
    (rb"\x01\x01\x01\x01\r?\n", "an MMDF mailbox", "make an mbox of it"),
)
_OTHER = re.compile(b"|".join(b"(%b)" % opening for opening, _, _ in _OTHERS))


def _cut(name: str) -> Failure:
    return Failure(name, f"longer than {MAX_MESSAGE >> 20} MiB: only its beginning was read")


def _mbox(file: BinaryIO, name: str) -> Iterator[Found | Failure]:
    """The messages of an mbox whose first line has been read."""
    number = 1
    for number, (raw, is_whole, is_last) in enumerate(_split(file), 1):
        called = name if number == 1 and is_last else f"{name}#{number}"
        yield Found(called, raw)
        if not is_whole:
            yield _cut(called)


def _split(file: BinaryIO) -> Iterator[tuple[bytes, bool, bool]]:
    """Each message with whether it is whole and whether it is the last."""
    message = bytearray()
    is_whole = True
    after_blank = at_start = True  # of the line that comes
    part_header = False  # in the header of a MIME part
    opens_part = False  # right after one that says what it is
    says_type = False
    while line := file.readline(_LINE):
        if at_start:
            if after_blank and line.startswith(b"From ") and message and not opens_part and _FROM_LINE.match(line):
                found, whole = _without_last_blank(message), is_whole
                message, is_whole = bytearray(), True
                yield found, whole, False
                del found
                after_blank = part_header = says_type = False
                at_start = line.endswith(b"\n")
                continue
            if line.startswith(b">") and _QUOTED_FROM.match(line):
                line = line[1:]
            blank = line in (b"\n", b"\r\n")
            opens_part = blank and part_header and says_type
            if line.startswith(b"--") and not blank:
                part_header, says_type = True, False
            elif part_header:
                part_header = not blank and _HEADER_LINE.match(line) is not None
                says_type = says_type or line[:13].lower() == b"content-type:"
            after_blank = blank
        at_start = line.endswith(b"\n")
        if len(message) + len(line) <= MAX_MESSAGE:
            message += line
        elif is_whole:
            message += line[: MAX_MESSAGE - len(message)]
            is_whole = False
    yield _without_last_blank(message), is_whole, True


def _without_last_blank(message: bytearray) -> bytes:
    """The message without the empty line that ends it in an mbox."""
    for end in (b"\n\r\n", b"\n\n"):
        if message.endswith(end):
            return bytes(memoryview(message)[: -len(end) + 1])
    return bytes(message)
