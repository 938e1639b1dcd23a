"""The reader on every damage that real mail shows, and on what only an attacker sends."""

from __future__ import annotations

import base64
import binascii
import email
import email.message
import email.policy
import gc
import random
import re
import time
import weakref
from collections.abc import Callable

import pytest

from bouncelib import mime
from bouncelib.header import read_fields
from bouncelib.mime import Message, Part, decode_words, parameters, read, read_headers

HEAD = b"From: a@example.com\nSubject: x\nMIME-Version: 1.0\n"
REPORT = HEAD + (
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
    b"preamble\n--b\nContent-Type: text/plain\n\nNo such user.\n\n"
    b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
    b"--b\nContent-Type: message/rfc822\n\nSubject: original\n\nbody\n\n--b--\nepilogue\n"
)


def tree(part: Part) -> object:
    if not part.children:
        return part.content_type
    return [part.content_type, *[tree(child) for child in part.children]]


def rules(message: Message) -> set[str]:
    return {defect.rule for defect in message.defects}


REPORT_TREE = ["multipart/report", "text/plain", "message/delivery-status", "message/rfc822"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b"\r\r\n"])
@pytest.mark.parametrize(
    "before", [b"", b"From MAILER-DAEMON Mon Jan  1 00:00:00 2024\n", b">From x\n", b"\xef\xbb\xbf", b"\n\n"]
)
def test_line_endings_and_what_stands_before(end: bytes, before: bytes) -> None:
    message = read((before + REPORT).replace(b"\n", end))
    assert tree(message.root) == REPORT_TREE
    assert message.headers.get("from") == "a@example.com"
    assert message.body.text.strip() == "No such user."
    assert message.parts[2].text().strip() == "Reporting-MTA: dns; mx.example.com"
    assert message.parts[3].embedded().headers.get("subject") == "original"
    assert not message.defects


def test_mixed_line_endings() -> None:
    lines = REPORT.split(b"\n")
    mixed = b"".join(line + (b"\n", b"\r\n")[number % 2] for number, line in enumerate(lines))
    assert tree(read(mixed).root) == REPORT_TREE


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_bytes_of_any_kind(wrap: Callable[[bytes], bytes]) -> None:
    assert tree(read(wrap(REPORT)).root) == REPORT_TREE


def test_sections_and_spans() -> None:
    message = read(REPORT)
    assert [part.section for part in message.parts] == ["", "1", "2", "3"]
    assert read(b"Subject: x\n\nhi").parts[0].section == "1"
    assert message.parts[1].content() == b"No such user.\n"
    assert message.root.is_multipart
    assert not message.parts[1].is_multipart
    assert repr(message.parts[1]) == "<Part '1' text/plain 14 bytes>"


DAMAGED = [
    # the blank line is missing: after the header, between part header and body, before a delimiter
    (b"Subject: x\nNo such user here\n", "text/plain", {"header-body-separator-missing"}),
    (
        b"Content-Type: multipart/mixed; boundary=b\n--b\nContent-Type: text/html\n\nx\n--b--\n",
        ["multipart/mixed", "text/html"],
        {"header-body-separator-missing"},
    ),
    (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n<p>no blank line\n--b--\n",
        ["multipart/mixed", "text/html"],
        {"header-body-separator-missing"},
    ),
    (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b\n\nx\n--b--\n",
        ["multipart/mixed", "text/html", "text/plain"],
        set(),
    ),
    # boundaries: never closed, missing, wrong, not there at all
    (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n",
        ["multipart/mixed", "text/plain"],
        {"boundary-not-closed"},
    ),
    (
        b"Content-Type: multipart/mixed\n\n--q\nContent-Type: text/html\n\nx\n--q--\n",
        ["multipart/mixed", "text/html"],
        {"boundary-missing"},
    ),
    (
        b"Content-Type: multipart/mixed; boundary=wrong\n\n--q\nContent-Type: text/html\n\nx\n--q--\n",
        ["multipart/mixed", "text/html"],
        {"boundary-not-found"},
    ),
    (b"Content-Type: multipart/mixed; boundary=b\n\nplain\n", "multipart/mixed", {"boundary-not-found"}),
    # one boundary is the beginning of another
    (
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=bb\n\n"
            b"--bb\n\nx\n--bb\nContent-Type: text/html\n\ny\n--bb--\n--b\n\nz\n--b--\n"
        ),
        ["multipart/mixed", ["multipart/alternative", "text/plain", "text/html"], "text/plain"],
        set(),
    ),
    # the inner one is never closed; blanks after a delimiter
    (
        (
            b"Content-Type: multipart/mixed; boundary=b\n\n--b \nContent-Type: multipart/mixed; boundary=c\n\n"
            b"--c\n\nx\n--b\t\n\nz\n--b--\n"
        ),
        ["multipart/mixed", ["multipart/mixed", "text/plain"], "text/plain"],
        {"boundary-not-closed"},
    ),
    # types that are none (RFC 2045 section 5.2)
    (b"Content-Type: text\n\nx", "text/plain", set()),
    (b"Content-Type: \n\nx", "text/plain", set()),
    (b"Content-Type: Text/HTML ; charset=x\n\nx", "text/html", set()),
    (b"Content-Type: text/html charset=x\n\nx", "text/html", set()),
    # a fold that lost its blank
    (b"Subject: one\ntwo\nMessage-ID: <1@example.com>\n\nx", "text/plain", {"header-line-unfolded"}),
]


@pytest.mark.parametrize(("raw", "expected", "defects"), DAMAGED)
def test_damage(raw: bytes, expected: object, defects: set[str]) -> None:
    message = read(raw)
    assert tree(message.root) == expected
    assert rules(message) == defects


def test_text_where_the_blank_line_is_missing() -> None:
    message = read(b"Subject: x\nNo such user here\n")
    assert message.headers.get("subject") == "x"
    assert message.body.text == "No such user here\n"


def test_unfolded_line_joins_its_field() -> None:
    message = read(b"Subject: one\ntwo\nMessage-ID: <1@example.com>\n\nx")
    assert message.headers.get("subject") == "onetwo"
    assert message.headers.get("message-id") == "<1@example.com>"


HELLO = "Grüße, 550 no such user\n".encode()
_UU = b"begin 644 x\n" + binascii.b2a_uu(HELLO) + b"`\nend\n"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("8bit", HELLO),
        ("", HELLO),
        ("base64", base64.encodebytes(HELLO)),
        ("Base64 (comment)", base64.encodebytes(HELLO)),
        (' "base64"', base64.encodebytes(HELLO)),
        ("base64", base64.b64encode(HELLO).rstrip(b"=")),
        ("base64", base64.b64encode(HELLO[:4]) + b"\n" + base64.b64encode(HELLO[4:])),
        ("base64", b"\xff!" + base64.b64encode(HELLO)),
        ("quoted-printable", binascii.b2a_qp(HELLO)),
        ("QUOTED-PRINTABLE", binascii.b2a_qp(HELLO)),
        ("x-uuencode", _UU),
        ("uuencode", b"\n" + _UU.replace(b"\n", b"  \n")),
        ("x-unknown", HELLO),
    ],
)
def test_transfer_encodings(encoding: str, body: bytes) -> None:
    head = f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}\n\n"
    assert read(head.encode() + body).root.text().strip() == HELLO.decode().strip()


def test_encoding_that_is_not_there() -> None:
    raw = b"Content-Transfer-Encoding: base64\n\nReporting-MTA: dns; mx.example.com\n"
    message = read(raw)
    assert message.root.text() == "Reporting-MTA: dns; mx.example.com\n"
    assert rules(message) == {"transfer-encoding-untrue"}


@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable", "x-uuencode"])
def test_embedded_message_that_is_encoded(encoding: str) -> None:
    inner = REPORT.replace(b"\n", b"\r\n")
    coded = {
        "base64": base64.encodebytes(inner),
        "quoted-printable": binascii.b2a_qp(inner, istext=False),
        "x-uuencode": b"begin 644 x\n"
        + b"".join(binascii.b2a_uu(inner[at : at + 45]) for at in range(0, len(inner), 45))
        + b"`\nend\n",
    }.get(encoding, inner)
    head = f"Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}\n\n".encode()
    embedded = read(head + coded).root.embedded()
    assert tree(embedded) == REPORT_TREE
    assert embedded is not None


def test_nested_reports() -> None:
    raw = HEAD + b"Content-Type: message/rfc822\n\n" + REPORT
    message = read(raw)
    assert [part.content_type for part in message.parts] == ["message/rfc822"]
    assert tree(message.root.embedded()) == REPORT_TREE
    assert message.root.embedded() is message.root.embedded()
    assert message.body.text == ""


WORDS = [
    ("plain", "plain"),
    ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
    ("=?UTF-8?B?R3LDvMOfZQ==?= x", "Grüße x"),
    ("=?iso-8859-1*de?q?Gr=FC=DFe?=", "Grüße"),
    ("a =?utf-8?q?b?= c =?utf-8?q?d?=", "a b c d"),
    ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
    ("=?utf-8?q?a?=\n\t=?utf-8?q?b?=", "ab"),
    ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
    ("=?utf-8?q?a_b?= =?iso-8859-1?q?=FC?=", "a bü"),
    # a character split across words, and base64 without padding
    ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
    ("=?utf-8?b?w7w?=", "ü"),
    ("=?utf-8?b?w?=", ""),
    ("=?utf-8?b?!!w7w=!?=", "ü"),
    ("=?x-unknown?q?Gr=C3=BC?=", "Grü"),
    ("=?us-ascii?q?Gr=FC=DFe?=", "Grüße"),
    ('"=?utf-8?q?Gr=C3=BC=C3=9Fe?=" <a@example.com>', '"Grüße" <a@example.com>'),
    ("=?utf-8?q?a b?=", "a b"),
    ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
    ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
    ("=??q?a?=", "=??q?a?="),
    ("Gr\udcc3\udcbc =?utf-8?q?a?=", "Grü a"),
    ("Gr\udcfc\udcdfe", "Grüße"),
]


@pytest.mark.parametrize(("value", "expected"), WORDS)
def test_encoded_words(value: str, expected: str) -> None:
    assert decode_words(value) == expected


PARAMETERS = [
    ("text/plain; charset=utf-8", {"charset": "utf-8"}),
    ('text/plain; CharSet="utf-8"; x=y', {"charset": "utf-8", "x": "y"}),
    ("text/plain; charset=utf-8 (comment)", {"charset": "utf-8"}),
    ('a; boundary="a\\"b;c"; x=1', {"boundary": 'a"b;c', "x": "1"}),
    ("a; boundary='x y'", {"boundary": "'x y'"}),
    ("a; boundary=a=b", {"boundary": "a=b"}),
    ("a; boundary = b ;", {"boundary": "b"}),
    ('a; boundary="never closed', {"boundary": "never closed"}),
    ("a; x=1; x=2", {"x": "1"}),
    # RFC 2231
    ("a; name*0=ab; name*1=cd", {"name": "abcd"}),
    ("a; name*1=cd; name*0=ab", {"name": "abcd"}),
    ("a; name*=utf-8'de'Gr%C3%BC%C3%9Fe", {"name": "Grüße"}),
    ("a; name*0*=utf-8''Gr%C3; name*1*=%BC%C3%9Fe; name*2=!", {"name": "Grüße!"}),
    ("a; name*=x-unknown''Gr%C3%BC", {"name": "Grü"}),
    ("a; name*=no%20quotes", {"name": "no quotes"}),
    ("a; name=plain; name*=utf-8''better", {"name": "better"}),
    ("a", {}),
    ("", {}),
    (";;;=;", {}),
]


@pytest.mark.parametrize(("value", "expected"), PARAMETERS)
def test_parameters(value: str, expected: dict[str, str]) -> None:
    assert parameters(value) == expected


@pytest.mark.parametrize("kind", ["mixed", "report", "Report", "x-1", "report; report-type=delivery-status"])
@pytest.mark.parametrize(
    "rest", ["", "boundary=b", '"b"', "b", '"b c "', '"b\\"c"', '"é"', '""', '"b', '"b";', '"b"; x=1', '"b" (c)']
)
@pytest.mark.parametrize(
    "before", ["; boundary=", ";boundary=", ";\tboundary=", "; boundary*0=", "; boundary=a; boundary="]
)
def test_the_usual_boundary_is_what_the_parameters_say(kind: str, before: str, rest: str) -> None:
    value = f"multipart/{kind}{before}{rest}"
    usual = mime._USUAL_BOUNDARY.fullmatch(value)
    assert usual is None or parameters(value)["boundary"] == usual[1]
    assert usual or (kind, before, rest) != ("report", "; boundary=", '"b"')


def test_headers() -> None:
    raw = b"A: 1\nb : 2\na: 3\nC:\n folded\n\tvalue\nD: \xc3\xbc\nE: Gr\xfc\xdfe\nF: a\0b\n\n"
    headers = read(raw).headers
    assert len(headers) == 7
    assert "B" in headers
    assert "x" not in headers
    assert headers.get("a") == "1"
    assert headers.get_all("a") == ["1", "3"]
    assert headers.get("b") == "2"
    assert headers.get("c") == "folded\tvalue"
    assert headers.get("d") == "ü"
    assert headers.get("e") == "Grüße"
    assert headers.get("f") == "a\0b"
    assert headers.get("x") is None
    assert headers.raw("x") == ""
    assert headers.raw("e") == "Gr\udcfc\udcdfe"
    assert dict(headers.decoded())["E"] == "Grüße"


def test_raw_headers_are_guessed_together() -> None:
    text = "Сообщение не может быть доставлено"
    raw = f"Subject: {text}\nComments: {text[:5]}\n\n".encode("koi8-r")
    headers = read(raw).headers
    assert headers.get("comments") == text[:5]
    assert headers.get("subject") == text


def test_read_headers() -> None:
    headers, rest = read_headers("Subject: Grüße\n\nbody")
    assert headers.get("subject") == "Grüße"
    assert rest == "body"
    assert read_headers("\ud800: x\n\n")[0].decoded() == (("?", "x"),)


def test_byte_order_mark_in_a_part() -> None:
    assert read(b"Content-Type: text/plain; charset=utf-8\n\n\xef\xbb\xbfHello").root.text() == "Hello"


# Limits: what came before is kept, and a defect says so.


def test_part_limit() -> None:
    message = read(HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * (mime.MAX_PARTS + 5))
    assert len(message.root.children) == mime.MAX_PARTS
    assert message.root.children[0].text() == "x"
    assert "mime-part-limit" in rules(message)


def test_depth_limit() -> None:
    message = read(_nested(mime.MAX_DEPTH + 10))
    assert sum(1 for _ in message.root.walk()) == mime.MAX_DEPTH + 1
    assert "mime-depth-limit" in rules(message)


def test_header_limit() -> None:
    message = read(b"Subject: first\n" + b"X-A: b\n" * (mime.MAX_HEADER // 7) + b"X-Last: x\n\nbody text")
    assert message.headers.get("subject") == "first"
    assert "header-limit" in rules(message)
    assert message.body.text == "body text"


def test_defects_are_limited() -> None:
    part = b"--b\nContent-Type: multipart/mixed\n\nx\n"
    message = read(HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 500)
    assert len(message.defects) == 100


def _nested(depth: int) -> bytes:
    out = [HEAD]
    out += [b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)]
    out.append(b"Content-Type: text/plain\n\nhi\n")
    out += [b"--b%d--\n" % n for n in reversed(range(depth))]
    return b"".join(out)


def everything(raw: bytes | email.message.Message) -> Message:
    """Use all that a detector could."""
    message = read(raw)
    message.headers.decoded()
    assert message.body.lower is not None
    assert message.body.lines
    for part in message.parts:
        part.text()
        part.embedded().headers.decoded()
        part.params.get("charset")
        part.headers.decoded()
        part.opening(1000)
    message.body.text.encode("utf-8")
    return message


MULTIPART = HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n"
HTML = HEAD + b"Content-Type: text/html\n\n"
BASE64 = HEAD + b"Content-Transfer-Encoding: base64\n\n"
PARAM = HEAD + b"Content-Type: multipart/mixed; "

# Each makes an input of a size in proportion to n.
HOSTILE: dict[str, Callable[[int], bytes]] = {
    "delimiters": lambda n: MULTIPART + b"--b\n" * n * 10,
    "parts": lambda n: MULTIPART + b"--b\n\nx\n" * n,
    "parts with 8-bit text": lambda n: (
        MULTIPART + b"".join(b"--b\nX: \xe4%d\n\n\xe4\xf6%d\n" % (k, k) for k in range(n))
    ),
    "same boundary at every level": lambda n: MULTIPART + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * n,
    "levels": lambda n: _nested(n // 5),
    "messages in messages": lambda n: HEAD + b"Content-Type: message/rfc822\n\n" * n,
    "header": lambda n: b"X-A: b\n" * n * 5,
    "damaged header": lambda n: b"A: b\n" + b"x y\nX-a: b\n" * n * 5,
    "damaged folds": lambda n: b"A: b\n" + b" x\nyy\nX-a: b\n" * n * 3,
    "folds": lambda n: b"A: b\n" + b" x\n" * n * 10,
    "8-bit header": lambda n: b"".join(b"Subject: \xe4\xf6\xfc %d\n" % k for k in range(n)) + b"\n",
    "line": lambda n: HEAD + b"\n" + b"x" * n * 500,
    "line without header": lambda n: b"x" * n * 500,
    "line with a late 8-bit byte": lambda n: HEAD + b"\n" + b"x" * n * 500 + b"\xe4",
    "parameters": lambda n: PARAM + b"a=b; " * n * 10,
    "sections": lambda n: PARAM + b"a*0*=b; " * n * 10,
    "quotes": lambda n: PARAM + b'a="' * n * 10,
    "semicolons": lambda n: PARAM + b";" * n * 10,
    "blanks": lambda n: PARAM + b" " * n * 10,
    "words": lambda n: b"Subject: " + b"=?utf-8?q?a?= " * n + b"\n\n",
    "open words": lambda n: b"Subject: " + b"=?utf-8?" * n * 3 + b"\n\n",
    "words of no charset": lambda n: b"Subject: " + b"=?x-no?b?w/////?= x " * n + b"\n\n",
    "many bad words": lambda n: b"".join(b"Subject: =?x-no?q?=E4=FC%d?=\n" % k for k in range(n)) + b"\n",
    "base64 garbage": lambda n: BASE64 + b"!@#\xff\n" * n * 20,
    "base64 pieces": lambda n: BASE64 + b"AAA=\n" * n * 20 + b"A",
    "quoted-printable": lambda n: HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n=3" * n * 20,
    "uuencode": lambda n: HEAD + b"Content-Transfer-Encoding: uuencode\n\nbegin 644 x\n" + b"#AAA\n" * n * 5,
    "<style": lambda n: HTML + b"<style" * n * 10,
    "<": lambda n: HTML + b"<" * n * 50,
    "<a": lambda n: HTML + b"<a " * n * 20,
    "<!--": lambda n: HTML + b"<!--" * n * 10,
    "&": lambda n: HTML + b"&" * n * 10,
    "&#9": lambda n: HTML + b"&#9" + b"9" * n * 10,
    "&name": lambda n: HTML + b"&aaaaaaaaaaaaaaaaaaaaaaaaa" * n,
    "field lines": lambda n: HEAD + b"\n" + b"From: a\n" * n * 5,
    "short headers": lambda n: HEAD + b"\n" + b"From: a\nDate: b\n550 x\n" * n,
    "quoted lines": lambda n: HEAD + b"\n" + b"Date: from:\n> From: a\n> \n>> From:\n" * n * 2,
    "indents": lambda n: HEAD + b"\n" + b"from date\n" + b" \t>|" * n * 20,
    "carriage returns": lambda n: HEAD + b"\n" + b"\r" * n * 20,
    "nothing": lambda n: b"\0" * n * 50,
    "bad UTF-8": lambda n: HEAD + b"Content-Type: text/plain; charset=utf-8\n\n" + b"\xff\xfe\x81 abc" * n * 10,
    "utf-7": lambda n: HEAD + b"Content-Type: text/plain; charset=utf-7\n\n" + b"+AGE-" * n * 10,
    "escapes": lambda n: HEAD + b"\n" + b"\x1b$B\x1b(B" * n * 5,
    "guessed boundaries": lambda n: HEAD + b"Content-Type: multipart/mixed\n\n" + b"--a\n" * n * 10,
    "hyphens": lambda n: HEAD + b"Content-Type: multipart/mixed\n\n" + b"-" * n * 10,
}


def _seconds(raw: bytes) -> float:
    begin = time.process_time()
    everything(raw)
    return time.process_time() - begin


@pytest.mark.parametrize("name", HOSTILE)
def test_time_is_linear(name: str) -> None:
    make = HOSTILE[name]
    small, large = make(500), make(5000)
    once = max(min(_seconds(small) for _ in range(2)), 0.002)
    assert any(_seconds(large) < 40 * once for _ in range(3)), "ten times the input takes far more than ten times"


def test_fifty_megabytes_in_one_line() -> None:
    assert read(HEAD + b"\n" + b"x" * 50_000_000).body.text.endswith("x")


def test_ten_thousand_levels() -> None:
    message = everything(_nested(10_000))
    assert "mime-depth-limit" in rules(message)


# Messages of the standard library.


@pytest.mark.parametrize("policy", [email.policy.compat32, email.policy.default])
def test_messages_of_the_standard_library(policy: email.policy.Policy) -> None:
    parsed = email.message_from_bytes(REPORT + b"From here on\n", policy=policy)
    message = everything(parsed)
    assert tree(message.root) == REPORT_TREE
    assert message.body.text.strip() == "No such user."


def test_from_at_the_beginning_of_a_line_is_not_mangled() -> None:
    assert read(email.message_from_bytes(b"Subject: x\n\nFrom here\n")).body.text == "From here\n"


class _Hostile(email.message.Message):
    def as_bytes(self, *args: object, **kwargs: object) -> bytes:
        raise RuntimeError

    def raw_items(self) -> object:  # type: ignore[override]
        raise ValueError


class _Unprintable:
    def __str__(self) -> str:
        raise ValueError


def _odd_messages() -> list[email.message.Message]:
    odd: list[email.message.Message] = [_Hostile()]
    deep = email.message.Message()
    for _ in range(3000):
        outer = email.message.Message()
        outer["Content-Type"] = "multipart/mixed; boundary=b"
        outer.set_payload([deep])
        deep = outer
    odd.append(deep)
    for payload in (None, b"bytes", "str \udcff \ud800", ["not a message"], [_Hostile()], 5, {"a": 1}, _Unprintable()):
        message = email.message.Message()
        message["Subject"] = "x"
        message["Content-Type"] = "multipart/mixed"
        message["Content-Transfer-Encoding"] = "x-odd"
        message._payload = payload  # type: ignore[attr-defined]
        odd.append(message)
    message = email.message.Message()
    message._headers = [("Subject", _Unprintable()), (5, b"x\xff"), ("X", None), ("Y\ud800", "\ud800")]  # type: ignore[attr-defined]
    odd.append(message)
    message = email.message_from_bytes(b"Content-Type: text/plain; charset=x-no\n\n\xff\xfe")
    odd.append(message)
    return odd


@pytest.mark.parametrize("message", _odd_messages(), ids=lambda m: type(m).__name__)
def test_odd_messages_of_the_standard_library(message: email.message.Message) -> None:
    everything(message)


def test_a_message_that_cannot_be_written_keeps_what_it_has() -> None:
    message = email.message.Message()
    message["Subject"] = "x"
    message["Content-Type"] = "multipart/mixed"
    inner = email.message.Message()
    inner["Content-Type"] = "text/plain"
    inner.set_payload("words")
    broken = email.message.Message()
    broken._payload = 5  # type: ignore[attr-defined]
    message._payload = [inner, broken]  # type: ignore[attr-defined]
    read_back = read(message)
    assert read_back.headers.get("subject") == "x"
    assert read_back.body.text.split() == ["words", "5"]


def test_empty_input() -> None:
    for raw in (b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"From ", b"From x\n", b":", b": x\n\n"):
        message = everything(raw)
        assert message.root.content_type == "text/plain"


def test_uuencode_damaged() -> None:
    head = b"Content-Transfer-Encoding: uuencode\n\n"
    assert read(head + b"no begin line\n").root.text() == "no begin line\n"
    # A line longer than its count says, one that is none, and no end.
    raw = head + b"begin 644 x\n#86)Cxxxxxxxxx\n\x80\x80\x80\n#86)C\n"
    text = read(raw).root.text()
    assert text.startswith("abc")
    assert text.endswith("abc")


def test_parts_beyond_the_limit_are_not_opened() -> None:
    inner = b"--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--\n"
    message = read(HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + inner * (mime.MAX_PARTS + 1))
    assert len(message.parts) == mime.MAX_PARTS + 1
    assert "mime-part-limit" in rules(message)


def test_limits_of_an_embedded_message() -> None:
    raw = b"Content-Type: message/rfc822\n\n" + _nested(mime.MAX_DEPTH + 10)
    message = read(raw)
    assert sum(1 for _ in message.root.embedded().walk()) == mime.MAX_DEPTH
    assert "mime-depth-limit" in rules(message)


def test_outlook_com_folds_without_a_blank() -> None:
    message = read(b"Subject: x\nX-Microsoft-Antispam-Message-Info:\nXW0i+vGr98fR0H6N7E\n\nHello\n")
    assert message.headers.get("x-microsoft-antispam-message-info") == "XW0i+vGr98fR0H6N7E"
    assert message.body.text == "Hello\n"


def test_digest() -> None:
    message = read(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\nhi\n--b--\n")
    assert tree(message.root) == ["multipart/digest", "message/rfc822"]
    assert message.parts[1].embedded().headers.get("subject") == "x"


@pytest.mark.parametrize("kind", ["text/plain", "multipart/mixed; boundary=b", "message/rfc822"])
def test_a_message_that_nobody_holds_is_gone(kind: str) -> None:
    raw = f"Content-Type: {kind}\n\n--b\n\none\n--b\nContent-Type: message/rfc822\n\nTo: x\n\ntwo\n--b--\n".encode()
    gc.disable()
    try:
        message = mime.read(raw)
        for part in message.parts:
            assert part.embedded().text() is not None
        assert message.body.text is not None
        gone: list[weakref.ref[object]] = [weakref.ref(message), weakref.ref(message.root.tree)]
        del part, message
        assert [reference() for reference in gone] == [None, None]
    finally:
        gc.enable()


# RFC 5322 section 2.2, on unfolded lines.
FIELD = re.compile(r"(?m)^([!-9;-~]++)[ \t]*+:[ \t]*+(.*)")
PIECES = (
    "Subject",
    "message-id",
    "X-Other",
    ":",
    ": ",
    " : ",
    "\n",
    "\n\t",
    "\n ",
    " ",
    "\t",
    "x",
    "a:b",
    "=?",
    "\xe9",
    "\x0b",
)


def test_a_header_is_the_fields_of_its_unfolded_lines() -> None:
    chance = random.Random(1)
    read_well = 0
    for _ in range(20_000):
        text = "Date" + "".join(chance.choices(PIECES, k=chance.randint(1, 12)))
        unfolded = text.replace("\n ", " ").replace("\n\t", "\t")
        fields = FIELD.findall(unfolded)
        headers = read_fields(text.encode("utf-8"))
        if len(fields) != unfolded.count("\n") + 1:
            assert headers is None, text
            continue
        read_well += 1
        assert headers is not None, text
        assert list(headers.fields) == fields, text
        assert headers.first == {name.lower(): value for name, value in reversed(fields)}, text
        assert all((headers.get(name.lower()) or "").strip(" \t") == headers.get(name.lower()) for name, _ in fields)
    assert read_well > 1000


def test_messages_share_nothing_but_plain_headers_of_parts() -> None:
    one, other = read(REPORT), read(REPORT)
    assert one.parts[1].headers is other.parts[1].headers
    odd = b"Subject: \xe9\n\nx"
    assert read(odd).headers is not read(odd).headers
