"""The registry: an immutable value with unique names, and what installed packages add to it."""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Iterator

import pytest

import bouncelib
from bouncelib import BouncelibError, Finding, Kind, Message, Parser, Registry, TextFormat, Value, testing
from bouncelib import registry as registries
from bouncelib.mime import read
from bouncelib.phrases import PhraseIndex

FROBNITZ = TextFormat(
    name="frobnitz",
    start=("the frobnitz could not deliver",),
    recipient=(r"^victim: (?P<address>\S+)$",),
    fields=(r"^because: (?P<diagnostic>.+)$",),
)
RAW = (
    b"From: frobnitz@mx.example.net\nSubject: sorry\n\n"
    b"The frobnitz could not deliver your mail.\nvictim: anne@example.com\nbecause: 550 5.1.1 no such user\n"
)
SAMPLES = testing.discover(pathlib.Path(__file__).parent.parent / "corpus")


class Loud:
    """Finds somebody in every message."""

    name = "loud"

    def find(self, message: Message) -> Iterator[Finding]:
        del message
        yield Finding(address=Value("loud@example.com"), kind=Kind.BOUNCE)


def with_phrases(phrases: object) -> Loud:
    detector = Loud()
    detector.phrases = phrases  # type: ignore[attr-defined]
    return detector


def test_a_detector_with_phrases_is_asked_only_where_one_stands() -> None:
    parser = Parser(Registry((with_phrases(("the loud one speaks",)),)))
    assert parser.parse(b"Subject: x\n\nThe Loud One speaks.\n").recipients != ()
    assert parser.parse(b"Subject: x\n\nthe quiet one\n").recipients == ()


def test_the_index_finds_what_a_search_for_each_phrase_finds() -> None:
    phrases = [phrase for detector in Registry.default() for phrase in getattr(detector, "phrases", ())]
    phrases += [":", "a: b", "a:b c", "x  y", " of the ", "to: ", "no such user here"]
    index = PhraseIndex([(phrase, number) for number, phrase in enumerate(phrases)])
    texts = [f"xa{phrase}a: b:c\nx  y" for phrase in phrases]
    texts += [read(sample.raw).body.lower for sample in SAMPLES]
    for text in texts:
        assert index.find(text) == {number for number, phrase in enumerate(phrases) if phrase in text}


def test_whom_a_delivery_report_leaves_out_it_does_not_concern() -> None:
    seen = 0
    for message in [read(sample.raw) for sample in SAMPLES]:
        if registries._is_delivery_report(message):
            asked = {name for name, *_ in Registry.default().candidates(message)}
            left_out = [one for one in Registry.default() if hasattr(one, "_part_types") and one.name not in asked]
            assert not any(one.concerns(message) for one in left_out)  # type: ignore[attr-defined]
            seen += len(left_out)
    assert seen > 100


def test_with_and_without_make_new_values() -> None:
    default = Registry.default()
    more = default.with_(FROBNITZ)
    assert len(more) == len(default) + 1
    assert "frobnitz" not in {detector.name for detector in default}
    assert more.without("frobnitz") == default
    assert Registry.default() is default


def test_a_registered_format_is_used() -> None:
    recipient = Parser(Registry.default().with_(FROBNITZ)).parse(RAW).recipients[0]
    assert (recipient.address, str(recipient.status), recipient.reason) == ("anne@example.com", "5.1.1", "bad_mailbox")
    assert bouncelib.parse(RAW).kind == "other"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: Registry((FROBNITZ, FROBNITZ)), "two detectors are named 'frobnitz'"),
        (lambda: Registry.default().with_(FROBNITZ, FROBNITZ), "two detectors are named 'frobnitz'"),
        (lambda: Registry.default().without("nobody"), "no detector is named 'nobody'; there are .*rfc3464"),
        (lambda: Registry((object(),)), "is no detector"),  # type: ignore[arg-type]
        (lambda: Registry((Loud,)), r"Loud is a class: pass Loud\(\)"),  # type: ignore[arg-type]
        (lambda: Registry((with_phrases("one phrase"),)), r"phrases must be a tuple: write \('one phrase',\)"),
        (lambda: Registry((with_phrases(("One phrase",)),)), "'One phrase' must be lower-case"),
        (lambda: Parser([FROBNITZ]), r"a Parser takes a Registry, .* write Registry.default\(\).with_"),  # type: ignore[arg-type]
        (lambda: Parser(rules=5), "a Parser takes Rules, not 5"),  # type: ignore[arg-type]
    ],
)
def test_a_programmers_errors_say_what_to_do(change: object, message: str) -> None:
    assert callable(change)
    with pytest.raises(BouncelibError, match=message):
        change()


@pytest.fixture
def installed(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """An installed distribution with one module and its metadata."""
    (tmp_path / "frobnitz_plugin.py").write_text(
        "from bouncelib import TextFormat\n"
        "FROBNITZ = TextFormat(name='frobnitz', start=('the frobnitz could not deliver',),\n"
        "                      recipient=(r'^victim: (?P<address>\\S+)$',))\n"
        "class Made:\n    name = 'made'\n    def find(self, message):\n        return ()\n"
        "def make():\n    detector = Made()\n    detector.name = 'made-by-call'\n    return detector\n"
        "def nobody():\n    return None\n"
    )
    info = tmp_path / "frobnitz_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: frobnitz-plugin\nVersion: 1.0\n")
    sys.path.insert(0, str(tmp_path))
    yield info
    sys.path.remove(str(tmp_path))
    sys.modules.pop("frobnitz_plugin", None)


def test_discover_finds_what_packages_offer(installed: pathlib.Path) -> None:
    (installed / "entry_points.txt").write_text(
        "[bouncelib.detectors]\nfrobnitz = frobnitz_plugin:FROBNITZ\n"
        "made = frobnitz_plugin:Made\nzcall = frobnitz_plugin:make\n"
    )
    registry = Registry.default().discover()
    assert [detector.name for detector in registry][-3:] == ["frobnitz", "made", "made-by-call"]
    assert Parser(registry).parse(RAW).recipients[0].address == "anne@example.com"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("frobnitz_plugin:NOTHING", "has no attribute"),
        ("frobnitz_plugin", "it names a module: write frobnitz_plugin:NAME"),
        ("frobnitz_plugin:nobody", "None is no detector"),
    ],
)
def test_discover_names_the_entry_point_that_is_broken(installed: pathlib.Path, value: str, says: str) -> None:
    (installed / "entry_points.txt").write_text(f"[bouncelib.detectors]\nbad = {value}\n")
    with pytest.raises(BouncelibError, match=rf"entry point 'bad' \({value}\) cannot be loaded: .*{says}"):
        Registry.default().discover()
