"""Challenges by the filters that write them, and the confirmations that are none."""

from __future__ import annotations

import pytest

import bouncelib
from bouncelib import Kind


def mail(subject: str, text: str, head: str = "", sender: str = "Anne <anne@example.com>") -> bytes:
    return (
        f"{head}From: {sender}\nTo: list@example.net\nSubject: {subject}\nMIME-Version: 1.0\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}\n"
    ).encode()


AUTO = "Return-Path: <>\nAuto-Submitted: auto-replied\n"
BULK = "Precedence: bulk\n"

CHALLENGES = {
    "TMDA": mail(
        "Please confirm your message",
        "This message was created automatically by mail delivery software (TMDA).\n\n"
        "Your message attached below is being held because the address\n<list@example.net> has not been verified.\n\n"
        "To release your message for delivery, please send an empty message to the following address.",
        AUTO,
        "Anne <anne-confirm-1.2.abc@example.com>",
    ),
    "ASK": mail(
        "Please confirm (conf::0123456789abcdef)",
        "Your message is being held. Simply reply to this message and leave the subject as it is.",
        BULK,
    ),
    "qconfirm": mail(
        "please confirm: Hello",
        "This is the qconfirm mail-handling program. To have your message delivered, please reply to this request.",
        "Precedence: junk\n",
    ),
    "Spam Arrest": mail(
        "Re: Hello (verification)",
        "Just this once, click the link below so I can receive your emails.\nhttps://www.spamarrest.com/a2?x\n"
        "Senders verify themselves before their email is delivered.",
        BULK,
    ),
    "Boxbe": mail(
        "Re: Hello (Action Required)",
        'Your message about "Hello" was waitlisted. Click the link below to be put on my Guest List.',
        AUTO,
        "Boxbe Notifications <notification@boxbe.example>",
    ),
    "EarthLink": mail(
        "Re: Hello",
        "I apologize for this automatic reply.\n\nTo control spam, I allow messages only\n"
        "from senders I have approved beforehand. Once I approve you, I will receive your original message.",
        "Return-Path: <>\n",
    ),
    "ChoiceMail": mail(
        "ChoiceMail: permission required",
        "To prove that you are a person, click the link below; your message will be delivered at once.",
    ),
    "Sendio": mail(
        "Sender Address Verification",
        "Your email to <anne@example.com> has been held. To deliver your message, please reply to this message once.",
        AUTO,
    ),
    "UOL": mail(
        "AntiSpam UOL » Ação necessária",
        "Para que sua mensagem seja entregue, clique no link abaixo e confirme que você é uma pessoa.",
        AUTO,
    ),
    "Mailinblack": mail(
        "Re: Bonjour",
        "Votre message est en attente. Pour que votre message soit remis, cliquez ici afin de vous authentifier.",
        AUTO,
    ),
    "German": mail(
        "Re: Hallo",
        "Ihre E-Mail wird erst zugestellt, wenn Sie Ihre Adresse bestätigt haben: klicken Sie auf diesen Link.",
        AUTO,
    ),
    "Russian": mail("Re: Привет", "Чтобы ваше письмо дошло до адресата, перейдите по ссылке.", AUTO),
}


@pytest.mark.parametrize("name", CHALLENGES)
def test_challenges(name: str) -> None:
    report = bouncelib.parse(CHALLENGES[name])
    assert report.kind is Kind.CHALLENGE
    assert report.recipients == ()
    assert "challenge" in report.detectors


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(
            mail(
                "Your message to List awaits moderator approval",
                "Your mail to 'List' is being held until the list moderator can review it for approval. To cancel it,\n"
                "visit the following URL and confirm that you want to.",
                f"{BULK}List-Id: <list.example.com>\n",
            ),
            Kind.OTHER,
            id="a moderated list",
        ),
        pytest.param(
            mail(
                "confirm 0123456789abcdef",
                "To confirm your subscription to the mailing list, simply reply to this message.\n"
                "Until then it is being held pending confirmation.",
                BULK,
            ),
            Kind.OTHER,
            id="a subscription",
        ),
        pytest.param(
            mail(
                "Verify your e-mail address",
                "Click the link below to verify your email address for your account.",
                BULK,
            ),
            Kind.OTHER,
            id="an account",
        ),
        pytest.param(
            mail(
                "Re: challenge", "Your message was held by TMDA, you have to click on the link and prove you are human."
            ),
            Kind.OTHER,
            id="a person explains",
        ),
        pytest.param(
            mail(
                "Your order",
                "Your parcel will be delivered to you once you confirm your address. Click the link below.",
                BULK,
            ),
            Kind.OTHER,
            id="a shop",
        ),
        pytest.param(
            mail(
                "Delivery delayed",
                "Your message has not been delivered yet. It is being held until the recipient can confirm delivery.",
                AUTO,
            ),
            Kind.DELAY,
            id="a delay",
        ),
        pytest.param(
            mail("Out of Office", "I will read it when I am back. Your message will be delivered to Bob.", AUTO),
            Kind.AUTO_REPLY,
            id="an automatic reply",
        ),
    ],
)
def test_others_that_ask_for_a_confirmation(raw: bytes, expected: Kind) -> None:
    assert bouncelib.parse(raw).kind is expected


def test_a_bounce_that_speaks_of_verification_is_a_bounce() -> None:
    raw = (
        b"Return-Path: <>\nFrom: MAILER-DAEMON@example.com\nSubject: Undelivered Mail Returned to Sender\n"
        b"Auto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n"
        b"Your message is being held? No: click the link below to prove you are a person.\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n"
        b"Final-Recipient: rfc822; anne@example.com\nAction: failed\nStatus: 5.7.1\n--b--\n"
    )
    assert bouncelib.parse(raw).kind is Kind.BOUNCE
