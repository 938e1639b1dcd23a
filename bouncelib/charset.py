"""Bytes to text: the declared charset first, then UTF-8, then what `chardet` believes. Never fails, loses no ASCII."""

from __future__ import annotations

import codecs
import functools

__all__ = ["decode", "readable"]

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
# Charsets in which bytes below 0x80 may mean something else than ASCII.
_NOT_ASCII = ("iso2022", "iso-2022", "hz", "utf-7", "utf_7", "utf-16", "utf-32", "utf_16", "utf_32", "cp037", "cp500")
_SAMPLE = 1 << 14


@functools.lru_cache(maxsize=256)
def _codec(label: str) -> str | None:
    name = label.strip().strip("\"'").lower()
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return None
    if info.name.replace("-", "_") in _REFUSED or not getattr(info, "_is_text_encoding", True):
        return None
    return name


def _guess(data: bytes) -> str | None:
    import chardet

    return chardet.detect(data[:_SAMPLE])["encoding"]


def decode(data: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """The text of `data`, and the name of a defect where the declared charset was unknown or untrue."""
    ascii_only = data.isascii()
    defect = None
    if declared:
        name = _codec(declared[:64])
        if name is None:
            defect = "charset-unknown"
        elif ascii_only and not name.startswith(_NOT_ASCII):
            return data.decode("ascii"), None
        else:
            try:
                return data.decode(name), None
            except (UnicodeError, ValueError):
                if name != "ascii":
                    defect = "charset-untrue"
    if ascii_only:
        if b"\x1b$" in data or b"\x1b(" in data:
            return data.decode("iso2022_jp_ext", "replace"), defect
        return data.decode("ascii"), defect
    try:
        return data.decode("utf-8"), defect
    except UnicodeDecodeError:
        pass
    guess = _guess(data)
    name = _codec(guess) if guess else None
    try:
        return data.decode(name or "cp1252"), defect or "charset-guessed"
    except (UnicodeError, ValueError):
        return data.decode("latin-1"), defect or "charset-guessed"


def readable(text: str) -> str:
    """`text` with the bytes that were carried through as lone surrogates decoded."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return decode(text.encode("utf-8", "surrogateescape"))[0]
    return text
