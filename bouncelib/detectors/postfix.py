"""Postfix: the notification text, for those that carry no delivery-status part and to complement those that do."""

from __future__ import annotations

from ..detector import TextFormat

__all__ = ["POSTFIX"]

# bounce(5): the first line of a recipient stands at the margin, the rest of it is folded at 79 columns:
#     <anne@example.com> (expanded from <list@example.com>): host mx.example.com[192.0.2.1]
#         said: 550 5.1.1 User unknown (in reply to RCPT TO command)
POSTFIX = TextFormat(
    name="postfix",
    start=(
        "i'm sorry to have to inform you that",
        "# this is a warning only.  you do not need to resend your message. #",
        "this is the mail system at host",
        "this is the postfix program at host",
        "i'm sorry to inform you that the message below could not be delivered",  # Barracuda
        # The words above are a template that its owner may translate; what is said of a recipient is not.
        "> (expanded from <",
        ">: host ",
        ">: connect to ",
        ">: unknown user: ",
        ">: command died with status ",
        ">: lost connection with ",
        ">: conversation with ",
    ),
    recipient=(
        (
            r"^<(?P<address>[^<>]{1,320})>(?: \(expanded from <(?P<original_address>[^<>]{1,320})>\))?:"
            r"\s*(?P<diagnostic>.*)"
        ),
    ),
    # In any language the warning stands in a box.
    delay=(
        "# this is a warning only.  you do not need to resend your message. #",
        "########################################################################",
    ),
    folded=True,
    reports_only=True,
    trusted=True,
)
