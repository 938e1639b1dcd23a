"""IMail (SMTP32): a line for each recipient, perhaps with what the remote server said below it."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["IMAIL"]

IMAIL = TextFormat(
    name="imail",
    headers={"x-mailer": "<smtp32"},
    recipient=(
        (
            r"^(?P<diagnostic>(?i:unknown user|invalid final delivery userid|user mailbox exceeds allowed size"
            r"|delivery failed \d{1,6} attempts)): ?(?P<address>[^\s<>]{1,320})\s*$"
        ),
        r"^(?P<diagnostic>(?i:undeliverable))\s{1,8}to\s{1,8}(?P<address>[^\s<>]{1,320})\s*$",
    ),
    fields=(r"^(?P<command>[A-Za-z ]{4,30}?) generated (?:following )?response:",),
    end=("original message follows.",),
    paragraph=False,
    reports_only=True,
    trusted=True,
)
