"""Attacks: with a context that holds a key, nobody is ever suppressed by one."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest

import bouncelib
from bouncelib import ProvenanceVerdict, testing

CORPUS = pathlib.Path(__file__).parent.parent / "corpus"
SAMPLES = testing.discover(CORPUS / "forged")
GENUINE = [sample for sample in SAMPLES if sample.name.endswith("-genuine")]
FORGED = [sample for sample in SAMPLES if not sample.name.endswith("-genuine")]
ALL_KEYS: dict[str, Any] = {
    "batv_keys": [b"the key of the list server"],
    "srs_secrets": [b"the secret of the forwarder"],
    "verp": [b"the secret of the list"],
    "own_domains": ["example.com", "fwd.example.com"],
}


def test_there_are_both() -> None:
    assert len(GENUINE) >= 6
    assert len(FORGED) >= 18


@pytest.mark.parametrize("sample", GENUINE, ids=str)
def test_the_genuine_twin_is_ours(sample: testing.Sample) -> None:
    report = sample.parse()
    assert report.provenance.verdict is ProvenanceVerdict.OWN
    assert [recipient.suppress for recipient in report.recipients] == [True]


@pytest.mark.parametrize("sample", FORGED, ids=str)
def test_an_attack_suppresses_nobody(sample: testing.Sample) -> None:
    report = sample.parse()
    assert report.recipients
    assert not any(recipient.suppress for recipient in report.recipients)


@pytest.mark.parametrize("sample", FORGED, ids=str)
def test_nor_does_it_with_every_key_and_without_the_rest(sample: testing.Sample) -> None:
    assert sample.context
    for context in (
        dataclasses.replace(sample.context, **ALL_KEYS),
        bouncelib.Context(**ALL_KEYS, now=sample.context.now),
        bouncelib.Context(batv_keys=ALL_KEYS["batv_keys"], now=sample.context.now),
        bouncelib.Context(srs_secrets=ALL_KEYS["srs_secrets"], now=sample.context.now),
        bouncelib.Context(verp=ALL_KEYS["verp"], now=sample.context.now),
    ):
        report = bouncelib.parse(sample.raw, context=context)
        assert not any(recipient.suppress for recipient in report.recipients)


@pytest.mark.parametrize("key", ["batv_keys", "srs_secrets", "verp"])
def test_a_wrong_key_suppresses_nobody(key: str) -> None:
    """Whatever the corpus holds: none of it was signed with this one."""
    context = bouncelib.Context(**{key: [b"a key that has signed nothing"]})  # type: ignore[arg-type]
    samples = testing.discover(CORPUS)
    assert len(samples) > 300
    for sample in samples:
        report = bouncelib.parse(sample.raw, context=context)
        assert not any(recipient.suppress for recipient in report.recipients), sample.name
