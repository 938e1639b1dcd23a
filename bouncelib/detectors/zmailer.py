"""ZMailer: a collection of reports, in words beside its delivery-status part."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["ZMAILER"]

ZMAILER = TextFormat(
    name="zmailer",
    start=("this is a collection of reports about email delivery",),
    recipient=(r"^\s+(?i:rfc822);\s?(?P<address>[^\s;]{1,320}@[^\s;]{1,255})\s*$",),
    skip=("original recipient:", "final recipient:", "control data:", "diagnostic texts:", "diagnostic text:"),
    end=("following is a copy of message/delivery-status format section",),
    reports_only=True,
    trusted=True,
)
