"""Reports that a filter has wrapped, and ordinary mail that only carries one."""

from __future__ import annotations

import pytest

import bouncelib

INNER = """\
From: {inner}
Subject: Returned mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=inner

--inner

It failed.
--inner
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; anne@example.org
Action: failed
Status: 5.1.1

--inner--
"""
OUTER = """\
From: {outer}
Subject: [checked] Returned mail
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer

Scanned.
--outer
Content-Type: message/rfc822

"""


@pytest.mark.parametrize(
    ("outer", "inner", "kind"),
    [
        ("MAILER-DAEMON@mx.example.net", "MAILER-DAEMON@mx.example.net", "bounce"),
        ("postmaster@example.com", "Mail Delivery System <postmaster@example.com>", "bounce"),
        ("Anne <anne@example.com>", "MAILER-DAEMON@mx.example.net", "other"),
        ("MAILER-DAEMON@mx.example.net", "Anne <anne@example.com>", "other"),
    ],
)
def test_only_a_machines_wrapping_comes_off(outer: str, inner: str, kind: str) -> None:
    raw = OUTER.format(outer=outer) + INNER.format(inner=inner) + "\n--outer--\n"
    report = bouncelib.parse(raw.encode())
    assert report.kind == kind
    assert [recipient.address for recipient in report.recipients] == (["anne@example.org"] if kind == "bounce" else [])
    assert ("report-wrapped" in {defect.rule for defect in report.defects}) is (kind == "bounce")
