"""What the receiving side found out about the sender: Authentication-Results (RFC 8601), ARC (RFC 8617), Received-SPF.

Anybody can write these fields, so they count only where they name the host that reports, or one of its organisation, as
their author. (RFC 8601 section 5 has a server remove the fields that come in under its own name.) A Received-SPF often
names nobody: it counts above the line with which the reporter's side took the message, where the sender cannot write.

A failure is no forgery by itself: forwarders break SPF, lists break DKIM, and both together fail DMARC. It shows one
where the message came to the reporter straight from a client that may not send for the domain: no hop in between, and
no sign of a forwarder. SPF counts alone only then, and only a hard failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..address import domain_of
from ..header import Headers
from ..model import Proof, ProvenanceVerdict
from .hop import Received, names, organisation, parse, same_organisation

__all__ = ["FIELDS", "Result", "prove", "prove_report", "read", "tells_of_failure"]

NAME = "authentication-results"
_RESULTS = frozenset({"authentication-results", "arc-authentication-results"})
FIELDS = _RESULTS | {"received-spf"}
"""The fields that tell of authentication, in lower case."""
_MAX_FIELDS = 50
_MAX_VALUE = 4000

# RFC 8601 section 2.2; the instance is ARC's (RFC 8617 section 4.1.1).
_INSTANCE = re.compile(r"^\s*i\s*=\s*[0-9]{1,3}\s*;")
_METHOD = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]{0,30})(?:/[0-9]{1,3})?\s*=\s*([A-Za-z]{1,20})\b")
_PROPERTY = re.compile(r"(?i)\b(?:smtp\.(?:mailfrom|mail|helo)|header\.(?:from|d|i))\s*=\s*([^\s;()]{1,300})")
_MAIL_FROM = re.compile(r"(?i)smtp\.mail(?:from)?\s*=\s*([^\s;()]{1,300})")
_HEADER_FROM = re.compile(r"(?i)header\.from\s*=\s*([^\s;()]{1,300})")
# RFC 7208 section 9.1.
_SPF = re.compile(r"\s*(pass|fail|softfail|neutral|none|permerror|temperror)\b", re.IGNORECASE)
_ENVELOPE_FROM = re.compile(r"(?i)envelope-from\s*=\s*\"?<?([^\s;\"<>]{1,300})")
_RECEIVER = re.compile(r"(?i)receiver\s*=\s*\"?([^\s;\"]{1,255})")
_COMMENTER = re.compile(r"\(\s*([A-Za-z0-9.-]{1,255})\s*:")
_FORWARDED = re.compile(r"(?i)^(?:srs[01][=+-]|prvs=|btv1==)|\+caf_=")
_FORWARDING_FIELDS = frozenset({"resent-from", "resent-sender", "x-forwarded-to", "x-forwarded-for", "arc-seal"})
_LIST_FIELDS = frozenset({"list-id", "list-post"})


class Result(NamedTuple):
    """One result: `method` is `spf`, `dkim`, `dmarc` …, `domain` whom it is about, `author` who says so."""

    author: str
    method: str
    result: str
    domain: str
    text: str


def read(name: str, value: str) -> Iterator[Result]:
    """The results in one field; none where it is not one of the three, or damaged."""
    key = name.lower()
    value = value[:_MAX_VALUE]
    if key == "received-spf":
        if match := _SPF.match(value):
            sender, receiver = _ENVELOPE_FROM.search(value), _RECEIVER.search(value) or _COMMENTER.search(value)
            domain = _domain(sender[1]) if sender else ""
            yield Result(receiver[1].lower() if receiver else "", "spf", match[1].lower(), domain, value.strip())
        return
    if key not in _RESULTS:
        return
    author, results = _author(value)
    for text in results:
        if match := _METHOD.match(text):
            wanted = {"dmarc": _HEADER_FROM, "spf": _MAIL_FROM}.get(match[1].lower(), _PROPERTY)
            found = wanted.search(text)
            yield Result(author, match[1].lower(), match[2].lower(), _domain(found[1]) if found else "", text.strip())


def _author(value: str) -> tuple[str, list[str]]:
    """Who speaks in a field, and what he says."""
    author, *results = _INSTANCE.sub("", value, count=1).split(";")
    return author.split()[0].lower() if author.strip() else "", results


def tells_of_failure(headers: Headers) -> bool:
    """Whether anybody may have found the sender not authenticated: `prove` asks for no less."""
    if headers.first.keys().isdisjoint(FIELDS):
        return False
    return any(["fail" in value.lower() for name in FIELDS for value in headers.get_all(name)])


def prove(
    headers: Sequence[tuple[str, str]],
    *,
    reporter: str | None,
    sender: str | None,
    is_own_domain: Callable[[str], bool],
) -> Proof | None:
    """What the returned header says about the authentication of the message that is said to be ours.

    `reporter` is the host that wrote the report, `sender` the envelope sender. `is_own_domain` tells whether a result
    is about us; a result without a domain is about the sender.
    """
    fields = [(at, name, value) for at, (name, value) in enumerate(headers) if name.lower() in FIELDS]
    if not fields:
        return None
    top, entry = _taken_in(headers)
    authors = [host for host in (reporter, top) if host]
    results = [
        result
        for at, name, value in fields[:_MAX_FIELDS]
        for result in read(name, value)
        if is_own_domain(result.domain or domain_of(sender or ""))
        and (
            any(result.author == host or same_organisation(result.author, host) for host in authors)
            or ("." not in result.author and at < entry)
        )
    ]
    by_method: dict[str, set[str]] = {}
    for result in results:
        by_method.setdefault(result.method, set()).add(result.result)
    if not results or "pass" in by_method.get("dmarc", ()) or "pass" in by_method.get("dkim", ()):
        return None
    failed = next((r for r in results if r.method == "dmarc" and r.result == "fail"), None) or next(
        (r for r in results if r.method == "spf" and r.result == "fail"), None
    )
    if failed is None:
        return None
    direct = _came_directly(headers, sender)
    verdict = ProvenanceVerdict.FOREIGN if direct else ProvenanceVerdict.UNPROVEN
    says = "the sender was forged" if direct else "the sender was not authenticated, which forwarding causes too"
    return Proof(NAME, verdict, f"{says}: {failed.text}"[:300])


def prove_report(headers: Headers, *, is_own_host: Callable[[str], bool]) -> Proof | None:
    """Who really sent the report itself, as our own server found out: a note, since few servers sign their reports."""
    newest = headers.get("received") or ""
    for value in headers.get_all(NAME)[:200]:
        author, _ = _author(value[:_MAX_VALUE])
        if author and (is_own_host(author) or _received(newest, organisation(author))):
            told = "; ".join([f"{r.method}={r.result} {r.domain}".strip() for r in read(NAME, value)])
            if told:
                return Proof("report-authentication", ProvenanceVerdict.UNPROVEN, f"of the report itself: {told}"[:300])
    return None


def _received(line: str, home: str) -> bool:
    """Whether by its Received line a host of the organisation `home` took the message."""
    return bool(home) and names(line, home) and organisation(parse(line).by) == home


def _taken_in(headers: Sequence[tuple[str, str]]) -> tuple[str, int]:
    """The host that wrote the topmost Received line, and where the line stands by which its side took the message."""
    top = ""
    for at, (name, value) in enumerate(headers[:500]):
        if name.lower() == "received":
            hop = parse(value)
            top = top or hop.by
            if hop.has_from and not hop.is_local and not same_organisation(hop.host, top):
                return top, at
    return top, 0


def _came_directly(headers: Sequence[tuple[str, str]], sender: str | None) -> bool:
    """Whether one foreign client, and nobody before it, handed the message to the reporter's side."""
    if sender and _FORWARDED.search(sender):
        return False
    names = {name.lower() for name, _ in headers}
    if names & _FORWARDING_FIELDS or names & _LIST_FIELDS:
        return False
    hops: list[Received] = [parse(value) for name, value in headers[:500] if name.lower() == "received"]
    outside = [hop for hop in hops if hop.has_from and not hop.is_local and not same_organisation(hop.host, hops[0].by)]
    return len(outside) == 1


def _domain(text: str) -> str:
    return text.strip("<>\"'").rpartition("@")[2].rstrip(".").lower()
