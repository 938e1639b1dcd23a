"""Delivery status notifications: RFC 3464, the internationalised form of RFC 6533, and what servers make of them.

Code and not a table because the fields are structured, stand in groups and come in any damage: encoded, without the
blank lines between groups, inside the part header, or pasted into plain text.
"""

from __future__ import annotations

import dataclasses
import re

from ..address import unxtext
from ..charset import readable
from ..detector import FIELDS
from ..frozen import maker
from ..marks import is_letter, is_report
from ..mime import DELIVERY_STATUS, Message, Part, decode_words
from ..model import Finding, Kind, UnparsedField, Value

__all__ = ["Rfc3464"]

_NAME = re.compile(r"[A-Za-z][!-9;-~]*+[ \t]*+")
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
_OPENERS = frozenset({"final-recipient", "original-recipient"})
_NO_PLACE = -1
# A name in lower case, the place of its fact among those of a finding, whether it is about the message, whether it may
# open a group, and its rule.
_Name = tuple[str, int, bool, bool, str]
_FACTS: dict[str, _Name] = {
    name: (name, FIELDS.index(fact), name in _PER_MESSAGE, name in _OPENERS, f"field {name}")
    for name, fact in (_PER_MESSAGE | _PER_RECIPIENT).items()
}
# The names of nearly all fields, as they are written: these are known without a look at what they consist of.
_WRITTEN: dict[str, _Name] = {
    name: _FACTS.get(name.lower()) or (name.lower(), _NO_PLACE, False, False, "")
    for name in (
        "Reporting-MTA", "Received-From-MTA", "Arrival-Date", "Original-Envelope-Id", "Final-Recipient",
        "Original-Recipient", "Action", "Status", "Diagnostic-Code", "Remote-MTA", "Last-Attempt-Date",
        "X-Postfix-Queue-ID", "X-Postfix-Sender", "X-Actual-Recipient", "X-Display-Name",
    )
}  # fmt: skip
_NAMES = _FACTS.keys()
_DIAGNOSTIC = _FACTS["diagnostic-code"]
_ADDRESS, _ORIGINAL = FIELDS.index("address"), FIELDS.index("original_address")
_NOTHING: tuple[Value | None, ...] = (None,) * len(FIELDS)
# Understood, though nothing in a Report answers to them.
_KNOWN = frozenset({"dsn-gateway", "last-attempt-date", "final-log-id", "will-retry-until"})
_COURIER_ALIAS = re.compile(r'"\.xalias/([^"\s]+@[^"\s]+)"@')
_PASTED = re.compile(r"(?im)^(?:final|original)-recipient[ \t]*:")
_PASTED_MESSAGE = re.compile(r"(?im)^(?:reporting-mta|received-from-mta|arrival-date|original-envelope-id)[ \t]*:")
_PASTED_FIELD = re.compile(r"(?im)^(?:action|status|diagnostic-code)[ \t]*:")

_Field = tuple[_Name, str, int]


class Rfc3464:
    """Delivery status notifications: RFC 3464, RFC 6533."""

    name = "rfc3464"

    def find(self, message: Message) -> list[Finding]:
        if not message.is_delivery_status:
            return _pasted(message) if is_report(message.headers) else []
        if is_letter(message.headers):  # mail programs forward the parts of a report as they are
            return []
        found: list[Finding] = []
        for part in message.parts:
            if part.content_type in DELIVERY_STATUS:
                text = _status_text(part)
                found += _report(_groups(text), part.section, is_encoded="=?" in text)
        return found


def _pasted(message: Message) -> list[Finding]:
    """Some gateways lose the type of the part; some systems write the fields into the text itself."""
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
                groups = [group for group in groups if _is_status(group)]
                return _report(groups, part.section, is_encoded="=?" in text)
    return []


def _status_text(part: Part) -> str:
    """The fields of the part; those that slipped into its header because the blank line is missing come first."""
    text = part.text()
    headers = part.headers
    if part.section == "1" or headers.first.keys().isdisjoint(_NAMES):
        return text
    stray = [f"{name}:{readable(value)}" for name, value in headers.fields if name.lower() in _FACTS]
    return "\n".join([*stray, "", text])


def _is_status(group: list[_Field]) -> bool:
    return any(place != _NO_PLACE for (_, place, *_), _, _ in group)


def _groups(text: str, skipped: int = 0) -> list[list[_Field]]:
    """The groups of fields, each field as (name, unfolded value, line)."""
    groups: list[list[_Field]] = []
    group: list[_Field] = []
    more: list[str] = []  # of the last field
    for number, line in enumerate(text.split("\n"), skipped + 1):
        field, colon, value = line.partition(": ")
        name = _WRITTEN.get(field) if colon else None
        if name is None:
            field, colon, value = line.partition(":")
            name = _name(field) if colon else None
        if name is not None:
            if more:
                _extend(group or groups[-1], more)
                more = []
            # A group that begins without a blank line before it: the recipient is named a second time.
            if group and name[3] and any([known == name for known, _, _ in group]):
                groups.append(group)
                group = []
            group.append((name, value.lstrip(" \t"), number))
        elif not line or line.isspace():
            if group:
                groups.append(group)
                group = []
        elif group or (groups and groups[-1][-1][0] is _DIAGNOSTIC and line[0].isspace()):
            # QUIRK: a line that is not folded, or a blank line within a folded Diagnostic-Code.
            more.append(line.strip())
    if group:
        groups.append(group)
    if more:
        _extend(groups[-1], more)
    return groups


def _name(field: str) -> _Name | None:
    """The name that a line begins with; `None` where that is none."""
    low = field.rstrip(" \t").lower()
    if low in _FACTS:
        return _FACTS[low]
    return (low, _NO_PLACE, False, False, "") if _NAME.fullmatch(field) else None


def _extend(group: list[_Field], more: list[str]) -> None:
    name, text, line = group[-1]
    group[-1] = (name, "\n".join([text, *more]), line)


def _report(groups: list[list[_Field]], part: str, *, is_encoded: bool) -> list[Finding]:
    if not groups:
        return []
    shared = [*_NOTHING]
    unparsed: list[UnparsedField] = []
    recipients: list[list[Value | None]] = []
    for group in groups:
        values = [*_NOTHING]
        others: list[tuple[str, str]] = []
        for (name, place, is_shared, is_opener, rule), text, line in group:
            if place == _NO_PLACE:
                if name not in _KNOWN:
                    others.append((name, text))
                continue
            target = shared if is_shared else values
            # An address field may end before its address begins: what stands there is the start of its type.
            if target[place] is None and (not is_opener or "@" in text or ";" in text):
                target[place] = _value(decode_words(text) if is_encoded and "=?" in text else text, part, line, rule)
        is_recipient = values[_ADDRESS] is not None or values[_ORIGINAL] is not None
        if others:
            about = len(recipients) + 1 if is_recipient else 0
            for name, text in others:
                unparsed.append(_unparsed(name, decode_words(text), about))
        if is_recipient:
            recipients.append(values)
        elif any(values):
            # Fields without a recipient belong to the group before, from which a stray blank line cut them off.
            target = recipients[-1] if recipients else shared
            target[:] = [known or value for known, value in zip(target, values, strict=True)]
    found: list[Finding] = []
    if unparsed or any(shared):
        found.append(_finding(*shared, None, None, tuple(unparsed)))  # type: ignore[arg-type, call-arg]
    for values in recipients:
        address, original = values[_ADDRESS], values[_ORIGINAL]
        if original is not None and not (address and address.text.rpartition(";")[2].strip()):
            values[_ADDRESS] = dataclasses.replace(original, text=unxtext(original.text))
        elif address is not None and ".xalias/" in address.text and (alias := _COURIER_ALIAS.search(address.text)):
            # QUIRK: Courier names an address that it delivers to a program by the name of its own alias file.
            named = re.sub(r"\+([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), alias[1])
            values[_ADDRESS] = dataclasses.replace(address, text=named)
        found.append(_finding(*values))  # type: ignore[arg-type]
    return found if recipients else [*found, Finding(kind=Kind.BOUNCE)]


_value = maker(Value)
_finding = maker(Finding)
_unparsed = maker(UnparsedField)
