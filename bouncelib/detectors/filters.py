"""Mail filters and gateways that report in words of their own."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["FILTERS"]

AMAVIS = TextFormat(
    name="amavis",
    marks=(
        "amavisd",
        "our internal reference code for your message is",
        "delivery of the email was stopped",
        "delivery of your email was stopped",
        "die zustellung der e-mail wurde",
        "die zustellung ihrer e-mail wurde",
    ),
    start=("the message was not relayed to:", "was not delivered to:", "-> "),
    recipient=(
        rf"^\s+<(?P<address>{ADDRESS})>:\s*$",
        rf"^\s+<(?P<address>{ADDRESS})>:\s*(?P<diagnostic>.+)$",
        rf"^-> <?(?P<address>{ADDRESS})>?\s*$",
    ),
    end=("this nondelivery report was generated", "our internal reference code"),
    quiet=True,
    reports_only=True,
    trusted=True,
)

BARRACUDA = TextFormat(
    name="barracuda",
    start=("your message to:", "your message to "),
    marks=("spam firewall", "virus firewall", "email security gateway"),
    recipient=(rf"^\s*Your message to:?\s*<?(?P<address>{ADDRESS})>?(?:\s+was blocked\b.{{0,200}})?\s*$",),
    skip=("subject:",),
    quiet=True,
    reports_only=True,
    trusted=True,
)

INTERSCAN = TextFormat(
    name="interscan",
    start=("message from interscan",),
    recipient=(rf"(?P<diagnostic>(?i:unable to deliver message to) <(?P<address>{ADDRESS})>.*)",),
    skip=("**********",),
    fields=(
        r"^Sent <<< (?P<command>[A-Z]{4})",
        r"^Received >>> (?P<diagnostic>[45]\d\d.*)",
        r"^Reason:\s+(?P<diagnostic>(?!Unable to deliver message to).+)",
    ),
    end=("end of message",),
    reports_only=True,
    trusted=True,
)

MAILFOUNDRY = TextFormat(
    name="mailfoundry",
    start=("unable to deliver message to: <",),
    recipient=(rf"^Unable to deliver message to: <(?P<address>{ADDRESS})>",),
    fields=(r"^(?P<diagnostic>Server (?P<remote_mta>[A-Za-z0-9._-]{1,250})\[[0-9A-Fa-f.:]{3,50}\] failed with: .*)",),
    skip=("delivery failed for the following reason", "no further delivery attempts will be made"),
    reports_only=True,
    trusted=True,
)

MAILMARSHAL = TextFormat(
    name="mailmarshal",
    marks=("the following recipients were affected",),
    start=("could not be delivered because of", "was not delivered because of"),
    recipient=(rf"^\s+(?P<address>{ADDRESS})\s*$",),
    fields=(
        r"^\s*Remote-MTA:\s*<(?P<remote_mta>[^\s<>]{1,250})>",
        r"^\s*Reporting-MTA:\s*<(?P<reporting_mta>[^\s<>]{1,250})>",
    ),
    skip=(
        "could not be delivered because of",
        "was not delivered because of",
        "the following recipients were affected",
    ),
    end=("additional information:", "original sender:"),
    lasting=True,
    quiet=True,
    reports_only=True,
    trusted=True,
)

MCAFEE = TextFormat(
    name="mcafee",
    # With the blank before it; Sendmail and others have more dashes there.
    start=(" --- the following addresses had delivery problems ---",),
    recipient=(rf"^\s*<(?P<address>{ADDRESS})>\s*(?:\((?P<diagnostic>.{{1,900}})\)\s*)?$",),
    reports_only=True,
    trusted=True,
)

M_FILTER = TextFormat(
    name="m-filter",
    headers={"x-mailer": "m-filter"},
    start=("以下のメールアドレスへの送信に失敗", "-------server message"),
    recipient=(rf"^\s*<?(?P<address>{ADDRESS})>?\s*$",),
    fields=(
        r"^(?P<diagnostic>[245]\d\d[ -].*)",
        r"^(?P<command>CONN|EHLO|HELO|STARTTLS|AUTH|MAIL(?: FROM)?|RCPT(?: TO)?|DATA|\.)\b[^@]{0,20}$",
    ),
    skip=("-------server message", "-------smtp command"),
    end=("-------original",),
    paragraph=False,
    trusted=True,
)

MIMECAST = TextFormat(
    name="mimecast",
    marks=("the problem appears to be :", "additional information follows :"),
    start=("email address :", "the following address could not be delivered"),
    recipient=(rf"^-- <?(?P<address>{ADDRESS})>?\s*$",),
    fields=(r"^-- (?P<diagnostic>\S.*)$",),
    end=("this condition occurred after", "if you sent the email to multiple recipients"),
    reports_only=True,
    trusted=True,
)

MX_LOGIC = TextFormat(
    name="mx-logic",
    start=("a message that you have sent could not be delivered",),
    recipient=(rf"^\s*<(?P<address>{ADDRESS})>:\s*(?P<diagnostic>\S.*)$",),
    skip=("recipients.  this is a permanent error",),
    end=("included is a copy of the message header",),
    reports_only=True,
    trusted=True,
)

SURFCONTROL = TextFormat(
    name="surfcontrol",
    marks=("a transcript of the attempts to send the message follows",),
    start=("addressed to:",),
    recipient=(rf"^Addressed To:\s*<?(?P<address>{ADDRESS})>?\s*$",),
    fields=(
        rf"^{ADDRESS}: \[(?P<remote_mta>[0-9A-Fa-f.:]{{3,50}})\], (?P<diagnostic>\S.*)$",
        r"^(?P<diagnostic>(?:Failed to|Unable to|Connection|Timed out).*[^,])$",
    ),
    end=("--- message non-deliverable",),
    paragraph=False,
    reports_only=True,
    trusted=True,
)

SYMANTEC = TextFormat(
    name="symantec",
    headers={"from": "symantec"},
    start=("could not be delivered to the following recipients",),
    recipient=(rf"^\s*<?(?P<address>{ADDRESS})>?\s*$",),
    delay=("delivery attempts will continue",),
    quiet=True,
    trusted=True,
)

VADE_SECURE = TextFormat(
    name="vade-secure",
    start=("delivery has failed to these recipients or distribution lists",),
    marks=(" returned an error:",),
    recipient=(rf"^\s*\* \[(?P<address>{ADDRESS})\]:\s*(?P<diagnostic>\S.*)$",),
    fields=(r"^Server \"(?P<remote_mta>[^\s\"]{1,250}?)(?::\d{1,5})?\" returned an error",),
    end=("original message details",),
    reports_only=True,
    trusted=True,
)

FILTERS = (
    AMAVIS, BARRACUDA, INTERSCAN, MAILFOUNDRY, MAILMARSHAL, MCAFEE, M_FILTER, MIMECAST, MX_LOGIC, SURFCONTROL, SYMANTEC,
    VADE_SECURE,
)  # fmt: skip
