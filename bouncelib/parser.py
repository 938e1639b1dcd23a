"""The whole way of the data, on one screen.

bytes ─mime─▶ Message ─detectors─▶ Finding* ─merge─▶ Facts* ─classify─▶ reason, timing, provenance ─▶ Report
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from . import address as addresses
from . import kinds, merge, refusals, timing, wrapped
from .bounce_address import check_bounce_address
from .context import NO_CONTEXT, Context, no_context
from .detector import check_finding
from .frozen import maker
from .mime import Message, read
from .model import (
    Action,
    AddressVerdict,
    BouncelibError,
    BounceType,
    Defect,
    Evidence,
    Feedback,
    Finding,
    Kind,
    Provenance,
    ProvenanceVerdict,
    Reason,
    Recipient,
    Report,
    Timing,
    Value,
)
from .original import find_original
from .provenance import Case, Judged, judge
from .reasons import Judgement, Refusal, Rules, bounce_type
from .registry import Candidate, Registry

if TYPE_CHECKING:
    import email.message

__all__ = ["DEFAULT", "Parser"]


class Parser:
    """A registry of detectors and a set of rules, ready to read. No message changes what is said of the next."""

    __slots__ = ("_registry", "_rules")

    def __init__(self, registry: Registry | None = None, rules: Rules | None = None) -> None:
        """The default registry and the package's rules, where none are given."""
        if not isinstance(registry, Registry | None):
            raise BouncelibError(f"a Parser takes a Registry, not {registry!r}: write Registry.default().with_(...)")
        if not isinstance(rules, Rules | None):
            raise BouncelibError(f"a Parser takes Rules, not {rules!r}: write Rules.default().with_file(...)")
        self._registry = registry
        self._rules = rules

    @property
    def registry(self) -> Registry:
        """The detectors that read; the package's own are made at the first use."""
        return Registry.default() if self._registry is None else self._registry

    @property
    def rules(self) -> Rules:
        """The rules that decide reasons; the package's own are read from their files at the first use."""
        return Rules.default() if self._rules is None else self._rules

    def parse(
        self, raw: bytes | bytearray | memoryview | email.message.Message, *, context: Context | None = None
    ) -> Report:
        """Everything that the message in `raw` reports. Never raises on input; damage is listed in `defects`."""
        if context is not None and not isinstance(context, Context):
            raise no_context(context)
        carrier = read(raw)
        message = wrapped.unwrap(carrier)
        found, defects = _detect(self.registry, message)
        facts = merge.merge(found)
        kind = kinds.decide(found, facts.recipients)
        if kind in _NO_REPORTS:
            return Report(kind, detectors=_names(found), defects=(*message.defects, *defects))
        original, returned = find_original(message)
        reporter = timing.find_reporter(message.headers, facts.reporting_mta)
        named = list(map(_addresses, facts.recipients))
        case = _case(
            message,
            carrier,
            reporter,
            original,
            returned,
            returned.get_all("received"),
            named,
            context or NO_CONTEXT,
            facts.received_from_mta,
            facts.unparsed,
            kind in _TO_THE_SENDER,
        )
        when = timing.decide(case)
        judged = judge(case)
        prose = message.body.text if len(facts.recipients) == 1 else ""
        recipients: list[Recipient] = []
        for recipient in _with_verp(facts.recipients, judged.recipient, kind):
            recipients.append(  # noqa: PERF401 - a comprehension is a call, and all that it knows becomes a cell
                self._recipient(recipient, kind, facts.reporting_mta, when, judged, prose)
            )
        return _report(
            kind,
            tuple(recipients),
            facts.reporting_mta,
            facts.received_from_mta,
            facts.arrival_date,
            facts.envelope_id,
            original,
            judged.provenance,
            _feedback(found),
            _names(found),
            (*message.defects, *defects),
            facts.unparsed,
            facts.evidence,
        )

    def parse_reply(
        self,
        reply: str | bytes,
        *,
        recipient: str | None = None,
        command: str | None = None,
        remote_mta: str | None = None,
    ) -> Report:
        """The verdict on one SMTP reply, as text or as the bytes that the server sent (RFC 5321 section 4.2).

        `command` is the SMTP command that was refused, `remote_mta` the host that answered. Without a `recipient`
        the report's one recipient has an empty address. A 4xx reply makes a delay, a 2xx reply a success.
        """
        if isinstance(reply, tuple):
            raise TypeError("a reply is one text: for a code and a text, parse_refusals({address: (code, text)})")
        named, text, verb, host = [refusals.to_text(told or "") for told in (recipient, reply, command, remote_mta)]
        finding = Finding(
            address=Value(named, rule="argument"),
            diagnostic=Value(text, rule="argument"),
            command=Value(verb, rule="argument"),
            remote_mta=Value(host, rule="argument"),
        )
        facts = merge.settle(addresses.clean(named) or named, "reply", finding)
        klass = facts.reply.code // 100 if facts.reply else facts.status.klass if facts.status else 5
        kind = {2: Kind.SUCCESS, 4: Kind.DELAY}.get(klass, Kind.BOUNCE)
        when = Timing.SYNCHRONOUS, Evidence("timing", "reply", "refused in the SMTP dialogue")
        return Report(kind, (self._recipient(facts, kind, None, when, Judged(Provenance())),), detectors=("reply",))

    def parse_refusals(
        self,
        refused: Mapping[str, refusals.Reply] | BaseException | Iterable[BaseException],
        *,
        command: str | None = "RCPT",
        remote_mta: str | None = None,
    ) -> Report:
        """The verdict on what `smtplib` or `aiosmtplib` refused: what `sendmail` returns, or the exception it raises.

        A dictionary maps each recipient to the code and the text of its reply, which came after `command`: `DATA` where
        an LMTP server answered for each one. An exception tells its own; of one that names no recipient the address is
        that of the sender where it was refused (`SMTPSenderRefused`), else empty. Raises `TypeError` for any exception
        that carries no reply.
        """
        reports = [
            self.parse_reply(
                refusals.reply_text(one), recipient=one.recipient, command=one.command, remote_mta=remote_mta
            )
            for one in refusals.refusals(refused, command=command)
        ]
        found = {report.kind for report in reports}
        kind = next((kind for kind in (Kind.BOUNCE, Kind.DELAY) if kind in found), Kind.SUCCESS)
        recipients = tuple(recipient for report in reports for recipient in report.recipients)
        return Report(kind, recipients, detectors=("reply",))

    def parse_log_line(self, line: str | bytes, *, context: Context | None = None) -> Report | None:
        """The verdict on a delivery that a line of Postfix's, Exim's or Sendmail's log tells of; `None` for all others.

        The log is that of our own server: what it failed to deliver it was still responsible for. With a context, the
        sender, where the line has it (Exim), may prove by its tag that the message was ours.
        """
        from . import logs

        if context is not None and not isinstance(context, Context):
            raise no_context(context)
        told = logs.read(line)
        if told is None:
            return None
        kind = _KINDS.get(told.action, Kind.SUCCESS)
        provenance = Provenance()
        check = check_bounce_address(told.sender, context) if told.sender and context else None
        if check and check.proof and check.verdict is AddressVerdict.ACCEPT:
            provenance = Provenance(ProvenanceVerdict.OWN, (check.proof,))
        when = Timing.SYNCHRONOUS, Evidence("timing", told.program, "logged by the server that had the message")
        recipients = []
        for finding in told.recipients:
            facts = merge.settle(finding.address.text if finding.address else "", told.program, finding)
            facts = dataclasses.replace(facts, action=told.action)
            recipients.append(self._recipient(facts, kind, told.host, when, Judged(provenance)))
        evidence = [
            Evidence(name, told.program, "log line", text=text)
            for name, text in (("reporting_mta", told.host), ("queue_id", told.queue_id))
            if text
        ]
        return Report(
            kind,
            tuple(recipients),
            told.host,
            provenance=provenance,
            detectors=(told.program,),
            evidence=tuple(evidence),
        )

    def _recipient(
        self,
        facts: merge.Facts,
        kind: Kind,
        reporting_mta: str | None,
        when: tuple[Timing, Evidence],
        judged: Judged,
        prose: str = "",
    ) -> Recipient:
        if kind in _ARRIVED:
            return Recipient(facts.address, facts.original_address, Action.DELIVERED, evidence=facts.evidence)
        action = facts.action or _ACTIONS.get(kind, _FAILED)
        if action is not _FAILED and action is not _DELAYED:
            return Recipient(
                facts.address, facts.original_address, action, facts.status, facts.reply, facts.diagnostic,
                facts.remote_mta, facts.command, evidence=facts.evidence,
            )  # fmt: skip
        judgement = self._judge(facts, action, reporting_mta, prose)
        code = facts.reply.code if facts.reply else None
        means = bounce_type(judgement.reason, status=facts.status, code=code, action=action)
        if judged.provenance.verdict is _FOREIGN:
            means = BounceType.BACKSCATTER
        because = _evidence("reason", "rules", judgement.rule, "", 0, judgement.hit)
        evidence = (*facts.evidence, because, when[1])
        is_settled = means == "hard" and action is _FAILED and judgement.attribution in ("recipient", "domain")
        if is_settled and facts.address in judged.doubted:
            is_settled = False
            evidence += (Evidence("suppress", "provenance", judged.why),)
        return _recipient(
            facts.address,
            facts.original_address,
            action,
            facts.status,
            facts.reply,
            facts.diagnostic,
            facts.remote_mta,
            facts.command,
            judgement.reason,
            judgement.attribution,
            judgement.retry_after,
            judgement.blocklist,
            when[0],
            means,
            is_settled,
            evidence,
        )

    def _judge(self, facts: merge.Facts, action: Action, reporting_mta: str | None, prose: str) -> Judgement:
        """The judgement on the best text; on the others only where the best one says nothing.

        Where nobody says anything of the recipient, the `prose` of the report counts, if its words are clear.
        """
        code = facts.reply.code if facts.reply else None
        first = facts.evidence[0] if facts.evidence else None  # the one of the address, where there is any
        named_by = first.detector if first and first.field == "address" else ""
        known = facts.status, code, facts.command, facts.remote_mta, reporting_mta, action, named_by
        rules = self.rules
        judgements = []
        for text in facts.texts or _comments(facts.evidence) or ("",):
            judgement = rules.judge(_refusal(text, *known))
            if judgement.file not in _FROM_CODES and judgement.reason is not _UNDETERMINED:
                return judgement
            judgements.append(judgement)
        if judgements[0].reason is _UNDETERMINED:
            for paragraph in prose.split("\n\n", _PARAGRAPHS)[:_PARAGRAPHS]:
                judgement = rules.judge(Refusal(paragraph, *known))
                if judgement.file not in _VAGUE and judgement.reason is not _UNDETERMINED:
                    return dataclasses.replace(judgement, hit=f"in the prose: {judgement.hit}")
        return judgements[0]


def _comments(evidence: tuple[Evidence, ...]) -> list[str]:
    """What stands in brackets behind a status code."""
    return [entry.text for entry in evidence if entry.field == "status" and "(" in entry.text]


def _with_verp(recipients: tuple[merge.Facts, ...], named: str | None, kind: Kind) -> tuple[merge.Facts, ...]:
    """The one recipient with the address that we used for it, where the report's own VERP address names that."""
    if named is None or len(recipients) != 1 or kind not in _TO_THE_SENDER:
        return recipients
    only = recipients[0]
    if only.original_address or addresses.same(only.address, named):
        return recipients
    evidence = Evidence("original_address", "provenance", "VERP address of the report", text=named)
    return (dataclasses.replace(only, original_address=named, evidence=(*only.evidence, evidence)),)


# An enumeration is slow to find its members by their names.
_FAILED, _DELAYED = Action.FAILED, Action.DELAYED
_FOREIGN = ProvenanceVerdict.FOREIGN
_UNDETERMINED = Reason.UNDETERMINED

_addresses = operator.attrgetter("address", "original_address")

_NO_REPORTS = (Kind.OTHER, Kind.AUTO_REPLY, Kind.CHALLENGE)
_ARRIVED = (Kind.COMPLAINT, Kind.DISPOSITION)
_TO_THE_SENDER = (Kind.BOUNCE, Kind.DELAY, Kind.SUCCESS)
_KINDS = {_FAILED: Kind.BOUNCE, _DELAYED: Kind.DELAY}
_ACTIONS = {Kind.DELAY: _DELAYED, Kind.SUCCESS: Action.DELIVERED}


def _detect(registry: Registry, message: Message) -> tuple[list[tuple[str, Finding]], list[Defect]]:
    """What the detectors find; the fallbacks are asked where the others found nobody and nothing."""
    found: list[tuple[str, Finding]] = []
    defects: list[Defect] = []
    _ask(registry.candidates(message), message, found, defects)
    for _, finding in found:
        if finding.address or finding.kind in kinds.NOT_BOUNCES:
            return found, defects
    for fallback in registry.fallbacks:
        _ask((fallback,), message, found, defects)
        if any(finding.address for _, finding in found):
            break
    return found, defects


def _ask(
    candidates: Iterable[Candidate], message: Message, found: list[tuple[str, Finding]], defects: list[Defect]
) -> None:
    """Add what the detectors find; whatever one of them does, the others are asked too."""
    for name, concerns, find, is_foreign in candidates:
        try:
            if concerns is not None and not concerns(message):
                continue
            for finding in find(message):
                if is_foreign:
                    check_finding(finding)
                found.append((name, finding))
        except Exception as error:  # noqa: BLE001
            defects.append(Defect("detector-failed", f"{name}: {type(error).__name__}: {error}"[:500]))


def _names(found: Iterable[tuple[str, Finding]]) -> tuple[str, ...]:
    return tuple(dict(found))


def _feedback(found: Iterable[tuple[str, Finding]]) -> Feedback | None:
    for _, finding in found:
        if finding.feedback:
            return finding.feedback
    return None


_case = maker(Case)
_evidence = maker(Evidence)
_recipient = maker(Recipient)
_report = maker(Report)
_refusal = maker(Refusal)

# The rule files that go by codes, not by what the server said in words.
_FROM_CODES = frozenset({"", "status.toml", "codes.toml"})
# What a report says in prose it says early on.
_PARAGRAPHS = 12
_VAGUE = _FROM_CODES | {"hints.toml"}

DEFAULT = Parser()
