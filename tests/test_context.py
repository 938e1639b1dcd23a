"""What a context accepts, and what it says of a mistake."""

from __future__ import annotations

import dataclasses
import datetime as dt
import pathlib
import pickle
import tomllib
import typing

import pytest

from bouncelib import BouncelibError, Context

MISTAKES: list[tuple[dict[str, object], str]] = [
    ({"own_mtas": ["192.0.2.0/33"]}, r"own_mtas: '192.0.2.0/33' is no network .*192.0.2.0/24"),
    ({"own_mtas": [""]}, "own_mtas: '' is no host name"),
    ({"own_mtas": ["anne@example.com"]}, "own_mtas: .* write mail.example.com"),
    ({"own_mtas": [7]}, "own_mtas"),
    ({"own_domains": ["anne@example.com"]}, "own_domains: .* without a local part"),
    ({"message_id_domains": [" "]}, "message_id_domains"),
    ({"batv_keys": [""]}, "batv_keys: an empty secret"),
    ({"batv_keys": {"10": "key"}}, "batv_keys: '10' is no key number"),
    ({"batv_keys": [7]}, "batv_keys: 'int' is no secret"),
    ({"srs_secrets": b""}, "srs_secrets: an empty secret"),
    ({"verp": [""]}, "verp: an empty secret"),
    ({"verp": ["bounces@example.com"]}, r"verp: .* needs \{local\} and \{domain\}"),
    ({"sent_by_us": "yes"}, "sent_by_us: 'yes' cannot be called"),
    ({"dkim_keys": {"example.com": "p=x"}}, r"dkim_keys: .* selector\._domainkey"),
    ({"dkim_keys": {"s._domainkey.example.com": ""}}, "dkim_keys: .* has no key"),
    ({"require_proof": "no"}, "require_proof"),
    ({"now": "today"}, "now: 'today' is no time"),
]


@pytest.mark.parametrize(("fields", "message"), MISTAKES)
def test_a_mistake_names_its_field_and_the_remedy(fields: dict[str, typing.Any], message: str) -> None:
    with pytest.raises(BouncelibError, match=message):
        Context(**fields)


@pytest.mark.parametrize("secret", ["the secret", b"the secret"])
def test_no_secret_is_shown(secret: str | bytes) -> None:
    context = Context(batv_keys=[secret], srs_secrets=[secret], verp=[secret])
    assert "secret" not in repr(context).replace("srs_secrets", "")
    assert context.holds_key


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mail.example.com", True),
        ("MAIL.example.com.", True),
        ("a.out.example.com", True),
        ("out.example.com", False),
        ("evilout.example.com", False),
        ("mail.example.com.example.org", False),
        ("192.0.2.200", True),
        ("[192.0.2.200]", True),
        ("::ffff:192.0.2.200", True),
        ("IPv6:2001:db8::1", True),
        ("192.0.3.1", False),
        ("203.0.113.7", True),
        ("", False),
        ("ünï", False),
    ],
)
def test_own_hosts(name: str, expected: bool) -> None:
    context = Context(own_mtas=["mail.example.com", ".out.example.com", "192.0.2.0/24", "2001:db8::/32", "203.0.113.7"])
    assert context.is_own_host(name) is expected


def test_own_domains() -> None:
    context = Context(own_domains=["Example.COM.", ".lists.example.org"])
    own = ["example.com", "EXAMPLE.com", "a.lists.example.org", "lists.example.org"]
    assert all(context.is_own_domain(domain) for domain in own)
    assert not any(context.is_own_domain(domain) for domain in ("a.example.com", "example.org", ""))


def test_a_context_survives_copies() -> None:
    context = Context(
        own_mtas="mail.example.com",
        batv_keys={1: b"key", 2: b"other"},
        verp=["secret", "v.{local}={domain}@example.com"],
        now=dt.datetime(2026, 11, 23, tzinfo=dt.UTC),
    )
    assert dataclasses.replace(context) == context
    assert pickle.loads(pickle.dumps(context)) == context
    assert (context.verp_secrets, context.verp_patterns) == ((b"secret",), ("v.{local}={domain}@example.com",))
    assert not Context(verp=["v.{local}={domain}@example.com"]).holds_key


def test_the_context_file_of_the_documentation() -> None:
    pytest.importorskip("dkim")
    page = (pathlib.Path(__file__).parent.parent / "docs" / "provenance.md").read_text("utf-8")
    table = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])
    assert set(table) == {field.name for field in dataclasses.fields(Context)} - {"sent_by_us"}
    assert Context(**table).holds_key
