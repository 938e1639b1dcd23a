"""Courier. It refuses unknown users at RCPT, so those reports are the business of the server before it."""

from __future__ import annotations

from ..model import Server
from ..scenarios import ALIASES

__all__ = ["SERVER"]

_TOGETHER = "it waits for the last recipient, and its report then tells what became of all"

SERVER = Server(
    name="courier",
    title="Courier",
    package="courier-mta",
    packages=("courier-mta",),
    sends=True,
    later=frozenset({
        "forwarded-unknown-user", "forwarded-refused-as-spam", "forwarded-full", "forwarded-no-such-domain",
        "forwarded-too-large", "mailbox-full", "pipe-command-config-missing",
    }),
    extra=frozenset({"dsn", "utf8"}),
    silent={
        "mixed-results-expired": _TOGETHER,
        "mixed-results-dsn-expired": _TOGETHER,
        "mixed-results-dsn-success": _TOGETHER,
    },
    vague={
        "name-service-failure*": "it says that the network is down",
        "greeting-timed-out*": "it says nothing, or that the network is down",
        "null-mx": "it says that there is no such domain",
    },
    retries={"*mailbox-full": "a mailbox may have room again"},
    files={
        **{
            f"/etc/courier/{name}": f"{value}\n"
            for name, value in {
                "me": "mail.courier.test",
                "esmtphelo": "mail.courier.test",
                "defaultdomain": "courier.test",
                "locals": "localhost\nmail.courier.test\ncourier.test",
                "queuetime": "30s",
                "warntime": "5s",
                "retryalpha": "3s",
                "retrybeta": "4",
                "retrygamma": "3s",
                "retrymaxdelta": "10",
                "esmtptimeoutconnect": "6s",
                "esmtptimeout": "8s",
                "esmtptimeouthelo": "6s",
                "defaultdelivery": "./Maildir",
                "smtpaccess/default": "10.99\tallow,RELAYCLIENT\n127\tallow,RELAYCLIENT",
                "bofh": "opt BOFHSPFMAILFROM=off\nopt BOFHSPFHELO=off",
            }.items()
        },
        "/etc/courier/aliases/system": ALIASES + "postmaster: root\n",
        "/home/piet/.courier": "| echo cannot open /srv/app/config; exit 77\n",
    },
    # `esmtpd start` puts couriertcpd under ulimit and dies in a namespace; so it is started as that script would.
    start="""\
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/courier
cd /etc/courier
makesmtpaccess
makealiases
for user in sender alice; do su $user -c "maildirmake ~/Maildir"; done
chown piet ~piet/.courier; chmod 600 ~piet/.courier
su quirin -c "maildirmake ~/Maildir; maildirmake -q 100S ~/Maildir"
sed -i 's/^TCPDOPTS=.*/TCPDOPTS="-nodnslookup -noidentlookup"/; s/^BOFHCHECKDNS=.*/BOFHCHECKDNS=0/' esmtpd
echo BOFHCHECKDNS=0 >> esmtpd
mkdir -p /run/courier/authdaemon
chown courier:courier /run/courier /run/courier/authdaemon
authdaemond start
courier start
set -a; . ./esmtpd; set +a
PATH=/usr/sbin:/usr/bin:/sbin:/bin couriertcpd -nodnslookup -noidentlookup -user=courier -group=courier \\
  -access=/etc/courier/smtpaccess.dat -maxprocs=40 -maxperc=40 -maxperip=40 -pid=/run/courier/esmtpd.pid \\
  -stderrlogger=/usr/sbin/courierlogger 25 /usr/sbin/courieresmtpd < /dev/null > /dev/null 2>&1 &
""",
)  # fmt: skip
