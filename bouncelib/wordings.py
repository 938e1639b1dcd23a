"""What mail systems say of a delivery, in lower case and in the languages of reports."""

from __future__ import annotations

__all__ = ["DELAYED", "DELAY_SUBJECT", "DELIVERED", "FAILED", "GIVEN_UP", "MAIL", "YOURS"]

# What a heading says, or the line itself, where delivery to the addresses has failed.
FAILED = (
    "could not be delivered", "couldn't be delivered", "couldn’t be delivered", "cannot be delivered",
    "can not be delivered", "can't be delivered", "could not deliver", "couldn't deliver", "cannot deliver",
    "error occurred while trying to deliver", "error delivering", "error while delivering", "attempting to deliver",
    "problem delivering", "problems delivering", "was aborted", "had delivery problems", "delivery problems to",
    "unable to deliver", "not able to deliver", "was not delivered", "wasn't delivered", "were not delivered",
    "not been delivered", "not delivered to", "was undeliverable", "is undeliverable", "undeliverable address",
    "undeliverable to", "undelivered to", "delivery failed", "delivery has failed", "delivery to the following",
    "trying to deliver your message",
    "failed delivery", "delivery failure", "failed recipient", "failed address", "undeliverable recipient",
    "following address(es) failed",
    "recipients failed", "addresses failed", "address failed", "address had", "addresses had", "did not reach",
    "not reach the following", "did not receive", "does not exist", "doesn't exist", "doesn’t exist",
    "was returned because", "has been returned because", "intended recipient:", "originally addressed to",
    "was rejected by", "been rejected", "was refused", "mailbox is full", "mailbox full", "over quota", "overquota",
    "quota exceeded", "full mailbox", "disk quota", "exceeding their quota", "quota violation", "user unknown",
    "unknown user", "no such user", "no such recipient", "unknown recipient", "recipient unknown",
    "invalid recipient",
    "unknown local", "unknown address", "not a valid", "no longer valid", "invalid address", "invalid mailbox",
    "not found at", "wasn't found", "was not found", "no mailbox here", "account disabled", "account is disabled",
    "automatically rejected", "not be sent to", "failed to deliver", "failed permanently", "permanent error",
    "fatal error", "not known here", "is not accepting", "no longer accepts", "no longer available",
    # German
    "nicht zugestellt", "nicht zustellbar", "unzustellbar", "zustellung fehlgeschlagen", "nicht übermittelt",
    "nicht ausgeliefert", "fehler bei der zustellung", "empfänger unbekannt", "unbekannter empfänger",
    "benutzer unbekannt", "unbekannter benutzer", "postfach ist voll", "postfach voll", "nicht erreicht",
    "existiert nicht", "konnte nicht gesendet", "empfänger fehlgeschlagen", "übermittlung an folgende",
    "zustellung an folgende", "ist fehlgeschlagen an",
    # French
    "n'a pas pu être délivré", "n'a pas pu être remis", "n'a pas pu etre delivre", "n'a pas pu être livré",
    "n'a pas pu être distribué", "n'a pas été remis", "pas pu être envoyé", "impossible de remettre",
    "impossible de délivrer", "échec de la remise", "la remise a échoué", "n'existe pas", "destinataire inconnu",
    "utilisateur inconnu", "boîte pleine", "boite aux lettres pleine", "boîte aux lettres est pleine",
    "quota dépassé",
    # Spanish
    "no se pudo entregar", "no pudo ser entregado", "no se ha podido entregar", "no ha podido ser entregado",
    "no se puede entregar", "error en la entrega", "error al entregar", "no existe", "usuario desconocido",
    "destinatario desconocido", "buzón lleno", "buzón está lleno", "no fue entregado",
    # Portuguese
    "não pôde ser entregue", "não pode ser entregue", "nao pode ser entregue", "não foi entregue",
    "não foi possível entregar",
    "falha na entrega", "usuário desconhecido", "destinatário desconhecido", "não existe", "caixa postal cheia",
    "caixa de correio cheia", "caixa de correio está cheia",
    # Italian
    "non è stato possibile consegnare", "non è stato recapitato", "non è stato consegnato", "impossibile recapitare",
    "impossibile consegnare", "recapito ai seguenti",
    "recapito non è riuscito", "non può essere recapitato", "non può essere consegnato", "mancata consegna",
    "utente sconosciuto", "destinatario sconosciuto", "non esiste", "casella piena", "casella di posta piena",
    # Dutch and the north
    "niet worden bezorgd", "niet worden afgeleverd", "niet bezorgd", "niet afgeleverd", "onbestelbaar",
    "aflevering bij de volgende", "aflevering aan de volgende", "bezorging bij de volgende", "bezorging is mislukt",
    "bestaat niet", "onbekende gebruiker", "onbekende ontvanger", "kunde inte levereras", "kunne ikke leveres",
    "kan ikke leveres", "kan inte levereras", "inte leverera", "leverans till följande", "leveransen misslyckades",
    "levering til følgende", "levering til disse", "ei voitu toimittaa", "ei voi toimittaa", "toimitus seuraaville",
    "toimitus näille", "toimitus epäonnistui",
    # Polish, Czech, Hungarian
    "nie została dostarczona", "nie zostało dostarczone", "nie można dostarczyć", "nie można było dostarczyć",
    "nie mogła zostać dostarczona",
    "nie istnieje", "nieznany użytkownik", "nelze doručit", "nebyla doručena", "nebylo možné doručit", "neexistuje",
    "dostarczenie do następujących", "doručení následujícím", "nem kézbesíthető", "nem sikerült kézbesíteni",
    "nem lehetett kézbesíteni", "livrarea nu a reușit", "nu a putut fi livrat", "η παράδοση απέτυχε",
    "δεν ήταν δυνατή η παράδοση",
    # Russian, Ukrainian, Turkish
    "не может быть доставлен", "не може бути доставлен", "не вдалося доставити", "не было доставлен",
    "не доставлен", "не удалось доставить", "невозможно доставить",
    "не удаётся доставить", "не существует", "пользователь не найден", "ящик переполнен", "teslim edilemedi",
    "iletilemedi", "gönderilemedi", "teslim edilemiyor", "bulunamadı",
    # Japanese, Chinese, Korean
    "送信できませんでした", "配信できませんでした", "配送できませんでした", "届けることができません", "送信に失敗",
    "配信に失敗", "存在しません", "見つかりません", "宛先が不明", "无法送达", "未能送达", "未能投递", "未能成功投递",
    "无法投递", "投递失败", "发送失败",
    "无法发送",
    "不存在", "無法傳送", "無法傳遞", "無法送達", "無法投遞", "傳送失敗", "配達できません", "전달할 수 없", "전송되지",
    "배달하지 못",
    "배달할 수 없", "전송하지 못", "존재하지 않",
)  # fmt: skip

DELAYED = (
    "has been delayed", "is delayed", "been postponed", "will be retried", "will retry", "will continue to try",
    "will continue to attempt", "attempts will continue", "will keep trying", "not yet been delivered",
    "not been delivered yet", "this is a warning", "warning message only", "you do not need to resend",
    "no action is required", "temporary problem delivering", "not received your message yet",
    # German, French, Spanish, Portuguese, Italian, Dutch
    "verzögert", "wird weiterhin versucht", "wird weiter versucht", "noch nicht zugestellt", "noch nicht an alle",
    "retardé", "pas encore été remis", "pas encore été livré", "pas encore pu être", "simple avertissement",
    "retrasado", "se seguirá intentando", "aún no se ha", "atrasada", "ainda não foi entregue",
    "ainda não pôde ser", "ritardat", "non è ancora stato", "vertraagd", "nog niet bezorgd", "nog niet afgeleverd",
    # The north and the east
    "fördröjts", "försenat", "ännu inte levererat", "forsinket", "endnu ikke leveret", "ennå ikke levert",
    "viivästy", "opóźnion", "jeszcze dostarczon", "zpožděn", "zatím nebyla doručena", "késleltet", "întârzi",
    "καθυστέρ", "задерж", "ещё не доставлен", "еще не доставлен", "пока не доставлен", "gecikti",
    "henüz teslim", "henüz iletil",
    "遅延", "まだ配信", "延迟", "延遲", "尚未送达", "尚未投递", "尚未傳遞", "지연", "아직 전달", "아직 배달",
)  # fmt: skip
# What a heading says of those whom the message has reached.
DELIVERED = (
    "successfully delivered", "was delivered to", "were delivered to", "been delivered to", "delivered successfully",
    "successfully relayed", "wurde zugestellt", "erfolgreich zugestellt", "a été remis", "fue entregado",
    "foi entregue", "è stato consegnato", "è stato recapitato", "has been accepted for", "successful delivery",
)  # fmt: skip
# Without a mail system as its sender a report has to speak of mail; where that or the subject of one is missing, and
# nothing but words says who failed, of the reader's.
YOURS = (
    "your message", "your mail", "your e-mail", "your email", "message you sent", "mail you sent", "ihre nachricht",
    "ihre e-mail", "ihre mail", "votre message", "votre e-mail", "votre courriel", "su mensaje", "su correo",
    "el mensaje", "sua mensagem", "seu e-mail", "a mensagem", "il messaggio", "il suo messaggio", "uw bericht",
    "uw e-mail", "wiadomość", "ditt meddelande", "ditt brev", "din mail", "din besked", "din meddelelse", "meldingen",
    "viesti", "levelét", "üzenet", "zpráv", "the following message",
    "ваше сообщение", "ваше письмо", "iletiniz", "お客様", "送信された", "您的邮件", "您的郵件", "보내신", "메일",
)  # fmt: skip
MAIL = (
    "message", "mail", "nachricht", "mensaje", "correo", "mensagem", "messaggi", "bericht", "wiadomoś", "zpráv",
    "письм", "сообщени", "ileti", "postası", "meddeland", "meddelelse", "besked", "melding", "brev", "viesti", "üzenet",
    "levél",
    "メール", "邮件", "郵件", "메일", "메시지", "信件", "smtp",
)  # fmt: skip
GIVEN_UP = ("given up", "giving up", "failed permanently", "permanent error", "permanent failure", "has failed",
             "permanent fatal", "removed from the mail queue", "has stopped trying")  # fmt: skip
DELAY_SUBJECT = ("delay", "warning", "verzöger", "retard", "retras", "atras", "ritard", "vertrag", "opóźn", "задерж",
                  "遅延", "延迟", "지연")  # fmt: skip
