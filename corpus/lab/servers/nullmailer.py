"""nullmailer: everything goes to its smarthost, the scripted peer, and so do its reports."""

from __future__ import annotations

from ..model import Server

__all__ = ["SERVER"]

_DELAYED = "its last report, too, says that the message is delayed"

SERVER = Server(
    name="nullmailer",
    title="nullmailer",
    package="nullmailer",
    packages=("nullmailer",),
    sends=True,
    smarthost=True,
    silent={
        "rcpt-451-delay": "without an enhanced status, its report says that it has failed",
        "rcpt-[!4]*-expired": _DELAYED,
        "rcpt-452-*-expired": _DELAYED,
        "end-of-data-*-expired": _DELAYED,
    },
    retries={"rcpt-550-with-4.2.2": "it goes by the enhanced status, not by the reply code"},
    submit=("nullmailer-inject", "-a", "-f", "{sender}"),
    files={
        f"/etc/nullmailer/{name}": text
        for name, text in {
            "remotes": "10.99.0.10 smtp --port=25\n",
            "me": "mail.nullmailer.test\n",
            "defaultdomain": "nullmailer.test\n",
            "pausetime": "5\n",
            "maxpause": "5\n",
            "queuelifetime": "20\n",
            "adminaddr": "",
        }.items()
    },
    start="""\
rm -f /var/spool/nullmailer/trigger
mkfifo -m 622 /var/spool/nullmailer/trigger
chown -R mail:mail /var/spool/nullmailer
setsid nullmailer-send > /var/log/nullmailer.log 2>&1 &
""",
)
