"""Messages go in, reports come back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import email.utils
import hashlib
import pathlib
import re
import smtplib
import ssl
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from .machine import Machine
from .model import Case
from .peer import Delivery
from .plan import BY_NAME

__all__ = ["CLIENT", "Arrived", "Postbox", "message", "submit", "token"]

CLIENT = "10.99.0.2"
"""The address of our own mail client, and of the stranger who forges."""

_TOKEN = re.compile(rb"\d{8}\.[0-9a-f]{12}")
_QUIET = 30.0
_MAILBOXES = {"sender", "alice"}


def token(case: Case) -> str:
    """What tells the messages of the cases apart: the local part of the Message-ID."""
    digest = hashlib.sha1(case.key.encode(), usedforsecurity=False).hexdigest()
    return f"{dt.datetime.now(dt.UTC):%Y%m%d}.{digest[:12]}"


def message(case: Case) -> bytes:
    """The message of a case, with CRLF line ends."""
    name = token(case)
    ours = case.sender.rpartition("@")[2]
    to = case.targets[0].address if len(case.targets) == 1 else f"members@{ours}"
    header = [
        f"Message-ID: <{name}@{'bulk.invalid' if case.forged else ours}>",
        f"Date: {email.utils.format_datetime(dt.datetime.now(dt.UTC))}",
        f"From: Sam Sender <sender@{ours}>",
        f"To: {to}",
        "MIME-Version: 1.0",
    ]
    return "\r\n".join(header + _BODIES[case.body](name, ours)).encode()


def _plain(name: str, _: str) -> list[str]:
    return [
        f"Subject: Notes of the meeting {name}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "Hello,",
        "",
        "here are the notes. Write to other.person@decoy.test for more.",
        "",
        "-- ",
        "Sam",
        "",
    ]


def _html(name: str, ours: str) -> list[str]:
    boundary = f"=_b{name}"
    return [
        f"Subject: Newsletter {name}",
        f"List-Unsubscribe: <mailto:unsubscribe@{ours}>",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        f"--{boundary}",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "The newsletter as text.",
        f"--{boundary}",
        "Content-Type: text/html; charset=utf-8",
        "",
        "<html><body><p>The newsletter.</p></body></html>",
        f"--{boundary}--",
        "",
    ]


def _utf8(name: str, _: str) -> list[str]:
    return [
        f"Subject: =?utf-8?B?UsOpdW5pb24=?= {name}",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        "Bonjour, la réunion est déplacée à jeudi.",
        "",
    ]


def _forged(name: str, _: str) -> list[str]:
    return [
        f"Subject: Urgent: verify your account {name}",
        "X-Mailer: bulk 1.0",
        "Content-Type: text/plain",
        "",
        "Click http://bad.invalid/ now. Delivery failed, 550 5.1.1 nobody@decoy.test user unknown.",
        "",
    ]


_BODIES = {"plain": _plain, "html": _html, "utf8": _utf8, "forged": _forged}


def submit(machine: Machine, addresses: dict[str, str], chosen: Sequence[Case]) -> dict[str, str]:
    """Give every case to its server, one after the other for each of them. Returns the answers, by the case's key."""
    lines: dict[str, list[Case]] = {}
    for case in chosen:
        lines.setdefault(case.via, []).append(case)

    def give(line: list[Case]) -> list[tuple[str, str]]:
        return [(case.key, _give(machine, addresses[case.via], case)) for case in line]

    with ThreadPoolExecutor(len(lines)) as pool:
        return dict(pair for line in pool.map(give, lines.values()) for pair in line)


def _give(machine: Machine, address: str, case: Case) -> str:
    server = BY_NAME[case.via]
    recipients = [target.address for target in case.targets]
    if server.submit:
        command = [word.format(sender=case.sender) for word in server.submit]
        done = machine.inside(case.via, [*command, *recipients], message(case).replace(b"\r\n", b"\n"))
        return "accepted" if done.returncode == 0 else f"{command[0]} ended with {done.returncode}"
    client = "bulk.invalid" if case.forged else "client.sender.test"
    try:
        with smtplib.SMTP(address, 25, client, timeout=30, source_address=(CLIENT, 0)) as smtp:
            return _dialogue(smtp, case, login=server.login and case.via in case.own)
    except (OSError, smtplib.SMTPException) as error:
        return f"refused: {error!r}"


def _dialogue(smtp: smtplib.SMTP, case: Case, *, login: bool) -> str:
    smtp.ehlo()
    if login:
        # The certificate is the lab's own, and the wire a bridge in memory.
        smtp.starttls(context=ssl._create_unverified_context())  # noqa: S323, SLF001
        smtp.ehlo()
        smtp.login(case.sender, "lab")
    if "SMTPUTF8" in case.mail_options:
        smtp.command_encoding = "utf-8"
    options = [option for option in case.mail_options if smtp.has_extn("dsn") or option == "SMTPUTF8"]
    options += ["BODY=8BITMIME"] if smtp.has_extn("8bitmime") else []
    smtp.mail(case.sender, options)
    refused = []
    for target in case.targets:
        named = target.address.replace("+", "+2B").replace("=", "+3D")  # xtext, RFC 3461 section 4
        rcpt = [case.rcpt_options.replace("{address}", named)] if case.rcpt_options and smtp.has_extn("dsn") else []
        code, text = smtp.rcpt(target.address, rcpt)
        if code not in {250, 251}:
            refused.append(f"{code} {text.decode('utf-8', 'replace')}")
    if len(refused) == len(case.targets):
        return f"refused: {refused[0]}"
    code, text = smtp.data(message(case))
    return "accepted" if code == 250 else f"refused: {code} {text.decode('utf-8', 'replace')}"


@dataclasses.dataclass(frozen=True, slots=True)
class Arrived:
    """A report that came back: when (seconds since the epoch), and its bytes as they lay in the mailbox."""

    time: float
    raw: bytes


class Postbox:
    """Watches the mailboxes of our senders, and what the peer takes."""

    def __init__(self, machine: Machine, chosen: Sequence[Case]) -> None:
        self._machine = machine
        self._cases = {token(case).encode(): case for case in chosen}
        self._seen: set[pathlib.Path] = set()
        self._taken: list[Arrived] = []
        self.found: dict[str, list[Arrived]] = {case.key: [] for case in chosen}

    def take(self, delivery: Delivery) -> None:
        """What the peer took; only a report has no sender."""
        if not delivery.sender:
            self._taken.append(Arrived(time.time(), delivery.raw))

    def wait(self, servers: Iterable[str], *, at_least: float, at_most: float) -> None:
        """Look until all is there, or nothing has come for a while."""
        names = list(servers)
        start = last = time.monotonic()
        while time.monotonic() - start < at_most:
            last = time.monotonic() if self._look(names) else last
            if all(len(self.found[case.key]) >= len(case.samples) for case in self._cases.values()):
                return
            if time.monotonic() - start > at_least and time.monotonic() - last > _QUIET:
                return
            time.sleep(0.5)

    def _look(self, servers: Sequence[str]) -> bool:
        arrived, self._taken = self._taken, []
        for server in servers:
            for user in _MAILBOXES:
                for path in self._machine.mailbox(server, user):
                    if path not in self._seen:
                        self._seen.add(path)
                        arrived.append(Arrived(path.stat().st_mtime, path.read_bytes()))
        for report in sorted(arrived, key=lambda report: report.time):
            names = [name for name in _TOKEN.findall(report.raw) if name in self._cases]
            if names and not _is_delivery(report.raw, names[0]):
                self.found[self._cases[names[0]].key].append(report)
        return bool(arrived)


def _is_delivery(raw: bytes, name: bytes) -> bool:
    """Whether it is the message itself that arrived, not a report on it."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return re.search(rb"(?im)^message-id:\s*<" + re.escape(name), head) is not None
