"""Strategies that make reports of every kind and format, and damage them.

The formats in text are not listed here: each `TextFormat` of the registry says by its own phrases and patterns what its
reports look like, and so a new one is fuzzed from the day it is written.
"""

from __future__ import annotations

import base64
import functools
import quopri
from collections.abc import Callable

from hypothesis import strategies as st
from mutations import MUTATIONS, WORDS

from bouncelib import Registry, TextFormat

__all__ = ["damaged", "messages", "pieces"]

_LOCAL = st.one_of(
    st.from_regex(r"[a-z0-9][a-z0-9._=+-]{0,20}", fullmatch=True),
    st.sampled_from(['"a b"', '"a@b"', "björn", "anne+2Btag", "prvs=0123456789=anne", "list-bounces+anne=example.com",
                     "SRS0=abcd=XY=example.com=anne", "IMCEASMTP-anne+40example+2Ecom", "a" * 300, ""]),
)  # fmt: skip
_DOMAIN = st.sampled_from([
    "example.com", "example.org", "EXAMPLE.NET", "bücher.example", "xn--bcher-kva.example", "[192.0.2.1]", "localhost",
    "mx.example.com.", "a" * 260, "",
])  # fmt: skip
addresses = st.builds("{}@{}".format, _LOCAL, _DOMAIN)
hosts = st.sampled_from(["mx.example.com", "mx.example.org", "[192.0.2.7]", "localhost", "-", "", "mx"])
codes = st.builds("{}.{}.{}".format, *(st.integers(*limits) for limits in ((1, 6), (0, 9), (0, 300))))
_SAID = (
    "user unknown", "mailbox full", "try again in 5 minutes", "blocked using zen.spamhaus.example",
    "<anne@example.com>:", "550", "452-", "5.1.1", "4.2.2", "\n", "\n\n", "said:", "host mx.example.com[192.0.2.1]",
    "(in reply to RCPT TO command)", ">>> RCPT TO:<bob@example.com>", "<<< 550 5.7.1 no", "Action: failed",
    "=?utf-8?b?w6Q=?=", "\x1b[2J", "\u202e", "&lt;", "smtp;", "X-Unix; 78", "DATA", "expired",
)  # fmt: skip
words = st.lists(st.one_of(st.sampled_from(_SAID), st.text(max_size=8)), max_size=8).map(" ".join)
lines = st.lists(words, max_size=6).map("\n".join)


_SUBJECTS = (
    "Undelivered Mail Returned to Sender", "Delivery Status Notification (Delay)", "failure notice", "Re: x",
    "Automatic reply: x", "Read: x", "=?hz?b?fn4=?=",
)  # fmt: skip
_OTHER_FIELDS = (
    "X-Failed-Recipients", "X-Original-To", "Auto-Submitted", "List-Id", "Authentication-Results", "In-Reply-To",
)  # fmt: skip


@st.composite
def headers(draw: st.DrawFn) -> str:
    """The header of something that a mail system sends, more or less."""
    sender = draw(st.sampled_from(["MAILER-DAEMON@mx.example.net", "postmaster@example.com", "", "anne@example.com"]))
    subject = draw(st.sampled_from(_SUBJECTS))
    fields = [f"From: {sender}", f"To: {draw(addresses)}", f"Subject: {subject}", "MIME-Version: 1.0"]
    if draw(st.booleans()):
        fields.insert(0, "Return-Path: <>")
    if draw(st.booleans()):
        fields.insert(0, f"Received: from {draw(hosts)} by {draw(hosts)} with ESMTP; Mon, 5 Oct 2026 10:00:00 +0000")
    others = draw(st.lists(st.sampled_from(_OTHER_FIELDS), max_size=3))
    fields += [f"{name}: {draw(st.one_of(addresses, words))}".replace("\n", "\n ") for name in others]
    return "\n".join(fields)


@st.composite
def groups(draw: st.DrawFn) -> str:
    """The fields of one recipient."""
    kind = draw(st.sampled_from(["rfc822; ", "utf-8; ", "", "x400; "]))
    fields = [f"Final-Recipient: {kind}{draw(addresses)}"]
    if draw(st.booleans()):
        fields.append(f"Original-Recipient: {kind}{draw(addresses)}")
    fields.append(f"Action: {draw(st.sampled_from(['failed', 'delayed', 'delivered', 'relayed', 'expanded', '?']))}")
    fields.append(f"Status: {draw(codes)}")
    fields.append(f"Diagnostic-Code: smtp; {draw(words)}".replace("\n", "\n  "))
    fields.append(f"Remote-MTA: dns; {draw(hosts)}")
    return "\n".join(draw(st.permutations(fields)))


status = st.builds(
    "Reporting-MTA: dns; {}\nArrival-Date: {}\nX-Queue: {}\n\n{}\n".format,
    hosts,
    st.sampled_from(["Mon, 5 Oct 2026 10:00:00 +0000", "yesterday", "Thu, 99 Xyz 0000 99:99:99 +9999"]),
    words,
    st.lists(groups(), max_size=4).map("\n\n".join),
)
feedback = st.builds(
    "Feedback-Type: {}\nUser-Agent: x/1\nVersion: 1\nSource-IP: {}\nOriginal-Rcpt-To: {}\nIncidents: {}\n".format,
    st.sampled_from(["abuse", "fraud", "opt-out", "auth-failure", ""]),
    hosts,
    addresses,
    st.integers(-1, 10**12),
)
receipt = st.builds(
    "Reporting-UA: {}\nFinal-Recipient: rfc822;{}\nDisposition: {}\n".format,
    hosts,
    addresses,
    st.sampled_from(["manual-action/MDN-sent-manually; displayed", "automatic-action/x; deleted", ";;/"]),
)
notification = st.builds(
    '{{"notificationType":"{}","bounce":{{"bouncedRecipients":[{{"emailAddress":"{}","status":"{}"}}]}}}}'.format,
    st.sampled_from(["Bounce", "Complaint", "Delivery"]),
    addresses,
    codes,
)


@st.composite
def prose(draw: st.DrawFn) -> tuple[str, str]:
    """The header and the text of a report in one of the formats that are tables."""
    table = draw(st.sampled_from([one for one in Registry.default() if isinstance(one, TextFormat)]))
    fields = []
    for name, wanted in table.headers.items():
        fields.append(f"{name}: {wanted if isinstance(wanted, str) else draw(st.sampled_from(wanted))}")
    if table.recipient_header:
        fields.append(f"{table.recipient_header}: {draw(addresses)}, {draw(addresses)}")
    text = [draw(st.sampled_from(phrases)) for phrases in (table.marks, table.start, table.delay) if phrases]
    patterns = [*table.recipient, *table.fields]
    told = st.one_of(words, *(_matching(pattern) for pattern in patterns))
    text += draw(st.lists(told, max_size=6))
    if draw(st.booleans()) and table.end:
        text.append(draw(st.sampled_from(table.end)))
    return "\n".join(fields), "\n".join(text)


@functools.cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(pattern).map(lambda text: text[:2000])


def _as_is(data: bytes) -> tuple[str, bytes]:
    return "", data


def _base64(data: bytes) -> tuple[str, bytes]:
    return "\nContent-Transfer-Encoding: base64", base64.encodebytes(data)


def _quoted_printable(data: bytes) -> tuple[str, bytes]:
    return "\nContent-Transfer-Encoding: quoted-printable", quopri.encodestring(data)


_ENCODINGS: tuple[Callable[[bytes], tuple[str, bytes]], ...] = (_as_is, _as_is, _base64, _quoted_printable)
_CHARSETS = st.sampled_from(["utf-8", "iso-8859-1", "utf-16", "utf-7", "iso-2022-jp", "gb18030", "koi8-r", "cp1252"])


@st.composite
def parts(draw: st.DrawFn, kind: str, text: str) -> bytes:
    """One part, in some charset and transfer encoding."""
    charset = draw(_CHARSETS)
    extra, data = draw(st.sampled_from(_ENCODINGS))(text.encode(charset, "replace"))
    declared = f"; charset={charset}" if draw(st.booleans()) else ""
    return f"Content-Type: {kind}{declared}{extra}\n\n".encode() + data


_STRUCTURED = {
    "message/delivery-status": status,
    "message/global-delivery-status": status,
    "message/feedback-report": feedback,
    "message/disposition-notification": receipt,
}


@st.composite
def returned(draw: st.DrawFn) -> bytes:
    return f"{draw(headers())}\nMessage-ID: <1@example.org>\n\n{draw(lines)}".encode("utf-8", "replace")


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A whole report: structured, in prose, or both, perhaps within another message."""
    head = draw(headers())
    style = draw(st.sampled_from(["structured", "prose", "prose and structure", "notification"]))
    fields, text = draw(prose()) if style.startswith("prose") else ("", draw(lines))
    if style == "notification":
        text = draw(notification)
    if fields:
        head = f"{fields}\n{head}"
    kind = draw(st.sampled_from(["text/plain", "text/plain", "text/html"]))
    explained = draw(parts(kind, text))
    if style in ("prose", "notification"):
        raw = head.encode("utf-8", "replace") + b"\n" + explained
        if draw(st.booleans()):
            raw += b"\n\n" + draw(returned())
    else:
        typed = draw(st.sampled_from(sorted(_STRUCTURED)))
        pieces = [
            explained,
            draw(parts(typed, draw(_STRUCTURED[typed]))),
            b"Content-Type: message/rfc822\n\n" + draw(returned()),
        ]
        raw = _multipart(head, f"report; report-type={typed.partition('/')[2]}", pieces)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        raw = _multipart(draw(headers()), "mixed", [b"\nSee below.\n", b"Content-Type: message/rfc822\n\n" + raw])
    return raw


def _multipart(head: str, kind: str, pieces: list[bytes]) -> bytes:
    boundary = f"b{len(head)}{len(pieces[-1])}"
    opening = f'{head}\nContent-Type: multipart/{kind}; boundary="{boundary}"\n\n'.encode("utf-8", "replace")
    return (
        opening
        + b"".join([f"--{boundary}\n".encode() + piece + b"\n" for piece in pieces])
        + f"--{boundary}--\n".encode()
    )


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A report with up to three kinds of damage."""
    raw, other = draw(messages()), b"\n".join(WORDS)
    chance = draw(st.randoms(use_true_random=False))
    for damage in draw(st.lists(st.sampled_from(MUTATIONS), max_size=3)):
        raw = damage(raw, other, chance) or b"\n"
    return raw


pieces = st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=12)), max_size=40).map(b"".join)
"""Pieces of mail in any order."""
