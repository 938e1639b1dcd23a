"""What a diagnostic tells about the SMTP dialogue: after which command, and from which host, the refusal came."""

from __future__ import annotations

import re

from .model import Command
from .phrases import has_any

__all__ = ["find_command", "find_host", "to_command"]

# What a diagnostic tells about the dialogue, it tells at its beginning or not at all.
_LIMIT = 4096

# The words that MTAs put for a command, longest first; RFC 5321 section 4.1, RFC 2033, RFC 3030.
_COMMANDS = {
    "mail+rcpt": Command.RCPT,  # chasquid, which sends both before it reads an answer
    "end of data": Command.DATA, "end-of-data": Command.DATA, "message body": Command.DATA,
    "message content": Command.DATA, "mail data": Command.DATA, "sending data": Command.DATA,
    "body of message": Command.DATA, "data block": Command.DATA, "pipelined": Command.DATA,
    "starttls": Command.STARTTLS, "tls": Command.STARTTLS,
    "initial connection": Command.CONN, "initial server greeting": Command.CONN, "connect": Command.CONN,
    "greeting": Command.CONN, "banner": Command.CONN, "conn": Command.CONN, "open": Command.CONN,
    "ehlo": Command.EHLO, "helo": Command.EHLO, "lhlo": Command.EHLO, "auth": Command.AUTH,
    "mail": Command.MAIL, "rcpt": Command.RCPT, "bdat": Command.DATA, "data": Command.DATA,
    "eod": Command.DATA, "text": Command.DATA,  # GMX's word for the end of the data
    "dot": Command.DATA, ".": Command.DATA,
}  # fmt: skip
_COMMAND = re.compile("|".join(map(re.escape, _COMMANDS)))
# These verbs mean the same whatever follows.
_VERBS = {verb: _COMMANDS[verb.lower()] for verb in ("RCPT", "rcpt", "DATA", "data", "EHLO", "ehlo")}

_VERB = r"(?:MAIL|RCPT|DATA|BDAT|[EHL][EH]LO|STARTTLS|AUTH)\b"
_WHAT = (
    rf"(?P<what>initial (?:connection|server greeting)|end[ -]of[ -]data|message (?:body|content)|(?:mail )?data\b"
    rf"|greeting|text(?= command)|{_VERB})"
)
# Postfix "(in reply to RCPT TO command)", "while sending end of data", "while performing the EHLO handshake", Exim
# "error from remote mail server after pipelined MAIL FROM:<...>", "in response to initial connection", dma "did not
# like our RCPT TO", hMailServer "sent: RCPT TO:<...>", and their like, each behind a part that is looked for first.
_INTRODUCTIONS = (
    ("after", ("error after", "server after", "mailer after", "timeout after", "] after", ") after", "after sending",
               "after on", "rejected after")),
    ("while ", ("while sending", "while receiving", "while performing", "while talking")),
    ("failed ", ("failed sending", "failed on")),
    ("reply to", ("in reply to",)),
    ("response to", ("response to",)),
    ("server for", ("server for",)),
    ("rejected at", ("rejected at",)),
    ("during", ("during",)),
    ("stage", ("at stage", "stage:")),
    ("did not like our", ("did not like our",)),
    ("sent:", ("sent:",)),
    ("command:", ("command:",)),
)  # fmt: skip
_INTRODUCED = re.compile(r"\s{1,9}(?:(?:the|pipelined|sending) ){0,3}" + _WHAT.replace(_VERB, _VERB.lower()))
# qmail says it in sentences; see qmail-remote.c.
_SENTENCES = (
    ("does not like recipient", Command.RCPT),
    ("sender was rejected", Command.MAIL),
    ("failed after i sent the message", Command.DATA),
    ("failed on data command", Command.DATA),
    ("my name was rejected", Command.EHLO),
    ("greeting failed", Command.CONN),
    ("able to establish an smtp connection", Command.CONN),
)
# No connection, no command: Postfix "connect to mx.example.com[192.0.2.1]:25: Connection refused", Exim and Courier
# "mx.example.com [192.0.2.1]: Connection timed out".
_NOT_CONNECTED = re.compile(
    r"(?i)\bconnect to \S{1,300}: "
    r"|\]:? {0,3}(?:connection (?:refused|timed out)|no route to host|network is unreachable)"
)
# A transcript: what the client said, and the first refusal after it. Sendmail, Courier; MDaemon draws arrows.
_SAID = re.compile(
    rf"(?i)(?:^|\s)(?:(?:>>>|<--|-->)[ \t]*(?P<what>{_VERB})|(?:<<<|-->|<--)[ \t]*(?P<no>[45]\d\d\b[^\r\n<>]{{0,80}}))"
)
_NO_RECIPIENT = re.compile(r"(?i)^(?:503|554)\b.*(?:rcpt|recipient)")

_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,250}[A-Za-z0-9_])?"
_IP = r"(?:IPv6:)?[0-9A-Fa-f.:]{3,50}"
_PLACE = (
    rf"(?:(?P<host>{_NAME})\.?(?=[\s:\[(,;.'\"/]|$)\s?)?(?:\((?P<helo>[^()\s]{{1,250}})\)\s?)?(?:[\[(](?P<ip>{_IP})[\])])?"
    r"(?=[\s:(,;.'\"/]|$)"
)
_LITERAL = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|(?:IPv6:)?(?=[^:]*:[^:]*:)[0-9A-Fa-f:.]{3,50}")
# Each way to name the host that was spoken to, the surest first, behind the words that it begins with.
_HOSTS = (
    (("host",), re.compile(rf"(?i)(?<!client )(?<!sending )(?<!your )(?<!from )\bhost:? {_PLACE}")),
    (
        ("while talking to ", "connect to ", "connected to ", "connection ", "conversation with "),
        re.compile(rf"(?i)\b(?:while talking to|connect(?:ed)? to|connection (?:with|to)|conversation with) {_PLACE}"),
    ),
    (
        ("recipient domain ", "the domain "),  # Google
        re.compile(rf"(?i)\b(?:recipient domain|the domain) \S{{1,255}} by {_PLACE}"),
    ),
    (
        ("server ",),
        re.compile(
            rf"(?i)\bserver (?:at )?{_PLACE}\s?(?:failed|said|returned|replied|refused|rejected|issued|responded)"
        ),
    ),
    (("error from ",), re.compile(rf"(?i)\berror from {_PLACE}")),
)
# The same where the host stands first: qmail, Courier, dma, Exchange.
_SUBJECT = (
    (">>> ", "did not like our", "does not like", "failed after", "gave this error"),
    re.compile(
        rf"(?i)(?:^|\s){_PLACE}(?:: {{0,9}}\n? {{0,9}}>>> "
        r"|\s(?:did not like our|does not like|failed after|gave this error))"
    ),
)


# Nearly every diagnostic has none of them, and names no host.
_HOST_WORDS = tuple(word for words, _ in (*_HOSTS, _SUBJECT) for word in words)


def to_command(text: str) -> Command | None:
    """The command that `text`, as an MTA puts it, speaks of."""
    verb = text[:4]
    if verb in _VERBS:
        return _VERBS[verb]
    word = _COMMAND.match(text[:_LIMIT].strip().lower())
    return _COMMANDS[word[0]] if word else None


def find_command(text: str) -> Command | None:
    """The command after which the refusal came, where the diagnostic says so."""
    text = text[:_LIMIT]
    if ">>>" in text or "-->" in text:
        command = _from_transcript(text)
        if command:
            return command
    low = text.lower()
    if what := _introduced(low):
        return to_command(what)
    for sentence, command in _SENTENCES:
        if sentence in low:
            return command
    if "connect to " in low or ("]" in low and has_any(low, ("connection ", "no route", "network is"))):
        return Command.CONN if _NOT_CONNECTED.search(text) else None
    return None


def _introduced(low: str) -> str:
    """The first command that one of the introductions leads to."""
    first, what = len(low), ""
    for part, introductions in _INTRODUCTIONS:
        if part not in low:
            continue
        for words in introductions:
            at = low.find(words)
            while 0 <= at < first:
                if match := _INTRODUCED.match(low, at + len(words)):
                    first, what = at, match["what"]
                    break
                at = low.find(words, at + 1)
    return what


def _from_transcript(text: str) -> Command | None:
    """The last command before the first refusal."""
    what: str | None = None
    refusals: list[str] = []
    for match in _SAID.finditer(text):
        if match["no"]:
            refusals.append(match["no"])
        elif refusals:
            break
        else:
            what = match["what"]
    # QUIRK: Sendmail pipelines, and shows the refusal of RCPT after the DATA that followed it.
    if what and what.upper() == "DATA" and any(_NO_RECIPIENT.match(refusal) for refusal in refusals[1:]):
        return Command.RCPT
    return to_command(what) if what else None


def find_host(text: str) -> str | None:
    """The host that refused, where the diagnostic names it: its name, else its address."""
    text = text[:_LIMIT]
    if "." not in text and ":" not in text:
        return None
    low = text.lower()
    if not has_any(low, _HOST_WORDS):
        return None
    if len(low) != len(text):  # of some letters, which no host has
        text = low
    for words, pattern in _HOSTS:
        for at in _places(words, low) if has_any(low, words) else ():
            if (match := pattern.match(text, at)) and (host := _named(match)):
                return host
    words, pattern = _SUBJECT
    for match in pattern.finditer(text) if has_any(low, words) else ():
        if host := _named(match):
            return host
    return None


def _places(words: tuple[str, ...], low: str) -> list[int]:
    """Where the `words` stand, in order."""
    places: list[int] = []
    for word in words:
        at = low.find(word)
        while at >= 0:
            places.append(at)
            at = low.find(word, at + 1)
    return sorted(places) if len(places) > 1 else places


def _named(match: re.Match[str]) -> str | None:
    host, ip = match["host"], match["ip"] or match["helo"]
    if host and "." in host and not host.replace(".", "").isdigit():
        return host.lower()
    return next((literal for literal in (ip, host) if literal and _LITERAL.fullmatch(literal)), None)
