"""Synchronous or asynchronous: was the refusal given while the connection was open, or after the message was accepted?

Who reports decides. A report by the sender's own server is about a refusal that it was given (or about its own queue,
or its own mailboxes): responsibility never passed over. A report by anybody else is about a message that they accepted.
With a context we know who is "own". Without one the rules below ask what the report shows of it, in this order; the
first that answers decides, and where none does the answer is `unknown`. Each rule says what it holds for, and below
that an example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from . import address as addresses
from .context import Context
from .frozen import frozen
from .header import Headers
from .model import Evidence, Original, Timing
from .provenance.hop import Received, organisation, parse, same_organisation
from .provenance.received import brought_from_outside

__all__ = ["RULES", "Case", "Reporter", "decide", "find_reporter"]

_MAX_LINES = 50


class Reporter(NamedTuple):
    """The host that wrote a report, and what names it."""

    host: str
    rule: str


def find_reporter(headers: Headers, reporting_mta: str | None) -> Reporter | None:
    """Who wrote a report: Reporting-MTA, else the host of its oldest Received line, else the domain of its From."""
    if reporting_mta and ("." in reporting_mta or reporting_mta.startswith("[")):
        return Reporter(reporting_mta.lower(), "field reporting-mta")
    for line in map(parse, reversed(headers.get_all("received")[:_MAX_LINES])):
        host = line.host if "." in line.host else line.by
        if "." in host:
            return Reporter(host, "oldest Received of the report")
    sender = headers.get("from") or ""
    domain = addresses.domain_of(sender.rstrip("> )").strip())
    return Reporter(domain, "domain of the report's From") if domain else None


@frozen
class Case:
    """What there is to judge: who wrote the report, what it returns, whom it names, and who we are.

    `lines` are the report's Received lines, newest first, those of a filter that wrapped it included, and `trace`
    those of the returned message; `received_from` is the Received-From-MTA of RFC 3464 section 2.2.3. `senders` are the
    domains that the report was sent to, those of the envelope sender, and `targets` those of the recipients.
    """

    lines: Sequence[str]
    trace: Sequence[str]
    reporter: Reporter | None
    original: Original | None
    context: Context
    received_from: str | None
    senders: frozenset[str]
    targets: frozenset[str]

    @classmethod
    def of(
        cls,
        lines: Sequence[str],
        sent_to: str,
        reporter: Reporter | None,
        original: Original | None,
        recipients: Sequence[tuple[str, str | None]],
        context: Context,
        received_from: str | None = None,
    ) -> Case:
        """The case of a report to `sent_to` on `recipients`, each with the address that the sender used, or `None`.

        A target is also the address for which the reporter took the returned message.
        """
        senders = addresses.find(sent_to[:1000])
        if original and original.sender:
            senders.append(original.sender)
        targets = [address for pair in recipients for address in pair if address]
        trace = [value for name, value in original.headers if name.lower() == "received"] if original else []
        del trace[_MAX_LINES:]
        if reporter and (name := organisation(reporter.host)):
            for line in trace:
                hop = parse(line) if "for" in line else None
                if hop and hop.recipient and organisation(hop.by) == name:
                    targets.append(hop.recipient)
        return cls(lines, trace, reporter, original, context, received_from, _domains(senders), _domains(targets))

    @property
    def carried(self) -> Iterator[Received]:
        """The hops of the report, newest first."""
        return map(parse, self.lines[:_MAX_LINES])

    @property
    def returned(self) -> Iterator[Received]:
        """The hops of the returned message, newest first."""
        return map(parse, self.trace)


def _domains(found: Sequence[str]) -> frozenset[str]:
    return frozenset([domain for address in found if (domain := addresses.domain_of(address))])


def _by_own_server(case: Case) -> Timing | None:
    """One of `own_mtas` reports, and no foreign host brought the report.

    With `own_mtas=["mail.example.com"]`: Reporting-MTA is `mail.example.com`, and the report lies in its spool.
    """
    if case.reporter is None or not case.context.is_own_host(case.reporter.host):
        return None
    is_foreign = brought_from_outside(case.lines, case.context, verified=case.context.holds_key)
    return Timing.ASYNCHRONOUS if is_foreign else Timing.SYNCHRONOUS


def _by_foreign_server(case: Case) -> Timing | None:
    """Somebody who is not of `own_mtas` reports.

    With the same: Reporting-MTA is `mx.example.net`, or it is ours and `bulk.example.org` brought the report.
    """
    return Timing.ASYNCHRONOUS if case.context.own_mtas and case.reporter else None


def _never_carried(case: Case) -> Timing | None:
    """The report has Received lines, all by one organisation, and in none has one host handed it to another.

    `Received: by mail.example.com (Postfix)` and nothing else.
    """
    hops = list(case.carried)
    if not hops or any(line.has_from and not line.is_local for line in hops):
        return None
    hosts = [line.by for line in hops if same_organisation(line.by, line.by)]  # a name, not the address of a host
    return Timing.SYNCHRONOUS if all(same_organisation(host, hosts[0]) for host in hosts) else None


def _sides(case: Case) -> Timing | None:
    """The reporter is of the organisation of the sender or of that of the recipient, and not of both.

    A message of `news@example.com` to `anne@example.net`: `mail.example.com` is one side, `mx2.example.net` the other.
    """
    if case.reporter is None:
        return None
    of_sender = any(same_organisation(case.reporter.host, domain) for domain in case.senders)
    of_target = any(same_organisation(case.reporter.host, domain) for domain in case.targets)
    if of_sender == of_target:
        return None
    return Timing.SYNCHRONOUS if of_sender else Timing.ASYNCHRONOUS


def _had_it_from_a_client(case: Case) -> Timing | None:
    """The reporter took the returned message from a client that had logged in, or that sat on the same host.

    A smarthost `smtp.isp.example` reports, and its oldest line in the returned header is `with ESMTPSA`.
    """
    entry: Received | None = None
    for line in case.returned:
        if line.by and not (case.reporter and same_organisation(line.by, case.reporter.host)):
            break
        # A filter on the same host hands the message back; only the oldest line is that of the client.
        entry = line if line.by else entry
        # QUIRK: Exchange Online: what left its edge and came in again is from another customer of it.
        if line.host.endswith(".outbound.protection.outlook.com"):
            break
    return Timing.SYNCHRONOUS if entry and (entry.is_authenticated or entry.is_local) else None


def _had_it_from_another_server(case: Case) -> Timing | None:
    """A server of another organisation had accepted the returned message before the reporter did.

    The returned header: `by mx.hoster.example`, and below it `by mail.example.com`.
    """
    if case.reporter is None:
        return None
    seen = False
    for line in case.returned:
        if "." not in line.by:
            continue
        if same_organisation(line.by, case.reporter.host):
            seen = True
        elif seen:
            return Timing.ASYNCHRONOUS
    return None


def _received_from_the_sender(case: Case) -> Timing | None:
    """Received-From-MTA is of the sender's organisation, and the reporter of another one.

    A report by `mx.hoster.example` with `Received-From-MTA: dns; out.example.com`.
    """
    if case.reporter is None or not case.received_from:
        return None
    of_sender = any(same_organisation(case.received_from, domain) for domain in case.senders)
    if of_sender and not same_organisation(case.received_from, case.reporter.host):
        return Timing.ASYNCHRONOUS
    return None


def _authors_side(case: Case) -> Timing | None:
    """The reporter is of the organisation of the returned message's author, and no recipient is.

    The envelope sender is a mailing service, From is `anne@example.com`, and `mail.example.com` reports.
    """
    if case.reporter is None or case.original is None:
        return None
    authors = {addresses.domain_of(address) for address in addresses.find((case.original.from_ or "")[:1000])}
    of_author = any(same_organisation(case.reporter.host, domain) for domain in authors)
    of_target = any(same_organisation(case.reporter.host, domain) for domain in case.targets)
    return Timing.SYNCHRONOUS if of_author and not of_target else None


RULES: tuple[tuple[str, Callable[[Case], Timing | None]], ...] = (
    ("own-server-reports", _by_own_server),
    ("foreign-server-reports", _by_foreign_server),
    ("reporter-of-one-side", _sides),
    ("report-never-carried", _never_carried),
    ("had-it-from-a-client", _had_it_from_a_client),
    ("had-it-from-another-server", _had_it_from_another_server),
    ("received-from-the-sender", _received_from_the_sender),
    ("reporter-of-the-authors-side", _authors_side),
)


def decide(case: Case) -> tuple[Timing, Evidence]:
    """The timing of every refusal in a report, and the rule that decided."""
    told = f"{case.reporter.host} ({case.reporter.rule})" if case.reporter else ""
    for name, rule in RULES:
        timing = rule(case)
        if timing is not None:
            return timing, Evidence("timing", "timing", name, text=told)
    return Timing.UNKNOWN, Evidence("timing", "timing", "nothing-tells", text=told)
