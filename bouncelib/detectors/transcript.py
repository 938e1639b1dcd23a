"""Sendmail and its likes: the list of failed addresses, and the transcript of the session.

Two detectors, for the list is a known format and the transcript is not; both are code because a section's heading and
the lines before one decide what it means:

       ----- The following addresses had permanent fatal errors -----
    <anne@example.com>
        (reason: 550 5.1.1 User unknown)
        (expanded from: <sales@example.org>)

       ----- Transcript of session follows -----
    ... while talking to mx.example.com.:
    >>> DATA
    <<< 550 5.1.1 User unknown
    550 5.1.1 <anne@example.com>... User unknown
    <<< 554 5.5.1 Error: no valid recipients
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .. import address as addresses
from .. import status
from ..body import Body
from ..detector import MAX_DIAGNOSTIC_LINES, first_of, is_letter
from ..marks import is_report
from ..mime import Message, read_headers
from ..model import Finding, Kind, Value
from ..phrases import has_any

__all__ = ["Sendmail", "Transcript"]

# The usual heading has no dash among its words, which takes a quarter of the time.
_HEADING = re.compile(
    r"^\s*-{3,6}\s?(?P<words>[A-Za-z](?:[^-]{3,100}+(?=-{3,6}\s*$)|(?:[^-]|-(?!-)){3,100}+))\s?-{3,6}\s*$"
)
_WARNING = ("warning: could not send message for past", "this is a warning message only",
            "warning: message still undelivered", "had transient non-fatal errors")  # fmt: skip
_ADDRESS = r"(?P<address><[^<>]{1,320}>|\"[^\"]{1,320}\"(?:@[^\s<>()\[\]]{1,255})?|[^\s<>()\[\]:;,\"|]{1,320})"
_LISTED = re.compile(rf"^\s?{_ADDRESS}(?:\s+[(\[](?P<what>[^()\[\]]{{1,300}})[)\]])?\s*$")
_KINDS = {"delayed": Kind.DELAY, "failed": Kind.BOUNCE}
# Sendmail 8.6: "The following addresses had delivery problems", and behind each which.
_VERDICTS = {"unrecoverable error": "failed", "transient failure": "delayed"}
_MARKED = re.compile(r"^>>> [^\s<>]{1,320} (?P<address><[^<>]{1,320}>)\s*$")  # Active!hunter
_MAX_NOTE = 4000
_MAX_RETURNED = 1 << 16
_NOTE = re.compile(r"^\s*\((?P<what>reason|expanded from): ?(?P<text>.*)$")


class Sendmail:
    """The sections of addresses in reports of Sendmail and its imitators."""

    name = "sendmail"
    reports_only = True
    phrases = ("following addresses ha",)

    def find(self, message: Message) -> Iterator[Finding]:
        body = message.body
        first = body.lower.find(self.phrases[0])
        if first < 0 or is_letter(message) or not is_report(message.headers):
            return
        begin, left = body.lower.count("\n", 0, first), body.lower.count(self.phrases[0])
        warning = "warning" in message.headers.raw("subject").lower()
        action = ""
        entry: dict[str, Value] | None = None
        noted, apart = "", False
        for index, line in enumerate(body.lines[begin:], begin):
            if "---" in line and (heading := _HEADING.match(line)):
                if entry is not None:
                    yield _finding(entry, action)
                entry, noted, apart = None, "", False
                action = _action(heading["words"].lower(), warning=warning)
                left -= bool(action)
            elif not action:
                if not left:
                    return
            elif not line or line.isspace():
                # The list goes without blank lines; what follows one is something else, unless it is the first.
                apart = True
                if entry is not None:
                    yield _finding(entry, action)
                    if not left:
                        return
                    entry, noted, action = None, "", ""
            else:
                note = _NOTE.match(line) if "(" in line else None
                if note and entry is not None:
                    noted = "diagnostic" if note["what"] == "reason" else "original_address"
                    entry.setdefault(noted, body.value(note["text"], index, f"note {note['what']}"))
                elif noted and entry is not None and line[0].isspace() and _is_open(entry[noted].text):
                    entry[noted] = _with_text(entry[noted], f"{entry[noted].text} {line.strip()}")
                elif listed := _LISTED.match(line) or _MARKED.match(line):
                    if apart and "@" not in listed["address"]:
                        continue
                    if entry is not None:
                        yield _finding(entry, action)
                    entry, noted = {"address": body.value(listed["address"], index, "listed address")}, ""
                    what = listed["what"] if listed.re is _LISTED else None
                    if what in _VERDICTS:
                        action = _VERDICTS[what]
                    elif what:
                        entry["diagnostic"] = body.value(what, index, "listed address")
        if entry is not None:
            yield _finding(entry, action)


def _action(words: str, *, warning: bool) -> str:
    """The action that a heading gives to the addresses below it; empty where none follow."""
    if not words.startswith("the following addresses ha"):
        return ""
    if "transient" in words or "warning" in words or "delay" in words or (warning and "fatal" not in words):
        return "delayed"
    if "success" in words:
        return "delivered"
    return "failed" if "error" in words or "fail" in words or "problem" in words else "unknown"


def _finding(entry: dict[str, Value], action: str) -> Finding:
    values = {name: _with_text(value, _bare(name, value.text)) for name, value in entry.items()}
    if action == "unknown":
        # "The following addresses have delivery notifications": each says what became of it, "(failed: ...)".
        action = values["diagnostic"].text.partition(":")[0] if "diagnostic" in values else "failed"
    address = values["address"]
    stated = Value(action, address.part, address.line, "heading")
    return Finding(kind=_KINDS.get(action, Kind.SUCCESS), action=stated, **values)  # type: ignore[arg-type]


def _with_text(value: Value, text: str) -> Value:
    return value if text == value.text else Value(text, value.part, value.line, value.rule)


def _bare(name: str, text: str) -> str:
    text = text.strip()
    if name.endswith("address"):
        return text.removesuffix(")").strip()
    return text.removesuffix(")").strip() if text.count(")") > text.count("(") else text


def _is_open(text: str) -> bool:
    """Whether a note that began with a parenthesis, which is not in `text`, goes on in the next line."""
    if len(text) > _MAX_NOTE:
        return False
    return not text.rstrip().endswith(")") or text.count(")") <= text.count("(")


_HOST = re.compile(r"(?i)^\s*(?:\.\.\. )?while talking to (?P<host>[^\s:]{1,255})\.?:?\s*$")
_HOST_BEGINS = frozenset("wW.")
_SAID = re.compile(r"^\s*<<<\s?(?P<text>.*)$")
_SENT = re.compile(r"^\s*>>>\s?(?P<text>.*)$")
_RCPT = re.compile(r"(?i)^RCPT TO:\s?<(?P<address>[^<>]{1,320})>")
# "550 5.1.1 <anne@example.com>... User unknown", with or without codes; a transcript has no other addresses of its own.
_OWN = re.compile(
    rf"^(?:[245]\d\d[ -])?(?:[245]\.\d{{1,3}}\.\d{{1,3}} )?{_ADDRESS}\.\.\. (?P<text>.+)$"
)  # fmt: skip
# Sendmail 5 may name the host alone: "421 example.net (smtp)... Deferred: Connection timed out".
_HOST_VERDICT = re.compile(
    r"^[45]\d\d (?P<host>[A-Za-z0-9-]{1,63}\.[A-Za-z0-9.-]{1,190}?)\.?(?: \([a-z]{1,20}\))?\.\.\. \S"
)
# Sendmail's verdicts on what went well.
_GOOD = {
    "expanded to multiple addresses": "expanded",
    "successfully delivered": "delivered",
    "relayed; expect no further notifications": "relayed",
}
_REPLY = re.compile(r"^[45]\d\d[ -]")
_CONTINUED = re.compile(r"^\d\d\d-")
_CLOSING = re.compile(r"(?i)^\s*-{3,6}\s?(?:unsent message|original message|message header|the unsent|end of)")


class Transcript:
    """The SMTP dialogue that Sendmail and its likes return, and their own verdicts between its lines."""

    name = "transcript"
    reports_only = True
    phrases = ("transcript of session follows", "transcript of the session follows", "while talking to ")

    def find(self, message: Message) -> Iterator[Finding]:
        body = message.body
        low = body.lower
        begin = first_of(self.phrases, low)
        if begin < 0 or is_letter(message) or not is_report(message.headers):
            return
        is_warning = ("warning" in low or "transient" in low) and has_any(low, _WARNING)
        kind = Kind.DELAY if is_warning else Kind.BOUNCE
        first = low.count("\n", 0, begin)
        found = list(_read(body, first, kind))
        # What was said to nobody in particular counts only where nobody is named: RSET, QUIT, "no valid recipients".
        named = [finding for finding in found if finding.address]
        if named:
            yield from named
        else:
            yield from found
            yield from _of_hosts(body, first, kind)


class _Dialogue:
    """Where the reading stands: with whom, after which command, and what was said since the last verdict."""

    __slots__ = ("command", "heard", "host", "recipient", "said", "said_at")

    def __init__(self) -> None:
        self.host: Value | None = None
        self.turn()

    def turn(self, command: Value | None = None, recipient: Value | None = None) -> None:
        """Forget what was said; what follows is said after `command`, which is about `recipient`."""
        self.command = command
        self.recipient = recipient
        self.said: list[str] = []
        self.said_at = 0
        self.heard = False

    def add(self, text: str, index: int) -> None:
        if not self.said:
            self.said_at = index
        if len(self.said) < MAX_DIAGNOSTIC_LINES:
            self.said.append(text.strip())


def _read(body: Body, begin: int, kind: Kind) -> Iterator[Finding]:
    at = _Dialogue()
    for index, line in enumerate(body.lines[begin:], begin):
        stripped = line.strip()
        first = stripped[:1]
        if first == "-" and _CLOSING.match(line):
            break
        if first in _HOST_BEGINS and (match := _HOST.match(line)):
            if at.said:
                yield from _unclaimed(body, at, kind)
            at.host = body.value(match["host"].removesuffix(".") or ".", index, "transcript")
            at.turn()
        elif first == ">" and (match := _SENT.match(line)):
            if at.said:
                yield from _unclaimed(body, at, kind)
            named = _RCPT.match(match["text"])
            recipient = body.value(named["address"], index, "transcript") if named else None
            at.turn(body.value(match["text"], index, "transcript"), recipient)
        elif first == "<" and (match := _SAID.match(line)):
            if at.said and _REPLY.match(match["text"]) and not _CONTINUED.match(at.said[-1]):
                yield from _unclaimed(body, at, kind)
                at.turn(at.command)
            at.add(match["text"], index)
            at.heard = True
        elif "... " in line and (match := _OWN.match(line)):
            if "@" in match["address"] or match["address"].startswith("<"):
                address = body.value(match["address"], index, "transcript verdict")
                if action := _GOOD.get(match["text"].strip().lower()):
                    yield Finding(address, action=_with_text(address, action), kind=Kind.SUCCESS)
                else:
                    yield from _verdict(body, at, address, stripped, index, kind)
                at.turn(at.command)
        elif not stripped or "transcript of " in line.lower():
            if at.said or at.recipient:
                yield from _unclaimed(body, at, kind)
                at.turn(at.command)
        else:
            # What a local program said, or Sendmail itself: the verdict is still to come.
            at.add(stripped, index)
    yield from _unclaimed(body, at, kind)


def _of_hosts(body: Body, begin: int, kind: Kind) -> Iterator[Finding]:
    """The only addressee at a host that failed: a host that takes no mail fails whoever is there."""
    for index, line in enumerate(body.lines[begin:], begin):
        if not (match := _HOST_VERDICT.match(line)):
            continue
        headers, _ = read_headers(body.returned[:_MAX_RETURNED])
        listed = {address.lower(): address for name in ("to", "cc") for address in _listed(headers.get_all(name))}
        there = [address for low, address in listed.items() if addresses.domain_of(low) == match["host"].lower()]
        if len(there) == 1:
            address = Value(there[0], body.returned_part, rule="only addressee at the host")
            yield Finding(address, diagnostic=body.value(line, index, "transcript verdict"), kind=kind)
        return


def _listed(values: Iterable[str]) -> list[str]:
    return [address for value in values for address in addresses.find(value[:_MAX_NOTE])]


def _verdict(body: Body, at: _Dialogue, address: Value, own: str, index: int, kind: Kind) -> Iterator[Finding]:
    """What was said about `address`: the server's words before Sendmail's own, which often knows worse."""
    host, command = (at.host, at.command) if at.heard else (None, None)
    if command and command.text[:4].upper() == "DATA" and at.said and " 5.1." in f" {own}":
        # With PIPELINING the replies to RCPT are read when DATA has been sent.
        command = Value("RCPT", command.part, command.line, "pipelined")
    if at.said:
        said = body.value("\n".join(at.said), at.said_at, "transcript")
        yield Finding(address, diagnostic=said, command=command, remote_mta=host, kind=kind)
        if status.find(said.text):
            return
    yield Finding(address, diagnostic=body.value(own, index, "transcript verdict"), remote_mta=host, kind=kind)


def _unclaimed(body: Body, at: _Dialogue, kind: Kind) -> tuple[Finding, ...]:
    """What was said and got no verdict: it is about the recipient of the command, else about the whole report."""
    if not at.said or not any(map(_REPLY.match, at.said)):
        return ()
    said = body.value("\n".join(at.said), at.said_at, "transcript")
    return (Finding(at.recipient, diagnostic=said, command=at.command, remote_mta=at.host, kind=kind),)
