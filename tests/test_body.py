"""What is read as the report's prose, and where the returned message begins."""

from __future__ import annotations

import pytest

from bouncelib import mime
from bouncelib.body import html_to_text, split_original, unquote

RETURNED = [
    # after an announcement, plain, quoted, indented, in a folded run
    "No such user.\n\n--- Below this line is a copy of the message.\n\n|Return-Path: <a@example.com>\nReceived: x\n",
    "No such user.\n\n|> Received: from a by b;\n>   Mon, 1 Jan 2024\n> Message-ID: <1@example.com>\n",
    "No such user.\n\n|> Received: from a by b\n> Message-ID: <1@example.com>\n>\n> Hello\n",
    "No such user.\n\n|    Message-ID: <1@example.com>\n    Subject: x\n",
    "No such user.\n\n|Received: from a\n\tby b\n\tfor c\nX-Mailer: y\nMessage-ID: <1@example.com>\n",
    "No such user.\n\n|ARC-Seal: i=1\nX-Foo: bar\nMessage-ID: <1@example.com>\n",
    # a letter: From and Date
    "No such user.\n\nOriginal message:\n\n|From: a@example.com\nDate: today\nSubject: x\n\nHello\n",
    "|Received: from a by b\nFrom: a@example.com\n\nHello",
]

WHOLE = [
    "",
    "No such user.\n",
    # Exchange 2003
    "Your message\n\n  To:      Bob\n  Subject: Hello\n  Sent:    Mon, 1 Jan 2024\n\ndid not reach the recipient(s):\n",
    # one field is no header
    "The following was rejected:\n\nMessage-ID: <1@example.com>\n\n550 no such user\n",
    # a table within the explanation
    "Your message was not sent.\nFrom: a@example.com\nTo: b@example.com\nDate: today\n\nReason: 550 5.1.1 unknown\n",
    "X-Failed-Recipients: b@example.com\nX-Reason: unknown\n\nNo such user.\n",
    "Note:\nFrom: here on, Date: is not a field\n",
]


@pytest.mark.parametrize("marked", RETURNED)
def test_returned_message_is_found(marked: str) -> None:
    begin = marked.index("|")
    text = marked.replace("|", "", 1)
    found = split_original(text)
    assert found is not None
    assert found[0] == begin
    headers, _ = mime.read_headers(unquote(text[found[0] :], found[1]))
    assert "message-id" in headers or "from" in headers or "return-path" in headers


@pytest.mark.parametrize("text", WHOLE)
def test_prose_is_not_cut(text: str) -> None:
    assert split_original(text) is None


def test_unquote() -> None:
    assert unquote("> a: b\n>\n> text\nmore", "> ") == "a: b\n\ntext\nmore"
    assert unquote("a", "") == "a"


HTML = [
    ("<p>Hello<br>World</p>", ["Hello", "World"]),
    ("<style>p { x: y }</style><script>1 < 2</script><p>Hello", ["Hello"]),
    ("<STYLE type=a>x</STYLE >Hello", ["Hello"]),
    ("<html><head><title>x</title></head><body>Hello</body></html>", ["Hello"]),
    ("<header>Hello</header>", ["Hello"]),
    ("<!-- <p>no</p> -->Hello<!-- never closed", ["Hello<!-- never closed"]),
    ("&lt;anne@example.com&gt; <bob@example.com>", ["<anne@example.com> <bob@example.com>"]),
    ("a&nbsp;b &amp; c &#8364; &#x20ac;", ["a b & c € €"]),
    ("İ<style>x</style>Hello", ["İHello"]),
    ("<style never closed", ["<style never closed"]),
    ("&#" + "9" * 5000 + ";Hello", ["\ufffd;Hello"]),
    ("550 5.1.1 a < b", ["550 5.1.1 a < b"]),
]


@pytest.mark.parametrize(("source", "lines"), HTML)
def test_html_to_text(source: str, lines: list[str]) -> None:
    assert [line.strip() for line in html_to_text(source).split("\n") if line.strip()] == lines


def _read(*parts: tuple[str, str], kind: str = "mixed") -> mime.Message:
    inner = "".join(f"--b\nContent-Type: {content}\n\n{text}\n" for content, text in parts)
    return mime.read(f"Content-Type: multipart/{kind}; boundary=b\n\n{inner}--b--\n".encode())


def test_alternatives() -> None:
    both = _read(("text/plain", "plain words"), ("text/html", "<p>rich words"), kind="alternative")
    assert both.body.text.strip() == "plain words"
    blank = _read(("text/plain", " \n "), ("text/html", "<p>rich words"), kind="alternative")
    assert blank.body.text.strip() == "rich words"
    assert _read(("text/html", "<p>rich words")).body.text.strip() == "rich words"


def test_blank_alternative_beside_other_text() -> None:
    alternative = "--c\nContent-Type: text/plain\n\n\n--c\nContent-Type: text/html\n\n<p>rich words\n--c--\n"
    message = _read(("multipart/alternative; boundary=c", alternative), ("text/plain", "a footer"))
    assert message.body.text.split() == ["rich", "words", "a", "footer"]


def test_html_under_the_type_of_plain_text() -> None:
    assert _read(("text/plain", "<html><body><p>words</body>")).body.text.strip() == "words"


def test_the_returned_part_is_not_prose() -> None:
    message = _read(("text/plain", "report"), ("message/rfc822", "Subject: x\n\nbody"), ("text/plain", "footer"))
    assert message.body.text == "report"


def test_lines_know_their_place() -> None:
    message = _read(("text/plain", "one\ntwo"), ("text/plain", "three\n\nReceived: x\nSubject: y\n\nbody"))
    body = message.body
    assert body.lines[:3] == ["one", "two", "three"]
    assert [body.place(index) for index in range(3)] == [("1", 1), ("1", 2), ("2", 1)]
    assert body.place(-1) == ("", 0)
    value = body.value("two", 1, "rule")
    assert (value.text, value.part, value.line, value.rule) == ("two", "1", 2, "rule")
    assert body.lower == body.text.lower()
    assert body.returned.startswith("Received: x\nSubject: y")
    assert body.returned_part == "2"


@pytest.mark.parametrize("texts", [("one\ntwo\nthree",), ("one\ntwo", "three")])
def test_a_value_has_the_place_of_its_line(texts: tuple[str, ...]) -> None:
    body = _read(*[("text/plain", text) for text in texts]).body
    for index in range(-1, 3):
        value = body.value("x", index)
        assert (value.part, value.line) == body.place(index)


def test_a_returned_message_deep_in_a_long_text() -> None:
    text = "x y z\n" * 100_000 + "\nReceived: from a\nMessage-ID: <1@example.com>\n\nbody"
    message = mime.read(b"Subject: x\n\n" + text.encode())
    assert message.body.returned.startswith("Received:")
    assert message.body.text.startswith("x y z")


def test_header_in_html() -> None:
    source = "<p>No such user</p><pre>Received: from a by b\nMessage-ID: &lt;1@example.com&gt;\n</pre>"
    message = _read(("text/html", source))
    assert message.body.text.strip() == "No such user"
    assert "<1@example.com>" in message.body.returned


@pytest.mark.parametrize("name", ["Received", "Return-Path", "Message-ID", "Delivered-To", "DKIM-Signature", "Date"])
@pytest.mark.parametrize("blanks", ["", " ", "\t", " \t "])
def test_each_field_of_transport_is_seen_with_and_without_blanks(name: str, blanks: str) -> None:
    assert split_original(f"Said:\n\n> From: a@example.com\n> {name}{blanks}: x\n") == (7, "> ")
