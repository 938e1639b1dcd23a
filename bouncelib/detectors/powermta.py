"""PowerMTA: a line for each recipient; what was said about it stands in the delivery-status part."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["POWERMTA"]

POWERMTA = TextFormat(
    name="powermta",
    start=("i am sending you this message to inform you on the delivery status of a",),
    recipient=(
        (
            r"^\s*<(?P<address>[^<>]{1,320})>\s+(?P<diagnostic>delivery failed; will not continue trying"
            r"|delivery not yet completed.*|delivery delayed.*)"
        ),
    ),
    reports_only=True,
    trusted=True,
)
