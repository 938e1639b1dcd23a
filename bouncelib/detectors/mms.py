"""Gateways from mail to mobile phones that name the phone only in the header of the returned message.

Code, for an address in a returned `To` is no failed address as a rule. Here the gateway answers for one domain of its
own, the message went to one mailbox in it, and the report says that it did not reach "the mobile".
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import address as addresses
from ..marks import is_report
from ..mime import Message, read_headers
from ..model import Finding, Kind, Value
from ..phrases import has_any

__all__ = ["MmsGateway"]

_PHRASES = ("could not be delivered to mobile", "no valid recipients for this mm")


class MmsGateway:
    """Reports of MMS gateways: Verizon (vzwpix.com, vtext.com) and their like."""

    name = "mms-gateway"
    reports_only = True
    phrases = _PHRASES

    def find(self, message: Message) -> Iterator[Finding]:
        body = message.body
        if not has_any(body.lower, self.phrases) or not is_report(message.headers):
            return
        said = next((index for index, line in enumerate(body.lines) if line.strip().startswith("Error:")), -1)
        diagnostic = body.value(body.lines[said].strip(), said, "text") if said >= 0 else None
        headers, _ = read_headers(body.returned)
        to = addresses.find(headers.get("to") or "")
        gateway = addresses.domain_of(addresses.clean(message.headers.get("from") or "") or "")
        domain = addresses.domain_of(to[0]) if len(to) == 1 else ""
        if domain and (gateway == domain or gateway.endswith(f".{domain}")):
            address = Value(to[0], body.returned_part, rule="returned To of the gateway's own domain")
            yield Finding(address=address, kind=Kind.BOUNCE, diagnostic=diagnostic)
        else:
            yield Finding(kind=Kind.BOUNCE, diagnostic=diagnostic)
