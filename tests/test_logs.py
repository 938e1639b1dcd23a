"""Lines of mail logs, and the deliveries that they tell of."""
# ruff: noqa: E501 - lines of logs are long

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bouncelib
from bouncelib import Context, logs

P = "Nov 23 12:00:00 mail "
SMTP = P + "postfix/smtp[4711]: 4F1bXq1Ybcz2rt: "
TO = "to=<anne@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=1.2, delays=0.1/0.01/0.5/0.6, "
E = "2026-11-23 12:00:00 1vNAbC-000000012ab-1XyZ "
S = "Nov 23 12:00:00 mail sendmail[4711]: 5ANC00ab012345: "
ESMTP = "to=<anne@example.net>, ctladdr=<bob@example.com> (1000/1000), delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120312, relay=mx.example.net. [192.0.2.1], "

# line, action, address, original address, status, reply code, command, remote MTA, reason, suppress
DELIVERIES = [
    # Postfix
    (SMTP + TO + "dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.1] said: 550 5.1.1 <anne@example.net>: Recipient address rejected: User unknown (in reply to RCPT TO command))",
     "failed", "anne@example.net", None, "5.1.1", 550, "RCPT", "mx.example.net", "bad_mailbox", True),
    (SMTP + "to=<anne@example.net>, orig_to=<sales@example.com>, relay=mx.example.net[2001:db8::1]:25, conn_use=2, delay=1, delays=1/0/0/0, dsn=4.2.2, status=deferred (host mx.example.net[2001:db8::1] said: 452 4.2.2 Mailbox full (in reply to RCPT TO command))",
     "delayed", "anne@example.net", "sales@example.com", "4.2.2", 452, "RCPT", "mx.example.net", "mailbox_full", False),
    (SMTP + TO + "dsn=5.7.1, status=bounced (host mx.example.net[192.0.2.1] said: 554 5.7.1 Message classified as spam (in reply to end of DATA command))",
     "failed", "anne@example.net", None, "5.7.1", 554, "DATA", "mx.example.net", "spam_content", False),
    (SMTP + TO + "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 9F2A1)",
     "relayed", "anne@example.net", None, "2.0.0", 250, None, "mx.example.net", None, False),
    (SMTP + "to=<anne@example.net>, relay=none, delay=30, delays=0.1/0/30/0, dsn=4.4.1, status=deferred (connect to mx.example.net[192.0.2.1]:25: Connection timed out)",
     "delayed", "anne@example.net", None, "4.4.1", None, "CONN", "mx.example.net", "no_answer_from_host", False),
    (SMTP + "to=<anne@nx.example>, relay=none, delay=0.1, delays=0.1/0/0/0, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=nx.example type=AAAA: Host not found)",
     "failed", "anne@nx.example", None, "5.4.4", None, None, None, "bad_domain", True),
    (SMTP + TO + "dsn=4.7.5, status=deferred (Server certificate not trusted: it has expired)",
     "delayed", "anne@example.net", None, "4.7.5", None, None, "mx.example.net", "tls_required", False),
    (SMTP + TO + "dsn=4.1.1, status=SOFTBOUNCE (host mx.example.net[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command))",
     "delayed", "anne@example.net", None, "5.1.1", 550, "RCPT", "mx.example.net", "bad_mailbox", False),
    (SMTP + TO + "dsn=5.1.1, status=undeliverable (host mx.example.net[192.0.2.1] said: 550 5.1.1 User unknown (in reply to RCPT TO command))",
     "failed", "anne@example.net", None, "5.1.1", 550, "RCPT", "mx.example.net", "bad_mailbox", True),
    (SMTP + TO + "dsn=2.1.5, status=deliverable (250 2.1.5 Ok)",
     "relayed", "anne@example.net", None, "2.1.5", 250, None, "mx.example.net", None, False),
    (P + 'postfix/local[9]: 1B2C3D: to=<root@mail.example.com>, orig_to=<root>, relay=local, delay=0.1, delays=0.1/0/0/0, dsn=5.1.1, status=bounced (unknown user: "root")',
     "failed", "root@mail.example.com", "root", "5.1.1", None, None, None, "bad_mailbox", True),
    (P + "postfix/local[9]: 1B2C3D: to=<bob@example.com>, relay=local, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (delivered to mailbox)",
     "delivered", "bob@example.com", None, "2.0.0", None, None, None, None, False),
    (P + "postfix/local[9]: 1B2C3D: to=<team@example.com>, relay=local, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (forwarded as 1B2C3E)",
     "expanded", "team@example.com", None, "2.0.0", None, None, None, None, False),
    (P + "postfix/virtual[9]: 1B2C3D: to=<bob@example.com>, relay=virtual, delay=0.1, delays=0.1/0/0/0, dsn=5.2.2, status=bounced (maildir delivery failed: error writing message: Disk quota exceeded)",
     "failed", "bob@example.com", None, "5.2.2", None, None, None, "mailbox_full", False),
    (P + 'postfix/pipe[9]: 1B2C3D: to=<bob@example.com>, relay=filter, delay=0.1, delays=0.1/0/0/0, dsn=5.3.0, status=bounced (Command died with status 2: "/usr/bin/filter")',
     "failed", "bob@example.com", None, "5.3.0", None, None, None, "mailer_error", False),
    (P + "postfix/lmtp[9]: 1B2C3D: to=<bob@example.com>, relay=store.example.com[192.0.2.7]:24, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 <bob@example.com> x1 Saved)",
     "delivered", "bob@example.com", None, "2.0.0", 250, None, "store.example.com", None, False),
    (P + "postfix/lmtp[9]: 1B2C3D: to=<bob@example.com>, relay=127.0.0.1[127.0.0.1]:10024, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 7A)",
     "relayed", "bob@example.com", None, "2.0.0", 250, None, "127.0.0.1", None, False),
    (P + "postfix/lmtp[9]: 1B2C3D: to=<bob@example.com>, relay=store.example.com[private/dovecot-lmtp], delay=0.1, delays=0.1/0/0/0, dsn=5.2.2, status=bounced (host store.example.com[private/dovecot-lmtp] said: 552 5.2.2 <bob@example.com> Quota exceeded (mailbox for user is full) (in reply to end of DATA command))",
     "failed", "bob@example.com", None, "5.2.2", 552, "DATA", "store.example.com", "mailbox_full", False),
    (P + "postfix/error[9]: 1B2C3D: to=<anne@example.net>, relay=none, delay=0.1, delays=0.1/0/0/0, dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to mx.example.net[192.0.2.1]:25: Connection refused)",
     "delayed", "anne@example.net", None, "4.4.1", None, "CONN", "mx.example.net", "no_answer_from_host", False),
    (P + 'postfix/smtp[9]: 1B2C3D: to=<"anne b, c"@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=1, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO command))',
     "failed", '"anne b, c"@example.net', None, "5.1.1", 550, "RCPT", "mx.example.net", "bad_mailbox", True),
    (P + "postfix/smtp[9]: 1B2C3D: to=<ANNE@EXAMPLE.net>, relay=mx.example.net[192.0.2.1]:25, delay=1, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.1] said: 550-5.1.1 The account that you tried to reach does not exist. 550 5.1.1 Please check it (in reply to RCPT TO",  # cut off
     "failed", "ANNE@example.net", None, "5.1.1", 550, "RCPT", "mx.example.net", "bad_mailbox", True),
    # Exim
    (E + "** anne@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<anne@example.net>: 550 5.1.1 User unknown",
     "failed", "anne@example.net", None, "5.1.1", 550, "RCPT", "mx.example.net", "bad_mailbox", True),
    (E + '** anne@example.net <sales@example.com> F=<bob@example.com> P=<bob@example.com> R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]:25 I=[192.0.2.9]:4711 X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes DN="/C=DE: x/CN=mx.example.net" DT=0.1s: SMTP error from remote mail server after pipelined end of data: 554-5.7.1 Spam\\n554 5.7.1 detected',
     "failed", "anne@example.net", "sales@example.com", "5.7.1", 554, "DATA", "mx.example.net", "spam_content", False),
    (E + "** anne@nx.example R=dnslookup: Unrouteable address",
     "failed", "anne@nx.example", None, None, None, None, None, "bad_domain", True),
    (E + "** bob@example.com: Unknown user",
     "failed", "bob@example.com", None, None, None, None, None, "bad_mailbox", True),
    (E + "** anne@example.net: retry timeout exceeded",
     "failed", "anne@example.net", None, None, None, None, None, "message_expired", False),
    (E + "== anne@example.net R=dnslookup T=remote_smtp defer (-44) H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<anne@example.net>: 450 4.2.0 Greylisted, try again",
     "delayed", "anne@example.net", None, "4.2.0", 450, "RCPT", "mx.example.net", "greylisted", False),
    (E + "== anne@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1] defer (110): Connection timed out",
     "delayed", "anne@example.net", None, None, None, None, "mx.example.net", "no_answer_from_host", False),
    (E + "== anne@example.net routing defer (-52): retry time not reached",
     "delayed", "anne@example.net", None, None, None, None, None, ..., False),
    (E + '=> anne@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=yes C="250 2.0.0 Ok: queued as 9F" QT=1s DT=1s',
     "relayed", "anne@example.net", None, "2.0.0", 250, None, "mx.example.net", None, False),
    (E + "-> cyd@example.net <team@example.com> R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]",
     "relayed", "cyd@example.net", "team@example.com", None, None, None, "mx.example.net", None, False),
    (E + ">> anne@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]",
     "relayed", "anne@example.net", None, None, None, None, "mx.example.net", None, False),
    (E + "=> bob <bob@example.com> R=localuser T=local_delivery",
     "delivered", "bob@example.com", None, None, None, None, None, None, False),
    (E + '=> bob@example.com R=store T=dovecot_lmtp H=store.example.com [192.0.2.7] C="250 2.0.0 Saved"',
     "delivered", "bob@example.com", None, "2.0.0", 250, None, "store.example.com", None, False),
    (E + "=> :blackhole: <bob@example.com> R=system_aliases",
     "delivered", "bob@example.com", None, None, None, None, None, None, False),
    (E + "** |/usr/bin/prog -x 1 <bob@example.com> R=userforward T=address_pipe: Child process of address_pipe transport returned 2 from command: /usr/bin/prog",
     "failed", "bob@example.com", None, None, None, None, None, "mailer_error", False),
    ("2026-11-23 12:00:00 +0100 [4711] 1vNAbC-0003xY-7Q ** anne@example.net R=dnslookup T=remote_smtp: SMTP error from remote mail server after MAIL FROM:<bob@example.com> SIZE=1: host mx.example.net [192.0.2.1]: 550 5.7.1 Client host [192.0.2.9] blocked using a DNS block list",
     "failed", "anne@example.net", None, "5.7.1", 550, "MAIL", "mx.example.net", "spam_block", False),
    (P + "exim[4711]: 1vNAbC-0003xY-7Q ** anne@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<anne@example.net>: 550 no such user",
     "failed", "anne@example.net", None, None, 550, "RCPT", "mx.example.net", "bad_mailbox", True),
    (P + "exim[4711]: 2026-11-23 12:00:00.123 [4711] 1vNAbC-0003xY-7Q ** anne@example.net: Unknown user",
     "failed", "anne@example.net", None, None, None, None, None, "bad_mailbox", True),
    ("1vNAbC-0003xY-7Q ** anne@example.net: Unknown user",
     "failed", "anne@example.net", None, None, None, None, None, "bad_mailbox", True),
    # Sendmail
    (S + ESMTP + "dsn=5.1.1, stat=User unknown",
     "failed", "anne@example.net", None, "5.1.1", None, None, "mx.example.net", "bad_mailbox", True),
    (S + ESMTP + "dsn=5.1.1, reply=550 5.1.1 <anne@example.net>... User unknown, really, stat=User unknown",
     "failed", "anne@example.net", None, "5.1.1", 550, None, "mx.example.net", "bad_mailbox", True),
    (S + ESMTP + "dsn=5.0.0, stat=Service unavailable",
     "failed", "anne@example.net", None, "5.0.0", None, None, "mx.example.net", "undetermined", False),
    (S + ESMTP + "dsn=4.0.0, stat=Deferred: 452 4.2.2 Mailbox full",
     "delayed", "anne@example.net", None, "4.2.2", 452, None, "mx.example.net", "mailbox_full", False),
    (S + ESMTP + "dsn=4.0.0, stat=Deferred: Connection refused by mx.example.net.",
     "delayed", "anne@example.net", None, "4.0.0", None, None, "mx.example.net", "no_answer_from_host", False),
    (S + ESMTP + "dsn=4.7.1, reply=451 4.7.1 Greylisting in action, stat=Please come back",
     "delayed", "anne@example.net", None, "4.7.1", 451, None, "mx.example.net", "greylisted", False),
    (S + ESMTP + "dsn=4.4.7, stat=Cannot send message for 5 days",
     "failed", "anne@example.net", None, "4.4.7", None, None, "mx.example.net", "message_expired", False),
    (S + ESMTP + "dsn=2.0.0, stat=Sent (2.0.0 Ok: queued as 9F2A1)",
     "relayed", "anne@example.net", None, "2.0.0", None, None, "mx.example.net", None, False),
    (P + "sm-mta[9]: 5ANC00ab012345: to=bob, delay=00:00:01, xdelay=00:00:00, mailer=local, pri=30000, dsn=2.0.0, stat=Sent",
     "delivered", "bob", None, "2.0.0", None, None, None, None, False),
    (S + "to=<anne@nx.example>, delay=00:00:00, mailer=esmtp, pri=0, relay=nx.example., dsn=5.1.2, stat=Host unknown (Name server: nx.example.: host not found)",
     "failed", "anne@nx.example", None, "5.1.2", None, None, "nx.example", "bad_domain", True),
    (P + "sm-mta[9]: [ID 197553 mail.info] 5ANC00ab012345: to=<anne@example.net>, delay=1, mailer=esmtp, relay=[192.0.2.1] [192.0.2.1], dsn=5.1.1, stat=User unknown",
     "failed", "anne@example.net", None, "5.1.1", None, None, "192.0.2.1", "bad_mailbox", True),
    (P + "postfix/pipe[9]: 1B2C3D: to=<bob@example.com>, relay=maildrop, delay=0.1, delays=0.1/0/0/0, dsn=5.1.1, status=bounced (user unknown. Command output: Invalid user specified. )",
     "failed", "bob@example.com", None, "5.1.1", None, None, None, "bad_mailbox", True),
    (SMTP + "to=<anne@example.net>, relay=mx.example.net[192.0.2.1]:25, delay=0.1, delays=0.1/0/0/0, dsn=5.6.7, status=bounced (SMTPUTF8 is required, but was not offered by host mx.example.net[192.0.2.1])",
     "failed", "anne@example.net", None, "5.6.7", None, None, "mx.example.net", "content_rejected", False),
    # Sendmail: a program behind an alias, which it names as the one in control; an address without its aliases.
    (S + 'to="|/usr/bin/prog", ctladdr=<team@example.com> (1/1), delay=00:00:00, mailer=prog, dsn=5.3.0, stat=unknown mailer error 1',
     "failed", "team@example.com", None, "5.3.0", None, None, None, "mailer_error", False),
    (S + "to=\\\\bob, ctladdr=<bob@example.com> (1/1), delay=00:00:00, mailer=local, dsn=5.1.1, stat=User unknown",
     "failed", "bob", None, "5.1.1", None, None, None, "bad_mailbox", True),
    # Exim
    (E + "** anne@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after pipelined end of data: 550 5.7.1 Message classified as spam",
     "failed", "anne@example.net", None, "5.7.1", 550, "DATA", "mx.example.net", "spam_content", False),
    (E + "** anne@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after pipelined end of data: 550 denied",
     "failed", "anne@example.net", None, None, 550, "DATA", "mx.example.net", "undetermined", False),
    (E + "== anne@example.net routing defer (-1): host lookup did not complete",
     "delayed", "anne@example.net", None, None, None, None, None, "dns_failure", False),
    (P + "exim[9]: [1\\2] 1vNAbC-000000012ab-1XyZ ** anne@example.net: Unrouteable address",
     "failed", "anne@example.net", None, None, None, None, None, "bad_domain", True),
]  # fmt: skip


@pytest.mark.parametrize("case", DELIVERIES, ids=[case[0][:60] + str(number) for number, case in enumerate(DELIVERIES)])
def test_a_delivery(case: tuple[object, ...]) -> None:
    line, *wanted = case
    assert isinstance(line, str)
    report = bouncelib.parse_log_line(line)
    assert report is not None
    (recipient,) = report.recipients
    got = (
        recipient.action, recipient.address, recipient.original_address,
        str(recipient.status) if recipient.status else None, recipient.reply.code if recipient.reply else None,
        recipient.command, recipient.remote_mta, recipient.reason, recipient.suppress,
    )  # fmt: skip
    assert got == tuple(have if want is ... else want for have, want in zip(got, wanted, strict=True)), report.explain()
    assert report.kind == {"failed": "bounce", "delayed": "delay"}.get(str(wanted[0]), "success")
    assert recipient.timing == ("unknown" if report.kind == "success" else "synchronous")
    assert {"address", "action"} <= {evidence.field for evidence in recipient.evidence}
    assert bouncelib.parse_log_line(line.encode()) == report
    assert bouncelib.parse_log_line(f"\n{line}\r\n") == report


OTHERS = [
    S + "to=<anne@example.net>,<bart@example.net>, [more]",
    S + 'to="|/usr/bin/prog", delay=00:00:00, mailer=prog, dsn=5.0.0, stat=Service unavailable',
    E + "*> anne@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]",  # exim -N
    "",
    "\n\n",
    "Dear Anne,",
    "to=<anne@example.net>",
    P + "postfix/smtpd[9]: NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 550 5.1.1 <x@example.com>: Recipient address rejected: User unknown; from=<a@example.net> to=<x@example.com> proto=ESMTP helo=<a>",
    P + "postfix/cleanup[9]: 1B2C3D: milter-reject: END-OF-MESSAGE from a[192.0.2.9]: 5.7.1 no; from=<a@example.net> to=<x@example.com> proto=ESMTP helo=<a>",
    P + "postfix/smtpd[9]: 1B2C3D: client=a[192.0.2.9]",
    P + "postfix/cleanup[9]: 1B2C3D: message-id=<to=<a@example.net>, status=bounced@example.com>",
    P + "postfix/qmgr[9]: 1B2C3D: from=<a@example.com>, size=1, nrcpt=1 (queue active)",
    P + "postfix/qmgr[9]: 1B2C3D: removed",
    P + "postfix/bounce[9]: 1B2C3D: sender non-delivery notification: 1B2C3E",
    P + "postfix/smtp[9]: 1B2C3D: host mx.example.net[192.0.2.1] said: 450 4.2.0 Greylisted (in reply to RCPT TO command)",
    P + "postfix/smtp[9]: connect to mx.example.net[192.0.2.1]:25: Connection timed out",
    P + "postfix/smtp[9]: 1B2C3D: to=<a@example.com>, relay=none, delay=1, status=strange (what)",
    P + "postfix/smtp[9]: 1B2C3D: to=<>, relay=none, delay=1, dsn=5.0.0, status=bounced (what)",
    P + "postfix/pickup[9]: 1B2C3D: uid=0 from=<root>",
    E + "<= bob@example.com U=bob P=local S=500",
    E + "Completed",
    E + "Frozen (delivery error message)",
    E + "*> anne@example.net R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.1]",
    E + "=> |/usr/bin/prog R=x T=address_pipe",
    E + "H=mx.example.net [192.0.2.1]: SMTP error from remote mail server after RCPT TO:<a@example.net>: 450 later",
    "2026-11-23 12:00:00 H=a [192.0.2.9] F=<a@example.net> rejected RCPT <x@example.com>: Unknown user",
    "2026-11-23 12:00:00 unexpected disconnection from 1vNAbC-0003xY-7Q ** anne@example.net: Unknown user",
    "2026-11-23 12:00:00 no host name found for IP address 192.0.2.9",
    S + "from=<bob@example.com>, size=500, class=0, nrcpts=1, msgid=<1@example.com>, proto=ESMTP, relay=a [192.0.2.9]",
    S + ESMTP + "dsn=2.0.0, stat=queued",
    S + ESMTP + "quarantine=spam, stat=quarantined",
    S + "Milter: to=<x@example.com>, reject=550 5.1.1 no such user",
    S + "ruleset=check_rcpt, arg1=<x@example.com>, relay=a [192.0.2.9], reject=550 5.7.1 Relaying denied",
    S + "5ANC00ab012346: DSN: User unknown",
    P + "dovecot: lmtp(bob)<9><x>: msgid=<1@example.com>: saved mail to INBOX",
    P + "sshd[9]: Failed password for root from 192.0.2.9 port 22 ssh2",
]  # fmt: skip


@pytest.mark.parametrize("line", OTHERS)
def test_what_tells_of_no_delivery(line: str) -> None:
    assert bouncelib.parse_log_line(line) is None
    assert bouncelib.parse_log_line(line.encode()) is None


REST = "postfix/smtp[4711]: 1B2C3D: " + TO + "dsn=5.1.1, status=bounced (unknown user)"
PREFIXES = [
    ("", None),
    ("Nov  3 01:02:03 mail ", "mail"),
    ("Nov 23 2026 01:02:03 mail ", "mail"),
    ("Nov 23 01:02:03 mail.example.com ", "mail.example.com"),
    ("Nov 23 01:02:03 192.0.2.3 ", "192.0.2.3"),
    ("Nov 23 01:02:03 ", None),
    ("<22>Nov 23 01:02:03 mail ", "mail"),
    ("2026-11-23T01:02:03.123456+01:00 mail ", "mail"),
    ("2026-11-23T01:02:03Z mail ", "mail"),
    ("2026-11-23 01:02:03 mail ", "mail"),
    ("2026-11-23 01:02:03,123 +0100 mail ", "mail"),
]


@pytest.mark.parametrize(("prefix", "host"), PREFIXES)
def test_what_stands_in_front(prefix: str, host: str | None) -> None:
    told = logs.read(prefix + REST)
    assert told is not None
    assert (told.host, told.queue_id, told.program, len(told.recipients)) == (host, "1B2C3D", "postfix-log", 1)


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("<22>1 2026-11-23T01:02:03.003Z mail postfix/smtp 4711 - - ", "mail"),
        ('<22>1 2026-11-23T01:02:03Z mail postfix/smtp - ID7 [x@1 a="b"] \ufeff', "mail"),
        ("Nov 23 01:02:03 mail postfix-out/relay/smtp[4711]: ", "mail"),
        ("Nov 23 01:02:03 mail mta-out/smtp[4711]: ", "mail"),
        ("", None),
    ],
)
def test_other_tags(line: str, host: str | None) -> None:
    told = logs.read(f"{line}4F1bXq1Ybcz2rt: {TO}dsn=5.1.1, status=bounced (unknown user)")
    assert told is not None
    assert (told.host, told.queue_id) == (host, "4F1bXq1Ybcz2rt")
    assert (logs.read(TO + "dsn=5.1.1, status=bounced (x)") or told).queue_id is None


def test_several_recipients_in_one_line_of_sendmail() -> None:
    to = 'to=<anne@example.net>,<bob@example.net>,cyd@example.net,<anne@example.net>,"|/bin/prog", delay=1, '
    report = bouncelib.parse_log_line(S + to + "mailer=esmtp, relay=mx.example.net., dsn=5.1.1, stat=User unknown")
    assert report is not None
    assert [recipient.address for recipient in report.recipients] == [
        "anne@example.net", "bob@example.net", "cyd@example.net",
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["expired", "force-expired"])
def test_a_message_that_has_expired_names_nobody(word: str) -> None:
    line = P + f"postfix/qmgr[9]: 1B2C3D: from=<bob@example.com>, status={word}, returned to sender"
    report = bouncelib.parse_log_line(line)
    assert report is not None
    assert (report.kind, report.recipients, report.reporting_mta) == ("bounce", (), "mail")
    assert [(e.field, e.text) for e in report.evidence] == [("reporting_mta", "mail"), ("queue_id", "1B2C3D")]


def test_the_sender_may_prove_that_the_message_was_ours() -> None:
    sender = bouncelib.make_verp("bounces@example.com", "anne@example.net", "secret")
    line = f"{E}** anne@example.net P=<{sender}> R=dnslookup T=remote_smtp: retry timeout exceeded"
    own = bouncelib.parse_log_line(line, context=Context(verp=["secret"], own_domains=["example.com"]))
    assert own is not None
    assert own.provenance.verdict == "own"
    for context in (None, Context(), Context(verp=["another"], own_domains=["example.com"])):
        unproven = bouncelib.parse_log_line(line, context=context)
        assert unproven is not None
        assert unproven.provenance.verdict == "unproven"
        assert unproven.recipients[0].bounce_type == "soft"


def test_a_report_of_a_line_is_like_any_other() -> None:
    for case in DELIVERIES:
        report = bouncelib.parse_log_line(str(case[0]))
        assert report is not None
        assert bouncelib.Report.from_dict(report.to_dict()) == report
        assert report.explain()


def test_lines_that_are_no_text() -> None:
    raw = (SMTP + TO).encode() + b"dsn=5.1.1, status=bounced (Benutzer gel\xf6scht, user unknown)"
    report = bouncelib.parse_log_line(raw)
    assert report is not None
    assert report.recipients[0].diagnostic == "Benutzer gelöscht, user unknown"
    assert bouncelib.parse_log_line(raw.decode("utf-8", "surrogateescape")) == report


@given(st.text() | st.binary() | st.builds(str.__add__, st.sampled_from([SMTP, S, E, SMTP + TO, S + ESMTP]), st.text()))
def test_no_line_raises(line: str | bytes) -> None:
    report = bouncelib.parse_log_line(line)
    assert report is None or report.to_dict()


HOSTILE = [
    "a",
    "<",
    '"',
    ":",
    ": ",
    ",",
    ", ",
    "to=<",
    "=> ",
    '<"',
    "a@",
    "[",
    "(",
    "\\",
    "\x00",
    "status=",
    ", a=",
    "H=",
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize(
    "start", ["", P, SMTP, SMTP + "to=", SMTP + TO, S + ESMTP + "reply=", E, E + "** ", E + "** a@b "]
)
def test_time_is_linear(start: str, piece: str) -> None:
    before = time.process_time()
    bouncelib.parse_log_line(start + piece * (100_000 // len(piece)))
    assert time.process_time() - before < 0.5
