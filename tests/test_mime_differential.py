"""The reader against the standard library's `email` on every sample: the same tree, headers, text, or a known reason.

Samples of others are compared too where they stand beside the repository; the test says so where they do not.
"""

from __future__ import annotations

import email
import email.message
import pathlib
import re
from collections.abc import Iterator

import pytest

from bouncelib.mime import Message, Part, read

ROOT = pathlib.Path(__file__).parent.parent
OURS = sorted((ROOT / "corpus").rglob("*.eml"))
OTHERS = {name: ROOT.parent / "shared" / name for name in ("corpus-train", "lab-samples")}

# Why the two may differ. A difference that no rule explains fails the test.
REASONS = {
    "boundary guessed": "the parameter is missing or untrue; the delimiter lines are there (we find the parts)",
    "byte order mark": "the standard library takes it for the first character of a field name, and so for the body",
    "leading blank line": "before a header it is damage; the standard library reads a message without a header",
    "empty part": "two delimiter lines in a row have an empty part between them; the standard library has none",
    "damaged header": "a fold without its blank, or no blank line after the header; see `Message.defects`",
    "charset unusable": "the declared charset is unknown or untrue: the standard library has no text at all",
    "windows-1252": "what is labelled ISO-8859-1 is read as its superset, as browsers do",
    "line ends": "lone CR and CRCRLF end lines for us before the transfer encoding is undone",
    "encoding untrue": "labelled base64, and is none",
    "base64 in pieces": "what follows the padding is the next piece, not lost",
    "byte order mark in a part": "is no text",
}
_DAMAGED = {"header-line-unfolded", "header-body-separator-missing"}


def _leaves_closed(message: email.message.Message) -> list[email.message.Message]:
    payload = message.get_payload()
    if isinstance(payload, list) and message.get_content_maintype() == "multipart":
        return [part for part in payload if isinstance(part, email.message.Message)]
    return []


def _tree(message: email.message.Message) -> object:
    parts = [_tree(part) for part in _leaves_closed(message)]
    return [message.get_content_type(), *parts] if parts else message.get_content_type()


def _our_tree(part: Part) -> object:
    parts = [_our_tree(child) for child in part.children]
    return [part.content_type, *parts] if parts else part.content_type


def _walk(message: email.message.Message) -> Iterator[email.message.Message]:
    yield message
    for part in _leaves_closed(message):
        yield from _walk(part)


def _bytes(value: str) -> bytes:
    return re.sub(rb"[\r\n]", b"", value.encode("utf-8", "surrogateescape")).strip()


def differences(raw: bytes) -> Iterator[tuple[str, str, object, object]]:
    """Each difference as (reason or the empty string, what differs, theirs, ours)."""
    theirs, ours = email.message_from_bytes(raw), read(raw)
    if _tree(theirs) != _our_tree(ours.root):
        yield _tree_reason(raw, ours), "tree", _tree(theirs), _our_tree(ours.root)
        return
    for their_part, our_part in zip(_walk(theirs), ours.parts, strict=True):
        their_fields = [(name, _bytes(str(value))) for name, value in their_part.raw_items()]
        our_fields = [(name, _bytes(value)) for name, value in our_part.headers.fields]
        rules = {defect.rule for defect in ours.defects if defect.part in (our_part.section, "")}
        if their_fields != our_fields:
            yield ("damaged header" if rules & _DAMAGED else ""), "headers", their_fields, our_fields
        elif our_part.content_type.startswith("text/") and not their_part.is_multipart():
            yield from _text_differences(raw, their_part, our_part)


def _tree_reason(raw: bytes, ours: Message) -> str:
    rules = {defect.rule for defect in ours.defects}
    if rules & {"boundary-missing", "boundary-not-found"}:
        return "boundary guessed"
    if raw.startswith(b"\xef\xbb\xbf"):
        return "byte order mark"
    if raw[:1] in (b"\r", b"\n"):
        return "leading blank line"
    if any(part.start == part.end for part in ours.parts):
        return "empty part"
    return "damaged header" if rules & _DAMAGED else ""


def _text_differences(
    raw: bytes, their_part: email.message.Message, our_part: Part
) -> Iterator[tuple[str, str, object, object]]:
    ours = our_part.text().strip("\n")
    data = their_part.get_payload(decode=True)
    assert isinstance(data, bytes)
    charset = their_part.get_content_charset() or "ascii"
    try:
        text = data.decode(charset)
    except (LookupError, ValueError):
        yield "charset unusable", "text", data, ours
        return
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if text != ours:
        yield _text_reason(raw, text, our_part), "text", text, ours


def _text_reason(raw: bytes, text: str, our_part: Part) -> str:
    ours = our_part.text().strip("\n")
    encoding = our_part.headers.raw("content-transfer-encoding").strip().lower()
    if text.removeprefix("\ufeff") == ours:
        return "byte order mark in a part"
    if text.encode("latin-1", "replace").decode("cp1252", "replace") == ours:
        return "windows-1252"
    if re.sub(r"\n+", "\n", text) == re.sub(r"\n+", "\n", ours):
        return "line ends"
    if encoding == "quoted-printable" and b"\n" not in raw and ours.startswith(text):
        return "line ends"
    if encoding == "base64":
        if ours.startswith(text.strip()):
            return "base64 in pieces"
        return "" if our_part.encoding else "encoding untrue"
    return ""


def _check(paths: list[pathlib.Path]) -> None:
    unexplained = [
        f"{path}: {what}: {theirs!r:.500}\n  not {ours!r:.500}"
        for path in paths
        for reason, what, theirs, ours in differences(path.read_bytes())
        if reason not in REASONS
    ]
    assert not unexplained, "\n".join(unexplained[:20])


def test_corpus() -> None:
    assert OURS, "no samples under corpus/"
    _check(OURS)


@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["CRLF", "CR"])
def test_corpus_with_other_line_ends(end: bytes, tmp_path: pathlib.Path) -> None:
    for path in OURS:
        raw = path.read_bytes()
        if b"\r" in raw:
            continue
        changed = tmp_path / path.name
        changed.write_bytes(raw.replace(b"\n", end))
        _check([changed])


@pytest.mark.parametrize("name", OTHERS)
def test_samples_of_others(name: str) -> None:
    if not OTHERS[name].is_dir():
        pytest.skip(f"{OTHERS[name]} is not there")
    _check([path for path in sorted(OTHERS[name].rglob("*")) if path.suffix in (".eml", ".txt", ".msg")])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"Content-Type: multipart/mixed\n\n--b\nContent-Type: text/plain\n\nx\n--b--\n", "boundary guessed"),
        (b"\xef\xbb\xbfContent-Type: text/html\n\nx", "byte order mark"),
        (b"\nContent-Type: text/html\n\nx", "leading blank line"),
        (b"Content-Type: text/plain; charset=x-no\n\n\xff", "charset unusable"),
        (b"Content-Type: text/plain; charset=iso-8859-1\n\n\x80", "windows-1252"),
        (
            b"Content-Type: text/plain; charset=cp437\nContent-Transfer-Encoding: base64\n\na: base64\n",
            "encoding untrue",
        ),
        (b"Content-Transfer-Encoding: base64\n\nYQ==\nYg==\n", "base64 in pieces"),
        (b"Content-Type: text/plain; charset=utf-8\n\n\xef\xbb\xbfx\n", "byte order mark in a part"),
        (b"Subject: x\ny\nFrom: z\n\nx\n", "damaged header"),
        (b"Subject: x\n\nx\r\r\ny\n", "line ends"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\nx\n--b--\n", "empty part"),
    ],
)
def test_the_reasons_are_true(raw: bytes, reason: str) -> None:
    assert [found for found, *_ in differences(raw)] == [reason]


def test_every_reason_is_proved() -> None:
    marks = test_the_reasons_are_true.pytestmark  # type: ignore[attr-defined]
    assert {reason for _, reason in marks[0].args[1]} == set(REASONS)
