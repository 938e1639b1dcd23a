"""Sendmail."""

from __future__ import annotations

from ..model import Server
from ..scenarios import ALIASES

__all__ = ["SERVER"]

_MC = """\
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(`lab')dnl
OSTYPE(`debian')dnl
define(`confDOMAIN_NAME', `mail.sendmail.test')dnl
define(`confTRUSTED_USER', `root')dnl
define(`confHOST_STATUS_DIRECTORY', `')dnl
define(`confTO_QUEUERETURN', `45s')dnl
define(`confTO_QUEUEWARN', `5s')dnl
define(`confTO_QUEUERETURN_NORMAL', `45s')dnl
define(`confTO_QUEUEWARN_NORMAL', `5s')dnl
define(`confTO_CONNECT', `6s')dnl
define(`confTO_ICONNECT', `6s')dnl
define(`confTO_INITIAL', `6s')dnl
define(`confTO_HELO', `6s')dnl
define(`confTO_IDENT', `0')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confPRIVACY_FLAGS', `')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confCOPY_ERRORS_TO', `')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe')dnl
FEATURE(`use_cw_file')dnl
FEATURE(`relay_entire_domain')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`local_procmail', `/usr/bin/procmail', `procmail -t -Y -a $h -d $u')dnl
dnl Without the flag w, local users need not exist: mail to them is accepted and bounces later.
MODIFY_MAILER_FLAGS(`LOCAL', `-w')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""

_PIPES = """\
piet: "|/bin/sh -c 'echo cannot open /srv/app/config; exit 78'"
pia: "|/bin/sh -c 'echo database is down >&2; exit 75'"
pius: "|/bin/sh -c 'kill -9 $$'"
paula: "|/usr/local/bin/missing-program --deliver"
ilse: :include:/etc/missing-list
postmaster: root
MAILER-DAEMON: root
"""

SERVER = Server(
    name="sendmail",
    title="Sendmail",
    package="sendmail-bin",
    packages=("sendmail-bin", "sendmail-cf", "m4", "procmail"),
    sends=True,
    later=frozenset({
        "unknown-user", "forwarded-unknown-user", "forwarded-refused-as-spam", "forwarded-full",
        "forwarded-no-such-domain", "forwarded-too-large", "pipe-command-config-missing",
        "pipe-command-failing-for-now", "pipe-command-killed", "pipe-command-missing", "alias-file-missing",
    }),
    extra=frozenset({"dsn"}),
    silent={"mixed-results-dsn-success": "its first report tells who was refused and who was not"},
    vague={
        "alias-file-missing": "5.2.4 and a path: a list's trouble or the program's",
        "pipe-command-failing-for-now-expired": "it says only that the time is over",
    },
    files={
        "/etc/mail/lab.mc": _MC,
        "/etc/mail/aliases": ALIASES + _PIPES,
        "/etc/mail/local-host-names": "sendmail.test\nmail.sendmail.test\nlocalhost\n",
        "/etc/procmailrc": "DEFAULT=$HOME/Maildir/\n",
    },
    # Sendmail trusts nothing that others can write to.
    start="""\
cd /etc/mail
m4 lab.mc > sendmail.cf
touch access relay-domains
mkdir -p /var/spool/mqueue /run/sendmail/mta
chown -R root:root /var/spool/mqueue /run/sendmail /etc/mail
chmod g-s /var/spool/mqueue /run/sendmail /run/sendmail/mta
chmod 700 /var/spool/mqueue
chmod g-w /etc/mail /
newaliases
sendmail -bd -q3s -C /etc/mail/sendmail.cf
""",
)  # fmt: skip
