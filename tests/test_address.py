"""Text to an address: every way to write one down that reports use."""

from __future__ import annotations

import itertools
import re

import pytest

from bouncelib import address

CLEAN = [
    # plain, brackets, display names
    ("anne@example.com", "anne@example.com"),
    ("  <anne@example.com>  ", "anne@example.com"),
    ("Anne Person <anne@example.com>", "anne@example.com"),
    ('"Person, Anne <home>" <anne@example.com>', "anne@example.com"),
    ("<anne@example.com", "anne@example.com"),
    ("<anne@example.com>:", "anne@example.com"),
    ("<anne@example.com> (expanded from <all@example.com>)", "anne@example.com"),
    ("'anne@example.com'", "anne@example.com"),
    ('"anne@example.com"', "anne@example.com"),
    ("[SMTP:anne@example.com]", "anne@example.com"),
    ("mailto:anne@example.com", "anne@example.com"),
    ("anne@example.com; bob@example.com", "anne@example.com"),
    # RFC 5321 appendix C: source routes
    ("<@a.example,@b.example:anne@example.com>", "anne@example.com"),
    ("@a.example, @b.example:anne@example.com", "anne@example.com"),
    # RFC 5322 section 3.2.2: comments
    ("anne@example.com (Anne)", "anne@example.com"),
    ("(Anne) anne@example.com", "anne@example.com"),
    ("anne@example.com (Anne) (away)", "anne@example.com"),
    # quoted local parts
    ('"a b"@example.com', '"a b"@example.com'),
    ('<"a b"@example.com>', '"a b"@example.com'),
    ('"a@b"@example.com', '"a@b"@example.com'),
    ('<"a>b"@example.com>', '"a>b"@example.com'),
    ('".xalias/list"@example.com', '".xalias/list"@example.com'),
    # the domain is lower-cased, its root dot dropped, the local part kept
    ("Anne.Person@EXAMPLE.Com", "Anne.Person@example.com"),
    ("anne@example.com.", "anne@example.com"),
    ("anne@example.com..", "anne@example.com"),
    ("anne@[192.0.2.1]", "anne@[192.0.2.1]"),
    ("anne@[IPv6:2001:db8::1]", "anne@[ipv6:2001:db8::1]"),
    ("anne%example.net@relay.example.com", "anne%example.net@relay.example.com"),
    ("host!anne@example.com", "host!anne@example.com"),
    ("a!b!anne", "a!b!anne"),
    ("anne", "anne"),
    ("anne+list=x@example.com", "anne+list=x@example.com"),
    # RFC 5891: readable where it leads back, kept where it does not
    ("anne@xn--bcher-kva.example", "anne@bücher.example"),
    ("anne@xn--fsqu00a.xn--0zwm56d", "anne@例子.测试"),
    ("anne@xn--strae-oqa.example", "anne@straße.example"),
    ("anne@xn--zzzzzz99999999.example", "anne@xn--zzzzzz99999999.example"),
    ("anne@xn--.example", "anne@xn--.example"),
    ("anne@xn--abc-.example", "anne@xn--abc-.example"),
    ("日本@例子.example", "日本@例子.example"),
    # RFC 6533 section 3
    (r"\x{65E5}\x{672C}@example.com", "日本@example.com"),
    (r"\x{D800}x@example.com", r"\x{D800}x@example.com"),
    # Exchange's capsules: one for SMTP is opened, the others are kept
    ("IMCEASMTP-anne+40example+2Ecom@gw.example.net", "anne@example.com"),
    (
        "IMCEAEX-_O=EXAMPLE_OU=SITE_CN=RECIPIENTS_CN=Anne+20P@example.com",
        "IMCEAEX-_O=EXAMPLE_OU=SITE_CN=RECIPIENTS_CN=Anne+20P@example.com",
    ),
    ("IMCEASMTP-broken@gw.example.net", "IMCEASMTP-broken@gw.example.net"),
    # nothing is invented
    ("", None),
    ("<>", None),
    ("  ", None),
    ("@", None),
    ("@example.com", None),
    ("anne@", None),
    ("anne@.", None),
    ("unknown user", None),
    ("Anne <>", None),
    ("a" * 2000 + "@example.com", None),
    ("anne@" + "b" * 2000, None),
]

TYPED = [
    ("rfc822;anne@example.com", "anne@example.com"),
    ("rfc822; anne@example.com", "anne@example.com"),
    ("RFC822 ; anne@example.com", "anne@example.com"),
    ("rfc822; <anne@example.com>", "anne@example.com"),
    ("rfc822;rfc822;anne@example.com", "anne@example.com"),
    ("utf-8; 日本@例子.example", "日本@例子.example"),
    (r"utf-8;\x{65E5}@example.com", "日@example.com"),
    ("smtp;anne@example.com", "anne@example.com"),
    ("unknown; anne@example.com", "anne@example.com"),
    ("X-LOCAL;anne", "anne"),
    ("LOCAL;<anne@host>", "anne@host"),
    ("anne@example.com", "anne@example.com"),
    ("rfc822;", None),
    (";", None),
    ("X400;/C=XX/A= /P=EXAMPLE/S=Person/", None),
]

XTEXT = [
    ("rfc822;anne+2Blist@example.com", "anne+list@example.com"),
    ("rfc822;anne+3Dx@example.com", "anne=x@example.com"),
    ("utf-8;+E6+97+A5@example.com", "日@example.com"),
    # A tag that only looks like it.
    ("rfc822;anne+20@example.com", "anne+20@example.com"),
    ("rfc822;anne+CA@example.com", "anne+CA@example.com"),
    ("rfc822;IMCEAEX-_CN=Anne+20P@example.com", "IMCEAEX-_CN=Anne+20P@example.com"),
]

FIND = [
    ("no address here", []),
    ("<anne@example.com>, bob@Example.COM and anne@example.com", ["anne@example.com", "bob@example.com"]),
    ("write to anne@example.com.", ["anne@example.com"]),
    ("see http://example.com/?to=anne@example.com&x", []),
    ("收件人 anne@example.com不存在", ["anne@example.com"]),
    ("mailto:anne@example.com?subject=x", ["anne@example.com"]),
    ("@ a@ @b", []),
    ('the mailbox "a b"@example.com is full', ['"a b"@example.com']),
]


@pytest.mark.parametrize(("text", "expected"), CLEAN)
def test_clean(text: str, expected: str | None) -> None:
    assert address.clean(text) == expected


@pytest.mark.parametrize(("text", "expected"), CLEAN)
def test_clean_is_stable(text: str, expected: str | None) -> None:
    if expected is not None:
        assert address.clean(expected) == expected


@pytest.mark.parametrize(("text", "expected"), TYPED)
def test_typed(text: str, expected: str | None) -> None:
    assert address.typed(text) == expected


@pytest.mark.parametrize(("text", "expected"), XTEXT)
def test_typed_xtext(text: str, expected: str | None) -> None:
    assert address.typed(text, xtext=True) == expected


@pytest.mark.parametrize(("text", "expected"), FIND)
def test_find(text: str, expected: list[str]) -> None:
    assert address.find(text) == expected


def test_find_in_a_long_text() -> None:
    text = "x" * 100_000 + " anne@example.com"
    assert address.find(text) == ["anne@example.com"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a+2Bb", "a+b"), ("a+3D+20b", "a= b"), ("+E6+97+A5", "日"), ("+FF", "ÿ"), ("a+b", "a+b"), ("a+2b", "a+2b")],
)
def test_unxtext(text: str, expected: str) -> None:
    assert address.unxtext(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("anne@Example.COM", "example.com"), ('"a@b"@c.example', "c.example"), ("anne", "")]
)
def test_domain_of(text: str, expected: str) -> None:
    assert address.domain_of(text) == expected


def test_same() -> None:
    assert address.same("Anne@example.com", "anne@EXAMPLE.com")
    assert not address.same("anne@example.com", "anne@example.net")


def test_usual_addresses_are_read_as_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    before = (
        "", " ", "<", "< ", "<<", "Anne <", " Anne  <", '"Person, Anne" <', "'Anne' <", '"Anne <', "[Anne] <",
        "(Anne)<", "rfc822;", "RFC822 ; <", "Anne <rfc822;", "rfc822; Anne <", "x400; Anne <",
        "\\x{40} <", "\\303\\244 <",
        "日本<", "A" * 200 + "<", "A" * 1000 + "<", "http://a.example/ <", "\n<",
    )  # fmt: skip
    named = (
        "anne@example.com", "Anne+tag=2B@Example.COM", "a+2Bb@example.com", "anne.@a.example.", "-anne@example.com",
        "IMCEASMTP-anne+40a+2Eexample@example.net", "anne@xn--bcher-kva.example", "a" * 101 + "@b.example", "anne",
    )  # fmt: skip
    texts = list(map("".join, itertools.product(before, named, ("", ">", "> ", ">>", ">:", "\n"))))

    def read() -> list[object]:
        return [
            (text, address.clean(text), address.typed(text), address.typed(text, xtext=True), address.find(text))
            for text in texts
        ]

    usual = read()
    monkeypatch.setattr(address, "_PLAIN", re.compile("(?!)"))
    assert usual == read()


@pytest.mark.parametrize(
    "piece", ["a", "@", "a@", '"', '"a', '"\\', "<", ".@a", "(", ")", "\\x{41}", "+41", "xn--", ";"]
)
@pytest.mark.parametrize("function", [address.clean, address.typed, address.find, address.unxtext, address.domain_of])
def test_a_megabyte(function: object, piece: str) -> None:
    assert callable(function)
    function(piece * (500_000 // len(piece)))
    function("a@" + piece * 100_000)
    function(piece * 100_000 + "@b.example")
