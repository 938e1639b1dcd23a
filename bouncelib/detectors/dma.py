"""DragonFly Mail Agent: one recipient a report, without a delivery-status part."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["DMA"]

DMA = TextFormat(
    name="dma",
    start=("this is the dragonfly mail agent",),
    recipient=(r"^There was an error delivering your mail to <(?P<address>[^<>]{1,320})>",),
    fields=(r"^(?P<remote_mta>\S{1,255}) (?:\[\S{2,60}\] )?did not like our (?:final )?(?P<command>[A-Z]{4,8})",),
    end=("message headers follow", "original message follows"),
    reports_only=True,
    trusted=True,
)
