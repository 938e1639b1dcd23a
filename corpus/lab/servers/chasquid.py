"""chasquid. It relays for people who have logged in, and asks its delivery agent whether a user exists only later."""

from __future__ import annotations

from ..model import Server
from ..scenarios import LATER

__all__ = ["SERVER"]

_AGENT = """\
#!/bin/sh
user=${1%@*}
case $user in
sender|alice) exec sh -c 'cat > /home/'$user'/Maildir/new/$(date +%s.%N).$$' ;;
piet) echo "cannot open /srv/app/config"; exit 78 ;;
*) echo "no such user $user"; exit 67 ;;
esac
"""

_HOURS = "it goes on trying for twenty hours, which are built in"

SERVER = Server(
    name="chasquid",
    title="chasquid",
    package="chasquid",
    packages=("chasquid", "openssl"),
    sends=True,
    login=True,
    names=("chasquid.test",),
    silent={
        "*-delay": "it warns nobody",
        "*-expired": _HOURS,
        "rcpt-bare-550": _HOURS,
        "greeting-*": _HOURS,
        "ehlo-refused": _HOURS,
        "domain-does-not-exist": _HOURS,
        "host-without-address": _HOURS,
        "exchanger-without-address": _HOURS,
        "null-mx": _HOURS,
        "forwarded-no-such-domain": _HOURS,
        "mixed-results": _HOURS,
    },
    later=frozenset({
        "unknown-user", "forwarded-unknown-user", "forwarded-refused-as-spam", "forwarded-full",
        "forwarded-no-such-domain", "forwarded-too-large", "pipe-command-config-missing",
    }),
    files={
        "/etc/chasquid/chasquid.conf": """\
hostname: "mail.chasquid.test"
smtp_address: ":25"
mail_delivery_agent_bin: "/usr/local/bin/deliver"
mail_delivery_agent_args: "%to%"
mail_log_path: "/var/log/chasquid.log"
""",
        "/etc/chasquid/domains/chasquid.test/aliases": "".join(
            f"{row.person}: {row.forward}\n" for row in LATER if row.forward
        ),
        "/usr/local/bin/deliver": _AGENT,
    },
    start="""\
certificates=/etc/chasquid/certs/mail.chasquid.test
mkdir -p $certificates /home/sender/Maildir/new /home/alice/Maildir/new
openssl req -x509 -newkey rsa:2048 -nodes -keyout $certificates/privkey.pem -out $certificates/fullchain.pem \\
  -days 3650 -subj /CN=mail.chasquid.test 2> /dev/null
chmod -R a+rX /etc/chasquid
chmod -R a+rwX /home/sender /home/alice
chmod 755 /usr/local/bin/deliver
for user in sender alice piet kurt; do chasquid-util user-add $user@chasquid.test --password=lab; done
chmod -R a+rX /etc/chasquid
chasquid > /var/log/chasquid.out 2>&1 &
""",
)  # fmt: skip
