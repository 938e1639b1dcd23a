"""Postal: one recipient a report, in labelled lines, and without a word of what the other server said."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["POSTAL"]

# app/lib/bounce_message.rb
POSTAL = TextFormat(
    name="postal",
    start=("this is the mail delivery service responsible for delivering mail to",),
    recipient=(rf"^\s*(?:Rcpt To|Message to|Recipient):\s*<?(?P<address>{ADDRESS})>?\s*$",),
    skip=("message token:", "mail from:"),
    paragraph=False,
    quiet=True,
    reports_only=True,
    trusted=True,
)
