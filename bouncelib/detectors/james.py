"""Apache James: its own words, and the listing that its DSNBounce and NotifySender mailets make."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["JAMES", "JAMES_DETAILS"]

JAMES = TextFormat(
    name="james",
    marks=("james mail server", "list of recipients and the reason why i was unable to deliver"),
    start=("failed recipient(s):", "recipients and the reason"),
    recipient=(rf"^\s*<?(?P<address>{ADDRESS})>?\s*$",),
    skip=("error message:", "failed recipient(s):"),
    end=("the original message follows", "-original message-"),
    reports_only=True,
    trusted=True,
)

JAMES_DETAILS = TextFormat(
    name="james-details",
    marks=("  mail from: ", "  sent date: "),
    start=("error message below:", "message details:"),
    recipient=(rf"^\s+RCPT TO:\s*<?(?P<address>{ADDRESS})>?\s*$",),
    fields=(r"^\s*Error message:?\s*(?P<diagnostic>(?!below:)\S.*)$",),
    skip=(
        "error message below:",
        "message details:",
        "  subject: ",
        "  sent date: ",
        "  from: ",
        "  mail from: ",
        "  to: ",
        "  size (in bytes): ",
    ),
    end=("  number of lines: ",),
    lasting=True,
    quiet=True,
    reports_only=True,
    trusted=True,
)
