"""Smail 3: a log, then the failed addresses, each with its error behind three dots."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["SMAIL"]

SMAIL = TextFormat(
    name="smail",
    start=("failed addresses follow: -",),
    recipient=(r"^\s*<?(?P<address>[^\s<>]{1,320}@[^\s<>]{1,255})>?\s+\.\.\. (?P<diagnostic>.+)",),
    end=("message text follows: -",),
    reports_only=True,
    trusted=True,
)
