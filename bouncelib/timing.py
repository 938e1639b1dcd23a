"""Synchronous or asynchronous: was the refusal given while the connection was open, or after the message was accepted?

Who reports decides. A report by the sender's own server is about a refusal that it was given (or about its own queue,
or its own mailboxes): responsibility never passed over. A report by anybody else is about a message that they accepted.
With a context we know who is "own". Without one the rules below ask what the report shows of it, in this order; the
first that answers decides, and where none does the answer is `unknown`. Each rule says what it holds for, and below
that an example.
"""

from __future__ import annotations

from collections.abc import Callable

from . import address as addresses
from .frozen import maker
from .header import Headers
from .model import Evidence, Timing
from .provenance import Case, Reporter
from .provenance.hop import Received, is_handed_over, is_of, names, organisation, parse
from .provenance.received import brought_from_outside

__all__ = ["RULES", "decide", "find_reporter"]

SYNCHRONOUS, ASYNCHRONOUS, UNKNOWN = Timing.SYNCHRONOUS, Timing.ASYNCHRONOUS, Timing.UNKNOWN

_MAX_LINES = 50

_evidence = maker(Evidence)
_reporter = maker(Reporter)


def find_reporter(headers: Headers, reporting_mta: str | None) -> Reporter | None:
    """Who wrote a report: Reporting-MTA, else the host of its oldest Received line, else the domain of its From."""
    if reporting_mta and ("." in reporting_mta or reporting_mta.startswith("[")):
        return _reporter(reporting_mta.lower(), "field reporting-mta")
    for line in map(parse, reversed(headers.get_all("received")[:_MAX_LINES])):
        host = line.host if "." in line.host else line.by
        if "." in host:
            return _reporter(host, "oldest Received of the report")
    sender = headers.get("from") or ""
    domain = addresses.domain_of(sender.rstrip("> )").strip())
    return _reporter(domain, "domain of the report's From") if domain else None


def _home(case: Case) -> str:
    """The organisation of the reporter; empty where he has none."""
    return organisation(case.reporter.host) if case.reporter else ""


def _is_of_sender(case: Case, home: str) -> bool:
    """Whether the envelope sender, or an address that the report was sent to, is of the organisation `home`."""
    if case.original and case.original.sender and is_of(case.original.sender, home):
        return True
    return any([is_of(address, home) for address in case.sent_to])


def _is_of_target(case: Case, home: str) -> bool:
    """Whether a recipient is of the organisation `home`, or an address for which that took the returned message."""
    for pair in case.recipients:
        for address in pair:
            if address and is_of(address, home):
                return True
    for line in case.trace[:_MAX_LINES]:  # noqa: SIM110 - mostly there are none, or one
        if _took_for_its_own(line, home):
            return True
    return False


def _took_for_its_own(line: str, home: str) -> bool:
    """Whether by a Received line `home` took the message for an address of its own."""
    if "for" not in line or not names(line.partition("@")[2], home):
        return False
    hop = parse(line)
    return organisation(hop.by) == home and is_of(hop.recipient, home)


def _by_own_server(case: Case) -> Timing | None:
    """One of `own_mtas` reports, and no foreign host brought the report.

    With `own_mtas=["mail.example.com"]`: Reporting-MTA is `mail.example.com`, and the report lies in its spool.
    """
    if case.reporter is None or not case.context.is_own_host(case.reporter.host):
        return None
    is_foreign = brought_from_outside(case.lines, case.context, verified=case.context.holds_key)
    return ASYNCHRONOUS if is_foreign else SYNCHRONOUS


def _by_foreign_server(case: Case) -> Timing | None:
    """Somebody who is not of `own_mtas` reports.

    With the same: Reporting-MTA is `mx.example.net`, or it is ours and `bulk.example.org` brought the report.
    """
    return ASYNCHRONOUS if case.context.own_mtas and case.reporter else None


def _never_carried(case: Case) -> Timing | None:
    """The report has Received lines, all by one organisation, and in none has one host handed it to another.

    `Received: by mail.example.com (Postfix)` and nothing else.
    """
    found: set[str] = set()
    lines = case.lines[:_MAX_LINES]
    for line in lines:
        if is_handed_over(line):
            return None
        found.add(organisation(parse(line).by))
    return SYNCHRONOUS if lines and len(found - {""}) < 2 else None


def _sides(case: Case) -> Timing | None:
    """The reporter is of the organisation of the sender or of that of the recipient, and not of both.

    A message of `news@example.com` to `anne@example.net`: `mail.example.com` is one side, `mx2.example.net` the other.
    """
    home = _home(case)
    if not home:
        return None
    of_sender = _is_of_sender(case, home)
    if of_sender == _is_of_target(case, home):
        return None
    return SYNCHRONOUS if of_sender else ASYNCHRONOUS


def _had_it_from_a_client(case: Case) -> Timing | None:
    """The reporter took the returned message from a client that had logged in, or that sat on the same host.

    A smarthost `smtp.isp.example` reports, and its oldest line in the returned header is `with ESMTPSA`.
    """
    entry: Received | None = None
    home = _home(case)
    for line in map(parse, case.trace[:_MAX_LINES]):
        if line.by and not (home and organisation(line.by) == home):
            break
        # A filter on the same host hands the message back; only the oldest line is that of the client.
        entry = line if line.by else entry
        # QUIRK: Exchange Online: what left its edge and came in again is from another customer of it.
        if line.host.endswith(".outbound.protection.outlook.com"):
            break
    return SYNCHRONOUS if entry and (entry.is_authenticated or entry.is_local) else None


def _had_it_from_another_server(case: Case) -> Timing | None:
    """A server of another organisation had accepted the returned message before the reporter did.

    The returned header: `by mx.hoster.example`, and below it `by mail.example.com`.
    """
    home = _home(case)
    if not home:
        return None
    seen = False
    for line in map(parse, case.trace[:_MAX_LINES]):
        if "." not in line.by:
            continue
        if organisation(line.by) == home:
            seen = True
        elif seen:
            return ASYNCHRONOUS
    return None


def _received_from_the_sender(case: Case) -> Timing | None:
    """Received-From-MTA is of the sender's organisation, and the reporter of another one.

    A report by `mx.hoster.example` with `Received-From-MTA: dns; out.example.com`.
    """
    if case.reporter is None or not case.received_from:
        return None
    client = organisation(case.received_from)
    return ASYNCHRONOUS if client and client != _home(case) and _is_of_sender(case, client) else None


def _authors_side(case: Case) -> Timing | None:
    """The reporter is of the organisation of the returned message's author, and no recipient is.

    The envelope sender is a mailing service, From is `anne@example.com`, and `mail.example.com` reports.
    """
    home = _home(case)
    if not home or case.original is None:
        return None
    authors = addresses.find((case.original.from_ or "")[:1000])
    of_author = any([is_of(author, home) for author in authors])
    return SYNCHRONOUS if of_author and not _is_of_target(case, home) else None


_Rules = tuple[tuple[str, Callable[[Case], Timing | None]], ...]
_WITH_OWN_MTAS: _Rules = (
    ("own-server-reports", _by_own_server),
    ("foreign-server-reports", _by_foreign_server),
)
_ALWAYS: _Rules = (
    ("reporter-of-one-side", _sides),
    ("report-never-carried", _never_carried),
    ("had-it-from-a-client", _had_it_from_a_client),
    ("had-it-from-another-server", _had_it_from_another_server),
    ("received-from-the-sender", _received_from_the_sender),
    ("reporter-of-the-authors-side", _authors_side),
)
RULES = _WITH_OWN_MTAS + _ALWAYS


def decide(case: Case) -> tuple[Timing, Evidence]:
    """The timing of every refusal in a report, and the rule that decided."""
    told = f"{case.reporter.host} ({case.reporter.rule})" if case.reporter else ""
    for name, rule in RULES if case.context.own_mtas else _ALWAYS:
        timing = rule(case)
        if timing is not None:
            return timing, _evidence("timing", "timing", name, "", 0, told)
    return UNKNOWN, _evidence("timing", "timing", "nothing-tells", "", 0, told)
