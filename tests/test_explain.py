"""Reports in words: what has to be said, for every report, and that a terminal survives it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import typing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bouncelib
from bouncelib import (
    Action,
    AddressVerdict,
    Attribution,
    Blocklist,
    BlocklistKind,
    BounceType,
    Command,
    Defect,
    EnhancedStatus,
    Evidence,
    Feedback,
    Kind,
    Original,
    Proof,
    Provenance,
    ProvenanceVerdict,
    Reason,
    Recipient,
    Reply,
    Report,
    Timing,
    UnparsedField,
    explain,
    model,
    safe_text,
    timing,
)
from bouncelib.provenance import ORDER

DATE = dt.datetime(2024, 5, 1, 12, 0, tzinfo=dt.UTC)
HARD = Recipient(
    "anne@example.org",
    "bart@example.org",
    status=EnhancedStatus(5, 1, 1),
    reply=Reply(550, "no such\nuser"),
    diagnostic="550 no such user",
    remote_mta="mx.example.org",
    command=Command.RCPT,
    reason=Reason.BAD_MAILBOX,
    attribution=Attribution.RECIPIENT,
    timing=Timing.SYNCHRONOUS,
    bounce_type=BounceType.HARD,
    suppress=True,
    evidence=(Evidence("status", "rfc3464", "field status", "2", 7, "5.1.1"),),
)
"""A recipient with everything that a refusal has."""


def one(**changes: typing.Any) -> str:
    """The lines on one recipient that differs from `HARD` in some fields."""
    return explain.explain(Report(Kind.BOUNCE, (dataclasses.replace(HARD, **changes),)))


SAID = [
    (HARD, "anne@example.org (the sender wrote to bart@example.org)"),
    (HARD, "What happened: not delivered, status 5.1.1, after RCPT at mx.example.org"),
    (HARD, "The server said: 550 no such user"),
    (HARD, "Why: there is no such mailbox (bad_mailbox); caused by the recipient's mailbox"),
    (HARD, "Bounce type: hard: it will not work later either"),
    (HARD, "Timing: synchronous: refused while"),
    (HARD, "Suppress: yes: the failure is permanent, and the address caused it"),
    (HARD, "status: rfc3464, field status (part 2 line 7): 5.1.1"),
    (Recipient(""), "(recipient not named)\n"),
    (Recipient("a@b.c", remote_mta="mx.b.c"), "What happened: not delivered, at mx.b.c"),
    (Recipient("a@b.c", action=Action.EXPANDED), "What happened: passed on to the members of a list"),
    (Recipient("a@b.c", diagnostic="it\r\n  failed"), "Diagnostic: it failed"),
    (Recipient("a@b.c", attribution=Attribution.SENDER), "Why: caused by the sending side"),
    (Recipient("a@b.c", retry_after=300), "Try again: in 5 minutes"),
    (Recipient("a@b.c", retry_after=86_400), "Try again: in 1 day"),
    (Recipient("a@b.c", retry_after=61), "Try again: in 61 seconds"),
    (Recipient("a@b.c", retry_after=1), "Try again: in 1 second"),
    (
        Recipient("a@b.c", blocklist=Blocklist("Spamhaus ZEN", BlocklistKind.IP)),
        "Block list: Spamhaus ZEN, which lists",
    ),
    (Recipient("a@b.c", evidence=(Evidence("timing", "timing", "own host"),)), "timing: timing, own host"),
    (Recipient("a@b.c", evidence=(Evidence("address", "x", "", "", 3, "t"),)), "address: x (header line 3): t"),
]


@pytest.mark.parametrize(("recipient", "text"), SAID, ids=[text for _, text in SAID])
def test_what_is_said_about_a_recipient(recipient: Recipient, text: str) -> None:
    assert text in explain.explain(Report(Kind.BOUNCE, (recipient,)))


def test_a_diagnostic_that_repeats_the_reply_is_not_said_twice() -> None:
    assert "Diagnostic:" not in one()
    assert "Diagnostic: 550 no such user, sorry" in one(diagnostic="550 no such user, sorry")


SUPPRESSION = [
    ({}, "yes: the failure is permanent, and the address caused it"),
    ({"attribution": Attribution.DOMAIN}, "yes: the failure is permanent, and its domain caused it"),
    ({"suppress": False, "bounce_type": BounceType.SOFT}, "no: the failure is not final, or not about the address"),
    ({"suppress": False, "bounce_type": BounceType.BACKSCATTER}, "no: the message was not ours"),
    ({"suppress": False, "action": Action.DELAYED}, "no: the sending server is still trying"),
    ({"suppress": False, "action": Action.RELAYED}, "no: this is no failure"),
    ({"suppress": False, "attribution": Attribution.MESSAGE}, "no: the message caused it, not the address"),
    ({"suppress": False, "attribution": Attribution.SENDER}, "no: the sending side caused it, not the address"),
    ({"suppress": False, "attribution": None}, "no: nothing proves a permanent failure"),
]


@pytest.mark.parametrize(("changes", "text"), SUPPRESSION)
def test_whether_to_suppress_and_why(changes: dict[str, typing.Any], text: str) -> None:
    assert f"Suppress: {text}" in one(**changes)


def test_a_foreign_report_suppresses_nobody() -> None:
    recipient = dataclasses.replace(HARD, suppress=False)
    text = explain.suppression(recipient, ProvenanceVerdict.FOREIGN)
    assert text.startswith("no: the message was not ours")


def test_what_is_said_about_the_report() -> None:
    text = explain.explain(
        Report(
            Kind.COMPLAINT,
            reporting_mta="mx.example.net",
            received_from_mta="out.example.com",
            arrival_date=DATE,
            envelope_id="QQ314159",
            original=Original("<1@example.com>", "s@example.com", "Sam <s@example.com>", "b@example.org", "hi", DATE),
            provenance=Provenance(
                ProvenanceVerdict.OWN, (Proof("message-id", ProvenanceVerdict.OWN, "<1@example.com>"),)
            ),
            feedback=Feedback(
                "abuse", "Filter/1", source_ip="192.0.2.1", incidents=3, original_rcpt_to=("b@example.org",)
            ),
            detectors=("arf", "rfc3464"),
            defects=(Defect("no-end", "boundary b", "1.2"),),
            unparsed=(UnparsedField("x-queue", "17"),),
            evidence=(Evidence("reporting_mta", "rfc3464", "field reporting-mta", "2", 1, "dns; mx.example.net"),),
        )
    )
    assert text.splitlines() == [
        "This is a complaint: somebody reported the message (ARF).",
        "Reported by mx.example.net.",
        "The reporting server got the message at 2024-05-01 12:00:00+00:00.",
        "It had the message from out.example.com.",
        "The sender's name for the transaction (envelope id): QQ314159",
        "About the message “hi” of 2024-05-01 12:00:00+00:00, of which the headers were returned:",
        "  From: Sam <s@example.com>",
        "  Envelope sender: s@example.com",
        "  To: b@example.org",
        "  Message-ID: <1@example.com>",
        "Complaint of the type abuse by Filter/1, 3 times.",
        "  Sending address: 192.0.2.1",
        "  Envelope recipient: b@example.org",
        "It names no recipient.",
        "",
        "Provenance: own: the report is about a message that we sent.",
        "  Decided by: the Message-ID of the returned message; message-id says own: <1@example.com>",
        "Read by: arf, rfc3464",
        "Evidence for the report as a whole:",
        "  reporting_mta: rfc3464, field reporting-mta (part 2 line 1): dns; mx.example.net",
        "Report fields that are not understood:",
        "  x-queue: 17",
        "Damage that was worked around:",
        "  no-end (part 1.2): boundary b",
    ]


PROVENANCE = [
    (
        Provenance(),
        ["unproven: nothing proves"],
    ),
    (
        Provenance(ProvenanceVerdict.FOREIGN),
        ["foreign: the report is about", "  No proof was found, and the context requires one."],
    ),
    (
        Provenance(
            ProvenanceVerdict.FOREIGN,
            (
                Proof("batv", ProvenanceVerdict.FOREIGN, "the tag has expired"),
                Proof("received", ProvenanceVerdict.OWN, "ours"),
                Proof("a-proof-of-yours", ProvenanceVerdict.UNPROVEN, ""),
            ),
        ),
        [
            "foreign: the report is about",
            "  Decided by: the signature in the address that the report was sent to (BATV); batv says foreign: the tag",
            "  Also seen: who brought the returned message (Received); received says own: ours",
            "  Also seen: a-proof-of-yours says unproven",
        ],
    ),
]


@pytest.mark.parametrize(("provenance", "lines"), PROVENANCE)
def test_why_it_was_ours_or_not(provenance: Provenance, lines: list[str]) -> None:
    said = explain.explain(Report(Kind.BOUNCE, provenance=provenance)).partition("Provenance: ")[2].splitlines()
    assert [line[: len(start)] for line, start in zip(said, lines, strict=True)] == lines


def test_there_are_words_for_every_proof_that_decides_and_every_rule_of_timing() -> None:
    assert {name for name, _, _ in ORDER} <= set(explain.PROOFS)
    assert {rule for rule, _ in explain.WHEN} == {name for name, _ in timing.RULES}


def test_why_it_was_synchronous_or_not() -> None:
    said = (Evidence("timing", "timing", "foreign-server-reports", text="mx.example.net"),)
    text = one(timing=Timing.ASYNCHRONOUS, evidence=said)
    assert "\n    because the server that reports is none of your own: mx.example.net\n" in text
    assert "because" not in one()


def test_a_newcomer_is_told_what_could_tell_more() -> None:
    hint = "A Context that names your servers, domains and keys can tell more."
    assert hint in one()
    assert hint not in explain.explain(Report(Kind.OTHER))


TABLES: list[tuple[dict[typing.Any, str], type[enum.StrEnum]]] = [
    (explain.KINDS, Kind),
    (explain.ACTIONS, Action),
    (explain.REASONS, Reason),
    (explain.ATTRIBUTIONS, Attribution),
    (explain.BOUNCE_TYPES, BounceType),
    (explain.TIMINGS, Timing),
    (explain.VERDICTS, ProvenanceVerdict),
]


@pytest.mark.parametrize(("table", "cls"), TABLES, ids=[cls.__name__ for _, cls in TABLES])
def test_there_are_words_for_everything(table: dict[typing.Any, str], cls: type[enum.StrEnum]) -> None:
    assert list(table) == list(cls)
    assert len(set(table.values())) == len(table)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.from_type(Report))
def test_every_report_can_be_explained(report: Report) -> None:
    text = report.explain()
    assert text.startswith("This is ")
    text.encode()  # no lone surrogates
    for line in text.split("\n"):
        assert safe_text.visible(line) == line


def test_a_long_text_is_shortened() -> None:
    text = one(diagnostic="x" * 100_000, evidence=(Evidence("status", "d", text="y" * 100_000),))
    assert len(text) < 2000
    assert "…" in text


def test_wide_characters_stay() -> None:
    assert "メールボックスがありません" in one(diagnostic="メールボックスがありません")


def test_hostile_text_is_harmless_wherever_it_stands() -> None:
    bad = "\x1b]0;x\x07\u202e\udc80\n"
    evidence = (Evidence(bad, bad, bad, bad, 1, bad),)
    recipient = Recipient(
        bad, bad, reply=Reply(550, bad), diagnostic=bad, remote_mta=bad, evidence=evidence,
        blocklist=Blocklist(bad, BlocklistKind.DOMAIN),
    )  # fmt: skip
    report = Report(
        Kind.BOUNCE, (recipient,), bad, bad, None, bad, Original(bad, bad, bad, bad, bad, None, bad),
        Provenance(proofs=(Proof(bad, ProvenanceVerdict.FOREIGN, bad),)),
        Feedback(bad, bad, source_ip=bad, original_mail_from=bad, original_rcpt_to=(bad,), reported_domain=(bad,)),
        (bad,), (Defect(bad, bad, bad),), (UnparsedField(bad, bad),), evidence,
    )  # fmt: skip
    text = report.explain()
    text.encode()
    assert all(safe_text.visible(line) == line for line in text.split("\n"))
    assert text.count(r"\x1b]0;x\x07\u202e\udc80") > 30


def test_a_parsed_reply_explains_itself() -> None:
    text = bouncelib.parse_reply("550 5.1.1 User unknown", recipient="anne@example.org", command="RCPT").explain()
    assert "anne@example.org\n  What happened: not delivered, status 5.1.1, after RCPT\n" in text
    assert "Suppress: yes" in text


VISIBLE = [
    ("plain", "plain"),
    ("größe メール 😀", "größe メール 😀"),
    ("\x1b[2J\x07", r"\x1b[2J\x07"),
    ("\x9b31m", r"\x9b31m"),
    ("a\r\nb\tc", r"a\r\nb\tc"),
    ("\u202egro.elpmaxe\u202c", r"\u202egro.elpmaxe\u202c"),
    ("\u2066x\u2069", r"\u2066x\u2069"),
    ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
    ("\udc80\ud83d", r"\udc80\ud83d"),
    ("\U000e0041", r"\U000e0041"),
    ("\x00\x7f", r"\x00\x7f"),
    ("\ufffd", "\ufffd"),
    ("👨\u200d👩", "👨\u200d👩"),
    ("a\u2028b", r"a\u2028b"),
    ("a\u034fb\u115fc\u3164d\uffa0e", r"a\u034fb\u115fc\u3164d\uffa0e"),
    ("\u2800\u180e\u17b4", r"\u2800\u180e\u17b4"),
    ("a\ufe01b\U000e0100", r"a\ufe01b\U000e0100"),
    ("❤\ufe0f", "❤\ufe0f"),
    ("\U0001d173\U0001bca0", r"\U0001d173\U0001bca0"),
    ("<script>&amp;", "<script>&amp;"),
]


@pytest.mark.parametrize(("text", "shown"), VISIBLE)
def test_active_characters_become_visible(text: str, shown: str) -> None:
    assert safe_text.visible(text) == shown


LINES = [
    ("  a \r\n\t b ", 0, "a b"),
    ("abcdef", 6, "abcdef"),
    ("abcdefg", 6, "abcde…"),
    ("x" * 1000, 4, "xxx…"),
    ("a" + " " * 1000 + "b", 10, "a…"),
    ("\x1b" * 4, 6, r"\x1b\…"),
]


@pytest.mark.parametrize(("text", "limit", "line"), LINES)
def test_one_line(text: str, limit: int, line: str) -> None:
    assert safe_text.one_line(text, limit) == line


CELLS = [
    ("=1+1", "'=1+1"),
    ("+49 30", "'+49 30"),
    ("-2", "'-2"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'=1"),
    ("\r\n=1", "'=1"),
    ("＝1", "'＝1"),
    ("anne@example.org", "anne@example.org"),
    ("", ""),
    ("a\nb", "a b"),
]


@pytest.mark.parametrize(("text", "cell"), CELLS)
def test_a_csv_cell_computes_nothing(text: str, cell: str) -> None:
    assert safe_text.csv_cell(text) == cell


def test_the_model_has_no_enum_without_words() -> None:
    known = {cls for _, cls in TABLES} | {Command, BlocklistKind, AddressVerdict}
    enums = {getattr(model, name) for name in model.__all__}
    assert {cls for cls in enums if isinstance(cls, type) and issubclass(cls, enum.Enum)} == known
