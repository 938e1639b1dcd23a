"""What the caller knows about itself; the only thing beside the message that a verdict may rest on.

    context = Context(own_mtas=["mail.example.com", ".out.example.com", "192.0.2.0/24"], own_domains=["example.com"],
                      batv_keys=["this year's key", "last year's key"], now=datetime.now(UTC))

Every value is checked when the context is made: a mistake here would otherwise show as a wrong verdict, months later.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import importlib.util
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from .model import BouncelibError

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

__all__ = [
    "NO_CONTEXT",
    "Context",
    "Secret",
    "as_bytes",
    "day_number",
    "network_address",
    "no_context",
    "numbered",
    "seconds",
]

Secret = str | bytes

_NAME = re.compile(r"\.?[^\s/@\[\]:;,<>()\x00-\x20]{1,253}")


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """Facts about the sending side. Everything is optional; where there are several, any sequence will do.

    `own_mtas`: host names (`mail.example.com`), suffixes (`.example.com`), addresses or networks (`192.0.2.0/24`) of
    the servers that send our mail, smarthosts that we pay for included.
    `own_domains`: the domains of our envelope senders (`example.com`; `.example.com` for all below it).
    `batv_keys`: the keys of our `prvs=` tags, newest first; or a mapping of the key number in the tag to its key.
    `srs_secrets`: the secrets of our SRS addresses, newest first.
    `verp`: secrets of signed VERP (see `make_verp`), newest first, and patterns of VERP without a signature, which
    have `{local}` and `{domain}` in them: `bounces+{local}={domain}@lists.example.com`. Text with an `@` is a pattern.
    `message_id_domains`: the domains that stand in the Message-IDs of our mail and of nobody else's.
    `sent_by_us`: is asked for a Message-ID, `<…@…>`, and answers yes, no, or `None` where it does not know.
    `dkim_keys`: maps `selector._domainkey.example.com` to the text of its DNS record, or to the base64 of its `p=`.
    `require_proof`: a report without any proof counts as foreign.
    `now`: the time of the verdict. No clock is read: without it no tag ever expires.
    """

    own_mtas: Sequence[str] = ()
    own_domains: Sequence[str] = ()
    batv_keys: Sequence[Secret | tuple[int, bytes]] | Mapping[str, Secret] | Mapping[int, Secret] = dataclasses.field(
        default=(), repr=False
    )
    srs_secrets: Sequence[Secret] = dataclasses.field(default=(), repr=False)
    verp: Sequence[Secret] = dataclasses.field(default=(), repr=False)
    message_id_domains: Sequence[str] = ()
    sent_by_us: Callable[[str], bool | None] | None = None
    dkim_keys: Mapping[str, str] | Sequence[tuple[str, str]] = ()
    require_proof: bool = False
    now: dt.datetime | None = None

    def __post_init__(self) -> None:
        for name, check in _CHECKS.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))

    def is_own_host(self, name: str) -> bool:
        """Whether `name`, a host name or the text of an address, is one of `own_mtas`."""
        if not self.own_mtas:
            return False
        name = name.strip().strip("[]").rstrip(".").lower()
        if not name:
            return False
        names, suffixes, networks = _hosts(tuple(self.own_mtas))
        if name in names or (suffixes and name.endswith(suffixes)):
            return True
        address = network_address(name) if networks else None
        return address is not None and any(address in network for network in networks)

    @property
    def names_networks(self) -> bool:
        """Whether `own_mtas` says from which addresses our servers send."""
        return bool(self.own_mtas) and bool(_hosts(tuple(self.own_mtas))[2])

    def is_own_domain(self, domain: str) -> bool:
        """Whether `domain` is one of `own_domains`."""
        return _is_below(domain, self.own_domains)

    def is_own_message_id_domain(self, domain: str) -> bool:
        """Whether `domain` is one of `message_id_domains`."""
        return _is_below(domain, self.message_id_domains)

    @property
    def verp_secrets(self) -> tuple[bytes, ...]:
        """The entries of `verp` that sign."""
        if not self.verp:
            return ()
        return tuple([as_bytes(entry) for entry in self.verp if not _is_pattern(entry)])

    @property
    def verp_patterns(self) -> tuple[str, ...]:
        """The entries of `verp` that only have a form."""
        if not self.verp:
            return ()
        return tuple([entry for entry in self.verp if isinstance(entry, str) and _is_pattern(entry)])

    @property
    def holds_key(self) -> bool:
        """Whether anything here can tell a proof from a claim: then nothing is suppressed on a claim."""
        return bool(self.batv_keys or self.srs_secrets or self.dkim_keys or self.verp_secrets)


def as_bytes(secret: Secret) -> bytes:
    """A secret as the bytes that are hashed."""
    return secret.encode() if isinstance(secret, str) else bytes(secret)


def day_number(now: dt.datetime) -> int:
    """Days since 1970-01-01 UTC, as the tags count them; a time without a zone is UTC."""
    return int(seconds(now) // 86_400)


def seconds(now: dt.datetime) -> float:
    """Seconds since 1970-01-01 UTC; a time without a zone is UTC."""
    return (now if now.tzinfo else now.replace(tzinfo=dt.UTC)).timestamp()


def numbered(
    keys: Sequence[Secret | tuple[int, bytes]] | Mapping[str, Secret] | Mapping[int, Secret],
) -> tuple[tuple[int | None, bytes], ...]:
    """Keys with the number that names each of them in a tag; `None` where any number may."""
    if isinstance(keys, (str, bytes)):
        return ((None, as_bytes(keys)),)
    if isinstance(keys, Mapping):
        return tuple([(int(number), as_bytes(key)) for number, key in keys.items()])
    return tuple([(key[0], as_bytes(key[1])) if isinstance(key, tuple) else (None, as_bytes(key)) for key in keys])


@functools.lru_cache(maxsize=512)
def network_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in `text` as header fields write it (`IPv6:…`, `::ffff:192.0.2.1`, a zone), or `None`."""
    bare = text.strip().strip("[]").partition("%")[0]
    if bare[:5].lower() == "ipv6:":
        bare = bare[5:]
    if ":" not in bare and not (bare[:1].isalnum() and bare[-1:].isdigit()):
        return None  # as of every name of a host
    import ipaddress

    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_pattern(entry: Secret) -> bool:
    return isinstance(entry, str) and "@" in entry


def _is_below(domain: str, own: Sequence[str]) -> bool:
    domain = domain.strip().rstrip(".").lower()
    return bool(domain) and any(
        domain == entry or (entry.startswith(".") and (domain.endswith(entry) or domain == entry[1:])) for entry in own
    )


@functools.lru_cache(maxsize=256)
def _hosts(entries: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...], tuple[IPv4Network | IPv6Network, ...]]:
    names = frozenset(entry for entry in entries if not entry.startswith(".") and network_address(entry) is None)
    suffixes = tuple([entry for entry in entries if entry.startswith(".")])
    networks = tuple([found for entry in entries if (found := _network(entry)) is not None])
    return names, suffixes, networks


def _network(entry: str) -> IPv4Network | IPv6Network | None:
    import ipaddress

    address = network_address(entry)
    if address is not None:
        return ipaddress.ip_network(address)
    if "/" not in entry:
        return None
    return ipaddress.ip_network(entry.strip("[]"), strict=False)


def _listed(value: object) -> list[object]:
    """The entries of a field; one text alone is one entry."""
    if isinstance(value, (str, bytes, bytearray)):
        return [value]
    return list(value) if isinstance(value, (Sequence, frozenset, set)) else [value]


def _wrong(field: str, value: object, advice: str) -> BouncelibError:
    return BouncelibError(f"Context.{field}: {value!r} {advice}")


def _check_hosts(field: str, value: object) -> tuple[str, ...]:
    found = []
    for entry in _listed(value):
        text = entry.strip().rstrip(".").lower() if isinstance(entry, str) else ""
        if "/" in text:
            try:
                _network(text)
            except ValueError as error:
                raise _wrong(field, entry, f"is no network ({error}): write it like 192.0.2.0/24") from None
        elif network_address(text) is None and not _NAME.fullmatch(text):
            raise _wrong(
                field, entry, "is no host name, suffix or network: write mail.example.com, .example.com or 192.0.2.0/24"
            )
        found.append(text)
    return tuple(found)


def _check_domains(field: str, value: object) -> tuple[str, ...]:
    found = []
    for entry in _listed(value):
        text = entry.strip().rstrip(".").lower() if isinstance(entry, str) else ""
        if not _NAME.fullmatch(text):
            raise _wrong(field, entry, "is no domain: write it like example.com, without a local part")
        found.append(text)
    return tuple(found)


def _check_secret(field: str, entry: object) -> bytes:
    if not isinstance(entry, (str, bytes, bytearray)):
        raise _wrong(field, type(entry).__name__, "is no secret: give text or bytes")
    secret = entry.encode() if isinstance(entry, str) else bytes(entry)
    if not secret:
        raise BouncelibError(f"Context.{field}: an empty secret signs nothing: give the one that the server has")
    return secret


def _check_secrets(field: str, value: object) -> tuple[bytes, ...]:
    return tuple([_check_secret(field, entry) for entry in _listed(value)])


def _check_batv(field: str, value: object) -> tuple[bytes | tuple[int, bytes], ...]:
    if isinstance(value, Mapping):
        return tuple([(_key_number(field, number), _check_secret(field, key)) for number, key in value.items()])
    found: list[bytes | tuple[int, bytes]] = []
    for entry in _listed(value):
        if isinstance(entry, tuple) and len(entry) == 2:
            found.append((_key_number(field, entry[0]), _check_secret(field, entry[1])))
        else:
            found.append(_check_secret(field, entry))
    return tuple(found)


def _key_number(field: str, number: object) -> int:
    text = str(number)
    if len(text) != 1 or not text.isascii() or not text.isdigit():
        raise _wrong(field, number, "is no key number: it is the one digit at the front of a tag, 0 to 9")
    return int(text)


def _check_verp(field: str, value: object) -> tuple[Secret, ...]:
    found: list[Secret] = []
    for entry in _listed(value):
        if isinstance(entry, str) and "@" in entry:
            if entry.count("{local}") != 1 or entry.count("{domain}") != 1:
                raise _wrong(
                    field, entry, "is no pattern: it needs {local} and {domain} once. A secret with an @ must be bytes"
                )
            found.append(entry)
        else:
            found.append(_check_secret(field, entry))
    return tuple(found)


def _check_callback(field: str, value: object) -> object:
    if value is not None and not callable(value):
        raise _wrong(field, value, "cannot be called: give a function of one Message-ID, or None")
    return value


def _check_dkim(field: str, value: object) -> tuple[tuple[str, str], ...]:
    pairs = value.items() if isinstance(value, Mapping) else _listed(value)
    found = []
    for pair in pairs:
        name, key = pair if isinstance(pair, tuple) and len(pair) == 2 else (pair, "")
        name = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
        key = key.decode("ascii", "replace") if isinstance(key, (bytes, bytearray)) else key
        if "._domainkey." not in name:
            raise _wrong(field, name, "names no key: write it like selector._domainkey.example.com")
        if not isinstance(key, str) or not key.strip():
            raise _wrong(field, name, "has no key: give the text of its DNS record, v=DKIM1; p=…")
        found.append((name.rstrip(".").lower(), key))
    if found and importlib.util.find_spec("dkim") is None:
        raise BouncelibError(f"Context.{field} needs the package dkimpy: install bouncelib[dkim], or leave it out")
    return tuple(found)


def _check_flag(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(field, value, "is neither True nor False")
    return value


def _check_time(field: str, value: object) -> dt.datetime | None:
    if value is not None and not isinstance(value, dt.datetime):
        raise _wrong(field, value, "is no time: give a datetime.datetime")
    return value


_CHECKS: dict[str, Callable[[str, object], object]] = {
    "own_mtas": _check_hosts,
    "own_domains": _check_domains,
    "batv_keys": _check_batv,
    "srs_secrets": _check_secrets,
    "verp": _check_verp,
    "message_id_domains": _check_domains,
    "sent_by_us": _check_callback,
    "dkim_keys": _check_dkim,
    "require_proof": _check_flag,
    "now": _check_time,
}

NO_CONTEXT = Context()


def no_context(value: object) -> BouncelibError:
    """What to say to one who gives this as a context."""
    return BouncelibError(f"a context is a Context, not {type(value).__name__}: write Context(own_domains=[...])")


"""That of who tells nothing of himself."""
