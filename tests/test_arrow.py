"""Arrow batches: the same verdicts as `parse`, no message lost, a schema that does not change unnoticed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import pathlib
import subprocess
import sys
import typing

import pytest

from bouncelib import (
    BouncelibError,
    Context,
    Defect,
    Evidence,
    Feedback,
    Kind,
    Original,
    Parser,
    Recipient,
    Report,
    Rules,
    parse,
)

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
arrow = pytest.importorskip("bouncelib.integrations.arrow")

ROOT = pathlib.Path(__file__).parent.parent
RAWS = [path.read_bytes() for path in sorted((ROOT / "corpus").rglob("*.eml"))]


class Fixed:
    """A parser that has one report for each message, or raises it."""

    def __init__(self, *reports: Report | Exception) -> None:
        self.reports = iter(reports)

    def parse(self, raw: bytes, *, context: Context | None = None) -> Report:
        report = next(self.reports)
        if isinstance(report, Exception):
            raise report
        return report


def rows(*reports: Report | Exception) -> list[dict[str, typing.Any]]:
    """The rows that become of these reports."""
    batch = pa.record_batch({"raw": pa.array([b""] * len(reports), pa.binary())})
    found: list[dict[str, typing.Any]] = arrow.parse_batch(batch, parser=Fixed(*reports)).to_pylist()
    return found


def test_verdicts_are_those_of_parse() -> None:
    batch = pa.record_batch({"id": range(len(RAWS)), "raw": pa.array(RAWS, pa.binary())})
    result = arrow.parse_batch(batch)
    assert result.schema.equals(arrow.schema(batch.schema), check_metadata=True)
    by_message = {number: list(found) for number, found in itertools.groupby(result.to_pylist(), lambda row: row["id"])}
    assert list(by_message) == list(range(len(RAWS)))
    for number, raw in enumerate(RAWS):
        report = parse(raw)
        named: list[str | None] = [recipient.subscriber for recipient in report.recipients]
        assert [row["subscriber"] for row in by_message[number]] == (named or [None])
        for row, recipient in zip(by_message[number], report.recipients, strict=False):
            for name in ("address", "original_address", "action", "reason", "bounce_type", "timing", "suppress"):
                assert row[name] == getattr(recipient, name)
            assert row["status"] == (str(recipient.status) if recipient.status else None)
            assert row["evidence"] == [dataclasses.asdict(one) for one in recipient.evidence]
        for row in by_message[number]:
            assert (row["kind"], row["error"]) == (report.kind, None)
            assert row["arrival_date"] == (report.arrival_date and report.arrival_date.astimezone(dt.UTC))
            assert row["provenance"]["verdict"] == report.provenance.verdict
            assert (row["original"] is None) == (report.original is None)
            assert row["detectors"] == list(report.detectors)


def test_every_field_is_a_column() -> None:
    feedback = Feedback(original_rcpt_to=("a@b.example",), extensions=(("x-one", "1"), ("x-two", "2")))
    report = Report(
        Kind.COMPLAINT, (), "mta", "from", None, "id", Original("<m@x>", from_="me"), feedback=feedback,
        detectors=("arf",), defects=(Defect("rule", "text", "1"),), evidence=(Evidence("kind", "arf"),),
    )  # fmt: skip
    (row,) = rows(report)
    assert row["reporting_mta"] == "mta"
    assert row["original"]["message_id"] == "<m@x>"
    assert "headers" not in row["original"]
    assert row["feedback"]["original_rcpt_to"] == ["a@b.example"]
    assert row["feedback"]["extensions"] == [{"name": "x-one", "value": "1"}, {"name": "x-two", "value": "2"}]
    assert row["defects"] == [{"rule": "rule", "text": "text", "part": "1"}]
    assert row["report_evidence"][0]["detector"] == "arf"
    assert (row["evidence"], row["recipient_number"], row["address"]) == (None, None, None)


def test_recipients_are_numbered_and_other_columns_repeated() -> None:
    two = Report(Kind.BOUNCE, (Recipient("a@x.example"), Recipient("b@x.example", "c@x.example")))
    batch = pa.record_batch({
        "id": ["one", "two", "three"],
        "mail": pa.array([b"", b"", b""], pa.large_binary()),
        "tags": [["x"], None, ["y", "z"]],
    })  # fmt: skip
    result = arrow.parse_batch(batch, column="mail", parser=Fixed(two, Report(Kind.OTHER), two))
    names = ("id", "tags", "recipient_number", "subscriber", "kind")
    assert [tuple(row[name] for name in names) for row in result.to_pylist()] == [
        ("one", ["x"], 1, "a@x.example", "bounce"),
        ("one", ["x"], 2, "c@x.example", "bounce"),
        ("two", None, None, None, "other"),
        ("three", ["y", "z"], 1, "a@x.example", "bounce"),
        ("three", ["y", "z"], 2, "c@x.example", "bounce"),
    ]
    assert "mail" not in result.schema.names


def test_a_message_that_fails_is_a_row() -> None:
    first, failed, last = rows(Report(Kind.OTHER), ZeroDivisionError("oh \udcff"), Report(Kind.OTHER))
    assert failed["error"] == "ZeroDivisionError: oh \ufffd"
    assert {value for name, value in failed.items() if name != "error"} == {None}
    assert (first["error"], last["error"]) == (None, None)
    batch = pa.record_batch({"raw": pa.array([None, RAWS[0]], pa.binary())})
    nothing, something = arrow.parse_batch(batch).to_pylist()
    assert nothing["error"] == "there is no message: null"
    assert something["kind"] == parse(RAWS[0]).kind


ODD = [
    (Report(Kind.OTHER, reporting_mta="\udcff\ud83d"), "reporting_mta", "\ufffd\ufffd"),
    (Report(Kind.OTHER, reporting_mta="größe 😀"), "reporting_mta", "größe 😀"),
    (Report(Kind.OTHER, arrival_date=dt.datetime(2024, 5, 1, 12)), "arrival_date", dt.datetime(2024, 5, 1, 12, tzinfo=dt.UTC)),  # noqa: DTZ001, E501
    (Report(Kind.OTHER, arrival_date=dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=1)))), "arrival_date", None),  # noqa: E501
    (Report(Kind.BOUNCE, (Recipient("a@x.example", retry_after=2**80),)), "retry_after", None),
    (Report(Kind.BOUNCE, (Recipient("a@x.example", retry_after=2**40),)), "retry_after", 2**40),
]  # fmt: skip


@pytest.mark.parametrize(("report", "name", "value"), ODD)
def test_what_arrow_cannot_hold(report: Report, name: str, value: object) -> None:
    (row,) = rows(report)
    assert (row[name], row["error"]) == (value, None)


def test_context_and_parser_count() -> None:
    batch = pa.record_batch({"raw": pa.array(RAWS[:50], pa.binary())})
    context = Context(require_proof=True)
    parser = Parser(rules=Rules.default())
    verdicts = {
        row["provenance"]["verdict"] for row in arrow.parse_batch(batch, context=context, parser=parser).to_pylist()
    }
    assert "foreign" in verdicts
    assert "foreign" not in {row["provenance"]["verdict"] for row in arrow.parse_batch(batch).to_pylist()}


def test_tables_and_what_is_empty() -> None:
    table = pa.table({"raw": pa.chunked_array([RAWS[:3], RAWS[3:5]], pa.binary())})
    assert arrow.parse_table(table).num_rows >= 5
    none = pa.table({"id": pa.array([], pa.int8()), "raw": pa.array([], pa.binary())})
    assert arrow.parse_table(none).schema.equals(arrow.schema(none.schema))
    empty = pa.record_batch({"raw": pa.array([], pa.binary())})
    assert arrow.parse_batch(empty).num_rows == 0


MISTAKES = [
    ({"id": [1]}, "there is no column 'raw' of messages; there are id"),
    ({"raw": ["text"]}, "the column 'raw' is string: messages are binary"),
    (
        {"raw": [b"x"], "status": [1]},
        "the column 'status' would stand twice in the result: rename the one that is given",
    ),
]


@pytest.mark.parametrize(("columns", "message"), MISTAKES)
def test_mistakes(columns: dict[str, list[object]], message: str) -> None:
    with pytest.raises(BouncelibError) as raised:
        arrow.parse_batch(pa.record_batch(columns))
    assert str(raised.value) == message


def test_without_pyarrow_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['pyarrow'] = None\nfrom bouncelib.integrations import arrow"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.endswith('ImportError: this needs pyarrow: pip install "bouncelib[arrow]"\n')


EVIDENCE = "list<struct<field: string, detector: string, rule: string, part: string, line: int64, text: string>>"
SCHEMA_1 = {
    "recipient_number": "int64",
    "subscriber": "string",
    "address": "string",
    "original_address": "string",
    "action": "string",
    "status": "string",
    "reply": "struct<code: int64, text: string>",
    "diagnostic": "string",
    "remote_mta": "string",
    "command": "string",
    "reason": "string",
    "attribution": "string",
    "retry_after": "int64",
    "blocklist": "struct<name: string, lists: string>",
    "timing": "string",
    "bounce_type": "string",
    "suppress": "bool",
    "evidence": EVIDENCE,
    "kind": "string",
    "reporting_mta": "string",
    "received_from_mta": "string",
    "arrival_date": "timestamp[us, tz=UTC]",
    "envelope_id": "string",
    "original": "struct<message_id: string, sender: string, from_: string, to: string, subject: string, "
    "date: timestamp[us, tz=UTC], list_id: string, complete: bool>",
    "provenance": "struct<verdict: string, proofs: list<struct<name: string, verdict: string, text: string>>>",
    "feedback": "struct<feedback_type: string, user_agent: string, version: string, source_ip: string, "
    "source_port: int64, incidents: int64, arrival_date: timestamp[us, tz=UTC], original_mail_from: string, "
    "original_rcpt_to: list<string>, original_envelope_id: string, reported_domain: list<string>, "
    "reported_uri: list<string>, authentication_results: list<string>, reporting_mta: string, auth_failure: string, "
    "delivery_result: string, extensions: list<struct<name: string, value: string>>>",
    "detectors": "list<string>",
    "defects": "list<struct<rule: string, text: string, part: string>>",
    "unparsed": "list<struct<name: string, value: string, group: int64>>",
    "report_evidence": EVIDENCE,
    "error": "string",
}


def test_version_1_of_the_schema_stays() -> None:
    """A change here is another `VERSION`, and a table of its own beside this one."""
    assert arrow.VERSION == 1
    assert {field.name: str(field.type).replace("item: ", "") for field in arrow.SCHEMA} == SCHEMA_1
    assert arrow.SCHEMA.metadata == {b"bouncelib.schema": b"1"}


def test_metadata_of_both_sides_is_kept() -> None:
    given = pa.schema([("raw", pa.binary())], {"owner": "me", "bouncelib.schema": "0"})
    assert arrow.schema(given).metadata == {b"owner": b"me", b"bouncelib.schema": b"1"}
    assert arrow.schema() is arrow.SCHEMA
