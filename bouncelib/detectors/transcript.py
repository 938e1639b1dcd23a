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
from ..detector import MAX_DIAGNOSTIC_LINES
from ..frozen import maker
from ..marks import is_letter, is_report
from ..mime import Headers, Message, read_headers
from ..model import Finding, Kind, Value
from ..phrases import first_of, has_any

__all__ = ["Sendmail", "Transcript"]

# The usual heading has no dash among its words, which takes a quarter of the time.
_HEADING = re.compile(
    r"^\s*-{3,6}\s?(?P<words>[A-Za-z](?:[^-]{3,100}+(?=-{3,6}\s*$)|(?:[^-]|-(?!-)){3,100}+))\s?-{3,6}\s*$"
)
_WARNING = ("warning: could not send message for past", "this is a warning message only",
            "warning: message still undelivered", "had transient non-fatal errors")  # fmt: skip
_ADDRESS = r"(?P<address><[^<>]{1,320}>|\"[^\"]{1,320}\"(?:@[^\s<>()\[\]]{1,255})?|[^\s<>()\[\]:;,\"|]{1,320})"
_LISTED = re.compile(rf"^\s?{_ADDRESS}(?:\s+[(\[](?P<what>[^()\[\]]{{1,300}})[)\]])?\s*$")
_BOUNCE, _DELAY, _SUCCESS = Kind.BOUNCE, Kind.DELAY, Kind.SUCCESS  # an enumeration is slow to find its members
_KINDS = {"delayed": _DELAY, "failed": _BOUNCE}
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

    def find(self, message: Message) -> list[Finding]:
        body = message.body
        low = body.lower
        first = low.find(self.phrases[0])
        if first < 0 or is_letter(message.headers) or not is_report(message.headers):
            return []
        begin, left = low.count("\n", 0, first), low.count(self.phrases[0])
        found: list[Finding] = []
        action = ""
        entry: _Entry | None = None
        noted, apart = "", False
        for index, line in enumerate(body.lines[begin:], begin):
            if "---" in line and (heading := _HEADING.match(line)):
                if entry is not None:
                    found.append(_finding(body, entry, action))
                entry, noted, apart = None, "", False
                action = _action(heading["words"].lower(), message.headers)
                left -= bool(action)
            elif not action:
                if not left:
                    return found
            elif not line or line.isspace():
                # The list goes without blank lines; what follows one is something else, unless it is the first.
                apart = True
                if entry is not None:
                    found.append(_finding(body, entry, action))
                    if not left:
                        return found
                    entry, noted, action = None, "", ""
            else:
                note = _NOTE.match(line) if "(" in line else None
                if note and entry is not None:
                    noted = "diagnostic" if note["what"] == "reason" else "original_address"
                    entry.setdefault(noted, (note["text"], index, f"note {note['what']}"))
                elif noted and entry is not None and line[0].isspace() and _is_open(entry[noted][0]):
                    text, at, rule = entry[noted]
                    entry[noted] = f"{text} {line.strip()}", at, rule
                elif listed := _LISTED.match(line) or _MARKED.match(line):
                    if apart and "@" not in listed["address"]:
                        continue
                    if entry is not None:
                        found.append(_finding(body, entry, action))
                    entry, noted = {"address": (listed["address"], index, "listed address")}, ""
                    what = listed["what"] if listed.re is _LISTED else None
                    if what in _VERDICTS:
                        action = _VERDICTS[what]
                    elif what:
                        entry["diagnostic"] = what, index, "listed address"
        if entry is not None:
            found.append(_finding(body, entry, action))
        return found


# The texts of one listed address by the names of their fields, each with its line and the rule that took it.
_Entry = dict[str, tuple[str, int, str]]


def _action(words: str, headers: Headers) -> str:
    """The action that a heading gives to the addresses below it; empty where none follow."""
    if not words.startswith("the following addresses ha"):
        return ""
    if "transient" in words or "warning" in words or "delay" in words:
        return "delayed"
    if "fatal" not in words and "warning" in headers.raw("subject").lower():
        return "delayed"
    if "success" in words:
        return "delivered"
    return "failed" if "error" in words or "fail" in words or "problem" in words else "unknown"


def _finding(body: Body, entry: _Entry, action: str) -> Finding:
    address, original, told = entry["address"], entry.get("original_address"), entry.get("diagnostic")
    diagnostic = body.value(_closed(told[0]), *told[1:]) if told else None
    if action == "unknown":
        # "The following addresses have delivery notifications": each says what became of it, "(failed: ...)".
        action = diagnostic.text.partition(":")[0] if diagnostic else "failed"
    return _make(
        body.value(_bare(address[0]), *address[1:]),
        body.value(_bare(original[0]), *original[1:]) if original else None,
        body.value(action, address[1], "heading"),
        None, diagnostic, None, None, None, None, None, None, None,
        _KINDS.get(action, _SUCCESS),
    )  # fmt: skip


def _bare(text: str) -> str:
    return text.strip().removesuffix(")").strip()


def _closed(text: str) -> str:
    """`text` without the parenthesis that ends the note and was opened in front of it."""
    text = text.strip()
    return text.removesuffix(")").strip() if text.count(")") > text.count("(") else text


def _is_open(text: str) -> bool:
    """Whether a note that began with a parenthesis, which is not in `text`, goes on in the next line."""
    if len(text) > _MAX_NOTE:
        return False
    return not text.rstrip().endswith(")") or text.count(")") <= text.count("(")


_HOST = re.compile(r"(?i)^\s*(?:\.\.\. )?while talking to (?P<host>[^\s:]{1,255})\.?:?\s*$")
_HOST_BEGINS = frozenset("wW.")
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

    def find(self, message: Message) -> list[Finding]:
        body = message.body
        low = body.lower
        begin = first_of(self.phrases, low)
        if begin < 0 or is_letter(message.headers) or not is_report(message.headers):
            return []
        is_warning = ("warning" in low or "transient" in low) and has_any(low, _WARNING)
        kind = _DELAY if is_warning else _BOUNCE
        first = low.count("\n", 0, begin)
        found = _read(body, first, kind)
        # What was said to nobody in particular counts only where nobody is named: RSET, QUIT, "no valid recipients".
        return [finding for finding in found if finding.address] or [*found, *_of_hosts(body, first, kind)]


class _Dialogue:
    """Where the reading stands: with whom, after which command, and what was said since the last verdict.

    `asks` says whether the command is still the one that what is said answers.
    """

    __slots__ = ("asks", "command", "heard", "host", "said", "said_at")

    def __init__(self) -> None:
        self.host: Value | None = None
        self.turn(None, False)

    def turn(self, command: Value | None, asks: bool) -> None:
        """Forget what was said; what follows is said after `command`."""
        self.command = command
        self.asks = asks
        self.said: list[str] = []
        self.said_at = 0
        self.heard = False

    def add(self, text: str, index: int) -> None:
        if not self.said:
            self.said_at = index
        if len(self.said) < MAX_DIAGNOSTIC_LINES:
            self.said.append(text)


def _read(body: Body, begin: int, kind: Kind) -> list[Finding]:
    at = _Dialogue()
    found: list[Finding] = []
    for index, line in enumerate(body.lines[begin:], begin):
        stripped = line.strip()
        first = stripped[:1]
        if first == "-" and _CLOSING.match(line):
            break
        if first in _HOST_BEGINS and (match := _HOST.match(line)):
            if at.said:
                _claim(found, body, at, kind)
            at.host = body.value(match["host"].removesuffix(".") or ".", index, "transcript")
            at.turn(None, False)
        elif first == ">" and stripped.startswith(">>>"):
            if at.said:
                _claim(found, body, at, kind)
            at.turn(body.value(_behind(line), index, "transcript"), True)
        elif first == "<" and stripped.startswith("<<<"):
            text = _behind(line)
            if at.said and _REPLY.match(text) and not _CONTINUED.match(at.said[-1]):
                _claim(found, body, at, kind)
                at.turn(at.command, False)
            at.add(text.strip(), index)
            at.heard = True
        elif "... " in line and (match := _OWN.match(line)):
            if "@" in match["address"] or match["address"].startswith("<"):
                address = body.value(match["address"], index, "transcript verdict")
                if action := _GOOD.get(match["text"].strip().lower()):
                    stated = Value(action, address.part, address.line, address.rule)
                    found.append(Finding(address, action=stated, kind=_SUCCESS))
                else:
                    _settle(found, body, at, address, stripped, index, kind)
                at.turn(at.command, False)
        elif not stripped or "transcript of " in line.lower():
            if at.said or at.asks:
                _claim(found, body, at, kind)
                at.turn(at.command, False)
        else:
            # What a local program said, or Sendmail itself: the verdict is still to come.
            at.add(stripped, index)
    _claim(found, body, at, kind)
    return found


def _behind(line: str) -> str:
    """What follows the three arrows, and a blank, that `line` begins with."""
    text = line.lstrip()[3:]
    return text[1:] if text[:1].isspace() else text


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


def _settle(found: list[Finding], body: Body, at: _Dialogue, address: Value, own: str, index: int, kind: Kind) -> None:
    """Add what was said about `address`: the server's words before Sendmail's own, which often knows worse."""
    host, command = (at.host, at.command) if at.heard else (None, None)
    if command and command.text[:4].upper() == "DATA" and at.said and " 5.1." in f" {own}":
        # With PIPELINING the replies to RCPT are read when DATA has been sent.
        command = Value("RCPT", command.part, command.line, "pipelined")
    if at.said:
        said = body.value("\n".join(at.said), at.said_at, "transcript")
        found.append(_about(address, said, host, command, kind))
        if status.find(said.text):
            return
    said = body.value(own, index, "transcript verdict")
    found.append(_about(address, said, host, None, kind))


def _claim(found: list[Finding], body: Body, at: _Dialogue, kind: Kind) -> None:
    """Add what was said and got no verdict: it is about the recipient of the command, else about the whole report."""
    if not at.said or not any(map(_REPLY.match, at.said)):
        return
    recipient = None
    if at.asks and at.command and (named := _RCPT.match(at.command.text)):
        recipient = Value(named["address"], at.command.part, at.command.line, "transcript")
    said = body.value("\n".join(at.said), at.said_at, "transcript")
    found.append(_about(recipient, said, at.host, at.command, kind))


def _about(address: Value | None, said: Value, host: Value | None, command: Value | None, kind: Kind) -> Finding:
    return _make(address, None, None, None, said, None, host, command, None, None, None, None, kind)


_make = maker(Finding)
