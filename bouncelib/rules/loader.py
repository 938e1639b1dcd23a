"""A TOML file of rules to values; what is wrong with it raises `BouncelibError` that names file, rule and remedy.

[provider]                  optional: the file's rules apply only where the provider speaks
name = "google"
hosts = ["google.com"]      the remote or the reporting server is this host or lies below it
text = ["gsmtp$"]           or the refusal contains one of these literals
detectors = ["ezweb"]       or one of these detectors has found the recipient

[words]                     names for groups of literals: "@recipient" in a rule stands for all of them
recipient = ["mailbox", "user$"]

[[rule]]
id = "mailbox-full.over-quota"
reason = "mailbox_full"
attribution = "recipient"   optional, where it is not the reason's own
text = ["over quota"]       any of these literals (how they are written: matcher.py)
all = [["@recipient"], ["full$"]]   and one literal of every group
not = ["sender"]            and none of these
regex = "..."               and this, on the lower-cased text (searched with a time limit)
status = ["5.4.1", "x.7.1"] and one of these codes; x is any class, and a last * any detail (x.7.*)
code = [550, 554]           and one of these reply codes; 5 means any 5xx
command = ["RCPT"]          and one of these commands
detector = ["sieve-reject"] and one of these detectors has found the recipient
example = "550 5.7.1 user is over quota"    proves the rule; `from` a host, `after` a command, `by` a detector
why = "..."                 one sentence: what the rule knows, or where it comes from
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..model import Attribution, Blocklist, BlocklistKind, BouncelibError, Command, Reason
from . import matcher

if TYPE_CHECKING:
    import regex

__all__ = ["Provider", "Rule", "RuleFile", "blocklists", "load", "registry"]


@dataclasses.dataclass(frozen=True, slots=True)
class Provider:
    """Whose words a file explains, and how to tell that it is this provider who speaks."""

    name: str
    hosts: tuple[str, ...]
    text: frozenset[str]
    detectors: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """One rule: conditions, what they mean, and its proof."""

    id: str
    reason: Reason
    why: str
    example: str
    attribution: Attribution | None = None
    text: frozenset[str] = frozenset()
    all: tuple[frozenset[str], ...] = ()
    none: frozenset[str] = frozenset()
    pattern: regex.Pattern[str] | None = None
    status: tuple[tuple[int | None, int, int | None], ...] = ()
    code: frozenset[int] = frozenset()
    command: frozenset[Command] = frozenset()
    detector: frozenset[str] = frozenset()
    provider: Provider | None = None
    example_from: str | None = None
    example_after: Command | None = None
    example_by: str = ""
    file: str = ""
    said: frozenset[str] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """All literals that a text may say for the rule."""
        object.__setattr__(self, "said", self.text.union(*self.all))


@dataclasses.dataclass(frozen=True, slots=True)
class RuleFile:
    """The rules of one file, in order."""

    name: str
    rules: tuple[Rule, ...]


_KEYS = frozenset(
    "id reason attribution text all not regex status code command detector example from after by why".split()  # noqa: SIM905
)


def load(data: str, name: str, words: Mapping[str, Sequence[str]] | None = None) -> RuleFile:
    """The rules in the text of one file; `words` are names that other files have defined."""
    table = _parsed(data, name)
    known = {**(words or {}), **_named_words(table.get("words", {}), name)}
    provider = _provider(table["provider"], name) if "provider" in table else None
    for key in table.keys() - {"provider", "words", "rule"}:
        raise BouncelibError(f"{name}: unknown table {key!r}; a rule file has [provider], [words] and [[rule]]")
    rules = []
    seen: set[str] = set()
    for number, entry in enumerate(_rule_tables(table, name), 1):
        where = f"{name}: rule {entry.get('id', f'number {number}')!r}"
        try:
            rule = _rule(entry, known, provider, name)
        except (KeyError, TypeError, ValueError) as error:
            raise BouncelibError(f"{where}: {error}") from error
        if rule.id in seen:
            raise BouncelibError(f"{where}: this id stands twice; give each rule its own")
        seen.add(rule.id)
        rules.append(rule)
    return RuleFile(name, tuple(rules))


def words(data: str, name: str) -> dict[str, tuple[str, ...]]:
    """The `[words]` of a file."""
    return _named_words(_parsed(data, name).get("words", {}), name)


def registry(data: str, name: str) -> tuple[Rule, ...]:
    """The IANA registry as rules: `[[status]]` tables with code, name, reason and, per class, exceptions."""
    rules = []
    for entry in _parsed(data, name)["status"]:
        code = entry["code"]
        for klass in (4, 5):
            reason = Reason(entry.get(f"reason{klass}", entry["reason"]))
            attribution = entry.get("attribution")
            rules.append(
                Rule(
                    id=f"status.{klass}{code[1:]}",
                    reason=reason,
                    why=f"{entry['name']} (IANA registry, {entry['reference']})",
                    example=f"{klass}{code[1:]}",
                    attribution=Attribution(attribution) if attribution else None,
                    status=(_status_pattern(f"{klass}{code[1:]}"),),
                    file=name,
                )
            )
    return tuple(rules)


def blocklists(data: str, name: str) -> tuple[tuple[Blocklist, frozenset[str]], ...]:
    """Block lists by the literals that name them, in order."""
    return tuple(
        (Blocklist(entry["name"], BlocklistKind(entry["lists"])), frozenset(entry["text"]))
        for entry in _parsed(data, name)["blocklist"]
    )


def _parsed(data: str, name: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(data)
    except tomllib.TOMLDecodeError as error:
        raise BouncelibError(f"{name}: this is not TOML: {error}") from error


def _rule_tables(table: Mapping[str, object], name: str) -> list[dict[str, object]]:
    entries = table.get("rule", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BouncelibError(f"{name}: write each rule as a table of its own, under [[rule]]")
    return entries


def _named_words(table: object, name: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        raise BouncelibError(f"{name}: [words] must be a table of lists")
    try:
        return {key: tuple(_literals(value, key)) for key, value in table.items()}
    except (TypeError, ValueError) as error:
        raise BouncelibError(f"{name}: [words]: {error}") from error


def _provider(table: object, name: str) -> Provider:
    if not isinstance(table, dict) or not isinstance(table.get("name"), str):
        raise BouncelibError(f"{name}: [provider] needs a name, and hosts or text to know the provider by")
    try:
        hosts = tuple(host.lower().lstrip(".") for host in _strings(table.get("hosts", []), "hosts"))
        text = frozenset(_literals(table.get("text", []), "text"))
        detectors = frozenset(_strings(table.get("detectors", []), "detectors"))
    except (TypeError, ValueError) as error:
        raise BouncelibError(f"{name}: [provider]: {error}") from error
    if not hosts and not text and not detectors:
        raise BouncelibError(f"{name}: [provider] needs hosts or text to know the provider by")
    return Provider(table["name"], hosts, text, detectors)


def _rule(
    entry: Mapping[str, object], words: Mapping[str, Sequence[str]], provider: Provider | None, file: str
) -> Rule:
    if unknown := sorted(entry.keys() - _KEYS):
        raise ValueError(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    rule = Rule(
        id=_string(entry, "id"),
        reason=_reason(_string(entry, "reason")),
        why=_string(entry, "why"),
        example=_string(entry, "example"),
        attribution=_attribution(entry.get("attribution")),
        text=_group(entry.get("text", []), words, "text"),
        all=tuple(_group(group, words, "all") for group in _lists(entry.get("all", []))),
        none=_group(entry.get("not", []), words, "not"),
        pattern=_pattern(_string(entry, "regex")) if "regex" in entry else None,
        status=tuple(map(_status_pattern, _strings(entry.get("status", []), "status"))),
        code=frozenset(_codes(entry.get("code", []))),
        command=frozenset(map(_command, _strings(entry.get("command", []), "command"))),
        detector=frozenset(_strings(entry.get("detector", []), "detector")),
        provider=provider,
        example_from=_string(entry, "from") if "from" in entry else None,
        example_after=_command(_string(entry, "after")) if "after" in entry else None,
        example_by=_string(entry, "by") if "by" in entry else "",
        file=file,
    )
    if not (rule.text or rule.all or rule.pattern or rule.status or rule.code or rule.command or rule.detector):
        raise ValueError("it has no condition and would judge everything; give it text, all, regex, status or code")
    return rule


def _pattern(text: str) -> regex.Pattern[str]:
    import regex

    try:
        return regex.compile(text)
    except regex.error as error:
        raise ValueError(f"the regex does not compile: {error}") from error


def _group(value: object, words: Mapping[str, Sequence[str]], key: str) -> frozenset[str]:
    literals: list[str] = []
    for literal in _strings(value, key):
        if literal.startswith("@"):
            if literal[1:] not in words:
                raise ValueError(f"there are no [words] called {literal[1:]!r}; define them or correct the name")
            literals += words[literal[1:]]
        else:
            literals += _literals([literal])
    return frozenset(literals)


def _literals(value: object, key: str = "") -> list[str]:
    literals = _strings(value, key)
    for literal in literals:
        matcher.compiled(literal)
    return literals


def _strings(value: object, key: str = "") -> list[str]:
    """The list that `value` is; `key` is its name in the file."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        what = f"`{key}`" if key else repr(value)
        raise TypeError(f"{what} must be a list of strings{f': write [{value!r}]' if isinstance(value, str) else ''}")
    return value


def _lists(value: object) -> list[object]:
    if not isinstance(value, list) or not all(isinstance(item, list) and item for item in value):
        raise TypeError("`all` must be a list of groups, each a list of literals")
    return value


def _string(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"it needs `{key}`, a string")
    return value


def _reason(value: str) -> Reason:
    try:
        return Reason(value)
    except ValueError:
        raise ValueError(f"there is no reason {value!r}; choose one of {', '.join(Reason)}") from None


def _attribution(value: object) -> Attribution | None:
    if value is None:
        return None
    try:
        return Attribution(str(value))
    except ValueError:
        raise ValueError(f"there is no attribution {value!r}; choose one of {', '.join(Attribution)}") from None


def _command(value: str) -> Command:
    try:
        return Command(value)
    except ValueError:
        raise ValueError(f"there is no command {value!r}; choose one of {', '.join(Command)}") from None


def _codes(value: object) -> list[int]:
    if not isinstance(value, list) or any(code not in {4, 5, *range(400, 600)} for code in value):
        raise ValueError("`code` must be a list of reply codes from 400 to 599, or 4 or 5 for any of a class")
    return value


def _status_pattern(text: str) -> tuple[int | None, int, int | None]:
    """`5.1.1`, `x.1.1`, `x.7.*`."""
    match text.split("."):
        case [("4" | "5" | "x") as klass, subject, detail] if subject.isdecimal() and (
            detail == "*" or detail.isdecimal()
        ):
            return None if klass == "x" else int(klass), int(subject), None if detail == "*" else int(detail)
    raise ValueError(f"{text!r} is no status code; write 5.1.1, x.1.1 or x.7.*")
