"""While the connection is still open: can a bounce to this address be genuine?

    check = bouncelib.check_bounce_address("anne@example.com", context)
    if check.verdict is AddressVerdict.REFUSE:
        return str(check.reply)              # 550 5.7.1 no mail was sent from this address …

To be asked for each RCPT of a mail with the null sender, `MAIL FROM:<>`, and for no other mail. The address alone
decides: what a bounce says about itself is not known yet, and need not be.
"""

from __future__ import annotations

from . import address as addresses
from . import provenance
from .context import Context, no_context
from .model import AddressCheck, AddressVerdict, Proof, ProvenanceVerdict, Reply
from .provenance import batv, srs

__all__ = ["check_bounce_address"]

_UNDECIDED = AddressCheck(AddressVerdict.UNDECIDED)
_ALTERED = Reply(550, "5.7.1 bounces to this address are refused: its tag is not valid, or no longer")
_UNTAGGED = Reply(550, "5.7.1 bounces to this address are refused: it never sends mail")
_MAX = 600


def check_bounce_address(address: str, context: Context) -> AddressCheck:
    """Whether a null-sender mail to `address` can be genuine: accept it, refuse it with `reply`, or undecided.

    A valid tag (signed VERP, SRS, BATV) is accepted, a wrong or stale one refused. An address without a tag is refused
    where the context says that all of its domain's mail is sent with one: a key or secret that signs every sender
    (`batv_keys`, `verp`), and the domain in `own_domains`. `postmaster` is never refused (RFC 5321 section 4.5.1).
    """
    if not isinstance(context, Context):
        raise no_context(context)
    recipient = addresses.clean(address) if len(address) <= _MAX else None
    if not recipient or "@" not in recipient:
        return _UNDECIDED
    local, _, domain = recipient.rpartition("@")
    if context.own_domains and not context.is_own_domain(domain):
        return _UNDECIDED
    proofs = list(provenance.tag_proofs(recipient, context))
    own = next((proof for proof in proofs if proof.verdict is ProvenanceVerdict.OWN), None)
    if own:
        return AddressCheck(AddressVerdict.ACCEPT, own)
    if proofs:
        return AddressCheck(AddressVerdict.REFUSE, proofs[0], _ALTERED)
    signs_all = bool(context.batv_keys or context.verp_secrets) and bool(context.own_domains)
    if not signs_all or local.lower() == "postmaster" or srs.read(recipient) or batv.is_barracuda(recipient):
        return _UNDECIDED
    proof = Proof("address", ProvenanceVerdict.FOREIGN, f"no tag of ours: {recipient}"[:300])
    return AddressCheck(AddressVerdict.REFUSE, proof, _UNTAGGED)
