"""`bouncelib summary`: what is counted, how much of it is held, and what is written."""

from __future__ import annotations

import html.parser
import importlib.util
import io
import json
import os
import pathlib
import pickle
import re
import subprocess
import sys
import typing

import pytest

from bouncelib import BounceType, Kind, Reason, Recipient, Report, Timing, job, summary, summary_output, summary_page
from bouncelib.cli import main
from bouncelib.parser import DEFAULT
from bouncelib.summary import Counter, Summary, provider, tally

FROM = b"From MAILER-DAEMON Mon Jan  1 00:00:00 2024\n"
LETTER = b"From: anne@example.com\nSubject: lunch?\n\nAt noon?\n"


def bounce(*recipients: tuple[str, str, str]) -> bytes:
    """A bounce about recipients of whom each has an address, a diagnostic, and a remote MTA if any."""
    groups = b"".join(
        f"\nFinal-Recipient: rfc822; {address}\nAction: failed\nStatus: {diagnostic[4:9]}\n"
        f"{f'Remote-MTA: dns; {host}{chr(10)}' if host else ''}Diagnostic-Code: smtp; {diagnostic}\n".encode()
        for address, diagnostic, host in recipients
    )
    return (
        b"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        b"--b\n\nIt did not work.\n\n--b\nContent-Type: message/delivery-status\n\n"
        b"Reporting-MTA: dns; mx.example.net\n" + groups + b"\n--b--\n"
    )


UNKNOWN, FULL = "550 5.1.1 User unknown", "552 5.2.2 Mailbox full"
MESSAGES = [
    bounce(("anne@example.org", UNKNOWN, "mx1.mail.example.org"), ("bart@example.org", FULL, "mx2.example.org")),
    bounce(("Anne@example.org", UNKNOWN, "192.0.2.7")),
    bounce(("carl@shop.example.co.uk", UNKNOWN, "")),
    LETTER,
]
COUNTED = {
    "summary": 1,
    "messages": 4,
    "unreadable": 0,
    "failures": 4,
    "suppress": 2,
    "suppress_is_estimate": False,
    "kind": {"bounce": 3, "other": 1},
    "type": {"hard": 3, "soft": 1},
    "timing": {"unknown": 4},
    "reason": {"bad_mailbox": 3, "mailbox_full": 1},
    "provider": {"example.org": 3, "example.co.uk": 1},
    "other_providers": 0,
}

Run = typing.Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = main(["summary", *map(str, arguments)])
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture
def box(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "box"
    path.write_bytes(b"".join(FROM + message + b"\n" for message in MESSAGES))
    return path


# -- what is counted


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_in_an_mbox(run: Run, box: pathlib.Path, jobs: int) -> None:
    status, out, err = run(box, "--format", "json", "--jobs", jobs)
    assert (status, err) == (0, "")
    assert json.loads(out) == COUNTED
    assert list(json.loads(out)) == list(COUNTED)
    assert list(json.loads(out)["provider"]) == ["example.org", "example.co.uk"]  # the most frequent first


def test_workers_count_the_same(run: Run, box: pathlib.Path) -> None:
    many = [box] * 60
    one = run(*many)
    assert run(*many, "--jobs", "2") == one
    assert one[1].startswith("240 messages\n240 failures of recipients\n2 addresses to stop mailing\n")


def test_every_kind_of_input(run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maildir = box.parent / "Maildir"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    (maildir / "new" / "1").write_bytes(MESSAGES[0])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MESSAGES[2])))
    _, out, _ = run(maildir, "-", box, "--format", "json")
    assert json.loads(out)["messages"] == 6
    assert json.loads(out)["failures"] == 7


def test_who_i_am_tells_backscatter(run: Run, tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.eml").write_bytes(MESSAGES[1])
    _, out, _ = run(tmp_path, "--format", "json")
    assert json.loads(out)["type"] == {"hard": 1}
    (tmp_path / "context.toml").write_text("require_proof = true\n")
    _, out, _ = run(tmp_path / "a.eml", "--format", "json", "--context", tmp_path / "context.toml")
    assert json.loads(out)["type"] == {"backscatter": 1}
    assert json.loads(out)["suppress"] == 0
    _, out, _ = run(tmp_path / "a.eml", "--format", "json", "--own-mta", "mx.example.net")
    assert json.loads(out)["timing"] == {"synchronous": 1}


PROVIDERS = [
    ("mx1.mail.example.org", "anne@example.net", "example.org"),
    ("MX1.Example.ORG.", "anne@example.net", "example.org"),
    ("mx.example.org (192.0.2.1)", "anne@example.net", "example.org"),
    ("mx.example.co.jp", "anne@example.net", "example.co.jp"),
    ("192.0.2.1", "anne@example.net", "example.net"),
    ("[2001:db8::1]", "anne@example.net", "example.net"),
    ("relay", "anne@mail.example.net", "example.net"),
    (None, "anne@bücher.example", "bücher.example"),
    ("<script>.example.org", "anne@example.net", "example.net"),
    ("x" * 300 + ".example.org", "anne@example.net", "example.net"),
    (None, "anne", "unknown"),
    ("", "anne@\u202egro.example", "unknown"),
]


@pytest.mark.parametrize(("host", "address", "expected"), PROVIDERS)
def test_who_refused(host: str | None, address: str, expected: str) -> None:
    assert provider(Recipient(address, remote_mta=host)) == expected


def report(address: str, host: str, *, suppress: bool = True) -> Report:
    kind, hard = Kind.BOUNCE, BounceType.HARD
    recipient = Recipient(address, remote_mta=host, reason=Reason.BAD_MAILBOX, timing=Timing.SYNCHRONOUS,
                          bounce_type=hard, suppress=suppress)  # fmt: skip
    return Report(kind, (recipient,))


def test_only_failures_count_as_failures() -> None:
    counter = Counter()
    counter.add(tally("", Report(Kind.SUCCESS, (Recipient("anne@example.org"),))))
    assert counter.summary() == Summary(messages=1, kinds=(("success", 1),))


def test_an_address_is_counted_once_however_it_is_written() -> None:
    counter = Counter()
    for address in ("anne@example.org", "ANNE@example.org", "bart@example.org", "\udc80@example.org"):
        counter.add(tally("", report(address, "mx.example.org")))
    counter.add(tally("", report("carl@example.org", "mx.example.org", suppress=False)))
    assert counter.summary().suppress == 3
    assert not counter.summary().is_estimate


# -- what is held


def test_what_a_worker_sends_is_small() -> None:
    big = Report(Kind.BOUNCE, report("anne@example.org", "mx.example.org").recipients * 5000)
    assert len(pickle.dumps(tally("", big))) < 1000


def test_many_addresses_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "MAX_ADDRESSES", 4096)
    counter = Counter()
    for number in range(40_000):
        counter.add(tally("", report(f"{number % 20_000}@example.org", "mx.example.org")))
        assert len(counter._addresses) <= 4096
    counted = counter.summary()
    assert counted.is_estimate
    assert counted.suppress == pytest.approx(20_000, rel=0.06)
    assert summary_output.headline(counted)[2].startswith("about ")


def test_many_providers_are_not_all_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "MAX_PROVIDERS", 50)
    counter = Counter()
    for number in range(1000):
        counter.add(tally("", report("anne@example.org", f"mx.{number}.example")))
        counter.add(tally("", report("anne@example.org", "mx.example.net")))
        assert len(counter._counts["provider"]) <= 100
    counted = counter.summary(top=2)
    assert counted.providers[0] == ("example.net", 1000)
    assert len(counted.providers) == 2
    assert counted.other_providers == 999


def test_providers_beyond_the_top_are_added_up(run: Run, box: pathlib.Path) -> None:
    _, out, _ = run(box, "--format", "json", "--top", "1")
    assert (json.loads(out)["provider"], json.loads(out)["other_providers"]) == ({"example.org": 3}, 1)
    assert re.search(r"\nexample\.org +3   75\.0%\nall others +1   25\.0%\n\Z", run(box, "--top", "1")[1])


# -- what is written


def test_text(run: Run, box: pathlib.Path) -> None:
    _, out, _ = run(box)
    head, kinds, *_, reasons, _ = out.split("\n\n")
    assert head.splitlines() == ["4 messages", "4 failures of recipients", "2 addresses to stop mailing"]
    assert re.fullmatch(r"Kind +messages\nbounce +3   75\.0%\nother +1   25\.0%", kinds)
    assert re.fullmatch(r"Reason +failures\nbad_mailbox +3   75\.0%\nmailbox_full +1   25\.0%", reasons)
    assert len({line.index("%") for line in out.splitlines() if "%" in line}) == 1


def test_nothing_read(run: Run, tmp_path: pathlib.Path) -> None:
    page = tmp_path.parent / f"{tmp_path.name}.html"
    status, out, _ = run(tmp_path, "--html", page)
    assert (status, out) == (0, "0 messages\n0 failures of recipients\n0 addresses to stop mailing\n")
    assert "0 messages" in page.read_text("utf-8")
    assert "<table>" not in page.read_text("utf-8")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_a_table_fits_its_terminal(run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    status, out, _ = run(box, "--format", "table")
    assert status == 0
    assert re.search(r"bad_mailbox +3 +75\.0%", out)
    assert max(len(line) for line in out.splitlines()) <= width
    assert ("█" in out) is (width >= 72)


def test_a_table_in_a_terminal_of_few_characters(box: pathlib.Path) -> None:
    command = [sys.executable, "-m", "bouncelib", "summary", str(box), "--format", "table"]
    done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, check=True)
    assert b"\\u" not in done.stdout
    assert b"####" in done.stdout


DEFAULTS = [(True, True, "table"), (True, False, "text"), (False, True, "text"), (False, False, "text")]


@pytest.mark.parametrize(("is_terminal", "has_rich", "expected"), DEFAULTS)
def test_the_default_format(monkeypatch: pytest.MonkeyPatch, is_terminal: bool, has_rich: bool, expected: str) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if has_rich else None)
    assert summary_output.writer(None) is summary_output.FORMATS[expected]


def test_a_table_without_rich_says_what_to_install(
    run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    status, out, err = run(box, "--format", "table")
    assert (status, out) == (2, "")
    assert 'pip install "bouncelib[cli]"' in err


@pytest.mark.parametrize("top", ["x", "-1", "²", "1" * 20])
def test_a_wrong_number_of_providers_is_explained(run: Run, box: pathlib.Path, top: str) -> None:
    status, _, err = run(box, f"--top={top}")
    assert status == 2
    assert "is no number of providers" in err


class Page(html.parser.HTMLParser):
    """The elements of a page, with their attributes; the text of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str) -> int:
        return [name for name, _ in self.elements].count(tag)


def test_the_page(run: Run, box: pathlib.Path) -> None:
    file = box.parent / "page.html"
    file.write_text("what was there before, and longer than nothing", "utf-8")
    status, out, err = run(box, "--html", file)
    assert (status, err) == (0, "")
    assert out == run(box)[1]
    text = file.read_text("utf-8")
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    page = Page(text)
    assert page.open == []
    assert page.count("table") == page.count("h2") == page.count("caption") == 5
    assert page.count("h1") == 1
    widths = [str(attributes["style"]) for tag, attributes in page.elements if tag == "i"]
    assert widths[:2] == ["width:100.0%", "width:33.3%"]
    assert "there is no such mailbox" in page.text
    assert "4 failures of recipients" in page.text


def test_the_page_needs_nothing_else(run: Run, box: pathlib.Path) -> None:
    run(box, "--html", box.parent / "page.html")
    page = Page((box.parent / "page.html").read_text("utf-8"))
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "base", "form", "a"}
    names = {name for _, attributes in page.elements for name in attributes}
    assert names <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope", "style", "aria-hidden"}
    assert "url(" not in page.text
    assert "@import" not in page.text


HOSTILE = "<script>alert('1')</script>&amp;\"\x1b[2J\u202e\udc80.example"


def test_hostile_text_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    counted = Summary(messages=1, failures=2, kinds=(("bounce", 1),), providers=((HOSTILE, 1), ("a.example", 1)))
    page = Page(summary_page.page(counted))
    assert page.count("script") == 0
    assert r"<script>alert('1')</script>&amp;" in page.text
    assert r'"\x1b[2J\u202e\udc80.example' in page.text
    for write in summary_output.FORMATS.values():
        write(counted)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", capsys.readouterr().out)


def test_hostile_mail_is_harmless(run: Run, tmp_path: pathlib.Path) -> None:
    mail, page = tmp_path / "a.eml", tmp_path / "page.html"
    mail.write_bytes(
        bounce(("anne@example.org", UNKNOWN, "<script>.example"), ("bart@<b>.example", UNKNOWN, "\u202e.example"))
    )
    status, out, _ = run(mail, "--html", page)
    text = page.read_text("utf-8")
    assert status == 0
    assert Page(text).count("script") == Page(text).count("b") == 0
    assert not re.search("[\x1b\u202e]", out + text)


# -- trouble


def test_what_cannot_be_read_is_named_and_counted(run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = DEFAULT.parse

    class Fragile:
        def parse(self, raw: bytes, **options: typing.Any) -> Report:
            if b"lunch" in raw:
                raise ZeroDivisionError("oh")
            return parse(raw, **options)

    monkeypatch.setattr(job, "DEFAULT", Fragile())
    (box.parent / "broken").symlink_to("nowhere")
    status, out, err = run(box.parent / "broken", box, "--format", "json")
    assert status == 1
    assert f"{box.parent / 'broken'}: No such file or directory" in err
    assert "box#4: a bug in bouncelib, please report it: ZeroDivisionError: oh" in err
    assert (json.loads(out)["messages"], json.loads(out)["unreadable"]) == (3, 2)
    assert "\n2 inputs could not be read\n" in run(box.parent / "broken", box)[1]


@pytest.mark.parametrize("jobs", [1, 2])
def test_workers_name_what_cannot_be_read(run: Run, box: pathlib.Path, jobs: int) -> None:
    status, out, err = run(box, box.parent / "missing", "--jobs", jobs)
    assert (status, err) == (1, f"bouncelib: {box.parent / 'missing'}: No such file or directory\n")
    assert "\n1 input could not be read\n" in out


def test_a_page_that_cannot_be_written_is_said_before_anything_is_read(run: Run, box: pathlib.Path) -> None:
    page = box.parent / "no" / "page.html"
    status, out, err = run(box, "--html", page)
    assert (status, out) == (1, "")
    assert err == f"bouncelib: {page}: the page cannot be written: No such file or directory\n"


def test_a_page_on_a_full_disk_does_not_cost_the_counts(run: Run, box: pathlib.Path) -> None:
    full = pathlib.Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no full disk at hand")
    status, out, err = run(box, "--html", full)
    assert status == 1
    assert out.startswith("4 messages\n")
    assert err == "bouncelib: /dev/full: the page cannot be written: No space left on device\n"


def test_a_closed_pipe_ends_it_quietly(box: pathlib.Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    page = box.parent / "page.html"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bouncelib", "summary", str(box), "--html", str(page)],
            stdout=writing, stderr=subprocess.PIPE, check=False, timeout=120,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "4 messages" in page.read_text("utf-8")
