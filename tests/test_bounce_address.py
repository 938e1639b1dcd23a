"""Refusing backscatter by the address alone; the two servers of the how-to run here as they stand there."""

from __future__ import annotations

import datetime as dt
import pathlib
import re
import smtplib
import socket
import threading
import time
from typing import Any

import pytest

from bouncelib import AddressVerdict, BouncelibError, Context, check_bounce_address, check_verp, make_verp, parse
from bouncelib.provenance import batv, srs

DOCS = pathlib.Path(__file__).parent.parent / "docs"
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
KEY = b"key"
ACCEPT, REFUSE, UNDECIDED = AddressVerdict.ACCEPT, AddressVerdict.REFUSE, AddressVerdict.UNDECIDED
BATV: dict[str, Any] = {"batv_keys": [KEY], "now": NOW}
VERP: dict[str, Any] = {"verp": [KEY], "now": NOW}
SRS: dict[str, Any] = {"srs_secrets": [KEY], "now": NOW}
OURS: dict[str, Any] = {"own_domains": ["example.com"]}

NEWS = "news@example.com"
TAGGED = batv.make(NEWS, KEY, now=NOW)
STALE = batv.make(NEWS, KEY, now=NOW - dt.timedelta(days=40))
SIGNED = make_verp("bounces@example.com", "anne@example.net", KEY, now=NOW)
REWRITTEN = srs.make("carl@example.org", KEY, "example.com", now=NOW)


@pytest.mark.parametrize(
    ("address", "context", "verdict", "proof"),
    [
        (TAGGED, BATV, ACCEPT, "batv"),
        (f"<{TAGGED}>", {**BATV, **OURS}, ACCEPT, "batv"),
        (STALE, {**BATV, **OURS}, REFUSE, "batv"),
        (STALE, {"batv_keys": [KEY]}, ACCEPT, "batv"),
        (TAGGED, {"batv_keys": ["other"]}, REFUSE, "batv"),
        (SIGNED, VERP, ACCEPT, "verp"),
        (SIGNED.replace("anne", "carol"), VERP, REFUSE, "verp"),
        (REWRITTEN, {**SRS, **BATV, **OURS}, ACCEPT, "srs"),
        (REWRITTEN.replace("carl", "dora"), SRS, REFUSE, "srs"),
        (REWRITTEN, {**BATV, **OURS}, UNDECIDED, None),
        (NEWS, {**BATV, **OURS}, REFUSE, "address"),
        (NEWS, {**VERP, **OURS}, REFUSE, "address"),
        ("bounces+anne=example.net@example.com", {**VERP, **OURS}, REFUSE, "address"),
        ("PostMaster@example.com", {**BATV, **OURS}, UNDECIDED, None),
        ("btv1==020fbc2871f==news@example.com", {**BATV, **OURS}, UNDECIDED, None),
        (NEWS, {**SRS, **OURS}, UNDECIDED, None),
        (NEWS, BATV, UNDECIDED, None),
        (NEWS, OURS, UNDECIDED, None),
        (NEWS, {}, UNDECIDED, None),
        ("anne@example.org", {**BATV, **OURS}, UNDECIDED, None),
        (STALE.replace("example.com", "example.org"), {**BATV, **OURS}, UNDECIDED, None),
        ("", {**BATV, **OURS}, UNDECIDED, None),
        ("postmaster", {**BATV, **OURS}, UNDECIDED, None),
        ("\x00\udcff@", {**BATV, **OURS}, UNDECIDED, None),
        ("a" * 100_000 + "@example.com", {**BATV, **OURS}, UNDECIDED, None),
    ],
)
def test_addresses(address: str, context: dict[str, Any], verdict: AddressVerdict, proof: str | None) -> None:
    check = check_bounce_address(address, Context(**context))
    assert check.verdict is verdict
    assert (check.proof.name if check.proof else None) == proof
    assert (check.reply is not None) is (verdict is REFUSE)
    if check.reply:
        assert re.fullmatch(r"550 5\.7\.1 [ -~]{20,200}", str(check.reply))


def test_it_takes_microseconds() -> None:
    context = Context(**BATV, **OURS, verp=[KEY], srs_secrets=[KEY])
    start = time.process_time()
    for _ in range(1000):
        check_bounce_address(TAGGED, context)
    assert time.process_time() - start < 1  # a thousandth of a second each, on a busy machine


def example(page: str, name: str) -> str:
    """The code of the documentation that the comment `<!-- run: NAME -->` stands above."""
    found = re.search(rf"<!-- run: {name} -->\n```python\n(.*?)\n```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert found, name
    return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fresh() -> str:
    return make_verp("list@bounces.example.com", "anne@example.net", KEY, now=dt.datetime.now(dt.UTC))


def test_the_aiosmtpd_handler_of_the_how_to() -> None:
    pytest.importorskip("aiosmtpd")
    names: dict[str, Any] = {"SECRET": KEY, "PORT": free_port(), "MAILBOX": []}
    exec(example("refuse-backscatter.md", "aiosmtpd"), names)
    names["controller"].start()
    try:
        with smtplib.SMTP("127.0.0.1", names["PORT"], timeout=10) as client:
            client.ehlo("mx.example.net")
            client.mail("")
            assert client.rcpt("news@bounces.example.com")[0] == 550
            assert client.rcpt(fresh().replace("anne", "carol"))[0] == 550
            assert client.rcpt("helpdesk@example.com")[0] == 250
            assert client.rcpt(fresh())[0] == 250
            assert client.data("Subject: Undelivered\n\nSorry.\n")[0] == 250
            client.mail("anne@example.net")
            assert client.rcpt("news@bounces.example.com")[0] == 250
    finally:
        names["controller"].stop()
    assert len(names["MAILBOX"]) == 1


def test_the_policy_service_of_the_how_to() -> None:
    names: dict[str, Any] = {"SECRET": KEY, "PORT": 0}
    exec(example("refuse-backscatter.md", "policy"), names)
    with names["server"] as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with (
                socket.create_connection(server.server_address, timeout=10) as client,
                client.makefile("rwb") as stream,
            ):
                answers = []
                for sender, recipient in [
                    ("", "news@bounces.example.com"),
                    ("", fresh()),
                    ("anne@example.net", "news@bounces.example.com"),
                    ("", ""),
                ]:
                    request = f"request=smtpd_access_policy\nsender={sender}\nrecipient={recipient}\n\n"
                    stream.write(request.encode())
                    stream.flush()
                    answers.append(stream.readline().decode().strip())
                    assert stream.readline() == b"\n"
        finally:
            server.shutdown()
            thread.join()
    assert [answer.partition(" ")[0] for answer in answers] == [
        "action=550",
        "action=DUNNO",
        "action=DUNNO",
        "action=DUNNO",
    ]


def test_the_two_lines_of_a_list_server() -> None:
    names: dict[str, Any] = {"SECRET": KEY, "now": NOW, "raw": b""}
    exec(example("provenance.md", "verp"), names)
    exec(example("provenance.md", "context"), names)
    assert check_verp(names["sender"], KEY, now=NOW) == "anne@example.net"
    assert names["report"] == parse(b"")


def test_a_context_that_cannot_work_is_refused() -> None:
    with pytest.raises(BouncelibError):
        Context(verp=[""])
