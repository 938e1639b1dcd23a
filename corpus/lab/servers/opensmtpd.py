"""OpenSMTPD. It refuses unknown users at RCPT, so those reports are the business of the server before it."""

from __future__ import annotations

from ..model import Server
from ..scenarios import ALIASES

__all__ = ["SERVER"]

_CONFIGURATION = """\
table aliases file:/etc/aliases
queue ttl 25s
bounce warn-interval 5s
smtp max-message-size 1M
listen on 0.0.0.0 hostname mail.opensmtpd.test
action "local" maildir alias <aliases>
action "relay" relay
match from any for domain { "opensmtpd.test", "mail.opensmtpd.test" } action "local"
match from any for any action "relay"
"""

_PIPES = """\
piet: "|/bin/sh -c 'echo cannot open /srv/app/config; exit 78'"
pia: "|/bin/sh -c 'echo database is down >&2; exit 75'"
pius: "|/bin/sh -c 'kill -9 $$'"
paula: "|/usr/local/bin/missing-program --deliver"
postmaster: root
"""

SERVER = Server(
    name="opensmtpd",
    title="OpenSMTPD",
    package="opensmtpd",
    packages=("opensmtpd",),
    sends=True,
    later=frozenset({
        "forwarded-unknown-user", "forwarded-refused-as-spam", "forwarded-full", "forwarded-no-such-domain",
        "forwarded-too-large", "pipe-command-config-missing", "pipe-command-failing-for-now", "pipe-command-killed",
        "pipe-command-missing",
    }),
    extra=frozenset({"dsn"}),
    silent={
        "starttls-broken*": "it waits for minutes, longer than the lab",
        "greeting-timed-out*": "it waits for minutes, longer than the lab",
        "connection-timed-out*": "it waits for minutes, longer than the lab",
    },
    vague={
        "*-expired": "it says only that the envelope has expired",
        "null-mx*": "it says that there is no MX",
        "*pipe-command-*": "it shows the last line of the program's output",
    },
    retries={
        "greeting-*": "nothing before MAIL is final to it",
        "ehlo-refused": "nothing before MAIL is final to it",
        "host-without-address": "it takes that for a failure of the name service",
        "exchanger-without-address": "it takes that for a failure of the name service",
        "null-mx": "it does not know null MX",
    },
    files={"/etc/smtpd.conf": _CONFIGURATION, "/etc/aliases": ALIASES + _PIPES},
    start="smtpd -n && smtpd\n",
)  # fmt: skip
