"""Reads e-mail bounces: who failed, why, when, and whether the message was yours.

report = bouncelib.parse(raw)
for recipient in report.recipients:
    print(recipient.address, recipient.status, recipient.reason, recipient.bounce_type)
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .bounce_address import check_bounce_address
from .context import Context
from .detector import Detector, TextFormat
from .mime import Message
from .model import (
    Action,
    AddressCheck,
    AddressVerdict,
    Attribution,
    Blocklist,
    BlocklistKind,
    BouncelibError,
    BounceType,
    Command,
    Defect,
    EnhancedStatus,
    Evidence,
    Feedback,
    Finding,
    Kind,
    Original,
    Proof,
    Provenance,
    ProvenanceVerdict,
    Reason,
    Recipient,
    Reply,
    Report,
    Timing,
    UnparsedField,
    Value,
)
from .parser import DEFAULT, Parser
from .provenance.verp import check_verp, make_verp
from .reasons import Rules
from .registry import Registry

if TYPE_CHECKING:
    import email.message

# Literal, so that a reader and a type checker see the public names without running anything.
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
    "Context",
    "Defect",
    "Detector",
    "EnhancedStatus",
    "Evidence",
    "Feedback",
    "Finding",
    "Kind",
    "Message",
    "Original",
    "Parser",
    "Proof",
    "Provenance",
    "ProvenanceVerdict",
    "Reason",
    "Recipient",
    "Registry",
    "Reply",
    "Report",
    "Rules",
    "TextFormat",
    "Timing",
    "UnparsedField",
    "Value",
    "__version__",
    "check_bounce_address",
    "check_verp",
    "make_verp",
    "parse",
    "parse_log_line",
    "parse_many",
    "parse_refusals",
    "parse_reply",
]

__version__ = "0.1.0"


def parse(
    raw: bytes | bytearray | memoryview | email.message.Message,
    *,
    context: Context | None = None,
    parser: Parser | None = None,
) -> Report:
    """Everything that the message in `raw` reports; pure, and never raises on input.

    `context` is what the caller knows about itself, `parser` the detectors and rules to use instead of the default.
    """
    return (parser or DEFAULT).parse(raw, context=context)


def parse_many(
    messages: Iterable[bytes | bytearray | memoryview | email.message.Message],
    *,
    jobs: int = 1,
    context: Context | None = None,
    parser: Parser | None = None,
) -> Iterator[Report]:
    """The report on each of `messages`, in their order, by `jobs` processes, this one among them: 0 for one a CPU.

    Messages are asked for as reports are taken, a few batches ahead at most. Raises `BouncelibError` where a worker
    process dies, behind the reports on what came before, and where `context` or `parser` cannot be sent to one. With
    several processes a script has to call it under `if __name__ == "__main__":`.
    """
    from .workers import in_order

    work = functools.partial(parse, context=context, parser=parser)
    owned = (bytes(raw) if isinstance(raw, memoryview) else raw for raw in messages)  # a view cannot be sent
    return in_order(work, owned, jobs, len)


parse_reply = DEFAULT.parse_reply
parse_log_line = DEFAULT.parse_log_line
parse_refusals = DEFAULT.parse_refusals
