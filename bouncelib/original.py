"""The returned message: as a part of its own (RFC 6522), as headers only, or pasted below the text of the report."""

from __future__ import annotations

import re

from . import address as addresses
from .frozen import maker
from .header import NO_FIELDS
from .merge import parse_date
from .mime import RETURNED, Headers, Message, read_headers
from .model import Original

__all__ = ["find_original"]

# The characters of nearly all are listed, since `re` is slow to ask of one whether it is white space.
_MESSAGE_ID = re.compile(r"<(?:[!-;=?-~]{1,990}>|[^<>\s]{1,990}>)")
_make = maker(Original)
# Where servers leave the envelope sender in the returned header.
_SENDER = ("return-path", "x-envelope-from", "x-mail-from", "envelope-from", "x-envelope-sender")


def find_original(message: Message) -> tuple[Original | None, Headers]:
    """What the report returns of the message that it is about, or `None`; and the header that it was read from."""
    for part in message.parts:
        if part.content_type in RETURNED:
            inner = part.embedded()
            if inner.headers.fields:
                whole = "headers" not in part.content_type and inner.body < inner.end
                return _original(inner.headers, complete=whole), inner.headers
    body = message.body
    if body.returned:
        headers, rest = read_headers(body.returned)
        return _original(headers, complete=bool(rest.strip())), headers
    return None, NO_FIELDS


def _original(headers: Headers, *, complete: bool) -> Original:
    get = headers.get
    message_id = get("message-id")
    match = _MESSAGE_ID.search(message_id) if message_id else None
    return _make(
        match[0] if match else (message_id or None),
        _sender(headers),
        get("from"),
        get("to"),
        get("subject"),
        parse_date(get("date")),
        get("list-id") or None,
        headers.decoded(),
        complete,
    )


def _sender(headers: Headers) -> str | None:
    """The envelope sender; the empty string where it was the null sender."""
    for name in _SENDER:
        if name in headers.first:
            value = headers.get(name) or ""
            if value == "<>":
                return ""
            address = addresses.clean(value)
            if address and "@" in address:
                return address
    return None
