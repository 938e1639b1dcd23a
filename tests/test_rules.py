"""Rules as data: every rule proves itself, and a bad file says what is wrong with it."""

import dataclasses
import pathlib
import random
import time
import tomllib
from collections.abc import Iterable

import pytest

from bouncelib.model import Action, BouncelibError, Reason
from bouncelib.reasons import Refusal, Rule, Rules
from bouncelib.rules import loader, matcher

RULES = Rules.default()
HOME = pathlib.Path(loader.__file__).parent
FILES = sorted(path.relative_to(HOME).as_posix() for path in HOME.rglob("*.toml"))


def names(rules: Iterable[Rule]) -> list[str]:
    return [f"{rule.file}:{rule.id}" for rule in rules]


@pytest.mark.parametrize("rule", list(RULES), ids=names(RULES))
def test_the_example_hits_its_rule_and_none_before_it(rule: Rule) -> None:
    refusal = Refusal.from_text(rule.example, command=rule.example_after, remote_mta=rule.example_from)
    judgement = RULES.judge(dataclasses.replace(refusal, action=Action.DELAYED, detector=rule.example_by))
    assert (judgement.file, judgement.rule) == (rule.file, rule.id), f"hit by {judgement.hit}"
    assert judgement.reason is rule.reason
    assert judgement.hit or rule.pattern or rule.command


def test_no_proof_fails() -> None:
    assert RULES.unproven() == ()


@pytest.mark.parametrize("rule", list(RULES), ids=names(RULES))
def test_a_rule_says_why(rule: Rule) -> None:
    assert len(rule.why) > 20


def test_an_id_stands_once() -> None:
    ids = [rule.id for rule in RULES]
    assert sorted(ids) == sorted(set(ids))
    assert len(RULES) == len(ids) > 300


def test_every_reason_is_reached() -> None:
    assert {rule.reason for rule in RULES} == set(Reason)


def test_every_file_is_loaded() -> None:
    loaded = {rule.file for rule in RULES} | {"words.toml", "blocklists.toml"}
    assert sorted(loaded) == FILES


def test_the_registry_is_whole() -> None:
    entries = tomllib.loads((HOME / "status.toml").read_text("utf-8"))["status"]
    codes = {entry["code"] for entry in entries}
    subjects = {0: 0, 1: 10, 2: 4, 3: 6, 4: 7, 5: 6, 6: 10, 7: 30}
    assert codes == {f"x.{subject}.{detail}" for subject, last in subjects.items() for detail in range(last + 1)}
    assert all(entry["name"] and entry["reference"] for entry in entries)


# ---- literals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "literal, text, found",
    [
        ("over quota", "User is OVER QUOTA", True),
        ("over quota", "over_quota", True),
        ("over quota", "over-\n  quota!", True),
        ("over quota", "moreover quota", False),
        ("greylist", "Greylisted for 5 minutes", True),
        ("full$", "mailbox full.", True),
        ("full$", "full", True),
        ("full$", "fully", False),
        ("full$", "successful", False),
        ("*quota", "overquota", True),
        ("*quota$", "overquota", True),
        ("*quota$", "overquotas", False),
        ("full", "<full@example.com> no", False),
        ("example", "<user@example.com>:no", False),
        ("blocked$", "(user@example.org:blocked)", True),
        ("doesnt exist", "doesn't exist", True),
        ("doesn't exist", "doesn’t exist", True),
        ("inconnu", "Boîte aux lettres INCONNUE", True),
        ("boite", "Boîte", True),
        ("boîte", "boite", True),
        ("uberschritten", "überschritten", True),
        ("用户不存在", "该用户不存在。", True),
        ("ユーザ", "ユーザーが存在しません", True),
        ("가득", "메일함이 가득 찼습니다", True),
        ("пользовател", "Пользователь не найден", True),
        ("ptr$", "no PTR", True),
        ("ip$", "your ip", True),
        ("ip$", "ship", False),
        ("ab", "about", True),
        ("ab", "cab", False),
        ("email", "E-Mail address", True),
        ("blacklist", "black-listed", True),
        ("relay", "relay.example.com said no", False),
        ("full", "cannot open /var/mail/full.mbox", False),
        ("spam", "see http://spam.example.com/spam/help", False),
        ("nosuchuser", "see https://help.example.com/mail/?p=NoSuchUser", True),
        ("bl000001", "see http://help.example.com/codes.php#BL000001", True),
        ("please", "Mailbox full.Please try again", True),
        ("notauthorized", "RESOLVER.RST.NotAuthorized; no", True),
        ("mail from", "554 no (in reply to MAIL FROM command)", False),
    ],
)
def test_a_literal_in_a_text(literal: str, text: str, found: bool) -> None:
    assert matcher.Matcher([literal]).find(matcher.part(matcher.lower(text))[0]) == ({literal} if found else set())


@pytest.mark.parametrize(
    "literal, text, found",
    [
        ("/zen example", "blocked using zen.example.org", True),
        ("/example org help", "see http://www.example.org/help?ip=192.0.2.1", True),
        ("/zen example", "zen example", False),
        ("/bin sh$", "/bin/sh: not found", True),
    ],
)
def test_a_literal_in_a_name(literal: str, text: str, found: bool) -> None:
    assert matcher.Matcher([literal]).find(matcher.part(matcher.lower(text))[1]) == ({literal} if found else set())


LITERALS = sorted({literal for rule in RULES for group in (rule.text, rule.none, *rule.all) for literal in group})
SAID = [matcher.compiled(literal).strip() for literal in LITERALS]


@pytest.mark.parametrize("seed", range(20))
def test_a_literal_is_found_wherever_its_form_stands(seed: int) -> None:
    every = matcher.Matcher([*LITERALS, "ab", "*bc", "a b"])
    chosen = random.Random(seed)
    for _ in range(20):
        said = [chosen.choice(SAID)[: chosen.choice((99, 99, 2, 4, 7))] for _ in range(chosen.randint(1, 12))]
        text = chosen.choice((" ", " ", "", "s ", " x ")).join(said)
        form = matcher.plain(text)
        assert every.find(text) == {
            literal for literal in (*LITERALS, "ab", "*bc", "a b") if matcher.compiled(literal) in form
        }


def test_a_text_that_repeats_itself_costs_no_more() -> None:
    every = matcher.Matcher(LITERALS)
    text = "".join(f"not a user {number:x}x " for number in range(400))[: matcher.LIMIT]
    started = time.process_time()
    for _ in range(20):
        every.find(text)
    assert time.process_time() - started < 1


@pytest.mark.parametrize("character", [chr(code) for code in range(128)], ids=ascii)
def test_ascii_is_read_like_any_other_text(character: str) -> None:
    said = f"full{character}box"
    assert matcher.plain(f"{said} ü") == f"{matcher.plain(said)}u "


def test_only_the_front_of_a_text_is_looked_at() -> None:
    far = "x " * matcher.LIMIT + "mailbox full"
    assert matcher.Matcher(["mailbox full"]).find(matcher.part(matcher.lower(far))[0]) == set()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 500_000,
        "@" * 500_000,
        "a@" * 250_000,
        "é" * 500_000,
        "mailbox full " * 50_000,
        "用户" * 250_000,
        "<" * 500_000,
    ],
    ids=["word", "at", "address", "accent", "words", "han", "brackets"],
)
def test_the_worst_text_costs_little(text: str) -> None:
    start = time.process_time()
    RULES.judge(Refusal(text))
    assert time.process_time() - start < 1


# ---- a user's own file -----------------------------------------------------------------------------------------------

OWN = """
[words]
pets = ["cat$", "dog$"]

[[rule]]
id = "own.pet"
reason = "recipient_refused"
attribution = "domain"
all = [["@pets"], ["@unknown"]]
not = ["goldfish"]
example = "550 5.1.1 the cat is unknown"
why = "The pets of this house take no mail."

[[rule]]
id = "own.pattern"
reason = "policy_related"
regex = 'ticket #\\d+ (?:open|shut)'
command = ["RCPT"]
example = "550 see ticket #12 open"
after = "RCPT"
why = "The pattern is searched in the lower-cased text."
"""


def test_a_users_rules_come_first(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    own = RULES.with_file(path)
    assert [rule.id for rule in own][:2] == ["own.pet", "own.pattern"]
    assert len(own) == len(RULES) + 2
    for rule in list(own)[:2]:
        refusal = Refusal.from_text(rule.example, command=rule.example_after)
        assert own.judge(refusal).rule == rule.id
        assert RULES.judge(refusal).rule != rule.id
    judgement = own.judge(Refusal.from_text("550 5.1.1 the cat is unknown"))
    assert (judgement.reason, judgement.attribution) == ("recipient_refused", "domain")
    assert judgement.file == str(path)
    assert own.judge(Refusal.from_text("550 5.1.1 the cat's goldfish user is unknown")).reason is Reason.BAD_MAILBOX


def test_a_users_file_for_one_provider(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[provider]\nname = "house"\nhosts = ["House.example"]\n'
        '[[rule]]\nid = "own.x"\nreason = "greylisted"\ncode = [5]\nexample = "550 x"\nwhy = "A strange house."\n'
    )
    own = RULES.with_file(path)
    text = "550 no such user"
    assert own.judge(Refusal.from_text(text, remote_mta="mx1.house.example.")).rule == "own.x"
    assert own.judge(Refusal(text, code=550, reporting_mta="HOUSE.example")).rule == "own.x"
    assert own.judge(Refusal.from_text(text, remote_mta="otherhouse.example")).rule == "mailbox.unknown"
    assert own.judge(Refusal.from_text(text)).rule == "mailbox.unknown"


def test_files_of_one_provider_tell_together_who_speaks(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[provider]\nname = "google"\nhosts = ["mx.house.example"]\n'
        '[[rule]]\nid = "own.x"\nreason = "greylisted"\ntext = ["unusual cat"]\nexample = "x"\nwhy = "Resold."\n'
    )
    own = RULES.with_file(path)
    for host in ("mx.house.example", "gmail-smtp-in.l.google.com"):
        assert own.judge(Refusal("unusual cat", remote_mta=host)).rule == "own.x"
    assert own.judge(Refusal("unusual cat", remote_mta="house.example")).rule == "undetermined"


def test_a_long_refusal_is_judged_like_a_short_one() -> None:
    text = "550 5.1.1 user unknown"
    assert RULES.judge(Refusal.from_text(text + " and so on" * 50)) == RULES.judge(Refusal.from_text(text))


def test_a_users_endless_pattern_is_given_up(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[[rule]]\nid = "own.slow"\nreason = "greylisted"\nregex = "(?:a+)+(?:b+)+$"\nexample = "aab"\nwhy = "Slow."\n'
    )
    start = time.process_time()
    judgement = RULES.with_file(path).judge(Refusal("user unknown " + "a" * 3000 + "c"))
    assert judgement.rule != "own.slow"
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "conditions, unmet",
    [
        ('text = ["nobody"]', "what it does not meet is `text`"),
        ('all = [["sealed"], ["never$"]]', "what it does not meet is `all`"),
        ('text = ["sealed"]\nnot = ["box"]', "what it does not meet is `not`"),
        ('regex = "The Box"', "what it does not meet is `regex`"),
        ('text = ["sealed"]\nstatus = ["5.1.1"]\ncode = [551]', "what it does not meet is `status` and `code`"),
        (
            'text = ["sealed"]\ncommand = ["DATA"]\ndetector = ["x"]',
            "what it does not meet is `command` and `detector`",
        ),
    ],
)
def test_a_rule_that_is_not_proved_is_told_why(tmp_path: pathlib.Path, conditions: str, unmet: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        '[[rule]]\nid = "own.x"\nreason = "greylisted"\nexample = "550 5.7.1 The box is sealed"\nwhy = "."\n'
        + conditions
    )
    (fault,) = RULES.with_file(path).unproven()
    assert fault.startswith(f"{path}: rule 'own.x': its example is decided by ")
    assert fault.endswith(f"; {unmet}")


def test_a_rule_that_comes_too_late_is_told(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(RULE + RULE.replace("own.x", "own.y"))
    (fault,) = RULES.with_file(path).unproven()
    assert (
        fault == f"{path}: rule 'own.y': its example is decided by 'own.x' of {path}, because of x y; "
        "it would hold, but comes later"
    )
    path.write_text('[provider]\nname = "o"\nhosts = ["o.example"]\n' + RULE)
    (fault,) = RULES.with_file(path).unproven()
    assert fault.endswith("what it does not meet is [provider]")


RULE = '[[rule]]\nid = "own.x"\nreason = "greylisted"\ntext = ["x y"]\nexample = "x y"\nwhy = "Because."\n'


@pytest.mark.parametrize(
    "data, said",
    [
        ("[[rule]", "not TOML"),
        ("[rules]\n", "unknown table 'rules'"),
        ("[rule]\nid = 'x'\n", "under [[rule]]"),
        (RULE.replace("id", "name", 1), "rule 'number 1': unknown key 'name'"),
        (RULE.replace("greylisted", "grey"), "no reason 'grey'; choose one of bad_mailbox"),
        (RULE.replace("why", "because"), "unknown key 'because'"),
        (RULE.replace('why = "Because."', ""), "it needs `why`"),
        (RULE.replace('example = "x y"', ""), "it needs `example`"),
        (RULE.replace('text = ["x y"]', ""), "has no condition"),
        (RULE.replace('text = ["x y"]', 'text = "x y"'), "`text` must be a list of strings: write ['x y']"),
        (RULE.replace('text = ["x y"]', "status = 5"), "`status` must be a list of strings"),
        (RULE.replace('text = ["x y"]', 'text = ["!"]'), "contains nothing to look for"),
        (RULE.replace('text = ["x y"]', 'text = ["@nobody"]'), "no [words] called 'nobody'"),
        (RULE.replace('text = ["x y"]', 'all = ["x"]'), "list of groups"),
        (RULE.replace('text = ["x y"]', 'regex = "("'), "the regex does not compile"),
        (RULE.replace('text = ["x y"]', 'status = ["9.1.1"]'), "'9.1.1' is no status code"),
        (RULE.replace('text = ["x y"]', 'status = ["x.1"]'), "'x.1' is no status code"),
        (RULE.replace('text = ["x y"]', "code = [200]"), "reply codes from 400 to 599"),
        (RULE.replace('text = ["x y"]', 'command = ["VRFY"]'), "no command 'VRFY'"),
        (RULE + 'attribution = "nobody"\n', "no attribution 'nobody'"),
        (RULE + RULE, "this id stands twice"),
        ("[words]\nx = 'y'\n", "[words]: `x` must be a list of strings: write ['y']"),
        ("[provider]\nhosts = ['x']\n", "needs a name"),
        ("[provider]\nname = 'x'\n", "needs hosts or text"),
        ("[provider]\nname = 'x'\ntext = 'y'\n", "[provider]: `text` must be a list of strings: write ['y']"),
        ("words = 3\n", "must be a table of lists"),
    ],
)
def test_a_bad_file_says_where_and_what(tmp_path: pathlib.Path, data: str, said: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(data)
    with pytest.raises(BouncelibError) as caught:
        RULES.with_file(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert said in message


def test_a_file_that_cannot_be_read(tmp_path: pathlib.Path) -> None:
    with pytest.raises(BouncelibError, match="cannot be read"):
        RULES.with_file(tmp_path / "none.toml")
