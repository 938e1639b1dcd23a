"""Courier: who was not reached, with the SMTP dialogue, in the text of its reports."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["COURIER"]

# courier/module.dsn/dsn.c:
#     <anne@example.com>:
#          mx.example.com [192.0.2.1]:
#      >>> RCPT TO:<anne@example.com>
#      <<< 550 5.1.1 User unknown
COURIER = TextFormat(
    name="courier",
    start=("your message to the following recipients cannot be delivered", "delays in delivering your message"),
    recipient=(r"^ {0,2}<(?P<address>[^<>]{1,320})>:\s*$",),
    fields=(
        r"^\s*<<< (?P<diagnostic>.+)",
        r"^\s*>>> (?P<command>.+)",
        r"^\s+(?P<remote_mta>[A-Za-z0-9_.-]{1,255}) \[[0-9A-Fa-f.:]{2,60}\]:\s*$",
    ),
    end=("if your message was also sent to additional recipients",),
    delay=("delays in delivering your message",),
    reports_only=True,
    trusted=True,
)
