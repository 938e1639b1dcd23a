"""CommuniGate Pro: one paragraph a recipient, with the module that gave up."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["COMMUNIGATE"]

#     Failed to deliver to 'anne@example.com'
#     SMTP module(domain example.com) reports:
#      host mx.example.com says:
#      550 5.1.1 User unknown
COMMUNIGATE = TextFormat(
    name="communigate",
    start=("failed to deliver to '", "message delivery to '"),
    headers={"from": ("mailer-daemon", "postmaster", "mail delivery")},
    recipient=(r"^(?:Failed to deliver to|Message delivery to) '<?(?P<address>[^'<>]{1,320}?)>?'",),
    fields=(r"^\s*host (?P<remote_mta>\S{1,255}) says:",),
    delay=("' delayed",),
    reports_only=True,
    trusted=True,
)
