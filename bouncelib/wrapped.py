"""Reports that a filter on their way has put into a message of its own (InterScan, SpamAssassin's `report_safe`).

Only a machine's wrapping is taken off: the wrapper claims the same daemon as its sender. A person who forwards a bounce
as an attachment has written ordinary mail.
"""

from __future__ import annotations

import re

from .mime import DELIVERY_STATUS, Message, Part

__all__ = ["unwrap"]

_DAEMON = re.compile(r"(?i)\b(?:mailer-daemon|postmaster|mdaemon|mail-daemon)@")
_DEPTH = 3


def unwrap(message: Message) -> Message:
    """The report inside `message` where that only wraps it, else `message` itself."""
    for _ in range(_DEPTH):
        inner = _wrapped(message)
        if inner is None:
            break
        defects = message.defect_list
        message = Message(inner.tree.raw[inner.start : inner.end], defects)
        message.root.tree.note("report-wrapped")
    return message


def _wrapped(message: Message) -> Part | None:
    if not message.root.children or "message/rfc822" not in message.types or message.is_delivery_status:
        return None
    if not _DAEMON.search(message.headers.raw("from")):
        return None
    for part in message.parts:
        if part.content_type == "message/rfc822":
            inner = part.embedded()
            is_report = any(below.content_type in DELIVERY_STATUS for below in inner.walk())
            return inner if is_report and _DAEMON.search(inner.headers.raw("from")) else None
    return None
