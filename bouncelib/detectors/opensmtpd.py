"""OpenSMTPD: its delivery-status part has no Diagnostic-Code, so that the reply stands in the text alone."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["OPENSMTPD"]

OPENSMTPD = TextFormat(
    name="opensmtpd",
    start=(
        "an error has occurred while attempting to deliver a message",
        "a message is delayed for more than",
    ),
    recipient=(r"^(?P<address>[^\s<>:]{1,320}@[^\s<>:]{1,255}): ?(?P<diagnostic>.*)",),
    end=("below is a copy of the original message", "please note that this is only a temporary failure report"),
    delay=("a message is delayed for more than",),
    reports_only=True,
    trusted=True,
)
