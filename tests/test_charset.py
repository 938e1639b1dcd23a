"""Bytes to text under charsets that are declared, missing, unknown or untrue."""

from __future__ import annotations

import pytest

from bouncelib.charset import Guesser, decode, raw_bytes, readable

RUSSIAN = "Сообщение не может быть доставлено, ящик переполнен"
JAPANESE = "このメールは配送できませんでした。ユーザーが見つかりません。"

DECODE = [
    # as declared
    (b"plain", "us-ascii", "plain", None),
    ("Grüße".encode(), "utf-8", "Grüße", None),
    ("Grüße".encode("latin-1"), "iso-8859-1", "Grüße", None),
    (b"\x80 5", "iso-8859-1", "€ 5", None),
    (RUSSIAN.encode("koi8-r"), "KOI8-R", RUSSIAN, None),
    (JAPANESE.encode("iso-2022-jp"), "ISO-2022-JP", JAPANESE, None),
    (JAPANESE.encode("cp932"), "Shift_JIS", JAPANESE, None),
    ("邮箱不存在".encode("gb18030"), "gb2312", "邮箱不存在", None),
    ("편지".encode("cp949"), "ks_c_5601-1987", "편지", None),
    ("Hi Mom ☺!".encode("utf-7"), "utf-7", "Hi Mom ☺!", None),
    ("wide".encode("utf-16"), "utf-16", "wide", None),
    (b"quoted", '"us-ascii"', "quoted", None),
    # unknown
    (b"plain", "x-unknown", "plain", "charset-unknown"),
    ("Grüße".encode(), "unknown-8bit", "Grüße", "charset-unknown"),
    (b"plain", "idna", "plain", "charset-unknown"),
    (b"plain", "rot13", "plain", "charset-unknown"),
    (b"plain", "unicode_escape", "plain", "charset-unknown"),
    (b"plain", "nul\0", "plain", "charset-unknown"),
    (b"plain", "\udcff", "plain", "charset-unknown"),
    # untrue: UTF-8 before a guess
    ("Grüße".encode(), "us-ascii", "Grüße", None),
    (JAPANESE.encode(), "iso-2022-jp", JAPANESE, "charset-untrue"),
    ("Grüße".encode("latin-1"), "utf-8", "Grüße", "charset-untrue"),
    (RUSSIAN.encode("cp1251"), "utf-8", RUSSIAN, "charset-untrue"),
    # cut, or a stray byte
    (RUSSIAN.encode()[:-1], "utf-8", RUSSIAN[:-1] + "\ufffd", "charset-untrue"),
    (RUSSIAN.encode()[:-1], None, RUSSIAN[:-1] + "\ufffd", "charset-untrue"),
    (JAPANESE.encode("euc-jp")[:-1], "euc-jp", JAPANESE[:-1] + "\ufffd", "charset-untrue"),
    # undeclared
    ("Grüße".encode(), None, "Grüße", None),
    (JAPANESE.encode("iso-2022-jp"), None, JAPANESE, None),
    (RUSSIAN.encode("koi8-r"), None, RUSSIAN, "charset-guessed"),
    (RUSSIAN.encode("cp1251"), None, RUSSIAN, "charset-guessed"),
    (JAPANESE.encode("cp932"), None, JAPANESE, "charset-guessed"),
    ("Empfänger unbekannt".encode("latin-1"), None, "Empfänger unbekannt", "charset-guessed"),
    (b"\xe4\xf6\xfc", None, "äöü", "charset-guessed"),
    (b"\x81\x8d", None, "\x81\x8d", "charset-guessed"),
    (b"", None, "", None),
    (b"", "utf-8", "", None),
]


@pytest.mark.parametrize(("data", "declared", "text", "defect"), DECODE)
def test_decode(data: bytes, declared: str | None, text: str, defect: str | None) -> None:
    assert decode(data, declared) == (text, defect)


@pytest.mark.parametrize("label", ["utf-7", "utf-16", "utf-16-le", "utf-32", "hz", "cp037", "big5", None])
@pytest.mark.parametrize("data", [b"+2AA-", b"+2AA-\xff", b"\x00\xd8\x00\xd8", b"\xff\xfe\x00\xd8", b"~{~\x00\xff"])
def test_no_lone_surrogates(label: str | None, data: bytes) -> None:
    decode(data, label)[0].encode("utf-8")


def test_readable() -> None:
    assert readable("plain") == "plain"
    assert readable("Grüße") == "Grüße"
    assert readable("Grüße".encode().decode("ascii", "surrogateescape")) == "Grüße"
    assert readable("Gr\udcfc\udcdfe") == "Grüße"
    readable("\ud800").encode("utf-8")


def test_raw_bytes() -> None:
    assert raw_bytes("a\udcff") == b"a\xff"
    assert raw_bytes("a\ud800") == b"a?"


def test_guesser_asks_a_few_times_only() -> None:
    guess = Guesser(limit=1)
    assert guess(RUSSIAN.encode("koi8-r")) == "KOI8-R"
    assert guess(JAPANESE.encode("cp932")) == "KOI8-R"


def test_a_late_byte_in_a_long_line() -> None:
    text, defect = decode(b"x" * 1_000_000 + "é".encode("latin-1"), None)
    assert text.endswith("xé")
    assert defect == "charset-guessed"
