"""Cyrus. Postfix brings it everything by LMTP, so each refusal there comes after the acceptance."""

from __future__ import annotations

import base64

from ..model import Server
from .postfix import START, main_cf

__all__ = ["SERVER"]

_IMAPD = """\
configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
lmtpsocket: /run/cyrus/socket/lmtp
defaultpartition: default
partition-default: /var/spool/cyrus/mail
unixhierarchysep: no
altnamespace: no
virtdomains: off
lmtp_downcase_rcpt: yes
admins: cyrus
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN
servername: mail.cyrus.test
postmaster: postmaster@cyrus.test
sendmail: /usr/sbin/sendmail
sieveusehomedir: false
sievedir: /var/spool/sieve
duplicatesuppression: no
lmtp_strict_quota: yes
"""

_CYRUS = """\
START {
  recover cmd="/usr/sbin/cyrus ctl_cyrusdb -r"
}
SERVICES {
  imap cmd="imapd -U 30" listen="127.0.0.1:143" prefork=0
  sieve cmd="timsieved" listen="127.0.0.1:4190" prefork=0
  lmtpunix cmd="lmtpd" listen="/run/cyrus/socket/lmtp" prefork=0
}
EVENTS {
}
"""

_SCRIPT = 'require ["reject"];\r\nreject "I do not accept mail from you.";\r\n'
_LOGIN = base64.b64encode(b"rea\0cyrus\0lab").decode()
# ManageSieve (RFC 5804), as the administrator in the name of the user.
_SIEVE = (
    f'AUTHENTICATE "PLAIN" "{_LOGIN}"\r\nPUTSCRIPT "reject" {{{len(_SCRIPT)}+}}\r\n{_SCRIPT}\r\n'
    'SETACTIVE "reject"\r\nLOGOUT\r\n'
)

SERVER = Server(
    name="cyrus",
    title="Cyrus",
    package="cyrus-imapd",
    packages=("cyrus-imapd", "cyrus-admin", "sasl2-bin", "libsasl2-modules", "postfix"),
    behind_postfix=True,
    retries={"mailbox-full": "its 452 is a temporary failure"},
    later=frozenset({"unknown-user", "mailbox-full", "sieve-reject"}),
    files={
        "/etc/postfix/main.cf": main_cf(
            "mail.cyrus.test",
            "mailbox_transport = lmtp:unix:/run/cyrus/socket/lmtp",
            "local_transport = lmtp:unix:/run/cyrus/socket/lmtp",
        ),
        "/etc/aliases": "postmaster: root\n",
        "/etc/imapd.conf": _IMAPD,
        "/etc/cyrus.conf": _CYRUS,
        "/root/reject.sieve": _SIEVE,
        "/root/mailboxes": "createmailbox user.alice\ncreatemailbox user.rea\ncreatemailbox user.quirin\n"
        "setquota user.quirin STORAGE 1\n",
    },
    start="""\
mkdir -p /run/cyrus/socket /run/cyrus/proc /run/cyrus/lock
chown -R cyrus:mail /run/cyrus
echo lab | saslpasswd2 -p -c -u mail.cyrus.test cyrus
chown cyrus:mail /etc/sasldb2
su cyrus -s /bin/sh -c '/usr/sbin/cyrus makedirs' || su cyrus -s /bin/sh -c /usr/lib/cyrus/bin/mkimap
/usr/sbin/cyrmaster -d || /usr/lib/cyrus/bin/master -d
wait_for 143
cyradm --user cyrus --password lab --auth PLAIN 127.0.0.1 < /root/mailboxes
exec 3<> /dev/tcp/127.0.0.1/4190
while read -r line; do echo "$line" >&3; sleep 0.5; done < /root/reject.sieve
timeout 10 cat <&3
chmod 755 /run/cyrus /run/cyrus/socket
"""
    + START,
)
