"""A message of the standard library back to bytes, whatever it was made of.

A caller may have built it by hand or damaged it since: nothing here raises, and what can be written is kept.
"""

from __future__ import annotations

import email.message
import email.policy
from collections.abc import Callable
from typing import Any

from .charset import raw_bytes
from .header import parameters

__all__ = ["flatten"]

_MAX_DEPTH = 32

_POLICY = email.policy.compat32.clone(mangle_from_=False, max_line_length=0)


def flatten(message: email.message.Message) -> bytes:
    """The bytes of `message`, as the standard library writes them, else as much as can be had of it.

    Raises `TypeError` for what is no such message.
    """
    if not isinstance(message, email.message.Message):
        raise TypeError(f"a message is bytes or an email.message.Message, not {type(message).__name__}")
    try:
        return message.as_bytes(policy=_POLICY)
    except Exception:  # noqa: BLE001 - headers and payloads may be objects of any kind, charsets untrue, trees deep
        return raw_bytes(_flatten_damaged(message, 0))


def _flatten_damaged(message: email.message.Message, depth: int) -> str:
    """What can be had of a message that the standard library cannot write: its fields, and its text or its parts."""
    payload = _try(message.get_payload)
    items = _try(lambda: list(message.raw_items())) or []
    fields = []
    boundary = ""
    for key, value in items:
        name, text = _text_of(key), _text_of(value)
        if name.lower() == "content-type" and not boundary:
            boundary = parameters(text).get("boundary", "").strip()
            if not boundary and isinstance(payload, list):
                boundary = f"bouncelib-{depth}"
                text = f"{text}; boundary={boundary}"
        fields.append(f"{name}: {text}\n")
    head = "".join(fields) + "\n"
    if not isinstance(payload, list):
        return head + _text_of(payload)
    inner = [
        _flatten_damaged(part, depth + 1)
        for part in payload
        if isinstance(part, email.message.Message) and depth < _MAX_DEPTH
    ]
    return head + "".join([f"--{boundary}\n{part}\n" for part in inner]) + f"--{boundary}--\n"


def _try(call: Callable[[], object]) -> Any:
    try:
        return call()
    except Exception:  # noqa: BLE001
        return None


def _text_of(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return "" if value is None else _try(lambda: str(value)) or ""
