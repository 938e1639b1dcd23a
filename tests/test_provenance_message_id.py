"""What a Message-ID proves."""

from __future__ import annotations

import pytest

from bouncelib import BouncelibError, ProvenanceVerdict
from bouncelib.provenance import message_id

OWN, FOREIGN, UNPROVEN = ProvenanceVerdict.OWN, ProvenanceVerdict.FOREIGN, ProvenanceVerdict.UNPROVEN
SIGNED = message_id.make("20261123.4711", "example.com", "secret")
KNOWN = {"<1@example.com>": True, "<2@example.com>": False}


def fails(message_id: str) -> bool:
    raise LookupError(f"no database for {message_id}")


@pytest.mark.parametrize(
    ("found", "arguments", "expected"),
    [
        (SIGNED, {"secrets": ["secret"]}, OWN),
        (SIGNED, {"secrets": ["old", b"secret"]}, OWN),
        (SIGNED, {"secrets": ["other"]}, None),
        (SIGNED.replace("4711", "4712"), {"secrets": ["secret"]}, None),
        (SIGNED.replace("example.com", "example.org"), {"secrets": ["secret"]}, None),
        ("<1@example.com>", {"sent_by_us": KNOWN.get}, OWN),
        ("<2@example.com>", {"sent_by_us": KNOWN.get}, FOREIGN),
        ("<3@example.com>", {"sent_by_us": KNOWN.get}, None),
        ("<3@example.com>", {"sent_by_us": KNOWN.get, "is_own_domain": "example.com".__eq__}, OWN),
        ("<1@example.com>", {"sent_by_us": fails, "is_own_domain": "example.com".__eq__}, UNPROVEN),
        ("<1@example.com>", {"is_own_domain": "example.com".__eq__}, OWN),
        ("<1@example.org>", {"is_own_domain": "example.com".__eq__}, None),
        ("<no-domain>", {"is_own_domain": "example.com".__eq__}, None),
        ("", {"sent_by_us": fails}, None),
        ("<1@example.com>", {}, None),
    ],
)
def test_message_ids(found: str, arguments: dict[str, object], expected: ProvenanceVerdict | None) -> None:
    proof = message_id.prove(found, **arguments)  # type: ignore[arg-type]
    assert (proof.verdict if proof else None) is expected


@pytest.mark.parametrize(
    ("unique", "domain", "secret"), [("a b", "example.com", "x"), ("a", "@example.com", "x"), ("a", "example.com", b"")]
)
def test_what_cannot_be_signed_is_said(unique: str, domain: str, secret: str | bytes) -> None:
    with pytest.raises(BouncelibError, match=r"message_id\.make"):
        message_id.make(unique, domain, secret)


def test_an_error_of_the_callback_stays_visible() -> None:
    proof = message_id.prove("<1@example.com>", sent_by_us=fails)
    assert proof
    assert "LookupError: no database" in proof.text
