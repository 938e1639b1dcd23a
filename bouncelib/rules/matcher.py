"""Which of a few thousand literals does a short text contain?

A text and a literal are brought to the same plain form: lower case, accents and punctuation gone, single spaces. Then
`"e-mail"` is `"email"`, `"OVER_QUOTA"` is `"over quota"`, and nobody's spelling of a bracket matters.

Names are no words: relay.example.com relays nothing, and /var/mail/quota.mbox is over no quota. Addresses are cut down
to `@`; hosts, paths and URLs (up to their `?` or `#`, behind which providers put their marks) are set apart, and only a
literal that begins with `/` is looked for in them: `"/zen spamhaus"`.

In a rule file a literal stands for itself from the start of a word on: `"greylist"` finds "greylisted", and `"full"`
does not find "successful". `*` in front of it finds it inside words too (`"*quota"`: "overquota"); `$` behind it asks
for the end of a word (`"ban$"`). In scripts that do not part words (Chinese, Japanese, Thai) it is found anywhere.

A text is gone through word by word. Most of its words are words of literals too, and known with the literals that they,
and each word behind them, say or begin. Few have to be looked for: longer ones, and those that end within another word.
"""

from __future__ import annotations

import bisect
import functools
import re
import unicodedata
from collections.abc import Iterable

__all__ = ["LIMIT", "Matcher", "lower", "part", "plain"]

# Only so many characters of a refusal are looked at: a longer one tells a story, and its point stands at the front.
LIMIT = 4096

# A word that is not known may begin with a literal, which is filed under so many letters.
_START = 3

# No text leads to more literals, unless it says the same again and again.
_MANY = 200


_PUNCTUATION: dict[int, str | None] = dict.fromkeys(
    map(ord, """!"#$%&()*+,-./:;<=>?[\\]^_`{|}~、。，．：；！？「」『』（）【】·«»„“”‐–—…¡¿"""), " "
)
_PUNCTUATION |= dict.fromkeys(map(ord, "'’´‘"))
# The same for a text in ASCII, whose bytes are translated many times faster.
_ASCII = bytes(32 if _PUNCTUATION.get(code) == " " else code for code in range(256))
_PUNCTUATION |= {ord("ß"): "ss", ord("ø"): "o", ord("ł"): "l", ord("đ"): "d", ord("æ"): "ae", ord("ı"): "i"}

# French and Italian articles and their like: "l'adresse" are two words, "doesn't" is one.
_ELISION = re.compile(r"\b([a-z]|qu|dell|all|nell|sull|un)['’´]")

# Words that are one: their spellings differ, or they frame what is really said. Without the first part none is there.
_FUSED = (
    (" list", ((" black list", " blacklist"), (" block list", " blocklist"))),
    (" mail", ((" e mail", " email"), (" mail box", " mailbox"))),
    (
        " address ",
        (
            (" recipient address rejected", " recipientaddressrejected"),
            (" sender address rejected", " senderaddressrejected"),
            # Cisco ESA puts it in front of whatever the server said.
            (" unknown address error", " unknownaddresserror"),
        ),
    ),
    (" remote host said", ((" does not like recipient remote host said", " said"), (" remote host said", " said"))),
    (" did not like our rcpt to", ((" did not like our rcpt to", " said"),)),
)

# Where neither this nor a slash is, no name is: most tokens have no more than a status code and the end of a sentence.
_DOTTED = re.compile(r"\.[^\W\d]")
# Both begin at the start of a word only, lest a long one be read from each of its letters.
_ADDRESS = re.compile(r"""(?<![^\s<>()\[\]"',;:=|{}@])[^\s<>()\[\]"',;:=|{}@]*+@[\w\-]*+(?:\.[\w\-]++)*+""")
# Postfix's name for a client that has none: unknown[192.0.2.1].
_NAMELESS = re.compile(r"\bunknown(?=\[(?:\d{1,3}\.|ipv6:|[0-9a-f]{0,4}:))")
# A URL, a path or a host. Three labels are a host, unless the last one is long, as in Exchange's
# RESOLVER.RST.NotAuthorized; and two with a top-level domain that is no word: "full.Please try" lacks a space, no more.
_NAME = re.compile(
    r"""(?<![^\s<>()\[\]"',;=|{}])
        ( (?:https?:/|www\.) [^?\#\s<>()\[\]"',;=|{}]*+
          | /\w [^/:\s<>()\[\]"',;=|{}]*+ / [^:\s<>()\[\]"',;=|{}]*+
          | [a-z0-9_] [\w\-]*+ \.
            (?: (?:[\w\-]++\.)++ (?:[a-z]{2,7}|xn--[\w\-]*+|localdomain)
              | (?:com|net|org|edu|gov|mil|info|biz|test|example|invalid|local|localdomain|lan
                  |de|fr|jp|ru|uk|nl|pl|cz|br|cn|tw|kr|es|ch|eu) )
            \.? (?![\w\-@]) )""",
    re.VERBOSE,
)
# What a client adds to the reply: its own words, not the server's.
_COMMAND = re.compile(r"\(in reply to [^()]{1,80}\)")


def lower(text: str) -> str:
    """What is looked at of `text`, in lower case."""
    return text[:LIMIT].lower()


def part(text: str) -> tuple[str, str]:
    """The words of `text`, which is in lower case, and the names in it."""
    if "(in reply to " in text:
        text = _COMMAND.sub(" ", text)
    if "unknown[" in text:
        text = _NAMELESS.sub("", text)
    if "@" not in text and "/" not in text and not _DOTTED.search(text):
        return text, ""
    names: list[str] = []
    tokens = text.split()
    for index, token in enumerate(tokens):
        if token.isalnum():
            continue
        if "@" in token:
            tokens[index] = _ADDRESS.sub(" @ ", token)  # the local part says nothing: full@example.com
        elif "/" in token or ("." in token and _DOTTED.search(token)):
            parts = _NAME.split(token)
            names += parts[1::2]
            tokens[index] = " ".join(parts[::2])
    return " ".join(tokens), " ".join(names)


def plain(text: str) -> str:
    """`text`, in lower case, as literals are looked for in it: see above; a space at either end."""
    return _read(text)[0]


def _read(text: str) -> tuple[str, list[str]]:
    """The plain form of `text`, and its words."""
    if "'" in text or "’" in text:
        text = _ELISION.sub(r"\1 ", text)
    if text.isascii():
        text = text.encode().translate(_ASCII, b"'").decode()
    else:
        text = _without_accents(text).translate(_PUNCTUATION)
    words = text.split()
    text = apart = f" {' '.join(words)} "
    for mark, fused in _FUSED:
        if mark in text:
            for several, one in fused:
                text = text.replace(several, one)
    return text, words if text is apart else text.split()


def _without_accents(text: str) -> str:
    """Without the combining marks of Latin, Greek and Cyrillic letters; others (Japanese, Hindi) keep theirs."""
    marked = unicodedata.normalize("NFKD", text)
    bare = "".join([c for c in marked if not "\u0300" <= c <= "\u036f"])
    return unicodedata.normalize("NFKC", bare)


# A literal and its form.
_Entry = tuple[str, str]
# By the known word that follows: the literals thereby said, and those begun. Under "" those that any word might end.
_Followers = dict[str, tuple[list[str], list[_Entry]]]
_NO_FOLLOWERS: _Followers = {}


class Matcher:
    """The literals of all rules, and which of them a text contains."""

    __slots__ = ("_anywhere", "_foreign", "_starts", "_words")

    def __init__(self, literals: Iterable[str]) -> None:
        """`literals` as they stand in a rule file."""
        entries = [(literal, compiled(literal)) for literal in dict.fromkeys(literals)]
        self._anywhere = [(literal, form) for literal, form in entries if form[0] != " " and form.isascii()]
        self._foreign = [(literal, form) for literal, form in entries if form[0] != " " and not form.isascii()]
        self._starts: dict[str, list[_Entry]] = {}
        parted = [(literal, form) for literal, form in entries if form[0] == " "]
        words = sorted({word for _, form in parted for word in form.split()})
        said: dict[str, list[str]] = {word: [] for word in words}
        followers: dict[str, _Followers] = {word: {} for word in words}
        for entry in parted:
            literal, form = entry
            first, *others = form.split()
            if len(others) > 1:
                followers[first].setdefault(others[0], ([], []))[1].append(entry)
                continue
            last = others[0] if others else first
            is_whole = form[-1] == " "
            ends = [last]
            if not is_whole:
                ends = words[bisect.bisect_left(words, last) : bisect.bisect(words, f"{last}\U0010ffff")]
            if others:
                for end in ends:
                    followers[first].setdefault(end, ([], []))[0].append(literal)
                if not is_whole:
                    followers[first].setdefault("", ([], []))[1].append(entry)
            else:
                for end in ends:
                    said[end].append(literal)
                if not is_whole:
                    is_short = len(first) < _START
                    (self._anywhere if is_short else self._starts.setdefault(first[:_START], [])).append(entry)
        self._words = {word: (tuple(said[word]), followers[word] or _NO_FOLLOWERS) for word in words}

    def find(self, text: str) -> frozenset[str]:
        """The literals that `text`, in lower case, contains."""
        text, words = _read(text)
        known, starts = self._words, self._starts
        found: list[str] = []
        tried = self._anywhere.copy() if text.isascii() else self._anywhere + self._foreign
        followers = _NO_FOLLOWERS
        for word in words:
            if word in known:
                if word in followers:
                    said, begun = followers[word]
                    found += said
                    tried += begun
                alone, followers = known[word]
                if alone:
                    found += alone
            else:
                if "" in followers:
                    tried += followers[""][1]
                followers = _NO_FOLLOWERS
                if (start := word[:_START]) in starts:
                    tried += starts[start]
        if len(tried) > _MANY:
            tried = [*dict.fromkeys(tried)]
        for literal, form in tried:
            if form in text:
                found.append(literal)
        return frozenset(found)


@functools.lru_cache(maxsize=1 << 14)  # a rule file is checked literal by literal, and then all are filed
def compiled(literal: str) -> str:
    """What is looked for: `" full "` for `"full$"`, `" greylist"` for `"greylist"`, `"quota"` for `"*quota"`.

    Raises `ValueError` for a literal without letters and digits.
    """
    body = literal.removeprefix("/").removeprefix("*")
    bounded = body.endswith("$")
    form = plain(body.removesuffix("$").lower()).strip()
    if not form:
        raise ValueError(f"the literal {literal!r} contains nothing to look for")
    start = "" if literal.startswith(("*", "/*")) or _unparted(form[0]) else " "
    return f"{start}{form}{' ' if bounded else ''}"


def _unparted(character: str) -> bool:
    """Whether the script does not part words by spaces, or glues particles to them (Korean)."""
    return "\u0e00" <= character <= "\u0eff" or "\u1100" <= character <= "\u11ff" or character >= "\u2e80"
