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
from .frozen import frozen, maker
from .mime import decode_words
from .model import Action, Command, EnhancedStatus, Evidence, Finding, Reply, UnparsedField, Value

__all__ = ["RANKS", "Facts", "ReportFacts", "merge", "parse_date", "settle"]

# The precedence table. Structured fields outrank a known prose format, prose outranks a bare SMTP transcript, and
# what only a generic search believes counts where nothing else was found. Detectors not listed are of rank 1.
RANKS = {"rfc3464": 0, "arf": 0, "mdn": 0, "sieve-reject": 0, "transcript": 2, "generic": 3, "flufl": 4}
_DEFAULT_RANK = 1

_TYPE = re.compile(r"\s*[A-Za-z][A-Za-z0-9-]{0,40}\s*")
# The types that nearly every field has, as they are written.
_USUAL_TYPES = frozenset({"smtp", "SMTP", "dns", "DNS", "X-Postfix", "x-unix", "X-Unix"})
# What nearly every field that names a host looks like: nothing has to be done to the name.
_PLAIN_HOST = re.compile(r"(?:dns|DNS); ?+([A-Za-z0-9.-]{1,250}+)(?<!\.)")
_WORD = re.compile(r"\s*([A-Za-z]+)")
_LETTER = re.compile(r"[^\W\d_]")
_ACTIONS = {
    "failed": Action.FAILED, "failure": Action.FAILED, "fail": Action.FAILED, "error": Action.FAILED,
    "expired": Action.FAILED, "deferred": Action.DELAYED, "delayed": Action.DELAYED, "delay": Action.DELAYED,
    "delivered": Action.DELIVERED, "deliverable": Action.DELIVERED, "relayed": Action.RELAYED,
    "expanded": Action.EXPANDED,
}  # fmt: skip
_DELAYED = Action.DELAYED  # a member of an enumeration is dear to look up
_SUCCESS = 2

# The form that nearly every date has; the standard library reads the others.
_DATE = re.compile(
    r"(?:[A-Z][a-z][a-z],  ?+)?+(\d\d?+) ([A-Z][a-z][a-z]) (\d\d\d\d) ([0-2]\d:\d\d:\d\d) ([+-]\d\d[0-5]\d)"
    r"(?: \([A-Z]{1,5}+\))?+",
    re.ASCII,
)
_MONTHS = {
    "Jan": "01", "Feb": "02", "Mar": "03", "Apr": "04", "May": "05", "Jun": "06",
    "Jul": "07", "Aug": "08", "Sep": "09", "Oct": "10", "Nov": "11", "Dec": "12",
}  # fmt: skip


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
    """What is said of one recipient: for each of `_RECIPIENT_FIELDS` a list, the best source first."""

    __slots__ = ("address", "original", "owner", "said")

    def __init__(self, address: str, owner: str) -> None:
        self.address = address
        self.owner = owner
        self.original: str | None = None
        self.said: tuple[list[Evidence], ...] = ([], [], [], [], [], [], [], [])

    def add(self, detector: str, values: tuple[Value | None, ...], original: str | None) -> None:
        """`original` is the address in the field of that name."""
        said = self.said
        if not said[_ORIGINAL]:
            self.original = original
        for entries, name, value in zip(said, _RECIPIENT_FIELDS, values, strict=True):
            if value is not None and (text := value.text) and not text.isspace():
                entries.append(_make(name, detector, value.rule, value.part, value.line, text))


_RECIPIENT_FIELDS = ("address", "original_address", "action", "status", "diagnostic", "reply", "remote_mta", "command")
_ORIGINAL = _RECIPIENT_FIELDS.index("original_address")
_REPORT_FIELDS = ("reporting_mta", "received_from_mta", "arrival_date", "envelope_id")
_rank = operator.itemgetter(0)


def merge(found: Iterable[tuple[str, Finding]]) -> ReportFacts:
    """The facts in what the detectors `found`, given as pairs of detector name and finding."""
    ranked = [(RANKS.get(detector, _DEFAULT_RANK), detector, finding) for detector, finding in found]
    ranked.sort(key=_rank)
    drafts: dict[str, _Draft] = {}
    aliases: dict[str, _Draft] = {}
    best: int | None = None
    loose: list[tuple[str, Finding]] = []
    for rank, detector, finding in ranked:
        if finding.address is None:
            loose.append((detector, finding))
            continue
        named = finding.address.text
        draft = drafts.get(named.strip("<>").lower()) if drafts else None  # who is known by these very words
        address = addresses.typed(named) if draft is None else draft.address
        original = _original(finding.original_address, address)
        if draft is None:
            address = address or original
            if address is None:
                continue
            key = address.lower()
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
        draft.add(detector, _recipient_fields(finding), original)
        if original:
            aliases.setdefault(original.lower(), draft)
    if not loose:
        return ReportFacts(tuple([_settle(draft) for draft in drafts.values()]))
    _lend(drafts, loose)
    return _report_facts(loose, tuple([_settle(draft) for draft in drafts.values()]))


def settle(address: str, detector: str, finding: Finding) -> Facts:
    """The facts in a single finding about `address`."""
    draft = _Draft(address, detector)
    draft.add(detector, _recipient_fields(finding), _original(finding.original_address))
    return _settle(draft)


def _original(sent_to: Value | None, failed: str | None = None) -> str | None:
    """The address in an Original-Recipient field: mostly the one that `failed`."""
    if sent_to is None:
        return None
    text = sent_to.text
    if failed and text == f"rfc822;{failed}" and "+" not in text:
        return failed
    return addresses.typed(text, xtext=True)


def _recipient_fields(finding: Finding) -> tuple[Value | None, ...]:
    return (
        finding.address, finding.original_address, finding.action, finding.status, finding.diagnostic, finding.reply,
        finding.remote_mta, finding.command,
    )  # fmt: skip


def _lend(drafts: dict[str, _Draft], loose: list[tuple[str, Finding]]) -> None:
    """Give what each detector found about the report as a whole to its own recipients, or to the only one."""
    lent: dict[str, tuple[Value | None, ...]] = {}
    for detector, finding in loose:
        found = _recipient_fields(finding)
        if any(found):
            lent[detector] = (
                tuple([one or other for one, other in zip(lent[detector], found, strict=True)])
                if detector in lent
                else found
            )
    for detector, values in lent.items():
        told = _for_many(values) if len(drafts) > 1 else values
        original = _original(told[_ORIGINAL])
        for draft in drafts.values():
            if draft.owner == detector or len(drafts) == 1:
                draft.add(detector, told, original)


def _for_many(values: tuple[Value | None, ...]) -> tuple[Value | None, ...]:
    return tuple([found and Value(found.text[:MAX_COMMON], found.part, found.line, found.rule) for found in values])


def _report_facts(loose: list[tuple[str, Finding]], recipients: tuple[Facts, ...]) -> ReportFacts:
    chosen: dict[str, str] = {}
    evidence: list[Evidence] = []
    unparsed: list[UnparsedField] = []
    for detector, finding in loose:
        unparsed += finding.unparsed
        values = (finding.reporting_mta, finding.received_from_mta, finding.arrival_date, finding.envelope_id)
        for name, value in zip(_REPORT_FIELDS, values, strict=True):
            if value is not None and name not in chosen and (text := value.text) and not text.isspace():
                chosen[name] = text
                evidence.append(_make(name, detector, value.rule, value.part, value.line, text))
    envelope_id = chosen.get("envelope_id")
    return _report(
        recipients,
        _untyped(chosen.get("reporting_mta")),
        _untyped(chosen.get("received_from_mta")),
        parse_date(chosen.get("arrival_date")),
        addresses.unxtext(envelope_id.strip()) if envelope_id else None,
        tuple(unparsed),
        tuple(evidence),
    )


def _settle(draft: _Draft) -> Facts:
    named, sent_to, actions, codes, diagnostics, quoted, hosts, commands = draft.said
    evidence = [*named[:2], *sent_to[:2], *actions[:2], *hosts[:2], *commands[:2]]
    bare: dict[str, str] = {}  # each text, and what stands in it behind a type
    for entry in diagnostics:
        text = entry.text.strip()
        if "\n" in text:
            text = "\n".join([line.strip() for line in text.split("\n")])
        if text not in bare and (stripped := _strip_type(text)):
            bare[text] = stripped
    texts = tuple(bare)
    found_status = _settle_status(codes, diagnostics, evidence)
    found_reply = _settle_reply(quoted, diagnostics, evidence)
    evidence += diagnostics[:2]
    action = parse_action(actions[0].text) if actions else None
    if action is None and found_status is not None and found_status.klass == _SUCCESS:
        action = Action.DELIVERED
    # QUIRK: OpenSMTPD writes that an envelope has expired as `Action: delayed`; it has given up.
    if action is _DELAYED and any("expired" in text.lower() for text in texts):
        action = Action.FAILED
    return _facts(
        draft.address,
        draft.original,
        action,
        found_status,
        found_reply,
        _best([*bare.values()]),
        _settle_host(hosts, texts, evidence),
        _settle_command(commands, texts, evidence),
        texts,
        tuple(evidence),
    )


def _best(texts: list[str]) -> str | None:
    """The first; but a bare exit status (`X-Unix; 78`) says less than any words."""
    if len(texts) > 1 and not _LETTER.search(texts[0]):
        return next(filter(_LETTER.search, texts), texts[0])
    return texts[0] if texts else None


def _settle_status(
    fields: list[Evidence], diagnostics: list[Evidence], evidence: list[Evidence]
) -> EnhancedStatus | None:
    """The most specific code; of two that say as much the diagnostic's, which quotes the server, before the field's."""
    best: EnhancedStatus | None = None
    found: list[Evidence] = []
    for entry in [*diagnostics[:1], *fields, *diagnostics[1:]]:
        is_field = entry.field == "status"
        if best is not None and best.detail and not is_field:
            break
        code = status.parse(entry.text) if is_field else status.find(entry.text)
        if code is None or code is best:
            continue
        source = entry if is_field else _for(entry, "status")
        if best is None or status.specific(best, code) is not best:
            best = code
            found.insert(0, source)
        elif code != best:
            found.append(source)
    evidence += found
    return best


def _settle_reply(fields: list[Evidence], diagnostics: list[Evidence], evidence: list[Evidence]) -> Reply | None:
    for entry in fields + diagnostics if fields else diagnostics:
        reply = replies.parse(entry.text)
        if reply is not None:
            evidence.append(_for(entry, "reply"))
            return reply
    return None


def _settle_host(fields: list[Evidence], texts: tuple[str, ...], evidence: list[Evidence]) -> str | None:
    for entry in fields:
        host = _untyped(entry.text)
        if host:
            return host
    for text in texts:
        host = dialogue.find_host(text)
        if host:
            evidence.append(Evidence("remote_mta", "merge", "host named in the diagnostic", text=text[:200]))
            return host
    return None


def _settle_command(fields: list[Evidence], texts: tuple[str, ...], evidence: list[Evidence]) -> Command | None:
    for entry in fields:
        command = dialogue.to_command(entry.text)
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
    if text in _ACTIONS:
        return _ACTIONS[text]
    match = _WORD.match(text)
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
            return dt.datetime.fromisoformat(f"{year}-{_MONTHS[month]}-{day.zfill(2)}T{time}{zone}")
        from email.utils import parsedate_to_datetime  # for few dates, and slow to import

        return parsedate_to_datetime(text[:200])
    except (TypeError, ValueError, LookupError, OverflowError):
        return None


def _strip_type(text: str) -> str:
    kind, semicolon, rest = text.partition(";")
    return rest.lstrip() if semicolon and (kind in _USUAL_TYPES or _TYPE.fullmatch(kind)) else text


def _untyped(text: str | None) -> str | None:
    """The name in a `type; name` field (RFC 3464 section 2.2.2), comments and trailing dots dropped."""
    if not text:
        return None
    if plain := _PLAIN_HOST.fullmatch(text):
        return plain[1]
    name = _strip_type(text).strip()
    name = decode_words(name).strip() if "=?" in name or not name.isascii() else name
    if name.endswith(")") and "(" in name:
        name = name[: name.rindex("(")].strip()
    name = name.strip("<>").rstrip(".")
    if name.endswith("]") and not name.startswith("["):
        name = name.partition("[")[0].strip() or name
    return name[:MAX_COMMON] or None  # no host has such a name, and the reporter's is looked at for each recipient


def _for(entry: Evidence, field: str) -> Evidence:
    """The same text as evidence for another field."""
    return _make(field, entry.detector, entry.rule, entry.part, entry.line, entry.text)


_make = maker(Evidence)
_facts = maker(Facts)
_report = maker(ReportFacts)
