"""Feedback reports: RFC 5965, RFC 6591 (authentication failures), RFC 6590 (redaction), RFC 6650 (who may send them).

Code and not a table because the fields are structured and most of them describe the report, not a recipient. Three
relatives without the fields are read as well: a report whose part lost its type, Microsoft's Junk Mail Reporting
Program, which only returns the message, and Apple's requests to be removed from a list.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from .. import address as addresses
from ..charset import readable
from ..header import MAX_PARAMETERS, Headers, decode_words
from ..marks import is_letter
from ..mime import RETURNED, Message, Part
from ..model import Feedback, Finding, Kind, Value

__all__ = ["Arf"]

_TYPE = "message/feedback-report"
_FIELD = re.compile(r"([A-Za-z][!-9;-~]*)[ \t]*:[ \t]*(.*)")
_PASTED = re.compile(r"(?im)^feedback-type[ \t]*:")
_PASTED_FIELD = re.compile(
    r"(?im)^(?:user-agent|version|source-ip|original-(?:mail-from|rcpt-to)|reported-domain)[ \t]*:"
)
# The sentence that RFC 5965 appendix B suggests, and almost everybody begins with.
_SENTENCE = re.compile(
    r"this is an? (?:\S{1,40} )?(?:e-?mail )?(?P<type>abuse|fraud|virus|spam|opt-out|not-spam|authentication failure)"
    r"(?: complaint)? report for an? (?:e-?mail )?message"
)
_TYPES = {"spam": "abuse", "authentication failure": "auth-failure"}

# Who complains. RFC 5965 section 3.2; Removal-Recipient is of its drafts, where it belonged to the opt-out types.
_RECIPIENTS = ("original-rcpt-to", "removal-recipient", "original-recipient", "final-recipient")
# What the complaining side writes into the message that it returns: Microsoft, Yahoo.
_STAMPS = ("x-hmxmroriginalrecipient", "x-apparently-to")
_UNDERSTOOD = frozenset({
    "feedback-type", "user-agent", "version", "source-ip", "source-port", "incidents", "arrival-date", "received-date",
    "original-mail-from", "original-envelope-id", "reported-domain", "reported-uri", "authentication-results",
    "reporting-mta", "auth-failure", "delivery-result", *_RECIPIENTS,
})  # fmt: skip

# RFC 6590 leaves open what stands in place of what is hidden; the usual stand-ins.
_HIDDEN = re.compile(r"redacted|undisclosed|anonymi[sz]ed|obfuscated|^(?:hidden|removed|x{3,}|[*.#_-]*)$")
_JMRP = re.compile(r"(?i)\s*complaint about message from\s+\[?(?P<source_ip>[0-9A-Fa-f.:]{3,45})")
_WORD = re.compile(r"\s*([A-Za-z][!-~]{0,60}?)\s*(?:[;(]|$)")
_NUMBER = re.compile(r"\s*([0-9]{1,9})\b")
_HOST = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9-]{0,40}\s*;\s*)?([^\s();]{1,255})")

_Field = tuple[str, str, int]


class Arf:
    """Feedback reports: RFC 5965."""

    name = "arf"
    _part_types = (_TYPE,)

    def concerns(self, message: Message) -> bool:
        return not message.is_delivery_status or _TYPE in message.types

    def find(self, message: Message) -> Iterator[Finding]:
        report = next(_reports(message), None)
        if report is not None:
            yield from _read(message, *report)
        elif "x-apple-unsubscribe" in message.headers:
            yield from _apple(message)
        else:
            yield from _returned_only(message)


def _reports(message: Message) -> Iterator[tuple[Part, list[_Field]]]:
    """Every part that holds a report, and its fields."""
    for part in message.parts:
        if part.content_type == _TYPE:
            # A missing blank line leaves the fields in the header of the part.
            own = [(name, readable(value), 0) for name, value in part.headers.fields]
            stray = [field for field in own if not field[0].lower().startswith("content-")]
            yield part, [*stray, *_fields(part.text())]
    declared = message.root.params.get("report-type", "").strip().lower() == "feedback-report"
    for part in message.parts:
        if _is_returned(part):
            break
        if part.is_multipart or not part.content_type.startswith(("text/", "message/", "application/octet-")):
            continue
        text = part.opening(1 << 16)
        begin = _PASTED.search(text) if "feedback-type" in text.lower() else None
        if begin and (declared or (_PASTED_FIELD.search(text) and not is_letter(message.headers))):
            above = text.rfind("\n\n", 0, begin.start()) + 1
            yield part, _fields(text[above:], text.count("\n", 0, above))
    if declared:
        yield message.root, []


def _fields(text: str, skipped: int = 0) -> list[_Field]:
    """The fields in `text`. Blank lines between them, and prose around them, mean nothing here."""
    fields: list[_Field] = []
    for number, line in enumerate(text.split("\n"), skipped + 1):
        match = _FIELD.match(line)
        if match:
            fields.append((match[1], match[2], number))
        elif fields and line[:1] in (" ", "\t") and len(fields[-1][1]) < MAX_PARAMETERS:
            name, value, at = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}", at)
    return fields


def _read(message: Message, part: Part, fields: list[_Field]) -> Iterator[Finding]:
    headers = Headers([(name, value) for name, value, _ in fields])
    lines = {name.lower(): line for name, _, line in reversed(fields)}

    def value(name: str) -> Value | None:
        text = headers.get(name)
        return Value(text, part.section, lines[name], f"field {name}") if text else None

    named = [
        Value(one, part.section, line, f"field {name.lower()}")
        for name, text, line in fields
        if name.lower() in _RECIPIENTS
        for one in _split(decode_words(text))
    ]
    yield Finding(
        kind=Kind.COMPLAINT,
        feedback=_feedback(message, headers, [one.text for one in named]),
        reporting_mta=value("reporting-mta"),
        arrival_date=value("arrival-date") or value("received-date"),
        envelope_id=value("original-envelope-id"),
    )
    known = [one for one in named if _is_named(one.text)]
    for one in known:
        yield Finding(address=one, kind=Kind.COMPLAINT)
    if not known:
        yield from _stamped(message)


def _feedback(message: Message, fields: Headers, recipients: list[str]) -> Feedback:
    kind, source = _WORD.match(fields.raw("feedback-type")), _HOST.match(fields.raw("source-ip"))
    port, incidents = _NUMBER.match(fields.raw("source-port")), _NUMBER.match(fields.raw("incidents"))
    host = _HOST.match(fields.raw("reporting-mta"))
    sender = fields.get("original-mail-from")
    return Feedback(
        feedback_type=kind[1].lower() if kind else _told_type(message),
        user_agent=fields.get("user-agent") or None,
        version=fields.get("version") or None,
        source_ip=source[1].strip("[],") if source else None,
        source_port=int(port[1]) if port else None,
        incidents=int(incidents[1]) if incidents else None,
        arrival_date=_date(fields.get("arrival-date") or fields.get("received-date")),
        original_mail_from=None if sender is None else (addresses.clean(sender) or ""),
        original_rcpt_to=tuple(dict.fromkeys(recipients)),
        original_envelope_id=fields.get("original-envelope-id") or None,
        reported_domain=_all(fields, "reported-domain"),
        reported_uri=_all(fields, "reported-uri"),
        authentication_results=_all(fields, "authentication-results"),
        reporting_mta=host[1] if host else None,
        auth_failure=(fields.get("auth-failure") or "").lower() or None,
        delivery_result=(fields.get("delivery-result") or "").lower() or None,
        extensions=tuple((name, value) for name, value in fields.decoded() if name.lower() not in _UNDERSTOOD),
    )


def _told_type(message: Message) -> str | None:
    """The type of the report as its text tells it."""
    text = message.body.lower[:2000]
    told = _SENTENCE.search(" ".join(text.split())) if "report" in text else None
    return _TYPES.get(told["type"], told["type"]) if told else None


def _returned_only(message: Message) -> Iterator[Finding]:
    """A complaint that has no fields: the message is returned, and only its header or the subject say why."""
    subject = _JMRP.match(message.headers.raw("subject"))
    inner = _returned(message)
    if inner is None or is_letter(message.headers):
        return
    told = _told_type(message)
    if not (subject or told or "x-hmxmroriginalrecipient" in inner.headers):
        return
    yield Finding(
        kind=Kind.COMPLAINT,
        feedback=Feedback(feedback_type=told or "abuse", source_ip=subject["source_ip"] if subject else None),
    )
    yield from _stamped(message)


def _apple(message: Message) -> Iterator[Finding]:
    """QUIRK: Apple Mail unsubscribes by mail, with a header of its own; the sender is who wants to be removed."""
    yield Finding(kind=Kind.COMPLAINT, feedback=Feedback(feedback_type="opt-out"))
    address = addresses.clean(message.headers.get("from") or "")
    if address and "@" in address:
        yield Finding(address=Value(address, rule="header from"), kind=Kind.COMPLAINT)


def _stamped(message: Message) -> Iterator[Finding]:
    inner = _returned(message)
    for name in _STAMPS:
        for value in inner.headers.get_all(name) if inner else ():
            for one in _split(value):
                if _is_named(one):
                    where = inner.section if inner else ""
                    yield Finding(address=Value(one, where, rule=f"header {name}"), kind=Kind.COMPLAINT)
                    return


def _returned(message: Message) -> Part | None:
    return next((part.embedded() for part in message.parts if _is_returned(part)), None)


def _is_returned(part: Part) -> bool:
    # QUIRK: AOL, and those who copied it, write `text/rfc822-header`.
    return part.content_type in RETURNED or part.content_type == "text/rfc822-header"


def _split(value: str) -> list[str]:
    """The addresses in the value of a field; what is no full address is kept as it stands."""
    bare = re.sub(r"^\s*[A-Za-z0-9-]{1,20}\s*;", "", value, count=1)
    return addresses.find(bare) or ([bare.strip(" <>")] if bare.strip(" <>") else [])


def _is_named(address: str) -> bool:
    local, at, domain = address.lower().rpartition("@")
    return bool(at and domain and not _HIDDEN.search(local) and not _HIDDEN.search(domain))


def _all(fields: Headers, name: str) -> tuple[str, ...]:
    return tuple(value for value in fields.get_all(name) if value)


def _date(text: str | None) -> dt.datetime | None:
    from email.utils import parsedate_to_datetime  # for complaints alone, and slow to import

    try:
        return parsedate_to_datetime(text[:200]) if text else None
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
