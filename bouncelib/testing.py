"""Samples with their expectations beside them: what the project tests itself with, and what an author of a detector
can use too.

    @pytest.mark.parametrize("sample", testing.discover("corpus"), ids=str)
    def test_expectations(sample):
        testing.assert_sample(sample, bouncelib.Parser(bouncelib.Registry.default().with_(MyDetector())))

A sample is `<origin>/<scenario>.eml` with `<scenario>.toml` beside it; `corpus/README.md` has the table of keys. Only
what the table says is checked. A field in `gap` is a strict expected failure: once the library has it right, the sample
fails until the mark is gone.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from .context import Context
from .model import (
    Action,
    Attribution,
    BouncelibError,
    BounceType,
    Command,
    Kind,
    ProvenanceVerdict,
    Reason,
    Recipient,
    Report,
    Timing,
)

__all__ = [
    "Difference",
    "Parses",
    "Sample",
    "assert_sample",
    "check",
    "check_cuts",
    "check_round_trip",
    "check_variants",
    "check_wrapped",
    "cuts",
    "discover",
    "format_differences",
    "variants",
    "wrapped",
]


class Parses(Protocol):
    """What reads a sample: a `bouncelib.Parser`, or anything that is called like one."""

    def parse(self, raw: bytes, /, *, context: Context | None = None) -> Report: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """A message, and what it must give.

    `expected` holds the values of the report's fields, `recipients` those of each recipient, in order, or `None` where
    the table says nothing about recipients; `aliases` are the other names that they go by in the report. `gaps` maps
    the fields that are known to be wrong to the reason why.
    """

    name: str
    path: Path
    raw: bytes
    expected: Mapping[str, object]
    recipients: tuple[Mapping[str, object], ...] | None = None
    aliases: frozenset[str] = frozenset()
    gaps: Mapping[str, str] = dataclasses.field(default_factory=dict)
    context: Context | None = None
    source: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def parse(self, parser: Parses | None = None) -> Report:
        """The report on the sample, in the context that its table names."""
        return _parse(self.raw, self.context, parser)


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as expected; `note` says in which variant, or that a gap is none any more."""

    field: str
    expected: object
    got: object
    note: str = ""

    def __str__(self) -> str:
        text = f"{self.field}: expected {_show(self.expected)}, got {_show(self.got)}"
        return f"{text} ({self.note})" if self.note else text


# The keys of a table: the type that its value must have, and how the report's value is read.
_Getter = Callable[[Any], object]
_REPORT: dict[str, tuple[type, _Getter]] = {
    "kind": (Kind, lambda report: report.kind),
    "provenance": (ProvenanceVerdict, lambda report: report.provenance.verdict),
    "reporting_mta": (str, lambda report: report.reporting_mta),
    "envelope_id": (str, lambda report: report.envelope_id),
    "feedback_type": (str, lambda report: report.feedback.feedback_type if report.feedback else None),
    "message_id": (str, lambda report: report.original.message_id if report.original else None),
}
_RECIPIENT: dict[str, tuple[type, _Getter]] = {
    "address": (str, lambda recipient: recipient.address),
    "original_address": (str, lambda recipient: recipient.original_address),
    "action": (Action, lambda recipient: recipient.action),
    "status": (str, lambda recipient: str(recipient.status) if recipient.status else None),
    "reply": (int, lambda recipient: recipient.reply.code if recipient.reply else None),
    "diagnostic": (str, lambda recipient: recipient.diagnostic),
    "remote_mta": (str, lambda recipient: recipient.remote_mta),
    "command": (Command, lambda recipient: recipient.command),
    "reason": (Reason, lambda recipient: recipient.reason),
    "attribution": (Attribution, lambda recipient: recipient.attribution),
    "retry_after": (int, lambda recipient: recipient.retry_after),
    "blocklist": (str, lambda recipient: recipient.blocklist.name if recipient.blocklist else None),
    "timing": (Timing, lambda recipient: recipient.timing),
    "bounce_type": (BounceType, lambda recipient: recipient.bounce_type),
    "suppress": (bool, lambda recipient: recipient.suppress),
}
# What a change that leaves the meaning alone must leave alone too.
_VERDICT = ("address", "original_address", "action", "status", "reason", "timing", "bounce_type", "suppress")
_CONTEXT = tuple(field.name for field in dataclasses.fields(Context))
# The checks beside the expectations that `gap` may mark as well.
_CHANGES = ("variants", "wrapped", "cuts")
_SOURCE = ("origin", "scenario", "changed", "why")
_NONE = "none"
_LINE_END = re.compile(rb"\r\n|\r|\n")


def discover(directory: str | Path) -> list[Sample]:
    """Every sample under `directory`, by name.

    Raises `BouncelibError` where there is none, where a message or its table stands alone, and where a table has a
    key or a value that is not known.
    """
    root = Path(directory)
    messages = {path.with_suffix("") for path in root.rglob("*.eml")}
    tables = {path.with_suffix("") for path in root.rglob("*.toml")}
    # The name may have dots of its own, so the suffix is put back by hand.
    for stem in sorted(messages - tables):
        raise BouncelibError(f"{stem}.eml has no expectations: write {stem.name}.toml beside it")
    for stem in sorted(tables - messages):
        raise BouncelibError(f"{stem}.toml has no message: {stem.name}.eml is missing beside it")
    if not messages:
        raise BouncelibError(
            f"no sample found in {root}: it must hold <origin>/<scenario>.eml with a .toml beside each"
        )
    return [_read(root, stem) for stem in sorted(messages)]


def check(sample: Sample, parser: Parses | None = None) -> list[Difference]:
    """What the report on the sample has wrong; empty where all is as expected, and every gap still one."""
    return _compare(sample, sample.parse(parser))


def assert_sample(sample: Sample, parser: Parses | None = None) -> None:
    """Raises `AssertionError` with a readable text where `check` finds a difference."""
    report = sample.parse(parser)
    if differences := _compare(sample, report):
        raise AssertionError(format_differences(sample, differences, report))


def format_differences(sample: Sample, differences: list[Difference], report: Report | None = None) -> str:
    """The differences for people, one a line; with the `report`, how it came to its verdict follows."""
    lines = [f"{sample.name} ({sample.path})", *(f"  {difference}" for difference in differences)]
    if report is not None:
        lines += ["", "why:", *(f"  {line}" for line in report.explain().splitlines())]
    return "\n".join(lines)


def variants(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The message in other clothes, each with its name; none of them changes what it says."""
    yield "lf", _LINE_END.sub(b"\n", raw)
    yield "crlf", _LINE_END.sub(b"\r\n", raw)
    yield "cr", _LINE_END.sub(b"\r", raw)
    if not raw.startswith((b"From ", b">From ", b"\xef\xbb\xbf")):
        yield "mbox-from", b"From MAILER-DAEMON Mon Nov 23 16:47:12 2026\n" + raw
    yield "trailing-bytes", raw + b"\n\n\0\0\0\x1a\n"


def wrapped(raw: bytes) -> bytes:
    """The message as somebody passes it on: attached to an ordinary mail."""
    boundary = b"=_wrapped"
    while boundary in raw:
        boundary += b"_"
    return b"\n".join([
        b"From: Anne Person <anne.person@example.com>",
        b"To: helpdesk@example.net",
        b"Subject: Can you have a look at this?",
        b"Date: Mon, 23 Nov 2026 17:00:00 +0000",
        b"Message-ID: <wrapped@example.com>",
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/mixed; boundary="' + boundary + b'"',
        b"",
        b"--" + boundary,
        b"Content-Type: text/plain; charset=us-ascii",
        b"",
        b"Hello, this came back today. What does it mean?",
        b"",
        b"--" + boundary,
        b"Content-Type: message/rfc822",
        b"Content-Disposition: attachment",
        b"",
        raw,
        b"--" + boundary + b"--",
        b"",
    ])  # fmt: skip


def cuts(raw: bytes, *, limit: int = 150) -> Iterator[tuple[int, bytes]]:
    """The message cut off after each line, with the number of lines left; with a stride beyond `limit` lines."""
    ends = [match.end() for match in _LINE_END.finditer(raw)]
    stride = -(-len(ends) // limit) or 1
    for number in range(0, len(ends), stride):
        yield number + 1, raw[: ends[number]]


def check_variants(sample: Sample, parser: Parses | None = None) -> list[Difference]:
    """Where a variant of the message has another verdict than the message itself; `gap.variants` expects one."""
    expected = _verdict(sample.parse(parser))
    found = []
    for name, raw in variants(sample.raw):
        got = _verdict(_parse(raw, sample.context, parser))
        found += [
            Difference(field, expected.get(field), got.get(field), f"variant {name}")
            for field in dict.fromkeys([*expected, *got])
            if expected.get(field) != got.get(field)
        ]
    return _unless_gap(sample, "variants", found)


def check_wrapped(sample: Sample, parser: Parses | None = None) -> list[Difference]:
    """Where the message as an attachment of an ordinary mail is taken for more; `gap.wrapped` expects that."""
    report = _parse(wrapped(sample.raw), sample.context, parser)
    addresses = [recipient.address for recipient in report.recipients]
    found = [Difference("kind", Kind.OTHER, report.kind, "wrapped")] if report.kind is not Kind.OTHER else []
    if addresses:
        found.append(Difference("recipients", [], addresses, "wrapped"))
    return _unless_gap(sample, "wrapped", found)


def check_cuts(sample: Sample, parser: Parses | None = None) -> list[Difference]:
    """Where a part of the message names somebody whom the whole does not name; `gap.cuts` expects that.

    The whole names its recipients, the addresses that the sender used for them, and the sample's `aliases`.
    """
    known = set(sample.aliases)
    for recipient in sample.parse(parser).recipients:
        known |= {recipient.address, recipient.subscriber}
    found = []
    for lines, raw in cuts(sample.raw):
        named = {recipient.address for recipient in _parse(raw, sample.context, parser).recipients}
        if invented := sorted(named - known):
            found.append(Difference("recipients", sorted(known), invented, f"cut after line {lines}"))
    return _unless_gap(sample, "cuts", found)


def check_round_trip(sample: Sample, parser: Parses | None = None) -> list[Difference]:
    """Where the report is another one after a journey through JSON."""
    report = sample.parse(parser)
    again = Report.from_dict(json.loads(json.dumps(report.to_dict())))
    return [
        Difference(field.name, getattr(report, field.name), getattr(again, field.name), "through JSON")
        for field in dataclasses.fields(Report)
        if getattr(report, field.name) != getattr(again, field.name)
    ]


def _parse(raw: bytes, context: Context | None, parser: Parses | None) -> Report:
    if parser is None:
        from .parser import DEFAULT

        parser = DEFAULT
    return parser.parse(raw, context=context)


def _compare(sample: Sample, report: Report) -> list[Difference]:
    wrong = {difference.field: difference for difference in _differences(sample, report)}
    closed = [_closed(field, why) for field, why in sample.gaps.items() if field not in wrong and field not in _CHANGES]
    return [difference for field, difference in wrong.items() if field not in sample.gaps] + closed


def _unless_gap(sample: Sample, name: str, found: list[Difference]) -> list[Difference]:
    if name not in sample.gaps:
        return found
    return [] if found else [_closed(name, sample.gaps[name])]


def _closed(field: str, why: str) -> Difference:
    return Difference(field, "a gap", "as it should be", f"remove the mark: {why}")


def _differences(sample: Sample, report: Report) -> Iterator[Difference]:
    for field, value in sample.expected.items():
        got = _REPORT[field][1](report)
        if got != value:
            yield Difference(field, value, got)
    if sample.recipients is None:
        return
    expected = [fields["address"] for fields in sample.recipients]
    addresses = [recipient.address for recipient in report.recipients]
    if addresses != expected:
        yield Difference("recipients", expected, addresses)
    by_address: dict[object, Recipient] = {recipient.address: recipient for recipient in report.recipients}
    for fields in sample.recipients:
        recipient = by_address.get(fields["address"])
        for field, value in fields.items():
            got = _RECIPIENT[field][1](recipient) if recipient else value
            if got != value:
                yield Difference(f"{fields['address']}.{field}", value, got)


def _verdict(report: Report) -> dict[str, object]:
    found: dict[str, object] = {"kind": report.kind, "provenance": report.provenance.verdict}
    found["recipients"] = [recipient.address for recipient in report.recipients]
    for recipient in report.recipients:
        for field in _VERDICT:
            found[f"{recipient.address}.{field}"] = _RECIPIENT[field][1](recipient)
    return found


def _show(value: object) -> str:
    if isinstance(value, enum.Enum):
        value = value.value
    return "nothing" if value is None else repr(value) if isinstance(value, (str, list)) else str(value)


def _read(root: Path, stem: Path) -> Sample:
    path = stem.parent / f"{stem.name}.eml"
    table = stem.parent / f"{stem.name}.toml"
    try:
        data = tomllib.loads(table.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BouncelibError(f"{table} is not TOML: {error}") from error
    gaps = dict(_gaps(table, data.pop("gap", {}), (*_REPORT, "recipients", *_CHANGES), ""))
    context = data.pop("context", None)
    source = data.pop("source", {})
    listed = data.pop("recipients", None)
    aliases = [alias for fields in listed or () for alias in _aliases(table, fields)]
    if "kind" not in data:
        raise BouncelibError(f"{table} does not say what the message is: `kind` is missing")
    _known(table, source, _SOURCE, "[source]")
    expected = _values(table, data, _REPORT, "the report")
    recipients = None if listed is None else tuple(_recipients(table, listed, gaps))
    checked = {
        *_CHANGES,
        *expected,
        *(f"{fields['address']}.{field}" for fields in recipients or () for field in fields),
    }
    if recipients is not None:
        checked.add("recipients")
    for field in gaps:
        if field not in checked:
            raise BouncelibError(f"{table}: gap marks {field}, for which nothing is expected")
    return Sample(
        name=stem.relative_to(root).as_posix(),
        path=path,
        raw=path.read_bytes(),
        expected=expected,
        recipients=recipients,
        aliases=frozenset(aliases),
        gaps=gaps,
        context=None if context is None else _context(table, context),
        source=source,
    )


def _recipients(table: Path, recipients: object, gaps: dict[str, str]) -> Iterator[dict[str, object]]:
    if not isinstance(recipients, list):
        raise BouncelibError(f"{table}: recipients must be tables, [[recipients]], or []")
    for fields in recipients:
        if not isinstance(fields, dict) or "address" not in fields:
            raise BouncelibError(f"{table}: a recipient without an address")
        own = dict(fields)
        gaps.update(_gaps(table, own.pop("gap", {}), tuple(_RECIPIENT), f"{own['address']}."))
        yield _values(table, own, _RECIPIENT, "a recipient")


def _aliases(table: Path, fields: object) -> list[str]:
    """Takes the key `aliases` out of a recipient's fields: it is known about the report, not read from it."""
    aliases = fields.pop("aliases", []) if isinstance(fields, dict) else []
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        raise BouncelibError(f"{table}: aliases must be a list of addresses")
    return aliases


def _gaps(table: Path, marks: object, known: tuple[str, ...], prefix: str) -> Iterator[tuple[str, str]]:
    _known(table, marks, known, "gap")
    assert isinstance(marks, dict)
    for field, why in marks.items():
        if not why or not isinstance(why, str):
            raise BouncelibError(f"{table}: gap.{field} must say why")
        yield prefix + field, why


def _context(table: Path, fields: object) -> Context:
    _known(table, fields, _CONTEXT, "[context]")
    assert isinstance(fields, dict)
    values: dict[str, Any] = fields
    return Context(**values)


def _known(table: Path, fields: object, known: tuple[str, ...], where: str) -> None:
    if not isinstance(fields, dict):
        raise BouncelibError(f"{table}: {where} must be a table")
    for key in fields:
        if key not in known:
            raise BouncelibError(f"{table}: unknown key {key!r} in {where}; there are {', '.join(known)}")


def _values(
    table: Path, fields: dict[str, object], known: dict[str, tuple[type, _Getter]], where: str
) -> dict[str, object]:
    _known(table, fields, tuple(known), where)
    return {key: _value(table, key, value, known[key][0]) for key, value in fields.items()}


def _value(table: Path, key: str, value: object, kind: type) -> object:
    """The value as the report would have it; the word `none` stands for a value that must be absent."""
    if value == _NONE and key != "address":
        return None
    if issubclass(kind, enum.Enum):
        try:
            return kind(value)
        except ValueError as error:
            names = ", ".join(str(member.value) for member in kind)
            raise BouncelibError(f"{table}: {key} cannot be {value!r}; there are {names}") from error
    if type(value) is not kind:
        raise BouncelibError(f"{table}: {key} must be of type {kind.__name__}, not {value!r}")
    return value
