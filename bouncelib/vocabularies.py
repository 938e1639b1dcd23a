"""Reasons in the words of others: pure tables, for those who keep statistics or rules in one of these vocabularies.

    translate(report, recipient, "sisimai")       "userunknown"
    VOCABULARIES["sparkpost"].reasons             the table itself

| vocabulary | whose words |
|---|---|
| `sisimai` | the reasons of Sisimai 5 |
| `kumomta` | KumoMTA's bounce classification |
| `powermta` | PowerMTA's bounce categories |
| `sparkpost` | SparkPost's bounce classes, as text |
| `ses`, `ses-type` | `bounceSubType` and `bounceType` of Amazon SES's notifications |
| `anymail`, `anymail-event` | `reject_reason` and `event_type` of django-anymail's tracking events |

A vocabulary that has no word for something gives `None`. Where it has several for one reason, the table holds the most
general one; where hard and soft have different words, `soft` holds those of a soft failure.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping

from .model import Action, BouncelibError, BounceType, Kind, Reason, Recipient, Report

__all__ = ["VOCABULARIES", "Vocabulary", "translate"]


@dataclasses.dataclass(frozen=True, slots=True)
class Vocabulary:
    """One vocabulary: words for reasons, for reasons of soft failures, and for kinds that have no reason."""

    name: str
    reasons: Mapping[Reason, str | None]
    soft: Mapping[Reason, str | None]
    kinds: Mapping[Kind, str | None]


_COLUMNS = ("sisimai", "kumomta", "powermta", "sparkpost", "ses", "anymail")

_REASONS: dict[Reason, tuple[str | None, ...]] = {
    Reason.BAD_MAILBOX: ("userunknown", "InvalidRecipient", "bad-mailbox", "10", "General", "bounced"),
    Reason.BAD_ADDRESS_SYNTAX: ("userunknown", "InvalidRecipient", "bad-mailbox", "10", "General", "invalid"),
    Reason.MAILBOX_MOVED: ("hasmoved", "InactiveMailbox", "inactive-mailbox", "10", "General", "bounced"),
    Reason.INACTIVE_MAILBOX: ("suspend", "InactiveMailbox", "inactive-mailbox", "10", "General", "bounced"),
    Reason.MAILBOX_FULL: ("mailboxfull", "QuotaIssues", "quota-issues", "22", "MailboxFull", "bounced"),
    Reason.RECIPIENT_REFUSED: ("filtered", "PolicyRelated", "policy-related", "50", "General", "blocked"),
    Reason.LIST_RESTRICTED: ("filtered", "PolicyRelated", "policy-related", "50", "General", "blocked"),
    Reason.BAD_DOMAIN: ("hostunknown", "BadDomain", "bad-domain", "10", "General", "bounced"),
    Reason.NULL_MX: ("notaccept", "BadDomain", "bad-domain", "10", "General", "bounced"),
    Reason.SYSTEM_NOT_ACCEPTING: ("notaccept", "TransientFailure", "bad-configuration", "20", "General", "bounced"),
    Reason.DNS_FAILURE: ("networkerror", "DNSFailure", "routing-errors", "21", "General", "bounced"),
    Reason.NO_ANSWER_FROM_HOST: ("networkerror", "NoAnswerFromHost", "no-answer-from-host", "20", "General", "bounced"),
    Reason.BAD_CONNECTION: ("networkerror", "BadConnection", "bad-connection", "20", "General", "bounced"),
    Reason.ROUTING_ERROR: ("networkerror", "RoutingErrors", "routing-errors", "20", "General", "bounced"),
    Reason.MESSAGE_EXPIRED: ("expired", "MessageExpired", "message-expired", "24", "General", "timed_out"),
    Reason.SYSTEM_FULL: ("systemfull", "QuotaIssues", "bad-configuration", "20", "General", "bounced"),
    Reason.SYSTEM_ERROR: ("systemerror", "BadConfiguration", "bad-configuration", "70", "General", "other"),
    Reason.MAILER_ERROR: ("mailererror", "BadConfiguration", "other", "40", "General", "other"),
    # Sisimai has no word for greylisting: it holds such a message to be undecided.
    Reason.GREYLISTED: ("onhold", "TransientFailure", "other", "70", "General", "other"),
    Reason.RATE_LIMITED: ("speeding", "PolicyRelated", "policy-related", "20", "General", "bounced"),
    Reason.TOO_MANY_RECIPIENTS: ("toomanyconn", "TooManyRecipients", "protocol-errors", "20", "General", "bounced"),
    Reason.MESSAGE_TOO_LARGE: ("mesgtoobig", "QuotaIssues", "quota-issues", "23", "MessageTooLarge", "bounced"),
    Reason.CONTENT_REJECTED: ("contenterror", "ContentRelated", "content-related", "52", "ContentRejected", "blocked"),
    Reason.ATTACHMENT_REJECTED: (
        "contenterror", "ProhibitedAttachment", "content-related", "53", "AttachmentRejected", "blocked",
    ),
    Reason.VIRUS_DETECTED: ("virusdetected", "VirusRelated", "virus-related", "53", "ContentRejected", "blocked"),
    Reason.SPAM_CONTENT: ("spamdetected", "SpamContent", "spam-related", "52", "ContentRejected", "spam"),
    Reason.SPAM_BLOCK: ("blocked", "SpamBlock", "spam-related", "51", "General", "spam"),
    Reason.POLICY_RELATED: ("policyviolation", "PolicyRelated", "policy-related", "50", "General", "blocked"),
    Reason.AUTH_FAILURE: ("authfailure", "AuthenticationFailed", "policy-related", "50", "General", "blocked"),
    Reason.REVERSE_DNS: ("requireptr", "AuthenticationFailed", "invalid-sender", "50", "General", "blocked"),
    Reason.LOGIN_REQUIRED: ("securityerror", "AuthenticationFailed", "policy-related", "50", "General", "blocked"),
    Reason.TLS_REQUIRED: ("failedstarttls", "AuthenticationFailed", "policy-related", "50", "General", "blocked"),
    Reason.INVALID_SENDER: ("rejected", "InvalidSender", "invalid-sender", "50", "General", "blocked"),
    Reason.RELAY_DENIED: ("norelaying", "RelayDenied", "relaying-issues", "54", "General", "blocked"),
    Reason.PROTOCOL_ERROR: ("syntaxerror", "ProtocolErrors", "protocol-errors", "40", "General", "other"),
    Reason.SUPPRESSED: ("suppressed", None, None, "25", "OnAccountSuppressionList", "bounced"),
    Reason.UNDETERMINED: ("undefined", "Uncategorized", "other", "1", "Undetermined", "other"),
}  # fmt: skip

_SOFT: dict[str, dict[Reason, str | None]] = {
    "sparkpost": {Reason.BAD_DOMAIN: "21"},
    "ses-type": {Reason.UNDETERMINED: "Undetermined", Reason.SUPPRESSED: "Permanent"},
    "anymail-event": {Reason.SUPPRESSED: "rejected"},
}

_KINDS: dict[str, dict[Kind, str | None]] = {
    "sisimai": {Kind.AUTO_REPLY: "vacation", Kind.COMPLAINT: "feedback", Kind.SUCCESS: "delivered"},
    "kumomta": {Kind.AUTO_REPLY: "AutoReply"},
    "powermta": {},
    "sparkpost": {Kind.AUTO_REPLY: "60", Kind.CHALLENGE: "100"},
    "ses": {},
    "ses-type": {},
    "anymail": {Kind.COMPLAINT: "spam"},
    "anymail-event": {
        Kind.AUTO_REPLY: "autoresponded",
        Kind.CHALLENGE: "autoresponded",
        Kind.COMPLAINT: "complained",
        Kind.SUCCESS: "delivered",
    },
}


def _vocabularies() -> Mapping[str, Vocabulary]:
    tables: dict[str, dict[Reason, str | None]] = {
        name: {reason: row[column] for reason, row in _REASONS.items()} for column, name in enumerate(_COLUMNS)
    }
    # These two have a word for each type or state of a delivery rather than for its reason.
    tables["ses-type"] = dict.fromkeys(Reason, "Permanent")
    tables["anymail-event"] = dict.fromkeys(Reason, "bounced")
    soft = {name: _SOFT.get(name, {}) for name in tables}
    soft["ses-type"] = {**dict.fromkeys(Reason, "Transient"), **soft["ses-type"]}
    return types.MappingProxyType(
        {
            name: Vocabulary(
                name,
                types.MappingProxyType(table),
                types.MappingProxyType({**table, **soft[name]}),
                types.MappingProxyType({kind: _KINDS[name].get(kind) for kind in Kind}),
            )
            for name, table in tables.items()
        }
    )


VOCABULARIES = _vocabularies()


def translate(report: Report, recipient: Recipient | None, vocabulary: str) -> str | None:
    """What `vocabulary` calls that which happened to `recipient`, or to the whole `report` where nobody is given.

    `None` where it has no word. Raises `BouncelibError` for a vocabulary that there is none of.
    """
    table = VOCABULARIES.get(vocabulary)
    if table is None:
        raise BouncelibError(f"there is no vocabulary {vocabulary!r}; choose one of {', '.join(VOCABULARIES)}")
    if recipient is None or recipient.reason is None:
        return table.kinds[report.kind if recipient is None else _kind(report, recipient)]
    if vocabulary == "anymail-event" and recipient.action is Action.DELAYED:
        return "deferred"
    words = table.reasons if recipient.bounce_type is BounceType.HARD else table.soft
    return words[recipient.reason]


def _kind(report: Report, recipient: Recipient) -> Kind:
    """What became of a recipient without a reason: one of several may have been reached in a report of failures."""
    reached = recipient.action in {Action.DELIVERED, Action.RELAYED, Action.EXPANDED}
    return Kind.SUCCESS if reached and report.kind in {Kind.BOUNCE, Kind.DELAY} else report.kind
