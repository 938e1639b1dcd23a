"""Bytes to a tree of parts: the one place that knows MIME (RFC 5322, 2045 to 2047, 2231).

    Message ── headers, parts ── Part ── headers, children, text(), embedded

Line endings are made line feeds once; after that a part is a span of one buffer, and nothing is decoded before it is
asked for. Damage is worked around and recorded in `Message.defects`; no input raises.

Limits, each reached without loss of what came before: `MAX_DEPTH` nested parts, `MAX_PARTS` parts in a message,
`MAX_HEADER` bytes in one header block, `MAX_PARAMETERS` characters of one structured header.
"""

from __future__ import annotations

import binascii
import email.message
import email.policy
import functools
import html
import re
from collections.abc import Iterator

from .body import Body, Span, split_original
from .charset import decode, readable
from .model import Defect

__all__ = [
    "MAX_DEPTH",
    "MAX_HEADER",
    "MAX_PARAMETERS",
    "MAX_PARTS",
    "RETURNED",
    "Headers",
    "Message",
    "Part",
    "decode_words",
    "html_to_text",
    "parameters",
    "read",
    "read_headers",
]

MAX_DEPTH = 32
MAX_PARTS = 10_000
MAX_HEADER = 1 << 20
MAX_PARAMETERS = 1 << 14

# The types under which a report returns the message that it is about (RFC 6522, RFC 6533, RFC 2046 section 5.2).
RETURNED = frozenset({
    "message/rfc822", "message/rfc822-headers", "message/global", "message/global-headers", "message/partial",
    "text/rfc822-headers", "text/rfc822",
})  # fmt: skip
_OPENING = 1 << 18

_BOM = b"\xef\xbb\xbf"
# RFC 5322 section 3.6.8: a field name is printable US-ASCII except the colon; section 4.5 allows blanks before it.
_FIELD_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
_WELL_KNOWN = re.compile(
    rb"(?i)(?:received|return-path|from|to|cc|subject|date|message-id|mime-version|reply-to|sender|auto-submitted"
    rb"|content-(?:type|transfer-encoding|description|disposition)|x-[!-9;-~]+)[ \t]*:"
)
# RFC 2047 section 2. The charset may carry a language (RFC 2231 section 5).
_WORD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?([^?\n]*)\?=")
# RFC 2045 section 5.1 and RFC 2231 section 3: name, optional section, optional mark of an encoded value.
_PARAMETER = re.compile(r';\s*([^\s=;*"]+)(?:\*([0-9]{1,4}))?(\*)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))', re.DOTALL)
_GUESSED_BOUNDARY = re.compile(rb"(?m)^--([^\s-][^\s]{0,200}|-+[^\s-][^\s]{0,200})[ \t]*\n(?i:content-[a-z-]+[ \t]*:)")


def decode_words(value: str) -> str:
    """A header value with its encoded words (RFC 2047) and raw 8-bit text decoded."""
    if "=?" not in value:
        return readable(value)
    out: list[str] = []
    pending, charset, end = b"", "", 0
    for match in _WORD.finditer(value):
        between = value[end : match.start()]
        label = match[1].partition("*")[0].lower()
        data = _unword(match[2], match[3])
        # White space between two encoded words is not text, and a character may be split across them.
        if pending and not between.strip() and label == charset:
            pending += data
        else:
            if pending:
                out.append(decode(pending, charset)[0])
                between = between if between.strip() else ""
            out.append(readable(between))
            pending, charset = data, label
        end = match.end()
    if end:
        out.append(decode(pending, charset)[0])
    out.append(readable(value[end:]))
    return "".join(out)


def _unword(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    return _unbase64(data) if encoding in "bB" else binascii.a2b_qp(data, header=True)


def _unbase64(data: bytes) -> bytes:
    """Base64 with everything outside the alphabet skipped and missing padding supplied (RFC 2045 section 6.8)."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        kept = kept[: len(kept) - (len(kept) % 4 == 1)]
        return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def parameters(value: str) -> dict[str, str]:
    """The parameters of a structured header, names lower-cased, RFC 2231 sections joined and decoded."""
    found: dict[str, str] = {}
    sections: dict[str, list[tuple[int, str, bool]]] = {}
    for name, number, mark, quoted, plain in _PARAMETER.findall(value[:MAX_PARAMETERS]):
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.strip()
        if number or mark:
            sections.setdefault(name.lower(), []).append((int(number or 0), text, bool(mark)))
        else:
            found.setdefault(name.lower(), text)
    for name, pieces in sections.items():
        found.setdefault(name, _join_sections(sorted(pieces)))
    return found


def _join_sections(pieces: list[tuple[int, str, bool]]) -> str:
    charset = ""
    data = b""
    for number, text, is_encoded in pieces:
        value = text
        if is_encoded and number == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        raw = value.encode("utf-8", "surrogateescape")
        if is_encoded:
            raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), raw)
        data += raw
    return decode(data, charset or None)[0]


def html_to_text(source: str) -> str:
    """The lines that a person would read in a piece of HTML."""
    source = _drop_element(_drop_element(_drop_element(source, "script"), "style"), "head")
    source = re.sub(r"(?i)<(?:br|/?p|/?div|/?tr|/?table|/?li|/?h[1-6]|/?pre|hr)\b[^<>]*>", "\n", source)
    # An address in angle brackets is no tag, even where the writer forgot to escape it.
    source = re.sub(r"<(?![^<>\s@]+@)[/!a-zA-Z][^<>]*>", " ", source)
    return html.unescape(source).replace("\xa0", " ")


def _drop_element(source: str, name: str) -> str:
    low = source.lower()
    if f"<{name}" not in low or len(low) != len(source):
        return source
    out, pos = [], 0
    while (start := low.find(f"<{name}", pos)) >= 0:
        out.append(source[pos:start])
        end = low.find(f"</{name}", start)
        if end < 0:
            return "".join(out)
        pos = end
    out.append(source[pos:])
    return "".join(out)


class Headers:
    """The fields of one header block in order; names in any case.

    `raw` gives a value as it stands, unfolded, undecodable bytes as lone surrogates; `get` the same decoded.
    """

    __slots__ = ("_first", "fields")

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self.fields = fields
        first: dict[str, str] = {}
        for name, value in fields:
            first.setdefault(name.lower(), value)
        self._first = first

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._first

    def __len__(self) -> int:
        return len(self.fields)

    def raw(self, name: str) -> str:
        """The first value of the lower-case `name`, or the empty string."""
        return self._first.get(name, "")

    def get(self, name: str) -> str | None:
        """The first value of the lower-case `name`, decoded and stripped, or `None`."""
        value = self._first.get(name)
        return None if value is None else decode_words(value).strip()

    def get_all(self, name: str) -> list[str]:
        """Every value of the lower-case `name`, decoded and stripped, in order."""
        return [decode_words(value).strip() for key, value in self.fields if key.lower() == name]

    def decoded(self) -> tuple[tuple[str, str], ...]:
        """Every field as (name, value), values decoded and stripped."""
        return tuple((readable(name), decode_words(value).strip()) for name, value in self.fields)


class Part:
    """A node of the tree: `raw[start:body]` is its header, `raw[body:end]` its body.

    `section` is its number by RFC 3501 section 6.4.5; `children` are the parts of a multipart.
    """

    __slots__ = ("_embedded", "_params", "_text", "body", "children", "content_type", "end", "headers", "message",
                 "section", "start")  # fmt: skip

    def __init__(self, message: Message, section: str, start: int, body: int, end: int, headers: Headers) -> None:
        self.message = message
        self.section = section
        self.start = start
        self.body = body
        self.end = end
        self.headers = headers
        self.children: tuple[Part, ...] = ()
        self._params: dict[str, str] | None = None
        self._text: str | None = None
        self._embedded: Part | None = None
        kind = headers.raw("content-type")
        if kind:
            kind = kind.partition(";")[0].strip().lower()
            kind = kind if kind.count("/") == 1 else "text/plain"  # RFC 2045 section 5.2
        self.content_type = kind or "text/plain"

    def __repr__(self) -> str:
        return f"<Part {self.section!r} {self.content_type} {self.end - self.body} bytes>"

    @property
    def params(self) -> dict[str, str]:
        """The parameters of Content-Type."""
        if self._params is None:
            self._params = parameters(self.headers.raw("content-type"))
        return self._params

    @property
    def is_multipart(self) -> bool:
        return bool(self.children)

    def walk(self) -> Iterator[Part]:
        """This part and all below it, in the order of the message; messages inside the message stay closed."""
        yield self
        for child in self.children:
            yield from child.walk()

    def content(self, limit: int | None = None) -> bytes:
        """The body with its transfer encoding undone (RFC 2045 section 6), of at most `limit` encoded bytes."""
        end = self.end if limit is None else min(self.end, self.body + limit)
        data = self.message.raw[self.body : end]
        encoding = self.headers.raw("content-transfer-encoding").strip().lower()
        if encoding == "quoted-printable":
            return binascii.a2b_qp(data)
        if encoding == "base64":
            return _unbase64(data)
        return data

    def text(self) -> str:
        """The body as text, lines ended by line feeds; see `bouncelib.charset` for how the charset is found."""
        if self._text is None:
            self._text = self._decode(self.content())
        return self._text

    def opening(self, limit: int) -> str:
        """The text of the first `limit` bytes of the body, cut at a line end; all of it where it is no longer."""
        if self._text is not None or self.end - self.body <= limit:
            return self.text()
        cut = self.message.raw.rfind(b"\n", self.body, self.body + limit) - self.body
        return self._decode(self.content(cut if cut > 0 else limit))

    def _decode(self, data: bytes) -> str:
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        params = self.params if self.headers.raw("content-type") else {}
        text, defect = decode(data, params.get("charset"))
        if defect:
            self.message.note(defect, params.get("charset", ""), self.section)
        return text

    def embedded(self) -> Part:
        """The message that this `message/rfc822` (or alike) part holds, its tree read at the first call."""
        if self._embedded is None:
            message = self.message
            encoding = self.headers.raw("content-transfer-encoding").strip().lower()
            if encoding in {"base64", "quoted-printable"}:  # RFC 2046 section 5.2.1 forbids it; servers do it
                message = Message(_unify(self.content()), message.defect_list)
                self._embedded = message.root
            else:
                self._embedded = message.build(self.body, self.end, self.section, 1)
        return self._embedded


class Message:
    """One message: its bytes with line feeds as line ends, the tree of its parts, and the damage met so far."""

    def __init__(self, raw: bytes, defects: list[Defect] | None = None) -> None:
        self.raw = raw
        self.defect_list: list[Defect] = [] if defects is None else defects
        self._budget = MAX_PARTS
        start = len(_BOM) if raw.startswith(_BOM) else 0
        self.root = self.build(start, len(raw), "", 0)

    @property
    def headers(self) -> Headers:
        """The header of the message itself."""
        return self.root.headers

    @property
    def defects(self) -> tuple[Defect, ...]:
        """The damage worked around so far; grows as parts are decoded."""
        return tuple(self.defect_list)

    @functools.cached_property
    def parts(self) -> tuple[Part, ...]:
        """Every part in order, the root first; messages inside the message stay closed."""
        return tuple(self.root.walk()) if self.root.children else (self.root,)

    @functools.cached_property
    def body(self) -> Body:
        """The readable text of the report, without the returned message."""
        return _read_body(self)

    def note(self, rule: str, text: str = "", part: str = "") -> None:
        """Record a defect, once for each rule and part."""
        if len(self.defect_list) < 100:
            defect = Defect(rule, readable(text[:200]), part)
            if defect not in self.defect_list:
                self.defect_list.append(defect)

    def build(self, start: int, end: int, section: str, depth: int) -> Part:
        """Read the part in `raw[start:end]` and everything below it."""
        headers, body = self._read_headers(start, end, section)
        part = Part(self, section, start, body, end, headers)
        if part.content_type.startswith("multipart/"):
            self._read_children(part, depth)
        elif not section:
            part.section = "1"
        return part

    def _read_headers(self, start: int, end: int, section: str) -> tuple[Headers, int]:
        raw = self.raw
        if raw[start : start + 1] == b"\n" and start < end:
            return Headers([]), start + 1
        stop = raw.find(b"\n\n", start, min(end, start + MAX_HEADER))
        if stop >= 0:
            body = stop + 2
        elif end - start > MAX_HEADER:
            stop = raw.rfind(b"\n", start, start + MAX_HEADER)
            stop = stop if stop >= 0 else start + MAX_HEADER
            body = raw.find(b"\n\n", stop, end) + 2
            body = body if body >= 2 else end
            self.note("header-limit", part=section)
        else:
            stop = body = end
        text = raw[start:stop].decode("utf-8", "surrogateescape")
        fields: list[tuple[str, str]] = []
        for line in text.replace("\n ", " ").replace("\n\t", "\t").split("\n"):
            name, colon, value = line.partition(":")
            if not colon or not name or " " in name or not name.isascii():
                stripped = name.rstrip(" \t")
                if colon and stripped and stripped.isascii() and not re.search(r"\s", stripped):
                    name = stripped
                elif not fields and line.startswith(("From ", ">From ")):
                    continue
                elif not line and not text:
                    break
                else:
                    return self._read_damaged(start, stop, body, end, section)
            fields.append((name, value))
        return Headers(fields), body

    def _read_damaged(self, start: int, stop: int, body: int, end: int, section: str) -> tuple[Headers, int]:
        """A header block with a line that is no field: either a fold lost its blank, or the blank line is missing."""
        raw = self.raw
        fields: list[tuple[str, str]] = []
        lines = raw[start:stop].split(b"\n")
        at = start
        for number, line in enumerate(lines):
            match = _FIELD_LINE.match(line)
            if match:
                name = match[0][:-1].rstrip().decode("ascii")
                fields.append((name, line[match.end() :].decode("utf-8", "surrogateescape")))
            elif fields and (line[:1] in b" \t" or any(_WELL_KNOWN.match(after) for after in lines[number + 1 :][:3])):
                if line[:1] not in b" \t":
                    self.note("header-line-unfolded", line.decode("utf-8", "surrogateescape"), section)
                name, value = fields[-1]
                if len(value) < MAX_PARAMETERS:
                    fields[-1] = (name, value + line.decode("utf-8", "surrogateescape"))
            elif not fields and line.startswith((b"From ", b">From ")):
                pass
            else:
                self.note("header-body-separator-missing", line.decode("utf-8", "surrogateescape"), section)
                return Headers(fields), at
            at += len(line) + 1
        return Headers(fields), min(body, end)

    def _read_children(self, part: Part, depth: int) -> None:
        if depth >= MAX_DEPTH:
            self.note("mime-depth-limit", part=part.section)
            return
        boundary = part.params.get("boundary", "").rstrip(" \t").encode("utf-8", "surrogateescape")
        spans: list[tuple[int, int]] = []
        if boundary:
            spans = self._split(part, boundary)
        if not spans:
            self.note("boundary-not-found" if boundary else "boundary-missing", part=part.section)
            guess = _GUESSED_BOUNDARY.search(self.raw, part.body, min(part.end, part.body + MAX_HEADER))
            if guess:
                spans = self._split(part, guess[1])
        prefix = f"{part.section}." if part.section else ""
        children = []
        for number, (start, end) in enumerate(spans, 1):
            self._budget -= 1
            children.append(self.build(start, end, f"{prefix}{number}", depth + 1))
        part.children = tuple(children)

    def _split(self, part: Part, boundary: bytes) -> list[tuple[int, int]]:
        """The spans between the delimiter lines of RFC 2046 section 5.1.1."""
        raw, end = self.raw, part.end
        delimiter = b"\n--" + boundary
        width = len(delimiter)
        spans: list[tuple[int, int]] = []
        opened = -1
        # The line feed that ends the header may be the one that begins the first delimiter.
        found = raw.find(delimiter, max(part.body - 1, 0), end)
        while found >= 0:
            after = raw.find(b"\n", found + width, end)
            after = end if after < 0 else after
            rest = raw[found + width : min(after, found + width + 80)].rstrip(b" \t")
            if rest in (b"", b"--"):
                if opened >= 0:
                    spans.append((opened, max(found, opened)))
                    opened = -1
                if rest or len(spans) >= self._budget:
                    if not rest:
                        self.note("mime-part-limit", part=part.section)
                    return spans
                opened = min(after + 1, end)
                # The line feed that ends this delimiter may begin the next one.
                found = raw.find(delimiter, after, end)
            else:
                found = raw.find(delimiter, found + width, end)
        if opened >= 0:
            self.note("boundary-not-closed", part=part.section)
            spans.append((opened, end))
        return spans


def _read_body(message: Message) -> Body:
    """The plain text parts before the returned message; HTML only where no plain text stands beside it."""
    plain: list[Part] = []
    rich: list[Part] = []
    for part in message.parts:
        kind = part.content_type
        if kind in RETURNED:
            break
        if kind == "text/html":
            rich.append(part)
        elif kind.startswith("text/") or (kind.startswith("multipart/") and not part.children):
            plain.append(part)
    spans, returned = _read_spans(plain)
    if rich and not any(span.text.strip() for span in spans):
        spans, returned = _read_spans(rich)
    return Body(spans, *returned)


def _read_spans(parts: list[Part]) -> tuple[tuple[Span, ...], tuple[str, str]]:
    spans: list[Span] = []
    first = 0
    for part in parts:
        text = part.opening(_OPENING)
        if part.content_type == "text/html":
            text = html_to_text(text)
        found = split_original(text)
        if found is None and part.end - part.body > _OPENING:
            text = html_to_text(part.text()) if part.content_type == "text/html" else part.text()
            found = split_original(text)
        report = text if found is None else text[: found[0]]
        spans.append(Span(part.section, report, first))
        if found:
            return tuple(spans), (_unquote(text[found[0] : found[0] + MAX_HEADER], found[1]), part.section)
        first += report.count("\n") + 1
    return tuple(spans), ("", "")


def _unquote(text: str, indent: str) -> str:
    return "\n".join(line.removeprefix(indent) for line in text.split("\n")) if indent else text


def _unify(raw: bytes) -> bytes:
    if b"\r" in raw:
        raw = raw.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return raw


def read(raw: bytes | bytearray | memoryview | email.message.Message) -> Message:
    """The message in `raw`; any bytes will do. A `Message` of the standard library is flattened first."""
    if isinstance(raw, email.message.Message):
        raw = _flatten(raw)
    return Message(_unify(bytes(raw)))


def read_headers(text: str) -> tuple[Headers, str]:
    """The header at the top of `text`, and the text after it."""
    part = Message(text.encode("utf-8", "surrogatepass")).root
    return part.headers, part.message.raw[part.body : part.end].decode("utf-8", "replace")


def _flatten(message: email.message.Message) -> bytes:
    try:
        return message.as_bytes(policy=email.policy.compat32)
    except (LookupError, ValueError, TypeError, AttributeError):
        # The generator re-encodes bodies by their declared charset, which may be untrue; the fields are still there.
        head = "".join(f"{name}: {value}\n" for name, value in message.items())
        payload = message.get_payload()
        body = payload if isinstance(payload, str) else ""
        return f"{head}\n{body}".encode("utf-8", "surrogateescape")
