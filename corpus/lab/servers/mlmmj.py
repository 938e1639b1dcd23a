"""mlmmj behind Postfix. The reports on its posts go to the subscriber's VERP address; Alice reads them there."""

from __future__ import annotations

from ..model import Server
from ..scenarios import SUBSCRIPTIONS
from .postfix import START, main_cf

__all__ = ["SERVER"]

_SPOOL = "/var/spool/mlmmj"


def _list(name: str, subscriber: str) -> dict[str, str]:
    directory = f"{_SPOOL}/{name}"
    return {
        f"{directory}/control/listaddress": f"{name}@mlmmj.test\n",
        f"{directory}/control/owner": "postmaster@mlmmj.test\n",
        f"{directory}/control/delimiter": "+\n",
        f"{directory}/subscribers.d/{subscriber[0]}": f"{subscriber}\n",
    }


_FILES: dict[str, str] = {f"{_SPOOL}/closed/control/subonlypost": ""}
for _row in SUBSCRIPTIONS:
    _FILES |= _list(_row.name, _row.subscriber)
_FILES |= _list("closed", "alice@mlmmj.test")

SERVER = Server(
    name="mlmmj",
    title="mlmmj",
    package="mlmmj",
    packages=("mlmmj", "postfix", "postfix-pcre"),
    behind_postfix=True,
    later=frozenset({"list-post-rejected"}),
    extra=frozenset({"list"}),
    files={
        **_FILES,
        "/etc/postfix/main.cf": main_cf(
            "mail.mlmmj.test",
            "virtual_alias_maps = pcre:/etc/postfix/reports.pcre",
            "transport_maps = pcre:/etc/postfix/lists.pcre",
        ),
        "/etc/postfix/reports.pcre": "/^[a-z]+\\+bounces-.*@mlmmj\\.test$/ alice@mlmmj.test\n",
        "/etc/postfix/lists.pcre": "/^(garden|choir|chess|closed)(\\+.*)?@mlmmj\\.test$/ mlmmj:\n",
        "/etc/aliases": "postmaster: root\n",
    },
    start="""\
for list in garden choir chess closed; do
  cd /var/spool/mlmmj/$list
  mkdir -p incoming queue/discarded archive text subconf unsubconf bounce control moderation requeue \\
    subscribers.d digesters.d nomailsubs.d
  touch index
  cp /usr/share/mlmmj/text.skel/en/* text/
done
chown -R list:list /var/spool/mlmmj
echo 'mlmmj unix - n n - - pipe flags=ORhu user=list argv=/usr/bin/mlmmj-receive -F -L /var/spool/mlmmj/${user}/' \\
  >> /etc/postfix/master.cf
"""
    + START,
)
