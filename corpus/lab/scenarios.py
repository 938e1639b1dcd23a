"""The scenarios: what is done to a message, and what a reader of the report must conclude from it.

A line here and a run of the lab give a sample from every server that can produce it. The people have neutral names, so
that no address in a sample gives the answer away.
"""

from __future__ import annotations

from .model import Host, Later, Reply

__all__ = ["ALIASES", "HARD", "HOSTS", "LATER", "LOOP_DOMAIN", "REMOTE", "REPLIES", "SENDERS", "person"]

REMOTE = "remote.test"
"""The domain of the scripted peer that accepts everybody but the people below."""

LOOP_DOMAIN = "mirror.test"
"""The peer sends whatever it gets for this domain back to where it came from."""

HARD = frozenset({
    "bad_mailbox", "bad_address_syntax", "mailbox_moved", "inactive_mailbox", "bad_domain", "null_mx",
    "system_not_accepting",
})  # fmt: skip
"""The reasons that end an address, where the refusal is permanent."""

# Refusals of one recipient: after RCPT, or after the end of the data.
REPLIES = (
    Reply("rcpt-unknown-user", "anne", "550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown in virtual mailbox table", "bad_mailbox"),
    Reply("rcpt-unknown-user-no-status", "bert", "550 No such user here", "bad_mailbox"),
    Reply("rcpt-status-after-hash", "carla", "550 sorry, no mailbox here by that name (#5.1.1)", "bad_mailbox"),
    Reply("rcpt-names-another-address", "dario", "550 5.1.1 No such user <d.rossi@internal.remote.test>; forwarded from <{rcpt}>", "bad_mailbox"),
    Reply("rcpt-invalid-address", "emma", "553 5.1.3 Invalid address syntax", "bad_address_syntax"),
    Reply("rcpt-moved", "greta", "551 5.1.6 Recipient has moved, try <greta@elsewhere.test>", "mailbox_moved"),
    Reply("rcpt-full", "hugo", "552 5.2.2 <{rcpt}>: Mailbox full", "mailbox_full"),
    Reply("rcpt-full-no-status", "ines", "550 Requested action not taken: mailbox quota exceeded", "mailbox_full"),
    Reply("rcpt-452-full", "jonas", "452 4.2.2 The recipient's inbox is out of storage space", "mailbox_full"),
    Reply("rcpt-550-with-4.2.2", "jutta", "550 4.2.2 Mailbox over quota", "mailbox_full"),
    Reply("rcpt-disabled", "karin", "550 5.2.1 The mailbox is disabled, not accepting messages", "inactive_mailbox"),
    Reply("rcpt-greylisted", "lars", "450 4.2.0 <{rcpt}>: Recipient address rejected: Greylisted, see http://postgrey.test/help", "greylisted"),
    Reply("rcpt-greylisted-for-300-seconds", "lena", "451 4.7.1 Greylisting in action, please come back in 300 seconds", "greylisted", retry_after=300),
    Reply("rcpt-451", "mona", "451 Temporary local problem - please try later", ""),
    Reply("rcpt-421", "nils", "421 4.7.0 Try again later, closing connection", ""),
    Reply("rcpt-relay-denied", "olga", "554 5.7.1 <{rcpt}>: Relay access denied", "relay_denied"),
    Reply("rcpt-unsolicited", "paul", "550-5.7.1 [{ip}] This message looks to us like\n550-5.7.1 unsolicited mail, and we did not take it.\n550 5.7.1 See https://help.remote.test/?a=1&b=2 for more.", "spam_content"),
    Reply("rcpt-block-list", "quentin", "554 5.7.1 Service unavailable; Client host [{ip}] blocked using bl.test; https://bl.test/q?ip={ip}", "spam_block"),
    Reply("rcpt-spf", "rosa", "550 5.7.23 SPF validation failed: {ip} is not allowed to send mail", "auth_failure"),
    Reply("rcpt-reverse-dns", "rudi", "550 5.7.25 Client host rejected: cannot find your reverse hostname, [{ip}]", "reverse_dns"),
    Reply("rcpt-sender-rejected", "sven", "550 5.1.8 <{sender}>: Sender address rejected: Domain not found", "invalid_sender"),
    Reply("rcpt-too-many-recipients", "sofia", "452 4.5.3 Error: too many recipients", "too_many_recipients"),
    Reply("rcpt-rate-limited", "tilda", "450 4.7.1 Error: too much mail from {ip}", "rate_limited"),
    Reply("rcpt-list-members-only", "tom", "550 5.7.2 <{rcpt}>: only subscribers may post to this mailing list", "list_restricted"),
    Reply("rcpt-tls-needed", "uta", "530 5.7.10 Encryption needed for this recipient", "tls_required"),
    Reply("rcpt-syntax-error", "uwe", "501 5.5.4 Syntax error in parameters or arguments", "protocol_error"),
    Reply("rcpt-reply-in-latin1", "vito", "550 5.1.1 Bo\xeete aux lettres inconnue", "bad_mailbox"),
    Reply("rcpt-reply-in-utf8", "volker", "550 5.1.1 用户不存在 (user does not exist)".encode().decode("latin-1"), "bad_mailbox"),
    Reply("rcpt-reply-of-1000-characters", "wera", "550 5.7.1 " + " ".join(f"reason{i:03d}" for i in range(90)), ""),
    Reply("rcpt-reply-of-many-lines", "willi", "".join(f"550-5.7.1 line {i} of the policy text\n" for i in range(12)) + "550 5.7.1 end", "policy_related"),
    Reply("rcpt-bare-550", "xaver", "550", "undetermined"),
    Reply("rcpt-lost-connection", "yara", "", "bad_connection"),
    Reply("end-of-data-spam", "adam", "554 5.7.1 Message rejected as spam by content filter", "spam_content", "."),
    Reply("end-of-data-virus", "beate", "550 5.7.1 Message contains a virus (Eicar-Test-Signature)", "virus_detected", "."),
    Reply("end-of-data-attachment", "cora", "552 5.7.0 Attachments of the type .exe are not accepted here", "attachment_rejected", "."),
    Reply("end-of-data-dmarc", "dora", "550-5.7.26 Unauthenticated mail from this sender's domain is not accepted\n550 5.7.26 because of its DMARC policy", "auth_failure", "."),
    Reply("end-of-data-full", "edda", "552 5.2.2 Over quota", "mailbox_full", "."),
    Reply("end-of-data-too-large", "fritz", "552 5.3.4 Message size exceeds fixed limit", "message_too_large", "."),
    Reply("end-of-data-hop-count", "gabi", "554 5.4.6 Error: too many hops, possible mail loop", "routing_error", "."),
    Reply("end-of-data-451", "hanna", "451 4.3.0 Error: queue file write error", "system_error", "."),
    Reply("end-of-data-without-reason", "ingo", "554 Transaction failed", "undetermined", "."),
    Reply("end-of-data-lost-connection", "jana", "", "bad_connection", "."),
)  # fmt: skip

# Domains that refuse everybody at a command before RCPT, or at DATA, and domains that cannot be reached at all.
HOSTS = (
    Host("greeting-554", "amber.test", "system_not_accepting", {"CONN": "554 5.3.2 No SMTP service for you here"}),
    Host("greeting-block-list", "basalt.test", "spam_block", {"CONN": "554 5.7.1 {ip} is listed at bl.test, see https://bl.test/q?ip={ip}"}),
    Host("greeting-421", "chalk.test", "system_not_accepting", {"CONN": "421 4.3.2 Service shutting down, try later"}),
    Host("greeting-421-rate-limited", "clay.test", "rate_limited", {"CONN": "421 4.7.0 Too many connections from {ip}"}),
    Host("ehlo-refused", "coral.test", "", {"EHLO": "550 5.7.1 Access denied, bad HELO"}),
    Host("mail-sender-rejected", "flint.test", "invalid_sender", {"MAIL": "550 5.1.8 <{sender}>: Sender address rejected: Domain not found"}),
    Host("mail-needs-starttls", "garnet.test", "tls_required", {"MAIL": "530 5.7.0 Must issue a STARTTLS command first"}),
    Host("mail-needs-login", "gneiss.test", "login_required", {"MAIL": "530 5.7.0 Authentication required"}),
    Host("mail-spf", "granite.test", "auth_failure", {"MAIL": "550 5.7.23 SPF check for the sender's domain failed"}),
    Host("mail-system-full", "jade.test", "system_full", {"MAIL": "452 4.3.1 Insufficient system storage"}),
    Host("mail-too-large", "marble.test", "message_too_large", {"SIZE": "552 5.3.4 Message size exceeds fixed limit"}, ("SIZE 100",)),
    Host("starttls-broken", "onyx.test", "tls_required", {"STARTTLS": "220 2.0.0 Ready to start TLS"}, ("STARTTLS",), temporary=True),
    Host("data-refused", "opal.test", "policy_related", {"DATA": "550 5.7.1 DATA refused by policy"}),
    Host("data-lost-connection", "pearl.test", "bad_connection", {"DATA": ""}, temporary=True),
    Host("greeting-timed-out", "quartz.test", "no_answer_from_host", silence=True, temporary=True),
    Host("domain-does-not-exist", "nowhere.invalid", "bad_domain", names="nxdomain"),
    Host("host-without-address", "slate.test", "bad_domain", names="nodata"),
    Host("exchanger-without-address", "shale.test", "bad_domain", names="dangling-mx"),
    Host("null-mx", "topaz.test", "null_mx", names="null-mx"),
    Host("name-service-failure", "tuff.test", "dns_failure", names="servfail", temporary=True),
    Host("connection-refused", "ruby.test", "no_answer_from_host", address="10.99.0.9", temporary=True),
    Host("connection-timed-out", "sand.test", "no_answer_from_host", address="10.99.0.8", temporary=True),
    Host("network-unreachable", "zircon.test", "no_answer_from_host", address="10.77.0.1", temporary=True),
)  # fmt: skip

# People in a server's own domain: their mail is accepted and fails afterwards.
LATER = (
    Later("unknown-user", "kurt", "bad_mailbox"),
    Later("forwarded-unknown-user", "vera", "bad_mailbox", "anne@remote.test"),
    Later("forwarded-refused-as-spam", "walt", "spam_content", "adam@remote.test"),
    Later("forwarded-full", "xenia", "mailbox_full", "hugo@remote.test"),
    Later("forwarded-no-such-domain", "yann", "bad_domain", "yann@nowhere.invalid"),
    Later("forwarded-too-large", "zoe", "message_too_large", "zoe@marble.test", "552 5.3.4 Message size exceeds fixed limit"),
    Later("forwarded-to-another-server", "wim", "bad_mailbox", "kurt@exim.test", writer="exim"),
    Later("forwarding-loop", "rolf", "routing_error", "rolf@mirror.test"),
    Later("pipe-command-config-missing", "piet", "mailer_error"),
    Later("pipe-command-failing-for-now", "pia", "mailer_error", temporary=True),
    Later("pipe-command-killed", "pius", "mailer_error"),
    Later("pipe-command-missing", "paula", "mailer_error"),
    Later("mailbox-disabled", "doris", "inactive_mailbox"),
    Later("mailbox-moved", "otto", "mailbox_moved"),
    Later("mailbox-full", "quirin", "mailbox_full"),
    Later("alias-file-missing", "ilse", "system_error"),
    Later("sieve-reject", "rea", "recipient_refused"),
    Later("sieve-ereject", "egon", "recipient_refused"),
    Later("list-post-rejected", "closed", "list_restricted"),
    Later("list-unknown", "nolist", "bad_mailbox"),
)  # fmt: skip

ALIASES = "".join(f"{row.person}: {row.forward}\n" for row in LATER if row.forward)
"""The forwardings in the form of /etc/aliases, and `crew`, which has one good member and two bad ones."""
ALIASES += "crew: alice, anne@remote.test, hugo@remote.test\n"

SENDERS = {
    "verp": "news+{local}={domain}@{home}",
    "batv": "prvs=1784a0f2c3=sender@{home}",
    "barracuda": "btv1==784a0f2c3==sender@{home}",
    "srs": "SRS0=Hx4T=ZK=origin.test=someone@{home}",
}
"""Forms of envelope senders; a message with such a sender goes to an unknown user."""

_PEOPLE = {reply.scenario: f"{reply.person}@{REMOTE}" for reply in REPLIES}


def person(scenario: str) -> str:
    """The address at the scripted peer that gets the reply of this scenario."""
    return _PEOPLE[scenario]
