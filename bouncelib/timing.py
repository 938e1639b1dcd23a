"""Synchronous or asynchronous: was the refusal given while the connection was open, or after the message was accepted?

Who reports decides. A report by one of our own servers is about a refusal that it was given (or about its own queue,
or its own mailboxes): responsibility never passed over. A report by anybody else is about a message that they accepted.
Without a context nothing here tells the two apart, and the answer is `unknown`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .address import domain_of
from .context import Context
from .mime import Message
from .model import Evidence, Timing

__all__ = ["Reporter", "decide", "find_reporter"]

_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)")
_FROM = re.compile(r"^\s*from\s+([^\s;()]+)(?:\s*\(([^()]*)\))?")
_IP = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]+)\]")


class Reporter(NamedTuple):
    """The host that wrote a report, and what names it."""

    host: str
    rule: str


def find_reporter(message: Message, reporting_mta: str | None) -> Reporter | None:
    """Who wrote a report: Reporting-MTA, else the host of its oldest Received line, else the domain of its From."""
    if reporting_mta and ("." in reporting_mta or reporting_mta.startswith("[")):
        return Reporter(reporting_mta.lower(), "field reporting-mta")
    received = [value for name, value in message.headers.fields if name.lower() == "received"]
    for line in reversed(received):
        match = _FROM.match(line) or _BY.search(line)
        if match and "." in match[1]:
            return Reporter(match[1].lower(), "oldest Received of the report")
    sender = message.headers.get("from") or ""
    domain = domain_of(sender.rstrip("> )").strip())
    if domain:
        return Reporter(domain, "domain of the report's From")
    return None


def decide(reporter: Reporter | None, context: Context) -> tuple[Timing, Evidence]:
    """The timing of every refusal in a report that `reporter` wrote, and why."""
    if not context.own_mtas or reporter is None:
        return Timing.UNKNOWN, Evidence("timing", "timing", "nothing tells who reports")
    if context.is_own_host(reporter.host):
        return Timing.SYNCHRONOUS, Evidence(
            "timing", "timing", f"reported by an own server ({reporter.rule})", text=reporter.host
        )
    return Timing.ASYNCHRONOUS, Evidence(
        "timing", "timing", f"reported by a foreign server ({reporter.rule})", text=reporter.host
    )
