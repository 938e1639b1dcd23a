"""MDaemon: the addresses, then a transcript of the session."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["MDAEMON", "MDAEMON_LOCAL"]

MDAEMON = TextFormat(
    name="mdaemon",
    start=("did not receive a copy of your message:", "have not yet received your message:"),
    recipient=(rf"^>\s*(?P<address>{ADDRESS})\s*$",),
    fields=(
        r"(?:^\s+|<-- )(?P<diagnostic>[45]\d\d[ -].*)",
        r"Attempting SMTP connection to (?:\[)?(?P<remote_mta>[A-Za-z0-9.:-]{3,250})",
    ),
    delay=("have not yet received your message:", "delivery will be attempted again"),
    paragraph=False,
    reports_only=True,
    trusted=True,
)

MDAEMON_LOCAL = TextFormat(
    name="mdaemon-local",
    headers={"message-id": "<mdaemon"},
    start=(" - no such user here.",),
    recipient=(rf"^(?P<address>{ADDRESS})\s+- (?P<diagnostic>no such user here.*)$",),
    trusted=True,
)
