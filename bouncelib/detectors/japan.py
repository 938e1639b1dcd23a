"""Japanese carriers and mail products: au (ezweb.ne.jp, KDDI), BIGLOBE, Active!hunter."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["JAPAN"]

ACTIVE_HUNTER = TextFormat(
    name="active-hunter",
    headers={"x-ahmailid": ""},
    start=("----- the following addresses had permanent fatal errors", "----- the following addresses had"),
    recipient=(rf"^>>> (?P<address>{ADDRESS}) <",),
    skip=("----- transcript of session follows",),
    paragraph=False,
    trusted=True,
)

BIGLOBE = TextFormat(
    name="biglobe",
    marks=("----- non-delivered information",),
    start=("----- the following addresses had delivery problems -----",),
    recipient=(rf"^\s*<?(?P<address>{ADDRESS})>?\s*$",),
    skip=("----- non-delivered information",),
    paragraph=False,
    reports_only=True,
    trusted=True,
)

# The address stands before the words in some of au's reports, after them in others.
EZWEB = TextFormat(
    name="ezweb",
    headers={"from": "postmaster@"},  # at ezweb.ne.jp, au.com, uqmobile.jp
    marks=(
        "each of the following recipients was rejected by a remote",
        "the user(s) account is",
        "the following recipients did not receive this message",
        "could not be delivered to:",
        "次のあて先へのメッセージはエラーのため送信できませんでした",
    ),
    recipient=(rf"^\s*(?:(?:Recipient:|Could not be delivered to:)\s*)?<(?P<address>{ADDRESS})>\s*$",),
    fields=(r"^\s*>>> (?P<command>EHLO|HELO|MAIL|RCPT|DATA)\b", r"^\s*<<< (?P<diagnostic>[245]\d\d.*)"),
    skip=("-----------------------",),
    lasting=True,
    paragraph=False,
    trusted=True,
)

KDDI = TextFormat(
    name="kddi",
    start=("your mail sent on:", "your mail attempted to be delivered on:"),
    recipient=(rf"^\s*Could not be delivered to:\s*<(?P<address>{ADDRESS})>",),
    fields=(r"^\s*<<< (?P<diagnostic>[245]\d\d.*)",),
    quiet=True,
    reports_only=True,
    trusted=True,
)

JAPAN = (ACTIVE_HUNTER, BIGLOBE, EZWEB, KDDI)
