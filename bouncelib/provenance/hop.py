"""One Received line (RFC 5321 section 4.4) as values: who handed the message to whom, in the forms of many servers."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from ..address import domain_of
from ..context import network_address
from ..frozen import frozen, maker
from ..phrases import has_any

__all__ = ["Received", "is_handed_over", "is_of", "names", "organisation", "parse", "same_organisation"]

_MAX_LINE = 4000
_MAX_NAME = 255  # RFC 1035 section 2.3.4
_IP_IN_BRACKETS = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f.:]{2,60}(?:%\w{1,20})?)\]", re.IGNORECASE)
_BARE_IP = re.compile(r"(?:\S{1,100}@)?([0-9A-Fa-f.:]{3,60})")
_OCTET = "(?:1[0-9][0-9]|2[0-4][0-9]|25[0-5]|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}"
_IS_IPV4 = re.compile(_IPV4)
_HELO = re.compile(r"(?i)\b(?:helo|ehlo)[= ]\s*\[?([^\s()\]]{1,255})")
_NAMED = re.compile(r"(?:\S{1,100}@)?([A-Za-z0-9][A-Za-z0-9._-]{0,254})\.?\s+\[")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}")
_LOCAL = re.compile(
    r"(?i)\buid \d|\bfrom userid\b|\binvoked by\b|\binvoked for bounce\b|^\(from \S+@localhost\b|\[local\]"
)
_LOCAL_WORDS = ("uid ", "from userid", "invoked", "@localhost", "[local]")  # one of them has to be there
# RFC 3848: the `A` says that the client had logged in. To webmail and to Exchange (MAPI) everybody has.
_WITH_AUTH = frozenset(
    f"{utf8}{protocol}{tls}a" for utf8 in ("", "utf8") for protocol in ("smtp", "esmtp", "lmtp") for tls in ("", "s")
) | {"asmtp", "http", "https", "mapi"}
# With the blank in it, no HELO name of the client's choice looks like this.
_AUTHENTICATED = re.compile(r"(?i)authenticated (?:sender|user|bits)\b|auth: ")
# What stands in a comment: text, and comments one deep.
_INNER = r"[^()]*+(?:\([^()]*+\)[^()]*+)*+"
_COMMENT = rf"\({_INNER}\)"
_COMMENTS = rf"(?: {_COMMENT})*+"
_KEYWORDS = "from|by|with|via|id|for"
# What may follow the first word of a clause.
_MORE = rf"(?: (?:[^ ();BFIVWbfivw][^ ();]*+|{_COMMENT}|(?!(?i:{_KEYWORDS})[ ;(])[^ ();]++))*+"
_WORD = r"([^ ();]++)(?!\))"
_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,250}"
# In the next two `(?:x|)` stands for `(?:x)?`: `re` then chooses, and does not have to count.
# HELO (NAME [IP]), HELO ([IP]), HELO (IP), HELO (NAME), or HELO alone, as most servers write the client.
_CLIENT = (
    rf"(?>(?:(?!{_IPV4} )({_NAME}+)|\[({_IPV4})\])"
    rf"(?: \((?:(?:({_NAME}+) |)"
    rf"\[(?:IPv6:|)({_IPV4}|[0-9A-Fa-f]*+:[0-9A-Fa-f.:]++)\](?:( \(may be forged\))|)|({_IPV4}))\)({_COMMENTS})"
    r"| \(([A-Za-z]++)\)|))(?= by )"
)
# [from CLIENT] by HOST [with PROTOCOL] [via LINK] [id ID] [via LINK] [for RECIPIENT], and behind it what says no more.
_USUAL = re.compile(
    rf"(?:{_COMMENT}(?: |)|)(?:(?:[Ff]rom (?:{_CLIENT}|([^ ();]++{_MORE})) |)by {_WORD}{_COMMENTS}|)"
    rf"(?: with {_WORD}{_MORE}|)(?: via {_WORD}{_MORE}|)(?: id [^ ();]++(?!\)){_COMMENTS}|)"
    rf"(?: via {_WORD}{_MORE}|)(?: for {_WORD}|)"
)
# HELO (NAME [IP]) of another host: what the line says beside that does not matter to whether it came from there.
_FROM_AFAR = re.compile(rf"[Ff]rom\s+{_NAME}+(?<=[A-Za-z])\s+\((?!(?i:helo|ehlo)\s){_NAME}+\s+\[(?!127\.){_IPV4}\]\)\s")
_SAYS_MORE = ("[", "elo", "hlo", "orged")
_TWO_LABELS = frozenset({"ac", "co", "com", "edu", "gob", "gouv", "gov", "gr", "ltd", "mil", "ne", "net", "or", "org"})
# Exchange Online has hosts under all three, and one line names two of them.
_ALSO_CALLED = {"office365.com": "outlook.com", "exchangelabs.com": "outlook.com"}
_ALSO_CALLED_SO = frozenset(_ALSO_CALLED.values())
_Token = tuple[bool, str]
_Client = tuple[str, str, str, bool]
_UNKNOWN = ("unknown", "unverified")
_NOBODY = ("", "", "", False)
# Comments in comments, more than one deep, and one that is never closed.
_NESTED = re.compile(rf"\({_INNER}(?:\(|\Z)")
_TOKEN = re.compile(rf"\(({_INNER})\)|([^ ;(]+)")
_CLAUSES = frozenset(_KEYWORDS.split("|"))
_LONGEST = max(map(len, _CLAUSES))


@frozen
class Received:
    """One Received line: `helo` is what the client said, `name` what its address resolved to, where it shows that."""

    helo: str = ""
    name: str = ""
    ip: str = ""
    by: str = ""
    protocol: str = ""
    recipient: str = ""
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


_received = maker(Received)


def parse(line: str) -> Received:
    """The line as values; what is not there is empty. Reads the forms of all servers that the samples know."""
    return _parse(line[:_MAX_LINE])


def is_handed_over(line: str) -> bool:
    """Whether one host handed the message to another, by this line."""
    if _FROM_AFAR.match(line, 0, _MAX_LINE):
        return True
    hop = parse(line)
    return hop.has_from and not hop.is_local


@functools.lru_cache(maxsize=64)  # several proofs ask about the lines of one message
def _parse(line: str) -> Received:
    text = line.strip().replace("\t", " ")
    if "  " in text or not text.isascii() or "\x1f" in text or len(text.splitlines()) != 1:  # or other white space
        text = " ".join(text.split())
    low = text.lower()
    (helo, name, ip, is_unresolved), by, protocol, via, recipient = _usual(text, low) or _unusual(text, low)
    # dma writes `from MAILER-DAEMON`, and `from` the name of a user: no host, and no address of one.
    is_local = _is_loopback(helo, name, ip) or (
        not ip and (protocol == "local" or _is_said_local(low) or bool(helo and "." not in helo + name))
    )
    recipient = recipient.strip("<>").lower()
    return _received(
        helo,
        name,
        ip,
        by.strip("[]").rstrip(".,;").lower(),
        protocol,
        recipient if "@" in recipient else "",
        is_local,
        protocol.lower() in _WITH_AUTH
        or via.lower() in _WITH_AUTH
        or ("auth" in low and any([_AUTHENTICATED.match(word) for is_comment, word in _tokens(text) if is_comment])),
        is_unresolved,
        text,
    )


def _usual(text: str, low: str) -> tuple[_Client, str, str, str, str] | None:
    """The client, and the first words after `by`, `with`, `via` and `for`; `None` where the line looks unusual.

    The same as `_unusual` says, sooner.
    """
    usual = _USUAL.match(text)
    if usual is None or not text.isascii():
        return None
    helo, first_ip, name, ip, forged, bare_ip, comments, word, froms, by, protocol, via, late_via, recipient = (
        usual.groups("")
    )
    # A keyword that the pattern has not come to may stand behind.
    rest = low[usual.end() :]
    if (
        (late_via if via else not late_via and "via" in rest)
        or (not recipient and "for" in rest)
        or (not protocol and "with" in rest)
        or (not (helo or first_ip or froms) and "from" in rest.replace("-from", ""))
        or (not by and "by" in rest)
    ):
        return None
    client = _NOBODY
    if froms:
        client = _client(_tokens(froms), low)
    elif helo or first_ip:
        helo, name = helo.rstrip(".").lower(), name.rstrip(".").lower()
        if (
            (first_ip and (word or "(chasquid)" in low))
            or name.endswith(("elo", "hlo"))
            or (comments and has_any(comments.lower(), _SAYS_MORE))
            or (":" in ip and network_address(ip) is None)
        ):
            return None
        ip = ip or first_ip
        if ip and not name and not bare_ip and "exim" in low:
            name = helo
        is_unresolved = name in _UNKNOWN or bool(forged)
        client = helo, "" if is_unresolved else name, bare_ip or ip, is_unresolved
    return client, by, protocol, via or late_via, recipient


def _unusual(text: str, low: str) -> tuple[_Client, str, str, str, str]:
    clauses = _clauses(_tokens(text))
    froms = clauses.get("from")
    by, protocol, via, recipient = [_word(clauses.get(keyword, ())) for keyword in ("by", "with", "via", "for")]
    return _client(froms, low) if froms else _NOBODY, by, protocol, via, recipient


def _is_said_local(low: str) -> bool:
    return has_any(low, _LOCAL_WORDS) and bool(_LOCAL.search(low))


def same_organisation(one: str, other: str) -> bool:
    """Whether two host names have the same registered domain, as far as that shows without a list of all registries."""
    left = organisation(one)
    return bool(left) and (one == other or left == organisation(other))


def organisation(host: str) -> str:
    """The registered domain of a host, as far as that shows; empty for an address and for a bare name."""
    return _organisation(host) if len(host) <= _MAX_NAME else _organisation.__wrapped__(host)


@functools.lru_cache(maxsize=512)
def _organisation(host: str) -> str:
    rest, dot, top = host.strip("[]").rstrip(".").lower().rpartition(".")
    if not dot or top.isdigit() or ":" in host:  # an address has no organisation
        return ""
    rest, dot, second = rest.rpartition(".")
    found = f"{second}.{top}"
    if dot and len(top) == 2 and second in _TWO_LABELS:
        return f"{rest.rpartition('.')[2]}.{found}"
    return _ALSO_CALLED.get(found, found)


def is_of(address: str, home: str) -> bool:
    """Whether the domain of an address is of the organisation `home`."""
    low = address.lower()
    return low.endswith(f"@{home}") or (
        (home in low or home in _ALSO_CALLED_SO) and organisation(domain_of(low)) == home
    )


def names(text: str, home: str) -> bool:
    """Whether the name of an organisation stands in the text at all."""
    low = text.lower()
    return home in low or (home in _ALSO_CALLED_SO and has_any(low, _ALSO_CALLED))


def _is_loopback(helo: str, name: str, ip: str) -> bool:
    if ":" in ip:
        address = network_address(ip)
        return address is not None and address.is_loopback
    return ip.startswith("127.") if ip else not name and helo.lower() in ("localhost", "localhost.localdomain")


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


def _client(tokens: Sequence[_Token], low: str) -> _Client:
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
    if not (first_ip and "(chasquid)" in low):
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
        if "exim" in low and comments[0].startswith("["):
            name = helo
        elif not helo and _HOST.fullmatch(comments[0]) and not _ip(comments[0]):
            helo = comments[0]
    is_unknown = name.lower() in _UNKNOWN
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
    return match[1] if _is_ip(match[1]) else ""


def _is_ip(text: str) -> bool:
    return bool(_IS_IPV4.fullmatch(text)) or (":" in text and network_address(text) is not None)
