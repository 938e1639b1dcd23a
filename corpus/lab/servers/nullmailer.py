"""nullmailer: everything goes to its smarthost, the scripted peer, and so do its reports."""

from __future__ import annotations

from ..model import Server

__all__ = ["SERVER"]

SERVER = Server(
    name="nullmailer",
    title="nullmailer",
    package="nullmailer",
    packages=("nullmailer",),
    sends=True,
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
