"""Oracle (Sun, iPlanet) Messaging Server and PMDF.

Code around a table, because the report opens with the header of the returned message, as a quotation, and goes on after
it: everywhere else a report ends where the returned message begins.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..address import ADDRESS
from ..body import Body, Span
from ..detector import TextFormat
from ..marks import is_report
from ..mime import Message
from ..model import Finding

__all__ = ["MessagingServer"]

_LIMIT = 1 << 16
_OPENINGS = (
    "this report relates to a message you sent with the following header fields",
    "votre message dont l'en-tête contient les champs suivants",
)
_FORMAT = TextFormat(
    name="messagingserver",
    start=(
        "your message cannot be delivered to the following recipients",
        "your message has been enqueued and undeliverable for",
        "your message has not been delivered to the following recipients",
        "your message is being delayed in delivery to the following recipients",
        "your message is being returned",
    ),
    recipient=(rf"^\s*Recipient address:\s*<?(?P<address>{ADDRESS})>?\s*$",),
    fields=(
        rf"^\s*Original address:\s*<?(?P<original_address>{ADDRESS})>?\s*$",
        r"^\s*(?:Reason|Diagnostic code|Error):\s*(?P<diagnostic>.+)$",
        r"^\s*Remote system:\s*(?:dns;)?\s*(?P<remote_mta>[^\s();]{1,250})",
    ),
    delay=(
        "your message has been enqueued and undeliverable for",
        "your message is being delayed",
        "the mail system will continue to try to deliver",
    ),
    trusted=True,
)


class MessagingServer:
    """Oracle (Sun, iPlanet) Messaging Server and PMDF."""

    name = _FORMAT.name
    reports_only = True
    phrases = _OPENINGS

    def find(self, message: Message) -> Iterator[Finding]:
        if not is_report(message.headers):
            return
        for part in message.parts:
            if part.content_type != "text/plain":
                continue
            text = part.opening(_LIMIT)
            head = text[:4096].lower()
            if any(opening in head for opening in _OPENINGS):
                yield from _FORMAT.read(Body((Span(part.section, text, 0),)), message.headers)
                return
