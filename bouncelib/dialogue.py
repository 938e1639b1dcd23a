"""What a diagnostic tells about the SMTP dialogue: after which command, and from which host, the refusal came."""

from __future__ import annotations

import re

from .model import Command

__all__ = ["find_command", "find_host", "to_command"]

# The words that MTAs put for a command, longest first; RFC 5321 section 4.1, RFC 2033, RFC 3030.
_WORDS = (
    ("end of data", Command.DATA), ("end-of-data", Command.DATA), ("message body", Command.DATA),
    ("message content", Command.DATA), ("mail data", Command.DATA), ("sending data", Command.DATA),
    ("body of message", Command.DATA), ("data block", Command.DATA), ("pipelined", Command.DATA),
    ("starttls", Command.STARTTLS), ("tls", Command.STARTTLS),
    ("initial connection", Command.CONN), ("connect", Command.CONN), ("greeting", Command.CONN),
    ("banner", Command.CONN), ("conn", Command.CONN), ("open", Command.CONN),
    ("ehlo", Command.EHLO), ("helo", Command.EHLO), ("lhlo", Command.EHLO), ("auth", Command.AUTH),
    ("mail", Command.MAIL), ("rcpt", Command.RCPT), ("bdat", Command.DATA), ("data", Command.DATA),
    ("eod", Command.DATA), ("dot", Command.DATA), (".", Command.DATA),
)  # fmt: skip

# Postfix "(in reply to RCPT TO command)", Exim "error from remote mail server after RCPT TO:<...>", and their like.
_AFTER = re.compile(
    r"(?i)(?:in reply to|in response to|response to(?: the)?|error (?:from remote (?:mail )?server|"
    r"from remote mailer)?\s*after|while (?:sending|talking after)|after sending|rejected (?:at|after)|"
    r"\bduring|\bat stage|stage:)\s+(?:the )?(?P<what>pipelined [a-z]+|initial connection|end[ -]of[ -]data|"
    r"message (?:body|content)|[A-Z]{4,8}\b(?:[ -](?:FROM|TO)\b)?)"
)
# Postfix "host mx.example.com[192.0.2.1] said:", Exim "host mx.example.com [192.0.2.1]: 550".
_HOST = re.compile(
    r"(?i)(?:\bhost|\bserver|while talking to|remote host|error from)\s+(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,250}"
    r"[A-Za-z0-9])?|(?=\[))\s?(?:\((?P<helo>[^()\s]{1,250})\)\s?)?(?P<ip>\[[0-9A-Fa-f.:]{3,50}\])?(?=[\s:(,.]|$)"
)


def to_command(text: str) -> Command | None:
    """The command that `text`, as an MTA puts it, speaks of."""
    low = text.strip().lower()
    for word, command in _WORDS:
        if low.startswith(word):
            return command
    return None


def find_command(text: str) -> Command | None:
    """The command after which the refusal came, where the diagnostic says so."""
    match = _AFTER.search(text[:4096])
    return to_command(match["what"].removeprefix("pipelined ")) if match else None


def find_host(text: str) -> str | None:
    """The host that refused, where the diagnostic names it: its name, else its address."""
    for match in _HOST.finditer(text[:4096]):
        host, ip = match["host"], match["ip"]
        if host and "." in host and not host.replace(".", "").isdigit():
            return host.lower()
        if ip:
            return ip.strip("[]")
    return None
