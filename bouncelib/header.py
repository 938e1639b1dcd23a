"""Header fields: the values of RFC 5322 with the encodings of RFC 2047 and RFC 2231 undone."""

from __future__ import annotations

import binascii
import functools
import re
from collections.abc import Callable, Iterator, Sequence

from .charset import Guesser, decode, raw_bytes, readable
from .transfer import unbase64

__all__ = ["MAX_PARAMETERS", "NO_FIELDS", "Headers", "decode_words", "parameters", "read_fields"]

MAX_PARAMETERS = 1 << 14
# What is no longer than this, and recurs from message to message, is remembered.
_SHORT = 200

# RFC 2047 section 2. The charset may carry a language (RFC 2231 section 5).
_WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?([^?\n]*)\?=")
# RFC 2045 section 5.1 and RFC 2231 section 3: name, optional section, optional mark of an encoded value.
_PARAMETER = re.compile(
    r';\s*([^\s=;*"]{1,200})(?:\*([0-9]{1,4}))?(\*)?\s*=\s*(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"?|([^;]*))', re.DOTALL
)
_BARE_COMMENT = re.compile(r"\s\([^()]*\)\s*$")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")

# RFC 5322 section 3.6.8: a field name is printable US-ASCII except the colon; section 4.5 allows blanks before it.
_MEDIA_TYPE = re.compile(r"[^\s/;\"()]+/[^\s/;\"()]+")
_FIELD = re.compile(r"([!-9;-~]++)[ \t]*+:[ \t]*+")

# The usual field names, as they are usually spelled, with their lower case.
_KNOWN = {
    spelling: name.lower()
    for name in (
        "Authentication-Results", "Auto-Submitted", "Cc", "Content-Description", "Content-Disposition",
        "Content-Transfer-Encoding", "Content-Type", "DKIM-Signature", "Date", "Delivered-To", "Delivery-Date",
        "Envelope-To", "Errors-To", "From", "Importance", "In-Reply-To", "List-Archive", "List-Help", "List-Id",
        "List-Post", "List-Subscribe", "List-Unsubscribe", "MIME-Version", "Message-ID", "Precedence", "Received",
        "Received-SPF", "References", "Reply-To", "Return-Path", "Sender", "Subject", "To", "User-Agent",
        "X-Failed-Recipients", "X-Mailer", "X-Original-To", "X-Priority", "X-Received", "X-Virus-Scanned",
    )
    for spelling in (name, name.title(), name.capitalize(), name.lower())
}  # fmt: skip

Guess = Callable[[bytes], str | None]


def decode_words(value: str, guess: Guess | None = None) -> str:
    """A header value with its encoded words (RFC 2047) and raw 8-bit text decoded."""
    if "=?" not in value:
        return value if value.isascii() else readable(value, guess)
    guess = guess or Guesser(1)
    return "".join(_decode_pieces(value, guess))


def _decode_pieces(value: str, guess: Guess) -> Iterator[str]:
    pending: list[bytes] = []
    charset, end = "", 0
    for match in _WORD.finditer(value):
        between = value[end : match.start()]
        label = match[1].partition("*")[0].lower()
        data = _unword(match[2], match[3])
        # White space between two encoded words is not text, and a character may be split across them.
        if pending and (not between or between.isspace()):
            if label != charset:
                yield decode(b"".join(pending), charset, guess)[0]
                pending = []
        else:
            if pending:
                yield decode(b"".join(pending), charset, guess)[0]
                pending = []
            yield readable(between, guess)
        pending.append(data)
        charset, end = label, match.end()
    if pending:
        yield decode(b"".join(pending), charset, guess)[0]
    yield readable(value[end:], guess)


def _unword(encoding: str, text: str) -> bytes:
    data = raw_bytes(text)
    return unbase64(data) if encoding in "bB" else binascii.a2b_qp(data, header=True)


def parameters(value: str) -> dict[str, str]:
    """The parameters of a structured header, names lower-cased, RFC 2231 sections joined and decoded."""
    found: dict[str, str] = {}
    sections: dict[str, list[tuple[int, str, bool]]] = {}
    for name, number, mark, quoted, plain in _PARAMETER.findall(value[:MAX_PARAMETERS]):
        text = quoted or (_BARE_COMMENT.sub("", plain) if "(" in plain else plain).strip()
        if "\\" in quoted:
            text = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        if number or mark:
            sections.setdefault(name.lower(), []).append((int(number or 0), text, bool(mark)))
        else:
            found.setdefault(name.lower(), text)
    for name, pieces in sections.items():
        # RFC 2231 section 4 allows both forms side by side; the extended one says more.
        found[name] = _join_sections(sorted(pieces))
    return found


def _join_sections(pieces: list[tuple[int, str, bool]]) -> str:
    charset = ""
    data: list[bytes] = []
    for number, text, is_encoded in pieces:
        value = text
        if is_encoded and number == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        raw = raw_bytes(value)
        data.append(_PERCENT.sub(lambda m: bytes.fromhex(m[1].decode()), raw) if is_encoded else raw)
    return decode(b"".join(data), charset or None)[0]


class Headers:
    """The fields of one header block in order; names in any case.

    `raw` gives a value as it stands behind the colon and its blanks, unfolded, undecodable bytes as lone surrogates;
    `get` the same decoded. `first` has the first raw value of each field under its lower-case name. `media_type` is the
    type and subtype of Content-Type in lower case (RFC 2045 section 5.1), empty where it names none. `memo` keeps what
    a pure function said of this header, under the function, for the next who asks.
    """

    __slots__ = ("_charset", "_decoded", "_guesser", "_params", "fields", "first", "is_plain", "media_type", "memo")

    def __init__(
        self,
        fields: Sequence[tuple[str, str]] = (),
        guesser: Guess | None = None,
        first: dict[str, str] | None = None,
        is_plain: bool = False,
    ) -> None:
        """`is_plain` says that the values are ASCII without encoded words, and without blanks at either end."""
        self.fields = fields
        self.first = {name.lower(): value for name, value in reversed(fields)} if first is None else first
        self.is_plain = is_plain
        self.memo: dict[Callable[[Headers], bool], bool] = {}
        self.media_type = ""
        if "content-type" in self.first:
            named = self.first["content-type"].partition(";")[0]
            self.media_type = _media_type(named) if len(named) <= _SHORT else _media_type.__wrapped__(named)
        self._params: dict[str, str] | None = None
        self._guesser = guesser
        self._decoded: dict[str, str] = {}
        self._charset: str | None = None

    @property
    def params(self) -> dict[str, str]:
        """The parameters of Content-Type."""
        if self._params is None:
            value = self.first.get("content-type", "")
            self._params = parameters(value) if ";" in value else {}
        return self._params

    def __contains__(self, name: str) -> bool:
        return name.lower() in self.first

    def __len__(self) -> int:
        return len(self.fields)

    def raw(self, name: str) -> str:
        """The first value of the lower-case `name`, or the empty string."""
        return self.first.get(name, "")

    def get(self, name: str) -> str | None:
        """The first value of the lower-case `name`, decoded and stripped, or `None`."""
        value = self.first.get(name)
        if value is None or self.is_plain:
            return value
        if name not in self._decoded:
            self._decoded[name] = self._decode(value)
        return self._decoded[name]

    def get_all(self, name: str) -> list[str]:
        """Every value of the lower-case `name`, decoded and stripped, in order."""
        if name not in self.first:
            return []
        if len(self.first) == len(self.fields):  # no field twice
            return [self.get(name) or ""]
        size = len(name)
        values = [value for key, value in self.fields if len(key) == size and key.lower() == name]
        return values if self.is_plain else [self._decode(value) for value in values]

    def decoded(self) -> tuple[tuple[str, str], ...]:
        """Every field as (name, value), values decoded and stripped."""
        if self.is_plain:
            return tuple(self.fields)
        return tuple([(name, self._decode(value)) for name, value in self.fields])

    def _decode(self, value: str) -> str:
        if value.isascii() and "=?" not in value:
            return value.strip()
        return decode_words(value, self._guess).strip()

    def _guess(self, _data: bytes) -> str | None:
        """The charset of all raw 8-bit values together: one of them alone is too short to tell."""
        if self._charset is None:
            raw = b"\n".join(raw_bytes(value) for _, value in self.fields if not value.isascii())
            self._charset = (self._guesser or Guesser(1))(raw or _data) or ""
        return self._charset or None


NO_FIELDS = Headers()


def read_fields(block: bytes, guesser: Guess | None = None) -> Headers | None:
    """The header in `block`; `None` where a line neither is a field nor continues one."""
    usual = _usual_header(block) if len(block) <= _SHORT else None
    return _read_header(block, guesser) if usual is None else usual


def _read_header(block: bytes, guesser: Guess | None) -> Headers | None:
    text = block.decode("utf-8", "surrogateescape").replace("\n ", " ").replace("\n\t", "\t")
    is_plain = text.isascii() and not ("?" in text and "=?" in text)
    fields: list[tuple[str, str]] = []
    first: dict[str, str] = {}
    for line in reversed(text.split("\n")):
        name, colon, value = line.partition(": ")
        if colon and name in _KNOWN:
            low = _KNOWN[name]
        elif colon and name.isascii() and name.replace("-", "").isalnum():
            low = name.lower()
        elif field := _FIELD.match(line):
            name, value = field[1], line[field.end() :]
            low = name.lower()
        else:
            return None
        if value.strip() is not value:
            value = value.lstrip(" \t")
            is_plain = is_plain and not value.endswith((" ", "\t"))
        first[low] = value
        fields.append((name, value))
    fields.reverse()
    return Headers(tuple(fields), guesser, first, is_plain)


@functools.lru_cache(maxsize=256)
def _usual_header(block: bytes) -> Headers | None:
    """The header in a short `block`, if plain: the parts of one report have the same as those of the next."""
    headers = _read_header(block, None)
    return headers if headers is not None and headers.is_plain else None


@functools.lru_cache(maxsize=256)
def _media_type(value: str) -> str:
    found = _MEDIA_TYPE.match(value.strip().lower())
    return found[0] if found else ""
