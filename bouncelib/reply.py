"""Text to `Reply`: the SMTP reply that a diagnostic text quotes.

RFC 5321 section 4.2:

    Reply-line  = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
    Reply-code  = %x32-35 %x30-35 %x30-39

A number is a reply code only where a server can have spoken: at the start of a line, behind `smtp;`, `said:`, `<<<`,
a quotation mark and their like, or in front of an enhanced status code. Anything else is a size, a port or a number of
seconds, and `parse` invents nothing.
"""

from __future__ import annotations

import re

from .frozen import maker
from .model import Reply

__all__ = ["parse"]

# Where no reply code has come within so many characters, none is looked for.
LIMIT = 65536
# How far back the words that introduce a reply are looked for.
_BEFORE = 40

# 2xx, 4xx and 5xx; a 3xx asks for more and refuses nothing.
_CODE = re.compile(r"[245](?<![\w.+/@-][245])[0-5]\d(?![\w.@/]|-\d{1,2}-)", re.ASCII)
# `RFC 550`, `port 250` and `id=450` are none.
_STATUS_AFTER = re.compile(r"[ \-:]{1,3}[#(\['\"]?[245]\.\d{1,3}\.\d{1,3}(?![\d.])", re.ASCII)
# Nearly every reply stands at the very beginning.
_HEAD = re.compile(r"\s*+(?:[Ss][Mm][Tt][Pp]\s*+;\s*+)?+([45][0-5]\d)(?![\w.@/]|-\d{1,2}-)", re.ASCII)
_UNIT_AFTER = re.compile(
    r"[ \-]?(?:%|[kmg]i?b\b|b\b|bytes?\b|octets?\b|char|ms\b|sec|min(?:ute)?s?\b|hours?\b|days?\b|times\b|hops?\b"
    r"|messages?\b|recipients?\b|connections?\b|users?\b|lines?\b|of \d)",
    re.ASCII | re.IGNORECASE,
)
_INTRODUCED = re.compile(
    r"""(?: ^ | [\r\n] | (?:^|[\s\]>)]) [<>]{3} | [:;] | \b(?:said|says|say|replied|returned|responded|response|reply
        | answer(?:ed)? | returns | error | smtp | code | status | with | got | was | rejected | failed ) | -> | => )
        [ \t]* ["'#(\[{<]{0,2} [ \t]* $""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
# A 2xx says that something went well, and a number of that size is often something else ("mailer error 255").
_SAID = re.compile(
    r"""(?: ^ | [\r\n] | (?:^|[\s\]>)]) [<>]{3} | [:;] | \b(?:said|says|say|replied|returned|responded|response|reply
        | answer(?:ed)? | returns ) | -> | => ) [ \t]* ["'#(\[{<]{0,2} [ \t]* $""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_QUOTES = {'"': '"', "'": "'", "[": "]", "(": ")"}
# What a client appends to the reply: Postfix, and Google's "(state 14)".
_APPENDED = re.compile(r"\((?:in reply to [^()]{1,80} command|state \d{1,4})\)[.\s]{0,4}$", re.ASCII | re.IGNORECASE)
_OTHER_VOICES = (">>>", "<<<", "---", "===", "... while talking")


def parse(text: str) -> Reply | None:
    """The reply in `text`, or `None` where no server said one; a refusal (4xx, 5xx) goes before a success."""
    if head := _HEAD.match(text):
        return _reply(text, head[1], head.start(1), head.end())
    success: re.Match[str] | None = None
    for match in _CODE.finditer(text, 0, LIMIT):
        if not _is_said(text, match):
            continue
        if match[0][0] != "2":
            return _reply(text, match[0], *match.span())
        success = success or match
    return _reply(text, success[0], *success.span()) if success else None


def _is_said(text: str, match: re.Match[str]) -> bool:
    start, end = match.span()
    if _STATUS_AFTER.match(text, end):
        return True
    if not text[:start].strip():
        return True
    if _UNIT_AFTER.match(text, end):
        return False
    before = text[max(0, start - _BEFORE) : start]
    if before.rstrip(" \t").endswith((":", ";")):
        return True
    introduced = _SAID if match[0][0] == "2" else _INTRODUCED
    return introduced.search(before) is not None


def _reply(text: str, code: str, start: int, end: int) -> Reply:
    rest = text[end : end + LIMIT]
    if start and (quote := _QUOTES.get(text[start - 1])):
        rest = rest.partition(quote)[0]
    lines = rest.splitlines() or [""]
    if len(lines) > 1 or code in lines[0]:
        lines = _lines(lines[0], lines[1:], code)
    last = lines.pop()
    if ")" in last[-6:] and (appended := _APPENDED.match(last, max(0, last.rfind("(")))):
        last = last[: appended.start()]
    last = _bare(last)
    return _make(int(code), "\n".join(filter(None, [*map(_bare, lines), last])) if lines else last)


def _lines(first: str, others: list[str], code: str) -> list[str]:
    """The lines of the reply: those that repeat the code, without it; a folded line stays with its own."""
    many = first.startswith("-")
    lines = [first]
    for line in others:
        words = line.lstrip(" \t")
        bare = words[3:].lstrip(" \t") if words.startswith("<<<") else words
        if bare.startswith(code) and bare[3:4] in {"", " ", "-", "\t"}:
            many = many or bare[3:4] == "-"
            lines.append(bare[3:])
        elif not bare or bare.isspace() or words.startswith(_OTHER_VOICES) or (bare[0] in "245" and _CODE.match(bare)):
            break
        else:
            lines[-1] += f" {bare.strip()}"
    if len(lines) == 1 and code in lines[0]:
        # Unfolded to one line, the code stands again in front of each; "450 450 4.2.2" is one reply said twice.
        separator = rf"(?:^|\s){code}(?:-|\s|$)" if many else rf"^\s*{code}(?:-|\s|$)"
        lines = re.split(separator, lines[0])
        if len(lines) > 1 and not lines[0].strip(" -"):
            del lines[0]
    return lines


def _bare(line: str) -> str:
    """`line` without the white space and the marks around it; nothing where it consists of such."""
    line = line.lstrip(" \t-:").rstrip()
    return line if line.strip("])}>\"'.,; ") else ""


_make = maker(Reply)
