"""From scenarios and servers to cases: which message is given to whom, and which reports must come of it.

The groups:

- *refused*: our own server is refused, at one recipient or by a host, and writes the report (every server that sends);
  some hosts can be met only by a server that insists on TLS (`extra`: `tls`)
- *mixed*: the same with several recipients
- *local*: the mail is for people of our own server, and fails there
- *later*: another server accepts the message of ours, and reports afterwards
- *dsn*: our own server or another one reports success, as RFC 3461 has it (`extra`: `dsn`)
- *utf8*: addresses that need SMTPUTF8 (`extra`: `utf8`)
- *forged*: a stranger gives another server a message in our name
- *senders*: envelope senders with a tag, or the recipient in them
- *lists*: a list sends to subscribers who are gone (`extra`: `list`)
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import fnmatch
import hmac
from collections.abc import Iterable, Iterator, Mapping

from .model import Case, Host, Later, Reply, Sample, Server, Target
from .scenarios import (
    FORMS,
    HOSTS,
    LATER,
    LOCAL,
    LOOP_DOMAIN,
    MIXED,
    MIXED_WISH,
    REMOTE,
    REPLIES,
    SUBSCRIPTIONS,
    THREE,
    UNICODE,
    WISHES,
    person,
)
from .servers import SERVERS

__all__ = ["BY_NAME", "author", "cases", "involved", "samples", "select", "vague", "waits"]

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


def _why(reasons: Mapping[str, str], name: str) -> str:
    return next((why for pattern, why in reasons.items() if fnmatch.fnmatch(name, pattern)), "")


def author(case: Case) -> str:
    """The server to whose name and version a sample goes: the one behind Postfix, else the one that writes."""
    return case.server if BY_NAME[case.server].behind_postfix else case.writer


def _silent(server: Server, name: str) -> bool:
    return bool(_why(server.silent, name))


def vague(server: Server, name: str) -> bool:
    """Whether a report of this server does not tell what happened."""
    return bool(_why(server.vague, name))


def waits(server: Server, scenario: str, target: Target) -> bool:
    """Whether the server keeps the message and tries again."""
    if target.temporary:
        return not _why(server.final, scenario)
    return bool(_why(server.retries, scenario))


def _of(server: Server) -> Iterator[Case]:
    if server.sends:
        yield from _refused(server)
    if server.sends and not server.smarthost:
        yield from _mixed(server)
        yield from _local(server)
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
    if waits(server, scenario, targets[0]):
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
    return f"it is our server: {_quote(reply.text)} {when}"


def _quote(text: str) -> str:
    """The first line of a reply, cut to a size for people, in ASCII."""
    first = text.split("\n", maxsplit=1)[0].encode("latin-1").decode("utf-8", "replace")
    return f"{first[:60].rstrip()}…" if len(first) > 60 or "\n" in text else first


def _host_said(host: Host) -> str:
    if host.reply:
        stage = next(iter(host.answers))
        where = {"CONN": "as greeting", "SIZE": "to MAIL, for the size", ".": "after the end of data"}.get(
            stage, f"to {stage}"
        )
        return f"it is our server: {_quote(host.reply)} {where}"
    return f"it is our server: {host.said}"


def _refused(server: Server) -> Iterator[Case]:
    for reply in REPLIES:
        targets = (_target(reply),)
        yield _ours(server, reply.scenario, targets, _outcome(server, reply.scenario, targets, _said(reply)))
    for host in HOSTS:
        if server.smarthost or host.extra not in {"", *server.extra}:
            continue
        temporary = host.temporary or host.reply.startswith("4")
        # A size that is announced beforehand is compared by the sender, in words of its own.
        told = "" if "SIZE" in host.answers else host.reply
        targets = (Target(f"{host.person}@{host.domain}", host.reason, told, temporary=temporary),)
        yield _ours(server, host.scenario, targets, _outcome(server, host.scenario, targets, _host_said(host)))


def _ours(
    server: Server, scenario: str, targets: tuple[Target, ...], planned: tuple[Sample, ...], *,
    options: tuple[str, ...] = (), rcpt: str = "", body: str = "plain",
) -> Case:  # fmt: skip
    """A case in which `server` is ours."""
    return Case(
        server.name, scenario, server.name, server.name, _sender(server), targets, planned, _own(server),
        options, rcpt, body,
    )  # fmt: skip


# -- several recipients


def _mixed(server: Server) -> Iterator[Case]:
    three = tuple(_target(_REPLIES[name]) for name in THREE)
    scenario, said = "three-recipients-three-reasons", "three recipients refused for three reasons"
    yield _ours(server, scenario, three, _outcome(server, scenario, three, said))
    *gone, waiting = (_target(_REPLIES[name]) for name in MIXED)
    # An address of its own: servers remember for whom they have waited already.
    put_off = (dataclasses.replace(waiting, address=waiting.address.replace("@", "+notes@")),)
    good = (Target(MIXED_WISH.recipient),)
    everybody = (*gone, *put_off, *good)
    scenario, said = "mixed-results", "two refused, one put off, one accepted"
    refused = (Sample(scenario, "failed", tuple(gone), said), *_outcome(server, scenario, put_off, said))
    yield _ours(server, scenario, everybody, _spoken(server, refused))
    if "dsn" in server.extra:
        scenario, said = MIXED_WISH.scenario, MIXED_WISH.said
        accepted = Sample(f"{scenario}-success", MIXED_WISH.action, good, said)
        refused = (Sample(scenario, "failed", tuple(gone), said), *_outcome(server, scenario, put_off, said))
        yield _ours(
            server, scenario, everybody, _spoken(server, (*refused, accepted)), options=MIXED_WISH.mail,
            rcpt=MIXED_WISH.rcpt,
        )  # fmt: skip


def _spoken(server: Server, planned: tuple[Sample, ...]) -> tuple[Sample, ...]:
    return tuple(sample for sample in planned if not _silent(server, sample.name))


# -- accepted, and reported later


def _later(server: Server) -> Iterator[Case]:
    for row in LATER:
        if row.scenario in server.later:
            yield _remote(server, row, forged=False)
            if row.scenario in {"unknown-user", "forwarded-unknown-user", "sieve-reject"}:
                forged = _remote(server, row, forged=True)
                yield forged
                if row.forward:
                    yield _without_context(forged)


def _without_context(case: Case) -> Case:
    """The same for a reader who does not know which servers are his."""
    scenario = f"{case.scenario}-without-context"
    planned = tuple(dataclasses.replace(sample, name=f"{sample.name}-without-context") for sample in case.samples)
    return dataclasses.replace(case, scenario=scenario, samples=planned, known=False)


def _local(server: Server) -> Iterator[Case]:
    """What fails in the server's own mailboxes, where the server is ours."""
    for row in LATER:
        if row.scenario in LOCAL and row.scenario in server.later:
            scenario = f"local-{row.scenario}"
            targets = (_person(server, row),)
            planned = _outcome(server, scenario, targets, f"it is our server: {row.said}")
            yield _ours(server, scenario, targets, planned, body=_body(row))


def _person(server: Server, row: Later) -> Target:
    reply = next((reply.text for reply in REPLIES if row.forward == f"{reply.person}@{REMOTE}"), "")
    aliases = (row.forward,) if row.forward and not row.forward.endswith(LOOP_DOMAIN) else ()
    return Target(f"{row.person}@{server.domain}", row.reason, reply, aliases, row.temporary)


def _body(row: Later) -> str:
    """A full mailbox needs a message that is larger than the smallest quota."""
    return "html" if row.scenario == "mailbox-full" else "plain"


def _remote(server: Server, row: Later, *, forged: bool) -> Case:
    ours = _partner(server)
    scenario = f"backscatter-{row.scenario}" if forged else row.scenario
    targets = (_person(server, row),)
    who = "a stranger sends to it in our name" if forged else "our server relays to it"
    planned = _outcome(server, scenario, targets, f"{who}: {row.said}")
    if row.notice:
        planned = tuple(dataclasses.replace(sample, notice=True) for sample in planned)
    return Case(
        server.name, scenario, server.name if forged else ours.name, row.writer or server.name, _sender(ours), targets,
        planned, (ours.name,), forged=forged,
        body="forged" if forged else _body(row),
    )  # fmt: skip


# -- success, and what a sender may ask for (RFC 3461)


def _dsn(server: Server) -> Iterator[Case]:
    for wish in WISHES:
        if _silent(server, wish.scenario):
            continue
        ours = _partner(server) if wish.relayed else server
        address = wish.recipient.format(domain=server.domain)
        if wish.action == "failed":
            target = _target(next(reply for reply in REPLIES if person(reply.scenario) == address))
        else:
            members = (f"alice@{server.domain}", f"bob@{server.domain}") if wish.action == "expanded" else ()
            target = Target(address, aliases=members)
        yield Case(
            server.name, wish.scenario, ours.name, server.name, _sender(ours), (target,),
            (Sample(wish.scenario, wish.action, (target,), wish.said),), _own(ours), wish.mail,
            wish.rcpt.replace("{domain}", server.domain), "html", facts=wish.facts,
        )  # fmt: skip


def _utf8(server: Server) -> Iterator[Case]:
    for host in UNICODE:
        targets = (Target(f"{host.person}@{host.domain}", host.reason),)
        planned = _outcome(server, host.scenario, targets, f"it is our server: {host.said}")
        yield _ours(server, host.scenario, targets, planned, options=("SMTPUTF8",), body="utf8")


# -- senders that carry something


def _senders(server: Server) -> Iterator[Case]:
    """Our server is Postfix, which knows the tagged addresses as its own."""
    ours = BY_NAME["postfix"]
    for form in FORMS:
        if server is ours and not form.forged:
            target = _target(_REPLIES["rcpt-unknown-user"])
            who = "it is our server"
        elif server is not ours and "unknown-user" in server.later:
            row = next(row for row in LATER if row.scenario == "unknown-user")
            target = Target(f"{row.person}@{server.domain}", row.reason)
            who = "a stranger sends to it in our name" if form.forged else "our server relays to it"
        else:
            continue
        said = f"{who}: an unknown user; {form.said}"
        local, _, domain = target.address.partition("@")
        tag = _tag(f"sender@{ours.domain}", form.key)
        sender = form.pattern.format(local=local, domain=domain, home=ours.domain, tag=tag)
        planned = _outcome(server, form.scenario, (target,), said)
        via = server if form.forged else ours
        yield Case(
            server.name, form.scenario, via.name, server.name, sender, (target,), planned, (ours.name,),
            body="forged" if form.forged else "plain", forged=form.forged, keys=form.keys,
        )  # fmt: skip


def _tag(address: str, key: str) -> str:
    """A BATV tag (draft-levine-smtp-batv-01) that holds for a week from today."""
    day = (dt.datetime.now(dt.UTC) - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).days + 7
    head = f"0{day % 1000:03d}"
    return head + hmac.new(key.encode(), f"{head}{address}".encode(), "sha1").hexdigest()[:6]


# -- lists


def _lists(server: Server) -> Iterator[Case]:
    """Our server is the list's; it sends to subscribers who are gone, with the subscriber in the envelope sender."""
    for row in SUBSCRIPTIONS:
        if _silent(server, row.scenario):
            continue
        reply = next((reply for reply in REPLIES if row.subscriber == person(reply.scenario)), None)
        target = _target(reply) if reply else Target(row.subscriber, row.reason)
        said = f"it is our list: {row.said}; the list's own VERP sender"
        planned = (Sample(row.scenario, "failed", (target,), said),)
        yield Case(
            server.name, row.scenario, server.name, row.writer or server.name, f"alice@{server.domain}",
            (Target(f"{row.name}@{server.domain}"),), planned, (server.name,),
        )  # fmt: skip
