"""What holds for every input, whatever it is made of."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import bouncelib
from bouncelib import mime
from bouncelib.address import unxtext
from bouncelib.context import Context
from bouncelib.model import BounceType, Kind, Report
from bouncelib.output import COLUMNS, FORMATS
from bouncelib.safe_text import visible

__all__ = ["CONTEXTS", "Context", "Pool", "Report", "check"]

CONTEXTS = (
    None,
    Context(
        own_mtas=("mx.example.org", ".example.net", "192.0.2.0/24"),
        own_domains=("example.org", "example.com"),
        batv_keys=(b"key",),
        srs_secrets=(b"secret",),
        message_id_domains=("example.org",),
        require_proof=True,
    ),
)
"""Knowing nothing of us, and knowing much."""

_NAMES_NOBODY = frozenset({Kind.OTHER, Kind.AUTO_REPLY, Kind.CHALLENGE})


def check(raw: bytes, context: Context | None = None) -> Report:
    """Read `raw` and assert whatever is promised of any input."""
    report = bouncelib.parse(raw, context=context)
    assert isinstance(report, Report)
    # The detectors of `flufl.bounce` do raise; that they are isolated is what counts.
    failed = [defect.text for defect in report.defects if defect.rule == "detector-failed"]
    assert not [text for text in failed if not text.startswith("flufl")], failed
    _check_report(report)
    _check_output(report)
    pool = Pool(raw)
    for recipient in report.recipients:
        for address in (recipient.address, recipient.original_address):
            assert address is None or address in pool, f"{address!r} is invented"
    return report


def _check_report(report: Report) -> None:
    json.dumps(report.to_dict(), ensure_ascii=False).encode("utf-8")  # no lone surrogates: text can be written
    addresses = [recipient.address.lower() for recipient in report.recipients]
    assert len(set(addresses)) == len(addresses), addresses
    assert not (report.kind in _NAMES_NOBODY and report.recipients)
    for recipient in report.recipients:
        assert not recipient.suppress or recipient.bounce_type is BounceType.HARD
        assert recipient.evidence


def _check_output(report: Report) -> None:
    for line in report.explain().split("\n"):
        assert visible(line) == line, line
    for name, output in FORMATS.items():
        rows = output.rows("a source", report)
        if name == "jsonl":
            ((line,),) = rows
            assert Report.from_dict(json.loads(line)) == report
        for row in rows:
            for cell in row:
                assert all(visible(line) == line for line in cell.split("\n")), (name, cell)
            assert len(row) == {"csv": len(COLUMNS), "table": 8}.get(name, 1)


_OCTAL = re.compile(r"(?:\\[0-7]{3})+")
_BRACED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_JSON = re.compile(r"\\u([0-9A-Fa-f]{4})")
_COURIER = re.compile(r"\+([0-9a-f]{2})")
_SPACE = re.compile(r"\s+")


class Pool:
    """All of a message's text, as it stands and with every encoding undone in which an address may be written.

    An address that is in no form of the text has been made up. That it is the right one, the corpus shows.
    """

    def __init__(self, raw: bytes) -> None:
        self._plain = _folded(raw.decode("utf-8", "replace"))
        self._raw = raw
        self._forms: list[str] | None = None

    def __contains__(self, address: str) -> bool:
        local, _, domain = _folded(address).rpartition("@")
        local = local.strip('"')
        if local in self._plain and domain in self._plain:
            return True
        if self._forms is None:
            self._forms = list(dict.fromkeys(_folded(text) for text in _forms(self._raw)))
        return all(any(form in text for text in self._forms for form in _spellings(one)) for one in (local, domain))


def _folded(text: str) -> str:
    return _SPACE.sub("", text.casefold())


def _spellings(text: str) -> Iterator[str]:
    yield text
    yield ".".join([f"xn--{_punycode(label)}" if not label.isascii() else label for label in text.split(".")])
    yield text.replace("\\", "")


def _punycode(label: str) -> str:
    return label.encode("punycode", "replace").decode("ascii")


def _forms(raw: bytes) -> Iterator[str]:
    for text in _texts(mime.read(raw).root, 0):
        yield text
        yield html.unescape(text)
        yield mime.html_to_text(text)
        yield mime.decode_words(text)
        yield unxtext(text)
        yield _COURIER.sub(lambda match: chr(int(match[1], 16)), text)
        yield _OCTAL.sub(lambda match: _octets(match[0]), text)
        yield _BRACED.sub(lambda match: chr(min(int(match[1], 16), 0x10FFFF)), text)
        yield _JSON.sub(lambda match: chr(int(match[1], 16)), text)


def _octets(text: str) -> str:
    try:
        return bytes([int(digits, 8) & 255 for digits in text.split("\\")[1:]]).decode("utf-8")
    except UnicodeDecodeError:
        return text


def _texts(part: mime.Part, depth: int) -> Iterator[str]:
    """Headers and bodies, of messages in the message as well."""
    for one in part.walk():
        for (name, value), (_, decoded) in zip(one.headers.fields, one.headers.decoded(), strict=True):
            yield f"{name}: {mime.decode_words(value)}"
            yield decoded  # in the charset that all values together seem to have
        if not one.is_multipart:
            yield one.text()
        if depth < 4 and one.content_type in mime.RETURNED:
            yield from _texts(one.embedded(), depth + 1)
        elif not one.is_multipart and depth < 4:
            # Fields that a report has in its text, or the header of a message pasted there.
            headers, _ = mime.read_headers(one.text())
            yield from (value for _, value in headers.decoded())
