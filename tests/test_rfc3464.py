"""RFC 3464 and RFC 6533 reports, whole and damaged."""

from __future__ import annotations

import base64
import quopri

import pytest

import bouncelib
from bouncelib import Report
from bouncelib.detectors.rfc3464 import _WRITTEN, _name

HEAD = """\
From: MAILER-DAEMON@mx.example.net
Subject: Undelivered
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It failed.
--b
"""
FIELDS = """\
Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 2 Mar 2026 10:00:00 +0000

Original-Recipient: rfc822;alias@example.org
Final-Recipient: rfc822;anne@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; 550 5.1.1 <anne@example.org>:
    Recipient address rejected
X-Queue: 42
"""


def report(part: str, head: str = HEAD) -> Report:
    return bouncelib.parse(f"{head}{part}\n--b--\n".encode())


def status_part(fields: str = FIELDS, header: str = "Content-Type: message/delivery-status\n") -> Report:
    return report(f"{header}\n{fields}")


def encoded(encoding: str, data: bytes) -> Report:
    return report(
        f"Content-Type: message/delivery-status\nContent-Transfer-Encoding: {encoding}\n\n{data.decode('ascii')}"
    )


SAME = [
    ("plain", status_part),
    ("global", lambda: status_part(header="Content-Type: message/global-delivery-status\n")),
    ("base64", lambda: encoded("base64", base64.encodebytes(FIELDS.encode()))),
    ("quoted-printable", lambda: encoded("quoted-printable", quopri.encodestring(FIELDS.encode()))),
    ("no blank line between the groups", lambda: status_part(FIELDS.replace("\n\n", "\n"))),
    ("many blank lines", lambda: status_part("\n\n" + FIELDS.replace("\n\n", "\n\n\n \n"))),
    ("no blank line after the part's header", lambda: report(f"Content-Type: message/delivery-status\n{FIELDS}")),
    ("names in capitals", lambda: status_part(FIELDS.replace("Final-Recipient", "FINAL-RECIPIENT"))),
    ("blanks before colons", lambda: status_part(FIELDS.replace("Action:", "Action :"))),
    ("no types", lambda: status_part(FIELDS.replace("rfc822;", "").replace("dns; ", ""))),
    ("angle brackets", lambda: status_part(FIELDS.replace("rfc822;anne@example.org", "rfc822; <anne@example.org>"))),
    ("another type", lambda: status_part(FIELDS.replace("rfc822;", "smtp ; "))),
    ("never closed", lambda: bouncelib.parse(f"{HEAD}Content-Type: message/delivery-status\n\n{FIELDS}".encode())),
    ("typed as text", lambda: status_part(header="Content-Type: text/plain\n")),
    ("typed as anything", lambda: status_part(header="Content-Type: application/octet-stream\n")),
]


@pytest.mark.parametrize("make", [case[1] for case in SAME], ids=[case[0] for case in SAME])
def test_the_same_in_every_damage(make: object) -> None:
    assert callable(make)
    found = make()
    assert found.kind == "bounce"
    (recipient,) = found.recipients
    assert recipient.address == "anne@example.org"
    assert recipient.original_address == recipient.subscriber == "alias@example.org"
    assert str(recipient.status) == "5.1.1"
    assert recipient.diagnostic == "550 5.1.1 <anne@example.org>:\nRecipient address rejected"
    assert (recipient.reply.code, recipient.remote_mta) == (550, "mail.example.org")
    assert found.reporting_mta == "mx.example.net"
    assert "rfc3464" in found.detectors
    assert not [defect for defect in found.defects if defect.rule == "detector-failed"]


def test_fields_that_nobody_defined_are_kept() -> None:
    found = status_part(FIELDS.replace("Arrival-Date", "X-Arrived"))
    assert [(field.name, field.group) for field in found.unparsed] == [("x-arrived", 0), ("x-queue", 1)]
    assert found.unparsed[1].value == "42"


SEVERAL = """\
Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; a@example.org
Action: failed
Status: 5.1.1

Final-Recipient: rfc822; b@example.org
Action: {second}
Status: {status}

Final-Recipient: rfc822; a@EXAMPLE.org
Action: failed
Status: 5.1.1
"""


@pytest.mark.parametrize(
    ("second", "status", "kind"),
    [("delayed", "4.4.1", "bounce"), ("delivered", "2.0.0", "bounce"), ("failed", "5.2.2", "bounce")],
)
def test_several_recipients_each_with_its_own_action(second: str, status: str, kind: str) -> None:
    found = status_part(SEVERAL.format(second=second, status=status))
    assert found.kind == kind
    assert [(r.address, r.action, str(r.status)) for r in found.recipients] == [
        ("a@example.org", "failed", "5.1.1"),
        ("b@example.org", second, status),
    ]


@pytest.mark.parametrize(
    ("action", "status", "kind", "bounce_type"),
    [
        ("failed", "5.1.1", "bounce", "hard"),
        ("failed", "4.4.7", "bounce", "soft"),
        ("delayed", "4.4.1", "delay", "soft"),
        ("delivered", "2.1.5", "success", None),
        ("relayed", "2.0.0", "success", None),
        ("expanded", "2.0.0", "success", None),
    ],
)
def test_actions_make_the_kind(action: str, status: str, kind: str, bounce_type: str | None) -> None:
    found = status_part(f"Final-Recipient: rfc822; a@example.org\nAction: {action}\nStatus: {status}\n")
    assert (found.kind, found.recipients[0].bounce_type) == (kind, bounce_type)
    assert found.recipients[0].suppress is (bounce_type == "hard")
    assert (found.recipients[0].reason is None) is (kind == "success")


ADDRESSES = [
    ("utf-8; \\x{7528}\\x{6237}@example.org", "用户@example.org"),
    ("utf-8; 用户@example.org", "用户@example.org"),
    ("rfc822; 用户@EXAMPLE.org", "用户@example.org"),
    ("rfc822; @relay.example.net:anne@example.org", "anne@example.org"),
    ('rfc822; "anne smith"@example.org', '"anne smith"@example.org'),
    ("rfc822; anne@xn--bcher-kva.example", "anne@bücher.example"),
    ("rfc822; anne@example.org (Anne)", "anne@example.org"),
    ('rfc822; ".xalias/anne@example+2eorg"@mx.example.net', "anne@example.org"),
]


@pytest.mark.parametrize(("field", "expected"), ADDRESSES)
def test_addresses(field: str, expected: str) -> None:
    found = status_part(f"Final-Recipient: {field}\nAction: failed\nStatus: 5.1.1\n")
    assert [recipient.address for recipient in found.recipients] == [expected]


def test_the_original_recipient_stands_in_for_a_missing_final_one() -> None:
    for final in ("", "Final-Recipient: rfc822;\n", "Final-Recipient:\n"):
        found = status_part(f"{final}Original-Recipient: rfc822; anne+2Blist@example.org\nAction: failed\n")
        assert [recipient.address for recipient in found.recipients] == ["anne+list@example.org"], final


def test_a_part_without_recipients_is_still_a_bounce() -> None:
    found = status_part("Reporting-MTA: dns; mx.example.net\n")
    assert (found.kind, found.recipients, found.reporting_mta) == ("bounce", (), "mx.example.net")


def test_a_blank_line_within_a_diagnostic_does_not_cut_the_group() -> None:
    found = status_part(
        "Final-Recipient: rfc822; a@example.org\nDiagnostic-Code: smtp; 550\n\n   5.7.1 not here\nAction: failed\n"
    )
    assert str(found.recipients[0].status) == "5.7.1"
    found = status_part("Final-Recipient: rfc822; a@example.org\n\nAction: failed\nStatus: 5.1.1\n")
    assert [(r.address, str(r.status)) for r in found.recipients] == [("a@example.org", "5.1.1")]


def test_a_hundred_thousand_recipients() -> None:
    groups = "\n".join(
        f"Final-Recipient: rfc822; user{n}@example.org\nAction: failed\nStatus: 5.1.1\n" for n in range(100_000)
    )
    assert len(status_part(groups).recipients) == 100_000


def test_usual_names_are_names() -> None:
    for written, name in _WRITTEN.items():
        assert _name(written) == name


@pytest.mark.parametrize(("status", "action"), [("2.0.0", "delivered"), ("5.1.1", "failed")])
def test_status_tells_what_the_action_does_not(status: str, action: str) -> None:
    fields = f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; anne@example.org\nStatus: {status}\n"
    assert [recipient.action for recipient in status_part(fields).recipients] == [action]


def test_parts_of_a_report_in_a_letter() -> None:
    head = (
        "From: Carla <carla@example.org>\nSubject: Fwd: Undelivered\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nPlease look.\n--b\n"
    )
    found = report(f"Content-Type: message/delivery-status\n\n{FIELDS}", head)
    assert (found.kind, found.recipients) == ("other", ())
