"""Delivery status notifications: RFC 3464, the internationalised form of RFC 6533, and what servers make of them.

Code and not a table because the fields are structured, stand in groups and come in any damage: encoded, without the
blank lines between groups, inside the part header, or pasted into plain text.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from ..address import unxtext
from ..charset import readable
from ..marks import is_report
from ..mime import DELIVERY_STATUS, Message, Part, decode_words
from ..model import Finding, Kind, UnparsedField, Value

__all__ = ["Rfc3464"]

# A line is a field with the lines that continue it, empty, or none of both.
_LINE = re.compile(r"(?m)^(?:([A-Za-z][!-9;-~]*+)[ \t]*+:[ \t]*+(.*+)((?:\n[ \t]++[^\s].*+)*+)|([^\S\n]*+)$|(.++))")
# RFC 3464 section 2.2 and 2.3: which fact a field is.
_PER_MESSAGE = {
    "reporting-mta": "reporting_mta",
    "received-from-mta": "received_from_mta",
    "arrival-date": "arrival_date",
    "original-envelope-id": "envelope_id",
}
_PER_RECIPIENT = {
    "final-recipient": "address",
    "original-recipient": "original_address",
    "action": "action",
    "status": "status",
    "diagnostic-code": "diagnostic",
    "remote-mta": "remote_mta",
}
_FACTS = _PER_MESSAGE | _PER_RECIPIENT
_RULES = {name: f"field {name}" for name in _FACTS}
# Understood, though nothing in a Report answers to them.
_KNOWN = frozenset({"dsn-gateway", "last-attempt-date", "final-log-id", "will-retry-until"})
_OPENERS = frozenset({"final-recipient", "original-recipient"})
_COURIER_ALIAS = re.compile(r'"\.xalias/([^"\s]+@[^"\s]+)"@')
_PASTED = re.compile(r"(?im)^(?:final|original)-recipient[ \t]*:")
_PASTED_MESSAGE = re.compile(r"(?im)^(?:reporting-mta|received-from-mta|arrival-date|original-envelope-id)[ \t]*:")
_PASTED_FIELD = re.compile(r"(?im)^(?:action|status|diagnostic-code)[ \t]*:")

_Field = tuple[str, str, int]


class Rfc3464:
    """Delivery status notifications: RFC 3464, RFC 6533."""

    name = "rfc3464"

    def find(self, message: Message) -> Iterator[Finding]:
        if message.is_delivery_status:
            for part in [part for part in message.parts if part.content_type in DELIVERY_STATUS]:
                yield from _report(_groups(_status_text(part)), part.section)
            return
        if not is_report(message.headers):
            return
        # Some gateways lose the type of the part; some systems write the fields into the text itself.
        for part in message.parts:
            if part.content_type in ("text/plain", "application/octet-stream") or part.headers.raw("final-recipient"):
                text = _status_text(part) if part.start or part.headers.raw("final-recipient") else ""
                text = text or "\n".join(span.text for span in message.body.spans if span.part == part.section)
                if "l-recipient" not in text.lower():
                    continue
                found = _PASTED.search(text)
                if found and _PASTED_FIELD.search(text):
                    first = _PASTED_MESSAGE.search(text, 0, found.start())
                    begin = first.start() if first else found.start()
                    groups = _groups(text[begin:], text.count("\n", 0, begin))
                    yield from _report([group for group in groups if _is_status(group)], part.section)
                    return


def _status_text(part: Part) -> str:
    """The fields of the part; those that slipped into its header because the blank line is missing come first."""
    text = part.text()
    headers = part.headers
    if part.section == "1" or headers.first.keys().isdisjoint(_FACTS):
        return text
    stray = [f"{name}:{readable(value)}" for name, value in headers.fields if name.lower() in _FACTS]
    return "\n".join([*stray, "", text])


def _is_status(group: list[_Field]) -> bool:
    return any(name in _FACTS for name, _, _ in group)


def _groups(text: str, skipped: int = 0) -> list[list[_Field]]:
    """The groups of fields, each field as (lower-case name, unfolded value, line)."""
    groups: list[list[_Field]] = []
    group: list[_Field] = []
    more: list[str] = []  # of the last field
    number = skipped
    for field, value, folded, _, stray in _LINE.findall(text):
        number += 1
        if field:
            if more:
                _extend(group or groups[-1], more)
                more = []
            low = field.lower()
            # A group that begins without a blank line before it: the recipient is named a second time.
            if low in _OPENERS and group and any([known == low for known, _, _ in group]):
                groups.append(group)
                group = []
            if folded:
                lines = folded.split("\n")
                group.append((low, "\n".join([value, *map(str.strip, lines[1:])]), number))
                number += len(lines) - 1
            else:
                group.append((low, value, number))
        elif not stray:
            if group:
                groups.append(group)
                group = []
        elif group or (groups and groups[-1][-1][0] == "diagnostic-code" and stray[0].isspace()):
            # QUIRK: a blank line within a folded Diagnostic-Code.
            more.append(stray.strip())
    if group:
        groups.append(group)
    if more:
        _extend(groups[-1], more)
    return groups


def _extend(group: list[_Field], more: list[str]) -> None:
    name, text, line = group[-1]
    group[-1] = (name, "\n".join([text, *more]), line)


def _report(groups: list[list[_Field]], part: str) -> Iterator[Finding]:
    if not groups:
        return
    shared: dict[str, Value] = {}
    unparsed: list[UnparsedField] = []
    recipients: list[dict[str, Value]] = []
    for group in groups:
        fields: dict[str, Value] = {}
        others: list[tuple[str, str]] = []
        for name, text, line in group:
            fact = _FACTS.get(name)
            if fact is None:
                if name not in _KNOWN:
                    others.append((name, text))
            elif name in _PER_MESSAGE:
                if fact not in shared:
                    shared[fact] = _value(name, text, part, line)
            elif fact not in fields and not (name in _OPENERS and _is_cut(text)):
                fields[fact] = _value(name, text, part, line)
        is_recipient = "address" in fields or "original_address" in fields
        for name, text in others:
            unparsed.append(UnparsedField(name, decode_words(text), len(recipients) + 1 if is_recipient else 0))
        if is_recipient:
            recipients.append(fields)
        elif fields:
            # Fields without a recipient belong to the group before, from which a stray blank line cut them off.
            target = recipients[-1] if recipients else shared
            for fact, value in fields.items():
                target.setdefault(fact, value)
    if unparsed or shared:
        yield Finding(unparsed=tuple(unparsed), **shared)  # type: ignore[arg-type]
    for fields in recipients:
        original = fields.get("original_address")
        if original and ("address" not in fields or not fields["address"].text.rpartition(";")[2].strip()):
            fields["address"] = dataclasses.replace(original, text=unxtext(original.text))
        yield Finding(**fields)  # type: ignore[arg-type]
    if not recipients:
        yield Finding(kind=Kind.BOUNCE)


def _is_cut(text: str) -> bool:
    """Whether an address field ends before its address begins: what stands there is the start of its type."""
    return ";" not in text and "@" not in text


def _value(name: str, text: str, part: str, line: int) -> Value:
    if name == "final-recipient" and ".xalias/" in text and (alias := _COURIER_ALIAS.search(text)):
        # QUIRK: Courier names an address that it delivers to a program by the name of its own alias file.
        text = re.sub(r"\+([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), alias[1])
    return Value(decode_words(text) if "=?" in text else text, part, line, _RULES[name])
