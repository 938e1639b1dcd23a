"""Feedback reports: RFC 5965, RFC 6591 (authentication failures), RFC 6590 (redaction), RFC 6650 (who may send them).

Code and not a table because the fields are structured and most of them describe the report, not a recipient. Three
relatives without the fields are read as well: a report whose part lost its type, Microsoft's Junk Mail Reporting
Program, which only returns the message, and Apple's requests to be removed from a list.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import re
from collections.abc import Iterator

from .. import address as addresses
from ..detector import is_letter
from ..mime import RETURNED, Headers, Message, Part, read_headers
from ..model import Feedback, Finding, Kind, Value

__all__ = ["Arf"]

_TYPE = "message/feedback-report"
_FIELD = re.compile(r"[A-Za-z][!-9;-~]*[ \t]*:|[ \t]+\S")
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
_HIDDEN = re.compile(
    r"(?i)^(?:.*(?:redacted|undisclosed|anonymi[sz]ed|obfuscated).*|hidden|removed|unknown|private|[x*.#_-]*)@|@(?:redacted|removed)?$"
)
_JMRP = re.compile(r"(?i)\s*complaint about message from\s+\[?(?P<source_ip>[0-9A-Fa-f.:]{3,45})")
_NUMBER = re.compile(r"\s*([0-9]{1,9})\b")
_HOST = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9-]{0,40}\s*;\s*)?([^\s();]{1,255})")


class Arf:
    """Feedback reports: RFC 5965."""

    name = "arf"

    def find(self, message: Message) -> Iterator[Finding]:
        for part, text in _reports(message):
            yield from _read(message, part, text)
            return
        if "x-apple-unsubscribe" in message.headers:
            yield from _apple(message)
        else:
            yield from _returned_only(message)


def _reports(message: Message) -> Iterator[tuple[Part, str]]:
    """The part that holds the fields, and its text."""
    declared = message.root.params.get("report-type", "").strip().lower() == "feedback-report"
    typed = [part for part in message.parts if part.content_type == _TYPE]
    for part in typed:
        # A missing blank line leaves the fields in the header of the part.
        stray = [f"{name}:{value}" for name, value in part.headers.fields if not name.lower().startswith("content-")]
        yield part, "\n".join([*stray, part.text()])
    for part in message.parts:
        if part.content_type in RETURNED:
            break
        if typed or part.is_multipart or not part.content_type.startswith(("text/", "message/", "application/octet-")):
            continue
        text = part.opening(1 << 16)
        begin = _PASTED.search(text)
        if begin and (declared or (_PASTED_FIELD.search(text) and not is_letter(message))):
            yield part, text[_paragraph(text, begin.start()) :]
    if declared and not typed:
        yield message.root, ""


def _paragraph(text: str, at: int) -> int:
    return text.rfind("\n\n", 0, at) + 1


def _read(message: Message, part: Part, text: str) -> Iterator[Finding]:
    # Blank lines between the fields, and prose around them, mean nothing here.
    fields = read_headers("\n".join(line for line in text.split("\n") if _FIELD.match(line)))[0]
    named = [(name, one) for name in _RECIPIENTS for value in fields.get_all(name) for one in _split(value)]
    yield Finding(
        kind=Kind.COMPLAINT,
        feedback=_feedback(message, fields, [one for _, one in named]),
        reporting_mta=_value(fields, "reporting-mta", part),
        arrival_date=_value(fields, "arrival-date", part) or _value(fields, "received-date", part),
        envelope_id=_value(fields, "original-envelope-id", part),
    )
    found = False
    for name, one in named:
        if _is_named(one):
            found = True
            line = _line(part, name)
            yield Finding(address=Value(one, part.section, line, f"field {name}"), kind=Kind.COMPLAINT)
    if not found:
        yield from _stamped(message)


def _feedback(message: Message, fields: Headers, recipients: list[str]) -> Feedback:
    kind = (fields.get("feedback-type") or "").partition(";")[0].strip().lower()
    port, incidents = _NUMBER.match(fields.raw("source-port")), _NUMBER.match(fields.raw("incidents"))
    host = _HOST.match(fields.raw("reporting-mta"))
    sender = fields.get("original-mail-from")
    return Feedback(
        feedback_type=kind or _told_type(message),
        user_agent=fields.get("user-agent") or None,
        version=fields.get("version") or None,
        source_ip=(fields.get("source-ip") or "").strip("[]") or None,
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
    told = _SENTENCE.search(" ".join(message.body.lower[:2000].split()))
    return _TYPES.get(told["type"], told["type"]) if told else None


def _returned_only(message: Message) -> Iterator[Finding]:
    """A complaint that has no fields: the message is returned, and only its header or the subject say why."""
    subject = _JMRP.match(message.headers.raw("subject"))
    inner = _returned(message)
    if inner is None or is_letter(message):
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
    return next((part.embedded() for part in message.parts if part.content_type in RETURNED), None)


def _split(value: str) -> list[str]:
    """The addresses in the value of a field; what is no full address is kept as it stands."""
    bare = re.sub(r"^\s*[A-Za-z0-9-]{1,20}\s*;", "", value, count=1)
    return addresses.find(bare) or ([bare.strip(" <>")] if bare.strip(" <>") else [])


def _is_named(address: str) -> bool:
    return "@" in address and not _HIDDEN.search(address)


def _all(fields: Headers, name: str) -> tuple[str, ...]:
    return tuple(value for value in fields.get_all(name) if value)


def _value(fields: Headers, name: str, part: Part) -> Value | None:
    value = fields.get(name)
    return Value(value, part.section, _line(part, name), f"field {name}") if value else None


def _line(part: Part, name: str) -> int:
    """The line of the part at which the field `name` stands first; 0 where it is not in its text."""
    text = part.text().lower()
    found = 0 if text.startswith(f"{name}:") else text.find(f"\n{name}:") + 1
    return text.count("\n", 0, found) + 1 if found or text.startswith(f"{name}:") else 0


def _date(text: str | None) -> dt.datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text[:200]) if text else None
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
