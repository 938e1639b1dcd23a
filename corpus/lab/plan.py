"""From scenarios and servers to cases: which message is given to whom, and which reports must come of it.

The groups:

- *refused*: our own server is refused, at one recipient or by a host, and writes the report (every server that sends)
- *mixed*: the same with several recipients
- *later*: another server accepts the message of ours, and reports afterwards
- *dsn*: our own server or another one reports success, as RFC 3461 has it (`extra`: `dsn`)
- *utf8*: addresses that need SMTPUTF8 (`extra`: `utf8`)
- *forged*: a stranger gives another server a message in our name
- *senders*: envelope senders with a tag, or the recipient in them
- *lists*: a list sends to subscribers who are gone (`extra`: `list`)
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping

from .model import Case, Host, Later, Reply, Sample, Server, Target
from .scenarios import HOSTS, LATER, LOOP_DOMAIN, REPLIES, SENDERS, person
from .servers import SERVERS

__all__ = ["BY_NAME", "cases", "samples", "select"]

BY_NAME = {server.name: server for server in SERVERS}
_REPLIES = {reply.scenario: reply for reply in REPLIES}
_WARNED, _EXPIRED = "the first report (delay)", "the last report (expired)"


def cases() -> list[Case]:
    """Every case that the tables allow, those without a report left out."""
    return [case for server in SERVERS for case in _of(server) if case.samples]


def samples() -> dict[str, tuple[Case, Sample]]:
    """Every sample that must be there, by its name in the corpus: `<server>/<scenario>`."""
    return {f"{case.server}/{sample.name}": (case, sample) for case in cases() for sample in case.samples}


def select(servers: Iterable[str], scenarios: Iterable[str]) -> list[Case]:
    """The cases of these servers whose scenario fits one of the patterns; nothing given means all."""
    names, patterns = set(servers), list(scenarios) or ["*"]
    return [
        case
        for case in cases()
        if (not names or case.server in names) and any(fnmatch.fnmatch(case.scenario, pattern) for pattern in patterns)
    ]


def involved(chosen: Iterable[Case]) -> list[Server]:
    """The servers that have to run for these cases."""
    names: set[str] = set()
    for case in chosen:
        names |= {case.via, case.writer, *case.own, case.server}
        for target in case.targets:
            names |= {target.address.rpartition("@")[2].removesuffix(".test")}
    names |= {BY_NAME[name].home for name in names if name in BY_NAME}
    return [server for server in SERVERS if server.name in names]


def _silent(server: Server, name: str) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in server.silent)


def vague(server: Server, name: str) -> str:
    """Why a report of this server does not tell what happened; empty where it does."""
    return next((why for pattern, why in server.vague.items() if fnmatch.fnmatch(name, pattern)), "")


def _of(server: Server) -> Iterator[Case]:
    if server.sends:
        yield from _refused(server)
        yield from _mixed(server)
    yield from _later(server)
    if "dsn" in server.extra:
        yield from _dsn(server)
    if "utf8" in server.extra:
        yield from _utf8(server)
    yield from _senders(server)
    if "list" in server.extra:
        yield from _lists(server)


def _home(server: Server) -> Server:
    return BY_NAME[server.home] if server.home else server


def _sender(server: Server) -> str:
    return f"sender@{_home(server).domain}"


def _own(server: Server) -> tuple[str, ...]:
    return tuple(dict.fromkeys((server.name, _home(server).name)))


def _partner(server: Server) -> Server:
    """Our own server where `server` is the other side."""
    return BY_NAME["exim" if server.name == "postfix" else "postfix"]


def _outcome(server: Server, scenario: str, targets: tuple[Target, ...], said: str) -> tuple[Sample, ...]:
    """The reports on targets that all fail at once, or that are all tried until the queue gives up."""
    if targets[0].temporary:
        planned = [
            Sample(f"{scenario}-delay", "delayed", targets, f"{said}, {_WARNED}"),
            Sample(f"{scenario}-expired", "failed", targets, f"{said}, {_EXPIRED}"),
        ]
        planned = planned if server.warns else planned[1:]
    else:
        planned = [Sample(scenario, "failed", targets, said)]
    return tuple(sample for sample in planned if not _silent(server, sample.name))


# -- refused while the connection is open


def _target(reply: Reply) -> Target:
    return Target(
        person(reply.scenario), reply.reason, reply.text, temporary=reply.temporary, retry_after=reply.retry_after
    )


def _said(reply: Reply) -> str:
    when = "after the end of data" if reply.stage == "." else f"to {reply.stage}"
    if not reply.text:
        return f"it is our server: the connection is cut {when}"
    return f"it is our server: {_quote(reply.text)} {when}"


def _quote(text: str) -> str:
    """The first line of a reply, cut to a size for people, in ASCII."""
    first = text.split("\n")[0].encode("latin-1").decode("utf-8", "replace")
    return f"{first[:60].rstrip()}…" if len(first) > 60 or "\n" in text else first


_NAMES = {
    "nxdomain": "a domain that does not exist",
    "nodata": "a domain without MX and address",
    "dangling-mx": "a domain whose exchanger does not exist",
    "null-mx": "a domain with a null MX",
    "servfail": "SERVFAIL for the domain",
}
_UNREACHABLE = {
    "connection-refused": "the connection is refused",
    "connection-timed-out": "nobody answers the connection",
    "network-unreachable": "the network cannot be reached",
}


def _host_said(host: Host) -> str:
    if host.reply:
        stage = next(iter(host.answers))
        where = {"CONN": "as greeting", "SIZE": "to MAIL, for the size"}.get(stage, f"to {stage}")
        return f"it is our server: {_quote(host.reply)} {where}"
    what = _NAMES.get(host.names) or _UNREACHABLE.get(host.scenario) or ""
    if not what:
        what = (
            "the peer connects and never says anything" if host.silence
            else "rubbish after STARTTLS" if "STARTTLS" in host.answers
            else "the connection is cut in the data"
        )  # fmt: skip
    return f"it is our server: {what}"


def _refused(server: Server) -> Iterator[Case]:
    for reply in REPLIES:
        targets = (_target(reply),)
        yield _ours(server, reply.scenario, targets, _outcome(server, reply.scenario, targets, _said(reply)))
    for host in HOSTS:
        temporary = host.temporary or host.reply.startswith("4")
        targets = (Target(f"bruno@{host.domain}", host.reason, host.reply, temporary=temporary),)
        yield _ours(server, host.scenario, targets, _outcome(server, host.scenario, targets, _host_said(host)))


def _ours(
    server: Server, scenario: str, targets: tuple[Target, ...], planned: tuple[Sample, ...], *,
    options: tuple[str, ...] = (), rcpt: str = "", sender: str = "", body: str = "plain",
    facts: Mapping[str, object] | None = None, context: Mapping[str, object] | None = None,
) -> Case:  # fmt: skip
    """A case in which `server` is ours."""
    return Case(
        server.name, scenario, server.name, server.name, sender or _sender(server), targets, planned, _own(server),
        options, rcpt, body, facts=facts or {}, context=context or {},
    )  # fmt: skip


# -- several recipients

_THREE = ("rcpt-unknown-user", "rcpt-full", "rcpt-disabled")
_ALL_NOTIFY = "NOTIFY=FAILURE,DELAY,SUCCESS ORCPT=rfc822;{}"


def _mixed(server: Server) -> Iterator[Case]:
    three = tuple(_target(_REPLIES[name]) for name in _THREE)
    said = "three recipients refused for three reasons"
    yield _ours(
        server, "three-recipients-three-reasons", three,
        _outcome(server, "three-recipients-three-reasons", three, said),
    )  # fmt: skip
    gone = (_target(_REPLIES["rcpt-unknown-user"]), _target(_REPLIES["rcpt-unknown-user-no-status"]))
    waits = (_target(_REPLIES["rcpt-greylisted"]),)
    good = (Target(f"alice@{_REMOTE}", delivered="relayed"),)
    everybody = (*gone, *waits, *good)
    said = "two refused, one put off, one accepted"
    for scenario, options, rcpt in (
        ("mixed-results", (), ""),
        ("mixed-results-dsn", ("RET=HDRS", "ENVID=QQ314159+2Bx"), _ALL_NOTIFY),
    ):
        if rcpt and "dsn" not in server.extra:
            continue
        planned = [Sample(scenario, "failed", gone, said), *_outcome(server, scenario, waits, said)]
        if rcpt:
            planned.insert(0, Sample(f"{scenario}-success", "relayed", good, said))
        yield _ours(
            server, scenario, everybody, tuple(s for s in planned if not _silent(server, s.name)), options=options,
            rcpt=rcpt,
        )  # fmt: skip


_REMOTE = person("rcpt-full").rpartition("@")[2]

# -- accepted, and reported later


def _later(server: Server) -> Iterator[Case]:
    for row in LATER:
        if row.scenario in server.later:
            yield _remote(server, row, forged=False)
            if row.scenario in {"unknown-user", "forwarded-unknown-user", "sieve-reject"}:
                yield _remote(server, row, forged=True)


def _remote(server: Server, row: Later, *, forged: bool) -> Case:
    ours = _partner(server)
    address = f"{row.person}@{server.domain}"
    scenario = f"backscatter-{row.scenario}" if forged else row.scenario
    reply = row.reply or next(
        (reply.text for reply in REPLIES if row.forward == f"{reply.person}@{_REMOTE}"), ""
    )
    aliases = (row.forward,) if row.forward and not row.forward.endswith(LOOP_DOMAIN) else ()
    targets = (Target(address, row.reason, reply, aliases=aliases, temporary=row.temporary),)
    who = "a stranger sends to it in our name" if forged else "our server relays to it"
    return Case(
        server.name, scenario, server.name if forged else ours.name, row.writer or server.name, _sender(ours), targets,
        _outcome(server, scenario, targets, f"{who}: {_WHAT[row.scenario]}"), (ours.name,), forged=forged,
        body="forged" if forged else "plain",
    )  # fmt: skip


_WHAT = {
    "unknown-user": "an unknown user",
    "forwarded-unknown-user": "a forwarded address whose target is refused as unknown",
    "forwarded-refused-as-spam": "a forwarded address whose target refuses the message as spam",
    "forwarded-full": "a forwarded address whose target is full",
    "forwarded-no-such-domain": "a forwarded address whose target has no domain",
    "forwarded-too-large": "a forwarded address whose target finds the message too large",
    "forwarded-to-another-server": "a forwarded address whose target another server accepts and bounces",
    "forwarding-loop": "a forwarded address whose target sends everything back",
    "pipe-command-config-missing": "a program that ends with 78 (EX_CONFIG)",
    "pipe-command-failing-for-now": "a program that ends with 75 (EX_TEMPFAIL)",
    "pipe-command-killed": "a program that is killed",
    "pipe-command-missing": "a program that does not exist",
    "mailbox-disabled": "a disabled mailbox",
    "mailbox-moved": "a mailbox that has moved",
    "mailbox-full": "a full mailbox",
    "alias-file-missing": "an alias that includes a missing file",
    "sieve-reject": "a Sieve script that rejects (RFC 5429)",
    "sieve-ereject": "a Sieve script that rejects at delivery (ereject, RFC 5429)",
    "list-post-rejected": "a list that rejects posts of strangers",
    "list-unknown": "a list that does not exist",
}

# -- success, and what a sender may ask for (RFC 3461)


def _dsn(server: Server) -> Iterator[Case]:
    gone = (_target(_REPLIES["rcpt-unknown-user"]),)
    ok = f"alice@{_REMOTE}"
    plans: list[tuple[str, tuple[Target, ...], str, str, tuple[str, ...], str, dict[str, object]]] = [
        ("relayed", (Target(ok, delivered="relayed"),), "relayed", "NOTIFY=SUCCESS, handed to a next host without DSN", (), "NOTIFY=SUCCESS", {}),
        ("delivered", (Target(f"alice@{server.domain}", delivered="delivered"),), "delivered", "NOTIFY=SUCCESS, delivered locally", (), "NOTIFY=SUCCESS", {}),
        ("expanded", (Target(f"crew@{server.domain}", delivered="expanded", aliases=(f"alice@{server.domain}",)),), "expanded", "NOTIFY=SUCCESS to an alias of several people", (), "NOTIFY=SUCCESS", {}),
        ("unknown-user-headers-returned", gone, "failed", "550 5.1.1 to RCPT; RET=HDRS ENVID ORCPT", ("RET=HDRS", "ENVID=env-0001"), "NOTIFY=FAILURE ORCPT=rfc822;first.address@origin.test", {"envelope_id": "env-0001", "original_address": "first.address@origin.test"}),
        ("unknown-user-message-returned", gone, "failed", "550 5.1.1 to RCPT; RET=FULL ENVID", ("RET=FULL", "ENVID=env-0002"), "NOTIFY=FAILURE,DELAY", {"envelope_id": "env-0002"}),
    ]  # fmt: skip
    for scenario, targets, action, said, options, rcpt, facts in plans:
        if not _silent(server, scenario):
            planned = (Sample(scenario, action, targets, said),)
            yield _ours(server, scenario, targets, planned, options=options, rcpt=rcpt, body="html", facts=facts)
    if not _silent(server, "delivered-by-another-server"):
        ours = _partner(server)
        targets = (Target(f"alice@{server.domain}", delivered="delivered"),)
        said = "our server relays to it: NOTIFY=SUCCESS, delivered locally"
        yield Case(
            server.name, "delivered-by-another-server", ours.name, server.name, _sender(ours), targets,
            (Sample("delivered-by-another-server", "delivered", targets, said),), (ours.name,),
            ("RET=HDRS", "ENVID=env-0003"), "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{}",
        )  # fmt: skip


def _utf8(server: Server) -> Iterator[Case]:
    for scenario, address, reason, said in (
        ("utf8-address-not-supported", f"用户@{_REMOTE}", "", "SMTPUTF8 address, the next host does not offer SMTPUTF8"),
        ("utf8-address-no-such-domain", "δοκιμή@παράδειγμα.test", "bad_domain", "SMTPUTF8 address in a domain that does not exist"),
    ):  # fmt: skip
        targets = (Target(address, reason),)
        planned = _outcome(server, scenario, targets, f"it is our server: {said}")
        yield _ours(server, scenario, targets, planned, options=("SMTPUTF8",), body="utf8")


# -- senders that carry something

_FORMS = {
    "verp": "a VERP envelope sender",
    "batv": "an envelope sender with a BATV tag",
    "barracuda": "an envelope sender with Barracuda's tag",
    "srs": "an SRS envelope sender",
}


def _senders(server: Server) -> Iterator[Case]:
    """Our server is Postfix, which knows the tagged addresses as its own."""
    for form, pattern in SENDERS.items():
        scenario = f"unknown-user-{form}-sender"
        ours = BY_NAME["postfix"]
        if server is ours:
            targets = (_target(_REPLIES["rcpt-unknown-user"]),)
            said = f"it is our server: unknown user; {_FORMS[form]}"
        elif "unknown-user" in server.later:
            targets = (Target(f"kurt@{server.domain}", "bad_mailbox"),)
            said = f"our server relays to it: an unknown user; {_FORMS[form]}"
        else:
            continue
        local, _, domain = targets[0].address.partition("@")
        sender = pattern.format(local=local, domain=domain, home=ours.domain)
        planned = _outcome(server, scenario, targets, said)
        yield Case(server.name, scenario, ours.name, server.name, sender, targets, planned, (ours.name,))


# -- lists


def _lists(server: Server) -> Iterator[Case]:
    """Our server is the list's; subscribers are gone, at the peer and at a server that bounces later."""
    for scenario, target, writer, said in (
        ("list-subscriber-unknown", _target(_REPLIES["rcpt-unknown-user"]), server.name, "a subscriber is refused as unknown; the list's VERP sender"),
        ("list-subscriber-full", _target(_REPLIES["rcpt-full"]), server.name, "a subscriber's mailbox is full; the list's VERP sender"),
        ("list-subscriber-unknown-later", Target("kurt@exim.test", "bad_mailbox"), "exim", "a subscriber's server accepts and bounces; the list's VERP sender"),
    ):  # fmt: skip
        if not _silent(server, scenario):
            name = scenario.removeprefix("list-subscriber-")
            yield Case(
                server.name, scenario, server.name, writer, f"alice@{server.domain}",
                (Target(f"{name}@{server.domain}"),), (Sample(scenario, "failed", (target,), f"it is our list: {said}"),),
                (server.name,),
            )  # fmt: skip
