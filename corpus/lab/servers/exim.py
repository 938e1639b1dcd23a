"""Exim."""

from __future__ import annotations

from ..model import Server
from ..scenarios import ALIASES

__all__ = ["SERVER"]

_CONFIGURATION = """\
primary_hostname = mail.exim.test
domainlist local_domains = exim.test : mail.exim.test
qualify_domain = exim.test
keep_environment =
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
tls_advertise_hosts =
rfc1413_query_timeout = 0s
host_lookup = *
ignore_bounce_errors_after = 1d
timeout_frozen_after = 7d
delay_warning = 5s:24h
never_users =

begin acl
acl_rcpt:
  accept control = submission/sender_retain
acl_data:
  accept

begin routers
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  ignore_target_hosts = 0.0.0.0
  no_more
aliases:
  driver = redirect
  allow_fail
  allow_defer
  data = ${lookup{$local_part}lsearch{/etc/aliases}}
  pipe_transport = address_pipe
  user = mail
  group = mail
localuser:
  driver = accept
  check_local_user
  local_part_suffix = +*
  local_part_suffix_optional
  transport = local_delivery
  cannot_route_message = Unknown user

begin transports
remote_smtp:
  driver = smtp
  connect_timeout = 6s
  command_timeout = 6s
  hosts_require_tls = mx.onyx.test : mx.obsidian.test
local_delivery:
  driver = appendfile
  maildir_format
  create_directory
  directory = $home/Maildir
  delivery_date_add
  envelope_to_add
  return_path_add
  quota = ${if eq{$local_part_data}{quirin}{100}{0}}
  quota_is_inclusive = true
  group = mail
  mode = 0660
address_pipe:
  driver = pipe
  return_output

begin retry
*  quota
*  *  F,20s,4s
"""

_PIPES = """\
piet: "|/bin/sh -c 'echo cannot open /srv/app/config; exit 78'"
pia: "|/bin/sh -c 'echo database is down >&2; exit 75'"
pius: "|/bin/sh -c 'kill -9 $$'"
paula: "|/usr/local/bin/missing-program --deliver"
doris: :fail: Account disabled, contact the postmaster
otto: :fail: otto has moved, please use otto@elsewhere.test
postmaster: root
"""

_FORGOTTEN = "a warning says nothing of the cause, and the last report only that the time is over"

SERVER = Server(
    name="exim",
    title="Exim",
    package="exim4-daemon-light",
    packages=("exim4-daemon-light",),
    sends=True,
    later=frozenset({
        "unknown-user", "forwarded-unknown-user", "forwarded-refused-as-spam", "forwarded-full",
        "forwarded-no-such-domain", "forwarded-too-large", "pipe-command-config-missing",
        "pipe-command-failing-for-now", "pipe-command-killed", "pipe-command-missing", "mailbox-disabled",
        "mailbox-moved", "mailbox-full",
    }),
    extra=frozenset({"dsn", "utf8", "tls"}),
    silent={"utf8-address-not-supported": "it writes the local part as an A-label, and that is accepted"},
    final={"pipe-command-failing-for-now": "with return_output a program that prints something has failed for good"},
    vague={
        "*-lost-connection-*": _FORGOTTEN,
        "connection-*": _FORGOTTEN,
        "network-unreachable-*": _FORGOTTEN,
        "name-service-failure-*": _FORGOTTEN,
        "greeting-timed-out-*": _FORGOTTEN,
        "starttls-*": _FORGOTTEN,
    },
    files={"/etc/exim4/exim4.conf": _CONFIGURATION, "/etc/aliases": ALIASES + _PIPES},
    start="""\
chown -R Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4
exim4 -bd -q3s &
""",
)  # fmt: skip
