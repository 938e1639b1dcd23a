"""Haraka, from version 2 on; the older ones have no delivery-status part."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["HARAKA"]

# config/outbound.bounce_message: all recipients in one line, with a reason for all, then those that were refused
# one by one: "<anne@example.com>: 550 5.1.1 User unknown".
HARAKA = TextFormat(
    name="haraka",
    start=("this is the haraka mailer program at",),
    recipient=(
        r"^<(?P<address>[^<>]{1,320})>: (?P<diagnostic>.+)",
        r"^Intended Recipients: (?P<address><.{1,10000}>)\s*$",
    ),
    skip=("failure reason: error: some recipients failed",),
    end=("--- below this line",),
    reports_only=True,
    trusted=True,
)
