"""The values that everything else is made of: frozen, comparable, free of behaviour beyond their own text.

    Report ── Recipient* ── EnhancedStatus, Reply, Blocklist, Evidence*
       ├──── Original      the returned message
       ├──── Provenance ── Proof*
       ├──── Feedback      the fields of an ARF report
       └──── Defect*, UnparsedField*

Detectors produce `Finding` values, each fact a `Value` that knows where it was read.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Mapping

from .frozen import frozen

__all__ = [
    "Action",
    "AddressCheck",
    "AddressVerdict",
    "Attribution",
    "Blocklist",
    "BlocklistKind",
    "BounceType",
    "BouncelibError",
    "Command",
    "Defect",
    "EnhancedStatus",
    "Evidence",
    "Feedback",
    "Finding",
    "Kind",
    "Original",
    "Proof",
    "Provenance",
    "ProvenanceVerdict",
    "Reason",
    "Recipient",
    "Reply",
    "Report",
    "Timing",
    "UnparsedField",
    "Value",
]


class BouncelibError(Exception):
    """A programmer's error: a rule file that does not compile, two detectors of one name. Never raised by input."""


class Kind(enum.StrEnum):
    """What a message is."""

    BOUNCE = "bounce"
    DELAY = "delay"
    SUCCESS = "success"  # delivered, relayed or expanded (RFC 3464 section 2.3.3)
    COMPLAINT = "complaint"  # ARF, RFC 5965
    DISPOSITION = "disposition"  # MDN, RFC 8098
    AUTO_REPLY = "auto-reply"  # RFC 3834
    CHALLENGE = "challenge"
    OTHER = "other"


class Action(enum.StrEnum):
    """What became of the message for one recipient: RFC 3464 section 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class Timing(enum.StrEnum):
    """When the refusal came: while the connection was open, or after the message had been accepted.

    `synchronous`: the sending server was still responsible. `asynchronous`: accepted, and reported later. `unknown`:
    nothing tells.
    """

    SYNCHRONOUS = "synchronous"
    ASYNCHRONOUS = "asynchronous"
    UNKNOWN = "unknown"


class BounceType(enum.StrEnum):
    """What the report means for the address.

    `hard`: it will not work later either. `soft`: this says nothing final about it. `backscatter`: the message was not
    ours.
    """

    HARD = "hard"
    SOFT = "soft"
    BACKSCATTER = "backscatter"


class Attribution(enum.StrEnum):
    """Whose fault a failure is.

    `recipient`: of the mailbox or its owner. `domain`: of the recipient's domain or its servers. `message`: of this
    message, whoever sends it. `sender`: of the sending side, its servers or its reputation.
    """

    RECIPIENT = "recipient"
    DOMAIN = "domain"
    MESSAGE = "message"
    SENDER = "sender"


class Command(enum.StrEnum):
    """The SMTP command that was refused (RFC 5321); the end of the data counts as `DATA`."""

    CONN = "CONN"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"


class ProvenanceVerdict(enum.StrEnum):
    """Whether a report is about a message that we sent: it is, `own`; it is not, `foreign`; or neither is shown."""

    OWN = "own"
    UNPROVEN = "unproven"
    FOREIGN = "foreign"


class AddressVerdict(enum.StrEnum):
    """Whether a null-sender mail to an address can be genuine, as far as the address itself tells."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    UNDECIDED = "undecided"


class BlocklistKind(enum.StrEnum):
    """What a block list lists."""

    IP = "ip"
    DOMAIN = "domain"


class Reason(enum.StrEnum):
    """Why a delivery failed. `Report.explain()` has it in words; docs/reference.md has a table of all of them."""

    BAD_MAILBOX = "bad_mailbox"
    BAD_ADDRESS_SYNTAX = "bad_address_syntax"
    MAILBOX_MOVED = "mailbox_moved"
    INACTIVE_MAILBOX = "inactive_mailbox"
    MAILBOX_FULL = "mailbox_full"
    RECIPIENT_REFUSED = "recipient_refused"
    LIST_RESTRICTED = "list_restricted"
    BAD_DOMAIN = "bad_domain"
    NULL_MX = "null_mx"
    SYSTEM_NOT_ACCEPTING = "system_not_accepting"
    DNS_FAILURE = "dns_failure"
    NO_ANSWER_FROM_HOST = "no_answer_from_host"
    BAD_CONNECTION = "bad_connection"
    ROUTING_ERROR = "routing_error"
    MESSAGE_EXPIRED = "message_expired"
    SYSTEM_FULL = "system_full"
    SYSTEM_ERROR = "system_error"
    MAILER_ERROR = "mailer_error"
    GREYLISTED = "greylisted"
    RATE_LIMITED = "rate_limited"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    MESSAGE_TOO_LARGE = "message_too_large"
    CONTENT_REJECTED = "content_rejected"
    ATTACHMENT_REJECTED = "attachment_rejected"
    VIRUS_DETECTED = "virus_detected"
    SPAM_CONTENT = "spam_content"
    SPAM_BLOCK = "spam_block"
    POLICY_RELATED = "policy_related"
    AUTH_FAILURE = "auth_failure"
    REVERSE_DNS = "reverse_dns"
    LOGIN_REQUIRED = "login_required"
    TLS_REQUIRED = "tls_required"
    INVALID_SENDER = "invalid_sender"
    RELAY_DENIED = "relay_denied"
    PROTOCOL_ERROR = "protocol_error"
    SUPPRESSED = "suppressed"
    UNDETERMINED = "undetermined"


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class EnhancedStatus:
    """An enhanced mail system status code (RFC 3463): `str(EnhancedStatus(5, 1, 1)) == "5.1.1"`."""

    klass: int
    subject: int
    detail: int

    def __str__(self) -> str:
        return f"{self.klass}.{self.subject}.{self.detail}"

    @property
    def is_generic(self) -> bool:
        """Whether the code names no subject: `x.0.0`."""
        return self.subject == 0 and self.detail == 0


@frozen
class Reply:
    """An SMTP reply (RFC 5321 section 4.2): the code, and the text after it, lines joined with line feeds."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}" if self.text else str(self.code)


@frozen
class Blocklist:
    """A block list that a refusal names, by its usual name: `Blocklist("Spamhaus ZEN", BlocklistKind.IP)`."""

    name: str
    lists: BlocklistKind


@frozen
class Evidence:
    """Why one field of a `Recipient` or a `Report` has its value.

    `part` is the IMAP section number of the MIME part (RFC 3501 section 6.4.5; the empty string is the header of the
    message itself) and `line` the line in the decoded text of that part, counted from 1; 0 where no line applies.
    `rule` names the rule that read or decided the value, `text` is what it saw.
    """

    field: str
    detector: str
    rule: str = ""
    part: str = ""
    line: int = 0
    text: str = ""


@frozen
class Value:
    """A text that a detector read, and where: see `Evidence` for `part`, `line` and `rule`."""

    text: str
    part: str = ""
    line: int = 0
    rule: str = ""


@frozen
class Finding:
    """What a detector has to say: about one recipient where `address` is given, else about the report as a whole.

    Every field is the text as it stands in the message; the merge step parses it. A finding without an address
    lends its fields to the recipients of the same detector that lack them.
    """

    address: Value | None = None
    original_address: Value | None = None
    action: Value | None = None
    status: Value | None = None
    diagnostic: Value | None = None
    reply: Value | None = None
    remote_mta: Value | None = None
    command: Value | None = None
    reporting_mta: Value | None = None
    received_from_mta: Value | None = None
    arrival_date: Value | None = None
    envelope_id: Value | None = None
    kind: Kind | None = None
    feedback: Feedback | None = None
    unparsed: tuple[UnparsedField, ...] = ()


@frozen
class Recipient:
    """One recipient that a report names, and what became of the message for it.

    `suppress`: whether to stop mailing it; `subscriber`: the address to look up in a list for that.
    `address`: the failed address, as the reporting side names it; empty where it names none.
    `original_address`: the one that the sender used, where an alias or a forward stands between and it is known.
    `action`: what became of the message.
    `status`, `reply`: the codes of RFC 3463 and RFC 5321; `diagnostic`: the words.
    `remote_mta`, `command`: who said no, and after which SMTP command.
    `reason`, `attribution`: why, and whose fault it is; `None` where nothing failed.
    `bounce_type`: what it means for the address; `None` where nothing failed.
    `timing`: refused at once, or accepted and reported later.
    `retry_after`: the seconds after which the server said to come back; `blocklist`: the block list that it named.
    `evidence`: for each of these the place in the message, and the rule that decided.
    """

    address: str
    original_address: str | None = None
    action: Action = Action.FAILED
    status: EnhancedStatus | None = None
    reply: Reply | None = None
    diagnostic: str | None = None
    remote_mta: str | None = None
    command: Command | None = None
    reason: Reason | None = None
    attribution: Attribution | None = None
    retry_after: int | None = None
    blocklist: Blocklist | None = None
    timing: Timing = Timing.UNKNOWN
    bounce_type: BounceType | None = None
    suppress: bool = False
    evidence: tuple[Evidence, ...] = ()

    @property
    def subscriber(self) -> str:
        """The address to look up in a list: the one that the sender used where it is known, else the failed one."""
        return self.original_address or self.address


@frozen
class Original:
    """What the report returns of the message that it is about.

    `headers` holds every returned header as (name, value), unfolded and decoded, in order. `complete` is `True` where
    the body came back too, `False` where only headers did.
    """

    message_id: str | None = None
    sender: str | None = None
    from_: str | None = None
    to: str | None = None
    subject: str | None = None
    date: dt.datetime | None = None
    list_id: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    complete: bool = False


@frozen
class Proof:
    """One proof for or against our having sent the message: its name, what it says, and the text that it read."""

    name: str
    verdict: ProvenanceVerdict
    text: str = ""


@frozen
class Provenance:
    """Whether the report is about a message that we sent, and the proofs that decided."""

    verdict: ProvenanceVerdict = ProvenanceVerdict.UNPROVEN
    proofs: tuple[Proof, ...] = ()


@frozen
class AddressCheck:
    """What to do with a null-sender mail to an address, the proof for it, and the reply for a refusal."""

    verdict: AddressVerdict
    proof: Proof | None = None
    reply: Reply | None = None


@frozen
class UnparsedField:
    """A report field that is not understood, kept whole; `group` is 0 for the per-message fields, n for recipient n."""

    name: str
    value: str
    group: int = 0


@frozen
class Feedback:
    """The machine-readable fields of a feedback report (RFC 5965 section 3, RFC 6591, RFC 6650)."""

    feedback_type: str | None = None
    user_agent: str | None = None
    version: str | None = None
    source_ip: str | None = None
    source_port: int | None = None
    incidents: int | None = None
    arrival_date: dt.datetime | None = None
    original_mail_from: str | None = None
    original_rcpt_to: tuple[str, ...] = ()
    original_envelope_id: str | None = None
    reported_domain: tuple[str, ...] = ()
    reported_uri: tuple[str, ...] = ()
    authentication_results: tuple[str, ...] = ()
    reporting_mta: str | None = None
    auth_failure: str | None = None
    delivery_result: str | None = None
    extensions: tuple[tuple[str, str], ...] = ()


@frozen
class Defect:
    """A damage in the input that was worked around, or a detector that failed: `rule` is a stable name."""

    rule: str
    text: str = ""
    part: str = ""


@frozen
class Report:
    """Everything that `parse` found in one message.

    `kind`: what the message is; `recipients`: whom it names, nobody twice.
    `provenance`: whether it is about a message that we sent.
    `reporting_mta`, `received_from_mta`, `arrival_date`, `envelope_id`: RFC 3464 section 2.2.
    `original`: the returned message, or its header; `feedback`: the fields of a complaint.
    `detectors`: which formats it was read as; `defects`: damage that was worked around; `unparsed`: report fields that
    are not understood; `evidence`: where the fields of the report come from.
    """

    kind: Kind
    recipients: tuple[Recipient, ...] = ()
    reporting_mta: str | None = None
    received_from_mta: str | None = None
    arrival_date: dt.datetime | None = None
    envelope_id: str | None = None
    original: Original | None = None
    provenance: Provenance = Provenance()
    feedback: Feedback | None = None
    detectors: tuple[str, ...] = ()
    defects: tuple[Defect, ...] = ()
    unparsed: tuple[UnparsedField, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The report as JSON-ready values, `schema` 1; the schema file is `bouncelib/schema.json`."""
        from . import schema

        return schema.to_dict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Report:
        """The report that `to_dict` wrote. Raises `BouncelibError` where `data` is not of a schema that is known."""
        from . import schema

        return schema.from_dict(data)

    def explain(self) -> str:
        """A few lines for people: what was decided, and the evidence for it."""
        from . import explain

        return explain.explain(self)
