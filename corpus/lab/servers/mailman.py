"""Mailman 3 behind Postfix. The reports on its posts go to the subscriber's VERP address; Alice reads them there."""

from __future__ import annotations

from ..model import Server
from ..scenarios import SUBSCRIPTIONS
from .postfix import START, main_cf

__all__ = ["SERVER"]

_CONFIGURATION = """\
[mailman]
layout: lab
site_owner: postmaster@mailman.test
[paths.lab]
var_dir: /var/lib/mailman3
bin_dir: /usr/lib/mailman3/bin
pid_file: /run/mailman.pid
[database]
class: mailman.database.sqlite.SQLiteDatabase
url: sqlite:////var/lib/mailman3/lab.db
[mta]
incoming: mailman.mta.null.NullMTA
lmtp_host: 127.0.0.1
lmtp_port: 8024
smtp_host: 127.0.0.1
smtp_port: 25
verp_delivery_interval: 1
[webservice]
admin_user: lab
admin_pass: lab
"""

_LISTS = f"""\
from mailman.core.initialize import initialize
initialize('/etc/mailman3/mailman.cfg')
from mailman.app.lifecycle import create_list
from mailman.config import config
from mailman.interfaces.action import Action
from mailman.interfaces.address import IAddress
from mailman.interfaces.domain import IDomainManager
from mailman.interfaces.mailinglist import DMARCMitigateAction
from mailman.interfaces.subscriptions import ISubscriptionManager
from mailman.interfaces.usermanager import IUserManager
from zope.component import getUtility

getUtility(IDomainManager).add('mailman.test')
for name, subscriber in {[(row.name, row.subscriber) for row in SUBSCRIPTIONS]!r}:
    mlist = create_list(name + '@mailman.test')
    mlist.default_nonmember_action = Action.accept
    mlist.send_welcome_message = False
    mlist.emergency = False
    address = getUtility(IUserManager).create_address(subscriber)
    mlist.subscribe(address)
mlist = create_list('closed@mailman.test')
mlist.default_nonmember_action = Action.reject
config.db.commit()
"""

SERVER = Server(
    name="mailman",
    title="Mailman",
    package="mailman3",
    packages=("mailman3", "postfix", "postfix-pcre"),
    behind_postfix=True,
    later=frozenset({"list-post-rejected", "list-unknown"}),
    extra=frozenset({"list"}),
    files={
        "/etc/postfix/main.cf": main_cf(
            "mail.mailman.test",
            "virtual_alias_maps = pcre:/etc/postfix/reports.pcre",
            "transport_maps = pcre:/etc/postfix/lists.pcre",
        ),
        "/etc/postfix/reports.pcre": "/^[a-z]+-bounces\\+.*@mailman\\.test$/ alice@mailman.test\n",
        "/etc/postfix/lists.pcre": "/^(garden|choir|chess|closed|nolist)(-.*)?@mailman\\.test$/"
        " lmtp:[127.0.0.1]:8024\n",
        "/etc/aliases": "postmaster: root\n",
        "/etc/mailman3/mailman.cfg": _CONFIGURATION,
        "/root/lists.py": _LISTS,
    },
    start=START
    + """\
chown -R list:list /var/lib/mailman3
install -o list -m 644 /root/lists.py /var/lib/mailman3/lists.py
touch /run/mailman.pid; chown list /run/mailman.pid; rm /run/mailman.pid; chmod 1777 /run
su list -s /bin/sh -c 'cd /var/lib/mailman3 && PYTHONPATH=/usr/lib/python3/dist-packages python3 lists.py'
su list -s /bin/sh -c 'mailman -C /etc/mailman3/mailman.cfg start'
wait_for 8024
""",
)
