"""Challenges: a filter holds the message until its sender proves to be a person.

Code and not a table because no words are common to all: TMDA, ASK, qconfirm, Spam Arrest, Boxbe, EarthLink, ChoiceMail,
Sendio, UOL, Mailinblack and their like each say in their own that a message waits, and what the sender has to do.
Either what only they say counts, or a message that waits and something to do, in one that answers ours by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .. import marks
from ..header import Headers
from ..mime import Message
from ..model import Finding, Kind
from ..phrases import has_any

__all__ = ["Challenge"]

# What the message is waiting for.
_HELD = (
    "message is being held", "message has been held", "message was held", "mail is being held", "mail has been held",
    "email is being held", "email has been held", "e-mail is being held", "e-mail has been held",
    "message below is being held", "message attached below is being held", "held for confirmation", "held until",
    "message you sent requires",
    "held pending", "pending verification", "pending confirmation", "pending your confirmation",
    "before your message can be delivered", "before your email can be delivered",
    "before your e-mail can be delivered", "before i can receive", "before it can be delivered",
    "to release your message", "to release your email", "to have your message delivered",
    "to have your email delivered", "to deliver your message", "to deliver your email", "to complete the delivery",
    "to complete delivery", "so that your message can be delivered", "for your message to be delivered",
    "for your email to be delivered", "your message will be delivered", "your email will be delivered",
    "your e-mail will be delivered", "your original message will be delivered", "deliver your original message",
    "receive your original message", "your message delivered", "message will be delivered to", "waitlisted",
    "is waiting for your confirmation", "ihre nachricht wird erst", "wird erst zugestellt", "ihre e-mail wird erst",
    "wird zugestellt, sobald", "damit ihre nachricht zugestellt", "damit ihre e-mail zugestellt",
    "pour que votre message soit", "afin que votre message soit", "votre message est en attente",
    "votre message sera", "votre e-mail sera", "votre mail sera", "su mensaje será entregado", "para que su mensaje",
    "para que sua mensagem", "sua mensagem será entregue", "sua mensagem seja entregue", "para entregar sua mensagem",
    "affinché il suo messaggio", "il suo messaggio sarà", "perché il messaggio venga",
    "wiadomość zostanie dostarczona", "ваше письмо будет доставлено", "ваше сообщение будет доставлено",
    "чтобы ваше письмо", "чтобы ваше сообщение",
)  # fmt: skip

# What the sender has to do or to be.
_PROVE = (
    "are a human", "are human", "a real person", "are a person", "is a human", "is a person", "by a human",
    "by a person", "not a spammer", "not a robot", "not a machine", "not an automated", "not spam",
    "legitimate and not junk", "verify yourself", "verify your e-mail address", "verify your email address",
    "verify that you", "verify your address", "authenticate yourself", "authenticate your", "confirm your message",
    "confirm that you", "confirm your e-mail", "confirm your email", "confirm this", "confirm the message",
    "confirm delivery", "one-time", "one time", "only from senders i have approved", "only from people",
    "approved senders", "approved sender", "whitelist", "white list", "safe list", "guest list", "allowed senders",
    "trusted sender", "verification process", "has not been verified", "not been verified", "sender verification",
    "simply reply to this", "just reply to this", "please reply to this", "replying to this", "send an empty message",
    "click the link below", "click on the link below", "click on the following", "click the following link",
    "following the link below", "visit the link below", "visit the following", "bestätigen sie", "klicken sie auf",
    "antworten sie auf diese", "kein spam", "confirmer que vous", "vous authentifier", "cliquez sur", "cliquer sur",
    "répondre à ce message", "confirme", "haga clic", "responda a este", "clique no", "clique aqui", "confermare",
    "faccia clic", "clicca", "potwierdź", "kliknij", "подтверд", "перейдите по ссылке",
)  # fmt: skip

# What nobody else says.
_SIGNS = (
    "your message attached below is being held because", "a real live human being",
    "tagged message delivery agent", "active spam killer",
    "qconfirm mail", "spamarrest.com/", "spam arrest verification", "protected by spam arrest", "uses spam arrest",
    "boxbe.com/", "using boxbe", "protected by boxbe", "only from senders i have approved beforehand",
    "earthlink spamblocker", "this is an automated message from choicemail", "choicemail", "digiportal",
    "antispam uol", "uol antispam", "anti-spam uol", "vanquish anti-spam", "mailblocks", "bluebottle", "spamlion",
    "mail frontier matador", "mailfrontier matador", "sendio", "mailinblack", "bitbounce", "challenge-response",
    "challenge/response", "spam fence", "ipermitmail", "totalblock", "0spam.com", "knowspam", "spamcease",
)  # fmt: skip

# In lower case: to ignore case takes `re` ten times as long.
_SENDERS = re.compile(
    r"spamarrest|boxbe|spamblocker-challenge|suspectemail|choicemail|antispam(?:uol)?@uol|bluebottle|mailblocks|-confirm-[^@\s]{1,80}@"
    r"|mailinblack|bitbounce|confirm-?(?:request)?\+|challenge@|qconfirm"
)
_SUBJECT = re.compile(
    r"\bverify#|\((?:verification|action required)\)|\bconf(?:irm)?::"
    r"|please confirm (?:your |the )?(?:message|e-?mail|mail)"
    r"|confirm (?:your )?(?:message|e-?mail|mail)(?: to)|verification required|verify your (?:message|e-?mail message)"
    r"|permission required|your (?:message|e-?mail) (?:to .{1,120} )?(?:is being held|awaits|requires|needs)"
    r"|sender verification|confirmation (?:required|requested|needed)|waitlist"
)
# Others who hold messages, or ask for a confirmation: moderators, subscriptions, accounts and shops.
_NOT_OURS = (
    "moderator", "list administrator", "list owner", "list-owner", "subscri", "your account", "your order",
    "your password", "mailing list", "newsletter", "registration", "register your", "sign up", "signing up",
)  # fmt: skip

_LISTS = (
    "list-id",
    "list-post",
    "list-unsubscribe",
    "x-beenthere",
    "mailing-list",
    "x-mailing-list",
    "x-list-administrivia",
)
_OPENING = 5000


class Challenge:
    """Challenge-response: TMDA, Spam Arrest, Boxbe and others."""

    name = "challenge"
    _part_types: tuple[str, ...] = ()

    def concerns(self, message: Message) -> bool:
        headers = message.headers
        return not (marks.is_plain_report(headers) or not headers.first.keys().isdisjoint(_LISTS))

    def find(self, message: Message) -> Iterator[Finding]:
        headers = message.headers
        signed = bool(
            _SENDERS.search(f"{headers.raw('from')[:1000]} {headers.raw('reply-to')[:1000]}".lower())
            or _SUBJECT.search((headers.get("subject") or "")[:1000].lower())
        )
        if not signed and (marks.has_report_subject(headers) or not _answers_by_itself(headers)):
            return
        text = " ".join(message.body.lower[:_OPENING].split())
        held, prove, sign = (has_any(text, phrases) for phrases in (_HELD, _PROVE, _SIGNS))
        foreign = has_any(text, _NOT_OURS)
        if (held and prove and not foreign) or (sign and (held or prove) and signed):
            yield Finding(kind=Kind.CHALLENGE)


def _answers_by_itself(headers: Headers) -> bool:
    """Whether no person sent this: a null reverse-path says so too."""
    submitted = headers.raw("auto-submitted").strip().lower()
    return (
        marks.has_null_sender(headers)
        or bool(submitted and not submitted.startswith("no"))
        or headers.raw("precedence").strip().lower() in ("bulk", "junk", "auto_reply")
        or "x-auto-response-suppress" in headers
    )
