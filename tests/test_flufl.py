"""flufl.bounce's detectors, and those written for it, behind this library's protocol."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable
from email.message import Message

import pytest

import bouncelib
from bouncelib.detector import Detector
from bouncelib.detectors.flufl import MAX_LINE, MAX_NESTED, MAX_SIZE, Flufl, FluflAdapter
from bouncelib.model import Action, Kind
from bouncelib.parser import Parser
from bouncelib.registry import Registry

DAEMON = "Return-Path: <>\nFrom: <mailer-daemon@mx.example.net>\nSubject: Undeliverable mail\nTo: sender@example.org\n"
YALE = (
    "From: MAILER-DAEMON@mr.its.yale.edu\nSubject: Returned mail - nameserver error report\nTo: sender@example.org\n\n"
    " --------Message not delivered to the following:\n\n anne    No matches to nameserver query\n\n"
    " --------Error Detail (phquery V4.1):\n"
)

Found = tuple[Iterable[bytes | str], Iterable[bytes | str]]


class Theirs:
    """A detector as flufl.bounce wants it."""

    def __init__(self, temporary: Iterable[bytes | str] = (), permanent: Iterable[bytes | str] = ()) -> None:
        self.found: Found = (temporary, permanent)
        self.seen: list[Message] = []

    def process(self, msg: Message) -> Found:
        self.seen.append(msg)
        return self.found


def parse(raw: str | bytes, *detectors: Detector) -> bouncelib.Report:
    return Parser(Registry(detectors)).parse(raw.encode() if isinstance(raw, str) else raw)


def test_permanent_failures_make_a_bounce() -> None:
    report = parse(f"{DAEMON}\nhello\n", FluflAdapter(Theirs(permanent={b"anne@example.com", "bob@example.com"})))
    assert report.kind is Kind.BOUNCE
    assert [(r.address, r.action) for r in report.recipients] == [
        ("anne@example.com", Action.FAILED),
        ("bob@example.com", Action.FAILED),
    ]
    assert report.detectors == ("theirs",)


def test_temporary_failures_make_a_delay() -> None:
    report = parse(f"{DAEMON}\nhello\n", FluflAdapter(Theirs(temporary=[b"anne@example.com"]), name="x"))
    assert report.kind is Kind.DELAY
    assert [(r.address, r.action) for r in report.recipients] == [("anne@example.com", Action.DELAYED)]


def test_adapter_in_a_registry() -> None:
    registry = Registry.default().with_(FluflAdapter(Theirs(permanent=[b"anne@example.com"]), name="theirs"))
    report = Parser(registry).parse(f"{DAEMON}\nNothing that anybody knows.\n".encode())
    assert [r.address for r in report.recipients] == ["anne@example.com"]
    assert "theirs" in repr(registry.detectors[-1])


@pytest.mark.parametrize(
    "address",
    [b"anne", b"", b"\xff\xfe", b"mailer-daemon@example.com", b'"x":{"y":"anne@example.com"}', b"sender@example.org"],
)
def test_what_is_no_failed_address_is_dropped(address: bytes) -> None:
    report = parse(f"{DAEMON}\nhello\n", FluflAdapter(Theirs(permanent=[address])))
    assert report.recipients == ()


def test_only_marked_messages_are_handed_over() -> None:
    theirs = Theirs(permanent=[b"anne@example.com"])
    report = parse("From: Bob <bob@example.com>\nSubject: hello\n\nhi\n", FluflAdapter(theirs))
    assert (report.kind, theirs.seen) == (Kind.OTHER, [])


def test_error_of_a_foreign_detector_is_isolated() -> None:
    class Broken:
        def process(self, msg: Message) -> Found:
            raise ValueError("no")

    report = parse(f"{DAEMON}\nhello\n", FluflAdapter(Broken()))
    assert [defect.rule for defect in report.defects] == ["detector-failed"]
    assert "broken" in report.defects[0].text


def test_limits() -> None:
    theirs = Theirs()
    parse(DAEMON + "\n" + "x" * (MAX_SIZE * 2) + "\nnext\n", FluflAdapter(theirs))
    (seen,) = theirs.seen
    lines = str(seen.get_payload()).split("\n")
    assert max(len(line) for line in lines) <= MAX_LINE
    assert sum(map(len, lines)) <= MAX_SIZE


def nested(depth: int) -> str:
    heads = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"{DAEMON}MIME-Version: 1.0\n{heads}\nhello\n"


def test_deep_nesting_is_not_handed_over() -> None:
    theirs = Theirs()
    parse(nested(5), FluflAdapter(theirs))
    assert len(theirs.seen) == 1
    parse(nested(MAX_NESTED + 1), FluflAdapter(theirs))
    parse(nested(20_000), FluflAdapter(theirs))
    assert len(theirs.seen) == 1


def test_all_of_flufl() -> None:
    report = parse(YALE, Flufl())
    assert report.kind is Kind.BOUNCE
    assert {r.address for r in report.recipients} == {"anne@yale.edu"}  # and not at the guessed cs.yale.edu
    assert report.detectors == ("flufl",)


def test_it_is_asked_last() -> None:
    assert Flufl().fallback
    assert Registry.default().detectors[-1].name == "flufl"
    raw = f"{DAEMON}\nDelivery to the following recipient failed permanently:\n\n     anne@example.com\n"
    assert "flufl" not in bouncelib.parse(raw.encode()).detectors


@pytest.mark.parametrize("line", ["a" * 900, "a@" * 450, "<" * 900, " " * 900])
def test_hostile_lines_cost_little(line: str) -> None:
    text = "A message that you sent could not be delivered\nUnable to deliver message to\n" + f"{line}\n" * 1000
    start = time.process_time()
    parse(f"{DAEMON}\n{text}", Flufl())
    assert time.process_time() - start < 4


def test_flufl_is_imported_at_the_first_use_only() -> None:
    code = (
        "import sys, bouncelib; bouncelib.parse(b'From: a@example.com\\nSubject: hi\\n\\nhi\\n');"
        "sys.exit('flufl.bounce' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
