"""docs/servers.md, made of the samples: what each server of the lab writes about each scenario."""

from __future__ import annotations

import email
import email.header
import email.message
import email.policy
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from lab import plan, reading
from lab.model import Sample as Planned
from lab.model import Server
from lab.servers import SERVERS

from bouncelib import testing
from bouncelib.model import Report

__all__ = ["page"]

_HEAD = """# What mail servers write

Made by `python tests/generate_docs.py` from the samples of the laboratory in [corpus/lab](../corpus/lab); do not edit.

Every report behind these tables was written by a real server, about a failure that was provoked on purpose; it stands
in `corpus/<server>/<scenario>.eml`. [The corpus](../corpus/README.md) says how to make them again.

## The form of the reports

*Form* is what carries the facts: `dsn` is a part of fields (RFC 3464), `mdn` a receipt (RFC 8098), `text` prose alone.
*Returns* says what comes back of the message. A server with several forms has them in the order of how often it uses
them.

| server | form | subject | returns | Auto-Submitted | envelope sender | fields for a recipient |
|---|---|---|---|---|---|---|
"""
_SCENARIOS = """
## The scenarios

A cell is the status that the report gives for the first recipient, `text` where it gives none. In parentheses stands
how the library reads a reason that is not in the expectations: the words of the refusal say too little, or the server
has not kept them. An empty cell: no such case exists for the server, or it writes no report then; below each table is
why.
"""
_GROUPS = (
    ("Refused after RCPT", ("rcpt-",)),
    ("Refused after the end of the data", ("end-of-data-",)),
    ("Refused at another command", ("greeting-", "ehlo-", "starttls-", "mail-", "data-")),
    (
        "Never reached",
        ("domain-", "host-", "exchanger-", "null-mx", "name-service-", "connection-", "network-", "utf8-"),
    ),
    ("Several recipients", ("three-", "mixed-")),
    (
        "Accepted, and reported later",
        ("unknown-user", "forward", "pipe-", "mailbox-", "alias-", "sieve-", "backscatter-"),
    ),
    ("Success", ("relayed", "delivered", "expanded")),
    ("Lists", ("list-",)),
)
_OURS = re.compile(r"(?:Notes of the meeting|Newsletter|Urgent: verify your account) \d{8}\.[0-9a-f]{12}")
_SHOWN = ("Status", "Diagnostic-Code", "Remote-MTA", "Original-Recipient", "Last-Attempt-Date", "Will-Retry-Until")


def page(samples: Iterable[testing.Sample]) -> str:
    """The text of docs/servers.md."""
    planned = plan.samples()
    read = {sample.name: (sample, sample.parse()) for sample in samples if sample.name in planned}
    text = _HEAD
    for server in SERVERS:
        raws = [sample.raw for name, (sample, _) in read.items() if name.startswith(f"{server.name}/")]
        text += _form(server, raws)
    return text + _SCENARIOS + "".join(_group(title, starts, planned, read) for title, starts in _GROUPS)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |\n"


def _group(
    title: str, starts: tuple[str, ...], planned: Mapping[str, tuple[object, Planned]],
    read: Mapping[str, tuple[testing.Sample, Report]],
) -> str:  # fmt: skip
    scenarios = list(dict.fromkeys(name.partition("/")[2] for name in planned if _belongs(name, starts)))
    servers = [server for server in SERVERS if any(f"{server.name}/{scenario}" in planned for scenario in scenarios)]
    text = f"\n### {title}\n\n" + _row("scenario", *(server.title for server in servers)) + "|---" * (len(servers) + 1)
    text += "|\n"
    for scenario in scenarios:
        cells = [_cell(read[name]) if (name := f"{server.name}/{scenario}") in read else "" for server in servers]
        text += _row(scenario, *cells)
    notes = [
        f"- {server.title}, `{pattern}`: {why}\n"
        for server in servers
        for pattern, why in server.silent.items()
        if pattern.startswith(starts) or pattern.startswith("*")
    ]
    return text + ("\n" + "".join(notes) if notes else "")


def _belongs(name: str, starts: tuple[str, ...]) -> bool:
    return name.partition("/")[2].startswith(starts)


def _cell(entry: tuple[testing.Sample, Report]) -> str:
    sample, report = entry
    if not report.recipients:
        return "notice"
    first = report.recipients[0]
    status = str(first.status) if first.status else "text"
    said = sample.recipients and "reason" in sample.recipients[0]
    lost = first.bounce_type is not None and not said and str(first.bounce_type) != "backscatter"
    return f"{status} ({str(first.reason).replace('_', ' ')})" if lost else status


def _form(server: Server, raws: list[bytes]) -> str:
    messages = [email.message_from_bytes(raw, policy=email.policy.compat32) for raw in raws]
    fields = Counter(name for raw in raws for name in _fields(raw))
    shown = [name for name in _SHOWN if fields[name] * 2 > len(messages)]
    return _row(
        f"[{server.title}](../corpus/{server.name})",
        _common(Counter(map(_kind, messages))),
        _common(Counter(f"“{_subject(message)}”" for message in messages), limit=2),
        _common(Counter(map(_returned, messages))),
        _common(Counter(str(message.get("Auto-Submitted", "none")).split("(")[0].strip() for message in messages)),
        _common(Counter("null" if message.get("Return-Path") == "<>" else "" for message in messages)),
        ", ".join(shown) or "none",
    )


def _common(count: Counter[str], limit: int = 3) -> str:
    return ", ".join(name for name, number in count.most_common(limit) if name and number * 20 >= count.total())


def _types(message: email.message.Message) -> set[str]:
    return {part.get_content_type() for part in message.walk()}


def _kind(message: email.message.Message) -> str:
    types = _types(message)
    if types & {"message/delivery-status", "message/global-delivery-status"}:
        return "dsn"
    return "mdn" if "message/disposition-notification" in types else "text"


def _returned(message: email.message.Message) -> str:
    types = _types(message)
    if types & {"message/rfc822", "message/global"}:
        return "message"
    return "header" if types & {"text/rfc822-headers", "message/global-headers"} else "text"


def _subject(message: email.message.Message) -> str:
    """The subject of the report, with dots where it has that of the message."""
    parts = email.header.decode_header(str(message.get("Subject", "")))
    text = "".join(part.decode(charset or "ascii") if isinstance(part, bytes) else part for part, charset in parts)
    return _OURS.sub("…", " ".join(text.replace("_", " ").split()))


def _fields(raw: bytes) -> set[str]:
    return {name for block in reading.blocks(raw)[1:] for name in _SHOWN if f"\n{name}:" in f"\n{block}"}
