"""dma, the DragonFly Mail Agent: no daemon, no SMTP in; its reports go to the mailbox of its sender at Postfix."""

from __future__ import annotations

from ..model import Server

__all__ = ["SERVER"]

_STUCK = "the client waits for minutes, longer than the lab"
_SINGLE = "each recipient is a message of its own, and gets a report of its own"

SERVER = Server(
    name="dma",
    title="DragonFly Mail Agent",
    package="dma",
    packages=("dma", "procps"),
    sends=True,
    warns=False,
    home="postfix",
    silent={
        "rcpt-lost-connection*": _STUCK,
        "end-of-data-lost-connection*": _STUCK,
        "data-lost-connection*": _STUCK,
        "starttls-broken*": _STUCK,
        "greeting-timed-out*": _STUCK,
        "connection-timed-out*": _STUCK,
        "three-recipients-*": _SINGLE,
        "mixed-results*": _SINGLE,
    },
    vague={
        "*-expired": "it says only for how long it has tried",
        "null-mx": "it says only for how long it has tried",
        "exchanger-without-address": "it says only for how long it has tried",
    },
    submit=("dma", "-f", "{sender}"),
    files={"/etc/dma/dma.conf": "MAILNAME mail.dma.test\nSPOOLDIR /var/spool/dma\n"},
    # Its queue life of five days is built in: what waits for twelve seconds is made six days old.
    start="""\
(while sleep 6; do
  find /var/spool/dma -type f -name '[QM]*' -mmin +0.2 -exec touch -d '6 days ago' {} +
  for process in $(pgrep -x -O 5 dma); do kill $process; done
  dma -q1
done) > /dev/null 2>&1 < /dev/null &
""",
)
