"""The marks of a bounce: what the header of a message says before anybody reads its text.

A report has a null reverse-path (RFC 5321 section 4.5.5), comes from a mailer's own mailbox, or has a subject that mail
systems write; a person who forwards or discusses a report leaves none of these. The tables are by language; everything
in them is lower-case.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from .address import clean, domain_of, find
from .mime import Headers
from .phrases import has_any

__all__ = [
    "DAEMONS",
    "SUBJECTS",
    "bystanders",
    "has_daemon_sender",
    "has_null_sender",
    "has_report_subject",
    "has_report_type",
    "is_daemon",
    "is_letter",
    "is_plain_report",
    "is_report",
]

DAEMONS = frozenset({
    "mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mailer_daemon", "mdaemon", "postmaster", "daemon",
    "mail.delivery.system", "mail-delivery-system", "mail.delivery.subsystem", "mailsystem", "mail-system", "ndr",
    "mailnull", "mmdf", "uucp", "bounce-daemon", "e500_smtp_mail_service",
})  # fmt: skip
"""Local parts of mailboxes that belong to a mail system."""

_MAILERS = frozenset({"mailer-daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mailer_daemon"})

_SENDER_NAMES = (
    "mail delivery", "delivery subsystem", "delivery system", "mailer-daemon", "mailer daemon", "postmaster",
    "mail administrator", "mail subsystem", "system administrator", "mmsc ndr", "mail service", "content-filter at",
    "interscan", "microsoft outlook", "internet mail delivery", "lsmtp",
    "mailzustell", "systemadministrator", "zustellsystem",  # German
    "administrateur système", "sous-système de remise", "système de distribution",  # French
    "administrador del sistema", "sistema de entrega", "subsistema de entrega",  # Spanish, Portuguese
    "administrador do sistema", "amministratore di sistema", "sistema di consegna",  # Portuguese, Italian
    "systeembeheerder", "systemadministratör", "systemansvarlig", "järjestelmänvalvoja",  # Dutch and the north
    "administrator systemu", "system dostarczania", "správce systému", "rendszergazda",  # Polish, Czech, Hungarian
    "системный администратор", "система доставки", "служба доставки", "sistem yöneticisi",  # Russian, Turkish
    "システム管理者", "メール配信", "系统管理员", "系統管理員", "邮件系统", "시스템 관리자",
)  # fmt: skip

SUBJECTS = (
    # English
    "undeliver", "undelivered", "non-deliver", "non deliver", "nondeliver", "returned mail", "mail returned",
    "returned to sender", "delivery status notification", "delivery notification", "delivery failure",
    "delivery failed", "delivery problem", "delivery error", "delivery warning", "delivery delayed",
    "delivery report", "delivery unsuccessful", "delivery status", "delivery incomplete", "could not be delivered",
    "not be delivered", "not delivered", "has not been delivered", "failure notice", "failed mail", "mail failed",
    "mail failure", "mail delivery", "mail system error", "mail error", "mail could not", "message could not",
    "message delivery", "email delivery", "e-mail delivery", "permanent delivery", "delayed mail", "message delayed",
    "returning message to sender", "returning to sender", "bounce notification", "user unknown",
    "unknown user", "unknown recipient", "mailbox full", "processing error", "rejected mail",
    "automatically rejected",
    "message rejected", "considered unsolicited", "message you sent blocked", "blocked by our",
    "nameserver error report",
    "warning: could not send", "aws notification message", "ndn:", "delivery failing",
    # German
    "unzustellbar", "nicht zugestellt", "nicht zustellbar", "zustellfehler", "zustellung fehlgeschlagen",
    "fehler bei der zustellung", "zustellungsproblem", "zustellbericht", "zustellstatus", "unzustellbare",
    "zustellung verzögert", "übermittlungsbenachrichtigung", "zustellungsbericht", "rückgabe an den absender",
    # French
    "non remis", "non distribu", "échec de la remise", "echec de la remise", "échec de remise", "échec de livraison",
    "échec de distribution", "échec d'envoi", "notification d'état de remise", "notification d'état de la remise",
    "message non délivré", "courrier non délivré", "remise retardée", "avis de non-remise",
    "non recensé dans l'annuaire",
    "retour de courrier", "rapport de non-remise",
    # Spanish
    "no se puede entregar", "no se pudo entregar", "no entregado", "no se ha podido entregar", "error de entrega",
    "fallo en la entrega", "error en la entrega", "correo devuelto", "mensaje devuelto", "mensaje no entregado",
    "notificación de estado de entrega", "notificación del estado de entrega", "entrega retrasada", "no entregable",
    # Portuguese
    "não foi possível entregar", "não é possível entregar", "não entregue", "falha na entrega", "erro na entrega",
    "mensagem devolvida", "notificação de status de entrega", "notificação de estado de entrega", "não entregável",
    "entrega atrasada",
    # Italian
    "non recapitabile", "mancato recapito", "mancata consegna", "non recapitato", "non consegnat",
    "errore di consegna",
    "impossibile recapitare", "notifica sullo stato del recapito", "notifica di mancato recapito",
    "messaggio respinto",
    "notifica dello stato di consegna", "recapito ritardato",
    # Dutch and the north
    "onbestelbaar", "niet bezorgd", "niet afgeleverd", "bezorging mislukt", "aflevering mislukt",
    "kan niet worden bezorgd",
    "statusmelding bezorging", "går inte att leverera", "kunde inte levereras", "ej levererat", "olevererbar",
    "kan inte levereras", "kan ikke leveres", "ikke leveret", "ikke levert", "kunne ikke leveres",
    "ei voitu toimittaa", "ei voi toimittaa", "ei toimitettavissa", "toimitus epäonnistui",
    # Polish, Czech, Hungarian, Romanian, Greek
    "niedostarczaln", "nie dostarczono", "niedostarczon", "nie można dostarczyć", "zwrot poczty", "zwrot wiadomości",
    "powiadomienie o stanie dostarczania", "nedoručiteln", "nedoručiteľn", "nedoručen", "nelze doručit",
    "kézbesíthetetlen", "kézbesítési hiba", "nelivrabil", "nu a fost livrat", "δεν παραδόθηκε", "μη παραδοτέο",
    "δεν είναι δυνατή η παράδοση", "αδύνατη η παράδοση",
    # Russian, Ukrainian, Turkish
    "недоставлен", "не доставлен", "недоставк", "не может быть доставлен", "не удалось доставить",
    "не удаётся доставить",
    "ошибка доставки", "сбой доставки", "уведомление о состоянии доставки", "возврат письма", "невозможно доставить",
    "teslim edilemedi", "iletilemedi", "teslim edilemeyen", "teslimat hatası",
    # Japanese, Chinese, Korean
    "配信不能", "配信エラー", "配信できません", "配信に失敗", "送信エラー", "送信できません", "送信失敗",
    "メール配信",
    "配達不能", "未达", "未送达", "无法送达", "投递失败", "退信", "无法投递", "傳遞失敗", "無法傳遞", "無法傳送",
    "退回的",
    "传输失败", "發送失敗", "发送失败", "배달되지 않음", "배달할 수 없", "전송 실패", "배달 실패", "반송",
    "발송 실패",
)  # fmt: skip
"""What stands in the subjects of reports."""
_ASCII_SUBJECTS = tuple(words for words in SUBJECTS if words.isascii())

_PARTIES = ("to", "from", "sender", "reply-to", "delivered-to", "errors-to", "list-post")
_REPORT_FIELDS = frozenset({"x-failed-recipients", "x-ms-exchange-message-is-ndr", "x-ms-embedded-report"})

# A person answers or forwards; some systems put the words behind the subject of the returned message instead.
_ANSWER = re.compile(
    r"^\s*(?:re|aw|sv|antw|fwd?|wg|tr|rv|enc|res|vs|odp|ha|ynt|回复|转发|答复)\s{0,9}(?:\[\d{1,3}\])?\s{0,9}[:：]",
    re.IGNORECASE,
)
_APPENDED = (
    "(delivery failed)", "(undeliverable)", "(delivery failure)", "(unzustellbar)", "(non remis)", "(returned mail)",
)  # fmt: skip
# "[list] Re: failure notice"
_LISTED = re.compile(r"(?i)\s*\[[^\]]{1,60}\]\s*(?:re|fwd?|aw|wg|sv)(?:\[\d{1,3}\])?\s?:")
_TAG = re.compile(r"^(?:\s*\[(?!#)[^\[\]]{0,40}\]|[\s*]){1,6}")
_NEAR = 16
# Exchange reports from a mailbox whose name goes on in hexadecimal digits.
_EXCHANGE = re.compile(r"microsoftexchange[0-9a-f]{32}")
_OWNER = re.compile(r"(?i)(?:[-+](?:bounces?|admin|owner|errors)\b|\bowner-)[^@\s]{0,200}@")
_SENDER_NAME = re.compile("|".join(map(re.escape, _SENDER_NAMES)))
_ADDRESS = re.compile(r"<([^<>]{0,500})>\s*(?:\([^()]{0,200}\)\s*)?$")


def _once(test: Callable[[Headers], bool]) -> Callable[[Headers], bool]:
    """`test`, asked of each header only once."""

    @functools.wraps(test)
    def remembered(headers: Headers) -> bool:
        known = headers.memo.get(test)
        if known is None:
            known = headers.memo[test] = test(headers)
        return known

    return remembered


def is_daemon(address: str) -> bool:
    """Whether an address is the mailbox of a mail system."""
    local = address.rpartition("@")[0] or address
    name = local.strip("\"' <>").lower()
    return name in DAEMONS or (name.startswith("microsoftexchange") and bool(_EXCHANGE.fullmatch(name)))


def bystanders(headers: Headers) -> frozenset[str]:
    """Whom the header names, in lower case: who gets the report and who sends it. None of them is the failed one."""
    found: set[str] = set()
    for name in _PARTIES:
        for value in headers.get_all(name):
            found.update(address.lower() for address in find(value[:1000]))
    return frozenset(found)


@_once
def has_null_sender(headers: Headers) -> bool:
    """A null reverse-path, or the mailer's own name that local delivery writes in its place."""
    if "return-path" not in headers:
        return False
    path = headers.raw("return-path").strip().strip("<>").strip()
    return not path or path.partition("@")[0].lower() in _MAILERS


@_once
def has_daemon_sender(headers: Headers) -> bool:
    """A From that is a mail system's: by mailbox, by the name beside it, or because it names nobody."""
    text = headers.get("from")
    if text is None:
        return False
    low = text.lower()
    match = _ADDRESS.search(text)
    address = clean(match[1] if match else text.partition("(")[0]) or ""
    if not address:
        return True
    local = address.partition("@")[0].lower()
    if local in _MAILERS:
        return True
    # A postmaster is a person as well, and anybody may take a mailer's name.
    if is_answer(headers):
        return False
    if is_daemon(address):
        return True
    comment = low[: match.start()] if match else low.partition("(")[2]
    return bool(_SENDER_NAME.search(comment)) and not _is_own(headers, address)


def _is_own(headers: Headers, address: str) -> bool:
    """Whether the message was sent from the domain of its author's address, as people and bulk senders send."""
    path = clean(headers.raw("return-path")) or ""
    return bool(path) and not is_daemon(path) and domain_of(path) == domain_of(address)


@_once
def is_answer(headers: Headers) -> bool:
    """Whether the subject begins as that of an answer or a forwarded message."""
    return bool(_ANSWER.match(headers.get("subject") or ""))


@_once
def has_report_subject(headers: Headers) -> bool:
    """A subject that mail systems write."""
    subject = (headers.get("subject") or "").lower()
    if is_answer(headers):
        return has_any(subject, _APPENDED)
    return has_any(subject, _ASCII_SUBJECTS if subject.isascii() else SUBJECTS)


@_once
def has_report_type(headers: Headers) -> bool:
    """A delivery report by its type (RFC 6522), or by a field that only reports carry."""
    if not headers.first.keys().isdisjoint(_REPORT_FIELDS):
        return True
    kind = headers.raw("content-type").lower().strip()
    return kind.startswith("multipart/report") and "disposition-notification" not in kind and "feedback" not in kind


@_once
def is_report(headers: Headers) -> bool:
    """Whether any mark of a bounce stands in the header.

    A subject alone is the weakest: not on a mailing list, not in an automatic answer, not deep in the line.
    """
    if has_report_type(headers) or has_null_sender(headers) or has_daemon_sender(headers):
        return True
    if not has_report_subject(headers) or "auto-replied" in headers.raw("auto-submitted").lower():
        return False
    subject = _TAG.sub("", (headers.get("subject") or "").lower())
    if not is_answer(headers) and min((at for at in map(subject.find, SUBJECTS) if at >= 0), default=0) > _NEAR:
        return False
    author = clean((headers.get("from") or "")[:1000]) or ""
    if _is_own(headers, author) and not is_answer(headers):
        return False
    # List servers put their fields even on what comes back to the list's own bounce address.
    return not ("list-id" in headers or "list-post" in headers) or bool(_OWNER.search(headers.raw("to")))


@_once
def is_plain_report(headers: Headers) -> bool:
    """Whether the header leaves no doubt: the type of a report, or a mail system under its usual subject."""
    return has_report_type(headers) or (has_daemon_sender(headers) and has_report_subject(headers))


@_once
def is_letter(headers: Headers) -> bool:
    """Whether people evidently write to each other here, perhaps about a bounce that they quote or forward."""
    if has_report_type(headers) or has_null_sender(headers) or has_daemon_sender(headers):
        return False
    return bool(_LISTED.match(headers.raw("subject"))) or (is_answer(headers) and not has_report_subject(headers))
