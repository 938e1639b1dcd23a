"""Text to an e-mail address: RFC 5321 section 4.1.2, RFC 3461 section 4 (xtext), RFC 6533 section 3, RFC 5891.

Nothing is invented: what is no address stays away, and a local part without a domain stays without one.
"""

from __future__ import annotations

import re

__all__ = ["ADDRESS", "clean", "domain_of", "find", "same", "typed", "unxtext"]

# RFC 5321 section 4.1.2, plus RFC 6531 section 3.3 for non-ASCII; a dot where none may be is common and let through.
# The punctuation of Chinese and Japanese stands at addresses without a space, and is no letter of a name.
_WIDE = r"\u3001\u3002\u3008-\u3011\u3014-\u301b\uff08\uff09\uff0c\uff1a\uff1b\uff1c\uff1e"
_ATOM = rf"[^\s<>()\[\]:;@\\,\"\x00-\x20\x7f{_WIDE}]"
_QUOTED = r'"(?:[^"\\\r\n]|\\.){0,250}"'
_LABELS = rf"[^\s\x00-,/:-@\[-^`{{-\x7f{_WIDE}]"
_DOMAIN = rf"(?:\[[0-9A-Za-z.:]{{2,60}}\]|{_LABELS}{{1,255}})"
ADDRESS = rf"(?:{_ATOM}{{1,300}}|{_QUOTED})@{_DOMAIN}"
"""A pattern without groups for one address, `local@domain`."""

_ADDRESS = re.compile(ADDRESS)
# Beginning at the first character of a word only, the search is linear.
_FIND = re.compile(rf"(?<!{_ATOM}){ADDRESS}(?!{_LABELS})")
# Exim, src/string.c, string_printing(): a byte that is not ASCII is written as three octal digits.
_OCTAL = re.compile(r"(?:\\[23][0-7]{2})+")
_ROUTE = re.compile(r"^@[^:]{1,500}:")  # RFC 5321 appendix C
_DISPLAY_NAME = re.compile(r'^"(?:[^"\\]|\\.)*"\s*(?=<)')
_BRACKETED_QUOTED = re.compile(rf"<\s*({_QUOTED}@[^<>\s]{{1,255}})\s*>")
_XTEXT = re.compile(r"(?:\+[0-9A-F]{2})+")  # RFC 3461 section 4
_UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")  # RFC 6533 section 3
_LEADING_COMMENT = re.compile(r"^\([^()]*\)\s*")
_COMMENT = re.compile(r"\([^()]*\)$")
_SCHEME = re.compile(r"(?i)^(?:mailto|smtp):(?!$)")
_TYPE = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9.-]{0,40})\s*;\s*")
# What nearly every address looks like, perhaps behind a name, and nothing has to be done to but the case of the domain.
_PLAIN = re.compile(
    r"(?:[^<>@;\\]{0,200}+<|\s*+(?:[Rr][Ff][Cc]822\s*+;\s*+)?+<?+)((?!IMCEA)[A-Za-z0-9][A-Za-z0-9._=+-]{0,100}+)@"
    r"([A-Za-z0-9][A-Za-z0-9.-]{1,201}+(?<![.-]))>?+\s*+"
)
_BREAK = re.compile(r"[\s<>,;\x00-\x1f]")
_NO_LOCAL_PART = re.compile(r"[\s<>,;:|\"\x00-\x1f]")
_MIXED_TOP = re.compile(r"(\.[A-Za-z]{2,20})[^\x00-\x7f][^.]*$")
# Exchange puts an address of another kind into a local part: `_` for `/`, `+40` for `@` (MS-OXCMAIL section 2.2.3).
_ENCAPSULATED = re.compile(r"(?i)^IMCEA[A-Z0-9]{1,20}-")
_MAX = 1000


def unxtext(text: str) -> str:
    """`text` with the xtext encoding of RFC 3461 section 4 undone."""
    return _XTEXT.sub(_unxtext_run, text) if "+" in text else text


def _unxtext_run(match: re.Match[str]) -> str:
    data = bytes.fromhex(match[0].replace("+", ""))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unxtext_address(match: re.Match[str]) -> str:
    """What RFC 3461 has encoded: `+`, `=`, and what is not ASCII. `anne+20@` is a tag, and stays."""
    run = match[0]
    if "+2B" in run or "+3D" in run:
        return unxtext(run)
    try:
        text = bytes.fromhex(run.replace("+", "")).decode("utf-8")
    except UnicodeDecodeError:
        return run
    return text if not text.isascii() else run


def _ununitext(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if 0x20 < code < 0xD800 or 0xDFFF < code < 0x110000 else match[0]


def _unoctal(match: re.Match[str]) -> str:
    octets = bytes([int(digits, 8) for digits in match[0].split("\\")[1:]])
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


def domain_of(address: str) -> str:
    """The part after the last `@`, lower-cased, or the empty string."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


def _readable_domain(domain: str) -> str:
    domain = domain.rstrip(".").lower()
    if "xn--" not in domain:
        return domain
    return ".".join([_readable_label(label) for label in domain.split(".")])


def _readable_label(label: str) -> str:
    """A U-label (RFC 5891); a label that does not lead back to where it came from is kept."""
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        text = label[4:].encode("ascii").decode("punycode")
        if text.encode("punycode").decode("ascii").lower() != label[4:]:
            return label
    except (UnicodeError, ValueError, OverflowError):
        return label
    return label if text.isascii() or not text.isprintable() or _ADDRESS.fullmatch(f"a@{text}") is None else text


def clean(text: str) -> str | None:
    """One address as this library writes it: no brackets, route or comment, the domain lower-cased and readable.

    A bare local part is returned as it is; `None` where there is no address at all.
    """
    plain = _PLAIN.fullmatch(text)
    if plain and "xn--" not in text:
        return f"{plain[1]}@{plain[2].lower()}"
    text = text.strip()
    if len(text) > _MAX:
        # Cut off, the end of it would be another address.
        return next((address for address in find(text[:_MAX]) if len(address) < _MAX // 2), None)
    if "\\x{" in text:
        text = _UNITEXT.sub(_ununitext, text)
    elif "\\" in text:
        text = _OCTAL.sub(_unoctal, text)
    bare = _unwrap(text)
    if bare is None:
        return None
    text = bare
    if _ENCAPSULATED.match(text):
        text = _open_capsule(text)
    local, at, domain = text.rpartition("@")
    if not at:
        return text if text and not _NO_LOCAL_PART.search(text) else None
    is_quoted = local.startswith('"') and local.endswith('"') and len(local) > 1
    if not local or not domain or _BREAK.search(domain) or (_BREAK.search(local) and not is_quoted):
        found = _FIND.search(text)
        if not found:
            return None
        local, _, domain = found[0].rpartition("@")
    # A particle that Korean or Japanese joins to the address is no part of its top-level domain.
    domain = _MIXED_TOP.sub(r"\1", domain)
    return f"{local}@{_readable_domain(domain)}" if domain.strip(".") else None


def _unwrap(text: str) -> str | None:
    """`text` without display name, brackets, route, comments and punctuation."""
    if text.startswith('"'):
        text = _DISPLAY_NAME.sub("", text)
    left = text.find("<")
    if left >= 0:
        quoted = _BRACKETED_QUOTED.match(text, left)
        right = text.find(">", left)
        text = quoted[1] if quoted else text[left + 1 : right if right >= 0 else len(text)].strip()
        if not text:
            return None
    if text.startswith("[") and "]" in text:
        text = text[1:].partition("]")[0] if "@" not in text.partition("]")[2] else text
    text = _SCHEME.sub("", text)
    if text.startswith("@"):
        text = _ROUTE.sub("", text)
    for _ in range(3):
        text = text.strip()
        if text.endswith(")"):
            text = _COMMENT.sub("", text)
        elif text.startswith("("):
            text = _LEADING_COMMENT.sub("", text)
        else:
            break
    text = text.strip().strip(";,").rstrip(".:").strip()
    if len(text) > 2 and text[0] == text[-1] == "'":
        text = text[1:-1]
    if len(text) > 2 and text[0] == text[-1] == '"' and "@" in text and not text[1:-1].endswith("@"):
        text = text[1:-1].strip()
    return text


def _open_capsule(text: str) -> str:
    """The SMTP address inside `IMCEASMTP-…@gateway`; what Exchange encapsulates of other kinds is kept as it is."""
    local = text.rpartition("@")[0]
    if not local.upper().startswith("IMCEASMTP-"):
        return text
    inner = unxtext(local[10:])
    return inner if _ADDRESS.fullmatch(inner) else text


def typed(value: str, *, xtext: bool = False) -> str | None:
    """The address of a `type; address` field (RFC 3464 section 2.3.1); the type may be missing or wrong.

    With `xtext`, what RFC 3461 section 4 has encoded is decoded, as in an Original-Recipient copied from ORCPT.
    """
    plain = _PLAIN.fullmatch(value)
    if plain and "xn--" not in value and not (xtext and "+" in value):
        return f"{plain[1]}@{plain[2].lower()}"
    text = value.strip()
    for _ in range(3):  # some write the type twice
        match = _TYPE.match(text)
        if not match:
            break
        text = text[match.end() :]
        if match[1].lower() in ("x400", "x.400"):
            return None  # RFC 3461 section 4.2 allows other kinds of address; none of them is one of mail
    if xtext and "+" in text and not _ENCAPSULATED.match(text.lstrip("<")):
        text = _XTEXT.sub(_unxtext_address, text)
    return clean(text)


def find(text: str) -> list[str]:
    """Every full address in running text, cleaned, in order, no duplicates."""
    if "@" not in text:
        return []
    only = _PLAIN.fullmatch(text)
    if only and "xn--" not in text:
        return [f"{only[1]}@{only[2].lower()}"]
    found = [clean(_MIXED_TOP.sub(r"\1", match)) for match in _FIND.findall(text) if "//" not in match]
    return list(dict.fromkeys([address for address in found if address and "@" in address]))


def same(one: str, other: str) -> bool:
    """Whether two addresses are the same to a mailing list: case does not count."""
    return one.lower() == other.lower()
