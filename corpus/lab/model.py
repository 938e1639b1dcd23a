"""What the scenarios, the servers and the plan are made of."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

__all__ = [
    "Case", "Form", "Host", "Later", "Reply", "Sample", "Server", "Subscription", "Target", "Wish", "status_in",
]  # fmt: skip

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


def status_in(text: str) -> str:
    """The first enhanced status code (RFC 3463) in a text, or an empty one."""
    match = _STATUS.search(text)
    return match[1] if match else ""


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """A reply of the scripted peer to one recipient.

    `person` is the local part at `remote.test` that gets it; a neutral name, so that no address gives the answer away.
    `text` may hold `{rcpt}`, `{sender}` and `{ip}`; lines are separated by a newline.
    `stage` is the command that is answered, `.` the end of the data. `reason` is what a reader of the words must
    conclude, empty where they do not say enough.
    """

    scenario: str
    person: str
    text: str
    reason: str
    stage: str = "RCPT"
    retry_after: int = 0

    @property
    def temporary(self) -> bool:
        return self.text.startswith("4")


@dataclasses.dataclass(frozen=True, slots=True)
class Host:
    """A domain whose only server misbehaves towards everybody, or that has none that could be reached.

    `answers` maps a stage of the dialogue (CONN EHLO STARTTLS MAIL SIZE RCPT DATA, `.` for the end of the data) to the
    reply there, where SIZE is a MAIL that announces more than 100 bytes; an empty reply cuts the connection, and
    `silence` never says anything. `extensions` are offered after EHLO. `names` are the records of the domain instead of
    those of a server: `nxdomain`, `nodata`, `servfail`, `null-mx`, `dangling-mx`; `address` is where its exchanger is
    said to be instead of the peer. `said` is what happens, where no reply says that. Only servers that have `extra`
    among theirs can meet it.
    """

    scenario: str
    domain: str
    reason: str
    answers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    silence: bool = False
    names: str = ""
    address: str = ""
    temporary: bool = False
    said: str = ""
    person: str = "bruno"
    extra: str = ""

    @property
    def reply(self) -> str:
        return next((text for text in self.answers.values() if text[:1] in {"4", "5"}), "")


@dataclasses.dataclass(frozen=True, slots=True)
class Later:
    """A local part in a server's own domain: mail to it is accepted, and fails afterwards.

    `said` is what it is, `forward` is where an alias sends it to, to one of those whom the peer refuses or elsewhere.
    `writer` is who reports, if that is another server. A `notice` is no report unless it has the form of one: it names
    no failed recipient.
    """

    scenario: str
    person: str
    said: str
    reason: str
    forward: str = ""
    temporary: bool = False
    writer: str = ""
    notice: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Subscription:
    """A list with one subscriber who is gone; `writer` is who reports, if that is not the list's own server."""

    scenario: str
    name: str
    said: str
    subscriber: str
    reason: str
    writer: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """A form of envelope senders; `pattern` has `{local}` and `{domain}` of the recipient, and our own `{home}`.

    `{tag}` is a BATV tag of today, signed with `key`; the reader has `keys` to check it with. A `forged` one is not
    ours.
    """

    scenario: str
    said: str
    pattern: str
    key: str = ""
    keys: tuple[str, ...] = ()
    forged: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What a sender asks for (RFC 3461): parameters of MAIL and RCPT, and the action that must be reported then.

    `facts` are what the report must repeat. A `relayed` message goes through our server to the one that is shown.
    """

    scenario: str
    said: str
    recipient: str
    action: str
    mail: tuple[str, ...] = ()
    rcpt: str = ""
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    relayed: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """A mail server: how it is built and started, and what it can show.

    `packages` are Debian's; `package` is the one whose version counts. `files` are written into its root, then `start`
    runs there as root, in the server's own namespaces; what it leaves in the background is the server.
    `wait_for PORT` waits there until one of its own listens; port 25 is waited for anyway.
    `submit` is the command that takes a message on its standard input, with `{sender}` in it and the recipients after
    it; without it the message comes by SMTP, after a `login` where there is one.

    `answers` are those to the questions of the packages (debconf), `prepare` runs in the root once they are installed.
    `names` are other names by which the server calls itself in reports.

    `sends`: it can be our server, so that refusals in the dialogue become reports of its own. `home` is the server
    with the mailboxes of its senders. One that gives everything to a `smarthost` never meets a host that misbehaves.
    `warns`: it reports a delay before it gives up. `behind_postfix`: Postfix brings it its mail. `later` are the
    scenarios of that table that its configuration has, `extra` the further groups that it takes part in (see
    `plan.py`).

    `silent` maps a scenario to the reason why no report comes of it, `vague` to the reason why the report does not
    tell what happened, `retries` to the reason why the server tries again after what is final for others, `final` to
    the reason why it does not try again. All may hold the wildcards of `fnmatch`.
    """

    name: str
    title: str
    package: str
    packages: tuple[str, ...]
    start: str
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    answers: str = ""
    prepare: str = ""
    names: tuple[str, ...] = ()
    smarthost: bool = False
    sends: bool = False
    warns: bool = True
    home: str = ""
    submit: tuple[str, ...] = ()
    login: bool = False
    behind_postfix: bool = False
    later: frozenset[str] = frozenset()
    extra: frozenset[str] = frozenset()
    silent: Mapping[str, str] = dataclasses.field(default_factory=dict)
    vague: Mapping[str, str] = dataclasses.field(default_factory=dict)
    retries: Mapping[str, str] = dataclasses.field(default_factory=dict)
    final: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def domain(self) -> str:
        return f"{self.name}.test"

    @property
    def host(self) -> str:
        return f"mail.{self.name}.test"


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A recipient of a case, and what happens to it; `aliases` are the addresses that it stands for."""

    address: str
    reason: str = ""
    reply: str = ""
    aliases: tuple[str, ...] = ()
    temporary: bool = False
    retry_after: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """One report that a case must bring: `action` is that of RFC 3464 for all of its `targets`."""

    name: str
    action: str
    targets: tuple[Target, ...]
    said: str
    notice: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One message: who gives it to which server, and which reports must come back, in this order.

    `server` is the directory of the samples, `writer` the server that writes the reports, `via` the one that takes
    the message from us. `own` are the servers that are ours; where that is not `known`, the reader has to do without.
    With `keys` he can check a BATV tag.
    """

    server: str
    scenario: str
    via: str
    writer: str
    sender: str
    targets: tuple[Target, ...]
    samples: tuple[Sample, ...]
    own: tuple[str, ...]
    mail_options: tuple[str, ...] = ()
    rcpt_options: str = ""
    body: str = "plain"
    forged: bool = False
    known: bool = True
    keys: tuple[str, ...] = ()
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.server}/{self.scenario}"
