"""Text to `EnhancedStatus`."""

import time

import pytest

from bouncelib import status
from bouncelib.model import EnhancedStatus


@pytest.mark.parametrize(
    "text, expected",
    [
        ("5.1.1", "5.1.1"),
        (" 5.1.1 ", "5.1.1"),
        ("5.1.1 (bad destination)", "5.1.1"),
        ("5.0.0 (permanent failure)", "5.0.0"),
        ("550 5.1.1", "5.1.1"),
        ("550-5.7.26", "5.7.26"),
        ("#5.2.2", "5.2.2"),
        ("(#5.1.1)", "5.1.1"),
        ('"4.4.7"', "4.4.7"),
        ("2.0.0", "2.0.0"),
        ("5.7.509", "5.7.509"),
        ("5.999.999", "5.999.999"),
        ("5.1.1;", "5.1.1"),
        ("5.1.1.", "5.1.1"),
        ("1.2.3", None),
        ("3.1.1", None),
        ("5.1", None),
        ("5.1.", None),
        ("5..1", None),
        ("5.01.1", None),
        ("5.1.1000", None),
        ("5.1000.1", None),
        ("5.1.1.7", None),
        ("192.0.2.1", None),
        ("5 . 1 . 1", None),
        ("٥.١.١", None),
        ("failed", None),
        ("", None),
    ],
)
def test_a_status_field(text: str, expected: str | None) -> None:
    found = status.parse(text)
    assert (str(found) if found else None) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("550 5.1.1 <anne@example.com>... User unknown", "5.1.1"),
        ("no mailbox here by that name #5.1.1", "5.1.1"),
        ("no mailbox here by that name. (#5.1.1)", "5.1.1"),
        ("rejected [5.7.1]", "5.7.1"),
        ("5.1.1_User unknown", "5.1.1"),
        ("550-5.1.1 The email account", "5.1.1"),
        ("host mx said: 554 5.7.1: no", "5.7.1"),
        ("Error 5.4.14.", "5.4.14"),
        ("250 2.1.0 ok, then 550 5.1.1 no", "5.1.1"),
        ("250 2.1.5 ok", "2.1.5"),
        ("Exim 4.9.2 said 5.1.1", "5.1.1"),
        ("from 5.1.1.7", None),
        ("[5.1.1.7]", None),
        ("host 10.5.1.1 said no", None),
        ("15.1.1", None),
        ("5.1.1234", None),
        ("Exim 4.96.2", None),
        ("Exim 4.6.2", None),
        ("exim-4.9.2", None),
        ("Postfix 3.4.14", None),
        ("Postfix/5.4.14", None),
        ("version 5.1.1", None),
        ("v5.1.1", None),
        ("Release: 4.1.2", None),
        ("(Haraka 2.8.2)", None),
        ("3.1.1 is of no class", None),
        ("5.42.1", None),
        ("nothing", None),
        ("", None),
    ],
)
def test_a_code_in_running_text(text: str, expected: str | None) -> None:
    found = status.find(text)
    assert (str(found) if found else None) == expected


@pytest.mark.parametrize(
    "text",
    [
        "550 5.1.1 unknown",
        "smtp; 550 5.1.1 unknown",
        "SMTP;550-5.7.26 4.2.2",
        "smtp ;  451 4.7.650 later",
        "550 5.1.1.7 is no code, 5.2.2 is",
        "250 2.1.5 ok, 550 5.1.1 no",
        "550 4.96.2 is no code",
        "exim; 550 5.1.1 unknown",
        "550 5.1.1",
    ],
)
def test_behind_a_reply_code_and_in_running_text_it_is_the_same(text: str) -> None:
    assert status.find(text) == status._search(text)


GENERIC, SUBJECT, DETAIL, OTHER = (
    EnhancedStatus(5, 0, 0),
    EnhancedStatus(5, 1, 0),
    EnhancedStatus(5, 1, 1),
    EnhancedStatus(4, 2, 2),
)


@pytest.mark.parametrize(
    "first, second, expected",
    [
        (None, None, None),
        (None, GENERIC, GENERIC),
        (GENERIC, None, GENERIC),
        (GENERIC, SUBJECT, SUBJECT),
        (SUBJECT, GENERIC, SUBJECT),
        (SUBJECT, DETAIL, DETAIL),
        (DETAIL, SUBJECT, DETAIL),
        (DETAIL, OTHER, DETAIL),
        (OTHER, DETAIL, OTHER),
    ],
)
def test_the_more_specific_of_two(
    first: EnhancedStatus | None, second: EnhancedStatus | None, expected: EnhancedStatus | None
) -> None:
    assert status.specific(first, second) == expected


@pytest.mark.parametrize("text", ["5.1." * 20000, "version 5.1.1 " * 8000, " " * 100000, "5" * 100000, "4.9." * 30000])
def test_the_worst_text_costs_little(text: str) -> None:
    start = time.process_time()
    status.parse(text)
    status.find(text)
    assert time.process_time() - start < 1
