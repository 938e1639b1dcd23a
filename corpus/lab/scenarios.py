"""The scenarios: what is done to a message, and what a reader of the report must conclude from it.

A line here and a run of the lab give a sample from every server that can produce it. The people have neutral names, so
that no address in a sample gives the answer away.
"""

from __future__ import annotations

from .model import Form, Host, Later, Reply, Subscription, Wish

__all__ = [
    "ALIASES", "FORMS", "HARD", "HOSTS", "LATER", "LOCAL", "LOOP_DOMAIN", "MIXED", "MIXED_WISH", "REMOTE", "REPLIES",
    "SUBSCRIPTIONS", "THREE", "UNICODE", "WISHES", "person",
]  # fmt: skip

REMOTE = "remote.test"
"""The domain of the scripted peer that accepts everybody but the people below."""

LOOP_DOMAIN = "mirror.test"
"""The peer sends whatever it gets for this domain back to where it came from."""

HARD = frozenset({
    "bad_mailbox", "bad_address_syntax", "mailbox_moved", "inactive_mailbox", "bad_domain", "null_mx",
    "system_not_accepting",
})  # fmt: skip
"""The reasons that end an address, where the refusal is permanent."""

# Refusals of one recipient: after RCPT, or after the end of the data (RFC 3463 has the codes).
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
    Reply("end-of-data-spam", "adam", "554 5.7.1 Message rejected as spam by content filter", "spam_content", "."),
    Reply("end-of-data-virus", "beate", "550 5.7.1 Message contains a virus (Eicar-Test-Signature)", "virus_detected", "."),
    Reply("end-of-data-attachment", "cora", "552 5.7.0 Attachments of the type .exe are not accepted here", "attachment_rejected", "."),
    Reply("end-of-data-dmarc", "dora", "550-5.7.26 Unauthenticated mail from this sender's domain is not accepted\n550 5.7.26 because of its DMARC policy", "auth_failure", "."),
    Reply("end-of-data-full", "edda", "552 5.2.2 Over quota", "mailbox_full", "."),
    Reply("end-of-data-too-large", "fritz", "552 5.3.4 Message size exceeds fixed limit", "message_too_large", "."),
    Reply("end-of-data-hop-count", "gabi", "554 5.4.6 Error: too many hops, possible mail loop", "routing_error", "."),
    Reply("end-of-data-451", "hanna", "451 4.3.0 Error: queue file write error", "system_error", "."),
    Reply("end-of-data-without-reason", "ingo", "554 Transaction failed", "undetermined", "."),
)  # fmt: skip

# Domains that refuse everybody at a command before RCPT, or at DATA, and domains that cannot be reached at all.
HOSTS = (
    Host("greeting-521", "amber.test", "system_not_accepting", {"CONN": "521 5.3.2 Host does not accept mail"}),
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
    Host("starttls-broken", "onyx.test", "tls_required", said="rubbish after STARTTLS", answers={"STARTTLS": "220 2.0.0 Ready to start TLS"}, extensions=("STARTTLS",), temporary=True),
    Host("starttls-not-offered", "obsidian.test", "tls_required", said="our server wants TLS, the peer does not offer it", temporary=True, extra="tls"),
    Host("rcpt-421", "agate.test", "", {"RCPT": "421 4.7.0 Try again later, closing connection"}),
    Host("rcpt-lost-connection", "beryl.test", "bad_connection", said="the connection is cut after RCPT", answers={"RCPT": ""}, temporary=True),
    Host("data-refused", "opal.test", "policy_related", {"DATA": "550 5.7.1 DATA refused by policy"}),
    Host("data-lost-connection", "pearl.test", "bad_connection", said="the connection is cut in the data", answers={"DATA": ""}, temporary=True),
    Host("end-of-data-lost-connection", "lapis.test", "bad_connection", said="the connection is cut after the end of data", answers={".": ""}, temporary=True),
    Host("greeting-timed-out", "quartz.test", "bad_connection", said="the peer takes the connection and never says anything", silence=True, temporary=True),
    Host("domain-does-not-exist", "nowhere.invalid", "bad_domain", said="a domain that does not exist", names="nxdomain"),
    Host("host-without-address", "slate.test", "bad_domain", said="a domain without MX and address", names="nodata"),
    Host("exchanger-without-address", "shale.test", "bad_domain", said="a domain whose exchanger does not exist", names="dangling-mx"),
    Host("null-mx", "topaz.test", "null_mx", said="a domain with a null MX (RFC 7505)", names="null-mx"),
    Host("name-service-failure", "tuff.test", "dns_failure", said="SERVFAIL for the domain", names="servfail", temporary=True),
    Host("connection-refused", "ruby.test", "no_answer_from_host", said="the connection is refused", address="10.99.0.9", temporary=True),
    Host("connection-timed-out", "sand.test", "no_answer_from_host", said="nobody answers the connection", address="10.99.0.8", temporary=True),
    Host("network-unreachable", "zircon.test", "no_answer_from_host", said="the network cannot be reached", address="10.77.0.1", temporary=True),
)  # fmt: skip

# People in a server's own domain: their mail is accepted and fails afterwards.
LATER = (
    Later("unknown-user", "kurt", "an unknown user", "bad_mailbox"),
    Later("forwarded-unknown-user", "vera", "a forwarded address whose target is refused as unknown", "bad_mailbox", "anne@remote.test"),
    Later("forwarded-refused-as-spam", "walt", "a forwarded address whose target refuses the message as spam", "spam_content", "adam@remote.test"),
    Later("forwarded-full", "xenia", "a forwarded address whose target is full", "mailbox_full", "hugo@remote.test"),
    Later("forwarded-no-such-domain", "yann", "a forwarded address whose target has no domain", "bad_domain", "yann@nowhere.invalid"),
    Later("forwarded-too-large", "zoe", "a forwarded address whose target finds the message too large", "message_too_large", "zoe@marble.test"),
    Later("forwarded-to-another-server", "wim", "a forwarded address whose target another server accepts and bounces", "bad_mailbox", "kurt@exim.test", writer="exim"),
    Later("forwarding-loop", "rolf", "a forwarded address whose target sends everything back", "routing_error", "rolf@mirror.test"),
    Later("pipe-command-config-missing", "piet", "a program that ends with 78 (EX_CONFIG)", ""),
    Later("pipe-command-failing-for-now", "pia", "a program that ends with 75 (EX_TEMPFAIL)", "mailer_error", temporary=True),
    Later("pipe-command-killed", "pius", "a program that is killed", "mailer_error"),
    Later("pipe-command-missing", "paula", "a program that does not exist", "mailer_error"),
    Later("mailbox-disabled", "doris", "a disabled mailbox", "inactive_mailbox"),
    Later("mailbox-moved", "otto", "a mailbox that has moved", "mailbox_moved"),
    Later("mailbox-full", "quirin", "a full mailbox", "mailbox_full"),
    Later("alias-file-missing", "ilse", "an alias that includes a missing file", "system_error"),
    Later("sieve-reject", "rea", "a Sieve script that rejects (RFC 5429)", "recipient_refused"),
    Later("list-post-rejected", "closed", "a list that rejects posts of strangers", "list_restricted", notice=True),
    Later("list-unknown", "nolist", "a list that does not exist", "bad_mailbox"),
)  # fmt: skip

ALIASES = "".join(f"{row.person}: {row.forward}\n" for row in LATER if row.forward)
"""The forwardings in the form of /etc/aliases, and `crew`, which has two members."""
ALIASES += "crew: alice, bob\n"

SUBSCRIPTIONS = (
    Subscription("list-subscriber-unknown", "garden", "a subscriber is refused as unknown", "anne@remote.test", "bad_mailbox"),
    Subscription("list-subscriber-full", "choir", "a subscriber's mailbox is full", "hugo@remote.test", "mailbox_full"),
    Subscription("list-subscriber-bounced-later", "chess", "a subscriber's server accepts the post and bounces it", "kurt@exim.test", "bad_mailbox", "exim"),
)  # fmt: skip
"""Lists with a subscriber who is gone. There are two more: `closed` takes posts of nobody, `nolist` does not exist."""

# Envelope senders that carry something; a message with such a sender goes to an unknown user.
FORMS = (
    Form("unknown-user-verp-sender", "a VERP envelope sender", "news+{local}={domain}@{home}"),
    Form("unknown-user-batv-sender", "an envelope sender with a BATV tag", "prvs=1784a0f2c3=sender@{home}"),
    Form("unknown-user-barracuda-sender", "an envelope sender with Barracuda's tag", "btv1==784a0f2c3==sender@{home}"),
    Form("unknown-user-srs-sender", "an SRS envelope sender", "SRS0=Hx4T=ZK=origin.test=someone@{home}"),
    Form("unknown-user-signed-sender", "an envelope sender with a BATV tag that we can check", "prvs={tag}=sender@{home}", "a key of ours", ("a key of ours",)),
    Form("backscatter-signed-sender", "an envelope sender with a BATV tag that is not of our key", "prvs={tag}=sender@{home}", "a guess", ("a key of ours",), forged=True),
)  # fmt: skip

# What happens to mail for people of our own server as well, given to it by one of us.
LOCAL = ("unknown-user", "forwarded-unknown-user", "mailbox-full", "mailbox-disabled", "pipe-command-missing")

# What a sender may ask for (RFC 3461): `{domain}` is that of the server. The good recipients are alice and bob.
WISHES = (
    Wish("relayed", "NOTIFY=SUCCESS, handed to a next host without DSN", "alice@remote.test", "relayed", rcpt="NOTIFY=SUCCESS"),
    Wish("delivered", "NOTIFY=SUCCESS, delivered locally", "alice@{domain}", "delivered", rcpt="NOTIFY=SUCCESS"),
    Wish("expanded", "NOTIFY=SUCCESS to an alias of two people", "crew@{domain}", "expanded", rcpt="NOTIFY=SUCCESS"),
    Wish("unknown-user-headers-returned", "550 5.1.1 to RCPT; RET=HDRS ENVID ORCPT", "anne@remote.test", "failed", ("RET=HDRS", "ENVID=env-0001"), "NOTIFY=FAILURE ORCPT=rfc822;first.address@origin.test", {"envelope_id": "env-0001", "original_address": "first.address@origin.test"}),
    Wish("unknown-user-message-returned", "550 5.1.1 to RCPT; RET=FULL ENVID", "anne@remote.test", "failed", ("RET=FULL", "ENVID=env-0002"), "NOTIFY=FAILURE,DELAY", {"envelope_id": "env-0002"}),
    Wish("delivered-by-another-server", "our server relays to it: NOTIFY=SUCCESS, delivered locally", "alice@{domain}", "delivered", ("RET=HDRS", "ENVID=env-0003"), "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;alice@{domain}", {"envelope_id": "env-0003"}, relayed=True),
)  # fmt: skip

# Addresses that need SMTPUTF8 (RFC 6531).
UNICODE = (
    Host("utf8-address-not-supported", "remote.test", "content_rejected", said="SMTPUTF8 address, the next host does not offer SMTPUTF8", person="用户"),
    Host("utf8-address-no-such-domain", "παράδειγμα.test", "bad_domain", said="SMTPUTF8 address in a domain that does not exist", person="δοκιμή"),
)  # fmt: skip

# Several recipients at once.
THREE = ("rcpt-unknown-user", "rcpt-full", "rcpt-disabled")
MIXED = ("rcpt-unknown-user", "rcpt-unknown-user-no-status", "rcpt-greylisted")
MIXED_WISH = Wish("mixed-results-dsn", "two refused, one put off, one accepted; NOTIFY RET ENVID ORCPT", "alice@remote.test", "relayed", ("RET=HDRS", "ENVID=QQ314159+2Bx"), "NOTIFY=FAILURE,DELAY,SUCCESS ORCPT=rfc822;{address}")  # fmt: skip

_PEOPLE = {reply.scenario: f"{reply.person}@{REMOTE}" for reply in REPLIES}


def person(scenario: str) -> str:
    """The address at the scripted peer that gets the reply of this scenario."""
    return _PEOPLE[scenario]
