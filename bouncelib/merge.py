"""Findings to facts: who speaks first about what is written here, once.

A recipient exists where a detector of the best rank that named anybody names it; detectors of lower rank lend what
they know to recipients that exist. Within a rank the order of the registry decides. Whatever lost stays as evidence.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Iterable

from . import address as addresses
from . import dialogue, status
from . import reply as replies
from .detector import MAX_COMMON
from .frozen import frozen
from .mime import decode_words
from .model import Action, Command, EnhancedStatus, Evidence, Finding, Reply, UnparsedField, Value

__all__ = ["RANKS", "Facts", "ReportFacts", "merge", "parse_date", "settle"]

# The precedence table. Structured fields outrank a known prose format, prose outranks a bare SMTP transcript, and
# what only a generic search believes counts where nothing else was found. Detectors not listed are of rank 1.
RANKS = {"rfc3464": 0, "arf": 0, "mdn": 0, "sieve-reject": 0, "transcript": 2, "generic": 3, "flufl": 4}
_DEFAULT_RANK = 1

_TYPE = re.compile(r"^\s*([A-Za-z][A-Za-z0-9-]{0,40})\s*;\s*")
_LETTER = re.compile(r"[^\W\d_]")
_ACTIONS = {
    "failed": Action.FAILED, "failure": Action.FAILED, "fail": Action.FAILED, "error": Action.FAILED,
    "expired": Action.FAILED, "deferred": Action.DELAYED, "delayed": Action.DELAYED, "delay": Action.DELAYED,
    "delivered": Action.DELIVERED, "deliverable": Action.DELIVERED, "relayed": Action.RELAYED,
    "expanded": Action.EXPANDED,
}  # fmt: skip

# The form that nearly every date has; the standard library reads the others.
_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, {1,2})?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) ((?:[01]\d|2[0-3]):\d\d:\d\d) ([+-]\d\d[0-5]\d)"
    r"(?: \([A-Z]{1,5}\))?",
    re.ASCII,
)
_MONTHS = {
    "Jan": "01", "Feb": "02", "Mar": "03", "Apr": "04", "May": "05", "Jun": "06",
    "Jul": "07", "Aug": "08", "Sep": "09", "Oct": "10", "Nov": "11", "Dec": "12",
}  # fmt: skip

Source = tuple[str, Value]


@frozen
class Facts:
    """What all detectors together say about one recipient. `texts` are all diagnostics, the best one first."""

    address: str
    original_address: str | None
    action: Action | None
    status: EnhancedStatus | None
    reply: Reply | None
    diagnostic: str | None
    remote_mta: str | None
    command: Command | None
    texts: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@frozen
class ReportFacts:
    """What all detectors together say about the report."""

    recipients: tuple[Facts, ...] = ()
    reporting_mta: str | None = None
    received_from_mta: str | None = None
    arrival_date: dt.datetime | None = None
    envelope_id: str | None = None
    unparsed: tuple[UnparsedField, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class _Draft:
    """The values collected for one recipient, best source first within each field."""

    __slots__ = ("address", "owner", "values")

    def __init__(self, address: str, owner: str) -> None:
        self.address = address
        self.owner = owner
        self.values: dict[str, list[Source]] = {}

    def add(self, detector: str, finding: Finding) -> None:
        values = self.values
        for name, value in zip(_RECIPIENT_FIELDS, _recipient_fields(finding), strict=True):
            if value is not None and value.text and not value.text.isspace():
                if name in values:
                    values[name].append((detector, value))
                else:
                    values[name] = [(detector, value)]


_RECIPIENT_FIELDS = ("address", "original_address", "action", "status", "diagnostic", "reply", "remote_mta", "command")
_REPORT_FIELDS = ("reporting_mta", "received_from_mta", "arrival_date", "envelope_id")
_recipient_fields = operator.attrgetter(*_RECIPIENT_FIELDS)
_report_fields = operator.attrgetter(*_REPORT_FIELDS)


def merge(found: Iterable[tuple[str, Finding]]) -> ReportFacts:
    """The facts in what the detectors `found`, given as pairs of detector name and finding."""
    ranked = sorted(found, key=lambda pair: RANKS.get(pair[0], _DEFAULT_RANK))
    drafts: dict[str, _Draft] = {}
    aliases: dict[str, _Draft] = {}
    best: int | None = None
    loose: list[tuple[str, Finding]] = []
    for detector, finding in ranked:
        if finding.address is None:
            loose.append((detector, finding))
            continue
        address = addresses.typed(finding.address.text)
        named = finding.original_address
        original = addresses.typed(named.text, xtext=True) if named else None
        address = address or original
        if address is None:
            continue
        key = address.lower()
        rank = RANKS.get(detector, _DEFAULT_RANK)
        draft = drafts.get(key)
        if draft is None and best is not None and rank > best:
            # Of two names for one recipient the better rank has chosen one.
            draft = aliases.get(key)
            if draft is None and original:
                draft = drafts.get(original.lower()) or aliases.get(original.lower())
            if draft is None:
                continue
        elif draft is None:
            best = rank
            draft = drafts[key] = _Draft(address, detector)
        draft.add(detector, finding)
        if original:
            aliases.setdefault(original.lower(), draft)
    _lend(drafts, loose)
    return _report_facts(loose, tuple(_settle(draft) for draft in drafts.values()))


def settle(address: str, detector: str, finding: Finding) -> Facts:
    """The facts in a single finding about `address`."""
    draft = _Draft(address, detector)
    draft.add(detector, finding)
    return _settle(draft)


def _lend(drafts: dict[str, _Draft], loose: list[tuple[str, Finding]]) -> None:
    """Give what each detector found about the report as a whole to its own recipients, or to the only one."""
    lent: dict[str, dict[str, Value]] = {}
    for detector, finding in loose:
        values = lent.setdefault(detector, {})
        for name, value in zip(_RECIPIENT_FIELDS, _recipient_fields(finding), strict=True):
            if value is not None and name not in values:
                values[name] = value
    for detector, values in lent.items():
        if values:
            finding = Finding(**_for_many(values) if len(drafts) > 1 else values)  # type: ignore[arg-type]
            for draft in drafts.values():
                if draft.owner == detector or len(drafts) == 1:
                    draft.add(detector, finding)


def _for_many(values: dict[str, Value]) -> dict[str, Value]:
    return {name: Value(found.text[:MAX_COMMON], found.part, found.line, found.rule) for name, found in values.items()}


def _report_facts(loose: list[tuple[str, Finding]], recipients: tuple[Facts, ...]) -> ReportFacts:
    chosen: dict[str, str] = {}
    evidence: list[Evidence] = []
    unparsed: list[UnparsedField] = []
    for detector, finding in loose:
        unparsed += finding.unparsed
        for name, value in zip(_REPORT_FIELDS, _report_fields(finding), strict=True):
            if value is not None and name not in chosen and value.text.strip():
                chosen[name] = value.text
                evidence.append(_evidence(name, detector, value))
    envelope_id = chosen.get("envelope_id")
    return ReportFacts(
        recipients,
        _untyped(chosen.get("reporting_mta")),
        _untyped(chosen.get("received_from_mta")),
        parse_date(chosen.get("arrival_date")),
        addresses.unxtext(envelope_id.strip()) if envelope_id else None,
        tuple(unparsed),
        tuple(evidence),
    )


def _settle(draft: _Draft) -> Facts:
    values = draft.values
    evidence: list[Evidence] = []
    for name in ("address", "original_address", "action", "remote_mta", "command"):
        for detector, value in values.get(name, ())[:2]:
            evidence.append(_evidence(name, detector, value))
    originals = values.get("original_address")
    actions = values.get("action")
    diagnostics = values.get("diagnostic", [])
    texts = tuple(dict.fromkeys([text for _, value in diagnostics if _TYPE.sub("", text := _unfold(value.text))]))
    found_status, status_evidence = _settle_status(values.get("status", []), diagnostics)
    found_reply, reply_evidence = _settle_reply(values.get("reply", []), diagnostics)
    # A bare exit status (`X-Unix; 78`) says less than any words.
    best_text = next((text for text in texts if _LETTER.search(_strip_type(text))), texts[0] if texts else "")
    evidence += status_evidence
    evidence += reply_evidence
    evidence += [_evidence("diagnostic", detector, value) for detector, value in diagnostics[:2]]
    action = parse_action(actions[0][1].text) if actions else None
    # QUIRK: OpenSMTPD writes that an envelope has expired as `Action: delayed`; it has given up.
    if action is Action.DELAYED and any("expired" in text.lower() for text in texts):
        action = Action.FAILED
    return Facts(
        draft.address,
        addresses.typed(originals[0][1].text, xtext=True) if originals else None,
        action,
        found_status,
        found_reply,
        _strip_type(best_text) or None,
        _settle_host(values.get("remote_mta", []), texts, evidence),
        _settle_command(values.get("command", []), texts, evidence),
        texts,
        tuple(evidence),
    )


def _settle_status(fields: list[Source], diagnostics: list[Source]) -> tuple[EnhancedStatus | None, list[Evidence]]:
    """The most specific code; of two that say as much the diagnostic's, which quotes the server, before the field's."""
    best: EnhancedStatus | None = None
    evidence: list[Evidence] = []
    for detector, value in diagnostics[:1]:
        evidence, best = _weigh(status.find(value.text), best, "status", detector, value, evidence)
    for detector, value in fields:
        evidence, best = _weigh(status.parse(value.text), best, "status", detector, value, evidence)
    for detector, value in diagnostics[1:]:
        if best is not None and best.detail:
            break
        evidence, best = _weigh(status.find(value.text), best, "status", detector, value, evidence)
    return best, evidence


def _weigh(
    code: EnhancedStatus | None,
    best: EnhancedStatus | None,
    name: str,
    detector: str,
    value: Value,
    evidence: list[Evidence],
) -> tuple[list[Evidence], EnhancedStatus | None]:
    if code is None or code == best:
        return evidence, best
    entry = _evidence(name, detector, value)
    if status.specific(best, code) is code:
        return [entry, *evidence], code
    evidence.append(entry)
    return evidence, best


def _settle_reply(fields: list[Source], diagnostics: list[Source]) -> tuple[Reply | None, list[Evidence]]:
    for detector, value in [*fields, *diagnostics]:
        reply = replies.parse(value.text)
        if reply is not None:
            return reply, [_evidence("reply", detector, value)]
    return None, []


def _settle_host(fields: list[Source], texts: tuple[str, ...], evidence: list[Evidence]) -> str | None:
    for _, value in fields:
        host = _untyped(value.text)
        if host:
            return host
    for text in texts:
        host = dialogue.find_host(text)
        if host:
            evidence.append(Evidence("remote_mta", "merge", "host named in the diagnostic", text=text[:200]))
            return host
    return None


def _settle_command(fields: list[Source], texts: tuple[str, ...], evidence: list[Evidence]) -> Command | None:
    for _, value in fields:
        command = dialogue.to_command(value.text)
        if command:
            return command
    for text in texts:
        command = dialogue.find_command(text)
        if command:
            evidence.append(Evidence("command", "merge", "command named in the diagnostic", text=text[:200]))
            return command
    return None


def parse_action(text: str) -> Action | None:
    """The action that an Action field names (RFC 3464 section 2.3.3); comments and case do not count."""
    match = re.match(r"\s*([A-Za-z]+)", text)
    return _ACTIONS.get(match[1].lower()) if match else None


def parse_date(text: str | None) -> dt.datetime | None:
    """A date of RFC 5322 section 3.3, or `None`."""
    if not text:
        return None
    text = text.strip()
    usual = _DATE.fullmatch(text)
    try:
        if usual:
            day, month, year, time, zone = usual.groups()
            zone = "" if zone == "-0000" else zone  # which says that nothing is known of the zone
            return dt.datetime.fromisoformat(f"{year}-{_MONTHS[month]}-{day:0>2}T{time}{zone}")
        from email.utils import parsedate_to_datetime  # for few dates, and slow to import

        return parsedate_to_datetime(text[:200])
    except (TypeError, ValueError, LookupError, OverflowError):
        return None


def _unfold(text: str) -> str:
    text = text.strip()
    if "\n" not in text:
        return text
    return "\n".join([line.strip() for line in text.split("\n")])


def _strip_type(text: str) -> str:
    return _TYPE.sub("", text, count=1)


def _untyped(text: str | None) -> str | None:
    """The name in a `type; name` field (RFC 3464 section 2.2.2), comments and trailing dots dropped."""
    if not text:
        return None
    name = _TYPE.sub("", text, count=1).strip()
    name = decode_words(name).strip() if "=?" in name or not name.isascii() else name
    if name.endswith(")") and "(" in name:
        name = name[: name.rindex("(")].strip()
    name = name.strip("<>").rstrip(".")
    if name.endswith("]") and not name.startswith("["):
        name = name.partition("[")[0].strip() or name
    return name[:MAX_COMMON] or None  # no host has such a name, and the reporter's is looked at for each recipient


def _evidence(field: str, detector: str, value: Value) -> Evidence:
    return Evidence(field, detector, value.rule, value.part, value.line, value.text)
