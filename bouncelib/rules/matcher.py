"""Which of a few thousand literals does a short text contain?

A text and a literal are brought to the same plain form: lower case, accents and punctuation gone, addresses cut down
to `@`, single spaces. Then `"e-mail"` is `"email"`, `"OVER_QUOTA"` is `"over quota"`, and nobody's spelling of a
bracket matters.

In a rule file a literal stands for itself from the start of a word on: `"greylist"` finds "greylisted", and `"full"`
does not find "successful". `*` in front of it finds it inside words too (`"*quota"`: "overquota"); `$` behind it asks
for the end of a word (`"ban$"`). In scripts that do not part words (Chinese, Japanese, Thai) it is found anywhere.

Every literal is filed under its rarest word; a text then asks only for the literals that its own words lead to.
"""

from __future__ import annotations

import collections
import re
import unicodedata
from collections.abc import Iterable, Mapping

__all__ = ["LIMIT", "Matcher", "plain"]

# Only so many characters of a refusal are looked at: a longer one tells a story, and its point stands at the front.
LIMIT = 4096

_PREFIX = 4

_PUNCTUATION: dict[int, str | None] = dict.fromkeys(
    map(ord, """!"#$%&()*+,-./:;<=>?[\\]^_`{|}~、。，．：；！？「」『』（）【】·«»„“”‐–—…¡¿"""), " "
)
_PUNCTUATION |= dict.fromkeys(map(ord, "'’´‘"))
_PUNCTUATION |= {ord("ß"): "ss", ord("ø"): "o", ord("ł"): "l", ord("đ"): "d", ord("æ"): "ae", ord("ı"): "i"}

# French and Italian articles and their like: "l'adresse" are two words, "doesn't" is one.
_ELISION = re.compile(r"\b([a-z]|qu|dell|all|nell|sull|un)['’´]")

# Words that are one: their spellings differ, or they frame what is really said.
_FUSED = (
    ("e mail", "email"),
    ("black list", "blacklist"),
    ("block list", "blocklist"),
    ("mail box", "mailbox"),
    ("recipient address rejected", "recipientaddressrejected"),
    ("sender address rejected", "senderaddressrejected"),
    ("remote host said", "said"),
    ("unknown address error", "unknownaddresserror"),  # Cisco ESA puts it in front of whatever the server said
)

# An address, from the start of a word on; possessive, so that nothing is read twice.
_ADDRESS = re.compile(r"""(?<![^\s<>()\[\]"',;:=|{}])[^\s<>()\[\]"',;:=|{}@]*+@[\w.\-]*+""")

# Words that stand in most refusals and tell none apart: a literal is filed under another of its words if it has one.
_COMMON = frozenset(
    (
        "a",
        "again",
        "address",
        "and",
        "be",
        "blocked",
        "by",
        "been",
        "domain",
        "email",
        "error",
        "failed",
        "for",
        "from",
        "has",
        "host",
        "in",
        "ip",
        "is",
        "it",
        "mail",
        "mailbox",
        "message",
        "no",
        "not",
        "of",
        "on",
        "or",
        "please",
        "policy",
        "recipient",
        "rejected",
        "see",
        "sender",
        "server",
        "smtp",
        "spam",
        "temporarily",
        "that",
        "the",
        "this",
        "to",
        "too",
        "try",
        "user",
        "was",
        "with",
        "you",
        "your",
    )
)


def plain(text: str) -> str:
    """`text` as literals are looked for in it: see above; a space at either end."""
    text = text[:LIMIT].lower()
    if "@" in text:
        text = _ADDRESS.sub(" @ ", text)  # the local part says nothing: full@example.com
    if "'" in text or "’" in text:
        text = _ELISION.sub(r"\1 ", text)
    if not text.isascii():
        text = _without_accents(text)
    text = f" {' '.join(text.translate(_PUNCTUATION).split())} "
    for apart, joined in _FUSED:
        if apart in text:
            text = text.replace(apart, joined)
    return text


def _without_accents(text: str) -> str:
    """Without the combining marks of Latin, Greek and Cyrillic letters; others (Japanese, Hindi) keep theirs."""
    marked = unicodedata.normalize("NFKD", text)
    bare = "".join([c for c in marked if not "\u0300" <= c <= "\u036f"])
    return unicodedata.normalize("NFKC", bare)


class Matcher:
    """The literals of all rules, and which of them a text contains."""

    __slots__ = ("_anywhere", "_foreign", "_prefix_keys", "_prefixes", "_word_keys", "_words")

    def __init__(self, literals: Iterable[str]) -> None:
        """`literals` as they stand in a rule file."""
        forms: dict[str, str] = {}
        for literal in literals:
            form = compiled(literal)
            if not form.strip():
                raise ValueError(f"the literal {literal!r} contains nothing to look for")
            forms[literal] = form
        count = collections.Counter(word for form in forms.values() for word in set(form.split()))
        count.update(dict.fromkeys(_COMMON, len(forms)))
        anywhere: list[tuple[str, str]] = []
        foreign: list[tuple[str, str]] = []
        words: dict[str, list[tuple[str, str]]] = {}
        prefixes: dict[str, list[tuple[str, str]]] = {}
        for literal, form in forms.items():
            if form[0] != " ":
                (anywhere if form.isascii() else foreign).append((literal, form))
                continue
            whole = form.split()
            last = None if form[-1] == " " else whole.pop()
            key = min(whole, key=lambda word: (count[word], -len(word)), default=None)
            if last is not None and len(last) >= _PREFIX and (key is None or count[last] < count[key]):
                prefixes.setdefault(last[:_PREFIX], []).append((literal, form))
            elif key is not None:
                words.setdefault(key, []).append((literal, form))
            else:  # shorter than any key
                anywhere.append((literal, form))
        self._anywhere = tuple(anywhere)
        self._foreign = tuple(foreign)
        self._words: Mapping[str, list[tuple[str, str]]] = words
        self._prefixes: Mapping[str, list[tuple[str, str]]] = prefixes
        self._word_keys = frozenset(words)
        self._prefix_keys = frozenset(prefixes)

    def find(self, text: str) -> set[str]:
        """The literals that `text`, in its plain form, contains."""
        words = set(text.split())
        found: set[str] = set()
        add = found.add
        for literal, form in self._anywhere:
            if form in text:
                add(literal)
        if not text.isascii():
            found.update([literal for literal, form in self._foreign if form in text])
        for key in words & self._word_keys:
            for literal, form in self._words[key]:
                if form in text:
                    add(literal)
        for key in {word[:_PREFIX] for word in words} & self._prefix_keys:
            for literal, form in self._prefixes[key]:
                if form in text:
                    add(literal)
        return found


def compiled(literal: str) -> str:
    """What is looked for: `" full "` for `"full$"`, `" greylist"` for `"greylist"`, `"quota"` for `"*quota"`."""
    body = literal.removeprefix("*")
    bounded = body.endswith("$")
    form = plain(body.removesuffix("$")).strip()
    if not form:
        return ""
    start = "" if literal.startswith("*") or _unparted(form[0]) else " "
    return f"{start}{form}{' ' if bounded else ''}"


def _unparted(character: str) -> bool:
    """Whether the script does not part words by spaces, or glues particles to them (Korean)."""
    return "\u0e00" <= character <= "\u0eff" or "\u1100" <= character <= "\u11ff" or character >= "\u2e80"
