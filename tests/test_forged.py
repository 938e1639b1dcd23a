"""Attacks: with a context that holds a key, nobody is ever suppressed by one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import pathlib
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bouncelib
from bouncelib import ProvenanceVerdict, testing

CORPUS = pathlib.Path(__file__).parent.parent / "corpus"
SAMPLES = testing.discover(CORPUS / "forged")
GENUINE = [sample for sample in SAMPLES if sample.name.endswith("-genuine")]
FORGED = [sample for sample in SAMPLES if not sample.name.endswith("-genuine")]
OWN_SERVER = next(sample for sample in GENUINE if sample.name.endswith("own-server-genuine"))
ALL_KEYS: dict[str, Any] = {
    "batv_keys": [b"the key of the list server"],
    "srs_secrets": [b"the secret of the forwarder"],
    "verp": [b"the secret of the list"],
    "own_domains": ["example.com", "fwd.example.com"],
}


def test_there_are_both() -> None:
    assert len(GENUINE) >= 6
    assert len(FORGED) >= 30


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


CAROL = b"carol@example.org"
ANNE = b"anne@example.net"
# A server of our own writes what it likes; a report without any key can be written by everybody.
KEYED = [sample for sample in GENUINE if not sample.name.endswith(("own-server-genuine", "received-genuine"))]
TAG = re.compile(rb"prvs=[0-9]{4}([0-9a-f]{6})=|SRS0=([A-Za-z0-9+/]{4})=|\+bv1-[0-9]{3}-([a-z2-7]{16})-")


def suppressed(sample: testing.Sample, raw: bytes, **changes: Any) -> set[str]:
    """Who would be turned off by either name."""
    assert sample.context
    report = bouncelib.parse(raw, context=dataclasses.replace(sample.context, **changes))
    assert report.recipients
    return {name for found in report.recipients if found.suppress for name in (found.address, found.subscriber)}


@pytest.mark.parametrize("sample", KEYED, ids=str)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_whatever_lines_name_somebody_else_he_is_not_suppressed(sample: testing.Sample, data: st.DataObject) -> None:
    lines = sample.raw.split(b"\n")
    naming = [at for at, line in enumerate(lines) if ANNE in line]
    chosen = data.draw(st.sets(st.sampled_from(naming), min_size=1))
    raw = b"\n".join([line.replace(ANNE, CAROL) if at in chosen else line for at, line in enumerate(lines)])
    assert suppressed(sample, raw) <= {ANNE.decode()}


@pytest.mark.parametrize("sample", KEYED, ids=str)
@pytest.mark.parametrize("field", ["Original-Recipient", "Final-Recipient", "X-Actual-Recipient"])
def test_nor_with_another_name_beside_the_right_one(sample: testing.Sample, field: str) -> None:
    line = b"Final-Recipient: rfc822; " + ANNE
    assert line in sample.raw
    raw = sample.raw.replace(line, field.encode() + b": rfc822; " + CAROL + b"\n" + line)
    assert suppressed(sample, raw) <= {ANNE.decode()}


@pytest.mark.parametrize("sample", KEYED, ids=str)
def test_nor_behind_the_right_one(sample: testing.Sample) -> None:
    block = b"\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\n"
    more = b"".join(block % address for address in (CAROL, b"dora@example.net", b"eve@example.net"))
    start = sample.raw.index(b"Final-Recipient")
    end = sample.raw.index(b"\n\n", start) + 1
    assert suppressed(sample, sample.raw[:end] + more + sample.raw[end:]) <= {ANNE.decode()}


@pytest.mark.parametrize("sample", [sample for sample in KEYED if "dkim" not in sample.name], ids=str)
def test_a_tag_with_one_other_letter_is_none(sample: testing.Sample) -> None:
    match = TAG.search(sample.raw)
    assert match
    group = match.lastindex or 0
    for at in range(match.start(group), match.end(group)):
        other = b"a" if sample.raw[at : at + 1].lower() != b"a" else b"b"
        altered = sample.raw[match.start() : at] + other + sample.raw[at + 1 : match.end()]
        assert suppressed(sample, sample.raw.replace(match[0], altered)) == set()


@pytest.mark.parametrize("sample", [sample for sample in KEYED if "dkim" not in sample.name], ids=str)
@pytest.mark.parametrize("days", [-20, 40, 400, 900])
def test_a_tag_is_none_before_and_after_its_time(sample: testing.Sample, days: int) -> None:
    assert sample.context
    assert sample.context.now
    assert suppressed(sample, sample.raw, now=sample.context.now + dt.timedelta(days=days)) == set()


@pytest.mark.parametrize("sample", [s for s in (*KEYED, OWN_SERVER) if "verp" not in s.name], ids=str)
@pytest.mark.parametrize(
    "client",
    [
        b"bulk.example.org (bulk.example.org [203.0.113.9])",
        b"mx.example.net (unknown [203.0.113.9])",
        b"mx.example.net ([203.0.113.9])",
        b"mail.example.com (unknown [203.0.113.9])",
        b"localhost (bulk.example.org [203.0.113.9])",
        b"[192.0.2.1] (bulk.example.org [203.0.113.9])",
        b"(uid 0) (bulk.example.org [203.0.113.9])",
        b"bulk.example.org ([203.0.113.9] helo=mx.example.net)",
        b"unknown (HELO mx.example.net) (203.0.113.9)",
    ],
)
def test_what_a_stranger_brings_suppresses_nobody(sample: testing.Sample, client: bytes) -> None:
    """Signed VERP is left out: there only the recipient himself has the address."""
    top = b"Received: from %s\n\tby mail.example.com (Postfix) with ESMTP id 4;\n\tMon, 23 Nov 2026 11:41:00 +0000\n"
    assert suppressed(sample, top % client + sample.raw) == set()


@pytest.mark.parametrize("key", ["batv_keys", "srs_secrets", "verp"])
def test_a_wrong_key_suppresses_nobody(key: str) -> None:
    """Whatever the corpus holds: none of it was signed with this one."""
    context = bouncelib.Context(**{key: [b"a key that has signed nothing"]})  # type: ignore[arg-type]
    samples = testing.discover(CORPUS)
    assert len(samples) > 300
    for sample in samples:
        report = bouncelib.parse(sample.raw, context=context)
        assert not any(recipient.suppress for recipient in report.recipients), sample.name
