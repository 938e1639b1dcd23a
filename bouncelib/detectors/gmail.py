"""Gmail, Google Workspace and Google Groups: the text beside, or in place of, the delivery-status part."""

from __future__ import annotations

from ..address import ADDRESS
from ..detector import TextFormat

__all__ = ["GMAIL", "GOOGLE"]

GMAIL = TextFormat(
    name="gmail",
    start=(
        "delivery to the following recipient failed permanently",
        "delivery to the following recipients failed permanently",
        "delivery to the following recipient has been delayed",
        "delivery to the following recipients has been delayed:",
        "your message wasn't delivered to ",
        "there was a problem delivering your message to ",
        "there was a temporary problem delivering your message to ",
    ),
    recipient=(
        rf"^\s+(?P<address>{ADDRESS})\s*$",
        (
            rf"^(?:Your message wasn't delivered to|There was a (?:temporary )?problem delivering your message to) "
            rf"(?P<address>{ADDRESS})[.\s]"
        ),
    ),
    fields=(r"recipient domain \S{1,250} by (?P<remote_mta>[A-Za-z0-9.-]{1,250}?)\.? \[",),
    skip=("technical details:",),
    end=("----- original message -----", "----- message header follows"),
    delay=("has been delayed:", "gmail will retry", "message will be retried for", "temporary problem delivering"),
    paragraph=False,
    reports_only=True,
    trusted=True,
)

# Refusals in the language of the sender (Google Groups, aliases) name the address in the header alone.
GOOGLE = TextFormat(
    name="google",
    headers={"x-failed-recipients": "", "from": ("mailer-daemon@googlemail.com", "mailer-daemon@google.com")},
    end=("----- original message -----",),
    recipient_header="x-failed-recipients",
    lasting=True,
    trusted=True,
)
