"""Why a delivery failed: the traps of the field, and what the codes alone are worth."""

import pytest

from bouncelib.model import (
    Action,
    Attribution,
    Blocklist,
    BlocklistKind,
    BounceType,
    Command,
    EnhancedStatus,
    Reason,
)
from bouncelib.reasons import Judgement, Refusal, Rules, attribution_of, bounce_type, retry_after
from bouncelib.status import parse as parse_status

RULES = Rules.default()
HARD, SOFT = BounceType.HARD, BounceType.SOFT


def judge(text: str, command: Command | None = None, remote_mta: str | None = None) -> Judgement:
    return RULES.judge(Refusal.from_text(text, command=command, remote_mta=remote_mta))


# Where a code, or a first glance, says something else.
TRAPS = [
    # providers use codes in their own sense
    ("550-5.7.29 This mail has been blocked because it was not encrypted - gsmtp", "tls_required", SOFT),
    ("550-5.7.30 This mail has been blocked because of DKIM - gsmtp", "auth_failure", SOFT),
    ("421-4.7.27 Your mail has been put off: SPF - gsmtp", "auth_failure", SOFT),
    ("550 5.7.13 Sender was not permitted to send to the public folder", "list_restricted", SOFT),
    ("550 5.2.2 Submission quota exceeded", "rate_limited", SOFT),
    ("550 5.1.90 Your message can't be sent because you've reached your daily limit", "rate_limited", SOFT),
    ("550 5.7.124 Sender not in allowed-senders list", "list_restricted", SOFT),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "bad_mailbox", HARD),
    ("556 5.1.10 Recipient address has null MX", "null_mx", HARD),
    ("550 5.4.1 Recipient address rejected: Access denied. [x.prod.protection.outlook.com]", "bad_mailbox", HARD),
    ("451 4.4.1 No answer from host", "no_answer_from_host", SOFT),
    # 5.7.1 means anything
    ("554 5.7.1 <a@example.com>: Relay access denied", "relay_denied", SOFT),
    ("554 5.7.1 Client host [192.0.2.1] blocked using bl.example.net", "spam_block", SOFT),
    ("550 5.7.1 Message rejected as spam", "spam_content", SOFT),
    ("550 5.7.1 You are not allowed to post to this mailing list", "list_restricted", SOFT),
    ("550 5.7.1 <a@example.com>: Recipient address rejected: No such user", "bad_mailbox", HARD),
    ("550 5.7.1 user is over quota", "mailbox_full", SOFT),
    ("550 5.7.1 no", "policy_related", SOFT),
    # authentication, block lists, reputation: the recipient is fine
    ("550 5.7.26 This mail has been blocked because the sender is unauthenticated", "auth_failure", SOFT),
    ("550 5.7.509 Access denied, sending domain does not pass DMARC verification", "auth_failure", SOFT),
    ("550 5.1.1 rejected, see http://www.spamhaus.org/query/bl?ip=192.0.2.1", "spam_block", SOFT),
    ("550 5.2.1 The user you are trying to contact is receiving mail too quickly", "rate_limited", SOFT),
    # a limit and a reputation: what was done to the message decides
    ("451 4.7.650 The mail server has been temporarily rate limited due to IP reputation", "rate_limited", SOFT),
    ("550 5.7.1 blocked because of the low reputation of the sending domain", "spam_block", SOFT),
    # a listed sender, and a listed link
    ("550 5.7.1 Helo command rejected: blocked using dbl.spamhaus.org", "spam_block", SOFT),
    ("550 5.7.1 blacklisted URL in message, see http://uribl.com", "spam_content", SOFT),
    ("550 Error: open resolver; https://www.spamhaus.org/returnc/pub/", "system_error", SOFT),
    # who is spoken of
    ("550 5.1.0 <a@example.org>: Sender address rejected: User unknown", "invalid_sender", SOFT),
    ("550 Sender verify failed", "invalid_sender", SOFT),
    ("550 5.7.0 Mail Sending denied", "policy_related", SOFT),
    ("550 5.7.1 Sender over quota", "rate_limited", SOFT),
    ("550 rejected by this user", "recipient_refused", SOFT),
    ("550 Message rejected because of company policy", "policy_related", SOFT),
    ("550 <full@example.com>: no such user", "bad_mailbox", HARD),
    ("550 <spam@example.com>: user unknown", "bad_mailbox", HARD),
    # after-effects
    ("554 5.5.1 Error: no valid recipients", "undetermined", SOFT),
    ("503 5.0.0 Need RCPT (recipient)", "undetermined", SOFT),
    # the same word in two senses
    ("452 4.3.1 Insufficient system storage", "system_full", SOFT),
    ("552 5.2.2 mailbox has insufficient space", "mailbox_full", SOFT),
    ("552 5.3.4 Message size exceeds fixed limit", "message_too_large", SOFT),
    ("530 5.7.0 Authentication required", "login_required", SOFT),
    ("535 5.7.8 no such user", "login_required", SOFT),
    ("451 4.3.0 User lookup failed, database not found", "system_error", SOFT),
    ("550 5.7.1 DKIM signature invalid for user", "auth_failure", SOFT),
    ("550 Too many invalid recipients", "rate_limited", SOFT),
    ("550 5.7.1 The recipient's spam filter rejected the message", "spam_content", SOFT),
    ("454 4.7.0 TLS not available", "tls_required", SOFT),
    ("450 4.1.2 Recipient address rejected: Domain not found", "dns_failure", SOFT),
    ("550 5.1.2 Domain not found", "bad_domain", HARD),
    ("450 4.1.1 unverified address: Address verification in progress", "greylisted", SOFT),
]


@pytest.mark.parametrize("text, reason, kind", TRAPS)
def test_a_trap(text: str, reason: str, kind: BounceType) -> None:
    refusal = Refusal.from_text(text)
    judgement = RULES.judge(refusal)
    assert judgement.reason == reason, judgement
    assert bounce_type(judgement.reason, status=refusal.status, code=refusal.code) is kind


@pytest.mark.parametrize(
    "reason, text",
    [
        ("bad_mailbox", "550 Benutzer nicht gefunden"),
        ("bad_mailbox", "550 Empfänger unbekannt"),
        ("bad_mailbox", "550 L'adresse de messagerie n'existe pas"),
        ("bad_mailbox", "550 El buzón no existe"),
        ("bad_mailbox", "550 Utilizador desconhecido"),
        ("bad_mailbox", "550 Indirizzo inesistente"),
        ("bad_mailbox", "550 Onbekende gebruiker"),
        ("bad_mailbox", "550 Nie znaleziono skrzynki"),
        ("bad_mailbox", "550 Neznámý příjemce"),
        ("bad_mailbox", "550 Нет такого пользователя"),
        ("bad_mailbox", "550 Böyle bir kullanıcı yok"),
        ("bad_mailbox", "550 宛先が見つかりません"),
        ("bad_mailbox", "550 用户不存在"),
        ("bad_mailbox", "550 사용자를 찾을 수 없습니다"),
        ("mailbox_full", "552 Das Postfach ist voll"),
        ("mailbox_full", "552 Boîte pleine"),
        ("mailbox_full", "552 Buzón lleno"),
        ("mailbox_full", "552 Caixa cheia"),
        ("mailbox_full", "552 Casella piena"),
        ("mailbox_full", "552 Postbus vol"),
        ("mailbox_full", "552 Skrzynka pełna"),
        ("mailbox_full", "552 Schránka je plná"),
        ("mailbox_full", "552 Ящик переполнен"),
        ("mailbox_full", "552 Posta kutusu dolu"),
        ("mailbox_full", "552 メールボックスの容量を超えています"),
        ("mailbox_full", "552 邮箱空间不足"),
        ("mailbox_full", "552 편지함이 가득 찼습니다"),
        ("spam_content", "554 Ihre Nachricht wurde als Spam erkannt"),
        ("spam_content", "554 Похоже на спам"),
        ("spam_content", "554 垃圾邮件"),
    ],
)
def test_refusals_in_other_languages(reason: str, text: str) -> None:
    assert judge(text).reason == reason


@pytest.mark.parametrize(
    "status, code, command, reason, rule",
    [
        ("5.1.1", 550, None, "bad_mailbox", "status.5.1.1"),
        ("4.2.2", 452, None, "mailbox_full", "status.4.2.2"),
        ("5.7.23", 550, None, "auth_failure", "status.5.7.23"),
        ("5.1.10", 556, None, "null_mx", "status.5.1.10"),
        ("4.1.2", None, None, "dns_failure", "status.4.1.2"),
        ("5.7.30", 550, None, "tls_required", "status.5.7.30"),
        ("5.9.99", 551, None, "mailbox_moved", "code.551"),
        (None, 535, Command.AUTH, "login_required", "login.code"),
        (None, 554, Command.CONN, "spam_block", "code.conn"),
        (None, 550, Command.MAIL, "invalid_sender", "code.550-mail"),
        (None, 554, None, "undetermined", "undetermined"),
        (None, None, None, "undetermined", "undetermined"),
        ("5.0.0", None, None, "undetermined", "status.5.0.0"),
    ],
)
def test_codes_alone(status: str | None, code: int | None, command: Command | None, reason: str, rule: str) -> None:
    parsed = parse_status(status) if status else None
    judgement = RULES.judge(Refusal("", parsed, code, command))
    assert (judgement.reason, judgement.rule) == (reason, rule)


@pytest.mark.parametrize(
    "text, status, code, action, reason",
    [
        ("", "4.0.0", None, Action.FAILED, Reason.MESSAGE_EXPIRED),
        ("the moon is in the seventh house", "4.2.0", None, Action.FAILED, Reason.MESSAGE_EXPIRED),
        ("", "4.9.9", None, Action.FAILED, Reason.MESSAGE_EXPIRED),
        ("", "4.0.0", None, Action.DELAYED, Reason.UNDETERMINED),
        ("450 mailbox unavailable", "4.2.0", 450, Action.FAILED, Reason.UNDETERMINED),
        ("mailbox full", "4.4.7", None, Action.FAILED, Reason.MAILBOX_FULL),
        ("", "5.0.0", None, Action.FAILED, Reason.UNDETERMINED),
    ],
)
def test_a_queue_that_has_given_up(text: str, status: str, code: int | None, action: Action, reason: Reason) -> None:
    assert RULES.judge(Refusal(text, parse_status(status), code, action=action)).reason is reason


def test_a_specific_code_goes_before_a_vague_text() -> None:
    assert judge("550 5.1.1 Access denied").reason is Reason.BAD_MAILBOX
    assert judge("550 5.7.1 Access denied").reason is Reason.POLICY_RELATED


def test_a_550_that_is_not_understood_condemns_nobody() -> None:
    assert judge("550 <a@example.com>", Command.RCPT).reason is Reason.BAD_MAILBOX
    assert judge("550 The moon is in the seventh house", Command.RCPT).reason is Reason.UNDETERMINED


@pytest.mark.parametrize(
    "text, command, reason",
    [
        ("550 Domain does not exist: example.org", Command.MAIL, Reason.INVALID_SENDER),
        ("550 Domain does not exist: example.org", Command.RCPT, Reason.BAD_DOMAIN),
        ("550 this account is disabled", Command.MAIL, Reason.POLICY_RELATED),
        ("550 this account is disabled", Command.RCPT, Reason.INACTIVE_MAILBOX),
        ("451 4.7.1 Please try again later", Command.RCPT, Reason.GREYLISTED),
        ("421 4.7.0 Try again later, closing connection", Command.EHLO, Reason.RATE_LIMITED),
    ],
)
def test_the_command_tells_whom_it_is_about(text: str, command: Command, reason: Reason) -> None:
    assert judge(text, command).reason is reason


def test_a_provider_is_known_by_its_host_or_its_words() -> None:
    text = "550 5.7.30 blocked"
    assert judge(text).reason is Reason.TLS_REQUIRED
    assert judge(text, remote_mta="gmail-smtp-in.l.google.com").reason is Reason.AUTH_FAILURE
    assert judge(f"{text} - gsmtp").reason is Reason.AUTH_FAILURE
    assert judge(text, remote_mta="notgoogle.com").reason is Reason.TLS_REQUIRED


@pytest.mark.parametrize(
    "reason, attribution",
    [
        (Reason.BAD_MAILBOX, Attribution.RECIPIENT),
        (Reason.MAILBOX_FULL, Attribution.RECIPIENT),
        (Reason.NULL_MX, Attribution.DOMAIN),
        (Reason.MAILER_ERROR, Attribution.DOMAIN),
        (Reason.MESSAGE_TOO_LARGE, Attribution.MESSAGE),
        (Reason.SPAM_CONTENT, Attribution.MESSAGE),
        (Reason.GREYLISTED, Attribution.SENDER),
        (Reason.SUPPRESSED, Attribution.SENDER),
        (Reason.UNDETERMINED, None),
    ],
)
def test_whose_fault_a_reason_is(reason: Reason, attribution: Attribution | None) -> None:
    assert attribution_of(reason) is attribution


@pytest.mark.parametrize(
    "text, attribution",
    [
        ("450 4.7.321 starttls-not-supported: Destination mail server must support TLS", Attribution.DOMAIN),
        ("530 5.7.0 Must issue a STARTTLS command first", Attribution.SENDER),
        ("552 5.2.3 Message too large for this recipient", Attribution.RECIPIENT),
        ("552 5.3.4 Message too large", Attribution.MESSAGE),
    ],
)
def test_a_rule_may_blame_another(text: str, attribution: Attribution) -> None:
    assert judge(text).attribution is attribution


@pytest.mark.parametrize(
    "text, name, lists",
    [
        ("554 blocked using zen.spamhaus.org", "Spamhaus ZEN", BlocklistKind.IP),
        ("550 listed in Spamhaus SBL", "Spamhaus SBL", BlocklistKind.IP),
        ("550 blocked, see https://www.spamhaus.org/sbl/query/SBL1", "Spamhaus SBL", BlocklistKind.IP),
        ("550 Helo blocked using dbl.spamhaus.org", "Spamhaus DBL", BlocklistKind.DOMAIN),
        ("554 Blocked - see http://www.spamcop.net/bl.shtml?192.0.2.1", "SpamCop", BlocklistKind.IP),
        ("550 rejected, see http://www.barracudacentral.org/lookups", "Barracuda", BlocklistKind.IP),
        ("554 blocked using dnsbl.sorbs.net", "SORBS", BlocklistKind.IP),
        ("550 blacklisted by CSI, see http://csi.cloudmark.com/reset-request/", "Cloudmark CSI", BlocklistKind.IP),
        ("550 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", "Proofpoint PDR", BlocklistKind.IP),
        ("550 URL in message is listed at multi.surbl.org", "SURBL", BlocklistKind.DOMAIN),
    ],
)
def test_a_block_list_is_named(text: str, name: str, lists: BlocklistKind) -> None:
    assert judge(text).blocklist == Blocklist(name, lists)


@pytest.mark.parametrize(
    "text", ["550 blocked using bl.example.net", "550 open resolver, see spamhaus.org", "550 no such user"]
)
def test_no_block_list_is_named(text: str) -> None:
    assert judge(text).blocklist is None


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("450 try again in 5 minutes", 300),
        ("450 Please retry after 300 seconds", 300),
        ("451 Greylisted for 00:05:00", 300),
        ("450 Greylisting in action, please come back in 00:04:58", 298),
        ("451 Greylisted for 5 minutes", 300),
        ("450 wait at least 1 hour", 3600),
        ("421 try again in 2 hrs", 7200),
        ("421 Retry-After: 90", 90),
        ("450 try again in about 1 day", 86400),
        ("451 please come back in 300\nseconds", 300),
        ("451 please come back\nin 300 seconds", 300),
        ("450 try again later", None),
        ("450 more than 20 messages in 5 minutes", None),
        ("421 you sent 500 messages in 60 minutes, try again later", None),
        ("550 no such user", None),
        ("", None),
    ],
)
def test_when_to_come_back(text: str, seconds: int | None) -> None:
    assert retry_after(text) == seconds
    assert judge(text).retry_after == seconds


def test_a_judgement_says_what_it_rests_on() -> None:
    judgement = judge("452 4.2.2 Over quota")
    assert judgement.file == "phrases.toml"
    assert judgement.rule == "full.mailbox"
    assert "over quota" in judgement.hit
    assert judge("550 5.1.1").hit == "5.1.1"
    assert judge("551").hit == "551"


FIVE, FOUR, GENERIC = EnhancedStatus(5, 1, 1), EnhancedStatus(4, 1, 1), EnhancedStatus(5, 0, 0)


@pytest.mark.parametrize(
    "reason, status, code, action, expected",
    [
        (Reason.BAD_MAILBOX, FIVE, 550, Action.FAILED, HARD),
        (Reason.BAD_MAILBOX, None, None, Action.FAILED, HARD),
        (Reason.BAD_MAILBOX, FOUR, 450, Action.FAILED, SOFT),
        (Reason.BAD_MAILBOX, FOUR, None, Action.FAILED, SOFT),
        (Reason.BAD_MAILBOX, None, 450, Action.FAILED, SOFT),
        (Reason.BAD_MAILBOX, FOUR, 550, Action.FAILED, HARD),
        (Reason.BAD_MAILBOX, FIVE, 450, Action.FAILED, HARD),
        (Reason.BAD_MAILBOX, GENERIC, 450, Action.FAILED, SOFT),
        (Reason.BAD_MAILBOX, GENERIC, None, Action.FAILED, HARD),
        (Reason.BAD_MAILBOX, FIVE, 550, Action.DELAYED, SOFT),
        (Reason.BAD_MAILBOX, FIVE, 550, Action.DELIVERED, None),
        (Reason.UNDETERMINED, None, None, Action.RELAYED, None),
        (Reason.UNDETERMINED, None, None, Action.EXPANDED, None),
        (Reason.MAILBOX_FULL, FIVE, 552, Action.FAILED, SOFT),
        (Reason.SPAM_BLOCK, FIVE, 554, Action.FAILED, SOFT),
        (Reason.UNDETERMINED, FIVE, 554, Action.FAILED, SOFT),
        (Reason.NULL_MX, None, 556, Action.FAILED, HARD),
        (Reason.INACTIVE_MAILBOX, EnhancedStatus(4, 2, 1), 550, Action.FAILED, HARD),
    ],
)
def test_hard_or_soft(
    reason: Reason, status: EnhancedStatus | None, code: int | None, action: Action, expected: BounceType | None
) -> None:
    assert bounce_type(reason, status=status, code=code, action=action) is expected
