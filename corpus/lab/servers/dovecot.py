"""Dovecot with Pigeonhole. Postfix brings it everything by LMTP, so each refusal there comes after the acceptance."""

from __future__ import annotations

from ..model import Server
from .postfix import START, main_cf

__all__ = ["SERVER"]

_CONFIGURATION = """\
protocols = lmtp
log_path = /var/log/dovecot.log
hostname = mail.dovecot.test
mail_location = maildir:~/Maildir
postmaster_address = postmaster@dovecot.test
submission_host = 127.0.0.1:25
first_valid_uid = 100
auth_username_format = %Ln
mail_plugins = quota
plugin {
  quota = maildir:User quota
  quota_rule = *:storage=1M
  sieve = ~/.dovecot.sieve
}
userdb {
  driver = passwd-file
  args = username_format=%n /etc/dovecot/users
}
passdb {
  driver = passwd-file
  args = username_format=%n /etc/dovecot/users
}
service lmtp {
  unix_listener /var/spool/postfix/private/dovecot-lmtp {
    mode = 0666
  }
}
protocol lmtp {
  mail_plugins = quota sieve
}
"""

_REJECT = 'require ["reject"];\nreject "I do not accept mail from you.\\r\\nPlease use the form at https://www.dovecot.test/contact.";\n'

SERVER = Server(
    name="dovecot",
    title="Dovecot",
    package="dovecot-core",
    packages=("dovecot-lmtpd", "dovecot-sieve", "postfix"),
    behind_postfix=True,
    later=frozenset({"unknown-user", "mailbox-full", "sieve-reject"}),
    files={
        "/etc/postfix/main.cf": main_cf(
            "mail.dovecot.test",
            "mailbox_transport = lmtp:unix:private/dovecot-lmtp",
            "local_transport = lmtp:unix:private/dovecot-lmtp",
        ),
        "/etc/aliases": "postmaster: root\n",
        "/etc/dovecot/dovecot.conf": _CONFIGURATION,
        "/home/rea/.dovecot.sieve": _REJECT,
    },
    start="""\
useradd rea; chown -R rea /home/rea
for user in alice quirin rea; do
  rule='*:storage=1M'; [ $user = quirin ] && rule='*:bytes=100'
  echo "$user:{plain}lab:$(id -u $user):$(id -g $user)::/home/$user::userdb_quota_rule=$rule"
done > /etc/dovecot/users
dovecot -F > /var/log/dovecot.out 2>&1 &
sleep 1
"""
    + START,
)
