"""MDaemon: the addresses, then a transcript of the session."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["MDAEMON", "MDAEMON_LOCAL"]

MDAEMON = TextFormat(
    name="mdaemon",
    start=(
        "did not receive a copy of your message:",
        "have not yet received your message:",
        "the attached message had permanent fatal delivery errors",
        "the attached message had permanent non-fatal delivery errors",
        "the attached message had transient non-fatal delivery errors",
        "the attached message had transient delivery errors",
    ),
    recipient=(
        rf"^(?:>|Failed address:)\s*(?P<address>{ADDRESS})\s*$",
        rf"^(?P<address>{ADDRESS}); Action: (?P<action>[A-Za-z]{{3,20}})\s*$",
    ),
    fields=(
        r"(?:^\s+|<-- )(?P<diagnostic>[45]\d\d[ -].*)",
        r"Attempting SMTP connection to \[?(?P<remote_mta>[A-Za-z0-9.-]{3,250})",
    ),
    delay=(
        "have not yet received your message:",
        "delivery will be attempted again",
        "the attached message had transient",
    ),
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
