"""Transfer encodings (RFC 2045 section 6) and line ends, undone: whatever the bytes, without an error."""

from __future__ import annotations

import binascii
import re

__all__ = ["ENCODED", "unbase64", "undo", "unify_lines"]

_UUENCODED = frozenset({"x-uuencode", "uuencode", "x-uue", "uue"})
ENCODED = _UUENCODED | {"base64", "quoted-printable"}
"""The encodings that change the bytes, in lower case."""

_PADDING = re.compile(rb"=[=\s]*")
_PIECE = re.compile(rb"[A-Za-z0-9+/\s]*")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_UU_BEGIN = re.compile(rb"(?m)^begin [0-7]{3,4} ")


def undo(data: bytes, encoding: str) -> bytes:
    """`data` without its transfer encoding; as it is where `encoding`, in lower case, is none of `ENCODED`."""
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data)
    if encoding == "base64":
        return unbase64(data)
    if encoding in _UUENCODED:
        return _unuuencode(data)
    return data


def unbase64(data: bytes) -> bytes:
    """Base64 with everything outside the alphabet skipped and missing padding supplied (RFC 2045 section 6.8).

    What follows padding is another piece: encoders that work line by line, or two bodies put together, write so.
    """
    if b"=" in data.rstrip(b"= \t\n\r"):
        *pieces, last = _PADDING.split(data)
        # Prose that somebody put below is no piece.
        if _PIECE.fullmatch(last) and len(b"".join(last.split())) % 4 == 0:
            pieces.append(last)
        return b"".join([_unbase64_piece(piece) for piece in pieces])
    return _unbase64_piece(data)


def _unbase64_piece(data: bytes) -> bytes:
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        kept = _NOT_BASE64.sub(b"", data)
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def _unuuencode(data: bytes) -> bytes:
    """The lines between `begin` and `end`; a line of a wrong length is read as far as its count says."""
    begin = _UU_BEGIN.search(data)
    if not begin:
        return data
    out: list[bytes] = []
    for line in data[begin.end() :].split(b"\n")[1:]:
        if line.rstrip() in (b"end", b"`", b""):
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            size = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                out.append(line)
    return b"".join(out)


def unify_lines(raw: bytes) -> bytes:
    """Every line end as a line feed; one that was translated twice, CR CR LF, is one."""
    if b"\r" not in raw:
        return raw
    # Single bytes are quickly found: this is the usual message, whose lines all end alike.
    usual = raw.replace(b"\r", b"")
    if usual.replace(b"\n", b"\r\n") == raw:
        return usual
    return raw.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
