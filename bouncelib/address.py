"""Text to an e-mail address: RFC 5321 section 4.1.2, RFC 3461 section 4 (xtext), RFC 6533 section 3, RFC 5891.

Nothing is invented: what is no address stays away, and a local part without a domain stays without one.
"""

from __future__ import annotations

import re

__all__ = ["clean", "domain_of", "find", "same", "typed", "unxtext"]

# RFC 5321 section 4.1.2, plus RFC 6531 section 3.3 for non-ASCII; a dot where none may be is common and let through.
_ATOM = r"[^\s<>()\[\]:;@\\,\"\x00-\x20\x7f]"
_QUOTED = r'"(?:[^"\\\r\n]|\\.){0,250}"'
ADDRESS = rf"(?:{_ATOM}{{1,300}}|{_QUOTED})@(?:\[[0-9A-Za-z.:]{{2,60}}\]|{_ATOM}{{1,255}})"
_ADDRESS = re.compile(ADDRESS)
_ROUTE = re.compile(r"^@[^:\s]{1,500}:")  # RFC 5321 appendix C
_XTEXT = re.compile(r"\+([0-9A-F]{2})")  # RFC 3461 section 4
_UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")  # RFC 6533 section 3
_COMMENT = re.compile(r"\s*\([^()]*\)\s*$")
_BREAK = re.compile(r"[\s<>,;]")
_MAX = 1000


def unxtext(text: str) -> str:
    """`text` with the xtext encoding of RFC 3461 section 4 undone."""
    if "+" not in text or not _XTEXT.search(text):
        return text
    return _XTEXT.sub(lambda m: chr(int(m[1], 16)), text)


def _ununitext(text: str) -> str:
    return _UNITEXT.sub(lambda m: chr(int(m[1], 16)) if int(m[1], 16) < 0x110000 else m[0], text)


def domain_of(address: str) -> str:
    """The part after the last `@`, lower-cased, or the empty string."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


def _readable_domain(domain: str) -> str:
    domain = domain.rstrip(".").lower()
    if "xn--" in domain:
        try:
            return domain.encode("ascii").decode("idna")
        except UnicodeError:
            return domain
    return domain


def clean(text: str) -> str | None:
    """One address as this library writes it: no brackets, route or comment, the domain lower-cased and readable.

    A bare local part is returned as it is; `None` where there is no address at all.
    """
    text = text.strip()[:_MAX]
    if "\\x{" in text:
        text = _ununitext(text)
    left = text.find("<")
    if left >= 0:
        right = text.find(">", left)
        inner = text[left + 1 : right if right >= 0 else len(text)].strip()
        if not inner:
            return None
        text = inner
    if text.lower().startswith("mailto:"):
        text = text[7:]
    if text.startswith("@"):
        text = _ROUTE.sub("", text)
    if text.endswith(")"):
        text = _COMMENT.sub("", text)
    text = text.strip().strip(";,").rstrip(".:").strip()
    if len(text) > 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    if len(text) > 2 and text[0] == text[-1] == '"' and "@" in text and not text[1:-1].endswith("@"):
        text = text[1:-1].strip()
    local, at, domain = text.rpartition("@")
    if not at:
        return text if text and not re.search(r"[\s<>,;:\"]", text) else None
    spaced = not local.startswith('"') and _BREAK.search(local)
    if not local or not domain or spaced or _BREAK.search(domain):
        found = _ADDRESS.search(text)
        if not found:
            return None
        local, _, domain = found[0].rpartition("@")
    return f"{local}@{_readable_domain(domain)}"


def typed(value: str, *, xtext: bool = False) -> str | None:
    """The address of a `type; address` field (RFC 3464 section 2.3.1); the type may be missing or wrong."""
    kind, semicolon, rest = value.partition(";")
    text = rest if semicolon and kind.strip().replace("-", "").isalnum() else value
    text = text.strip()
    if xtext:
        text = unxtext(text)
    return clean(text)


def find(text: str) -> list[str]:
    """Every full address in running text, cleaned, in order, no duplicates."""
    if "@" not in text:
        return []
    found = (clean(match) for match in _ADDRESS.findall(text[: 1 << 16]))
    return list(dict.fromkeys(address for address in found if address))


def same(one: str, other: str) -> bool:
    """Whether two addresses are the same to a mailing list: case does not count."""
    return one.lower() == other.lower()
