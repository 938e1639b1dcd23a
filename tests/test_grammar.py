"""What servers say, each in its own words, and what it means: `grammar.txt`, a table that grows with every misreading.

Beside the rules' own examples it says that the grammar holds: no line of it was at hand when the rules were written,
though for some of them a rule has been made wider since. A line: reason, refused command or nothing, reply.
"""

import pathlib

import pytest

import bouncelib

LINES = pathlib.Path(__file__).with_name("grammar.txt").read_text("utf-8").splitlines()
ROWS = [[cell.strip() for cell in line.split("|", 2)] for line in LINES]


@pytest.mark.parametrize("reason, command, text", ROWS, ids=[row[2][:60] for row in ROWS])
def test_a_refusal(reason: str, command: str, text: str) -> None:
    report = bouncelib.parse_reply(text, recipient="anne@example.com", command=command or None)
    assert report.recipients[0].reason == reason, report.explain()


def test_every_line_says_something_of_its_own() -> None:
    texts = [row[2] for row in ROWS]
    assert len(set(texts)) == len(texts) > 200
