"""Bytes to text: the declared charset first, then UTF-8, then what `chardet` believes. Never fails, loses no ASCII."""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Callable

__all__ = ["Guesser", "decode", "raw_bytes", "readable"]

# What people mean by a label, where that is not what the codec of the same name does: the supersets that mail and
# the web really use under the name (WHATWG Encoding Standard, section 4.2), and names that Python does not know.
_ALIASES = {
    "ansi_x3.110-1983": "latin-1",
    "big5": "cp950",
    "cn-gb": "gb18030",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso8859-1": "cp1252",
    "ks_c_5601-1987": "cp949",
    "latin1": "cp1252",
    "shift-jis": "cp932",
    "shift_jis": "cp932",
    "sjis": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "win-1251": "cp1251",
    "x-gbk": "gb18030",
    "x-sjis": "cp932",
}
# These are in Python's registry but are no charsets of mail; some cost more than linear time.
_REFUSED = frozenset({"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape", "mbcs", "oem", "palmos"})
# All of ASCII, and what ISO-2022-JP, HZ and UTF-7 use it for.
_ASCII = bytes(range(128)) + b"\x1b$B!!\x1b(B~{VPND~}+AGE-"
_SAMPLE = 1 << 11
# Below this, what chardet names is no better than chance, and mail in an undeclared charset is mostly Western.
_CONFIDENCE = 0.15
_NOT_ASCII = re.compile(rb"[\x80-\xff][^\n]{0,200}")
_SURROGATE = re.compile("[\ud800-\udfff]")


@functools.lru_cache(maxsize=256)
def _codec(label: str) -> tuple[str, bool] | None:
    """The codec for a label, and whether bytes below 0x80 always mean ASCII in it."""
    name = label.strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name)
        if info.name.replace("-", "_") in _REFUSED or not getattr(info, "_is_text_encoding", True):
            return None
        return info.name, _ASCII.decode(name, "replace") == _ASCII.decode("ascii")
    except (LookupError, ValueError):
        return None


class Guesser:
    """Asks `chardet`, which is slow, for no more than `limit` texts; after that the last answer stands."""

    __slots__ = ("_last", "_left")

    def __init__(self, limit: int = 8) -> None:
        self._left = limit
        self._last: str | None = None

    def __call__(self, data: bytes) -> str | None:
        """The charset of `data`, or `None` where nothing can be said."""
        if self._left > 0:
            self._left -= 1
            self._last = _detect(_sample(data))
        return self._last


def _sample(data: bytes) -> bytes:
    """The pieces that tell: from a byte above 0x7f to the end of its line."""
    pieces: list[bytes] = []
    size = 0
    for match in _NOT_ASCII.finditer(data, 0, 1 << 20):
        pieces.append(match[0])
        size += len(match[0])
        if size >= _SAMPLE:
            break
    return b"\n".join(pieces)[:_SAMPLE]


@functools.lru_cache(maxsize=64)
def _detect(sample: bytes) -> str | None:
    import chardet

    found = chardet.detect(sample)
    name = found["encoding"]
    return name if name and (found["confidence"] or 0) >= _CONFIDENCE else None


def decode(
    data: bytes, declared: str | None = None, guess: Callable[[bytes], str | None] | None = None
) -> tuple[str, str | None]:
    """The text of `data`, and the name of a defect where the declared charset was unknown or untrue."""
    defect = None
    if declared:
        codec = _codec(declared[:64])
        if codec is None:
            defect = "charset-unknown"
        elif codec[1] and data.isascii():
            return data.decode("ascii"), None
        else:
            name = codec[0]
            try:
                return _whole(data.decode(name)), None
            except ValueError:
                if name != "ascii":
                    defect = "charset-untrue"
                if name not in ("ascii", "utf-8") and (text := _nearly(data, name)) is not None:
                    return text, defect
    if data.isascii():
        if b"\x1b" in data and (b"\x1b$" in data or b"\x1b(" in data):  # ISO-2022-JP, undeclared (RFC 1468)
            return data.decode("iso2022_jp_ext", "replace"), defect
        return data.decode("ascii"), defect
    try:
        return data.decode("utf-8"), defect
    except UnicodeDecodeError:
        text = _nearly(data, "utf-8")
    if text is not None:
        return text, defect or "charset-untrue"
    found = (guess or Guesser(1))(data)
    codec = _codec(found) if found else None
    try:
        return _whole(data.decode(codec[0] if codec else "cp1252")), defect or "charset-guessed"
    except ValueError:
        return data.decode("latin-1"), defect or "charset-guessed"


def _nearly(data: bytes, name: str) -> str | None:
    """The text where all but a few characters decode: it was cut, or a stray byte fell into it."""
    try:
        text = data.decode(name, "replace")
    except ValueError:
        return None
    bad = text.count("\ufffd")
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    return _whole(text) if bad * 4 <= good else None


def _whole(text: str) -> str:
    """`text` without lone surrogates, which UTF-7 and UTF-16 can smuggle in and no output can carry."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def raw_bytes(text: str) -> bytes:
    """The bytes that `text` was read from: lone surrogates give back the byte that they carry."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def readable(text: str, guess: Callable[[bytes], str | None] | None = None) -> str:
    """`text` with the bytes that were carried through as lone surrogates decoded."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return decode(raw_bytes(text), None, guess)[0]
