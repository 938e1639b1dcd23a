"""A forwarder: Postfix with postsrsd, which rewrites envelope senders (SRS) and takes the reports on them back."""

from __future__ import annotations

from ..model import Server
from ..scenarios import ALIASES
from .postfix import START, main_cf

__all__ = ["SERVER"]

SERVER = Server(
    name="postsrsd",
    title="postsrsd",
    package="postsrsd",
    packages=("postfix", "postsrsd"),
    behind_postfix=True,
    later=frozenset({
        "forwarded-unknown-user", "forwarded-refused-as-spam", "forwarded-full", "forwarded-to-another-server",
    }),
    files={
        "/etc/postfix/main.cf": main_cf(
            "mail.postsrsd.test",
            "sender_canonical_maps = tcp:127.0.0.1:10001",
            "sender_canonical_classes = envelope_sender",
            "recipient_canonical_maps = tcp:127.0.0.1:10002",
            "recipient_canonical_classes = envelope_recipient,header_recipient",
        ),
        "/etc/aliases": ALIASES,
        "/etc/postsrsd.secret": "a secret of the lab\n",
    },
    start="""\
postsrsd -d postsrsd.test -s /etc/postsrsd.secret -Xpostsrsd.test,mail.postsrsd.test -f 10001 -r 10002 -l 127.0.0.1 -D
"""
    + START,
)  # fmt: skip
