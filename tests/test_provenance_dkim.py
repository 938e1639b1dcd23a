"""DKIM of the returned header, against the keys of the context and without any DNS."""

from __future__ import annotations

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


def test_without_the_package_the_context_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(BouncelibError, match=r"bouncelib\[dkim\]"):
        bouncelib.Context(dkim_keys=KEYS)
