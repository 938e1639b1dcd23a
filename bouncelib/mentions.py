"""Addresses that a report mentions though they have not failed, by the words in front of them.

Reports say who sent the message, whom to ask and where somebody has moved to. Words that are also said of those who
"could not be contacted" are not among them.
"""

from __future__ import annotations

import re

from .phrases import has_any

__all__ = ["introduces", "is_joint", "may_introduce"]

_INTRODUCES = re.compile(
    r"(?i)(?:\bfrom|\bsender|\bsent by|on behalf of|mail from|return-path|reply-to|\bcontact\b.{0,40}"
    r"|e?-?mail us.{0,10}|message-id|\bid|\bhelp.{0,20}|\bwrite to|\breply to|send (?:an? )?(?:e-?)?mail to"
    r"|forward.{0,40} to|\bpostmaster.{0,20}|\badministrator.{0,20}|\bsupport.{0,20}|\bquestions?\b.{0,40}"
    r"|\bassistance.{0,40}|your address|in-reply-to|references?|\bmessage(?= {0,3}<)|in touch with"
    r"|\bcop(?:y|ies) to|\bb?cc|(?:please|\bor) (?:e-?)?mail"
    r"|to (?:be|get|have .{0,20}) ?(?:removed|unblocked|delisted)\b.{0,40}"
    r"|authenticat\w{1,8} (?:fail\w{1,4}|error)\b[^@]{0,30}|\blogin\b.{0,20}|\btry|\bask|(?<!in )\buse|moved to"
    r"|replaced by|alias for|(?:new|current) (?:e-?mail )?address.{0,10}"
    # German, French
    r"|\bvon|absender|wenden sie sich.{0,40}|(?:schreiben|antworten) sie.{0,20}|kontaktieren sie.{0,40}"
    r"|neue (?:e-?mail-?)?adresse.{0,10}|\bde|expéditeur|contactez.{0,40}|(?:écri|répond)(?:vez|ez|re) à|désormais"
    r"|nouvelle adresse.{0,10}"
    # Spanish, Portuguese, Italian
    r"|remitente|(?:escrib|respond)\w{1,3} a|en contacto con.{0,40}|nueva dirección.{0,10}|remetente|escreva (?:a|para)"
    r"|entre em contato com.{0,40}|novo endereço.{0,10}|mittente|(?:scriv|rispond)\w{1,4} a|nuovo indirizzo.{0,10}"
    # Dutch and the north, Polish, Czech
    r"|\bvan|afzender|nieuwe? (?:e-?mail)?adres.{0,10}|skriv till?|\bod|nadawca|napi(?:sz|š)\w{0,3} (?:na|do)"
    r"|prosimy o kontakt.{0,20}|nowy adres.{0,10}|kontaktujte.{0,20}|nová adresa.{0,10}"
    # Russian, Turkish
    r"|отправител\w{0,3}|\bот|пиш\w{1,4}(?: на)?|обра(?:щай|ти)\w{1,6}.{0,40}|свяжи\w{1,6}.{0,40}|новый адрес.{0,10}"
    r"|yeni adres.{0,10}"
    # Japanese, Chinese, Korean
    r"|差出人|問い?合わせ.{0,10}|新しいアドレス.{0,5}|发件人|请联系.{0,10}|新地址.{0,5}|新邮箱.{0,5}|寄件者|請聯絡.{0,10}"
    r"|보낸 사람|문의.{0,10})\s{0,3}[:=：]?\s{0,3}[<\"'(\[]{0,2}$"
)
_BEFORE = 80

# One of these stands in a line that sends the reader to somebody else; to ask for them first costs little.
_CUES = (
    "contact", "contato", "write to", "help", "support", "assistance", "question", "in touch", "administrator",
    "postmaster", "behalf", "copy to", "copies to", "moved to", "replaced by", "alias for", "your address", "new ",
    "current ", "neue ", "nouvelle", "nieuw", "nowy adres", "nová adres", "yeni adres", "forward",
    "reply to", "removed", "wenden sie", "schreiben sie", "antworten sie",
    "kontakt", "vez ", "écrire", "répond", "respond", "escrib", "escreva", "endereço",
    "dirección", "indirizzo", "désormais", "scriv", "skriv", "napi", "пиш", "обра", "свяж",
    "новый", "問", "新", "联系", "聯絡", "문의",
)  # fmt: skip
_LAST = ("use", "try", "ask")
# Of those whom the mail system did not reach, and not of those whom the reader may.
_REFUSES = (
    "could not", "couldn't", "cannot", "can't", "unable", "not possible", "failed", "nicht", "pas pu", "impossib",
)  # fmt: skip

# "write to bob@example.com or carla@example.com"
_ALSO = re.compile(
    r"(?i)[>)\]\"',;\s]{0,5}(?:(?:and|or|und|oder|et|ou|y|o|e|en|of|i|lub|nebo|и|или|ve|veya|och|eller|og)\s)?[<(\[\"'\s]{0,4}"
)


def introduces(text: str) -> bool:
    """Whether `text` ends in words behind which an address is none that failed."""
    return bool(_INTRODUCES.search(text[-_BEFORE:]))


def is_joint(text: str) -> bool:
    """Whether `text` between two addresses says of the second what was said of the first."""
    return bool(_ALSO.fullmatch(text))


def may_introduce(line: str) -> bool:
    """Whether a line of its own sends the reader to the address in the next one, and does not end in a full stop."""
    text = line.rstrip()[-_BEFORE:].lower()
    if text.endswith((".", "!", "。")) or has_any(text, _REFUSES):
        return False
    return (has_any(text, _CUES) or text.rstrip(" :").endswith(_LAST)) and introduces(text)
