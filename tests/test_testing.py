"""The corpus runner itself, on folders made for the purpose and with parsers that lie."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

import bouncelib
from bouncelib import BouncelibError, Context, Kind, Report, testing
from bouncelib.model import (
    BounceType,
    Defect,
    EnhancedStatus,
    Provenance,
    ProvenanceVerdict,
    Reason,
    Recipient,
)

RAW = b"From: MAILER-DAEMON@example.com\nSubject: failure\n\nbob@example.net failed\nthe end\n"
TABLE = """\
kind = "bounce"

[[recipients]]
address = "bob@example.net"
status = "5.1.1"
reason = "bad_mailbox"
bounce_type = "hard"
suppress = true
"""
RIGHT = Report(
    Kind.BOUNCE,
    (
        Recipient(
            "bob@example.net",
            status=EnhancedStatus(5, 1, 1),
            reason=Reason.BAD_MAILBOX,
            bounce_type=BounceType.HARD,
            suppress=True,
        ),
    ),
)
OTHER = Report(Kind.OTHER)


class Fake:
    """A parser that answers with what it was told to."""

    def __init__(self, answer: Report | Callable[[bytes], Report]) -> None:
        self.answer = answer
        self.contexts: list[Context | None] = []

    def parse(self, raw: bytes, /, *, context: Context | None = None) -> Report:
        self.contexts.append(context)
        return self.answer if isinstance(self.answer, Report) else self.answer(raw)


def put(directory: Path, table: str = TABLE, raw: bytes = RAW, name: str = "server/scenario") -> None:
    path = directory / f"{name}.eml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    (path.parent / f"{path.name.removesuffix('.eml')}.toml").write_text(table, "utf-8")


def one(directory: Path, table: str = TABLE, raw: bytes = RAW) -> testing.Sample:
    put(directory, table, raw)
    (sample,) = testing.discover(directory)
    return sample


def wrong(**changes: object) -> Report:
    return Report(Kind.BOUNCE, (dataclasses.replace(RIGHT.recipients[0], **changes),))  # type: ignore[arg-type]


def test_discovers_samples_by_name(tmp_path: Path) -> None:
    put(tmp_path, name="b/two")
    put(tmp_path, name="a/with.dots-5.1.1")
    samples = testing.discover(str(tmp_path))
    assert [str(sample) for sample in samples] == ["a/with.dots-5.1.1", "b/two"]
    assert samples[0].raw == RAW
    assert samples[0].path == tmp_path / "a" / "with.dots-5.1.1.eml"


def test_reads_context_and_source(tmp_path: Path) -> None:
    sample = one(
        tmp_path,
        TABLE
        + '[context]\nown_mtas = ["mail.example.com"]\nown_domains = ["example.com"]\n[source]\norigin = "composed"\n',
    )
    parser = Fake(RIGHT)
    assert testing.check(sample, parser) == []
    assert parser.contexts == [Context(own_mtas=("mail.example.com",), own_domains=("example.com",))]
    assert sample.source == {"origin": "composed"}


def test_refuses_an_empty_run(tmp_path: Path) -> None:
    with pytest.raises(BouncelibError, match="no sample found in"):
        testing.discover(tmp_path)


@pytest.mark.parametrize(
    "left, message", [("toml", r"lonely\.eml has no expectations"), ("eml", r"lonely\.toml has no message")]
)
def test_refuses_orphans(tmp_path: Path, left: str, message: str) -> None:
    put(tmp_path, name="server/lonely")
    (tmp_path / "server" / f"lonely.{left}").unlink()
    with pytest.raises(BouncelibError, match=message):
        testing.discover(tmp_path)


@pytest.mark.parametrize(
    "table, message",
    [
        ("kind = ", "is not TOML"),
        ("recipients = []", "`kind` is missing"),
        ('kind = "bouncy"', "kind cannot be 'bouncy'; there are bounce, delay"),
        ('kind = "bounce"\ncolour = "red"', "unknown key 'colour' in the report"),
        ('kind = "bounce"\nrecipients = "bob"', "recipients must be tables"),
        ('kind = "bounce"\n[[recipients]]\nstatus = "5.1.1"', "a recipient without an address"),
        ('kind = "bounce"\n[[recipients]]\naddress = "a@b"\nhard = true', "unknown key 'hard' in a recipient"),
        ('kind = "bounce"\n[[recipients]]\naddress = "a@b"\nreason = "userunknown"', "reason cannot be 'userunknown'"),
        ('kind = "bounce"\n[[recipients]]\naddress = "a@b"\nsuppress = "yes"', "suppress must be of type bool"),
        ('kind = "bounce"\n[[recipients]]\naddress = "a@b"\nreply = true', "reply must be of type int"),
        ('kind = "bounce"\n[[recipients]]\naddress = "a@b"\naliases = "c@d"', "aliases must be a list"),
        ('kind = "bounce"\n[context]\nkeys = []', r"unknown key 'keys' in \[context\]"),
        ('kind = "bounce"\n[source]\nurl = ""', r"unknown key 'url' in \[source\]"),
        ('kind = "bounce"\ncontext = 1', r"\[context\] must be a table"),
        ('kind = "bounce"\ngap = { colour = "red" }', "unknown key 'colour' in gap"),
        ('kind = "bounce"\ngap = { kind = "" }', "gap.kind must say why"),
        ('kind = "bounce"\ngap = { provenance = "later" }', "gap marks provenance, for which nothing is expected"),
        (
            'kind = "bounce"\n[[recipients]]\naddress = "a@b"\ngap = { reason = "later" }',
            "gap marks a@b.reason, for which nothing is expected",
        ),
    ],
)
def test_refuses_a_table_and_names_the_file(tmp_path: Path, table: str, message: str) -> None:
    put(tmp_path, table)
    with pytest.raises(BouncelibError, match=rf"scenario\.toml.*{message}"):
        testing.discover(tmp_path)


def test_agreement_has_no_difference(tmp_path: Path) -> None:
    sample = one(tmp_path)
    assert testing.check(sample, Fake(RIGHT)) == []
    testing.assert_sample(sample, Fake(RIGHT))


def test_differences_name_field_expectation_and_value(tmp_path: Path) -> None:
    report = wrong(reason=Reason.MAILBOX_FULL, status=None)
    assert [str(difference) for difference in testing.check(one(tmp_path), Fake(report))] == [
        "bob@example.net.status: expected '5.1.1', got nothing",
        "bob@example.net.reason: expected 'bad_mailbox', got 'mailbox_full'",
    ]


def test_another_kind_and_nobody(tmp_path: Path) -> None:
    assert [str(difference) for difference in testing.check(one(tmp_path), Fake(OTHER))] == [
        "kind: expected 'bounce', got 'other'",
        "recipients: expected ['bob@example.net'], got []",
    ]


def test_the_order_of_recipients_counts(tmp_path: Path) -> None:
    sample = one(tmp_path, 'kind = "bounce"\n[[recipients]]\naddress = "a@b"\n[[recipients]]\naddress = "c@d"\n')
    (difference,) = testing.check(sample, Fake(Report(Kind.BOUNCE, (Recipient("c@d"), Recipient("a@b")))))
    assert difference == testing.Difference("recipients", ["a@b", "c@d"], ["c@d", "a@b"])


def test_only_what_the_table_says_is_checked(tmp_path: Path) -> None:
    assert testing.check(one(tmp_path, 'kind = "bounce"\n'), Fake(RIGHT)) == []


def test_none_expects_absence(tmp_path: Path) -> None:
    sample = one(
        tmp_path, 'kind = "bounce"\n[[recipients]]\naddress = "bob@example.net"\nstatus = "none"\nreply = "none"\n'
    )
    assert testing.check(sample, Fake(wrong(status=None))) == []
    assert [difference.field for difference in testing.check(sample, Fake(RIGHT))] == ["bob@example.net.status"]


def test_a_gap_must_fail(tmp_path: Path) -> None:
    table = TABLE.replace('status = "5.1.1"', 'status = "5.1.1"\ngap = { status = "not read yet" }')
    sample = one(tmp_path, 'provenance = "own"\ngap = { provenance = "no proof yet" }\n' + table)
    assert testing.check(sample, Fake(wrong(status=None))) == []
    closed = dataclasses.replace(RIGHT, provenance=Provenance(ProvenanceVerdict.OWN))
    assert [str(difference) for difference in testing.check(sample, Fake(closed))] == [
        "provenance: expected 'a gap', got 'as it should be' (remove the mark: no proof yet)",
        "bob@example.net.status: expected 'a gap', got 'as it should be' (remove the mark: not read yet)",
    ]


def test_the_message_of_a_failure_explains(tmp_path: Path) -> None:
    sample = one(tmp_path)
    with pytest.raises(AssertionError) as caught:
        testing.assert_sample(sample, Fake(wrong(suppress=False)))
    text = str(caught.value)
    assert text.startswith("server/scenario (")
    assert "bob@example.net.suppress: expected True, got False" in text
    assert "why:" in text


def test_differences_can_do_without_the_report(tmp_path: Path) -> None:
    sample = one(tmp_path)
    text = testing.format_differences(sample, [testing.Difference("kind", Kind.BOUNCE, Kind.OTHER)])
    assert text.splitlines()[1:] == ["  kind: expected 'bounce', got 'other'"]


def test_variants() -> None:
    assert dict(testing.variants(b"a: b\r\n\rc\n")) == {
        "lf": b"a: b\n\nc\n",
        "crlf": b"a: b\r\n\r\nc\r\n",
        "cr": b"a: b\r\rc\r",
        "mbox-from": b"From MAILER-DAEMON Mon Nov 23 16:47:12 2026\na: b\r\n\rc\n",
        "trailing-bytes": b"a: b\r\n\rc\n\n\n\0\0\0\x1a\n",
    }


@pytest.mark.parametrize("raw", [b"From a Mon Nov 23 16:47:12 2026\na: b\n", b"\xef\xbb\xbfa: b\n"])
def test_what_has_a_first_line_of_its_own_gets_no_other(raw: bytes) -> None:
    assert "mbox-from" not in dict(testing.variants(raw))


def test_a_variant_with_another_verdict_is_told(tmp_path: Path) -> None:
    sample = one(tmp_path)
    assert testing.check_variants(sample, Fake(RIGHT)) == []
    differences = testing.check_variants(sample, Fake(lambda raw: OTHER if b"\r" in raw else RIGHT))
    assert {difference.note for difference in differences} == {"variant crlf", "variant cr"}
    assert {difference.field for difference in differences} >= {"kind", "recipients", "bob@example.net.status"}


def test_a_wrapped_sample_is_an_ordinary_mail(tmp_path: Path) -> None:
    raw = testing.wrapped(RAW + b"--=_wrapped\n")
    assert b'boundary="=_wrapped_"' in raw
    sample = one(tmp_path)
    assert testing.check_wrapped(sample, Fake(OTHER)) == []
    assert [difference.field for difference in testing.check_wrapped(sample, Fake(RIGHT))] == ["kind", "recipients"]


def test_cuts_after_every_line_or_with_a_stride() -> None:
    assert list(testing.cuts(b"a\r\nb\rc\nd")) == [(1, b"a\r\n"), (2, b"a\r\nb\r"), (3, b"a\r\nb\rc\n")]
    assert len(list(testing.cuts(b"x\n" * 1000, limit=150))) <= 150
    assert list(testing.cuts(b"")) == []


def test_a_cut_that_names_somebody_else_is_told(tmp_path: Path) -> None:
    def liar(raw: bytes) -> Report:
        return RIGHT if raw == RAW else Report(Kind.BOUNCE, (Recipient("alias@example.net"),))

    (tmp_path / "a").mkdir()
    sample = one(tmp_path / "a")
    assert testing.check_cuts(sample, Fake(RIGHT)) == []
    assert [difference.note for difference in testing.check_cuts(sample, Fake(liar))] == [
        f"cut after line {number}" for number in (1, 2, 3, 4)
    ]
    known = one(tmp_path / "b", TABLE + 'aliases = ["alias@example.net"]\n')
    assert known.aliases == {"alias@example.net"}
    assert testing.check_cuts(known, Fake(liar)) == []


def test_the_address_that_the_sender_used_is_known(tmp_path: Path) -> None:
    def earlier(raw: bytes) -> Report:
        return wrong(original_address="b@example.org") if raw == RAW else wrong(address="b@example.org")

    assert testing.check_cuts(one(tmp_path), Fake(earlier)) == []


@pytest.mark.parametrize(
    "name, check, bad",
    [
        ("variants", testing.check_variants, Fake(lambda raw: RIGHT if raw == RAW else OTHER)),
        ("wrapped", testing.check_wrapped, Fake(RIGHT)),
        ("cuts", testing.check_cuts, Fake(lambda raw: OTHER if raw == RAW else RIGHT)),
    ],
)
def test_a_gap_in_the_other_checks(
    tmp_path: Path, name: str, check: Callable[[testing.Sample, Fake], list[testing.Difference]], bad: Fake
) -> None:
    sample = one(tmp_path, f'gap = {{ {name} = "known" }}\n' + TABLE)
    assert check(sample, bad) == []
    assert [str(difference) for difference in check(sample, Fake(OTHER))] == [
        f"{name}: expected 'a gap', got 'as it should be' (remove the mark: known)"
    ]
    assert testing.check(sample, Fake(RIGHT)) == []


def test_round_trip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = one(tmp_path)
    assert testing.check_round_trip(sample, Fake(RIGHT)) == []
    monkeypatch.setattr(Report, "from_dict", classmethod(lambda cls, data: cls(Kind.BOUNCE, defects=(Defect("x"),))))
    differences = testing.check_round_trip(sample, Fake(RIGHT))
    assert [difference.field for difference in differences] == ["recipients", "defects"]


def test_the_library_is_the_default_parser(tmp_path: Path) -> None:
    sample = one(tmp_path, 'kind = "other"\nrecipients = []\n', b"From: a@example.com\n\nHello\n")
    assert testing.check(sample) == []
    assert testing.check(sample, bouncelib.Parser(bouncelib.Registry(()))) == []


def test_the_public_names_exist() -> None:
    assert set(testing.__all__) <= set(dir(testing))
