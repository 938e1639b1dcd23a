"""Amazon SES: the notifications that it publishes through SNS, where somebody has them sent by mail.

Code because the body is JSON, in which the notification stands as a string that is JSON again:
https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

from collections.abc import Iterator

from ..mime import Message
from ..model import Feedback, Finding, Kind, Value

__all__ = ["AmazonSes"]

_LIMIT = 1 << 18
_NAMES = ('"notificationtype', '"eventtype')
# The type of a notification: the object that holds it, its list of recipients, and what that means.
_KINDS = {
    "bounce": ("bounce", "bouncedRecipients", Kind.BOUNCE, "failed"),
    "complaint": ("complaint", "complainedRecipients", Kind.COMPLAINT, ""),
    "delivery": ("delivery", "recipients", Kind.SUCCESS, "delivered"),
    "deliverydelay": ("deliveryDelay", "delayedRecipients", Kind.DELAY, "delayed"),
}
_FIELDS = {"action": "action", "status": "status", "diagnosticCode": "diagnostic"}


class AmazonSes:
    """Bounce, complaint, delivery and delay notifications of Amazon SES."""

    name = "amazon-ses"
    phrases = _NAMES

    def find(self, message: Message) -> Iterator[Finding]:
        body = message.body
        if not any(name in body.lower for name in self.phrases):
            return
        notice = _notice(body.text[:_LIMIT])
        named = _text(notice.get("notificationType")) or _text(notice.get("eventType"))
        entry = _KINDS.get(named.lower().replace(" ", ""))
        if entry is None:
            return
        part = body.spans[0].part
        holder, listed, kind, action = entry
        about = _object(notice.get(holder))
        mta = _text(about.get("reportingMTA"))
        yield Finding(
            kind=kind,
            feedback=_feedback(about) if kind is Kind.COMPLAINT else None,
            reporting_mta=Value(mta, part, rule="reportingMTA") if mta else None,
        )
        recipients = about.get(listed)
        for item in recipients if isinstance(recipients, list) else ():
            recipient = {"emailAddress": item} if isinstance(item, str) else _object(item)
            address = _text(recipient.get("emailAddress"))
            if not address:
                continue
            values = {"action": Value(action, part, rule=named)} if action else {}
            for key, field in _FIELDS.items():
                if text := _text(recipient.get(key)):
                    values[field] = Value(text, part, rule=key)
            yield Finding(address=Value(address, part, rule=listed), kind=kind, **values)  # type: ignore[arg-type]


def _notice(text: str) -> dict[str, object]:
    """The notification in `text`, unwrapped from SNS where it is wrapped."""
    outer = _read(text.replace("\n ", ""))  # SNS folds a long line by a line feed and a blank
    inner = _text(outer.get("Message"))
    return _read(inner) if inner.lstrip().startswith("{") else outer


def _read(text: str) -> dict[str, object]:
    import json

    start = text.find("{")
    if start < 0:
        return {}
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return {}
    return _object(value)


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _feedback(about: dict[str, object]) -> Feedback:
    return Feedback(
        feedback_type=_text(about.get("complaintFeedbackType")) or None,
        user_agent=_text(about.get("userAgent")) or None,
    )
