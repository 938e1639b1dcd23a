"""Why a delivery failed: rules over what the server said.

`Rules` is an immutable value. The first rule that holds decides, in this order, which is written down here alone:

    1. the user's own files, the last one added first
    2. rules/providers/*.toml, where the remote or reporting server or the text says that the provider speaks
    3. rules/phrases.toml: what a text says clearly, whatever its codes
    4. rules/status.toml: a status code that names a detail (x.2.2), as the IANA registry means it
    5. rules/hints.toml: what a text says vaguely ("access denied", "try again later")
    6. rules/status.toml again: a code that says little (x.2.0, x.7.1)
    7. rules/codes.toml: the reply code and the command it answered
    8. `undetermined`; or `message_expired`, where a failure has nothing to show but a 4.x.x status

Within a file the order of the file decides. Only the first `matcher.LIMIT` characters of a text are looked at.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from . import reply as reply_module
from . import status as status_module
from .frozen import frozen, maker
from .model import Action, Attribution, Blocklist, BouncelibError, BounceType, Command, EnhancedStatus, Reason
from .rules import index, loader, matcher
from .rules.loader import Rule

if TYPE_CHECKING:
    import regex

__all__ = ["Judgement", "Refusal", "Rule", "Rules", "attribution_of", "bounce_type", "retry_after"]


@frozen
class Refusal:
    """What is known about one refusal; `detector` is the name of the one that found the recipient."""

    text: str = ""
    status: EnhancedStatus | None = None
    code: int | None = None
    command: Command | None = None
    remote_mta: str | None = None
    reporting_mta: str | None = None
    action: Action = Action.FAILED
    detector: str = ""

    @classmethod
    def from_text(cls, text: str, *, command: Command | None = None, remote_mta: str | None = None) -> Refusal:
        """A refusal of which only the text is known: its codes are read from it."""
        said = reply_module.parse(text)
        return cls(text, status_module.find(text), said.code if said else None, command, remote_mta)


@frozen
class Judgement:
    """What a refusal means, and what that rests on: `rule` in `file`, because of `hit`."""

    reason: Reason
    attribution: Attribution | None
    rule: str
    file: str = ""
    hit: str = ""
    retry_after: int | None = None
    blocklist: Blocklist | None = None


_judgement = maker(Judgement)

_R, _D, _M, _N = Attribution.RECIPIENT, Attribution.DOMAIN, Attribution.MESSAGE, Attribution.SENDER

_ATTRIBUTION: dict[Reason, Attribution | None] = {
    **dict.fromkeys(
        (
            Reason.BAD_MAILBOX,
            Reason.BAD_ADDRESS_SYNTAX,
            Reason.MAILBOX_MOVED,
            Reason.INACTIVE_MAILBOX,
            Reason.MAILBOX_FULL,
            Reason.RECIPIENT_REFUSED,
            Reason.LIST_RESTRICTED,
        ),
        _R,
    ),
    **dict.fromkeys(
        (
            Reason.BAD_DOMAIN,
            Reason.NULL_MX,
            Reason.SYSTEM_NOT_ACCEPTING,
            Reason.DNS_FAILURE,
            Reason.NO_ANSWER_FROM_HOST,
            Reason.BAD_CONNECTION,
            Reason.ROUTING_ERROR,
            Reason.MESSAGE_EXPIRED,
            Reason.SYSTEM_FULL,
            Reason.SYSTEM_ERROR,
            Reason.MAILER_ERROR,
        ),
        _D,
    ),
    **dict.fromkeys(
        (
            Reason.MESSAGE_TOO_LARGE,
            Reason.CONTENT_REJECTED,
            Reason.ATTACHMENT_REJECTED,
            Reason.VIRUS_DETECTED,
            Reason.SPAM_CONTENT,
        ),
        _M,
    ),
    Reason.UNDETERMINED: None,
}

# An enumeration is slow to find its members by their names, and they are compared far more cheaply than hashed.
_FAILED, _DELAYED = Action.FAILED, Action.DELAYED
_UNDETERMINED = Reason.UNDETERMINED
_IS_HARD, _IS_SOFT = BounceType.HARD, BounceType.SOFT
# TAXONOMY: the reasons that are hard where the refusal is permanent. All others are soft.
_HARD = (
    Reason.BAD_MAILBOX,
    Reason.BAD_ADDRESS_SYNTAX,
    Reason.MAILBOX_MOVED,
    Reason.INACTIVE_MAILBOX,
    Reason.BAD_DOMAIN,
    Reason.NULL_MX,
    Reason.SYSTEM_NOT_ACCEPTING,
)


def attribution_of(reason: Reason) -> Attribution | None:
    """Whose fault a reason is, unless a rule says otherwise."""
    return _ATTRIBUTION.get(reason, _N)


def bounce_type(
    reason: Reason, *, status: EnhancedStatus | None, code: int | None, action: Action = Action.FAILED
) -> BounceType | None:
    """Hard or soft; `None` for a success. Backscatter is for the provenance to decide.

    A reason of the hard kind is hard where the refusal is permanent: 5xx or 5.x.x, or a failure without any code. Where
    the codes contradict each other, the permanent one counts (`550 4.2.1`, `450 5.1.1`: some server did say no for
    good), except that a bare 5.0.0, which reporting servers fill in of their own accord, yields to a 4xx reply.
    """
    if action is not _FAILED:
        return _IS_SOFT if action is _DELAYED else None
    if reason not in _HARD:
        return _IS_SOFT
    if code is None:
        is_permanent = status is None or status.klass == 5
    else:
        is_permanent = code // 100 == 5 or (status is not None and status.klass == 5 and not status.is_generic)
    return _IS_HARD if is_permanent else _IS_SOFT


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# The digit first: what a search begins with has to be rare; and characters are compared faster than classes of them.
_SPAN = re.compile(
    r"""( [0-9] (?<![0-9a-z_.:][0-9]) [0-9]{0,5}+ )
        (?: [ \n\-]?+ ( s(?:ec(?:ond)?s?)? | m(?:in(?:ute)?s?)? | h(?:(?:ou)?rs?)? | d(?:ays?)? )
          | (?<!\d\d\d) :(\d\d):(\d\d) ) \b""",
    re.ASCII | re.VERBOSE,
)
# What stands in front of the time to wait, as opposed to any other span ("20 messages in 5 minutes").
_PLEA = re.compile(
    r"""(?: again | retry | retries | back | wait | gr[ae]ylist\w{0,5} | delay(?:ed)? | deferr?ed | later | resend
          | attempt | available | blocked | throttled )
        \W{1,3} (?: [a-z]{1,9} [ \n] ){0,4} $""",
    re.ASCII | re.VERBOSE,
)
_FIELD = re.compile(r"retry[_\-]after\W{1,3}(\d{1,6})\b", re.ASCII)


def retry_after(text: str) -> int | None:
    """The seconds after which a server says to come back ("try again in 5 minutes", "Greylisted for 00:05:00")."""
    return _wait(matcher.lower(text))


def _wait(text: str) -> int | None:
    if "retry" in text and (field := _FIELD.search(text)):
        return int(field[1])
    span = _SPAN.search(text)
    while span:
        start = span.start()
        if _PLEA.search(text[max(0, start - 60) : start]):
            number, unit, minutes, seconds = span.groups()
            return int(number) * _UNITS[unit[0]] if unit else int(number) * 3600 + int(minutes) * 60 + int(seconds)
        span = _SPAN.search(text, span.end())
    return None


# A user's own pattern gets so many seconds for one text, and counts as not found afterwards.
_PATIENCE = 0.2

# The words of a refusal that are worth keeping are not longer.
_USUAL_LENGTH = 200

_GIVEN_UP = "given-up"
_LISTED = (Reason.SPAM_BLOCK, Reason.SPAM_CONTENT)
# Codes that name a subject and leave its detail open, or mean anything (TAXONOMY: x.7.1).
_VAGUE_DETAILS = frozenset({(7, 1)})


class Rules:
    """All rules, in order. `Rules.default()` has the package's; `with_file` puts a user's in front."""

    __slots__ = ("_blocklists", "_index", "_listings", "_matcher", "_names", "_rules", "_speakers", "_words")

    def __init__(
        self,
        rules: tuple[Rule, ...],
        *,
        words: dict[str, tuple[str, ...]] | None = None,
        blocklists: tuple[tuple[Blocklist, frozenset[str]], ...] = (),
    ) -> None:
        """`rules` in the order in which they are asked."""
        self._rules = rules
        self._index = index.Index(rules)
        self._words = words or {}
        self._blocklists = blocklists
        listed: frozenset[str] = frozenset().union(*(names for _, names in blocklists))
        literals: set[str] = set(listed)
        for rule in rules:
            literals.update(rule.text, rule.none, *rule.all)
        self._speakers = _speakers({rule.provider for rule in rules if rule.provider})
        said: frozenset[str] = frozenset().union(*(speaker.text for speaker in self._speakers.values()))
        self._listings = {
            literal: number for number, (_, names) in reversed(list(enumerate(blocklists))) for literal in names
        }
        self._matcher = matcher.Matcher(sorted(literals | said))
        self._names = matcher.Matcher(
            sorted({literal for literal in literals if literal.startswith("/")} | said | listed)
        )

    def __iter__(self) -> Iterator[Rule]:
        """The rules, in the order in which they are asked."""
        return iter(self._rules)

    def __len__(self) -> int:
        """How many rules there are."""
        return len(self._rules)

    @staticmethod
    @functools.cache
    def default() -> Rules:
        """The package's own rules, read once."""
        return _read_rules()

    def with_file(self, path: str | os.PathLike[str]) -> Rules:
        """These rules behind those of a user's file. Raises `BouncelibError` where the file is not right."""
        import pathlib

        file = pathlib.Path(path)
        try:
            data = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BouncelibError(f"{file}: cannot be read: {error}") from error
        added = loader.load(data, str(file), self._words).rules
        return Rules(added + self._rules, words=self._words, blocklists=self._blocklists)

    def unproven(self) -> tuple[str, ...]:
        """What is wrong with the rules' own proofs: for each rule whose example another rule decides, a sentence."""
        faults = []
        for rule in self._rules:
            refusal = Refusal.from_text(rule.example, command=rule.example_after, remote_mta=rule.example_from)
            # As a delay, because a failure with nothing but a 4.x.x status has its own verdict.
            refusal = dataclasses.replace(refusal, action=Action.DELAYED, detector=rule.example_by)
            found = self.judge(refusal)
            if (found.file, found.rule) != (rule.file, rule.id):
                where = f" of {found.file}" if found.file else ""
                unmet = _unmet(rule, refusal)
                faults.append(
                    f"{rule.file}: rule {rule.id!r}: its example is decided by {found.rule!r}{where}"
                    f"{f', because of {found.hit}' if found.hit else ''}; "
                    + (f"what it does not meet is {' and '.join(unmet)}" if unmet else "it would hold, but comes later")
                )
        return tuple(faults)

    def judge(self, refusal: Refusal) -> Judgement:
        """What `refusal` means: the first rule that holds decides."""
        text = matcher.lower(refusal.text)
        words, names = matcher.part(text)
        status = refusal.status
        codes = (status.klass, status.subject, status.detail) if status else None
        find = _candidates if len(words) + len(names) < _USUAL_LENGTH else _candidates.__wrapped__
        hits, rules = find(self._matcher, self._names, self._index, words, names, codes, refusal.code)
        for rule in rules:
            if rule.provider is not None and not self._speaks(rule.provider.name, refusal, hits):
                continue
            if _holds(rule, refusal, text):
                if rule.reason is _UNDETERMINED and _given_up(refusal):
                    break
                return self._judgement(rule, refusal, text, hits)
        reason, name = _UNDETERMINED, "undetermined"
        if _given_up(refusal):
            reason, name = Reason.MESSAGE_EXPIRED, _GIVEN_UP
        return Judgement(reason, attribution_of(reason), name, "", str(refusal.status or ""), _wait(text))

    def _speaks(self, name: str, refusal: Refusal, hits: frozenset[str]) -> bool:
        """Whether these are the servers or the words of the provider of that name."""
        speaker = self._speakers[name]
        if not speaker.text.isdisjoint(hits) or refusal.detector in speaker.detectors:
            return True
        for host in (refusal.remote_mta, refusal.reporting_mta):
            if host and f".{host.lower().rstrip('.')}".endswith(speaker.hosts):
                return True
        return False

    def _judgement(self, rule: Rule, refusal: Refusal, text: str, hits: frozenset[str]) -> Judgement:
        shown = [str(refusal.status)] if rule.status else []
        if rule.code:
            shown.append(str(refusal.code))
        if rule.detector:
            shown.append(refusal.detector)
        return _judgement(
            rule.reason,
            rule.attribution or attribution_of(rule.reason),
            rule.id,
            rule.file,
            ", ".join(shown + sorted(hits & rule.said)),
            _wait(text),
            self._blocklist(hits) if rule.reason in _LISTED else None,
        )

    def _blocklist(self, hits: frozenset[str]) -> Blocklist | None:
        """The first of the block lists that are named."""
        numbers = [self._listings[literal] for literal in self._listings.keys() & hits]
        return self._blocklists[min(numbers)][0] if numbers else None


# The same words come back from message to message, now that the addresses are gone from them.
@functools.lru_cache(maxsize=512)
def _candidates(
    literals: matcher.Matcher,
    named: matcher.Matcher,
    rules: index.Index,
    words: str,
    names: str,
    status: index.Status | None,
    code: int | None,
) -> tuple[frozenset[str], tuple[Rule, ...]]:
    """What is said in `words` and `names`, and the rules that this and the codes allow."""
    hits = literals.find(words)
    if names:
        hits |= named.find(names)
    return hits, rules.candidates(hits, status, code)


def _speakers(providers: Iterable[loader.Provider]) -> dict[str, loader.Provider]:
    """By their names, all that the files of each provider say; its hosts with a dot in front, as ends of others."""
    speakers: dict[str, loader.Provider] = {}
    for given in providers:
        known = speakers.get(given.name, loader.Provider(given.name, (), frozenset()))
        hosts = known.hosts + tuple(f".{host}" for host in given.hosts)
        text, detectors = known.text | given.text, known.detectors | given.detectors
        speakers[given.name] = loader.Provider(given.name, hosts, text, detectors)
    return speakers


# The conditions of a rule, by what a file calls them; and each of them as it stands where a rule has none of the kind.
_CONDITIONS = {
    "[provider]": "provider", "`text`": "text", "`all`": "all", "`not`": "none", "`regex`": "pattern",
    "`status`": "status", "`code`": "code", "`command`": "command", "`detector`": "detector",
}  # fmt: skip
_NO_CONDITIONS: dict[str, Any] = {
    field.name: field.default for field in dataclasses.fields(Rule) if field.name in _CONDITIONS.values()
}


def _unmet(rule: Rule, refusal: Refusal) -> list[str]:
    """The conditions of `rule` under each of which alone it would not decide `refusal`."""
    bare = dataclasses.replace(rule, **_NO_CONDITIONS)
    alone = {key: dataclasses.replace(bare, **{name: getattr(rule, name)}) for key, name in _CONDITIONS.items()}
    return [key for key, one in alone.items() if Rules((one,)).judge(refusal).rule != rule.id]


def _given_up(refusal: Refusal) -> bool:
    """Whether a transient trouble that nobody explains has ended in failure: the queue's time was over (TAXONOMY)."""
    transient = refusal.status is not None and refusal.status.klass == 4
    return transient and refusal.code is None and refusal.action is _FAILED


def _holds(rule: Rule, refusal: Refusal, text: str) -> bool:
    """Whether `refusal`, which has the words and the codes of the rule, is what the rule asks for otherwise.

    `text` is what it says, in lower case.
    """
    if rule.command and refusal.command not in rule.command:
        return False
    if rule.detector and refusal.detector not in rule.detector:
        return False
    return rule.pattern is None or _matches(rule.pattern, text)


def _matches(pattern: regex.Pattern[str], text: str) -> bool:
    try:
        return pattern.search(" ".join(text.split()), timeout=_PATIENCE) is not None
    except TimeoutError:
        return False


def _read_rules() -> Rules:
    """The package's rules, from their files."""
    import importlib.resources

    home = importlib.resources.files(__package__) / "rules"

    def read(name: str) -> str:
        return home.joinpath(name).read_text("utf-8")

    blocklists = loader.blocklists(read("blocklists.toml"), "blocklists.toml")
    words = loader.words(read("words.toml"), "words.toml")
    for kind in ("ip", "domain"):
        words[f"{kind}-blocklist"] = tuple(name for found, names in blocklists if found.lists == kind for name in names)
    registry = loader.registry(read("status.toml"), "status.toml")
    clear = tuple(rule for rule in registry if not _is_vague(rule))
    vague = tuple(rule for rule in registry if _is_vague(rule))
    providers = sorted(entry.name for entry in (home / "providers").iterdir() if entry.name.endswith(".toml"))
    rules: tuple[Rule, ...] = ()
    for name in providers:
        rules += loader.load(read(f"providers/{name}"), f"providers/{name}", words).rules
    rules += loader.load(read("phrases.toml"), "phrases.toml", words).rules
    rules += clear
    rules += loader.load(read("hints.toml"), "hints.toml", words).rules
    rules += vague
    rules += loader.load(read("codes.toml"), "codes.toml", words).rules
    return Rules(rules, words=words, blocklists=blocklists)


def _is_vague(rule: Rule) -> bool:
    ((_, subject, detail),) = rule.status
    return not detail or (subject, detail) in _VAGUE_DETAILS
