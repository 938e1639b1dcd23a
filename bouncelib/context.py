"""What the caller knows about itself; the only thing beside the message that a verdict may rest on."""

from __future__ import annotations

import dataclasses
import ipaddress

__all__ = ["Context"]


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """Facts about the sending side. Everything is optional, and everything may be a tuple or a list.

    `own_mtas`: host names (`mail.example.com`), suffixes (`.example.com`) or networks (`192.0.2.0/24`) of the servers
    that send our mail. `own_domains`: the domains that we send from.
    """

    own_mtas: tuple[str, ...] = ()
    own_domains: tuple[str, ...] = ()

    def is_own_host(self, name: str) -> bool:
        """Whether `name`, a host name or the text of an address, is one of `own_mtas`."""
        name = name.strip().strip("[]").rstrip(".").lower()
        if not name:
            return False
        for own in self.own_mtas:
            entry = own.rstrip(".").lower()
            if name == entry or (entry.startswith(".") and name.endswith(entry)):
                return True
            if "/" in entry and _in_network(name, entry):
                return True
        return False


def _in_network(address: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(address.removeprefix("ipv6:")) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
