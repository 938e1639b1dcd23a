"""Received lines (RFC 5321 section 4.4): did the message pass through one of our servers?

Read from the top, the newest: the server that reports wrote that line itself, and each line below is worth as much as
the host that handed it over. The line with which the reporter's side took the message from outside is the last one
that can be believed; what stands below it was written by whoever brought the message, and may be invented.

    Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.net   <- believed: ours handed it over
    Received: from pc.example.com by mail.example.com                                  <- in the message that it brought

    Received: from bulk.example.org (unknown [198.51.100.9]) by mx.example.net         <- believed: a stranger did
    Received: from pc.example.com by mail.example.com                                  <- worth nothing
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..address import domain_of
from ..context import Context, network_address
from ..model import Proof, ProvenanceVerdict

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

__all__ = [
    "Received",
    "accepted_by_us",
    "bringer",
    "brought_from_outside",
    "is_internal",
    "parse",
    "prove",
    "same_organisation",
]

NAME = "received"
_MAX_LINES = 200
_MAX_LINE = 4000

_IP_IN_BRACKETS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]{2,60}(?:%\w{1,20})?)\]", re.IGNORECASE)
_BARE_IP = re.compile(r"(?:\S{1,100}@)?([0-9A-Fa-f.:]{3,60})")
_IPV4 = re.compile(r"(?:(?:[1-9]?\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!\Z)|\Z)){4}", re.ASCII)
_HELO = re.compile(r"(?i)\b(?:helo|ehlo)[= ]\s*\[?([^\s()\]]{1,255})")
_NAMED = re.compile(r"(?:\S{1,100}@)?([A-Za-z0-9][A-Za-z0-9._-]{0,254})\.?\s+\[")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}")
_LOCAL = re.compile(
    r"(?i)\buid \d|\bfrom userid\b|\binvoked by\b|\binvoked for bounce\b|^\(from \S+@localhost\b|\[local\]"
)
_LOCAL_WORDS = ("uid ", "from userid", "invoked", "@localhost", "[local]")  # one of them has to be there
_NETWORK = re.compile(r"(?i)\binvoked from network\b")
# RFC 3848: the `A` says that the client had logged in. To webmail and to Exchange (MAPI) everybody has.
_WITH_AUTH = re.compile(r"(?i)^(?:utf8)?(?:e?smtp|lmtp)s?a$|^asmtp$|^https?$|^mapi$")
# With the blank in it, no HELO name of the client's choice looks like this.
_AUTHENTICATED = re.compile(r"(?i)authenticated (?:sender|user|bits)\b|auth: ")
# from HELO (NAME [IP]) by HOST (...) with PROTOCOL id ID for <RECIPIENT>; DATE, of which only the host has to be there.
_COMMENT = r"\((?:[^()]++|\([^()]*+\))*+\)"
_USUAL = re.compile(
    r"(?:from (?:([A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z])|\[[0-9A-Fa-f.:]+\]) \("
    r"(?:(?:[^\s@()]{1,100}@)?([A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z])\.? \[(?:IPv6:)?([0-9A-Fa-f.:]+)\]"
    rf"|\[([0-9A-Fa-f.:]+)\])\)(?: {_COMMENT})* )?by ([A-Za-z0-9][A-Za-z0-9._:-]*[A-Za-z0-9])"
    rf"(?: {_COMMENT}| over TLS secured channel)*"
    rf"(?: with ([A-Za-z0-9]+)(?: SMTPSVC\([^()]*\))?(?: {_COMMENT})*)?(?: id [^\s();]+(?: {_COMMENT})*)?"
    rf"(?: for <?([^\s();<>@]+@[^\s();<>@]+)>?(?: {_COMMENT})*)?; ?([^;()]*(?:\([^();]*\))?)\Z"
)
_UNUSUAL = ("xim", "(chasquid)", "elo=", "ELO=", "elo ", "ELO ", "orged", "EHLO", "HELO")
_LOGGED_IN = re.compile(r"(?i)\((?:authenticated (?:sender|user|bits)\b|auth: )")
_QMAIL = re.compile(r"\(qmail \d+ invoked ([^();]*)\); ([^;()]*)\Z")
_TWO_LABELS = frozenset({"ac", "co", "com", "edu", "gob", "gouv", "gov", "gr", "ltd", "mil", "ne", "net", "or", "org"})


# Exchange Online has hosts under all three, and one line names two of them.
_ALSO_CALLED = {"office365.com": "outlook.com", "exchangelabs.com": "outlook.com"}


class Received(NamedTuple):
    """One Received line: `helo` is what the client said, `name` what its address resolved to, where it shows that."""

    helo: str = ""
    name: str = ""
    ip: str = ""
    by: str = ""
    protocol: str = ""
    recipient: str = ""
    date: str = ""
    is_local: bool = False
    is_authenticated: bool = False
    is_unresolved: bool = False  # the line says that the address has no name
    text: str = ""

    @property
    def has_from(self) -> bool:
        return bool(self.helo or self.name or self.ip)

    @property
    def host(self) -> str:
        """Who brought it: the best name there is."""
        return self.name or self.helo or self.ip


@functools.lru_cache(maxsize=64)  # several proofs ask about the lines of one message
def parse(line: str) -> Received:
    """The line as values; what is not there is empty. Reads the forms of all servers that the samples know."""
    text = " ".join(line[:_MAX_LINE].split())
    if not text:
        return Received()
    return _usual(text) or _parse(text)


def _usual(text: str) -> Received | None:
    """The line where it is of the form that most servers write, in one go: the same as `_parse` says, sooner."""
    if qmail := _QMAIL.match(text):
        return Received(date=qmail[2], is_local=_is_said_local(text), text=text)
    usual = _USUAL.match(text)
    if usual is None or any([word in text for word in _UNUSUAL]):
        return None
    helo, name, ip, bare_ip, by, protocol, recipient, date = usual.groups("")
    ip = ip or bare_ip
    is_unresolved = name in ("unknown", "unverified")
    address = network_address(ip) if ip else None
    if ip and address is None:
        return None
    return Received(
        helo=helo.lower(),
        name="" if is_unresolved else name.lower(),
        ip=ip,
        by=by.lower(),
        protocol=protocol,
        recipient=recipient.lower(),
        date=date,
        is_local=address.is_loopback if address else protocol == "local" or _is_said_local(text),
        is_authenticated=bool(_WITH_AUTH.match(protocol)) or bool(_LOGGED_IN.search(text)),
        is_unresolved=is_unresolved,
        text=text,
    )


def _is_said_local(text: str) -> bool:
    low = text.lower()
    return any([word in low for word in _LOCAL_WORDS]) and bool(_LOCAL.search(low))


def _parse(text: str) -> Received:
    tokens = _tokens(text)
    clauses = _clauses(tokens)
    froms, by = clauses.get("from", ()), clauses.get("by", ())
    low = text.lower()
    helo, name, ip, is_unresolved = (
        _client(froms, verified="exim" in low, is_first_true="(chasquid)" in text) if froms else _NOBODY
    )
    protocol = _word(clauses.get("with", ()))
    recipient = _word(clauses.get("for", ())).strip("<>").lower()
    head = text.rpartition(";")
    # dma writes `from MAILER-DAEMON`, and `from` the name of a user: no host, and no address of one.
    is_local = _is_loopback(helo, name, ip) or (
        not ip and (protocol == "local" or _is_said_local(text) or bool(helo and "." not in helo + name))
    )
    return Received(
        helo=helo,
        name=name,
        ip=ip,
        by=_word(by).strip("[]").rstrip(".,;").lower(),
        protocol=protocol,
        recipient=recipient if "@" in recipient else "",
        date=head[2].strip() if head[1] else "",
        is_local=is_local,
        is_authenticated=bool(_WITH_AUTH.match(protocol) or _WITH_AUTH.match(_word(clauses.get("via", ()))))
        or ("auth" in low and any(_AUTHENTICATED.match(word) for is_comment, word in tokens if is_comment)),
        is_unresolved=is_unresolved,
        text=text,
    )


def prove(lines: Sequence[str], context: Context) -> Proof | None:
    """What the Received lines of a message that somebody else returned say; `lines` as they stand, newest first."""
    if not context.own_mtas or not lines:
        return None
    handed: Received | None = None
    organisation = ""
    for line in map(parse, lines[:_MAX_LINES]):
        if handed is not None:
            # Beyond the last hop that can be believed: a claim at best, and only by the host that handed it over. One
            # that called itself by the receiver's own name, and was not known there, has made that up.
            is_made_up = handed.is_unresolved and same_organisation(handed.host, organisation)
            if is_made_up or not same_organisation(line.by, handed.host):
                break
            if _is_ours(line, context) is not False:
                return _proof(ProvenanceVerdict.UNPROVEN, "named by a host in between, which nobody vouches for", line)
            if line.has_from and not line.is_local:
                handed = line
            continue
        organisation = organisation or line.by
        if line.by and context.is_own_host(line.by):
            return _proof(ProvenanceVerdict.UNPROVEN, "names our server, and no line above it vouches for that", line)
        if not line.has_from or (line.is_local and not context.is_own_host(line.host)):
            continue
        ours = _is_ours(line, context)
        if ours:
            return _proof(ProvenanceVerdict.OWN, "our server handed it over", line)
        if ours is None:
            return _proof(ProvenanceVerdict.UNPROVEN, "a host that nothing identifies used our server's name", line)
        if not is_internal(line, organisation):
            handed = line
    if handed is None:
        return None
    return _proof(ProvenanceVerdict.FOREIGN, "not our server handed it over", handed)


def accepted_by_us(lines: Sequence[str], context: Context, recipients: Iterable[str] = ()) -> Proof | None:
    """What the lines say of a message that one of our own servers returned: did one of us give it to that server?

    It did where the client had logged in or sat on the server itself, and where the message was for somebody outside,
    since no server of ours relays for strangers. A message for an address of our own may have come from anybody.
    """
    entry: Received | None = None
    seen: list[str] = []
    for line in map(parse, lines[:_MAX_LINES]):
        if line.by and not context.is_own_host(line.by):
            break
        if line.recipient:
            seen.append(line.recipient)
        if not line.by and _NETWORK.search(line.text):
            continue
        entry = line
        if line.has_from and not line.is_local and not _is_ours(line, context, verified=True):
            break
    if entry is None:
        return None
    if entry.is_authenticated or entry.is_local or not entry.has_from or _is_ours(entry, context, verified=True):
        return Proof("own-server", ProvenanceVerdict.OWN, f"our server had it from one of us: {entry.text}"[:300])
    targets = seen or [recipient.lower() for recipient in recipients]
    if context.own_domains and targets and not any(context.is_own_domain(domain_of(target)) for target in targets):
        return Proof("own-server", ProvenanceVerdict.OWN, f"our server took it for relaying: {entry.text}"[:300])
    return Proof("own-server", ProvenanceVerdict.UNPROVEN, f"our server took it from outside: {entry.text}"[:300])


def brought_from_outside(lines: Sequence[str], context: Context, *, verified: bool = False) -> bool:
    """Whether a host that is not ours handed the report itself to the server that received it.

    The top line was written on the receiving side, and can be believed; from our own server downwards all lines must
    be its own. Where it has to be `verified`, what a client calls itself does not make it ours.
    """
    is_own = False
    for line in map(parse, lines[:_MAX_LINES]):
        if is_own and line.by and not context.is_own_host(line.by):
            return True
        if line.has_from and not line.is_local:
            if not _is_ours(line, context, verified=verified):
                return True
            is_own = True
    return False


def bringer(lines: Sequence[str], context: Context) -> str:
    """The host that brought the report to our side, by the name that its address resolved to; empty if not known.

    Only the lines that our side wrote can be believed: from the top, to the one that names a client from outside.
    """
    organisation = ""
    for line in map(parse, lines[:_MAX_LINES]):
        if context.own_mtas and line.by and not context.is_own_host(line.by):
            return ""
        organisation = organisation or line.by
        if not line.has_from or line.is_local or _is_ours(line, context, verified=True):
            continue
        # Of a private address nobody but our own side says what its name is.
        if same_organisation(line.name, organisation) or (_is_private(line.ip) and not line.name):
            continue
        return line.name
    return ""


def same_organisation(one: str, other: str) -> bool:
    """Whether two host names have the same registered domain, as far as that shows without a list of all registries."""
    left, right = organisation(one), organisation(other)
    return bool(left) and left == right


@functools.lru_cache(maxsize=4096)
def organisation(host: str) -> str:
    """The registered domain of a host, as far as that shows; empty for an address and for a bare name."""
    labels = host.strip("[]").rstrip(".").lower().split(".")
    if len(labels) < 2 or labels[-1].isdigit() or ":" in host:  # an address has no organisation
        return ""
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _TWO_LABELS else 2
    found = ".".join(labels[-size:])
    return _ALSO_CALLED.get(found, found)


def _proof(verdict: ProvenanceVerdict, says: str, line: Received) -> Proof:
    return Proof(NAME, verdict, f"{says}: {line.text}"[:300])


def _is_ours(line: Received, context: Context, *, verified: bool = False) -> bool | None:
    """Whether our server is the client of the line; `None` where only an unverified name says so.

    What the address resolves to counts before what the client said of itself. Where it has to be `verified`, and the
    networks are known, the address counts before both: some servers believe whatever name it resolves to.
    """
    if line.ip and context.is_own_host(line.ip):
        return True
    if verified and line.ip and context.names_networks and not _is_private(line.ip):
        return False
    if line.name:
        return context.is_own_host(line.name)
    if verified or not context.is_own_host(line.helo):
        return False
    if line.ip and context.names_networks:
        return False
    return None if line.is_unresolved else True


def is_internal(line: Received, organisation: str) -> bool:
    """Whether the reporter's own side handed the message on.

    What a client calls itself counts where the server that took the message has looked for no other name.
    """
    is_claimed = line.is_unresolved and not _is_private(line.ip)
    if not is_claimed and same_organisation(line.host, organisation):
        return True
    is_named = "." in line.name or ("." in line.helo and network_address(line.helo) is None)
    return _is_private(line.ip) and not is_named


def _is_private(ip: str) -> bool:
    address = network_address(ip) if ip else None
    return address is not None and any(address in network for network in _private_networks())


def _is_loopback(helo: str, name: str, ip: str) -> bool:
    address = network_address(ip) if ip else None
    if address is not None:
        return address.is_loopback
    return not name and helo.lower() in ("localhost", "localhost.localdomain")


def _tokens(text: str) -> list[_Token]:
    """Words, and comments with what is nested in them: (is a comment, text). One pass."""
    if not _NESTED.search(text):
        return [(not word, word or comment) for comment, word in _TOKEN.findall(text)]
    tokens: list[_Token] = []
    word: list[str] = []
    start, depth = 0, 0
    for at, char in enumerate(text):
        if char == "(":
            if depth == 0:
                if word:
                    tokens.append((False, "".join(word)))
                    word = []
                start = at + 1
            depth += 1
        elif char == ")" and depth:
            depth -= 1
            if depth == 0:
                tokens.append((True, text[start:at]))
        elif depth == 0:
            if char in " ;":
                if word:
                    tokens.append((False, "".join(word)))
                    word = []
            else:
                word.append(char)
    if word:
        tokens.append((False, "".join(word)))
    if depth:
        tokens.append((True, text[start:]))
    return tokens


_Token = tuple[bool, str]
_NOBODY = ("", "", "", False)
# RFC 1918, RFC 6598, RFC 4193, and what never leaves the link or the host. `ipaddress` also counts examples as private.
_PRIVATE = (
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
    "fc00::/7", "fe80::/10", "::1/128",
)  # fmt: skip


@functools.cache
def _private_networks() -> tuple[IPv4Network | IPv6Network, ...]:
    import ipaddress

    return tuple(map(ipaddress.ip_network, _PRIVATE))


# Comments in comments, more than one deep, and one that is never closed.
_NESTED = re.compile(r"\((?:[^()]++|\([^()]*+\))*+(?:\(|\Z)")
_TOKEN = re.compile(r"\(((?:[^()]++|\([^()]*+\))*+)\)|([^ ;(]+)")

_CLAUSES = frozenset({"from", "by", "with", "via", "id", "for"})
_LONGEST = max(map(len, _CLAUSES))


def _clauses(tokens: Sequence[_Token]) -> dict[str, list[_Token]]:
    """The tokens after each keyword; a keyword right after another one is its value."""
    found: dict[str, list[_Token]] = {}
    current: list[_Token] | None = None
    for token in tokens:
        is_comment, key = token
        is_clause = len(key) <= _LONGEST and not is_comment and (key := key.lower()) in _CLAUSES
        if is_clause and key not in found and current != []:
            current = found[key] = []
        elif current is not None:
            current.append(token)
    return found


def _word(tokens: Sequence[_Token]) -> str:
    for is_comment, word in tokens:
        if not is_comment:
            return word
    return ""


def _client(tokens: Sequence[_Token], *, verified: bool, is_first_true: bool) -> tuple[str, str, str, bool]:
    """HELO name, resolved name, address, and whether the line says that there is no resolved name.

    HELO (NAME [IP])       Postfix, Sendmail, OpenSMTPD, Haraka, Google; NAME may be `unknown`
    NAME ([IP] helo=HELO)  Exim; NAME ([IP]) where both are the same, [IP] (helo=HELO) where nothing is resolved
    NAME (HELO HELO) (IP)  qmail; NAME may be `unknown`
    HELO ([IP])            Courier, Exchange (with or without the brackets)
    [IP] (HELO)            chasquid
    """
    words = [word for is_comment, word in tokens if not is_comment]
    comments = [word for is_comment, word in tokens if is_comment]
    first = words[0] if words else ""
    # A client may call itself by an address, ours for instance; the true one stands behind it, or first and alone.
    first_ip = ip = _ip(first)
    if not (first_ip and is_first_true):
        for word in (*[comment for comment in comments if not _HELO.match(comment)], *words[1:]):
            if found := _ip(word):
                ip = found
                break
    helo, name = "" if first_ip else first, ""
    said = resolved = None
    for comment in comments:
        said = said or (_HELO.search(comment) if "elo" in comment or "ELO" in comment else None)
        resolved = resolved or _NAMED.match(comment)
    if said:
        helo, name = "" if _ip(said[1].rstrip(".")) else said[1], helo
    elif resolved:
        name = resolved[1]
    elif comments:
        if verified and comments[0].startswith("["):
            name = helo
        elif not helo and _HOST.fullmatch(comments[0]) and not _ip(comments[0]):
            helo = comments[0]
    is_unknown = name.lower() in ("unknown", "unverified")
    # qmail says `unknown` also where it has been told to look nothing up.
    is_unresolved = (is_unknown and not said) or any("may be forged" in comment for comment in comments)
    if is_unknown or is_unresolved:
        name = ""
    return helo.rstrip(".").lower(), name.rstrip(".").lower(), ip, is_unresolved


def _ip(text: str) -> str:
    if "." not in text and ":" not in text:
        return ""
    match = _IP_IN_BRACKETS.search(text) or _BARE_IP.fullmatch(text)
    if not match:
        return ""
    return match[1] if _IPV4.fullmatch(match[1]) or network_address(match[1]) is not None else ""
