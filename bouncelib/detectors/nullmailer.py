"""nullmailer: the addresses stand in the text, what was said about them only in the delivery-status part."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["NULLMAILER"]

NULLMAILER = TextFormat(
    name="nullmailer",
    start=("this is the nullmailer delivery system",),
    recipient=(r"^\s+<(?P<address>[^<>]{1,320})>\s*$",),
    reports_only=True,
    trusted=True,
)
