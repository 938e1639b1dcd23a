"""The lab: its tables are complete, its samples are all there, and a run gives the same verdicts again."""

from __future__ import annotations

import dataclasses
import pathlib
import shutil
import struct
import subprocess
import sys
from collections import Counter

import pytest
from lab import command, machine, names, plan, reading, scenarios
from lab.model import Server
from lab.servers import SERVERS

from bouncelib import testing

CORPUS = pathlib.Path(__file__).parent.parent / "corpus"
PLANNED = plan.samples()
COMMITTED = {sample.name: sample for sample in testing.discover(CORPUS)}
# Older than the lab: what a qmail built by hand wrote, which no package has, and what two servers did to each other.
OLDER = (
    "qmail/",
    "postfix/forwarding-loop-came-home",
    "postfix/mailbox-permission-denied",
    "sendmail/connection-reset-",
)

RUN_AGAIN = ("opensmtpd", ["rcpt-unknown-user", "rcpt-full", "end-of-data-spam"])


# -- the tables


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_an_exception_is_about_a_scenario_that_is_there(server: Server) -> None:
    bare = dataclasses.replace(server, silent={}, retries={}, final={})
    everything = {sample.name for case in plan._of(bare) for sample in case.samples}
    everything |= {case.scenario for case in plan._of(bare)}
    everything |= {f"{name}-{when}" for name in everything for when in ("delay", "expired")}
    for exceptions in (server.silent, server.vague, server.retries, server.final):
        for pattern, why in exceptions.items():
            assert any(plan._why({pattern: why}, name) for name in everything), f"{pattern} fits nothing"
            assert why, f"{pattern} has no reason"


def test_names_are_told_apart() -> None:
    people = [reply.person for reply in scenarios.REPLIES]
    locals_ = [row.person for row in scenarios.LATER]
    domains = [host.domain for host in scenarios.HOSTS]
    titles = [row.scenario for row in (*scenarios.REPLIES, *scenarios.HOSTS, *scenarios.LATER)]
    for listed in (people, locals_, domains, titles, [server.name for server in SERVERS]):
        assert [name for name, count in Counter(listed).items() if count > 1] == []


def test_every_row_is_used() -> None:
    used = {row for server in SERVERS for row in server.later}
    assert used == {row.scenario for row in scenarios.LATER}


def test_a_selection_takes_wildcards_and_brings_the_servers_that_it_needs() -> None:
    chosen = plan.select(["dma"], ["rcpt-full*"])
    assert [case.scenario for case in chosen] == ["rcpt-full", "rcpt-full-no-status"]
    assert [server.name for server in plan.involved(chosen)] == ["postfix", "dma"]
    assert len(plan.select([], [])) == len(plan.cases())


# -- the scripted name service

ZONE = names.Zone(
    {"mx.example.test": "10.0.0.1"},
    {"example.test": [(10, "mx.example.test")], "null.test": [(0, ".")]},
    frozenset({"empty.test"}),
    frozenset({"broken.test"}),
)


@pytest.mark.parametrize(
    "name, kind, code, count",
    [
        ("mx.example.test", 1, 0, 1),
        ("MX.Example.test", 1, 0, 1),
        ("example.test", 15, 0, 1),
        ("example.test", 1, 0, 0),
        ("null.test", 15, 0, 1),
        ("1.0.0.10.in-addr.arpa", 12, 0, 1),
        ("0.0.10.in-addr.arpa", 12, 0, 0),
        ("empty.test", 1, 0, 0),
        ("nowhere.test", 1, 3, 0),
        ("broken.test", 15, 2, 0),
    ],
)
def test_the_name_service_answers(name: str, kind: int, code: int, count: int) -> None:
    query = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + names._encode(name) + struct.pack("!HH", kind, 1)
    answer = names.answer(ZONE, query)
    ident, flags, _, answers, _, _ = struct.unpack("!HHHHHH", answer[:12])
    assert (ident, flags & 15, answers) == (7, code, count)
    assert answer[12:].startswith(query[12:])


# -- the expectations, read without the library


def test_a_report_is_read_without_the_library() -> None:
    raw = COMMITTED["postfix/rcpt-unknown-user"].raw
    assert reading.finals(raw) == ["anne@remote.test"]
    assert reading.status_of(raw, "anne@remote.test") == "5.1.1"
    assert reading.actions(raw) == {"failed"}
    assert reading.said_in(raw, "550 5.1.1 Recipient address rejected: User unknown in virtual mailbox table")
    assert not reading.said_in(raw, "552 5.2.2 Mailbox full")
    assert "Subject: Notes of the meeting" in reading.returned(raw)
    assert "Notes of the meeting" not in reading.words(raw)


# -- the samples


def test_every_planned_sample_is_committed() -> None:
    assert sorted(set(PLANNED) - set(COMMITTED)) == []


def test_every_sample_of_the_lab_is_planned() -> None:
    made = {name for name, sample in COMMITTED.items() if sample.source["origin"].startswith("lab:")}
    assert sorted(name for name in made - set(PLANNED) if not name.startswith(OLDER)) == []


def test_the_lab_is_well_represented() -> None:
    assert len(PLANNED) >= 250
    size = sum(path.stat().st_size for path in CORPUS.rglob("*") if path.suffix in {".eml", ".toml"})
    assert size <= 10 * 1024 * 1024


def test_a_sample_says_what_was_planned() -> None:
    for name, (case, sample) in PLANNED.items():
        committed = COMMITTED[name]
        assert committed.source["scenario"] == sample.said, name
        assert committed.source["origin"].startswith(f"lab: {plan.BY_NAME[plan.author(case)].title} "), name
        known = {name for target in (*case.targets, *sample.targets) for name in (target.address, *target.aliases)}
        assert all(fields["address"] in known for fields in committed.recipients or ()), name


# -- a run


def test_what_a_machine_lacks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda _: None)
    lacking = "\n".join(machine.missing())
    assert "root" in lacking
    assert "apt-get install debootstrap" in lacking


def test_a_run_gives_the_same_verdicts_again(tmp_path: pathlib.Path) -> None:
    if lacking := machine.missing():
        pytest.skip(f"mail servers cannot run here, for lack of {'; '.join(lacking)}")
    server, chosen = RUN_AGAIN
    run = [
        sys.executable,
        str(CORPUS / "lab"),
        f"--output={tmp_path / 'samples'}",
        f"--scratch={tmp_path / 'roots'}",
    ]
    run += [f"--server={server}", *(f"--scenario={scenario}" for scenario in chosen)]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    shutil.rmtree(tmp_path / "roots", ignore_errors=True)
    if done.returncode == 2:
        pytest.skip(f"mail servers cannot be built here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
    again = testing.discover(tmp_path / "samples")
    assert [sample.name for sample in again] == sorted(f"{server}/{scenario}" for scenario in chosen)
    for sample in again:
        assert sample.expected == COMMITTED[sample.name].expected
        assert sample.recipients == COMMITTED[sample.name].recipients
        assert testing.check(dataclasses.replace(COMMITTED[sample.name], raw=sample.raw)) == []


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--server", "pigeon"], "No such server: pigeon"),
        (["--server", "dma", "--scenario", "nothing"], "No scenario fits"),
    ],
)
def test_a_wrong_selection_is_said(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "missing", list)
    assert command.main(arguments) == 2
    assert said in capsys.readouterr().err


def test_where_it_cannot_run_it_says_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "missing", lambda: ["root: run it as root"])
    assert command.main([]) == 2
    assert "root: run it as root" in capsys.readouterr().err
