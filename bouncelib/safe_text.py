r"""Text from a bounce made harmless: mail is written by strangers, and a terminal or a spreadsheet obeys it.

Nothing is dropped: what would act on its reader is shown as a visible escape instead (`\x1b`, `\u202e`, `\udc80`).
"""

from __future__ import annotations

import re

__all__ = ["csv_cell", "one_line", "visible"]

# Control characters (C0, DEL, C1: terminal sequences begin with one of them), marks and overrides of the writing
# direction, characters without width or ink that hide in an address (fillers, joiners of graphemes, the variation
# selectors that carry whole messages), line separators, lone surrogates, byte order marks, interlinear annotations, tag
# characters. Persian and emoji are written with the joiners U+200C and U+200D and with U+FE0E and U+FE0F: these stay.
_ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ud800-\udfff\ufe00-\ufe0d\ufeff\uffa0\ufff9-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\ufffd": "\ufffd"}

# What a spreadsheet takes for the beginning of a formula, with the full-width forms that some of them fold.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def visible(text: str) -> str:
    r"""`text` with everything that is not plain text as an escape: `visible("\x1b[2J") == r"\x1b[2J"`."""
    return text if text.isascii() and text.isprintable() else _ACTIVE.sub(_escape, text)


def one_line(text: str, limit: int = 0) -> str:
    """`text` visible, in one line, with single blanks; cut to `limit` characters if one is given."""
    if limit:
        cut = visible(" ".join(text[: 4 * limit].split()))
        return cut if len(cut) <= limit and len(text) <= 4 * limit else f"{cut[: limit - 1]}…"
    return visible(" ".join(text.split()))


def csv_cell(text: str) -> str:
    """`text` in one line, with an apostrophe before it where a spreadsheet would compute it."""
    line = one_line(text)
    return f"'{line}" if line.startswith(_FORMULA) else line


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
