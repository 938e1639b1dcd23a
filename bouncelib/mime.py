"""Bytes to a tree of parts: the one place that knows MIME (RFC 5322, 2045, 2046).

    Message ── headers, parts ── Part ── headers, children, text(), embedded()

Line endings are made line feeds once; after that a part is a span of one buffer, and nothing is decoded before it is
asked for. Damage is worked around and recorded in `Message.defects`; no input raises.

Limits, each reached without loss of what came before, and noted as a defect: `MAX_DEPTH` nested parts, `MAX_PARTS`
parts in a message, `MAX_HEADER` bytes in one header block. `MAX_PARAMETERS` characters are read of one structured
header.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .body import Body, Span, html_to_text, split_original, unquote
from .charset import Guesser, decode, raw_bytes, readable
from .header import MAX_PARAMETERS, NO_FIELDS, Headers, decode_words, parameters, read_fields
from .model import Defect
from .transfer import ENCODED, undo, unify_lines

if TYPE_CHECKING:
    import email.message

__all__ = [
    "DELIVERY_STATUS",
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

# The types under which a report returns the message that it is about (RFC 6522, RFC 6533, RFC 2046 section 5.2).
RETURNED = frozenset({
    "message/rfc822", "message/rfc822-headers", "message/global", "message/global-headers", "message/partial",
    "text/rfc822-headers", "text/rfc822",
})  # fmt: skip
DELIVERY_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})  # RFC 3464, RFC 6533
_BYTES = (bytes, bytearray, memoryview)
_OPENING = 1 << 18
_MAX_DEFECTS = 100

_BOM = b"\xef\xbb\xbf"
_FIELD_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
_WELL_KNOWN = re.compile(
    rb"(?i)(?:received|return-path|from|to|cc|subject|date|message-id|mime-version|reply-to|sender|auto-submitted"
    rb"|content-(?:type|transfer-encoding|description|disposition)|x-[!-9;-~]+)[ \t]*:"
)
_MBOX = (b"From ", b">From ")  # RFC 4155 appendix A, and what a second mailbox makes of it
_BEFORE = (*_MBOX, _BOM, b"\n")
_LEADING = re.compile(rb"\n{1,9}(?=[!-9;-~]{1,80}:|>?From )")
_GUESSED_BOUNDARY = re.compile(rb"(?m)^--([^\s-][^\s]{0,200}|-+[^\s-][^\s]{0,200})[ \t]*\n(?i:content-[a-z-]+[ \t]*:)")
# A whole Content-Type as reports mostly have it: what the general reading of parameters would find in it.
_USUAL_BOUNDARY = re.compile(
    r"multipart/[a-z]{1,20};(?: report-type=delivery-status;)?\s+boundary=\"([!#-\[\]-~]{1,200})\""
)
_HTML = re.compile(r"(?i)\s*<(?:html|!doctype html)")
_TOKEN = re.compile(r"[^\s\"';(),]+")
_TYPE_OF = operator.attrgetter("content_type")


class Part:
    """A node of the tree: `raw[start:body]` is its header, `raw[body:end]` its body.

    `section` is its number by RFC 3501 section 6.4.5; `children` are the parts of a multipart.
    """

    __slots__ = ("_embedded", "_text", "body", "children", "content_type", "end", "headers",
                 "section", "start", "tree")  # fmt: skip

    def __init__(self, tree: Tree, section: str, start: int, body: int, end: int, headers: Headers) -> None:
        self.tree = tree
        self.section = section
        self.start = start
        self.body = body
        self.end = end
        self.headers = headers
        self.children: tuple[Part, ...] = ()
        self._text: str | None = None
        self._embedded: Part | None = None
        self.content_type = headers.media_type or "text/plain"  # RFC 2045 section 5.2

    def __repr__(self) -> str:
        return f"<Part {self.section!r} {self.content_type} {self.end - self.body} bytes>"

    @property
    def params(self) -> dict[str, str]:
        """The parameters of Content-Type."""
        return self.headers.params

    @property
    def is_multipart(self) -> bool:
        return bool(self.children)

    def walk(self) -> list[Part]:
        """This part and all below it, in the order of the message; messages inside the message stay closed."""
        parts = [self]
        for child in self.children:
            if child.children:
                parts += child.walk()
            else:
                parts.append(child)
        return parts

    @property
    def encoding(self) -> str:
        """The transfer encoding that is really there: RFC 2045 section 6, damage and lies allowed for."""
        value = self.headers.first.get("content-transfer-encoding")
        if not value:
            return ""
        found = _TOKEN.search(value)
        encoding = found[0].lower() if found else ""
        if encoding == "base64":
            head = self.tree.raw[self.body : min(self.end, self.body + 200)].lstrip().partition(b"\n")[0]
            head = head.partition(b"=")[0].strip()
            if b":" in head or b" " in head:
                self.tree.note("transfer-encoding-untrue", encoding, self.section)
                return ""
        return encoding

    def content(self, limit: int | None = None) -> bytes:
        """The body with its transfer encoding undone (RFC 2045 section 6), of at most `limit` encoded bytes."""
        end = self.end if limit is None else min(self.end, self.body + limit)
        return undo(self.tree.raw[self.body : end], self.encoding)

    def text(self) -> str:
        """The body as text, lines ended by line feeds; see `bouncelib.charset` for how the charset is found."""
        if self._text is None:
            self._text = self._decode(self.end)
        return self._text

    def opening(self, limit: int) -> str:
        """The text of the first `limit` bytes of the body, cut at a line end; all of it where it is no longer."""
        if self._text is not None or self.end - self.body <= limit:
            return self.text()
        cut = self.tree.raw.rfind(b"\n", self.body, self.body + limit)
        return self._decode(cut if cut > self.body else self.body + limit)

    def _decode(self, end: int) -> str:
        data = self.tree.raw[self.body : end]
        if "content-transfer-encoding" in self.headers.first:
            data = unify_lines(undo(data, self.encoding))
        label = self.headers.params.get("charset", "")
        text, defect = decode(data, label, self.tree.guesser)
        if defect:
            self.tree.note(defect, label, self.section)
        return text.removeprefix("\ufeff")

    def embedded(self) -> Part:
        """The message that this `message/rfc822` (or alike) part holds, its tree read at the first call."""
        if self._embedded is None:
            tree = self.tree
            if self.encoding in ENCODED:
                # RFC 2046 section 5.2.1 forbids it; servers do it.
                self._embedded = Message(unify_lines(self.content()), tree.defect_list, tree.guesser).root
            else:
                self._embedded = tree.build(self.body, self.end, self.section, 1)
        return self._embedded


class Message:
    """One message: its bytes with line feeds as line ends, the tree of its parts, and the damage met so far.

    `parts` are all parts in order, the root first; messages inside the message stay closed. `types` are their types;
    `is_delivery_status` says whether one of them is that of a delivery status notification. `headers` is the header of
    the message itself.
    """

    def __init__(self, raw: bytes, defects: list[Defect] | None = None, guesser: Guesser | None = None) -> None:
        tree = Tree(raw, [] if defects is None else defects, guesser or Guesser())
        self.raw = raw
        self.defect_list = tree.defect_list
        self.root = tree.build(_skip(raw) if raw.startswith(_BEFORE) else 0, len(raw), "", 0)
        self.headers = self.root.headers
        self.parts: tuple[Part, ...] = tuple(self.root.walk())
        self.types: frozenset[str] = frozenset(map(_TYPE_OF, self.parts))
        self.is_delivery_status: bool = not DELIVERY_STATUS.isdisjoint(self.types)
        self._body: Body | None = None

    @property
    def defects(self) -> tuple[Defect, ...]:
        """The damage worked around so far; grows as parts are decoded."""
        return tuple(self.defect_list)

    @property
    def body(self) -> Body:
        """The readable text of the report, without the returned message."""
        if self._body is None:
            self._body = _read_body(self)
        return self._body


class Tree:
    """What the parts of a message lie in. It knows none of them: nothing big is to wait for a garbage collector."""

    def __init__(self, raw: bytes, defects: list[Defect], guesser: Guesser) -> None:
        self.raw = raw
        self.defect_list = defects
        self.guesser = guesser
        self._budget = MAX_PARTS

    def note(self, rule: str, text: str = "", part: str = "") -> None:
        """Record a defect, once for each rule and part."""
        if len(self.defect_list) < _MAX_DEFECTS:
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
        if start >= end or raw[start] == 10:
            return NO_FIELDS, end if start >= end else start + 1
        stop = raw.find(b"\n\n", start, end if end - start <= MAX_HEADER else start + MAX_HEADER)
        if stop >= 0:
            body = stop + 2
        elif end - start > MAX_HEADER:
            stop = raw.rfind(b"\n", start, start + MAX_HEADER)
            stop = stop if stop >= 0 else start + MAX_HEADER
            body = raw.find(b"\n\n", stop, end) + 2
            body = body if body >= 2 else end
            self.note("header-limit", part=section)
        else:
            body = end
            stop = end - 1 if raw[end - 1] == 10 else end
        headers = read_fields(raw[start:stop], self.guesser)
        if headers is not None:
            return headers, body
        return self._read_damaged(start, stop, body, end, section)

    def _read_damaged(self, start: int, stop: int, body: int, end: int, section: str) -> tuple[Headers, int]:
        """A header without its blank line, or with a line that is no field: a fold has lost its blank, perhaps."""
        fields: list[tuple[str, list[bytes]]] = []
        lines = self.raw[start:stop].split(b"\n")
        at = start
        for number, line in enumerate(lines):
            match = _FIELD_LINE.match(line)
            if match:
                fields.append((match[0][:-1].rstrip().decode("ascii"), [line[match.end() :]]))
            elif fields and line[:1] in (b" ", b"\t"):
                fields[-1][1].append(line)
            elif not line or (not fields and line.startswith(_MBOX)):
                pass
            elif fields and line[:2] != b"--" and _continues(fields[-1], lines[number + 1 : number + 4]):
                self.note("header-line-unfolded", line[:200].decode("utf-8", "replace"), section)
                fields[-1][1].append(line)
            else:
                self.note("header-body-separator-missing", line[:200].decode("utf-8", "replace"), section)
                body = at
                break
            at += len(line) + 1
        joined = [(name, b"".join(values).decode("utf-8", "surrogateescape")) for name, values in fields]
        return Headers(joined, self.guesser), min(body, end)

    def _read_children(self, part: Part, depth: int) -> None:
        if depth >= MAX_DEPTH or self._budget <= 0:
            self.note("mime-depth-limit" if depth >= MAX_DEPTH else "mime-part-limit", part=part.section)
            return
        usual = _USUAL_BOUNDARY.fullmatch(part.headers.first["content-type"])
        boundary = usual[1].encode() if usual else raw_bytes(part.params.get("boundary", "").rstrip(" \t"))
        spans = self._split(part, boundary) if boundary else []
        if not spans:
            self.note("boundary-not-found" if boundary else "boundary-missing", part=part.section)
            guess = _GUESSED_BOUNDARY.search(self.raw, part.body, min(part.end, part.body + MAX_HEADER))
            if guess:
                spans = self._split(part, guess[1])
        self._budget -= len(spans)
        prefix = f"{part.section}." if part.section else ""
        children: list[Part] = []
        for start, end in spans:
            children.append(self.build(start, end, f"{prefix}{len(children) + 1}", depth + 1))
        if part.content_type == "multipart/digest":
            for child in children:
                if "content-type" not in child.headers:
                    child.content_type = "message/rfc822"  # RFC 2046 section 5.1.5
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
            after = found + width
            is_last = False
            if after < end and raw[after] != 10:
                stop = raw.find(b"\n", after, end)
                stop = end if stop < 0 else stop
                rest = raw[after:stop][:80].rstrip(b" \t")
                is_last = rest == b"--"
                if rest and not is_last:
                    found = raw.find(delimiter, after, end)
                    continue
                after = stop
            if opened >= 0:
                spans.append((opened, found) if found > opened else (opened, opened))
                opened = -1
            if is_last:
                return spans
            if len(spans) >= self._budget:
                self.note("mime-part-limit", part=part.section)
                return spans
            opened = after + 1 if after < end else end
            # The line feed that ends this delimiter may begin the next one.
            found = raw.find(delimiter, after, end)
        if opened >= 0:
            self.note("boundary-not-closed", part=part.section)
            spans.append((opened, end))
        return spans


def _continues(field: tuple[str, list[bytes]], after: list[bytes]) -> bool:
    """Whether a line that is no field belongs to the `field` before it: more fields follow, or its value is due.

    QUIRK: Outlook.com's `X-Microsoft-Antispam-Message-Info:` loses the blank of its fold.
    """
    name, values = field
    return any(map(_WELL_KNOWN.match, after)) or (name[:2] in ("X-", "x-") and not any(map(bytes.strip, values)))


def _read_body(message: Message) -> Body:
    """The plain text parts before the returned message; HTML only where no plain text stands in its place."""
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
        elif kind == "multipart/alternative" and all(
            _is_blank(child.opening(_OPENING)) for child in part.children if child.content_type == "text/plain"
        ):
            plain += [child for child in part.walk() if child.content_type == "text/html"]
    body = _read_spans(plain)
    if rich and all(_is_blank(span.text) for span in body.spans):
        return _read_spans(rich)
    return body


def _is_blank(text: str) -> bool:
    return not text or text.isspace()


def _read_spans(parts: Iterable[Part]) -> Body:
    spans: list[Span] = []
    first = 0
    low: str | None = None
    for part in parts:
        text = _readable_text(part, part.opening(_OPENING))
        low = text.lower()
        found = split_original(text, low)
        if found is None and part.end - part.body > _OPENING:
            text = _readable_text(part, part.text())
            low = text.lower()
            found = split_original(text, low)
        report = text if found is None else text[: found[0]]
        spans.append(Span(part.section, report, first))
        if found:
            returned = unquote(text[found[0] : found[0] + MAX_HEADER], found[1])
            return Body(tuple(spans), returned, part.section)
        first += report.count("\n") + 1
    return Body(tuple(spans), lower=low if len(spans) == 1 else None)


def _readable_text(part: Part, text: str) -> str:
    """The text of the part; HTML is known by its type, or by its first word where the type is untrue."""
    return html_to_text(text) if part.content_type == "text/html" or _HTML.match(text, 0, 200) else text


def _skip(raw: bytes) -> int:
    """Where the header begins, behind what may stand before it."""
    start = len(_BOM) if raw.startswith(_BOM) else 0
    if raw[start : start + 1] == b"\n" and (blank := _LEADING.match(raw, start)):
        start = blank.end()
    while raw.startswith(_MBOX, start) and (line := raw.find(b"\n", start, start + MAX_PARAMETERS)) >= 0:
        start = line + 1
    return start


def read(raw: bytes | bytearray | memoryview | email.message.Message) -> Message:
    """The message in `raw`; any bytes will do. A `Message` of the standard library is flattened first.

    Raises `TypeError` for what is neither.
    """
    if not isinstance(raw, _BYTES):
        from .flatten import flatten  # which needs what the standard library takes long to import

        raw = flatten(raw)
    return Message(unify_lines(bytes(raw)))


def read_headers(text: str) -> tuple[Headers, str]:
    """The header at the top of `text`, and the text after it."""
    part = Message(raw_bytes(text)).root
    return part.headers, part.tree.raw[part.body : part.end].decode("utf-8", "replace")
