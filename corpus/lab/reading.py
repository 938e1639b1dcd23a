"""What stands in a report, read with the standard library alone, so that no expectation comes from what is tested."""

from __future__ import annotations

import email
import email.message
import email.policy
import re

__all__ = [
    "action_of",
    "actions",
    "blocks",
    "finals",
    "handed_over_by",
    "header",
    "returned",
    "said_in",
    "status_of",
    "statuses",
    "words",
]

_RETURNED = {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"}
_STATUSES = {"message/delivery-status", "message/global-delivery-status"}
_FIELD = r"(?im)^{}:\s*(?:[\w-]+\s*;\s*)?(.*(?:\n[ \t]+.*)*)"


def _parts(raw: bytes) -> list[tuple[str, str]]:
    """The leaves of the report with their types, and the returned message as a leaf."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    found: list[tuple[str, str]] = []
    waiting = [message]
    while waiting:
        part = waiting.pop(0)
        kind = part.get_content_type()
        if part.is_multipart() and kind not in _RETURNED | _STATUSES:
            waiting = [*[p for p in part.get_payload() if isinstance(p, email.message.Message)], *waiting]
        elif kind in _RETURNED | _STATUSES:
            encoding = str(part.get("Content-Transfer-Encoding", "")).lower()
            if encoding in {"base64", "quoted-printable"} and not part.is_multipart():
                found.append((kind, _text(part)))
            else:
                found.append((kind, part.as_bytes().partition(b"\n\n")[2].decode("utf-8", "replace")))
        else:
            found.append((kind, _text(part)))
    return found


def _text(part: email.message.Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def header(raw: bytes) -> str:
    """The header of the report itself."""
    return raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("utf-8", "replace")


def returned(raw: bytes) -> str:
    """The returned message or its header; in a report without parts, what begins with a trace line."""
    parts = _parts(raw)
    texts = [text for kind, text in parts if kind in _RETURNED]
    if texts:
        return texts[0]
    match = re.search(r"(?ms)^(?:Return-Path|Received|Message-ID): .*", "\n".join(text for _, text in parts))
    return match[0] if match else ""


def words(raw: bytes) -> str:
    """All that the report itself says, without its header and without the returned message."""
    parts = _parts(raw)
    text = "\n".join(text for kind, text in parts if kind not in _RETURNED)
    original = returned(raw)
    return text.replace(original, "") if original else text


def blocks(raw: bytes) -> list[str]:
    """The blocks of fields (RFC 3464 section 2.1): the one of the message, then one for each recipient."""
    text = "\n\n".join(text for kind, text in _parts(raw) if kind in _STATUSES)
    return re.split(r"\n\s*\n", text.replace("\r\n", "\n"))


def actions(raw: bytes) -> set[str]:
    """The Action fields (RFC 3464 section 2.3.3)."""
    return {match.lower().strip() for block in blocks(raw) for match in re.findall(_FIELD.format("Action"), block)}


def status_of(raw: bytes, address: str) -> str:
    """The Status field (RFC 3464 section 2.3.4) of the block that names `address`, or an empty text."""
    return _field_of(raw, address, "Status")


def action_of(raw: bytes, address: str) -> str:
    """The Action field (RFC 3464 section 2.3.3) of the block that names `address`, or an empty text."""
    return _field_of(raw, address, "Action").lower()


def statuses(raw: bytes) -> set[str]:
    """All enhanced status codes that the report has anywhere."""
    return set(re.findall(r"(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?![\w.]*\d)", words(raw)))


def _field_of(raw: bytes, address: str, name: str) -> str:
    for block in blocks(raw):
        if address.lower() in block.lower() and (match := re.search(_FIELD.format(name), block)):
            return match[1].split()[0] if match[1].split() else ""
    return ""


def finals(raw: bytes) -> list[str]:
    """The Final-Recipient fields (RFC 3464 section 2.3.2), in small letters."""
    found = [match for block in blocks(raw) for match in re.findall(_FIELD.format("Final-Recipient"), block)]
    return [value.strip().strip("<>").lower() for value in found]


def handed_over_by(raw: bytes, host: str) -> str:
    """Who gave the returned message to `host`, by the trace that it added itself; hops within `host` do not count."""
    text = re.sub(r"\n[ \t]+", " ", returned(raw).replace("\r\n", "\n"))
    for line in re.findall(r"(?im)^Received:\s*(.*)", text):
        match = re.match(r"(?i)\(?from\s+(\S+)", line)
        giver = match[1].strip("()[]").lower() if match else ""
        if "." in giver and giver != host and not giver.startswith("127."):
            return giver
    return ""


def said_in(raw: bytes, reply: str) -> bool:
    """Whether a reply is told in the report: its words of four letters and more, and its code."""
    text = re.sub(r"\s+", "", words(raw)).lower()
    expected = re.findall(r"[A-Za-z]{4,}", re.sub(r"<[^>]*>|https?://\S+|\{\w+\}", " ", reply))
    return bool(expected) and all(word.lower() in text for word in expected)
