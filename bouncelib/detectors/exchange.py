"""Microsoft Exchange and the SMTP service of Windows: what their reports say in text, in any language.

Exchange 5.5 and 2000 sent no delivery-status part, and gateways strip that of later versions. From 2007 on a report
ends in lines for administrators that have the same structure in every language:

    Diagnostic information for administrators:
    Generating server: mx.example.com
    anne@example.com
    #550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##
"""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["EXCHANGE", "EXCHANGE_2007", "OFFICE_365", "WINDOWS_SMTP"]

# "Your message to ... couldn't be delivered", where no blank parts the words from the address.
_UNSPACED = (
    "에 대한 메시지를 배달할 수 없습니다",
    "에게 보낸 메시지를 배달할 수 없습니다",
    "へのメッセージを配信できませんでした",
    "宛のメッセージを配信できませんでした",
    "的邮件无法送达",
    "的郵件無法傳遞",
)
_LABEL = r"[^:：@#'\"\d]{3,60}[:：]\s*"

EXCHANGE = TextFormat(
    name="exchange",
    start=(
        "did not reach the following recipient",
        "did not reach some or all of the intended recipients",
        "the following recipient(s) could not be reached",
        "the following recipient(s) cannot be reached",
        "the following recipients could not be reached",
        "folgende empfänger konnten nicht erreicht werden",
        "hat einige oder alle empfänger nicht erreicht",
        "hat folgende empfänger nicht erreicht",
        "les destinataires suivants n'ont pas pu être contactés",
        "les destinataires suivants n'ont pas pu être joints",
        "le ou les destinataires suivants ne peuvent pas être contactés",
        "le(s) destinataire(s) suivant(s)",
        "no se pudo tener acceso a los siguientes destinatarios",
        "no se puede tener acceso a los siguientes destinatarios",
        "los siguientes destinatarios no se pudieron",
        "non è stato possibile raggiungere i seguenti destinatari",
        "impossibile raggiungere i seguenti destinatari",
        "não foi possível contatar os seguintes destinatários",
        "não foi possível alcançar o(s) seguinte(s) destinatário(s)",
        "de volgende geadresseerden zijn niet bereikt",
        "de volgende ontvangers konden niet worden bereikt",
        "de volgende geadresseerde(n) kan",
        "det gick inte att nå följande mottagare",
        "følgende modtager(e) kunne ikke",
        "følgende modtagere kunne ikke",
        "følgende mottaker(e) kan ikke",
        "følgende mottakere kan ikke",
        "seuraaviin vastaanottajiin ei saatu yhteyttä",
        "seuraavaan vastaanottajaan ei saatu yhteyttä",
        "následující příjemci nejsou dosažitelní",
        "a következő címzettek nem érhetők el",
        "aşağıdaki alıcılara ulaşılamıyor",
        "aşağıdaki alıcılara ulaşılamadı",
        "nie można było skontaktować się z następującymi adresatami",
        "nie można uzyskać dostępu do następujących adresatów",
        "сообщение не доставлено следующим получателям",
        "не удалось связаться со следующими получателями",
        "以下の受信者に到達できません",
        "次の受信者にメッセージを配信できませんでした",
        "无法联系下列收件人",
        "无法将邮件送达下列收件人",
        "다음 받는 사람에게 연결할 수 없습니다",
    ),
    recipient=(
        # QUIRK: an X.400 address with the real one inside, perhaps folded behind it.
        r"(?i)dda:smtp=(?P<address>[^\s;]{1,320})",
        r"^\s*'(?P<address>[^\s'@]{1,300}@[^\s'@]{1,255})'\s",
        rf"^\s*['\"<]?(?P<address>{ADDRESS})['>\"]?\s+(?:on|am|le|el|il|em|op|den|dne|v|w dniu)\s",
        rf"^\s*['\"<]?(?P<address>{ADDRESS})['>\"]?,?\s.{{0,20}}\d{{1,4}}[/.:-]\d",
        rf"^\s*['<\"]?(?P<address>{ADDRESS})[>'\"]?\s*$",
    ),
    fields=(r"^\s*<(?P<remote_mta>[A-Za-z0-9.-]{1,250}) #[45]\.\d", r"#(?P<status>[45]\.\d{1,3}\.\d{1,3})"),
    skip=("hmailserver sent:", "the mts-id of the original message"),
    reports_only=True,
    trusted=True,
)

EXCHANGE_2007 = TextFormat(
    name="exchange-2007",
    start=(
        "diagnostic information for administrators",
        "generating server:",
        "informations de diagnostic pour les administrateurs",
        "informations de diagnostics pour les administrateurs",
        "diagnoseinformationen für administratoren",
        "información de diagnóstico para los administradores",
        "información de diagnóstico para administradores",
        "informazioni di diagnostica per gli amministratori",
        "informações de diagnóstico para administradores",
        "diagnostische gegevens voor beheerders",
        "diagnostische informatie voor beheerders",
        "diagnostikinformation till administratörer",
        "diagnostikinformation för administratörer",
        "diagnostisk information för administratörer",
        "diagnosticeringsoplysninger til administratorer",
        "diagnostisk informasjon for administratorer",
        "diagnoseinformasjon for administratorer",
        "vianmääritystiedot järjestelmänvalvojille",
        "diagnostiikkatietoja järjestelmänvalvojille",
        "informații de diagnosticare pentru administratori",
        "διαγνωστικές πληροφορίες για διαχειριστές",
        "informacje diagnostyczne dla administratorów",
        "diagnostické informace pro správce",
        "diagnostikai információk rendszergazdáknak",
        "диагностические сведения для администраторов",
        "диагностические данные для администраторов",
        "yöneticiler için tanılama bilgileri",
        "管理者向けの診断情報",
        "管理者の診断情報",
        "管理员的诊断信息",
        "提供給系統管理員的診斷資訊",
        "給系統管理員的診斷資訊",
        "관리자용 진단 정보",
        "관리자에 대한 진단 정보",
    ),
    recipient=(rf"^\s*(?P<address>{ADDRESS})(?:<mailto:[^<>\s]{{1,400}}>)?\s*$",),
    fields=(
        r"Remote Server (?:at )?(?P<remote_mta>[A-Za-z0-9-]{1,63}\.[A-Za-z0-9.-]{1,200}) ",
        # "Receiving server: mx.example.com (192.0.2.1)", then "Generating server: mx.example.com", in any language.
        rf"^{_LABEL}(?P<remote_mta>[A-Za-z0-9-]{{1,63}}\.[A-Za-z0-9.-]{{1,200}}) \([0-9A-Fa-f.:]{{3,50}}\)\s*$",
        rf"^{_LABEL}(?P<reporting_mta>[A-Za-z0-9-]{{1,63}}\.[A-Za-z0-9.-]{{1,200}})\s*$",
    ),
    end=(
        "original message headers",
        "en-têtes de message d'origine",
        "en-têtes du message d'origine",
        "kopfzeilen der ursprünglichen nachricht",
        "ursprüngliche nachrichtenkopfzeilen",
        "encabezados de mensajes originales",
        "encabezados del mensaje original",
        "intestazioni originali del messaggio",
        "cabeçalhos da mensagem original",
    ),
    delay=(
        "4.4.7 message delayed",
        "delivery is delayed to these recipients",
        "delivery will continue to be attempted",
    ),
    paragraph=False,
    reports_only=True,
    trusted=True,
)

OFFICE_365 = TextFormat(
    name="office-365",
    marks=(
        "couldn't be delivered.",
        "couldn’t be delivered.",
        "your message couldn't be delivered",
        "office 365",
        *_UNSPACED,
    ),
    start=("your message to ", "message rejected by", "error details", "recipient address:", *_UNSPACED),
    recipient=(
        rf"(?:^|[\s<\"'(])(?P<address>[^\s<>\"'(@]{{1,300}}@[A-Za-z0-9.-]{{1,255}}) ?(?:{'|'.join(_UNSPACED)})",
        rf"^\s*Your message to (?P<address>{ADDRESS}) couldn['’]t be delivered",
        rf"^\s*Recipient Address:\s*(?P<address>{ADDRESS})\s*$",
    ),
    fields=(
        r"^\s*(?:Reported e|E)rror:\s*(?P<diagnostic>[245]\d\d .*)",
        rf"^\s*{_LABEL}(?P<diagnostic>[45]\d\d [45]\.\d.*)",
        r"^\s*Message rejected by:\s*(?P<remote_mta>[A-Za-z0-9.-]{1,250})",
        r"^\s*DSN generated by:\s*(?P<reporting_mta>[A-Za-z0-9.-]{1,250})",
    ),
    end=("original message headers",),
    quiet=True,
    reports_only=True,
    trusted=True,
)

# The SMTP service of Windows 2000 and later, and of the mail servers built on it.
WINDOWS_SMTP = TextFormat(
    name="windows-smtp",
    marks=("automatically generated delivery status notification",),
    start=(
        "delivery to the following recipients failed.",
        "delivery to the following recipients has been delayed.",
        "unable to deliver message to the following recipients, ",
        "your message has been successfully relayed to the following recipients",
    ),
    recipient=(rf"^\s+(?P<address>{ADDRESS})\s*$",),
    delay=("delivery to the following recipients has been delayed.",),
    reports_only=True,
    trusted=True,
)
