"""Sympa behind Postfix. The reports on its posts go to the subscriber's VERP address; Alice reads them there."""

from __future__ import annotations

from ..model import Server
from ..scenarios import SUBSCRIPTIONS
from .postfix import START, main_cf

__all__ = ["SERVER"]

_CONFIGURATION = """\
domain sympa.test
listmaster postmaster@sympa.test
lang en-US
db_type SQLite
db_name /var/lib/sympa/lab.sqlite
sendmail /usr/sbin/sendmail
aliases_program none
verp_rate 100%
syslog LOCAL1
log_socket_type unix
"""


def _list(name: str, send: str) -> str:
    return f"""\
subject {name}

visibility noconceal

send {send}

verp_rate 100%

status open

creation
email postmaster@sympa.test
date_epoch 1795600000

owner
email postmaster@sympa.test
"""


_QUEUES = "".join(
    f'{name}: "|/usr/lib/sympa/bin/queue {name}@sympa.test"\n'
    for name in ("garden", "choir", "chess", "closed", "sympa")
)

SERVER = Server(
    name="sympa",
    title="Sympa",
    package="sympa",
    packages=("sympa", "postfix", "postfix-pcre", "dbconfig-sqlite3", "sqlite3", "inetutils-syslogd"),
    answers="sympa sympa/dbconfig-install boolean true\nsympa sympa/database-type select sqlite3\n",
    behind_postfix=True,
    later=frozenset({"list-post-rejected"}),
    extra=frozenset({"list"}),
    files={
        "/etc/postfix/main.cf": main_cf("mail.sympa.test", "default_privs = sympa"),
        "/etc/aliases": _QUEUES + "bounce: alice\npostmaster: root\n",
        "/etc/sympa/sympa/sympa.conf": _CONFIGURATION,
        **{f"/var/lib/sympa/list_data/{row.name}/config": _list(row.name, "public") for row in SUBSCRIPTIONS},
        "/var/lib/sympa/list_data/closed/config": _list("closed", "closed"),
        # Its own command for that takes a quarter of a minute for each list.
        "/root/subscribers.sql": "".join(
            "INSERT INTO subscriber_table (list_subscriber, user_subscriber, robot_subscriber, date_epoch_subscriber, "
            f"reception_subscriber) VALUES ('{row.name}', '{row.subscriber}', 'sympa.test', 1795600000, 'mail');\n"
            for row in SUBSCRIPTIONS
        ),
    },
    start="""\
mkdir -p /run/sympa
chown -R sympa:sympa /run/sympa /var/lib/sympa /etc/sympa /var/spool/sympa
tools="su sympa -s /bin/sh -c"
$tools '/usr/lib/sympa/bin/sympa.pl --health_check'
sqlite3 /var/lib/sympa/lab.sqlite < /root/subscribers.sql
"""
    + START
    + """\
for daemon in sympa_msg bulk; do $tools "/usr/lib/sympa/bin/$daemon.pl"; done
sleep 2
""",
)
