"""Text to `EnhancedStatus`.

RFC 3463 section 2:

    status-code = class "." subject "." detail
    class       = "2"/"4"/"5"
    subject     = 1*3digit
    detail      = 1*3digit

"White-space characters and comments are NOT allowed within a status-code", and leading zeros neither. Around one, real
reports write both: `5.1.1 (bad destination)`, `#5.1.1`, `550-5.1.1`.
"""

from __future__ import annotations

import functools
import re

from .model import EnhancedStatus

__all__ = ["find", "parse", "specific"]

# No status code stands deeper in a text than this; the rest is somebody's novel.
LIMIT = 65536

_NUMBER = r"(?:0|[1-9]\d{0,2})"

# Longer fields have a comment that seldom comes again.
_SHORT = 80

# The Status field: the code stands first, perhaps behind the reply code or a mark; what follows is a comment.
_FIELD = re.compile(
    rf"""\s*["'(\[#]{{0,3}} (?: [245]\d\d [ \-]\s* )? [#(\[]? (?P<code>[245]\.{_NUMBER}\.{_NUMBER}) (?!\d|\.\d)""",
    re.ASCII | re.VERBOSE,
)

# In running text: not part of a longer number, an address (5.1.1.7) or a name (exim-4.96.2, v5.1.1, Postfix/3.4.14),
# and with a subject of one digit: the registry knows 0 to 7.
# The digit first: what a search begins with has to be rare, and a look behind costs as much at every place.
_RUNNING = re.compile(rf"([245])(?<![\w.+/][245])(?<![A-Za-z]-[245])\.\d\.{_NUMBER}(?!\d|\.\d)", re.ASCII)

# Nearly every diagnostic begins with the reply code, and the status code behind it.
_BEHIND_REPLY = re.compile(
    rf"(?:[Ss][Mm][Tt][Pp]\s{{0,9}}+;\s{{0,9}}+)?+[245]\d\d[ \-](?P<code>[45]\.\d\.{_NUMBER})(?!\d|\.\d)", re.ASCII
)

# What stands in front of a version number.
_PROGRAMS = (
    "version", "ver", "v", "release", "build", "rev", "exim", "postfix", "sendmail", "qmail", "dovecot", "courier",
    "haraka", "opensmtpd", "chasquid", "dma", "mailenable", "mdaemon", "zimbra", "spamassassin", "clamav", "amavis",
    "rspamd", "openssl", "perl", "python", "php",
)  # fmt: skip
_VERSION = re.compile(rf"\b(?:{'|'.join(_PROGRAMS)})[\s.:=(]*$", re.ASCII | re.IGNORECASE)


def parse(text: str) -> EnhancedStatus | None:
    """The code of a Status field: `"5.1.1 (bad destination)"`, `" 5.1.1 "`, `"550 5.1.1"`."""
    return _parse(text) if len(text) < _SHORT else _parse.__wrapped__(text)


@functools.lru_cache(maxsize=256)
def _parse(text: str) -> EnhancedStatus | None:
    match = _FIELD.match(text)
    return _status(match["code"]) if match else None


def find(text: str) -> EnhancedStatus | None:
    """The first code in running text; a failure (4, 5) before a success (2), which a transcript has before it."""
    usual = _BEHIND_REPLY.match(text)
    if usual:
        return _status(usual["code"])
    return _search(text) if "." in text else None


def _search(text: str) -> EnhancedStatus | None:
    success = None
    for match in _RUNNING.finditer(text, 0, LIMIT):
        if _is_version(text, match.start()):
            continue
        if match[1] != "2":
            return _status(match[0])
        success = success or match[0]
    return _status(success) if success else None


def _is_version(text: str, start: int) -> bool:
    """Whether what begins at `start` is the version of a program."""
    before = max(0, start - 24)
    name = text[before:start].rstrip(" \t\n\r\f\v.:=(")
    return name.lower().endswith(_PROGRAMS) and _VERSION.search(text, before, start) is not None


def specific(first: EnhancedStatus | None, second: EnhancedStatus | None) -> EnhancedStatus | None:
    """The one that says more: none < x.0.0 < x.y.0 < x.y.z; of two that say as much, the first."""
    if first is not None and first.detail:
        return first
    return second if _rank(second) > _rank(first) else first


def _rank(status: EnhancedStatus | None) -> int:
    if status is None:
        return 0
    if status.detail:
        return 3
    return 2 if status.subject else 1


@functools.lru_cache(maxsize=256)
def _status(code: str) -> EnhancedStatus:
    return EnhancedStatus(*map(int, code.split(".")))
