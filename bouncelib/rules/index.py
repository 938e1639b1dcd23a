"""Which rules may hold for a refusal: those that its words and its codes allow.

What a refusal says is one set, of literals and of codes. A rule asks for one member of each of its groups, and is filed
under the first of them: all members of that group lead to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .loader import Rule

__all__ = ["Index", "Status"]

Status = tuple[int, int, int]


class Index:
    """The rules by what leads to them."""

    __slots__ = ("_led", "_rules")

    def __init__(self, rules: Sequence[Rule]) -> None:
        """`rules` in the order in which they are asked."""
        self._rules: list[tuple[Rule, list[frozenset[object]], frozenset[str], bool]] = []
        self._led: dict[object, list[int]] = {}
        for number, rule in enumerate(rules):
            first, *others = _groups(rule)
            self._rules.append((rule, others, rule.none, _is_settled(rule)))
            for key in first:
                self._led.setdefault(key, []).append(number)

    def candidates(self, hits: frozenset[str], status: Status | None, code: int | None) -> tuple[Rule, ...]:
        """The rules whose words are all said in `hits`, and whose codes are these, in order.

        Up to the first that asks for nothing else.
        """
        said: set[object] = {None, *hits}
        if status is not None:
            klass, subject, detail = status
            said.update((status, (klass, subject, None), (None, subject, detail), (None, subject, None)))
        if code is not None:
            said.update((code, code // 100))
        led = self._led
        numbers: list[int] = []
        for key in said:
            if key in led:
                numbers += led[key]
        numbers.sort()
        rules = self._rules
        found = []
        for number in numbers:
            rule, groups, barred, is_settled = rules[number]
            if barred and not barred.isdisjoint(said):
                continue
            for group in groups:
                if group.isdisjoint(said):
                    break
            else:
                found.append(rule)
                if is_settled:
                    break
        return tuple(found)


def _groups(rule: Rule) -> Iterator[frozenset[object]]:
    """What `rule` asks for, the rarest words first; `None`, which every refusal says, where it asks for neither."""
    words = sorted(filter(None, (rule.text, *rule.all)), key=len)
    codes = [frozenset[object](codes) for codes in (rule.status, rule.code) if codes]
    yield from words
    yield from codes
    if not words and not codes:
        yield frozenset({None})


def _is_settled(rule: Rule) -> bool:
    """Whether `rule` asks for words and codes alone."""
    return not (rule.provider or rule.pattern or rule.command or rule.detector)
