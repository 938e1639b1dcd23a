"""HCL (Lotus) Domino, and the gateways of Lotus Notes."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["DOMINO", "NOTES"]

DOMINO = TextFormat(
    name="domino",
    start=(
        "was not delivered to:",
        "n'a pas été remis à",
        "n'a pas été distribué à",
        "wurde nicht zugestellt an:",
        "wurde nicht übermittelt an:",
        "konnte nicht zugestellt werden an:",
        "no se ha entregado a:",
        "no se entregó a:",
        "non è stato consegnato a:",
        "non è stato recapitato a:",
        "não foi entregue a:",
        "não foi entregue para:",
        "is niet afgeleverd bij:",
        "levererades inte till:",
        "nie zostało dostarczone do:",
        "nebyla doručena:",
        "не было доставлено:",
        "配信されませんでした",
        "次の宛先に送信できませんでした",
        "没有发送到",
    ),
    recipient=(rf"^\s*(?P<address>{ADDRESS})\s*$",),
    skip=(
        "because:",
        "aufgrund von:",
        "grund:",
        "weil:",
        "raison:",
        "car :",
        "parce que",
        "porque:",
        "perché:",
        "omdat:",
        "ponieważ:",
        "protože:",
        "по причине:",
        "理由:",
        "原因:",
        "因为:",
        "因為:",
        "이유:",
        "da:",
        "car:",
        "poiché:",
        "pois:",
        "want:",
        "eftersom:",
        "fordi:",
        "koska:",
        "mert:",
        "потому что:",
        "так как:",
        "çünkü:",
    ),
    quiet=True,
    reports_only=True,
    trusted=True,
)

# The reason stands in front of the addresses that it is about.
NOTES = TextFormat(
    name="notes",
    start=("------- failure reasons",),
    recipient=(rf"^(?P<address>{ADDRESS})\s*$",),
    skip=("------- failure reasons",),
    end=("------- returned message",),
    lasting=True,
    reports_only=True,
    trusted=True,
)
