"""Disposition notifications: RFC 8098 (before it 3798 and 2298), and refusals by Sieve in the same form, RFC 5429.

Code and not a table because one form says two things. A reader's program that tells of a message displayed, or deleted
unread, has received it; a Sieve script that runs `reject` has refused it, and writes `deleted` as well. The words
beside the fields tell the two apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..header import Headers
from ..marks import is_plain_report
from ..mime import RETURNED, Message, Part, read_headers
from ..model import Finding, Kind, UnparsedField, Value
from ..phrases import has_any

__all__ = ["Mdn", "SieveReject"]

_TYPES = ("message/disposition-notification", "message/global-disposition-notification")
_FIELD = re.compile(r"[A-Za-z][!-9;-~]*[ \t]*:|[ \t]+\S")
_LOST = re.compile(r"(?im)^disposition[ \t]*:[ \t]*(?:manual-action|automatic-action)\b")
# RFC 8098 section 3.2.6: modes, semicolon, type, perhaps a modifier. RFC 2298 knew `denied` and `failed` too.
_DISPOSITION = re.compile(r"(?i)^(?P<modes>[^;]{0,200});\s*(?P<type>[a-z]+)")
_GONE = frozenset({"deleted", "denied", "failed", "refused", "rejected", "processed"})
_RECIPIENTS = {"final-recipient": "address", "original-recipient": "original_address"}

# RFC 5429 section 2.2.1 wants the words of the script in the text; what stands before them differs by server.
# Pigeonhole (Dovecot) and Cyrus say "automatically rejected", GNU mailutils and the RFC "refused by the recipient's
# mail filtering program". Of Pigeonhole, whose text can be configured, the comment in Auto-Submitted remains.
_REFUSED = (
    "automatically rejected", "was rejected", "been rejected", "is rejected", "rejected by", "was refused",
    "been refused", "refused by", "automatisch abgelehnt", "wurde abgelehnt", "a été rejeté", "a été refusé",
    "ha sido rechazado", "fue rechazado", "è stato respinto", "è stato rifiutato", "foi rejeitada",
    "automatisch geweigerd", "could not be delivered", "cannot be delivered", "undeliverable", "quota exceeded",
    "over quota", "mailbox is full", "user unknown", "unknown user", "no such user", "została odrzucona",
    "zostało odrzucone", "была отклонена", "было отклонено",
)  # fmt: skip
_ADDRESSED = re.compile(r"(?i)\bmessage to <(?P<address>[^<>\s]{1,320})>")

# Receipts without fields, as Exchange, Notes, GroupWise and Eudora wrote or still write: the subject, then a sentence.
_RECEIPT_SUBJECTS = (
    "read", "not read", "return receipt", "read receipt", "receipt", "gelesen", "ungelesen", "lesebestätigung", "lu",
    "non lu", "accusé de lecture", "accusé de réception", "leído", "no leído", "confirmación de lectura", "letto",
    "non letto", "conferma di lettura", "lida", "não lida", "gelezen", "niet gelezen", "leesbevestiging",
    "przeczytano", "přečteno", "прочитано", "läst", "læst", "lest", "luettu", "開封済み", "开封", "已读",
)  # fmt: skip
_RECEIPT_TEXT = (
    "was read on", "was displayed on", "was opened on", "was deleted without being read", "was received by:",
    "this is a return receipt for", "this is a receipt for the mail", "has been read by", "wurde gelesen am",
    "wurde ohne gelesen zu werden gelöscht", "a été lu le", "a été supprimé sans être lu", "a été ouvert le",
    "se leyó el", "fue leído el", "se eliminó sin leer", "è stato letto il", "è stato eliminato senza", "foi lida em",
    "foi lido em", "is gelezen op", "zonder gelezen te zijn", "została przeczytana", "byla přečtena",
    "было прочитано", "прочитано", "lästes den", "blev læst", "ble lest", "on luettu", "に開封されました", "开封于",
    "的阅读时间",
)  # fmt: skip
_OPENING = 2000


class Mdn:
    """Receipts: RFC 8098."""

    name = "mdn"
    _part_types = _TYPES

    def concerns(self, message: Message) -> bool:
        return _may_notify(message) or not is_plain_report(message.headers)

    def find(self, message: Message) -> Iterator[Finding]:
        part = _notification(message)
        if part is None:
            if _is_receipt(message):
                yield Finding(kind=Kind.DISPOSITION)
            return
        fields = _fields(part)
        if _is_refusal(message, fields):
            return
        kept = tuple(
            UnparsedField(name, value, 1) for name, value in fields.decoded() if name.lower() not in _RECIPIENTS
        )
        yield Finding(kind=Kind.DISPOSITION, unparsed=kept)
        values = {fact: value for name, fact in _RECIPIENTS.items() if (value := _value(part, fields, name))}
        if values:
            address = values.get("address") or values["original_address"]
            yield Finding(address=address, original_address=values.get("original_address"), kind=Kind.DISPOSITION)


class SieveReject:
    """Refusals in the form of a receipt: RFC 5429 section 2.2."""

    name = "sieve-reject"
    _part_types = _TYPES

    def concerns(self, message: Message) -> bool:
        return _may_notify(message)

    def find(self, message: Message) -> Iterator[Finding]:
        part = _notification(message)
        fields = _fields(part) if part else Headers([])
        if part is None or not _is_refusal(message, fields):
            return
        body = message.body
        begin, stop = _reason(body.lines)
        reason = "\n".join(line.strip() for line in body.lines[begin:stop]).strip()
        address = _value(part, fields, "final-recipient")
        if address is None and (told := _ADDRESSED.search(body.text[:_OPENING])):
            address = body.value(told["address"], body.text.count("\n", 0, told.start()), "text")
        host = (fields.get("reporting-ua") or "").partition(";")[0].strip()
        yield Finding(
            kind=Kind.BOUNCE,
            reporting_mta=Value(host, part.section, rule="field reporting-ua")
            if "." in host and " " not in host
            else None,
        )
        yield Finding(
            kind=Kind.BOUNCE,
            address=address,
            original_address=_value(part, fields, "original-recipient"),
            action=Value("failed", part.section, rule="rejected by Sieve"),
            status=_value(part, fields, "status"),
            diagnostic=_value(part, fields, "diagnostic-code")
            or (body.value(reason, begin, "text") if reason else None),
        )


def _may_notify(message: Message) -> bool:
    declared = "disposition-notification" in message.headers.raw("content-type").lower()
    return declared or not message.types.isdisjoint(_TYPES)


def _notification(message: Message) -> Part | None:
    """The part that holds the fields: by its type, or by its first field where a report has lost the type."""
    declared = message.root.params.get("report-type", "").strip().lower() == "disposition-notification"
    lost = None
    for part in message.parts:
        if part.content_type in RETURNED:
            break
        if part.content_type in _TYPES:
            return part
        if declared and lost is None and not part.is_multipart and _LOST.search(part.opening(_OPENING)):
            lost = part
    return lost


def _fields(part: Part) -> Headers:
    stray = [f"{name}:{value}" for name, value in part.headers.fields if not name.lower().startswith("content-")]
    lines = [*(stray if part.content_type in _TYPES else ()), *part.text().split("\n")]
    return read_headers("\n".join(line for line in lines if _FIELD.match(line)))[0]


def _is_refusal(message: Message, fields: Headers) -> bool:
    # QUIRK: some servers call the delivery-status part of a bounce a disposition notification.
    if fields.raw("action").strip().lower().startswith("fail"):
        return True
    match = _DISPOSITION.match((fields.get("disposition") or "").strip())
    if match and (match["type"].lower() not in _GONE or match["modes"].lower().startswith("manual-action")):
        return False
    if "rejected" in message.headers.raw("auto-submitted").lower():
        return True
    text = " ".join(message.body.lower[:_OPENING].split())
    return has_any(text, _REFUSED) and not has_any(text, _RECEIPT_TEXT)


def _reason(lines: list[str]) -> tuple[int, int]:
    """The lines that give the reason: what follows the first line that ends with a colon, else everything."""
    begin = next((number for number, line in enumerate(lines[:8], 1) if line.rstrip().endswith(":")), 0)
    if not any(line.strip() for line in lines[begin:]):
        begin = 0
    stop = next((number for number, line in enumerate(lines) if number > begin and _FIELD_NAME.match(line)), len(lines))
    return begin, min(stop, begin + 60)


# A part that has lost its type is read as text too; its fields are no words of the script.
_FIELD_NAME = re.compile(r"(?i)(?:reporting-ua|final-recipient|disposition|original-recipient)[ \t]*:")


def _is_receipt(message: Message) -> bool:
    subject = (message.headers.get("subject") or "").lower().replace("：", ":")
    if subject.partition(":")[0].partition("(")[0].strip() not in _RECEIPT_SUBJECTS:
        return False
    text = " ".join(message.body.lower[:_OPENING].split())
    return has_any(text, _RECEIPT_TEXT)


def _value(part: Part, fields: Headers, name: str) -> Value | None:
    text = fields.get(name)
    if not text or not text.rpartition(";")[2].strip():
        return None
    low = part.text().lower()
    at = 0 if low.startswith(name) else low.find(f"\n{name}") + 1
    return Value(text, part.section, low.count("\n", 0, at) + 1, f"field {name}")
