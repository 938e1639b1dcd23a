"""Is the report about a message that we sent? The proofs, and the order in which contradicting ones are settled.

Each proof is a module of its own, a pure function that can be used alone; docs/provenance.md says what each of them
proves, what it does not, and what it needs. All that were found stay visible in `Provenance.proofs`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from .. import address as addresses
from ..charset import raw_bytes
from ..context import NO_CONTEXT, Context
from ..frozen import frozen
from ..header import Headers
from ..mime import RETURNED, Message
from ..model import Original, Proof, Provenance, ProvenanceVerdict, UnparsedField
from . import authres, batv, dkim, hop, message_id, received, srs, stranger, verp

__all__ = ["ORDER", "Case", "Judged", "Reporter", "judge", "tag_proofs"]

OWN, FOREIGN, UNPROVEN = ProvenanceVerdict.OWN, ProvenanceVerdict.FOREIGN, ProvenanceVerdict.UNPROVEN

ORDER: tuple[tuple[str, ProvenanceVerdict, str], ...] = (
    ("own-server", OWN, "our own server reports, and had the message from one of us: nobody else had a hand in it"),
    ("verp", OWN, "only we can sign the address that the report was sent to"),
    ("srs", OWN, "the same"),
    ("batv", OWN, "the same, with the fewest bits"),
    ("verp", FOREIGN, "a signature that is altered or too old is none, whatever else the report copies"),
    ("srs", FOREIGN, "the same"),
    ("batv", FOREIGN, "the same"),
    ("recipients", FOREIGN, "the address was signed for one recipient, and the report names others"),
    ("address", FOREIGN, "we always sign, and this address has no tag"),
    ("dkim", OWN, "our signature stands in the returned header; but whoever got the message has it"),
    ("returned-verp", OWN, "the same of our tag in the returned header"),
    ("returned-srs", OWN, "the same"),
    ("returned-batv", OWN, "the same"),
    ("returned-verp", FOREIGN, "the message had a sender of our domain with a tag that is not ours"),
    ("returned-srs", FOREIGN, "the same"),
    ("returned-batv", FOREIGN, "the same"),
    ("received", OWN, "the reporter had it from our server, by the line that the reporter wrote"),
    ("received", FOREIGN, "the reporter had it from somebody else"),
    ("authentication-results", FOREIGN, "the reporter found the sender forged, and nothing above says otherwise"),
    ("message-id", OWN, "public knowledge once the message has been sent, so the last word only"),
    ("message-id", FOREIGN, "we know what we sent, as far as nobody changed the Message-ID on its way"),
)
"""The first row that a proof matches decides. Without one the verdict is `unproven`, or, where the context requires
a proof, `foreign`."""

_RANK = {(name, verdict): rank for rank, (name, verdict, _) in enumerate(ORDER)}
_SIGNED = frozenset({"verp", "srs", "batv", "dkim"})

# Where a server writes the address that it was told in RCPT; `To` is only what the other side wrote.
_SENT_TO = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-rcpt-to", "to")
_NAMES_RECIPIENTS = frozenset({
    "to", "cc", "bcc", "resent-to", "resent-cc", "apparently-to", "delivered-to", "x-original-to", "envelope-to",
    "x-envelope-to", "x-rcpt-to", "x-forwarded-to",
})  # fmt: skip
_SIGNED_RECIPIENTS = frozenset({"to", "cc", "resent-to", "resent-cc"})
_MAX_ADDRESS = 600
_MAX_TEXT = 1 << 17


@frozen
class Reporter:
    """The host that wrote a report, and what names it."""

    host: str
    rule: str


@frozen
class Case:
    """What there is to judge: who wrote the report, what it returns, whom it names, and who we are.

    `carrier` is the message as it came, and `message` the report in it: another one where a filter, or somebody who
    plays one, has wrapped it. `returned` is the header of the message that the report is about, and `trace` are the
    Received lines in it, newest first. `recipients` are the addresses that the report names, each with the one that
    the sender used, or `None`. `received_from` is the Received-From-MTA of RFC 3464 section 2.2.3. `is_bounce` says
    that the report went to the envelope sender, as delivery reports do; complaints and read receipts go to addresses
    that carry no tag.
    """

    message: Message
    carrier: Message
    reporter: Reporter | None
    original: Original | None
    returned: Headers
    trace: Sequence[str]
    recipients: Sequence[tuple[str, str | None]]
    context: Context
    received_from: str | None = None
    unparsed: Sequence[UnparsedField] = ()
    is_bounce: bool = True

    @property
    def sent_to(self) -> list[str]:
        """The addresses in the To of the message as it came."""
        return addresses.find((self.carrier.headers.get("to") or "")[:1000])

    @property
    def lines(self) -> list[str]:
        """The report's Received lines, newest first: those of a wrapper, and below them those of what it wraps."""
        inner = self.message.headers.get_all("received") if self.message is not self.carrier else []
        return [*self.carrier.headers.get_all("received"), *inner]


@frozen
class Judged:
    """The verdict, and what follows for the recipients.

    `doubted` are recipients who are never to be suppressed, and `why` says in words what is doubtful about them.
    `recipient` is the one that the VERP address of the report names.
    """

    provenance: Provenance
    doubted: frozenset[str] = frozenset()
    why: str = ""
    recipient: str | None = None


_NOTHING_SAID = Judged(Provenance())
UNTIED = "nothing ties this address to a message that we provably sent"
STRANGER = "nothing in the returned message is the sender's, and a stranger brought it"


def judge(case: Case) -> Judged:
    """Whether the report is about a message of ours, by all the proofs that the context allows."""
    context = case.context
    stranger_proof = _stranger(case)
    if context is NO_CONTEXT and not stranger_proof and not _speaks_for_itself(case):
        return _NOTHING_SAID
    headers = case.carrier.headers
    sent_to = _sent_to(headers)
    has_trace = "received" in headers.first
    is_ours = case.reporter is not None and context.is_own_host(case.reporter.host)
    by_us = is_ours and not received.brought_from_outside(case.lines, context, verified=context.holds_key)
    signed = _dkim(case.message, context)
    proofs = [
        *_tags(sent_to, context),
        *_from_received(case, context, by_us=by_us, has_trace=has_trace),
        *_from_returned(case, context, sent_to),
    ]
    if signed:
        proofs.append(signed.proof)
    if case.is_bounce and not (by_us and has_trace):
        proofs += _untagged(sent_to, proofs, context)
    if stranger_proof:
        proofs.append(stranger_proof)
    if note := authres.prove_report(headers, is_own_host=context.is_own_host):
        proofs.append(note)
    named = _verp_recipient(sent_to, context)
    if named and len(case.recipients) > 1 and not any(named.lower() in _spellings(pair) for pair in case.recipients):
        proofs = [dataclasses.replace(p, verdict=UNPROVEN) if p.name == "verp" else p for p in proofs]
        proofs.append(Proof("recipients", FOREIGN, f"the address was made for {named}, whom the report does not name"))
    proofs = sorted(dict.fromkeys(proofs), key=lambda proof: _RANK.get((proof.name, proof.verdict), len(_RANK)))
    deciding = proofs[0] if proofs and (proofs[0].name, proofs[0].verdict) in _RANK else None
    verdict = deciding.verdict if deciding else FOREIGN if context.require_proof else UNPROVEN
    doubted, why = frozenset[str](), ""
    if context.holds_key and not (deciding and deciding.name == "own-server"):
        doubted, why = _doubted(case, deciding, named, signed, _bringer(case, context)), UNTIED
    elif stranger_proof and verdict is UNPROVEN:
        doubted, why = frozenset(address for address, _ in case.recipients), STRANGER
    return Judged(Provenance(verdict, tuple(proofs)), doubted, why, named or _plain_recipient(sent_to, context))


def _stranger(case: Case) -> Proof | None:
    original = case.original
    if original is None or not case.is_bounce:
        return None
    sender = original.sender or next(iter(case.sent_to), None)
    return stranger.doubt(
        case.returned, sender=sender, message_id=original.message_id or "", recipients=case.recipients
    )


def _speaks_for_itself(case: Case) -> bool:
    """Whether there is anything to see without knowing who we are: authentication results, or an address like VERP."""
    first = case.carrier.headers.first
    if "authentication-results" in first:
        return True
    for name in _SENT_TO:
        if name in first and "=" in first[name]:
            return True
    return authres.tells_of_failure(case.returned)


def tag_proofs(address: str, context: Context) -> Iterator[Proof]:
    """What the tags of one address prove, strongest first."""
    proofs = (
        verp.prove(address, context.verp_secrets, now=context.now),
        srs.prove(address, context.srs_secrets, now=context.now),
        batv.prove(address, context.batv_keys, now=context.now),
    )
    return (proof for proof in proofs if proof)


def _sent_to(headers: Headers) -> tuple[str, ...]:
    """The addresses that the report was sent to, no duplicates; of each field the topmost, written last."""
    found: dict[str, None] = {}
    for name in _SENT_TO:
        if name in headers.first and (value := headers.get(name)):
            found |= dict.fromkeys(addresses.find(value[:_MAX_TEXT])[:20])
    return tuple([address for address in found if len(address) <= _MAX_ADDRESS])


def _is_ours(address: str, context: Context) -> bool:
    """Whether the address is of a domain of ours; without any, each address that a report came to is."""
    return not context.own_domains or context.is_own_domain(addresses.domain_of(address))


def _tags(sent_to: Sequence[str], context: Context) -> list[Proof]:
    if not context.holds_key:
        return []
    return [proof for address in sent_to if _is_ours(address, context) for proof in tag_proofs(address, context)]


def _untagged(sent_to: Sequence[str], proofs: Sequence[Proof], context: Context) -> list[Proof]:
    """The proof that a tag is missing where we always write one: on an address of `own_domains`."""
    if not (context.batv_keys or context.verp_secrets) or any(proof.name in _SIGNED - {"dkim"} for proof in proofs):
        return []
    bare = [
        address
        for address in sent_to
        if context.is_own_domain(addresses.domain_of(address))
        and srs.read(address) is None
        and not batv.is_barracuda(address)
    ]
    if not bare:
        return []
    return [Proof("address", FOREIGN, f"no tag of ours on the address that the report was sent to: {bare[0]}"[:300])]


def _from_received(case: Case, context: Context, *, by_us: bool, has_trace: bool) -> list[Proof]:
    if not context.own_mtas:
        return []
    if by_us:
        recipients = [original or address for address, original in case.recipients]
        proof = received.accepted_by_us(case.trace, context, recipients)
        if proof and not has_trace:
            # Anybody can write our server's name into a report; its own Received lines are what shows who brought it.
            proof = dataclasses.replace(
                proof, verdict=UNPROVEN, text=f"no Received line of the report; {proof.text}"[:300]
            )
    else:
        proof = received.prove(case.trace, context)
    return [proof] if proof else []


def _from_returned(case: Case, context: Context, sent_to: Sequence[str]) -> list[Proof]:
    original = case.original
    proofs = _returned_tags(case, context, sent_to) if context.holds_key else []
    if original is None:
        return proofs
    if authres.tells_of_failure(case.returned):
        own = {addresses.domain_of(address) for address in (*sent_to, original.sender or "")} - {""}
        proof = authres.prove(
            original.headers,
            reporter=case.reporter.host if case.reporter else None,
            sender=original.sender or (sent_to[-1] if sent_to else None),
            is_own_domain=context.is_own_domain if context.own_domains else own.__contains__,
        )
        if proof:
            proofs.append(proof)
    proof = message_id.prove(
        original.message_id or "",
        secrets=context.verp_secrets,
        sent_by_us=context.sent_by_us,
        is_own_domain=context.is_own_message_id_domain,
    )
    if proof:
        proofs.append(proof)
    return proofs


def _returned_tags(case: Case, context: Context, sent_to: Sequence[str]) -> list[Proof]:
    senders = [field.value for field in case.unparsed if field.name.lower() == "x-postfix-sender"]
    found = [addresses.typed(value[:_MAX_ADDRESS]) for value in senders]
    found.append(case.original.sender if case.original else None)
    proofs = []
    for sender in dict.fromkeys(address for address in found if address and len(address) <= _MAX_ADDRESS):
        if sender in sent_to:
            continue
        for address in dict.fromkeys((sender, srs.unwrap(sender))):
            proofs += [
                dataclasses.replace(proof, name=f"returned-{proof.name}")
                for proof in tag_proofs(address, context)
                # A forwarder's address is not ours, and its tags are no affair of ours either.
                if proof.verdict is OWN or context.is_own_domain(addresses.domain_of(address))
            ]
    return proofs


def _dkim(message: Message, context: Context) -> dkim.Signed | None:
    if not context.dkim_keys:
        return None
    for part in message.parts:
        if part.content_type in RETURNED:
            inner = part.embedded()
            return dkim.verify(inner.tree.raw[inner.start : inner.body], context.dkim_keys, now=context.now)
    returned = message.body.returned
    header = raw_bytes(returned.partition("\n\n")[0])
    return dkim.verify(header, context.dkim_keys, now=context.now) if returned else None


def _spellings(pair: tuple[str, str | None]) -> set[str]:
    return {address.lower() for address in pair if address}


def _verp_recipient(sent_to: Sequence[str], context: Context) -> str | None:
    """The recipient whom a signed address was made for."""
    if not context.verp_secrets:
        return None
    found = (
        verp.check_verp(address, context.verp_secrets, now=context.now)
        for address in sent_to
        if _is_ours(address, context)
    )
    return next((recipient for recipient in found if recipient), None)


def _plain_recipient(sent_to: Sequence[str], context: Context) -> str | None:
    """The recipient whom an address without a signature names: a claim, good for looking somebody up."""
    patterns = context.verp_patterns
    for address in sent_to:
        if not _is_ours(address, context):
            continue
        tag = batv.read(address)
        bare = tag.address if tag else address
        for pattern in patterns:
            if recipient := verp.read_pattern(bare, pattern):
                return recipient
        found = verp.read(bare)
        if found and found.recipient and found.form != "signed":
            return found.recipient
    return None


def _bringer(case: Case, context: Context) -> str:
    """The host that brought a report with the null sender; a user of that host would have sent under his address."""
    # QUIRK: Sendmail writes `Return-Path: <MAILER-DAEMON>` where it delivers its own report.
    if "@" in (case.carrier.headers.get("return-path") or ""):
        return ""
    return received.bringer(case.lines, context)


def _doubted(
    case: Case, deciding: Proof | None, named: str | None, signed: dkim.Signed | None, bringer: str
) -> frozenset[str]:
    """The recipients whom nothing ties to a message that we provably sent.

    A signed VERP address names its recipient. Any other tag, and a DKIM signature, proves only that the message was
    ours, and can be copied by whoever received it: then the recipient has to stand in the header too (of DKIM, in the
    signed part), and a host of his own domain must have brought the report, with the null sender of reports.
    """
    if deciding is None or deciding.verdict is not OWN or deciding.name not in _SIGNED:
        return frozenset([address for address, _ in case.recipients])
    mentioned: set[str] = set()
    if signed:
        mentioned |= _mentioned(signed.fields, _SIGNED_RECIPIENTS)
    if deciding.name != "dkim" and not named:
        mentioned |= _mentioned(case.original.headers if case.original else (), _NAMES_RECIPIENTS)
        mentioned.update(line.recipient for line in map(hop.parse, case.trace[:50]) if line.recipient)

    def is_tied(subscriber: str) -> bool:
        if named and subscriber == named.lower():
            return True
        return subscriber in mentioned and hop.same_organisation(bringer, addresses.domain_of(subscriber))

    return frozenset([
        address for address, original in case.recipients if not is_tied((original or address).lower())
    ])  # fmt: skip


def _mentioned(headers: Sequence[tuple[str, str]], wanted: frozenset[str]) -> set[str]:
    text = ["" if name.lower() not in wanted else value for name, value in headers]
    return {address.lower() for address in addresses.find("\n".join(text)[:_MAX_TEXT])}
