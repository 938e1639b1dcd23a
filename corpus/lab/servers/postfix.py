"""Postfix, and the settings that other servers behind it share."""

from __future__ import annotations

from ..model import Server
from ..scenarios import ALIASES

__all__ = ["SERVER", "START", "main_cf"]


def main_cf(host: str, *lines: str) -> str:
    """A main.cf with queue lives of seconds, open to the lab's network, and `lines` added."""
    domain = host.removeprefix("mail.")
    more = "\n".join(lines)
    return f"""\
compatibility_level = 3.6
myhostname = {host}
mydomain = {domain}
myorigin = {domain}
mydestination = {host}, {domain}, localhost
mynetworks = 127.0.0.0/8 10.99.0.0/16
inet_protocols = ipv4
# Unknown users are accepted, so that they bounce later.
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_reject_unlisted_recipient = no
local_recipient_maps =
alias_maps = hash:/etc/aliases
home_mailbox = Maildir/
recipient_delimiter = +
queue_run_delay = 4s
minimal_backoff_time = 4s
maximal_backoff_time = 8s
maximal_queue_lifetime = 25s
bounce_queue_lifetime = 25s
delay_warning_time = 5s
smtp_connect_timeout = 6s
smtp_helo_timeout = 6s
# One dead person must not make Postfix give up the whole peer.
default_destination_concurrency_failed_cohort_limit = 1000
notify_classes =
maillog_file = /var/log/postfix.log
maillog_file_prefixes = /var
{more}
"""


START = """\
postalias /etc/aliases
postconf -M postlog/unix-dgram='postlog unix-dgram n - n - 1 postlogd'
for service in $(postconf -Mf | awk '$5 == "y" { print $1 "/" $2 }'); do postconf -F "$service/chroot=n"; done
postfix start
"""
"""Starts Postfix without its own chroot, whose files would be stale."""

_PIPES = """\
piet: "|/bin/sh -c 'echo cannot open /srv/app/config; exit 78'"
pia: "|/bin/sh -c 'echo database is down >&2; exit 75'"
pius: "|/bin/sh -c 'kill -9 $$'"
paula: "|/usr/local/bin/missing-program --deliver"
quirin: /srv/mail/quirin.mbox
ilse: :include:/etc/missing-list
postmaster: root
"""

SERVER = Server(
    name="postfix",
    title="Postfix",
    package="postfix",
    packages=("postfix", "postfix-pcre", "procmail"),
    sends=True,
    later=frozenset({
        "unknown-user", "forwarded-unknown-user", "forwarded-refused-as-spam", "forwarded-full",
        "forwarded-no-such-domain", "forwarded-too-large", "forwarding-loop", "pipe-command-config-missing",
        "pipe-command-failing-for-now", "pipe-command-killed", "pipe-command-missing", "mailbox-disabled",
        "mailbox-moved", "mailbox-full", "alias-file-missing",
    }),
    extra=frozenset({"dsn", "utf8", "tls"}),
    retries={
        "greeting-*": "by default it takes no for an answer only after EHLO (smtp_skip_5xx_greeting)",
        "*pipe-command-missing": "the shell's 127 is a temporary failure to it",
    },
    files={
        "/etc/postfix/main.cf": main_cf(
            "mail.postfix.test",
            "virtual_alias_maps = pcre:/etc/postfix/senders.pcre",
            "transport_maps = hash:/etc/postfix/transport",
            "relocated_maps = hash:/etc/postfix/relocated",
            "smtp_tls_security_level = may",
            "smtp_tls_policy_maps = inline:{ onyx.test=encrypt, obsidian.test=encrypt }",
            "mailbox_size_limit = 1024000",
            "message_size_limit = 1000000",
            "confirm_delay_cleared = yes",
        ),
        "/etc/postfix/senders.pcre": "/^prvs=[0-9a-f]+=(.*)$/ $1\n/^btv1==[0-9a-f]+==(.*)$/ $1\n"
        "/^(SRS[01][=+-].*)@postfix\\.test$/ sender@postfix.test\n/^news\\+.*@postfix\\.test$/ sender@postfix.test\n",
        "/etc/postfix/transport": "doris@postfix.test error:5.2.1 Mailbox disabled for this recipient\n",
        "/etc/postfix/relocated": "otto@postfix.test otto@elsewhere.test\n",
        "/etc/aliases": ALIASES + _PIPES,
    },
    start="""\
postmap /etc/postfix/transport /etc/postfix/relocated
mkdir -p /srv/mail; head -c 1023900 /dev/zero > /srv/mail/quirin.mbox; chown -R nobody /srv/mail
"""
    + START,
)  # fmt: skip
