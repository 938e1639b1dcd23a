"""The command line: what it writes, with which status it ends, and how it takes trouble."""

from __future__ import annotations

import collections.abc
import contextlib
import csv
import datetime as dt
import importlib.util
import io
import json
import operator
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import tracemalloc
import typing

import pytest

from bouncelib import (
    Blocklist,
    BlocklistKind,
    BouncelibError,
    BounceType,
    Command,
    Context,
    Defect,
    EnhancedStatus,
    Kind,
    Reason,
    Recipient,
    Registry,
    Reply,
    Report,
    Timing,
    arguments,
    cli,
    job,
    output,
    progress,
    workers,
)
from bouncelib.cli import main
from bouncelib.parser import DEFAULT

RAW = b"""\
From: MAILER-DAEMON@mx.example.net
To: sender@example.com
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b

It did not work.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; anne@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

Final-Recipient: rfc822; bart@example.org
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--b--
"""
LETTER = b"From: anne@example.com\nSubject: lunch?\n\nAt noon?\n"
FROM = b"From anne@example.com Mon Jan  1 00:00:00 2024\n"

Run = collections.abc.Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture
def box(tmp_path: pathlib.Path) -> pathlib.Path:
    """A directory with a bounce and a letter."""
    (tmp_path / "a.eml").write_bytes(RAW)
    (tmp_path / "b.eml").write_bytes(LETTER)
    return tmp_path


@pytest.fixture
def many(tmp_path: pathlib.Path) -> pathlib.Path:
    """An mbox of 300 messages: more than fits into a pipe."""
    path = tmp_path / "many"
    path.write_bytes((FROM + RAW + b"\n" + FROM + LETTER + b"\n") * 150)
    return path


def start(*arguments: object, **options: typing.Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "bouncelib", *map(str, arguments)], **options)


def command(*arguments: object, **options: typing.Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "bouncelib", *map(str, arguments)],
        check=False,
        timeout=120,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options},
    )


# -- usage


def test_without_arguments_it_prints_its_help(run: Run) -> None:
    status, out, err = run()
    assert status == 0
    assert out.startswith("usage: bouncelib")
    for word in ("parse", "summary", "explain", "reply", "detectors"):
        assert word in out
    assert err == ""


def test_version_and_module(run: Run) -> None:
    import bouncelib

    assert run("--version") == (0, f"bouncelib {bouncelib.__version__}\n", "")
    done = command("--version")
    assert done.returncode == 0
    assert done.stdout.decode().strip() == f"bouncelib {bouncelib.__version__}"


USAGE = [
    (["parse"], "the following arguments are required: PATH"),
    (["fly"], "invalid choice: 'fly'"),
    (["parse", "--format", "xml", "x"], "invalid choice: 'xml'"),
    (["parse", "--jobs", "x", "x"], "'x' is no number of processes"),
    (["parse", "--jobs", "-1", "x"], "'-1' is no number of processes"),
    (["parse", "--jobs", "1000000", "x"], "give 1 to 1000"),
    (["parse", "--kind", "bounce,fall", "x"], "'fall' is not a valid Kind: there are bounce, delay"),
    (["parse", "--colour", "x"], "unrecognized arguments: --colour"),
    (["summary"], "the following arguments are required: PATH"),
    (["explain"], "the following arguments are required: FILE"),
    (["reply"], "the following arguments are required: TEXT"),
    (["reply", "550 no", "--command", "HELP"], "'HELP' is no SMTP command: there are CONN, EHLO"),
    (["parse", "--context", "does/not/exist", "x"], "--context does/not/exist: No such file or directory"),
]


@pytest.mark.parametrize(("arguments", "message"), USAGE, ids=[" ".join(arguments) for arguments, _ in USAGE])
def test_wrong_usage_is_explained(run: Run, arguments: list[str], message: str) -> None:
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert message in err


@pytest.mark.parametrize("name", ["parse", "summary", "explain", "reply", "detectors"])
def test_every_command_has_help(run: Run, name: str) -> None:
    status, out, _ = run(name, "--help")
    assert status == 0
    assert out.startswith(f"usage: bouncelib {name}")


# -- parse


def test_a_report_a_line_with_its_source_first(run: Run, box: pathlib.Path) -> None:
    status, out, err = run("parse", box)
    assert (status, err) == (0, "")
    first, second = out.splitlines()
    assert list(json.loads(first))[:3] == ["source", "schema", "kind"]
    assert json.loads(first)["source"] == str(box / "a.eml")
    report = Report.from_dict(json.loads(first))
    assert report.kind is Kind.BOUNCE
    assert [recipient.address for recipient in report.recipients] == ["anne@example.org", "bart@example.org"]
    assert Report.from_dict(json.loads(second)).kind is Kind.OTHER


def test_paths_are_read_in_the_order_given(run: Run, box: pathlib.Path) -> None:
    _, out, _ = run("parse", box / "b.eml", box / "a.eml", box / "b.eml")
    assert [pathlib.Path(json.loads(line)["source"]).name for line in out.splitlines()] == ["b.eml", "a.eml", "b.eml"]


def test_only_some_kinds(run: Run, box: pathlib.Path) -> None:
    assert len(run("parse", box, "--kind", "bounce, delay")[1].splitlines()) == 1
    assert run("parse", box, "--kind", "complaint") == (0, "", "")


def test_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FROM + RAW + b"\n" + FROM + LETTER)))
    status, out, _ = run("parse", "-")
    assert status == 0
    assert [json.loads(line)["source"] for line in out.splitlines()] == ["-#1", "-#2"]


def test_csv_has_a_row_for_each_recipient(run: Run, box: pathlib.Path) -> None:
    status, out, _ = run("parse", box, "--format", "csv")
    assert status == 0
    rows = list(csv.DictReader(io.StringIO(out)))
    assert tuple(rows[0]) == output.COLUMNS
    assert [(pathlib.Path(row["source"]).name, row["kind"], row["address"], row["status"]) for row in rows] == [
        ("a.eml", "bounce", "anne@example.org", "5.1.1"),
        ("a.eml", "bounce", "bart@example.org", "5.2.2"),
        ("b.eml", "other", "", ""),
    ]
    assert (rows[0]["reason"], rows[0]["suppress"], rows[0]["reply_code"]) == ("bad_mailbox", "true", "550")
    assert (rows[1]["reason"], rows[1]["suppress"]) == ("mailbox_full", "false")


def test_text_has_a_line_for_each_recipient(run: Run, box: pathlib.Path) -> None:
    status, out, _ = run("parse", box, "--format", "text")
    assert status == 0
    assert f"{box / 'a.eml'}: bounce, reported by mx.example.net\n  anne@example.org: failed, 5.1.1, bad_mailbox" in out
    assert out.endswith(f"{box / 'b.eml'}: other\n")


def test_table(run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    status, out, _ = run("parse", box, "--format", "table")
    assert status == 0
    lines = [line.strip() for line in out.splitlines() if line.strip()]
    assert re.fullmatch(r"source +kind +address +status +reason +timing +type +suppress", lines[0])
    assert re.search(r"a\.eml +bounce +anne@example\.org +5\.1\.1 +bad_mailbox +(?:sync|async)? +hard +yes$", lines[2])
    assert re.search(r"b\.eml +other +other$", lines[4])


@pytest.mark.parametrize("width", [20, 60, 80, 109, 110, 300])
def test_a_table_fits_its_terminal(run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    _, out, _ = run("parse", box, "--format", "table")
    assert max(len(line) for line in out.splitlines()) <= width


def test_a_long_table_has_one_heading(run: Run, many: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    _, out, _ = run("parse", many, "--format", "table")
    assert out.count("suppress") == 1
    assert out.count("anne@example.org") == 150


def test_a_table_without_rich_says_what_to_install(
    run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    status, out, err = run("parse", box, "--format", "table")
    assert (status, out) == (2, "")
    assert 'pip install "bouncelib[cli]"' in err


@pytest.mark.parametrize("format_", ["jsonl", "text", "csv"])
def test_the_other_formats_do_without_rich(
    run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "rich" else find(name, *a))
    status, out, err = run("parse", box, "--format", format_, "--progress")
    assert (status, err) == (0, "")
    assert "anne@example.org" in out


def test_progress_goes_to_standard_error(run: Run, box: pathlib.Path) -> None:
    plain = run("parse", box, "--no-progress")
    status, out, err = run("parse", box, "--progress")
    assert (status, out) == plain[:2]
    assert "messages" in err
    assert plain[2] == ""


TERMINALS = [(True, False, True), (True, True, False), (False, False, False), (False, True, False)]


@pytest.mark.parametrize(("stderr", "stdout", "shown"), TERMINALS)
def test_when_progress_is_shown(monkeypatch: pytest.MonkeyPatch, stderr: bool, stdout: bool, shown: bool) -> None:
    monkeypatch.setattr(progress, "_is_terminal", lambda stream: stderr if stream is sys.stderr else stdout)
    import rich.progress

    started: list[object] = []

    def start(progress: object) -> None:
        started.append(progress)

    monkeypatch.setattr(rich.progress.Progress, "start", start)
    with progress.counted(None) as advance:
        advance()
    assert bool(started) is shown


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no terminals to play with")
@pytest.mark.parametrize("arguments", [[], ["--progress"], ["--no-progress"]], ids=str)
def test_progress_on_a_terminal_leaves_the_output_alone(box: pathlib.Path, arguments: list[str]) -> None:
    ours, theirs = os.openpty()
    try:
        done = command("parse", box, *arguments, stderr=theirs, env={**os.environ, "TERM": "xterm"})
    finally:
        os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError), os.fdopen(ours, "rb", 0) as terminal:  # its end is an error on Linux
        while piece := terminal.read(4096):
            shown += piece
    assert done.returncode == 0
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == ["bounce", "other"]
    assert (b"messages" in shown) is ("--no-progress" not in arguments)


# -- hostile text

HOSTILE = "=1+1\x1b[2J\u202e\udc80\x9b\n\x7f"


def hostile(*_: object, **__: object) -> Report:
    recipient = Recipient(
        HOSTILE,
        HOSTILE,
        status=EnhancedStatus(5, 1, 1),
        reply=Reply(550, HOSTILE),
        diagnostic=HOSTILE,
        remote_mta=HOSTILE,
        command=Command.RCPT,
        reason=Reason.BAD_MAILBOX,
        retry_after=5,
        blocklist=Blocklist(HOSTILE, BlocklistKind.IP),
        timing=Timing.SYNCHRONOUS,
        bounce_type=BounceType.HARD,
    )
    when = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    return Report(Kind.BOUNCE, (recipient,), HOSTILE, HOSTILE, when, HOSTILE, defects=(Defect(HOSTILE),))


@pytest.mark.parametrize(
    "arguments", [["parse", "--format", name] for name in ("jsonl", "text", "csv", "table")] + [["explain"]], ids=str
)
def test_hostile_text_is_harmless(
    run: Run, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    for module in (cli, job):
        monkeypatch.setattr(module, "DEFAULT", typing.cast("typing.Any", type("Fake", (), {"parse": hostile})()))
    path = tmp_path / "=\x1b[31m\u202e.eml"
    path.write_bytes(LETTER)
    status, out, err = run(*arguments, path, tmp_path / "missing\x1b[2J")
    assert status == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", out + err)
    if "jsonl" in arguments:
        assert Report.from_dict(json.loads(out)) == hostile()
        assert json.loads(out)["source"] == str(path)
    else:
        assert r"\x1b[2J" in re.sub(r"\s", "", out)
    if "csv" in arguments:
        (_, row) = csv.reader(io.StringIO(out))
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert r"missing\x1b[2J: No such file" in err


BAD = "\x1b[2J\u202e\x9b\x7f"
PLACES = [
    [BAD], ["parse", BAD], ["parse", f"--{BAD}", "x"], ["parse", "x", "--format", BAD], ["parse", "x", "--kind", BAD],
    ["parse", "x", "--jobs", BAD], ["parse", "x", "--context", BAD], ["parse", "x", "--own-mta", BAD],
    ["parse", "x", "--own-domain", f"{BAD} {BAD}"], ["explain", BAD], ["explain", "x", f"--{BAD}"],
    ["reply", f"550 {BAD}"], ["reply", f"550 {BAD}", "--format", "jsonl"], ["reply", "550", "--command", BAD],
    ["reply", "550 no", "--recipient", f"{BAD}@example.com", "--remote-mta", BAD], ["rules", "--reason", BAD],
    ["rules", "--with", BAD], ["detectors", BAD], ["summary", BAD], ["summary", "x", "--html", f"{BAD}/{BAD}"],
    ["summary", "x", "--top", BAD],
]  # fmt: skip


@pytest.mark.parametrize("arguments", PLACES, ids=ascii)
def test_arguments_are_harmless_wherever_they_are_repeated(run: Run, arguments: list[str]) -> None:
    _, out, err = run(*arguments)
    assert out + err
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]", out + err)


@pytest.mark.parametrize("format_", ["text", "jsonl"])
def test_a_rule_file_is_harmless(run: Run, tmp_path: pathlib.Path, format_: str) -> None:
    path = tmp_path / f"{BAD}.toml"
    bad = BAD.encode("unicode_escape").decode().replace("\\x", "\\u00")
    path.write_text(
        f'[[rule]]\nid = "{bad}"\nreason = "bad_mailbox"\ntext = ["zork"]\nexample = "550 {bad}"\nwhy = "{bad}"\n',
        "utf-8",
    )
    status, out, err = run("rules", "--with", path, "--format", format_)
    assert status == 1
    assert "its example is decided by" in err
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out + err)


def test_a_terminal_of_few_characters(tmp_path: pathlib.Path) -> None:
    (tmp_path / "größe.eml").write_bytes("Subject: größe\n\nüber\n".encode())
    done = command("parse", tmp_path, "--format", "text", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert rb"gr\xf6\xdfe.eml: other" in done.stdout


# -- input that cannot be read


def test_unreadable_input_is_named_and_the_rest_read(run: Run, box: pathlib.Path) -> None:
    (box / "aa.eml").symlink_to("nowhere")
    status, out, err = run("parse", box / "missing", box)
    assert status == 1
    assert len(out.splitlines()) == 2
    assert err.splitlines() == [
        f"bouncelib: {box / 'missing'}: No such file or directory",
        f"bouncelib: {box / 'aa.eml'}: No such file or directory",
    ]


def test_explain_names_what_it_cannot_read(run: Run, box: pathlib.Path) -> None:
    status, out, err = run("explain", box / "missing", box / "a.eml")
    assert status == 1
    assert "missing: No such file" in err
    assert "anne@example.org" in out


def test_a_bug_costs_one_message(run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = DEFAULT.parse

    class Fragile:
        def parse(self, raw: bytes, **options: typing.Any) -> Report:
            if b"lunch" in raw:
                raise ZeroDivisionError("oh")
            return parse(raw, **options)

    for module in (cli, job):
        monkeypatch.setattr(module, "DEFAULT", Fragile())
    status, out, err = run("parse", box / "b.eml", box / "a.eml")
    assert status == 1
    assert len(out.splitlines()) == 1
    assert "b.eml: a bug in bouncelib, please report it: ZeroDivisionError: oh" in err
    status, out, err = run("explain", box / "b.eml", box / "a.eml")
    assert status == 1
    assert "anne@example.org" in out
    assert "b.eml: a bug in bouncelib, please report it: ZeroDivisionError: oh" in err


def test_a_programmers_error_ends_the_run(run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def parse(self, raw: bytes, **options: typing.Any) -> Report:
            raise BouncelibError("rules.toml: no such reason")

    for module in (cli, job):
        monkeypatch.setattr(module, "DEFAULT", Broken())
    assert run("parse", box) == (1, "", "bouncelib: rules.toml: no such reason\n")


def test_closed_standard_streams(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", None)
        assert run("parse", "-") == (1, "", "bouncelib: -: standard input is closed\n")
        assert run("reply", "-") == (1, "", "bouncelib: -: standard input is closed\n")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        assert main(["detectors"]) == 1
        patch.setattr(sys, "stderr", None)
        assert main(["detectors"]) == 1


# -- the context


def test_context_from_options_and_file(
    run: Run, box: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Context | None] = []

    class Spy:
        def parse(self, raw: bytes, *, context: Context | None = None) -> Report:
            seen.append(context)
            return Report(Kind.OTHER)

    for module in (cli, job):
        monkeypatch.setattr(module, "DEFAULT", Spy())
    file = tmp_path / "context.toml"
    file.write_text('own_mtas = ["mx.example.com"]\nown_domains = ["example.com"]\n', "utf-8")
    mail = box / "a.eml"
    for name in ("parse", "summary", "explain"):
        seen.clear()
        assert run(name, mail)[0] == 0
        assert run(name, mail, "--own-mta", "a", "--own-mta", "b", "--own-domain", "c")[0] == 0
        assert run(name, mail, "--context", file, "--own-mta", "192.0.2.0/24")[0] == 0
        assert seen == [
            None,
            Context(own_mtas=("a", "b"), own_domains=("c",)),
            Context(own_mtas=("mx.example.com", "192.0.2.0/24"), own_domains=("example.com",)),
        ]


CONTEXTS = [
    ('own_mta = ["a"]', "unknown key 'own_mta'; known are "),
    ("sent_by_us = 1", "unknown key 'sent_by_us'"),
    ("own_mtas = [1]", "own_mtas: 1 "),
    ("own_mtas = [", "not a TOML file"),
    ("own_mtas = ['\udcff']", "not a TOML file"),
]


@pytest.mark.parametrize(("text", "message"), CONTEXTS)
def test_a_wrong_context_is_explained(run: Run, tmp_path: pathlib.Path, text: str, message: str) -> None:
    file = tmp_path / "context.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    status, out, err = run("parse", tmp_path, "--context", file)
    assert (status, out) == (2, "")
    assert str(file) in err
    assert message in err
    if "unknown" in message:
        assert "own_domains, own_mtas" in err


def test_options_add_to_a_single_text_in_the_file(
    run: Run, box: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, object]] = []
    monkeypatch.setattr(arguments, "_context_file", lambda _: {"own_mtas": "mx.example.com", "own_domains": 1})
    monkeypatch.setattr(arguments, "Context", lambda **values: made.append(values))
    assert run("parse", box, "--context", "x", "--own-mta", "mx.example.net")[0] == 0
    assert made == [{"own_mtas": ["mx.example.com", "mx.example.net"], "own_domains": 1}]
    assert run("parse", box, "--context", "x", "--own-domain", "example.net")[0] == 2


def test_a_wrong_option_is_explained_by_the_context(run: Run, box: pathlib.Path) -> None:
    status, out, err = run("parse", box, "--own-mta", "two words")
    assert (status, out) == (2, "")
    assert "own_mtas" in err
    assert "two words" in err


# -- explain, reply, detectors


def test_explain(run: Run, box: pathlib.Path) -> None:
    status, out, err = run("explain", box / "a.eml")
    assert (status, err) == (0, "")
    assert out.startswith("This is a bounce")
    assert "Suppress: yes: the failure is permanent, and the address caused it" in out


def test_explain_names_the_messages_where_there_are_several(run: Run, box: pathlib.Path) -> None:
    _, out, _ = run("explain", box)
    assert out.startswith(f"{box / 'a.eml'}\nThis is a bounce")
    assert f"\n\n{box / 'b.eml'}\nThis is not a report" in out


def test_reply(run: Run) -> None:
    status, out, err = run("reply", "550 5.1.1 User unknown", "--recipient", "anne@example.org", "--command", "rcpt",
                           "--remote-mta", "mx.example.org")  # fmt: skip
    assert (status, err) == (0, "")
    assert "anne@example.org\n  What happened: not delivered, status 5.1.1, after RCPT at mx.example.org\n" in out
    assert "(bad_mailbox)" in out
    assert "Timing: synchronous" in out


def test_reply_without_quotes(run: Run) -> None:
    words = ["550", "5.1.1", "User", "unknown"]
    assert run("reply", *words, "--command", "rcpt") == run("reply", " ".join(words), "--command", "RCPT")


def test_reply_as_json(run: Run) -> None:
    _, out, _ = run("reply", "452 4.2.2 Mailbox full", "--format", "jsonl")
    (recipient,) = Report.from_dict(json.loads(out)).recipients
    assert recipient.reason is Reason.MAILBOX_FULL
    assert recipient.reply == Reply(452, "4.2.2 Mailbox full") or recipient.reply is not None


def test_reply_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"550-5.1.1 No\r\n550 5.1.1 such user\r\n")))
    status, out, _ = run("reply", "-")
    assert status == 0
    assert "(bad_mailbox)" in out


def test_detectors(run: Run) -> None:
    status, out, _ = run("detectors")
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == [detector.name for detector in Registry.default()]
    assert re.match(r"rfc3464 +\S.*RFC 3464", lines[0])


# -- only the addresses


def test_only_the_addresses_to_stop_mailing(run: Run, box: pathlib.Path) -> None:
    (box / "c.eml").write_bytes(RAW.replace(b"bart@example.org", b"carl@example.org").replace(b"5.2.2", b"5.1.1"))
    (box / "d.eml").write_bytes(RAW.replace(b"rfc822; anne", b"rfc822; Anne"))
    arguments = ["parse", box, "--format", "addresses"]
    assert run(*arguments) == (0, "anne@example.org\nAnne@example.org\n", "")
    assert run(*arguments, "--jobs", "2") == run(*arguments)


# -- a log

LOG = """\
Nov 23 12:00:00 mail postfix/qmgr[77]: 4F1bXq1: from=<news@example.com>, size=2048, nrcpt=2 (queue active)
Nov 23 12:00:01 mail postfix/smtp[78]: 4F1bXq1: to=<anne@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=1, \
delays=0/0/0/1, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.1] said: 550 5.1.1 User unknown)
Nov 23 12:00:02 mail postfix/smtp[79]: 4F1bXq1: to=<bart@example.org>, relay=mx.example.org[192.0.2.2]:25, delay=1, \
delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9F2A1)
"""


def test_a_log_is_read_line_by_line(run: Run, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "mail.log"
    path.write_text(LOG)
    status, out, err = run("parse", "--log", path)
    assert (status, err) == (0, "")
    rows = list(map(json.loads, out.splitlines()))
    assert [(row["source"], row["kind"]) for row in rows] == [(f"{path}:2", "bounce"), (f"{path}:3", "success")]
    assert run("parse", "--log", path, "--jobs", "2") == (0, out, "")
    assert run("parse", "--log", path, "--format", "addresses") == (0, "anne@example.net\n", "")
    assert run("parse", "--log", path, "--kind", "success")[1] == out.splitlines(keepends=True)[1]
    counted = json.loads(run("summary", "--log", path, "--format", "json")[1])
    assert (counted["messages"], counted["failures"], counted["suppress"]) == (2, 1, 1)


def test_a_log_that_is_none(run: Run, box: pathlib.Path) -> None:
    assert run("parse", "--log", box / "a.eml") == (0, "", "")
    assert run("parse", "--log", box) == (1, "", f"bouncelib: {box}: Is a directory\n")


# -- what is read with

RULES = """
[[rule]]
id = "house.later"
reason = "mailbox_moved"
text = ["mailbox full"]
example = "552 5.2.2 Mailbox full"
why = "Who is full here has left."
"""
READING = [["parse", "a.eml", "--format", "text"], ["parse", "a.eml", "--format", "text", "--jobs", "2"],
           ["summary", "a.eml"], ["explain", "a.eml"], ["reply", "552 5.2.2 Mailbox full"]]  # fmt: skip


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_rules_of_ones_own(run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    monkeypatch.chdir(box)
    (box / "house.toml").write_text(RULES)
    assert "mailbox_full" in run(*arguments)[1]
    status, out, err = run(*arguments, "--with", "house.toml")
    assert (status, err) == (0, "")
    assert "mailbox_full" not in out
    assert "mailbox_moved" in out


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_rules_that_are_none(
    run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(box)
    (box / "house.toml").write_text(RULES.replace("mailbox_moved", "gone"))
    status, out, err = run(*arguments, "--with", "house.toml")
    assert (status, out) == (2, "")
    assert "house.toml: rule 'house.later': there is no reason 'gone'" in err


@pytest.fixture
def heron(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> collections.abc.Iterator[pathlib.Path]:
    """A directory with a bounce that only an installed plug-in reads."""
    site = tmp_path / "site"
    (site / "heron_bounce-1.0.dist-info").mkdir(parents=True)
    (site / "heron_bounce-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: heron-bounce\nVersion: 1.0\n"
    )
    (site / "heron_bounce-1.0.dist-info" / "entry_points.txt").write_text(
        "[bouncelib.detectors]\nheron = heron_gate:HERON\n"
    )
    (site / "heron_gate.py").write_text(
        '"""The Heron gate."""\nfrom bouncelib import TextFormat\nHERON = TextFormat(name="heron", '
        'start=("heron keeps",), recipient=(r"^(?P<address>\\S+@\\S+)$",))\n'
    )
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    (tmp_path / "h.eml").write_bytes(b"Subject: x\n\nThe heron keeps letters from:\nanne@example.com\n")
    yield tmp_path
    sys.modules.pop("heron_gate", None)


@pytest.mark.parametrize("arguments", READING[:-1], ids=" ".join)
def test_formats_of_installed_packages(
    run: Run, heron: pathlib.Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(heron)
    arguments = [argument.replace("a.eml", "h.eml") for argument in arguments]
    assert "bounce" not in run(*arguments)[1].replace("heron_bounce", "")
    status, out, err = run(*arguments, "--plugins")
    assert (status, err) == (0, "")
    assert "bounce" in out


def test_detectors_of_installed_packages(run: Run, heron: pathlib.Path) -> None:
    assert heron
    assert "heron" not in run("detectors")[1]
    assert run("detectors", "--plugins")[1].splitlines()[-1].split()[0] == "heron"


def test_a_plugin_that_cannot_be_loaded_is_named(run: Run, heron: pathlib.Path) -> None:
    (heron / "site" / "heron_gate.py").write_text("raise ValueError('no heron')\n")
    for given in (["parse", heron / "h.eml"], ["detectors"]):
        status, out, err = run(*given, "--plugins")
        assert (status, out) == (2, "")
        assert "entry point 'heron' (heron_gate:HERON) cannot be loaded: no heron" in err


# -- worker processes

JOBS = pytest.mark.parametrize("jobs", [1, 2])


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
def test_workers_write_the_same(run: Run, many: pathlib.Path, tmp_path: pathlib.Path, format_: str) -> None:
    (tmp_path / "mez").symlink_to("nowhere")
    arguments = ["parse", many, tmp_path / "mez", many, "--format", format_, "--kind", "bounce"]
    one = run(*arguments)
    assert run(*arguments, "--jobs", "2") == one
    assert one[0] == 1
    assert len(one[1].splitlines()) >= 300


@JOBS
def test_a_big_mbox_is_never_held(tmp_path: pathlib.Path, jobs: int) -> None:
    size = 20_000_000
    with (tmp_path / "box").open("wb") as file:
        while file.tell() < size:
            file.write(b"From x Mon Nov 23 16:47:16 2026\n" + LETTER + (b"x" * 997 + b"\n") * 100 + b"\n")
    DEFAULT.parse(LETTER)  # what is compiled once does not count
    tracemalloc.start()
    try:
        assert main(["parse", str(tmp_path / "box"), "--kind", "other", "--jobs", str(jobs)]) == 0
        assert tracemalloc.get_traced_memory()[1] < size / 2
    finally:
        tracemalloc.stop()


def test_a_worker_that_dies_is_reported(run: Run, box: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_serve", operator.is_)  # which ends without an answer
    status, _, err = run("parse", *[box] * 20_000, "--jobs", "2")
    assert status == 1
    assert "a worker process has died" in err


# -- trouble with the output


@JOBS
def test_a_closed_pipe_ends_it_quietly(many: pathlib.Path, jobs: int) -> None:
    with start("parse", many, many, "--jobs", jobs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().startswith(b'{"source":')
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


@pytest.mark.parametrize("arguments", [["--help"], ["detectors"], ["reply", "550 no"], []], ids=str)
def test_a_pipe_that_is_closed_from_the_start(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = command(*arguments, stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


FULL = pathlib.Path("/dev/full")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full disk at hand")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["parse", "many"], ["parse", "many", "--jobs", "2"], ["--help"], []], ids=str)
def test_a_full_disk_is_an_error(many: pathlib.Path, arguments: list[str], unbuffered: str) -> None:
    with FULL.open("wb") as full:
        done = command(
            *arguments, stdout=full, cwd=many.parent, env={**environment(), "PYTHONUNBUFFERED": unbuffered}
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.decode() == "bouncelib: the output cannot be written: No space left on device\n"


def environment() -> dict[str, str]:
    """The environment for a process that runs in another directory."""
    return {**os.environ, "PYTHONPATH": str(pathlib.Path(cli.__file__).parent.parent)}


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full disk at hand")
@pytest.mark.parametrize(("arguments", "status"), [(["parse", "does/not/exist"], 1), (["fly"], 2)])
def test_error_messages_that_cannot_be_written(arguments: list[str], status: int) -> None:
    with FULL.open("wb") as full:
        assert command(*arguments, stderr=full).returncode == status


def heed_interrupts() -> None:
    """Undo what a shell does to what it starts in the background: an ignored signal stays ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@JOBS
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_an_interrupt_ends_it_quietly(many: pathlib.Path, jobs: int) -> None:
    many_times = [many] * 200
    with start("parse", *many_times, "--jobs", jobs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
               start_new_session=True, preexec_fn=heed_interrupts) as process:  # fmt: skip
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
        process.stdout.read()
        assert process.stderr.read() == b""
        assert process.wait(60) == 130


@pytest.mark.skipif(not pathlib.Path("/proc/self/stat").exists(), reason="needs /proc to find the workers")
def test_no_worker_outlives_a_parent_that_was_killed(many: pathlib.Path) -> None:
    many_times = [many] * 200
    with start("parse", *many_times, "--jobs", "2", stdout=subprocess.PIPE) as process:
        assert process.stdout
        for _ in range(2000):  # by then it has workers that work
            process.stdout.readline()
        started = children(process.pid)
        assert len(started) >= 2
        process.kill()
    end = time.monotonic() + 30
    while started & running() and time.monotonic() < end:
        time.sleep(0.05)
    assert not started & running()


def running() -> set[int]:
    """The processes that are alive: neither gone nor waiting to be buried."""
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text("utf-8", "replace").rpartition(")")[2].split()[0] not in ("Z", "X"):
                found.add(int(path.parent.name))
    return found


def children(parent: int) -> set[int]:
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text("utf-8", "replace").rpartition(")")[2].split()[1]) == parent:
                found.add(int(path.parent.name))
    return found


def test_an_interrupt_within_the_process(box: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def parse(self, raw: bytes, **options: typing.Any) -> Report:
            raise KeyboardInterrupt

    for module in (cli, job):
        monkeypatch.setattr(module, "DEFAULT", Interrupted())
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(["parse", str(box)]) == 130
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("error", "status"), [(BrokenPipeError(), 0), (OSError(28, "full"), 1), (OSError(11, "no"), 1)]
)
def test_errors_of_the_output_within_the_process(
    box: pathlib.Path, capfd: pytest.CaptureFixture[str], error: OSError, status: int
) -> None:
    class Stuck(io.StringIO):
        def write(self, _: str) -> int:
            raise error

    with contextlib.redirect_stdout(Stuck()):
        assert main(["parse", str(box)]) == status
    assert bool(capfd.readouterr().err) is bool(status)


def test_each_report_is_out_before_the_next_message_comes() -> None:
    with start("parse", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(FROM + RAW + b"\n" + FROM + LETTER + b"\n" + FROM)
        process.stdin.flush()
        began = time.monotonic()
        assert json.loads(process.stdout.readline())["kind"] == "bounce"
        assert json.loads(process.stdout.readline())["kind"] == "other"
        assert time.monotonic() - began < 60
        process.stdin.close()
        assert process.wait(60) == 0


# -- a directory with more in it than messages


def test_files_that_are_no_messages_are_skipped_and_counted(run: Run, box: pathlib.Path) -> None:
    (box / "README.md").write_text("# Samples\n\nFrom: nobody\n")
    (box / "a.toml").write_text('kind = "bounce"\n')
    named = "".join(
        f"bouncelib: {box / name}: does not begin like a message: skipped\n" for name in ("README.md", "a.toml")
    )
    many = "bouncelib: skipped 2 files that do not begin like a message"
    for options, err in (([], f"{many} (--verbose names them)\n"), (["--verbose"], f"{named}{many}\n")):
        for jobs in (1, 2):
            status, out, said = run("parse", box, *options, "--jobs", jobs)
            assert (status, said) == (0, err)
            assert [pathlib.Path(json.loads(line)["source"]).name for line in out.splitlines()] == ["a.eml", "b.eml"]
        assert run("explain", box, *options)[2] == err
    (box / "a.toml").unlink()
    assert run("parse", box)[2] == "bouncelib: skipped 1 file that does not begin like a message (--verbose names it)\n"


def test_what_is_named_is_read_whatever_it_is(run: Run, box: pathlib.Path) -> None:
    (box / "a.toml").write_text('kind = "bounce"\n')
    status, out, err = run("parse", box / "a.toml")
    assert (status, err, json.loads(out)["kind"]) == (0, "", "other")


def test_every_detector_says_what_it_reads(run: Run) -> None:
    lines = run("detectors")[1].splitlines()
    assert len(lines) == len(list(Registry.default()))
    assert not [line for line in lines if len(line.split(None, 1)) < 2]
