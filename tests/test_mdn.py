"""Disposition notifications: RFC 8098, and refusals in the same form, RFC 5429."""

from __future__ import annotations

import pytest

import bouncelib
from bouncelib import Action, Kind, Reason

FIELDS = """\
Reporting-UA: pc.example.com; Some Reader 1.0
Original-Recipient: rfc822;sales@example.com
Final-Recipient: rfc822;anne@example.com
Original-Message-ID: <1@example.net>
"""
RETURNED = "Message-ID: <1@example.net>\nFrom: list@example.net\nTo: anne@example.com\nSubject: Hello\n"
READ = "manual-action/MDN-sent-manually; displayed"
DELETED = "automatic-action/MDN-sent-automatically; deleted"


def notification(
    disposition: str = READ,
    *,
    text: str = "The message was displayed. This is no guarantee that it was understood.",
    fields: str = FIELDS,
    subject: str = "Read: Hello",
    head: str = "",
    sender: str = "Anne <anne@example.com>",
    kind: str = "message/disposition-notification",
) -> bytes:
    return (
        f"{head}From: {sender}\nTo: list@example.net\nSubject: {subject}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--b\nContent-Type: {kind}\n\n{fields}Disposition: {disposition}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{RETURNED}\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("disposition", "text"),
    [
        (READ, "Your message was displayed."),
        ("manual-action/MDN-sent-automatically; displayed", "Ihre Nachricht wurde gelesen."),
        (DELETED, "Your message\n\n  To: Anne\n  Subject: Hello\n\nwas deleted without being read on 2 May."),
        ("automatic-action/MDN-sent-automatically;deleted/expired", "Your message was deleted unread."),
        ("manual-action/MDN-sent-manually; dispatched", "The message was sent somewhere."),
        ("manual-action/MDN-sent-manually; processed/error", "The message was processed."),
        ("manual-action/MDN-sent-manually; denied", "Anne does not want to tell."),
        ("manual-action/MDN-sent-manually; deleted", "The words 'was rejected' stand here, but a person deleted it."),
        ("automatic-action/MDN-sent-automatically; displayed", "Your proposal was rejected by the board."),
        (DELETED, "Your message\n\n  Subject: Undeliverable mail\n\nwas deleted without being read on 2 May."),
        ("displayed", "No mode at all."),
        ("", "No disposition at all."),
    ],
)
def test_receipts(disposition: str, text: str) -> None:
    report = bouncelib.parse(notification(disposition, text=text))
    assert report.kind is Kind.DISPOSITION
    (recipient,) = report.recipients
    assert (recipient.address, recipient.original_address) == ("anne@example.com", "sales@example.com")
    assert recipient.action is Action.DELIVERED
    assert (recipient.reason, recipient.bounce_type, recipient.suppress) == (None, None, False)


def test_the_fields_are_kept_and_the_original_is_found() -> None:
    report = bouncelib.parse(notification())
    assert [(field.name, field.value) for field in report.unparsed] == [
        ("Reporting-UA", "pc.example.com; Some Reader 1.0"),
        ("Original-Message-ID", "<1@example.net>"),
        ("Disposition", READ),
    ]
    assert report.original is not None
    assert report.original.message_id == "<1@example.net>"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (notification(kind="message/global-disposition-notification"), ["anne@example.com"]),
        (notification(kind="text/plain"), ["anne@example.com"]),
        (notification(fields="Original-Recipient: rfc822;sales@example.com\n"), ["sales@example.com"]),
        (notification(fields="Final-Recipient: anne@Example.COM\n"), ["anne@example.com"]),
        (notification(fields="Final-Recipient: rfc822;\n"), []),
        (notification(fields=""), []),
        (notification().replace(b"\n", b"\r\n"), ["anne@example.com"]),
        (notification().replace(b"notification\n\nReporting", b"notification\nReporting"), ["anne@example.com"]),
    ],
)
def test_damaged_receipts(raw: bytes, expected: list[str]) -> None:
    report = bouncelib.parse(raw)
    assert report.kind is Kind.DISPOSITION
    assert [recipient.address for recipient in report.recipients] == expected


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Read: Hello", "Your message\n\n   To: Anne\n   Subject: Hello\n\nwas read on 02/05/2026 10:00."),
        ("Not read: Hello", "Your message was deleted without being read on 02/05/2026."),
        ("Return Receipt", "Your document:\tHello\nwas received by:\tAnne\nat:\t02/05/2026"),
        ("Return receipt", "This is a Return Receipt for the mail that you sent to anne@example.com."),
        ("Gelesen: Hallo", "Ihre Nachricht\n\nwurde gelesen am 2. Mai 2026."),
        ("Lu : Bonjour", "Votre message a été lu le 2 mai 2026."),
        ("Leído: Hola", "El mensaje se leyó el 2 de mayo."),
    ],
)
def test_receipts_without_fields(subject: str, text: str) -> None:
    raw = f"From: anne@example.com\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode()
    report = bouncelib.parse(raw)
    assert report.kind is Kind.DISPOSITION
    assert report.recipients == ()


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Read: a book I liked", "You should have a look at it."),
        ("Re: Read: Hello", "It was read on Monday, thank you."),
        ("Reading list", "The paper was read on Monday."),
    ],
)
def test_letters_are_no_receipts(subject: str, text: str) -> None:
    assert bouncelib.parse(f"From: anne@example.com\nSubject: {subject}\n\n{text}\n".encode()).kind is Kind.OTHER


PIGEONHOLE = "Your message to <anne@example.com> was automatically rejected:\nQuota exceeded"
CYRUS = (
    "Your message was automatically rejected by Sieve, a mail\nfiltering language.\n\n"
    "The following reason was given:\nI do not want this."
)
MAILUTILS = (
    "The original message was refused by recipient's\nmail filtering program. Reason given was as follows:\n\nNo."
)


@pytest.mark.parametrize(
    ("disposition", "text", "head", "diagnostic"),
    [
        pytest.param(DELETED, PIGEONHOLE, "", "Quota exceeded", id="Pigeonhole"),
        pytest.param(DELETED, CYRUS, "", "I do not want this.", id="Cyrus"),
        pytest.param(DELETED, MAILUTILS, "", "No.", id="GNU mailutils"),
        pytest.param(
            DELETED,
            "Deine Post mag ich nicht.\nSchreib nicht mehr.",
            "Auto-Submitted: auto-replied (rejected)\n",
            "Deine Post mag ich nicht.\nSchreib nicht mehr.",
            id="own words, the comment tells",
        ),
        pytest.param(
            "automatic-action/MDN-sent-automatically; failed",
            "Your message was refused by the server.",
            "",
            "Your message was refused by the server.",
            id="RFC 2298: failed",
        ),
        pytest.param(
            "automatic-action/MDN-sent-automatically; denied/error",
            "Ihre Nachricht wurde abgelehnt:\nVoll.",
            "",
            "Voll.",
            id="RFC 2298: denied",
        ),
        pytest.param(DELETED, "It could not be delivered.", "", "It could not be delivered.", id="in other words"),
        pytest.param(DELETED, "It was automatically rejected:", "", "It was automatically rejected:", id="no reason"),
    ],
)
def test_a_refusal_in_the_form_of_a_receipt(disposition: str, text: str, head: str, diagnostic: str) -> None:
    report = bouncelib.parse(
        notification(
            disposition, text=text, head=head, subject="Rejected: Hello", sender="Postmaster <postmaster@example.com>"
        )
    )
    assert report.kind is Kind.BOUNCE
    (recipient,) = report.recipients
    assert (recipient.address, recipient.original_address) == ("anne@example.com", "sales@example.com")
    assert recipient.action is Action.FAILED
    assert recipient.diagnostic == diagnostic
    assert recipient.reason is not None
    assert report.reporting_mta == "pc.example.com"
    assert "sieve-reject" in report.detectors
    assert "mdn" not in report.detectors


def test_the_words_of_a_refusal_are_judged() -> None:
    (recipient,) = bouncelib.parse(notification(DELETED, text=PIGEONHOLE)).recipients
    assert recipient.reason is Reason.MAILBOX_FULL


def test_the_text_names_the_recipient_where_no_field_does() -> None:
    report = bouncelib.parse(notification(DELETED, text=PIGEONHOLE, fields=""))
    assert report.kind is Kind.BOUNCE
    assert [recipient.address for recipient in report.recipients] == ["anne@example.com"]


def test_a_refusal_that_names_nobody() -> None:
    report = bouncelib.parse(notification(DELETED, text=CYRUS, fields=""))
    assert report.kind is Kind.BOUNCE
    assert report.recipients == ()


def test_a_delivery_status_under_the_wrong_name() -> None:
    fields = f"{FIELDS}Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 over quota\n"
    (recipient,) = bouncelib.parse(notification("", fields=fields, text="It failed.")).recipients
    assert (recipient.address, str(recipient.status)) == ("anne@example.com", "5.2.2")
    assert recipient.diagnostic == "552 5.2.2 over quota"
