"""A scripted name service: the names of the lab, and every way in which a name can fail."""

from __future__ import annotations

import dataclasses
import socket
import struct
import threading
from collections.abc import Mapping, Sequence

__all__ = ["Zone", "answer", "serve"]

_A, _PTR, _MX, _ANY = 1, 12, 15, 255
_SERVFAIL, _NXDOMAIN = 2, 3


@dataclasses.dataclass(frozen=True, slots=True)
class Zone:
    """What is known; every other name does not exist. `empty` names exist without records, `broken` ones fail."""

    addresses: Mapping[str, str]
    exchangers: Mapping[str, Sequence[tuple[int, str]]]
    empty: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()

    @property
    def pointers(self) -> dict[str, str]:
        return {".".join(reversed(ip.split("."))) + ".in-addr.arpa": name for name, ip in self.addresses.items()}


def _encode(name: str) -> bytes:
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _with_parents(names: set[str]) -> set[str]:
    labels = [name.split(".") for name in names]
    return {".".join(parts[i:]) for parts in labels for i in range(len(parts))}


def answer(zone: Zone, query: bytes) -> bytes:
    """The answer to a query of one question (RFC 1035 section 4); it is authoritative, and never cut."""
    ident = query[:2]
    position, labels = 12, []
    while length := query[position]:
        labels.append(query[position + 1 : position + 1 + length].decode("latin-1"))
        position += 1 + length
    question = query[12 : position + 5]
    (kind,) = struct.unpack("!H", query[position + 1 : position + 3])
    name = ".".join(labels).lower()
    pointers = zone.pointers
    records: list[tuple[int, bytes]] = []
    if kind in {_A, _ANY} and name in zone.addresses:
        records.append((_A, socket.inet_aton(zone.addresses[name])))
    if kind in {_MX, _ANY}:
        records += [(_MX, struct.pack("!H", rank) + _encode(host)) for rank, host in zone.exchangers.get(name, ())]
    if kind in {_PTR, _ANY} and name in pointers:
        records.append((_PTR, _encode(pointers[name])))
    known = _with_parents({*zone.addresses, *zone.exchangers, *pointers, *zone.empty})
    code = _SERVFAIL if name in zone.broken else 0 if records or name in known else _NXDOMAIN
    body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", rtype, 1, 60, len(data)) + data for rtype, data in records)
    authority = b""
    if not records and code != _SERVFAIL:
        start = _encode("ns.test") + _encode("root.test") + struct.pack("!5I", 1, 60, 60, 60, 5)
        authority = _encode("test") + struct.pack("!HHIH", 6, 1, 5, len(start)) + start
    counts = struct.pack("!HHHHH", 0x8580 | code, 1, len(records), 1 if authority else 0, 0)
    return ident + counts + question + body + authority


def serve(zone: Zone, address: str) -> None:
    """Answer on UDP port 53 of `address`, in a thread that ends with the process."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind((address, 53))

    def loop() -> None:
        while True:
            query, client = listening.recvfrom(4096)
            try:
                reply = answer(zone, query)
            except (IndexError, struct.error):
                continue
            listening.sendto(reply, client)

    threading.Thread(target=loop, daemon=True, name="names").start()
