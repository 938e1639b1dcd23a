"""The merge: ranks, lending, and how conflicts are settled."""

from __future__ import annotations

import email.utils

import pytest

from bouncelib.address import typed
from bouncelib.merge import _TYPE, _USUAL_TYPES, RANKS, _original, merge, parse_action, parse_date
from bouncelib.model import Action, Command, Finding, Kind, UnparsedField, Value


def finding(**fields: str) -> Finding:
    return Finding(**{name: Value(text) for name, text in fields.items()})  # type: ignore[arg-type]


def test_a_better_rank_decides_who_is_a_recipient() -> None:
    facts = merge(
        [
            ("exim", finding(address="bob@example.com")),
            ("rfc3464", finding(address="rfc822; anne@example.com", status="5.0.0")),
        ]
    )
    assert [recipient.address for recipient in facts.recipients] == ["anne@example.com"]


def test_a_lower_rank_lends_what_it_knows_by_either_address() -> None:
    facts = merge(
        [
            ("rfc3464", finding(address="rfc822; real@example.com", original_address="rfc822; alias@example.net")),
            ("exim", finding(address="alias@example.net", diagnostic="550 5.1.1 no such user")),
            ("exim", finding(address="nobody@example.org", diagnostic="550 5.7.1 not you")),
        ]
    )
    assert len(facts.recipients) == 1
    recipient = facts.recipients[0]
    assert (recipient.address, recipient.original_address) == ("real@example.com", "alias@example.net")
    assert str(recipient.status) == "5.1.1"
    assert recipient.diagnostic == "550 5.1.1 no such user"


def test_two_targets_of_one_alias_stay_two_recipients() -> None:
    facts = merge(
        [
            ("rfc3464", finding(address="rfc822; a@example.com", original_address="rfc822; list@example.net")),
            ("rfc3464", finding(address="rfc822; b@example.com", original_address="rfc822; list@example.net")),
        ]
    )
    assert [recipient.address for recipient in facts.recipients] == ["a@example.com", "b@example.com"]


def test_prose_about_the_target_of_an_alias_is_about_the_alias() -> None:
    facts = merge(
        [
            ("rfc3464", finding(address="rfc822; alias@example.net", status="5.0.0")),
            ("exim", finding(address="real@example.com", original_address="alias@example.net", command="RCPT")),
        ]
    )
    assert [(recipient.address, recipient.command) for recipient in facts.recipients] == [("alias@example.net", "RCPT")]


DIAGNOSTICS = [
    (("SMTP; ", "421 closing"), "421 closing"),
    (("X-Unix; 78", "unknown configuration error"), "unknown configuration error"),
    (("X-Unix; 78",), "78"),
    (("smtp; 550 5.1.1 no", "something else"), "550 5.1.1 no"),
    ((), None),
]


@pytest.mark.parametrize(("texts", "expected"), DIAGNOSTICS)
def test_the_diagnostic_is_the_first_that_says_anything(texts: tuple[str, ...], expected: str | None) -> None:
    found = [("rfc3464", finding(address="a@example.com"))]
    found += [(f"format-{n}", finding(address="a@example.com", diagnostic=text)) for n, text in enumerate(texts)]
    assert merge(found).recipients[0].diagnostic == expected


HOSTS = [
    ("dns; mx.example.com [192.0.2.1]", "mx.example.com"),
    ("mx.example.com.", "mx.example.com"),
    ("dns; [192.0.2.1]", "[192.0.2.1]"),
    ("dns; mx.example.com (comment)", "mx.example.com"),
    ("dns;", None),
]


# The usual form goes a short way; a tab goes the long one.
@pytest.mark.parametrize(
    "host", ["mx.example.com", "MX-1.Example.COM", "mx.example.com.", "localhost", "192.0.2.1", "-"]
)
def test_the_usual_name_is_read_like_any_other(host: str) -> None:
    names = [
        merge([("rfc3464", finding(address="a@example.com", remote_mta=f"dns;{blank}{host}"))]).recipients[0].remote_mta
        for blank in (" ", "", "\t")
    ]
    assert len(set(names)) == 1


@pytest.mark.parametrize("text", ["anne@example.com", "Anne@Example.COM", "anne+2Btag@example.com", "x+3D@example.org"])
def test_the_usual_original_recipient_is_read_like_any_other(text: str) -> None:
    assert _original(Value(f"rfc822;{text}"), typed(text)) == typed(f"rfc822;{text}", xtext=True)


@pytest.mark.parametrize(("field", "expected"), HOSTS)
def test_the_remote_mta_is_a_name(field: str, expected: str | None) -> None:
    assert merge([("x", finding(address="a@example.com", remote_mta=field))]).recipients[0].remote_mta == expected


def test_the_same_address_in_another_case_is_the_same_recipient() -> None:
    facts = merge([("a", finding(address="Anne@Example.com")), ("b", finding(address="anne@example.COM"))])
    assert [recipient.address for recipient in facts.recipients] == ["Anne@example.com"]


def test_a_finding_without_an_address_lends_to_its_own_detectors_recipients() -> None:
    facts = merge(
        [
            ("qmail", finding(address="anne@example.com")),
            ("qmail", finding(address="bob@example.com", remote_mta="mx.example.com")),
            ("qmail", finding(remote_mta="relay.example.net")),
            ("other", finding(command="RCPT")),
        ]
    )
    anne, bob = facts.recipients
    assert (anne.remote_mta, bob.remote_mta) == ("relay.example.net", "mx.example.com")
    assert anne.command is None
    assert bob.command is None


STATUS = [
    # Status field, diagnostic, expected
    ("5.1.1", None, "5.1.1"),
    ("5.0.0", "smtp; 550 5.1.1 unknown", "5.1.1"),
    ("5.1.0", "smtp; 550 5.1.1 unknown", "5.1.1"),
    ("5.1.1", "smtp; 550 5.0.0 unknown", "5.1.1"),
    # Of two that say as much the server's own words win: the reporter may have cut or changed its field.
    ("5.7.2", "smtp; 550 5.7.23 SPF", "5.7.23"),
    ("5.3.2", "smtp; 421 4.3.2 shutting down", "4.3.2"),
    (None, "smtp; 550 5.7.1 no", "5.7.1"),
    (None, "smtp; 550 no such user", None),
    ("nonsense", None, None),
]


@pytest.mark.parametrize(("field", "diagnostic", "expected"), STATUS)
def test_the_more_specific_status_wins(field: str | None, diagnostic: str | None, expected: str | None) -> None:
    fields = {"address": "rfc822; anne@example.com"}
    if field:
        fields["status"] = field
    if diagnostic:
        fields["diagnostic"] = diagnostic
    recipient = merge([("rfc3464", finding(**fields))]).recipients[0]
    assert (str(recipient.status) if recipient.status else None) == expected


def test_the_loser_stays_as_evidence() -> None:
    recipient = merge(
        [("rfc3464", finding(address="anne@example.com", status="5.0.0", diagnostic="smtp; 550 5.1.1 unknown"))]
    ).recipients[0]
    assert [(e.field, e.text) for e in recipient.evidence if e.field == "status"] == [
        ("status", "smtp; 550 5.1.1 unknown"),
        ("status", "5.0.0"),
    ]


def test_per_message_fields_are_parsed() -> None:
    facts = merge(
        [
            (
                "rfc3464",
                Finding(
                    reporting_mta=Value("dns; mx.example.net (some comment)"),
                    received_from_mta=Value("DNS;client.example.org."),
                    arrival_date=Value("Mon, 2 Mar 2026 10:00:00 +0100"),
                    envelope_id=Value("QQ+2B314"),
                    unparsed=(UnparsedField("x-queue", "42"),),
                ),
            )
        ]
    )
    assert facts.reporting_mta == "mx.example.net"
    assert facts.received_from_mta == "client.example.org"
    assert facts.arrival_date is not None
    assert facts.arrival_date.isoformat() == "2026-03-02T10:00:00+01:00"
    assert facts.envelope_id == "QQ+314"
    assert facts.unparsed == (UnparsedField("x-queue", "42"),)


ACTIONS = [
    ("failed", Action.FAILED),
    ("Failed (permanently)", Action.FAILED),
    (" DELAYED", Action.DELAYED),
    ("error", Action.FAILED),
    ("delivered", Action.DELIVERED),
    ("relayed", Action.RELAYED),
    ("expanded", Action.EXPANDED),
    ("tired", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), ACTIONS)
def test_actions(text: str, expected: Action | None) -> None:
    assert parse_action(text) is expected


def test_an_expired_delay_is_a_failure() -> None:
    found = [("rfc3464", finding(address="a@example.com", action="delayed")), ("x", Finding(kind=Kind.DELAY))]
    assert merge(found).recipients[0].action is Action.DELAYED
    found.append(("opensmtpd", finding(address="a@example.com", diagnostic="Envelope expired")))
    assert merge(found).recipients[0].action is Action.FAILED


@pytest.mark.parametrize("text", [None, "", "yesterday", "Mon, 99 Foo 2026", "1" * 500])
def test_dates_that_are_none(text: str | None) -> None:
    assert parse_date(text) is None


DATES = [
    "Mon, 2 Mar 2026 10:00:00 +0100",
    "Mon,  2 Mar 2026 10:00:00 -0730 (XXX)",
    "29 Feb 2024 23:59:59 +0000",
    "Mon, 02 Mar 2026 10:00:00 -0000",
    "Mon, 2 Mar 2026 10:00:00 +0960",
    "Mon, 2 Mar 2026 10:00:00 GMT",
    "Mon, 2 Mar 2026 10:00:00 +0100 (Central European Time)",
]


@pytest.mark.parametrize("text", DATES)
def test_dates_are_those_of_the_standard_library(text: str) -> None:
    found, expected = parse_date(text), email.utils.parsedate_to_datetime(text)
    assert found == expected
    assert found is not None
    assert found.utcoffset() == expected.utcoffset()


@pytest.mark.parametrize("time", ["24:00:00", "23:60:00", "23:59:60", "10:00:00 +2400 "])
def test_times_that_are_none(time: str) -> None:
    assert parse_date(f"Mon, 2 Mar 2026 {time.strip()}{'' if '+' in time else ' +0100'}") is None


def test_host_and_command_come_from_the_diagnostic_where_no_field_has_them() -> None:
    recipient = merge(
        [
            (
                "postfix",
                finding(
                    address="anne@example.com",
                    diagnostic="host mx.example.com[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO command)",
                ),
            )
        ]
    ).recipients[0]
    assert (recipient.remote_mta, recipient.command) == ("mx.example.com", Command.RCPT)
    assert {"remote_mta", "command"} <= {evidence.field for evidence in recipient.evidence}


def test_fallback_ranks_come_last() -> None:
    assert RANKS["rfc3464"] < 1 < RANKS["generic"] < RANKS["flufl"]


def test_usual_types_are_types() -> None:
    """What is known by heart is what the pattern would accept."""
    assert all(_TYPE.fullmatch(kind) for kind in _USUAL_TYPES)
