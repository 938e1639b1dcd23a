"""Micro Focus (Novell) GroupWise."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["GROUPWISE"]

GROUPWISE = TextFormat(
    name="groupwise",
    start=(
        "the message that you sent was undeliverable to the following",
        "die von ihnen gesendete nachricht konnte folgenden empfängern nicht zugestellt werden",
        "le message que vous avez envoyé n'a pas pu être remis",
        "el mensaje que ha enviado no se ha podido entregar",
        "il messaggio inviato non è recapitabile",
    ),
    recipient=(
        rf"^\s*(?P<address>{ADDRESS})\s*\((?P<diagnostic>.{{1,900}})\)\s*$",
        rf"^\s*(?P<address>{ADDRESS})\s*$",
    ),
    reports_only=True,
    trusted=True,
)
