"""DKIM of the returned header, against the keys of the context and without any DNS."""

from __future__ import annotations

import datetime as dt
import pathlib
import tomllib

import pytest

import bouncelib
from bouncelib import BouncelibError, ProvenanceVerdict

pytest.importorskip("dkim")

from bouncelib.provenance import dkim

CORPUS = pathlib.Path(__file__).parent.parent / "corpus" / "forged"
RAW = (CORPUS / "dkim-genuine.eml").read_bytes()
HEADER = RAW[RAW.index(b"Return-Path: <news@") :].partition(b"\n\n")[0] + b"\n"
KEYS: dict[str, str] = tomllib.loads((CORPUS / "dkim-genuine.toml").read_text("utf-8"))["context"]["dkim_keys"]
NAME = "s1._domainkey.example.com"
OWN, UNPROVEN = ProvenanceVerdict.OWN, ProvenanceVerdict.UNPROVEN


@pytest.mark.parametrize(
    ("header", "keys", "expected"),
    [
        (HEADER, KEYS, OWN),
        (HEADER.replace(b"\n", b"\r\n"), KEYS, OWN),
        (HEADER, {NAME: f"v=DKIM1; k=rsa; p={KEYS[NAME]}"}, OWN),
        (b"X-Added: on its way\n" + HEADER, KEYS, OWN),
        (HEADER.replace(b"To: anne@", b"To: carol@"), KEYS, UNPROVEN),
        (HEADER.replace(b"Subject: News", b"Subject: Olds"), KEYS, UNPROVEN),
        (HEADER.replace(b"bh=", b"bh=A"), KEYS, UNPROVEN),
        (HEADER + b"From: another@example.org\n", KEYS, UNPROVEN),
        (HEADER, {NAME: "v=DKIM1; p=AAAA"}, UNPROVEN),
        (HEADER, {"s2._domainkey.example.com": KEYS[NAME]}, None),
        (HEADER, {}, None),
        (b"From: news@example.com\n", KEYS, None),
        (b"DKIM-Signature: v=1; odd\n", KEYS, UNPROVEN),
        (b"DKIM-Signature: a=rsa-sha256; d=example.com; s=s1; h=to; b=x; bh=x\n", KEYS, UNPROVEN),
        (b"", KEYS, None),
        (b"\xff\x00" * 1000, KEYS, None),
    ],
)
def test_signatures(header: bytes, keys: dict[str, str], expected: ProvenanceVerdict | None) -> None:
    found = dkim.verify(header, keys)
    assert (found.proof.verdict if found else None) is expected


def test_what_is_signed_is_told() -> None:
    found = dkim.verify(HEADER, KEYS)
    assert found
    fields = dict(found.fields)
    assert fields["to"] == "anne@example.net"
    assert fields["message-id"] == "<20261123.4711@example.com>"
    assert "received" not in fields


# Signed on 2026-11-23 at 12:00 UTC, with an `x=` one day later.
EXPIRING = b"""\
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com;
 i=@example.com; q=dns/txt; s=s2; t=1795435200; x=1795521600; h=from :
 to : subject : message-id;
 bh=Ba3gj8+xBPQLJTahTfzW6RbWQ/XPgESxkCi2B66PSQg=;
 b=JYcwtozcYYTbbb8k1+mc2BdVHh4aNTzHMwrdkaiMTRX3pVJ0FEuNdz/4DcOS/HpTnAd4B
 /S68MAl0AnEafG9r12X2Fv/Bzz2IPN5Mu5ryzQ95ufnYHYa3IRQxchkexTSX59SvU3kyeK/
 qIk6bl2OP0AC5Tx7L1/bGWmAs5snJliv16EEhJOp0LJnreeFajNysuObu2M/hWSvkwUMEhq
 n9ehVAIgtwqK41LCp+CRtpImE71nC6OSNEaq7MpjJ+Lq498XTw1LF0NigwryhCT61vkqkeO
 S4sD1+deMFRY+9Nma0nl93bIw3jxIMTNJe8CyB2WMHALy12Zm5EZ8QJGrupQ==
From: The News <news@example.com>
To: anne@example.net
Subject: News of the week
Message-ID: <20261123.4711@example.com>
"""
EXPIRING_KEYS = {"s2._domainkey.example.com": (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0cEhB2GkKq2WugXxD8O5eylUkcR+NCGCFlQ/OEkP8/fe7FdyBZVklB8r"
    "gtemUWaqJCS0Q9TDkcKai/JmdB/xLivVZYMEWmGc6JLu+V2kD4HWENlaXq7qc2stOwxgreXxBjtKRFKS4Yg550WF9xYAvZzFeVN+"
    "ZtykDDKY0dAtk3s3VP8B0vR6tOUDuFHonu1ZmUWvryWAY9ChKL+9vkGq/te8ar8r9ZmnNa2P+3tOewJ6ik0qUQFf6m1Vv79aSwJs"
    "KhHOmYP3GsvIvX6jKedHsBNL/qQyuEjpKeOf5H7qHfnwREqUVe1HF3e8MhUVy66mf56esDre6bBTbDi5i9/LTQIDAQAB"
)}  # fmt: skip


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (None, OWN),
        (dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC), OWN),
        (dt.datetime(2026, 11, 24, 12, 1, tzinfo=dt.UTC), UNPROVEN),
        (dt.datetime(2027, 11, 24, tzinfo=dt.UTC), UNPROVEN),
    ],
)
def test_a_signature_expires(now: dt.datetime | None, expected: ProvenanceVerdict) -> None:
    found = dkim.verify(EXPIRING, EXPIRING_KEYS, now=now)
    assert found
    assert found.proof.verdict is expected
    assert ("expired" in found.proof.text) is (expected is UNPROVEN)
    assert bool(found.fields) is (expected is OWN)


def test_without_the_package_the_context_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(BouncelibError, match=r"bouncelib\[dkim\]"):
        bouncelib.Context(dkim_keys=KEYS)
