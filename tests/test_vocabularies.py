"""Reasons in the words of others: every reason in every vocabulary, and the kinds."""

import re

import pytest

import bouncelib
from bouncelib.model import Action, BouncelibError, BounceType, Kind, Reason, Recipient, Report
from bouncelib.vocabularies import VOCABULARIES, translate

WORDS = {
    "sisimai": r"[a-z]+",
    "kumomta": r"(?:[A-Z][A-Za-z]+)",
    "powermta": r"[a-z]+(?:-[a-z]+)*",
    "sparkpost": r"1|10|2[0-5]|40|5[0-4]|60|70|100",
    "ses": r"General|NoEmail|MailboxFull|MessageTooLarge|ContentRejected|AttachmentRejected|OnAccountSuppressionList"
    r"|Undetermined",
    "ses-type": r"Permanent|Transient|Undetermined",
    "anymail": r"invalid|bounced|timed_out|blocked|spam|unsubscribed|other",
    "anymail-event": r"bounced|rejected|deferred|failed|autoresponded|complained|delivered",
}
# A local suppression list is nothing that these two know.
WORDLESS = {("kumomta", Reason.SUPPRESSED), ("powermta", Reason.SUPPRESSED)}

# One row of the table in the documentation for each reason: the words of the columns in order.
ROWS = """
bad_mailbox userunknown InvalidRecipient bad-mailbox 10 General Permanent bounced
bad_address_syntax userunknown InvalidRecipient bad-mailbox 10 General Permanent invalid
mailbox_moved hasmoved InactiveMailbox inactive-mailbox 10 General Permanent bounced
inactive_mailbox suspend InactiveMailbox inactive-mailbox 10 General Permanent bounced
mailbox_full mailboxfull QuotaIssues quota-issues 22 MailboxFull Transient bounced
recipient_refused filtered PolicyRelated policy-related 50 General Transient blocked
list_restricted filtered PolicyRelated policy-related 50 General Transient blocked
bad_domain hostunknown BadDomain bad-domain 10 General Permanent bounced
null_mx notaccept BadDomain bad-domain 10 General Permanent bounced
system_not_accepting notaccept TransientFailure bad-configuration 20 General Permanent bounced
dns_failure networkerror DNSFailure routing-errors 21 General Transient bounced
no_answer_from_host networkerror NoAnswerFromHost no-answer-from-host 20 General Transient bounced
bad_connection networkerror BadConnection bad-connection 20 General Transient bounced
routing_error networkerror RoutingErrors routing-errors 20 General Transient bounced
message_expired expired MessageExpired message-expired 24 General Transient timed_out
system_full systemfull QuotaIssues bad-configuration 20 General Transient bounced
system_error systemerror BadConfiguration bad-configuration 70 General Transient other
mailer_error mailererror BadConfiguration other 40 General Transient other
greylisted onhold TransientFailure other 70 General Transient other
rate_limited speeding PolicyRelated policy-related 20 General Transient bounced
too_many_recipients toomanyconn TooManyRecipients protocol-errors 20 General Transient bounced
message_too_large mesgtoobig QuotaIssues quota-issues 23 MessageTooLarge Transient bounced
content_rejected contenterror ContentRelated content-related 52 ContentRejected Transient blocked
attachment_rejected contenterror ProhibitedAttachment content-related 53 AttachmentRejected Transient blocked
virus_detected virusdetected VirusRelated virus-related 53 ContentRejected Transient blocked
spam_content spamdetected SpamContent spam-related 52 ContentRejected Transient spam
spam_block blocked SpamBlock spam-related 51 General Transient spam
policy_related policyviolation PolicyRelated policy-related 50 General Transient blocked
auth_failure authfailure AuthenticationFailed policy-related 50 General Transient blocked
reverse_dns requireptr AuthenticationFailed invalid-sender 50 General Transient blocked
login_required securityerror AuthenticationFailed policy-related 50 General Transient blocked
tls_required failedstarttls AuthenticationFailed policy-related 50 General Transient blocked
invalid_sender rejected InvalidSender invalid-sender 50 General Transient blocked
relay_denied norelaying RelayDenied relaying-issues 54 General Transient blocked
protocol_error syntaxerror ProtocolErrors protocol-errors 40 General Transient other
suppressed suppressed None None 25 OnAccountSuppressionList Permanent bounced
undetermined undefined Uncategorized other 1 Undetermined Undetermined other
"""
COLUMNS = ("sisimai", "kumomta", "powermta", "sparkpost", "ses", "ses-type", "anymail")
HARD = {"bad_mailbox", "bad_address_syntax", "mailbox_moved", "inactive_mailbox", "bad_domain", "null_mx"} | {
    "system_not_accepting"
}


@pytest.mark.parametrize("row", ROWS.split("\n")[1:-1], ids=lambda row: row.partition(" ")[0])
def test_a_reason_in_every_vocabulary(row: str) -> None:
    reason, *words = row.split(" ")
    kind = BounceType.HARD if reason in HARD else BounceType.SOFT
    recipient = Recipient("anne@example.com", reason=Reason(reason), bounce_type=kind)
    report = Report(Kind.BOUNCE, (recipient,))
    assert [str(translate(report, recipient, name)) for name in COLUMNS] == words
    assert translate(report, recipient, "anymail-event") == ("rejected" if reason == "suppressed" else "bounced")


def test_the_rows_are_all() -> None:
    assert [row.partition(" ")[0] for row in ROWS.split("\n")[1:-1]] == [str(reason) for reason in Reason]
    assert set(VOCABULARIES) == set(WORDS)


@pytest.mark.parametrize("name", WORDS)
@pytest.mark.parametrize("reason", Reason)
def test_a_word_is_one_of_the_vocabulary(name: str, reason: Reason) -> None:
    table = VOCABULARIES[name]
    for word in (table.reasons[reason], table.soft[reason]):
        if (name, reason) in WORDLESS:
            assert word is None
        else:
            assert word is not None
            assert re.fullmatch(WORDS[name], word)


@pytest.mark.parametrize(
    "kind, words",
    [
        (Kind.AUTO_REPLY, ("vacation", "AutoReply", None, "60", None, None, None, "autoresponded")),
        (Kind.CHALLENGE, (None, None, None, "100", None, None, None, "autoresponded")),
        (Kind.COMPLAINT, ("feedback", None, None, None, None, None, "spam", "complained")),
        (Kind.SUCCESS, ("delivered", None, None, None, None, None, None, "delivered")),
        (Kind.DISPOSITION, (None,) * 8),
        (Kind.OTHER, (None,) * 8),
    ],
)
def test_a_kind_has_a_word_or_none(kind: Kind, words: tuple[str | None, ...]) -> None:
    report = Report(kind)
    assert tuple(translate(report, None, name) for name in (*COLUMNS, "anymail-event")) == words


def test_hard_and_soft_have_words_of_their_own() -> None:
    hard = Recipient("a@example.com", reason=Reason.BAD_DOMAIN, bounce_type=BounceType.HARD)
    soft = Recipient("a@example.com", reason=Reason.BAD_DOMAIN, bounce_type=BounceType.SOFT)
    report = Report(Kind.BOUNCE, (hard, soft))
    assert [translate(report, one, "sparkpost") for one in (hard, soft)] == ["10", "21"]
    assert [translate(report, one, "ses-type") for one in (hard, soft)] == ["Permanent", "Transient"]


def test_a_delay_is_deferred() -> None:
    report = bouncelib.parse_reply("450 4.2.2 mailbox full", recipient="anne@example.com")
    delayed = Recipient("a@example.com", action=Action.DELAYED, reason=Reason.MAILBOX_FULL, bounce_type=BounceType.SOFT)
    assert translate(report, delayed, "anymail-event") == "deferred"
    assert translate(report, report.recipients[0], "sisimai") == "mailboxfull"


def test_one_recipient_of_a_bounce_was_reached() -> None:
    reached = Recipient("b@example.com", action=Action.DELIVERED)
    report = Report(Kind.BOUNCE, (Recipient("a@example.com", reason=Reason.BAD_MAILBOX), reached))
    assert translate(report, reached, "sisimai") == "delivered"
    assert translate(Report(Kind.COMPLAINT, (reached,)), reached, "sisimai") == "feedback"


def test_an_unknown_vocabulary_is_an_error_that_names_the_others() -> None:
    with pytest.raises(BouncelibError, match="no vocabulary 'klingon'; choose one of sisimai, kumomta"):
        translate(Report(Kind.BOUNCE), None, "klingon")


def test_the_tables_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        VOCABULARIES["sisimai"].reasons[Reason.BAD_MAILBOX] = "x"  # type: ignore[index]
