"""A scripted SMTP server: it says what the scenarios tell it to say, byte for byte.

It is written on bare streams, because it has to send what no library sends: bytes that are no text, rubbish after
STARTTLS, silence, an end in the middle.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import re
import smtplib
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from .model import Host, Reply

__all__ = ["Delivery", "Peer"]

_ADDRESS = re.compile(r"<(.*?)>")
_FIELD = re.compile(r"\{(rcpt|sender|ip)\}")
_SIZE = re.compile(r"(?i) SIZE=(\d+)")
_MAXIMUM = 100  # bytes, where a host has an answer for messages that are too large


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """A message that the peer took."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


class Peer:
    """Listens on port 25 of every address of `hosts`; `None` is a well-behaved host.

    People of `replies` get their reply on the well-behaved hosts. `accepted` is called with what is taken; mail to
    `mirror`, a domain, goes back to the server that brought it.
    """

    def __init__(
        self, hosts: Mapping[str, tuple[str, Host | None]], replies: tuple[Reply, ...], mirror: str,
        accepted: Callable[[Delivery], None],
    ) -> None:  # fmt: skip
        self._hosts = hosts
        self._replies = {reply.person: reply for reply in replies}
        self._mirror = mirror
        self._accepted = accepted
        self._numbers = itertools.count(0x4F1B20)

    def start(self) -> None:
        """Listen, in a thread that ends with the process."""
        ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True, name="peer").start()
        if not ready.wait(10):
            raise RuntimeError("the scripted SMTP peer does not listen")

    async def _run(self, ready: threading.Event) -> None:
        for address, (name, host) in self._hosts.items():
            await asyncio.start_server(self._handler(name, host), address, 25, limit=1 << 24)
        ready.set()
        await asyncio.Event().wait()

    def _handler(
        self, name: str, host: Host | None
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], asyncio.Future[None]]:
        def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> asyncio.Future[None]:
            return asyncio.ensure_future(self._serve(name, host, reader, writer))

        return handle

    async def _serve(
        self, name: str, host: Host | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await _Dialogue(self, name, host, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, _EndError):
            pass
        finally:
            writer.close()

    def reply_to(self, address: str, stage: str) -> Reply | None:
        local = address.rpartition("@")[0].partition("+")[0].lower()
        reply = self._replies.get(local)
        return reply if reply and reply.stage == stage else None

    def take(self, delivery: Delivery, path: _Path) -> str:
        """Keep a message, and give it the number that the reply has."""
        mirrored = [address for address in delivery.recipients if address.endswith("@" + self._mirror)]
        if mirrored:
            threading.Thread(target=self._send_back, args=(delivery, mirrored, path), daemon=True).start()
        else:
            self._accepted(delivery)
        return f"{next(self._numbers):X}"

    def _send_back(self, delivery: Delivery, recipients: list[str], path: _Path) -> None:
        """Give the message back to the client that brought it."""
        name, ours = path.said, f"mx.{self._mirror}"
        number = f"{next(self._numbers):X}"
        trace = f"Received: from {name} ({name} [{path.client}]) by {ours} with ESMTP id {number}\r\n".encode()
        try:
            with smtplib.SMTP(path.client, 25, ours, timeout=20, source_address=(path.server, 0)) as back:
                returned = [address.replace(self._mirror, name.removeprefix("mail.")) for address in recipients]
                back.sendmail(delivery.sender, returned, trace + delivery.raw)
        except (OSError, smtplib.SMTPException):
            return


@dataclasses.dataclass(slots=True)
class _Path:
    """The two ends of a connection, and what the client said its name was."""

    client: str
    server: str
    said: str = ""


class _EndError(Exception):
    """The connection is cut on purpose."""


class _Dialogue:
    """One connection."""

    def __init__(
        self, peer: Peer, name: str, host: Host | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._peer = peer
        self._name = name
        self._answers = host.answers if host else {}
        self._extensions = host.extensions if host else ("SMTPUTF8", "DSN") if "sink" in name else ()
        self._silent = bool(host and host.silence)
        self._reader = reader
        self._writer = writer
        self._path = _Path(str(writer.get_extra_info("peername")[0]), str(writer.get_extra_info("sockname")[0]))
        self._sender = ""
        self._recipients: list[str] = []

    async def _say(self, text: str, recipient: str = "") -> None:
        values = {"rcpt": recipient, "sender": self._sender, "ip": self._path.client}
        lines = _FIELD.sub(lambda match: values[match[1]], text).split("\n")
        self._writer.write(b"".join(line.encode("latin-1") + b"\r\n" for line in lines))
        await self._writer.drain()

    async def _refuse(self, text: str, recipient: str = "") -> None:
        """Say no; an empty text cuts the connection, and so does what announces its end."""
        if not text:
            raise _EndError
        await self._say(text, recipient)
        if text.startswith("421"):
            raise _EndError

    async def run(self) -> None:
        if self._silent:
            await asyncio.sleep(900)
        if refusal := self._answers.get("CONN"):
            await self._say(refusal)
            return
        await self._say(f"220 {self._name} ESMTP ready")
        while line := await self._reader.readline():
            text = line.decode("latin-1").rstrip("\r\n")
            verb = text.split(":")[0].split()[0].upper() if text.strip() else ""
            handler = self._VERBS.get(verb)
            if handler is None:
                await self._say("502 5.5.2 Error: command not recognized")
            elif await handler(self, text):
                return

    async def _ehlo(self, text: str) -> bool:
        self._path.said = text.partition(" ")[2].strip()
        if refusal := self._answers.get("EHLO"):
            await self._say(refusal)
            return False
        lines = [self._name, "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", *self._extensions]
        await self._say("\n".join(f"250-{line}" for line in lines[:-1]) + f"\n250 {lines[-1]}")
        return False

    async def _helo(self, text: str) -> bool:
        self._path.said = text.partition(" ")[2].strip()
        await self._say(self._answers.get("EHLO", f"250 {self._name}"))
        return False

    async def _starttls(self, _: str) -> bool:
        await self._say(self._answers.get("STARTTLS", "454 4.7.0 TLS not available due to local problem"))
        await asyncio.sleep(0.2)
        self._writer.write(b"this is not a TLS record\r\n")
        await self._writer.drain()
        return True

    async def _mail(self, text: str) -> bool:
        match = _ADDRESS.search(text)
        self._sender, self._recipients = match[1] if match else "", []
        size = _SIZE.search(text)
        if self._sender and "SIZE" in self._answers and size and int(size[1]) > _MAXIMUM:
            await self._say(self._answers["SIZE"])
        elif self._sender and "MAIL" in self._answers:
            await self._refuse(self._answers["MAIL"])
        else:
            await self._say("250 2.1.0 Ok")
        return False

    async def _rcpt(self, text: str) -> bool:
        match = _ADDRESS.search(text)
        recipient = match[1] if match else ""
        reply = self._peer.reply_to(recipient, "RCPT")
        refusal = reply.text if reply else self._answers.get("RCPT")
        if refusal is not None:
            await self._refuse(refusal, recipient)
        else:
            self._recipients.append(recipient)
            await self._say("250 2.1.5 Ok")
        return False

    async def _data(self, _: str) -> bool:
        if not self._recipients:
            await self._say("554 5.5.1 Error: no valid recipients")
            return False
        if self._answers.get("DATA"):
            await self._refuse(self._answers["DATA"])
            return False
        await self._say("354 End data with <CR><LF>.<CR><LF>")
        if "DATA" in self._answers:
            await self._reader.readline()
            return True
        lines = []
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                return True
            lines.append(line.removeprefix(b"."))
        raw = b"".join(lines)
        reply = next(filter(None, (self._peer.reply_to(to, ".") for to in self._recipients)), None)
        refusal = reply.text if reply else self._answers.get(".")
        if refusal is not None:
            await self._refuse(refusal, self._recipients[0])
        elif "SIZE" in self._answers and len(raw) > _MAXIMUM:
            await self._say(self._answers["SIZE"])
        else:
            number = self._peer.take(Delivery(self._sender, tuple(self._recipients), raw), self._path)
            await self._say(f"250 2.0.0 Ok: queued as {number}")
        return False

    async def _reset(self, _: str) -> bool:
        self._recipients = []
        await self._say("250 2.0.0 Ok")
        return False

    async def _quit(self, _: str) -> bool:
        await self._say("221 2.0.0 Bye")
        return True

    _VERBS: ClassVar[dict[str, Callable[[_Dialogue, str], Awaitable[bool]]]] = {
        "EHLO": _ehlo, "HELO": _helo, "STARTTLS": _starttls, "MAIL FROM": _mail, "MAIL": _mail, "RCPT": _rcpt,
        "DATA": _data, "RSET": _reset, "NOOP": _reset, "QUIT": _quit,
    }  # fmt: skip
