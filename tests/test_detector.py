"""The engine: what each column of a `TextFormat` does, and which tables it refuses."""

from __future__ import annotations

import dataclasses
import itertools
import pathlib
import re
import time
from collections.abc import Mapping
from typing import Any

import pytest

from bouncelib import Registry, testing
from bouncelib.detector import FIELDS, Detector, TextFormat
from bouncelib.marks import is_letter
from bouncelib.mime import read
from bouncelib.model import BouncelibError, Finding, Kind
from bouncelib.phrases import first_of

BASE: Mapping[str, Any] = {
    "name": "test",
    "start": ("could not deliver to",),
    "recipient": (r"^<(?P<address>[^<>]{1,320})>:?(?: (?P<diagnostic>.+))?$",),
}


SAMPLES = testing.discover(pathlib.Path(__file__).parent.parent / "corpus")


def mail(text: str, header: str = "From: mailer-daemon@mx.example.com") -> bytes:
    return f"{header}\n\n{text}".encode()


def find(text: str, header: str = "From: mailer-daemon@mx.example.com", **columns: Any) -> list[Finding]:
    message = read(mail(text, header))
    format_ = TextFormat(**{**BASE, **columns})
    return list(format_.find(message)) if format_.concerns(message) else []


def told(findings: list[Finding], *names: str) -> list[tuple[str | None, ...]]:
    values = [[getattr(finding, name) for name in names] for finding in findings]
    return [tuple(value.text if value else None for value in row) for row in values]


BOTH = "address", "diagnostic"


def test_a_format_is_a_detector() -> None:
    assert isinstance(TextFormat(**BASE), Detector)


@pytest.mark.parametrize(
    ("columns", "text", "expected"),
    [
        pytest.param(
            {},
            "We could not deliver to\n\n<anne@example.com>:\n550 no such\nuser\n\nGoodbye.\n",
            [("anne@example.com", "550 no such\nuser")],
            id="the lines up to the first blank one are the diagnostic",
        ),
        pytest.param(
            {"paragraph": False},
            "could not deliver to\n<anne@example.com>:\n550 no such\n\nuser\n",
            [("anne@example.com", "550 no such\nuser")],
            id="or all lines",
        ),
        pytest.param(
            {},
            "<x@example.net>:\nGreetings\ncould not deliver to\n<anne@example.com>: one\ntwo\n<bob@example.com>:\n3\n",
            [("anne@example.com", "one\ntwo"), ("bob@example.com", "3")],
            id="reading begins at the phrase, a recipient ends the one before",
        ),
        pytest.param(
            {"end": ("-- original",)},
            "could not deliver to\n<anne@example.com>: one\n-- Original --\ntwo\n<bob@example.com>: no\n",
            [("anne@example.com", "one")],
            id="reading ends at an end phrase",
        ),
        pytest.param(
            {"skip": ("via ",), "fields": (r"via (?P<original_address>\S+)",)},
            "could not deliver to\n<anne@example.com>:\nvia sales@example.com\nno such user\n",
            [("anne@example.com", "no such user")],
            id="a skipped line joins no diagnostic",
        ),
        pytest.param(
            {"skip": ("sender",)},
            "could not deliver to\n<sender@example.com>: one\n<bob@example.com>: two\n",
            [("bob@example.com", "two")],
            id="a skipped line names nobody",
        ),
        pytest.param(
            {"fields": (r"^<<< (?P<diagnostic>.+)", r"^>>> (?P<command>.+)")},
            "could not deliver to\n<anne@example.com>:\n>>> RCPT\n<<< 550-one\n<<< 550 two\nthree\n",
            [("anne@example.com", "550-one\n550 two")],
            id="diagnostics that fields take are all of it",
        ),
        pytest.param(
            {"folded": True},
            "could not deliver to\n<anne@example.com>: host mx said:\n    550 no such\n\tuser\nthe end\n",
            [("anne@example.com", "host mx said: 550 no such user\nthe end")],
            id="folded lines are one",
        ),
        pytest.param(
            {"lasting": True},
            "could not deliver to: all full\n<anne@example.com>\n<bob@example.com> moved\n<eve@example.com>\n",
            [
                ("anne@example.com", "could not deliver to: all full"),
                ("bob@example.com", "moved"),
                ("eve@example.com", "could not deliver to: all full"),
            ],
            id="what stands above lasts for those that have nothing of their own",
        ),
        pytest.param(
            {"recipient": (r"^To: (?P<address>.+)$",)},
            'could not deliver to\nTo: <anne@example.com>, <bob@example.com>,eve@example.com, "a,b"@example.com\nfull',
            [
                ("<anne@example.com>", "full"),
                ("<bob@example.com>", "full"),
                ("eve@example.com", "full"),
                ('"a,b"@example.com', "full"),
            ],
            id="addresses in a row are as many findings",
        ),
        pytest.param(
            {"marks": ("-- original",)},
            "could not deliver to\n<anne@example.com>: full\n\n-- Original\n",
            [("anne@example.com", "full")],
            id="a mark may stand anywhere",
        ),
        pytest.param(
            {"marks": ("-- original",)}, "could not deliver to\n<anne@example.com>: full\n", [], id="but must stand"
        ),
        pytest.param({}, "> could not deliver to\n<anne@example.com>: full\n", [], id="a quoted phrase starts nothing"),
        pytest.param(
            {},
            "> could not deliver to\ncould not deliver to\n<anne@example.com>: full\n",
            [("anne@example.com", "full")],
            id="a phrase behind a quoted one does",
        ),
        pytest.param({}, "could not deliver to\nanybody\n", [(None, None)], id="what names nobody is still a report"),
        pytest.param({"quiet": True}, "could not deliver to\nanybody\n", [], id="unless the format is quiet"),
        pytest.param({}, "a letter\n<anne@example.com>: hello\n", [], id="without the phrase nothing is read"),
    ],
)
def test_columns(columns: dict[str, Any], text: str, expected: list[tuple[str | None, ...]]) -> None:
    assert told(find(text, **columns), *BOTH) == expected


@pytest.mark.parametrize(
    ("columns", "header", "reads"),
    [
        ({"headers": {"x-loop": ""}}, "From: a@example.com\nX-Loop: 1", True),
        ({"headers": {"x-loop": ""}}, "From: a@example.com", False),
        ({"headers": {"from": "daemon"}}, "From: Mailer-DAEMON@example.com", True),
        ({"headers": {"from": "daemon"}}, "From: anne@example.com", False),
        ({"headers": {"from": ("postmaster", "daemon")}}, "From: Postmaster <p@example.com>", True),
        ({"headers": {"from": ("postmaster", "daemon")}}, "From: anne@example.com", False),
        ({"headers": {"from": "daemon"}, "start": ()}, "From: daemon@example.com", True),
        (
            {"reports_only": True},
            "From: Anne <a@example.com>\nSubject: lunch\nReturn-Path: <a@example.com>",
            False,
        ),
        ({"reports_only": True}, "From: mailer-daemon@example.com\nSubject: failure notice\nReturn-Path: <>", True),
        ({}, "From: anne@example.com\nSubject: Fwd: failure notice", False),
        ({}, "From: anne@example.com\nSubject: Re: failure notice\nIn-Reply-To: <1@example.com>", False),
        ({}, "From: mailer-daemon@example.com\nSubject: Re: lunch\nIn-Reply-To: <1@example.com>", True),
    ],
)
def test_the_header_decides_whether_a_text_is_read(columns: dict[str, Any], header: str, reads: bool) -> None:
    assert bool(find("could not deliver to\n<anne@example.com>: full\n", header, **columns)) is reads


def test_fields_before_any_recipient_are_about_the_report() -> None:
    found = find(
        "could not deliver to\nhost: mx.example.net\n<anne@example.com>: full\nhost: mx2.example.net\n",
        fields=(r"^host: (?P<remote_mta>\S+)",),
    )
    assert told(found, "address", "remote_mta") == [("anne@example.com", "mx2.example.net"), (None, "mx.example.net")]


def test_the_first_text_of_a_field_counts() -> None:
    found = find("could not deliver to\n<a@example.com>\nhost a\nhost b\n", fields=(r"^host (?P<remote_mta>.)",))
    assert told(found, "remote_mta") == [("a",)]


def test_a_header_may_list_the_recipients() -> None:
    header = "From: mailer-daemon@mx.example.com\nX-Failed-Recipients: anne@example.com,\n bob@example.com, "
    found = find("could not deliver to\nthem\n", header, recipient_header="x-failed-recipients")
    assert [address.strip() for (address,) in told(found, "address") if address] == [
        "anne@example.com",
        "bob@example.com",
    ]
    assert found[0].address is not None
    assert found[0].address.rule == "header x-failed-recipients"


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({}, Kind.BOUNCE),
        ({"delay": ("will try again",)}, Kind.DELAY),
        ({"delay": ("has given up",)}, Kind.BOUNCE),
        ({"kind": Kind.CHALLENGE}, Kind.CHALLENGE),
    ],
)
def test_the_kind(columns: dict[str, Any], kind: Kind) -> None:
    found = find("could not deliver to\n<anne@example.com>: full\n\nWe will try again.\n", **columns)
    assert [finding.kind for finding in found] == [kind]


def test_every_value_knows_its_line() -> None:
    found = find(
        "Dear Sam,\n\ncould not deliver to\n<anne@example.com>:\nfull\nhost mx\n", fields=(r"^host (?P<remote_mta>.+)",)
    )
    (finding,) = found
    values = [finding.address, finding.diagnostic, finding.remote_mta]
    assert [(value.part, value.line) for value in values if value] == [("1", 4), ("1", 5), ("1", 6)]
    assert all(value.rule for value in values if value)


def test_a_diagnostic_has_an_end() -> None:
    found = find("could not deliver to\n<anne@example.com>:\n" + "more\n" * 5000)
    diagnostic = found[0].diagnostic
    assert diagnostic is not None
    assert diagnostic.text.count("more") == 60


@pytest.mark.parametrize("trusted", [True, False])
def test_both_engines_read_alike(trusted: bool) -> None:
    found = find("could not deliver to\n<anne@example.com>: full\n", trusted=trusted)
    assert told(found, *BOTH) == [("anne@example.com", "full")]


def test_a_pattern_that_takes_too_long_is_given_up() -> None:
    began = time.process_time()
    with pytest.raises(TimeoutError):
        find("could not deliver to\n" + "a" * 60 + "!\n", recipient=(r"^(?P<address>(a|aa)+)$",))
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ({"start": ()}, "would claim every message"),
        ({"start": ("Could not",)}, "must be lower-case"),
        ({"end": ("a\nb",)}, "within one line"),
        ({"headers": {"From": ""}}, "must be lower-case"),
        ({"headers": {"from": ("a", "B")}}, "must be lower-case"),
        ({"marks": ("",)}, "an empty phrase"),
        ({"recipient": ("(?P<address>",)}, "does not compile"),
        ({"recipient": ("(?P<address>",), "trusted": True}, "does not compile"),
        ({"recipient": ("no group",)}, r"has no group named address: \(\?P<address>"),
        ({"recipient": ("(?P<status>.)",)}, "has no group named address"),
        ({"fields": ("no group",)}, "has no group named after a field"),
        ({"fields": ("(?P<colour>.)",)}, "'colour' that is no field; there are address, original_address"),
        ({"start": "a phrase"}, r"start must be a tuple: write \('a phrase',\)"),
        ({"recipient": "(?P<address>.)"}, "recipient must be a tuple"),
        ({"end": ["a phrase", "another"]}, r"end must be a tuple: write \('a phrase', 'another'\)"),
        ({"marks": 5}, r"marks must be a tuple: write \(5,\)"),
        ({"recipient": (b"(?P<address>.)",)}, "recipient: the pattern b'.*' is no text"),
        ({"fields": (re.compile("(?P<status>.)"),)}, r"fields: the pattern re.compile\(.*\) is no text"),
        ({"headers": {"x-heron": 5}}, "headers: 5 is no text"),
        ({"headers": {"x-heron": ["a"]}}, r"headers: \['a'\] is no text"),
        ({"paragraph": "no"}, "paragraph must be True or False, not 'no'"),
        ({"trusted": 1}, "trusted must be True or False, not 1"),
        ({"headers": ["x-heron"]}, "headers must be a mapping"),
        ({"skip": (5,)}, "skip: 5 is no text"),
        ({"kind": "nonsense"}, "kind must be a Kind"),
        ({"recipient_header": "X-Failed"}, "recipient_header: 'X-Failed' must be lower-case: write 'x-failed'"),
    ],
)
def test_a_table_that_cannot_work_is_refused(columns: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BouncelibError, match=complaint) as caught:
        TextFormat(**{**BASE, **columns})
    assert "format 'test'" in str(caught.value)


def test_a_table_needs_a_name() -> None:
    with pytest.raises(BouncelibError, match="a format needs a name, and '' is none"):
        TextFormat(**{**BASE, "name": ""})


def test_the_fields_are_those_of_a_finding() -> None:
    assert set(FIELDS) <= set(Finding.__dataclass_fields__)


@pytest.mark.parametrize(
    ("header", "letter"),
    [
        ("From: anne@example.com\nSubject: FW: Undelivered Mail Returned to Sender", True),
        ("From: anne@example.com\nSubject: WG: Unzustellbar", True),
        ("From: anne@example.com\nSubject: [list] Re: failure notice\nReferences: <1@example.com>", True),
        ("From: anne@example.com\nSubject: AW: failure notice\nIn-Reply-To: <1@example.com>", True),
        ("From: anne@example.com\nSubject: RE: your message : non remis (delivery failed)", False),
        ("From: mailer-daemon@example.com\nSubject: Re: lunch\nIn-Reply-To: <1@example.com>", False),
        ("From: anne@example.com\nReturn-Path: <>\nSubject: Re: lunch", False),
        ('From: anne@example.com\nContent-Type: multipart/report; boundary="b"\nSubject: Re: lunch', False),
        ("From: postmaster@example.com\nSubject: Fwd: lunch", True),
        ("From: anne@example.com\nSubject: Returned mail: Re: lunch\nReferences: <1@example.com>", False),
        ("From: anne@example.com", False),
    ],
)
def test_letters_are_told_by_their_header(header: str, letter: bool) -> None:
    assert is_letter(read(mail("hello", header)).headers) is letter


def test_the_fields_of_a_pattern_are_the_first_of_a_finding() -> None:
    assert tuple(field.name for field in dataclasses.fields(Finding))[: len(FIELDS)] == FIELDS


def test_the_first_of_several_phrases_is_found() -> None:
    phrases = ("cc", "b", "abc", "a", "zz")
    for text in map("".join, itertools.product("abcz", repeat=5)):
        places = [text.find(phrase, 1) for phrase in phrases if text.find(phrase, 1) >= 0]
        assert first_of(phrases, text, 1) == min(places, default=-1)


@pytest.mark.parametrize("text", ["> could not deliver to " * 40000, "could not deliver to\n" * 40000])
def test_many_phrases_cost_linear_time(text: str) -> None:
    began = time.process_time()
    find(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "pattern", [r"^<?(?P<address>\S+)", r"^<(?P<address>\S+)|(?P<status>x)", r"(?P<address>\S+@\S+)"]
)
def test_a_pattern_whose_lines_may_be_any(pattern: str) -> None:
    assert not TextFormat(**{**BASE, "recipient": (pattern,)})._needed


def test_no_line_without_the_needed_character_names_anybody() -> None:
    lines = {line for sample in SAMPLES for line in read(sample.raw).body.lines}
    tables = [detector for detector in Registry.default() if isinstance(detector, TextFormat) and detector._needed]
    assert {table._needed for table in tables} == {"@", "<"}
    for table in tables:
        for line in lines:
            if table._needed not in line:
                matches = [pattern.search(line) for pattern in table._recipient]
                assert not any(match["address"] for match in matches if match)
