"""Formats whose software nobody could name; Sisimai calls two of them X2 and X6."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["UNNAMED"]

UNNAMED = (
    TextFormat(
        name="mta-status-notification",
        start=("this delivery status notification is sent from mta",),
        recipient=(r"^Delivery failed: (?P<address>[^\s<>]{1,320}@[^\s<>]{1,255})\s*$",),
        fields=(
            r"^(?P<remote_mta>[0-9A-Fa-f.:]{7,45}) (?:does not like|failed after)",
            r"^Remote host said(?:\[[^\[\]]{0,60}\])?: ?(?P<diagnostic>.+)$",
            r"^STEP: (?P<command>[A-Z]{4,8}(?: [A-Z]{2,4})?)",
        ),
        reports_only=True,
        trusted=True,
    ),
    TextFormat(
        name="phquery",  # the directory service of CCSO, in front of Sendmail
        start=("message not delivered to the following",),
        recipient=(r"^\s+(?P<address>[^\s<>]{1,320}@[^\s<>]{1,255})(?:\s{2,}(?P<diagnostic>\S.*)|\s*)$",),
        skip=("---error detail", "---- "),
        end=("unsent message below", "please contact "),
        reports_only=True,
        trusted=True,
    ),
    TextFormat(
        name="returned-permanent-errors",
        start=(
            "the following recipients returned permanent errors",
            "the following recipients returned temporary errors",
        ),
        recipient=(
            (
                r"^The following recipients returned (?:permanent|temporary) errors: (?P<address>[^\s<>]{1,320}?)\.?"
                r"(?: Reason: (?P<diagnostic>.*))?$"
            ),
        ),
        reports_only=True,
        trusted=True,
    ),
)
