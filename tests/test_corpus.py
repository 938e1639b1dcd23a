"""Every sample of the corpus against its expectations, in every dress, cut off anywhere, and through JSON."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from bouncelib import testing
from bouncelib.model import Kind

CORPUS = Path(__file__).parent.parent / "corpus"
SAMPLES = testing.discover(CORPUS)

each = pytest.mark.parametrize("sample", SAMPLES, ids=str)

_DOMAIN = re.compile(
    r"(?i)(?<=@)[a-z0-9\u0080-\u2fff\u3040-\ufeff.-]+\.[a-z\u0080-\u2fff\u3040-\ufeff]{2,}|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org)\b"
)
_RESERVED = re.compile(r"(?i)(?:^|\.)(?:example(?:\.(?:com|net|org))?|test|invalid)$")
# Names that servers and services write by themselves, and that rules go by.
_VENDORS = ("googlemail.com", "google.com", "spamhaus.org")


def _agree(differences: list[testing.Difference], sample: testing.Sample) -> None:
    assert not differences, testing.format_differences(sample, differences, sample.parse())


@each
def test_expectations(sample: testing.Sample) -> None:
    testing.assert_sample(sample)


@each
def test_variants_give_the_same_verdict(sample: testing.Sample) -> None:
    _agree(testing.check_variants(sample), sample)


@each
def test_attached_by_a_person_it_is_no_report(sample: testing.Sample) -> None:
    _agree(testing.check_wrapped(sample), sample)


@each
def test_cut_off_it_names_nobody_else(sample: testing.Sample) -> None:
    _agree(testing.check_cuts(sample), sample)


@each
def test_round_trip_through_json(sample: testing.Sample) -> None:
    _agree(testing.check_round_trip(sample), sample)
    json.dumps(sample.parse().to_dict(), ensure_ascii=False).encode("utf-8")  # nothing in it that cannot be written


def test_both_sides_are_well_represented() -> None:
    kinds = Counter(str(sample.expected["kind"]) for sample in SAMPLES)
    assert len(SAMPLES) >= 80
    assert kinds[Kind.BOUNCE] >= 80
    assert kinds[Kind.OTHER] >= 15
    assert set(kinds) == {str(kind) for kind in Kind}


def test_every_sample_says_where_it_comes_from() -> None:
    for sample in SAMPLES:
        assert sample.source.get("origin", "").startswith(("lab: ", "composed")), sample.name
        assert sample.source.get("scenario"), sample.name


def test_names_say_the_scenario() -> None:
    for sample in SAMPLES:
        assert re.fullmatch(r"[a-z0-9.-]+/[a-z0-9.-]*[a-z]{2}[a-z0-9.-]*", sample.name), sample.name


def test_no_file_is_large() -> None:
    assert [path for path in CORPUS.rglob("*") if path.is_file() and path.stat().st_size > 100 * 1024] == []


def test_nothing_stands_about() -> None:
    known = {".eml", ".toml"}
    lab = CORPUS / "lab"
    paths = [path for path in CORPUS.rglob("*") if path.is_file() and lab not in path.parents]
    others = {path.name for path in paths if path.suffix not in known}
    assert others == {"README.md", ".gitattributes"}


@each
def test_domains_are_reserved_ones(sample: testing.Sample) -> None:
    """RFC 2606 names only: no sample may lead to a real host or person."""
    text = sample.raw.decode("utf-8", "replace")
    for domain in {match[0].lower() for match in _DOMAIN.finditer(text)}:
        allowed = _RESERVED.search(domain) or any(f".{domain}".endswith(f".{vendor}") for vendor in _VENDORS)
        assert allowed, f"{sample.path} names {domain}"
