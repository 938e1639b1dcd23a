"""qmail and those who took over its words: netqmail, s/qmail, Plesk, Yahoo, Go Daddy, Outblaze and many others.

The form is the qmail-send Bounce Message Format (https://cr.yp.to/proto/qsbmf.txt): a first paragraph "Hi. This is
the", a paragraph for each recipient that begins with "<", and a paragraph that begins with "-" before the original.
The first paragraph is what descendants change first, so that the break tells, and who the report is from.
"""

from __future__ import annotations

import dataclasses

from ..detector import TextFormat

__all__ = ["QMAIL", "QSBMF"]

QMAIL = TextFormat(
    name="qmail",
    start=(
        "hi. this is the qmail-send program",
        "hi. this is the deliver program",
        "i'm afraid i wasn't able to deliver your message to the following",
        "i wasn't able to deliver your message to the following",
        "i was not able to deliver your message to the following",
        "sorry, we were unable to deliver your message to the following address",
        "unable to deliver message to the following address(es)",
        "i'm afraid i wasn't able to deliver the following message",
        "i tried to deliver a bounce message to this address, but the bounce bounced",
    ),
    recipient=(r"^<(?P<address>[^<>]{1,320})>:\s*$",),
    fields=(
        r"(?:^|[\s;])(?:remote host|Connected to|host) (?P<remote_mta>[0-9A-Fa-f.:]{7,45}) (?:said|but|failed)",
        r"(?:^|> )(?P<remote_mta>[0-9A-Fa-f.:]{7,45}) (?:does not like|failed after)",
        r"\[(?P<command>MAIL_FROM|RCPT_TO|DATA|CONNECT)\]\s*$",
    ),
    end=("--- ", "---below this line"),
    reports_only=True,
    trusted=True,
)

QSBMF = dataclasses.replace(
    QMAIL,
    name="qsbmf",
    start=(">:",),
    headers={"from": ("mailer-daemon", "postmaster", "mail delivery")},
    marks=("--- ",),
    quiet=True,
)
