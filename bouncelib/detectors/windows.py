"""Mail servers for Windows with a few lines of their own: MailEnable, hMailServer, SmarterMail, Mercury/32, LSMTP."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["WINDOWS"]

MAILENABLE = TextFormat(
    name="mailenable",
    start=("mailenable: message could not be delivered", "mailenable: message delivery"),
    recipient=(rf"^\s*Recipient:\s*\[SMTP:(?P<address>{ADDRESS})\]\s*(?:;\s*)?$",),
    fields=(r"^\s*Reason:\s*(?P<diagnostic>.+)$",),
    end=("message headers follow",),
    delay=("message delivery has been delayed", "will continue to be attempted"),
    reports_only=True,
    trusted=True,
)

HMAILSERVER = TextFormat(
    name="hmailserver",
    marks=("hmailserver", "   error type: "),
    start=("the following recipient(s) could not be reached",),
    recipient=(rf"^\s*(?P<address>{ADDRESS})\s*$",),
    fields=(
        r"^\s*Remote server \((?P<remote_mta>[0-9A-Za-z.:-]{1,250})\) issued an error",
        r"^\s*hMailServer sent:\s*(?P<command>[A-Z]{4,8})",
        r"^\s*Remote server replied:\s*(?P<diagnostic>.+)$",
        r"^\s*Error Description:\s*(?P<diagnostic>.+)$",
    ),
    reports_only=True,
    trusted=True,
)

SMARTERMAIL = TextFormat(
    name="smartermail",
    start=("could not deliver message to the following recipient(s)",),
    recipient=(rf"^\s*Failed Recipient:\s*<?(?P<address>{ADDRESS})>?\s*$",),
    fields=(r"^\s*Reason:\s*(?P<diagnostic>.+)$",),
    end=("lines of the message follows", "-- the header and top"),
    reports_only=True,
    trusted=True,
)

MERCURY = TextFormat(
    name="mercury",
    start=("the local mail transport system has reported the following problems",),
    recipient=(rf"^\*\*\* <?(?P<address>{ADDRESS})>?:?\s*$",),
    end=("your mail message is being returned to you", "should you need assistance"),
    skip=("----------",),
    quiet=True,
    reports_only=True,
    trusted=True,
)

# LSMTP and LISTSERV, in a form made for programs.
LSMTP = TextFormat(
    name="lsmtp",
    start=("--> error description:",),
    recipient=(rf"^Error-for:\s+(?P<address>{ADDRESS})",),
    fields=(r"^Error-Text:\s+(?P<diagnostic>.+)$", r"^\s{8,}(?P<diagnostic>\".+)$"),
    end=("error-end:",),
    reports_only=True,
    trusted=True,
)

WINDOWS = (MAILENABLE, HMAILSERVER, SMARTERMAIL, MERCURY, LSMTP)
