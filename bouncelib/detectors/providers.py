"""Mailbox providers and mailing list servers that report in words of their own."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["PROVIDERS"]

BIGFISH = TextFormat(
    name="bigfish",
    start=("your message to:",),
    marks=("has not yet been delivered because", "has not been delivered because"),
    recipient=(rf"^\s+<?(?P<address>{ADDRESS})>?\s*$",),
    delay=("has not yet been delivered because",),
    quiet=True,
    reports_only=True,
    trusted=True,
)

# fml refuses who is not a member; the address that failed is that of the list.
FML = TextFormat(
    name="fml",
    headers={"x-mlserver": ""},
    start=("you are not a member of this mailing list <", "not a member of this mailing list"),
    recipient=(rf"(?i)(?P<diagnostic>(?:you are )?not a member of this mailing list <(?P<address>{ADDRESS})>)",),
    trusted=True,
)

HOTPOP = TextFormat(
    name="hotpop",
    start=("undeliverable address:",),
    recipient=(rf"^\s*Undeliverable Address:\s*<?(?P<address>{ADDRESS})>?\s*$",),
    skip=("system contact:",),
    quiet=True,
    reports_only=True,
    trusted=True,
)

MAIL_RU = TextFormat(
    name="mail-ru",
    start=("письмо создано автоматически сервером mail.ru",),
    recipient=(
        rf"^ {{2}}(?P<address>{ADDRESS})\s*$",
        rf"^ {{0,8}}(?P<diagnostic>(?:Local mailbox|Mailbox) <?(?P<address>{ADDRESS})>? is .*)$",
    ),
    end=("------ this is a copy",),
    recipient_header="x-failed-recipients",
    reports_only=True,
    trusted=True,
)

NETSCAPE = TextFormat(
    name="netscape",
    start=("this message was undeliverable due to the following reason",),
    recipient=(rf"^\s+<(?P<address>{ADDRESS})>\s*$", rf"^\s*SMTP <(?P<address>{ADDRESS})>\s*$"),
    skip=("due to the following reason:", "the following recipients did not receive your message"),
    end=("please reply to postmaster@", "please reply to <postmaster@"),
    lasting=True,
    reports_only=True,
    trusted=True,
)

# The same table of labels in the languages of Europe, from gateways and hosted filters. Without a label for the reason
# it may be a list of all to whom the message went.
LABELLED = TextFormat(
    name="labelled",
    marks=(
        "reason:",
        "error:",
        "grund:",
        "motif :",
        "motif:",
        "motivo:",
        "reden:",
        "powód:",
        "důvod:",
        "причина:",
        "neden:",
        "orsak:",
        "årsag:",
        "årsak:",
        "syy:",
        "oka:",
        "rule:",
        "virus name:",
    ),
    start=(
        "could not be delivered",
        "was not delivered",
        "has not been delivered",
        "unable to deliver",
        "delivery failure",
        "nicht zugestellt werden",
        "wurde nicht zugestellt",
        "nicht ausgeliefert werden",
        "n'a pas pu être",
        "no pudo ser entregado",
        "no se pudo entregar",
        "não pôde ser entregue",
        "não foi entregue",
        "non è stato consegnato",
        "non è stato recapitato",
        "niet worden bezorgd",
        "niet worden afgeleverd",
        "nie została dostarczona",
        "nebyla doručena",
        "не доставлен",
        "не может быть доставлен",
        "kunde inte levereras",
        "kunne ikke leveres",
        "ei voitu toimittaa",
        "nem sikerült kézbesíteni",
        "teslim edilemedi",
        "iletilemedi",
        "message was not delivered",
        "was blocked",
        "has been blocked",
        "has blocked an e",
        "in a message that you sent",
        "in a message you sent",
    ),
    recipient=(
        (
            r"^\s*(?:Failed recipient|Recipient\(s\)|Recipient|Empfänger|Destinataire|Destinatario|Destinatário"
            r"|Ontvanger|Mottagare|Modtager|Mottaker|Vastaanottaja|Címzett|Odbiorca|Adresat|Příjemce|Получатель|Адресат|Alıcı)"
            rf"\s{{0,4}}:\s{{0,20}}<?(?P<address>{ADDRESS})>?\s*$"
        ),
    ),
    fields=(
        (
            r"^\s*(?:Reason|Error|Rule|Virus name|Grund|Fehler|Motif|Erreur|Motivo|Erro|Errore|Reden|Powód|Błąd|Důvod"
            r"|Chyba|Причина|Ошибка|Neden|Orsak|Årsag|Årsak|Syy|Oka)"
            r"\s{0,4}:\s{0,20}(?P<diagnostic>\S.*)$"
        ),
        r"^\s*Remote (?:server|host|MTA)\s{0,4}:\s{0,20}(?P<remote_mta>[A-Za-z0-9.-]{3,250})",
    ),
    quiet=True,
    reports_only=True,
    trusted=True,
)

# The portals of China, Korea and Japan write a table of labels: the recipient, when, and why not.
PORTAL = TextFormat(
    name="portal",
    start=(
        "退信原因",
        "您的邮件被退回",
        "邮件发送失败",
        "郵件發送失敗",
        "退信通知",
        "발송 실패",
        "발송실패",
        "전송 실패",
        "전송에 실패",
        "전송되지 못했습니다",
        "반송 사유",
        "送信エラー",
        "送信に失敗しました",
        "配信できませんでした",
    ),
    recipient=(
        (
            r"^\s*(?:收件人|收件者|收信人|받는 ?사람|수신자|수신인|受信者|宛先|送信先)(?:地址|邮箱|アドレス| 주소)?"
            rf"(?:\s{{0,4}}[:：]\s{{0,8}}|\s{{1,8}})<?(?P<address>{ADDRESS})>?\s*$"
        ),
    ),
    fields=(
        (
            r"^\s*(?:退信原因|失败原因|退信代码|(?:발송 ?|전송 ?)?실패 ?(?:사유|원인)|반송 ?사유|エラー内容|理由)"
            r"(?:\s{0,4}[:：]\s{0,8}|\s{1,8})(?P<diagnostic>\S.*)$"
        ),
    ),
    quiet=True,
    reports_only=True,
    trusted=True,
)

# Servers in qmail's manner: the address in angle brackets and a colon, the reason below it.
QMAIL_LIKE = TextFormat(
    name="qmail-like",
    start=(
        "not able to deliver your message to the following address",
        "your message could not be delivered.",
        "su mensaje no pudo ser entregado",
        "sua mensagem nao pode ser enviada",
        "邮件无法发送到您指定的地址",
        "到下列地址的信件投递失败",
    ),
    recipient=(rf"^\s*<(?P<address>{ADDRESS})>:\s*$", rf"^(?P<address>{ADDRESS})\s*$"),
    end=("--- below", "--- original message", "--- mensaje original", "--- 附件", "--- attachment"),
    quiet=True,
    reports_only=True,
    trusted=True,
)

# The stars and bars of the amenworld.com relays, whose details follow under a rule.
STARRED = TextFormat(
    name="starred",
    marks=("automatically generated delivery status notification",),
    start=(
        "delivery to the following recipients failed permanently",
        "delevery to the following recipients failed permanently",
        "delevery to the following recipients was aborted",
        "delivery to the following recipients was aborted",
    ),
    recipient=(rf"^\s+\* (?P<address>{ADDRESS})\s*$",),
    fields=(r"^SMTP:(?P<command>[A-Z]{4})\b", r"host (?P<remote_mta>[0-9A-Za-z.:-]{3,250}): [245]\d\d"),
    skip=("===========", "technical details:"),
    paragraph=False,
    reports_only=True,
    trusted=True,
)

ZOHO = TextFormat(
    name="zoho",
    start=("error_code :", "[status: error, address:"),
    recipient=(
        rf"^\s*<?(?P<address>{ADDRESS})>?,? (?P<diagnostic>.*?ERROR_CODE :(?P<reply>[245]\d\d)?.*)$",
        (
            rf"\[Status: Error, Address: <(?P<address>{ADDRESS})>, "
            r"(?P<diagnostic>ResponseCode (?P<reply>[245]\d\d)?.*?)\]?$"
        ),
    ),
    end=("----- transcript of session follows",),
    delay=("message will be retried for",),
    reports_only=True,
    trusted=True,
)

PROVIDERS = (BIGFISH, FML, HOTPOP, LABELLED, MAIL_RU, NETSCAPE, PORTAL, QMAIL_LIKE, STARRED, ZOHO)
