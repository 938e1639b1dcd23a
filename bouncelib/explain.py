"""A `Report` in words: what was decided, and the lines that it was decided from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from .model import (
    Action,
    Attribution,
    BlocklistKind,
    BounceType,
    Evidence,
    Feedback,
    Kind,
    Original,
    Provenance,
    ProvenanceVerdict,
    Reason,
    Recipient,
    Report,
    Timing,
)
from .safe_text import one_line

__all__ = ["REASONS", "explain", "suppression"]

_TEXT = 300  # characters shown of a text that the other side wrote
_NAME = 200  # of an address, a host name or another short one
_EVIDENCE = 100  # of a line that a value was read from

KINDS = {
    Kind.BOUNCE: "a bounce: the message could not be delivered",
    Kind.DELAY: "a delay warning: the message is not delivered yet",
    Kind.SUCCESS: "a success notification: the message was delivered or passed on",
    Kind.COMPLAINT: "a complaint: somebody reported the message (ARF)",
    Kind.DISPOSITION: "a disposition notification: what the recipient's program did with the message (MDN)",
    Kind.AUTO_REPLY: "an automatic reply, such as a vacation notice",
    Kind.CHALLENGE: "a challenge: the other side wants the sender to confirm before it delivers",
    Kind.OTHER: "not a report about a message",
}

ACTIONS = {
    Action.FAILED: "not delivered",
    Action.DELAYED: "not delivered yet",
    Action.DELIVERED: "delivered",
    Action.RELAYED: "passed on to a server that confirms no delivery",
    Action.EXPANDED: "passed on to the members of a list",
}

REASONS = {
    Reason.BAD_MAILBOX: "there is no such mailbox",
    Reason.BAD_ADDRESS_SYNTAX: "the address is not well-formed",
    Reason.MAILBOX_MOVED: "the mailbox has moved",
    Reason.INACTIVE_MAILBOX: "the mailbox is disabled or unused",
    Reason.MAILBOX_FULL: "the mailbox is full",
    Reason.RECIPIENT_REFUSED: "the recipient does not accept mail from this sender",
    Reason.LIST_RESTRICTED: "the group or list does not accept mail from this sender",
    Reason.BAD_DOMAIN: "there is no such domain",
    Reason.NULL_MX: "the domain says that it takes no mail (null MX)",
    Reason.SYSTEM_NOT_ACCEPTING: "the server takes no mail",
    Reason.DNS_FAILURE: "the domain could not be looked up",
    Reason.NO_ANSWER_FROM_HOST: "the server did not answer",
    Reason.BAD_CONNECTION: "the connection broke",
    Reason.ROUTING_ERROR: "no way to the server, or a mail loop",
    Reason.MESSAGE_EXPIRED: "it could not be delivered in the time allowed",
    Reason.SYSTEM_FULL: "the server has no room",
    Reason.SYSTEM_ERROR: "the server has a fault",
    Reason.MAILER_ERROR: "a program of the receiving side failed",
    Reason.GREYLISTED: "greylisted: the server wants another try later",
    Reason.RATE_LIMITED: "too much mail in too short a time",
    Reason.TOO_MANY_RECIPIENTS: "too many recipients at once",
    Reason.MESSAGE_TOO_LARGE: "the message is too large",
    Reason.CONTENT_REJECTED: "the message is not well-formed or its content is not accepted",
    Reason.ATTACHMENT_REJECTED: "an attachment is not accepted",
    Reason.VIRUS_DETECTED: "a virus was found in the message",
    Reason.SPAM_CONTENT: "the message looks like spam",
    Reason.SPAM_BLOCK: "the sending server or domain is blocked or has a bad reputation",
    Reason.POLICY_RELATED: "a policy of the receiving side forbids it",
    Reason.AUTH_FAILURE: "the message failed authentication (SPF, DKIM, DMARC or ARC)",
    Reason.REVERSE_DNS: "the sending server's name and address do not match",
    Reason.LOGIN_REQUIRED: "the server wants a login",
    Reason.TLS_REQUIRED: "no encrypted connection came about",
    Reason.INVALID_SENDER: "the sender's address is not accepted",
    Reason.RELAY_DENIED: "the server does not take mail for this domain from this sender",
    Reason.PROTOCOL_ERROR: "the two servers did not understand each other",
    Reason.SUPPRESSED: "the address is on the sending service's own suppression list",
    Reason.UNDETERMINED: "the report does not say why",
}

ATTRIBUTIONS = {
    Attribution.RECIPIENT: "caused by the recipient's mailbox",
    Attribution.DOMAIN: "caused by the recipient's domain or server",
    Attribution.MESSAGE: "caused by the message",
    Attribution.SENDER: "caused by the sending side",
}

BOUNCE_TYPES = {
    BounceType.HARD: "hard: it will not work later either",
    BounceType.SOFT: "soft: this says nothing final about the address",
    BounceType.BACKSCATTER: "backscatter: the message was not ours",
}

TIMINGS = {
    Timing.SYNCHRONOUS: "synchronous: refused while the sending server was still responsible for the message",
    Timing.ASYNCHRONOUS: "asynchronous: the receiving side accepted the message and reported later",
    Timing.UNKNOWN: "unknown: nothing tells whether it was refused at once or reported later",
}

_SYNC, _ASYNC = Timing.SYNCHRONOUS, Timing.ASYNCHRONOUS
WHEN = {
    ("own-server-reports", _SYNC): "a server of your own reports it",
    ("own-server-reports", _ASYNC): "it claims to come from a server of your own, and a foreign host brought it",
    ("foreign-server-reports", _ASYNC): "the server that reports is none of your own",
    ("reporter-of-one-side", _SYNC): "the server that reports is on the sender's side",
    ("reporter-of-one-side", _ASYNC): "the server that reports is on the recipient's side",
    ("report-never-carried", _SYNC): "the report lies where it was written: no server has handed it to another",
    ("had-it-from-a-client", _SYNC): "the server that reports had the message from a user of its own",
    ("had-it-from-another-server", _ASYNC): "the server that reports had the message from a server of somebody else",
    ("received-from-the-sender", _ASYNC): "the server that reports had the message from the sender's server",
    ("reporter-of-the-authors-side", _SYNC): "the server that reports is on the side of the message's author",
}
"""Why, in words: what each rule of `bouncelib.timing` means where it decides."""

PROOFS = {
    "own-server": "who wrote the report",
    "verp": "the signature in the address that the report was sent to (VERP)",
    "srs": "the signature in the address that the report was sent to (SRS)",
    "batv": "the signature in the address that the report was sent to (BATV)",
    "recipients": "the recipient whom the signed address names",
    "address": "the address that the report was sent to",
    "dkim": "the DKIM signature in the returned header",
    "returned-verp": "the signature in the sender of the returned message (VERP)",
    "returned-srs": "the signature in the sender of the returned message (SRS)",
    "returned-batv": "the signature in the sender of the returned message (BATV)",
    "received": "who brought the returned message (Received)",
    "stranger": "who brought the returned message (Received)",
    "authentication-results": "what the other side found out about the sender (Authentication-Results)",
    "message-id": "the Message-ID of the returned message",
    "report-authentication": "what our side found out about the report's sender (Authentication-Results)",
}

VERDICTS = {
    ProvenanceVerdict.OWN: "the report is about a message that we sent",
    ProvenanceVerdict.UNPROVEN: "nothing proves that the message was ours, and nothing that it was not",
    ProvenanceVerdict.FOREIGN: "the report is about a message that we did not send",
}


def explain(report: Report) -> str:
    """A few lines of plain text, without control characters, whatever the report contains."""
    return "\n".join(_lines(report))


def suppression(recipient: Recipient, verdict: ProvenanceVerdict = ProvenanceVerdict.UNPROVEN) -> str:
    """Whether to stop mailing the recipient, and why, in words."""
    return f"{'yes' if recipient.suppress else 'no'}: {_why_suppress(recipient, verdict)}"


def _lines(report: Report) -> Iterator[str]:
    yield f"This is {KINDS[report.kind]}."
    yield from _reporter(report)
    if report.original:
        yield from _original(report.original)
    if report.feedback:
        yield from _feedback(report.feedback)
    if not report.recipients and report.kind is not Kind.OTHER:
        yield "It names no recipient."
    for recipient in report.recipients:
        yield ""
        yield from _recipient(recipient, report.provenance.verdict)
    yield ""
    yield from _provenance(report.provenance)
    if report.recipients and not report.provenance.proofs:
        yield "  A Context that names your servers, domains and keys can tell more."
    if report.detectors:
        yield f"Read by: {', '.join(_short(name) for name in report.detectors)}"
    yield from _section("Evidence for the report as a whole:", map(_evidence, report.evidence))
    yield from _section(
        "Report fields that are not understood:",
        (f"  {_short(field.name)}: {one_line(field.value, _EVIDENCE)}" for field in report.unparsed),
    )
    yield from _section(
        "Damage that was worked around:",
        (f"  {_short(defect.rule)}{_in_part(defect.part)}{_quoted(defect.text)}" for defect in report.defects),
    )


def _provenance(provenance: Provenance) -> Iterator[str]:
    """The verdict, the proof that decided it, and the others: the first one decides, if any does."""
    verdict = provenance.verdict
    yield f"Provenance: {verdict}: {VERDICTS[verdict]}."
    decides = verdict is not ProvenanceVerdict.UNPROVEN
    if decides and not any(proof.verdict is verdict for proof in provenance.proofs):
        yield "  No proof was found, and the context requires one."
        decides = False
    for number, proof in enumerate(provenance.proofs):
        role = "Decided by" if decides and number == 0 else "Also seen"
        what = f"{PROOFS[proof.name]}; " if proof.name in PROOFS else ""
        yield f"  {role}: {what}{_short(proof.name)} says {proof.verdict}{_quoted(proof.text)}"


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == 0:
            yield heading
        yield line


def _reporter(report: Report) -> Iterator[str]:
    if report.reporting_mta:
        yield f"Reported by {_short(report.reporting_mta)}."
    if report.arrival_date:
        yield f"The reporting server got the message at {_date(report.arrival_date)}."
    if report.received_from_mta:
        yield f"It had the message from {_short(report.received_from_mta)}."
    if report.envelope_id:
        yield f"The sender's name for the transaction (envelope id): {_short(report.envelope_id)}"


def _original(original: Original) -> Iterator[str]:
    subject = f" “{one_line(original.subject, _EVIDENCE)}”" if original.subject else ""
    date = f" of {_date(original.date)}" if original.date else ""
    returned = "returned whole" if original.complete else "of which the headers were returned"
    yield f"About the message{subject}{date}, {returned}:"
    yield from _labelled(
        ("From", original.from_),
        ("Envelope sender", original.sender),
        ("To", original.to),
        ("List", original.list_id),
        ("Message-ID", original.message_id),
    )


def _labelled(*pairs: tuple[str, str | None]) -> Iterator[str]:
    for label, text in pairs:
        if text:
            yield f"  {label}: {_short(text)}"


def _feedback(feedback: Feedback) -> Iterator[str]:
    count = f", {feedback.incidents} times" if feedback.incidents not in (None, 1) else ""
    by = f" by {_short(feedback.user_agent)}" if feedback.user_agent else ""
    yield f"Complaint of the type {_short(feedback.feedback_type or 'unknown')}{by}{count}."
    yield from _labelled(
        ("Sending address", feedback.source_ip),
        ("Envelope sender", feedback.original_mail_from),
        ("Envelope recipient", ", ".join(feedback.original_rcpt_to)),
        ("Reported domain", ", ".join(feedback.reported_domain)),
        ("Authentication failure", feedback.auth_failure),
        ("What became of it", feedback.delivery_result),
    )


def _recipient(recipient: Recipient, verdict: ProvenanceVerdict) -> Iterator[str]:
    known_as = recipient.subscriber
    alias = f" (the sender wrote to {_short(known_as)})" if known_as != recipient.address else ""
    yield f"{_short(recipient.address) or '(recipient not named)'}{alias}"
    status = f", status {recipient.status}" if recipient.status else ""
    yield f"  What happened: {ACTIONS[recipient.action]}{status}{_after(recipient)}"
    said = one_line(str(recipient.reply), _TEXT) if recipient.reply else ""
    if said:
        yield f"  The server said: {said}"
    if recipient.diagnostic and (diagnostic := one_line(recipient.diagnostic, _TEXT)) != said:
        yield f"  Diagnostic: {diagnostic}"
    if recipient.reason:
        fault = f"; {ATTRIBUTIONS[recipient.attribution]}" if recipient.attribution else ""
        yield f"  Why: {REASONS[recipient.reason]} ({recipient.reason}){fault}"
    elif recipient.attribution:
        yield f"  Why: {ATTRIBUTIONS[recipient.attribution]}"
    if recipient.blocklist:
        what = "addresses of servers" if recipient.blocklist.lists is BlocklistKind.IP else "domains"
        yield f"  Block list: {_short(recipient.blocklist.name)}, which lists {what}"
    if recipient.retry_after is not None:
        yield f"  Try again: in {_duration(recipient.retry_after)}"
    if recipient.bounce_type:
        yield f"  Bounce type: {BOUNCE_TYPES[recipient.bounce_type]}"
    if recipient.bounce_type or recipient.timing is not Timing.UNKNOWN:
        yield f"  Timing: {TIMINGS[recipient.timing]}"
        yield from _when(recipient)
    yield f"  Suppress: {suppression(recipient, verdict)}"
    yield from _section("  Evidence:", (f"  {_evidence(evidence)}" for evidence in recipient.evidence))


def _after(recipient: Recipient) -> str:
    host = f" at {_short(recipient.remote_mta)}" if recipient.remote_mta else ""
    return f", after {recipient.command}{host}" if recipient.command else f",{host}" if host else ""


def _when(recipient: Recipient) -> Iterator[str]:
    """Why the timing is what it is, and who reports."""
    for entry in recipient.evidence:
        if entry.field == "timing" and (why := WHEN.get((entry.rule, recipient.timing))):
            yield f"    because {why}{_quoted(entry.text)}"


def _why_suppress(recipient: Recipient, verdict: ProvenanceVerdict) -> str:
    culprit = recipient.attribution
    if recipient.suppress:
        cause = "its domain" if culprit is Attribution.DOMAIN else "the address"
        return f"the failure is permanent, and {cause} caused it"
    if recipient.action is Action.DELAYED:
        return "the sending server is still trying"
    if recipient.action is not Action.FAILED:
        return "this is no failure"
    if recipient.bounce_type is BounceType.BACKSCATTER or verdict is ProvenanceVerdict.FOREIGN:
        return "the message was not ours, so it says nothing about our mail"
    if recipient.bounce_type is BounceType.SOFT:
        return "the failure is not final, or not about the address"
    if culprit is Attribution.MESSAGE or culprit is Attribution.SENDER:
        return f"{'the message' if culprit is Attribution.MESSAGE else 'the sending side'} caused it, not the address"
    doubt = next((entry.rule for entry in recipient.evidence if entry.field == "suppress"), "")
    if doubt:
        return _short(doubt)
    return "nothing proves a permanent failure that the address or its domain caused"


def _evidence(evidence: Evidence) -> str:
    where = " ".join(
        filter(
            None,
            (
                f"part {_short(evidence.part)}" if evidence.part else "header" if evidence.line else "",
                f"line {evidence.line}" if evidence.line else "",
            ),
        )
    )
    rule = f", {_short(evidence.rule)}" if evidence.rule else ""
    place = f" ({where})" if where else ""
    return f"  {_short(evidence.field)}: {_short(evidence.detector)}{rule}{place}{_quoted(evidence.text)}"


def _in_part(part: str) -> str:
    return f" (part {_short(part)})" if part else ""


def _quoted(text: str) -> str:
    return f": {one_line(text, _EVIDENCE)}" if text else ""


def _short(text: str) -> str:
    return one_line(text, _NAME)


def _date(date: dt.datetime | None) -> str:
    return date.isoformat(" ", "seconds") if date else ""


def _duration(seconds: int) -> str:
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}{'s' if seconds != size else ''}"
    return f"{seconds} second{'s' if seconds != 1 else ''}"
