"""Feedback reports: RFC 5965, 6590, 6591, and what reporters make of them."""

from __future__ import annotations

import base64
import datetime as dt

import pytest

import bouncelib
from bouncelib import Action, Kind

RETURNED = "Return-Path: <news@example.net>\nFrom: news@example.net\nTo: anne@example.com\nSubject: News\n\nHello.\n"
FIELDS = "Feedback-Type: abuse\nUser-Agent: Reporter/1.0\nVersion: 1\n"


def report(
    fields: str,
    *,
    kind: str = "message/feedback-report",
    encoding: str = "7bit",
    returned: str = RETURNED,
    returned_type: str = "message/rfc822",
    outer: str = "multipart/report; report-type=feedback-report",
    text: str = "Please see the parts below.",
    subject: str = "Abuse report",
) -> bytes:
    return (
        f"From: feedback@example.org\nTo: abuse@example.net\nSubject: {subject}\nMIME-Version: 1.0\n"
        f'Content-Type: {outer}; boundary="b"\n\n--b\nContent-Type: text/plain\n\n{text}\n'
        + (f"--b\nContent-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n{fields}\n" if fields else "")
        + (f"--b\nContent-Type: {returned_type}\n\n{returned}\n" if returned else "")
        + "--b--\n"
    ).encode()


def addresses(raw: bytes) -> list[str]:
    return [recipient.address for recipient in bouncelib.parse(raw).recipients]


def test_every_field_is_read() -> None:
    found = bouncelib.parse(
        report(
            "Feedback-Type: auth-failure\nUser-Agent: SomeFilter/2.0 (x)\nVersion: 1\n"
            "Original-Mail-From: <bounces@example.net>\nOriginal-Rcpt-To: <anne@example.com>\n"
            "Original-Rcpt-To: rfc822; bob@example.com\nOriginal-Envelope-Id: 4711\n"
            "Arrival-Date: Thu, 8 Mar 2024 14:00:00 +0100\nReporting-MTA: dns; mx.example.org\n"
            "Source-IP: 192.0.2.1\nSource-Port: 25000\nIncidents: 12\n"
            "Reported-Domain: example.net\nReported-Domain: example.com\nReported-URI: https://example.net/x\n"
            "Authentication-Results: mx.example.org;\n spf=fail smtp.mailfrom=example.net\n"
            'Auth-Failure: SPF\nDelivery-Result: reject\nSPF-DNS: txt : example.net : "v=spf1 -all"\n'
            "DKIM-Domain: example.net\nX-Private: =?utf-8?q?caf=C3=A9?=\n"
        )
    )
    assert found.kind is Kind.COMPLAINT
    feedback = found.feedback
    assert feedback is not None
    assert feedback.feedback_type == "auth-failure"
    assert feedback.user_agent == "SomeFilter/2.0 (x)"
    assert feedback.version == "1"
    assert feedback.original_mail_from == "bounces@example.net"
    assert feedback.original_rcpt_to == ("anne@example.com", "bob@example.com")
    assert feedback.original_envelope_id == "4711"
    assert feedback.arrival_date == dt.datetime(2024, 3, 8, 13, tzinfo=dt.UTC)
    assert feedback.reporting_mta == "mx.example.org"
    assert (feedback.source_ip, feedback.source_port, feedback.incidents) == ("192.0.2.1", 25000, 12)
    assert feedback.reported_domain == ("example.net", "example.com")
    assert feedback.reported_uri == ("https://example.net/x",)
    assert feedback.authentication_results == ("mx.example.org; spf=fail smtp.mailfrom=example.net",)
    assert (feedback.auth_failure, feedback.delivery_result) == ("spf", "reject")
    assert feedback.extensions == (
        ("SPF-DNS", 'txt : example.net : "v=spf1 -all"'),
        ("DKIM-Domain", "example.net"),
        ("X-Private", "café"),
    )
    assert [recipient.address for recipient in found.recipients] == ["anne@example.com", "bob@example.com"]
    assert found.reporting_mta == "mx.example.org"
    assert found.envelope_id == "4711"
    assert found.original is not None
    assert found.original.subject == "News"


def test_a_recipient_of_a_complaint_received_the_message() -> None:
    (recipient,) = bouncelib.parse(report(FIELDS + "Original-Rcpt-To: anne@example.com\n")).recipients
    assert recipient.action is Action.DELIVERED
    assert (recipient.reason, recipient.bounce_type, recipient.suppress) == (None, None, False)
    assert [(seen.detector, seen.rule, seen.part, seen.line) for seen in recipient.evidence] == [
        ("arf", "field original-rcpt-to", "2", 4)
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("abuse", "abuse"),
        ("Fraud", "fraud"),
        ("VIRUS", "virus"),
        ("not-spam", "not-spam"),
        ("opt-out", "opt-out"),
        ("opt-out-list", "opt-out-list"),
        ("auth-failure", "auth-failure"),
        ("other", "other"),
        ("miscategorized (a comment)", "miscategorized"),
        ("abuse; x=y", "abuse"),
        ("x-made-up", "x-made-up"),
    ],
)
def test_types(written: str, read: str) -> None:
    feedback = bouncelib.parse(report(f"Feedback-Type: {written}\nVersion: 1\n")).feedback
    assert feedback is not None
    assert feedback.feedback_type == read


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("Original-Rcpt-To: anne@example.com", ["anne@example.com"]),
        ("Original-Rcpt-To: <anne@Example.COM>, bob@example.com", ["anne@example.com", "bob@example.com"]),
        ("ORIGINAL-RCPT-TO : anne@example.com", ["anne@example.com"]),
        ("Removal-Recipient: anne@example.com", ["anne@example.com"]),
        ("Original-Recipient: rfc822;anne@example.com", ["anne@example.com"]),
        ("Original-Rcpt-To:\n  anne@example.com", ["anne@example.com"]),
        ("Original-Rcpt-To: anne@example.com\nOriginal-Rcpt-To: anne@example.com", ["anne@example.com"]),
        ("Original-Rcpt-To: redacted@example.com", []),
        ("Original-Rcpt-To: undisclosed-recipient@example.com", []),
        ("Original-Rcpt-To: xxxxx@example.com", []),
        ("Original-Rcpt-To: ***@example.com", []),
        ("Original-Rcpt-To: anne@redacted.example", []),
        ("Original-Rcpt-To: redacted@", []),
        ("Original-Rcpt-To: redacted", []),
        ("Original-Rcpt-To:", []),
        ("Redacted-Address: anne", []),
    ],
)
def test_recipients(fields: str, expected: list[str]) -> None:
    assert addresses(report(f"{FIELDS}{fields}\n")) == expected


def test_what_is_redacted_is_kept_in_the_feedback() -> None:
    feedback = bouncelib.parse(report(FIELDS + "Original-Rcpt-To: redacted@example.com\n")).feedback
    assert feedback is not None
    assert feedback.original_rcpt_to == ("redacted@example.com",)


def test_null_sender() -> None:
    feedback = bouncelib.parse(report(FIELDS + "Original-Mail-From: <>\n")).feedback
    assert feedback is not None
    assert feedback.original_mail_from == ""


FULL = FIELDS + "Original-Rcpt-To: anne@example.com\n"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(report(base64.encodebytes(FULL.encode()).decode(), encoding="base64"), id="base64"),
        pytest.param(report(FULL.replace("=", "=3D"), encoding="quoted-printable"), id="quoted-printable"),
        pytest.param(report("\n\n" + FULL.replace("\n", "\n\n")), id="blank lines between the fields"),
        pytest.param(report("Some words first.\n" + FULL), id="prose before the fields"),
        pytest.param(report(FULL, kind="text/plain"), id="the part has lost its type"),
        pytest.param(report(FULL, kind="application/octet-stream"), id="the part is a file"),
        pytest.param(report(FULL, outer="multipart/mixed"), id="the message has lost its type"),
        pytest.param(report(FULL, outer="multipart/mixed", kind="text/plain"), id="neither has its type"),
        pytest.param(report("", text=FULL, outer="multipart/mixed"), id="pasted into the text"),
        pytest.param(report(FULL, returned=""), id="nothing returned"),
        pytest.param(report(FULL, returned_type="text/rfc822-headers"), id="headers returned"),
        pytest.param(report(FULL).replace(b"--b--\n", b""), id="not closed"),
        pytest.param(report(FULL).replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(
            report(FULL).replace(b"7bit\n\nFeedback", b"7bit\nFeedback"), id="fields in the header of the part"
        ),
        pytest.param(
            b"From: fbl@example.org\nSubject: complaint\n\nA user complained.\n\n"
            + FULL.encode()
            + b"\n"
            + RETURNED.encode(),
            id="no MIME at all",
        ),
    ],
)
def test_damage_and_encodings(raw: bytes) -> None:
    found = bouncelib.parse(raw)
    assert found.kind is Kind.COMPLAINT
    assert found.feedback is not None
    assert found.feedback.feedback_type == "abuse"
    assert [recipient.address for recipient in found.recipients] == ["anne@example.com"]


@pytest.mark.parametrize("fields", ["\n", "nothing of use", "\x00\xff: \n:\n", "Version: one\nSource-Port: none\n"])
def test_a_report_that_says_nothing_is_still_a_complaint(fields: str) -> None:
    found = bouncelib.parse(report(fields))
    assert found.kind is Kind.COMPLAINT
    assert found.recipients == ()
    assert found.feedback is not None
    assert found.feedback.feedback_type is None


def test_the_type_from_the_text_where_no_field_has_it() -> None:
    raw = report("Version: 1\n", text="This is an opt-out report for an email message\nreceived from IP 192.0.2.1.")
    feedback = bouncelib.parse(raw).feedback
    assert feedback is not None
    assert feedback.feedback_type == "opt-out"


HOTMAIL = "X-HmXmrOriginalRecipient: <anne@example.com>\n" + RETURNED


@pytest.mark.parametrize(
    ("raw", "source_ip", "expected"),
    [
        pytest.param(
            report("", returned=HOTMAIL, outer="multipart/mixed", subject="complaint about message from 192.0.2.7"),
            "192.0.2.7",
            ["anne@example.com"],
            id="Microsoft JMRP",
        ),
        pytest.param(
            report("", returned=HOTMAIL, outer="multipart/mixed", subject="report", text=""),
            None,
            ["anne@example.com"],
            id="Microsoft JMRP, other subject",
        ),
        pytest.param(
            report(
                "",
                text="This is an email abuse report for an email message received from 192.0.2.7",
                outer="multipart/mixed",
            ),
            None,
            [],
            id="only the sentence",
        ),
        pytest.param(
            report(FIELDS, returned="X-Apparently-To: anne@example.com via 192.0.2.9; Thu\n" + RETURNED),
            None,
            ["anne@example.com"],
            id="Yahoo's stamp in the returned message",
        ),
        pytest.param(
            report(FIELDS + "Original-Rcpt-To: bob@example.com\n", returned=HOTMAIL),
            None,
            ["bob@example.com"],
            id="a field goes before a stamp",
        ),
    ],
)
def test_relatives(raw: bytes, source_ip: str | None, expected: list[str]) -> None:
    found = bouncelib.parse(raw)
    assert found.kind is Kind.COMPLAINT
    assert found.feedback is not None
    assert (found.feedback.feedback_type, found.feedback.source_ip) == ("abuse", source_ip)
    assert [recipient.address for recipient in found.recipients] == expected


def test_apple_unsubscribes_by_mail() -> None:
    found = bouncelib.parse(
        b"From: Anne <anne@example.com>\nTo: unsubscribe@example.net\nSubject: unsubscribe\n"
        b"Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n\nThis was sent to unsubscribe.\n"
    )
    assert found.kind is Kind.COMPLAINT
    assert found.feedback is not None
    assert found.feedback.feedback_type == "opt-out"
    assert [recipient.address for recipient in found.recipients] == ["anne@example.com"]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(
            b"From: anne@example.com\nIn-Reply-To: <1@example.net>\nSubject: Re: what reports look like\n\nSo:\n\n"
            + FULL.encode(),
            id="a letter that shows a report",
        ),
        pytest.param(
            b"From: anne@example.com\nSubject: fields\n\nThe field Feedback-Type: abuse is required, Version too.\n",
            id="a letter about fields",
        ),
        pytest.param(
            b"From: anne@example.com\nSubject: Fwd: report\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
            b"Content-Type: text/plain\n\nLook.\n--x\nContent-Type: message/rfc822\n\n" + report(FULL) + b"\n--x--\n",
            id="a report forwarded as an attachment",
        ),
        pytest.param(
            b"From: anne@example.com\nSubject: unsubscribe\n\nPlease remove me.\n",
            id="a person who wants to be removed",
        ),
    ],
)
def test_letters_about_reports_are_no_reports(raw: bytes) -> None:
    assert bouncelib.parse(raw).kind is Kind.OTHER


def test_ten_thousand_recipients_take_no_longer_each_than_ten() -> None:
    many = "".join(f"Original-Rcpt-To: user{number}@example.com\n" for number in range(10_000))
    assert len(bouncelib.parse(report(FIELDS + many)).recipients) == 10_000
