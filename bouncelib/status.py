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

import re

from .model import EnhancedStatus

__all__ = ["find", "parse", "specific"]

# No status code stands deeper in a text than this; the rest is somebody's novel.
LIMIT = 65536

_NUMBER = r"(0|[1-9]\d{0,2})"

# The Status field: the code stands first, perhaps behind the reply code or a mark; what follows is a comment.
_FIELD = re.compile(
    rf"""\s*["'(\[#]{{0,3}} (?: [245]\d\d [ \-]\s* )? [#(\[]? ([245])\.{_NUMBER}\.{_NUMBER} (?!\d|\.\d)""",
    re.ASCII | re.VERBOSE,
)

# In running text: not part of a longer number, an address (5.1.1.7) or a name (exim-4.96.2, v5.1.1, Postfix/3.4.14),
# and with a subject of one digit: the registry knows 0 to 7.
# The digit first: what a search begins with has to be rare, and a look behind costs as much at every place.
_RUNNING = re.compile(rf"([245])(?<![\w.+/][245])(?<![A-Za-z]-[245])\.(\d)\.{_NUMBER}(?!\d|\.\d)", re.ASCII)

# What stands in front of a version number.
_VERSION = re.compile(
    r"\b(?:version|ver|v|release|build|rev|exim|postfix|sendmail|qmail|dovecot|courier|haraka|opensmtpd|chasquid|dma"
    r"|mailenable|mdaemon|zimbra|spamassassin|clamav|amavis|rspamd|openssl|perl|python|php)[\s.:=(]*$",
    re.ASCII | re.IGNORECASE,
)


def parse(text: str) -> EnhancedStatus | None:
    """The code of a Status field: `"5.1.1 (bad destination)"`, `" 5.1.1 "`, `"550 5.1.1"`."""
    match = _FIELD.match(text)
    return _status(match) if match else None


def find(text: str) -> EnhancedStatus | None:
    """The first code in running text; a failure (4, 5) before a success (2), which a transcript has before it."""
    success = None
    for match in _RUNNING.finditer(text, 0, LIMIT):
        start = match.start()
        if _VERSION.search(text, max(0, start - 24), start):
            continue
        if match[1] != "2":
            return _status(match)
        success = success or match
    return _status(success) if success else None


def specific(first: EnhancedStatus | None, second: EnhancedStatus | None) -> EnhancedStatus | None:
    """The one that says more: none < x.0.0 < x.y.0 < x.y.z; of two that say as much, the first."""
    return second if _rank(second) > _rank(first) else first


def _rank(status: EnhancedStatus | None) -> int:
    if status is None:
        return 0
    if status.detail:
        return 3
    return 2 if status.subject else 1


def _status(match: re.Match[str]) -> EnhancedStatus:
    return EnhancedStatus(int(match[1]), int(match[2]), int(match[3]))
