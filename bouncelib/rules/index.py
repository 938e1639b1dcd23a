"""Which rules may hold for a refusal: its literals and its codes as bits of whole numbers.

Every group of literals in a rule is one bit, whichever rules share it. A text has the bits of the groups that a literal
of its is in, and what a rule asks of the words is then two comparisons. In the same way every literal and every code
leads to the rules that cannot do without it, each a bit in the order of the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..model import EnhancedStatus
from .loader import Rule

__all__ = ["Index"]


class Index:
    """The rules by what leads to them."""

    __slots__ = ("_bars", "_coded", "_literals", "_needs")

    def __init__(self, rules: Sequence[Rule]) -> None:
        """`rules` in the order in which they are asked."""
        groups: dict[frozenset[str], int] = {}
        leads: dict[str, int] = {}
        self._coded: dict[object, int] = {}
        self._needs: list[int] = []
        self._bars: list[int] = []

        def bits(*asked: frozenset[str]) -> int:
            return sum({1 << groups.setdefault(group, len(groups)) for group in asked if group})

        for number, rule in enumerate(rules):
            needed = [group for group in (rule.text, *rule.all) if group]
            self._needs.append(bits(*needed))
            self._bars.append(bits(rule.none))
            for literal in min(needed, key=len, default=frozenset[str]()):
                leads[literal] = leads.get(literal, 0) | 1 << number
            if not needed:
                for key in rule.status or rule.code or (None,):
                    self._coded[key] = self._coded.get(key, 0) | 1 << number
        said: dict[str, int] = {}
        for group, number in groups.items():
            for literal in group:
                said[literal] = said.get(literal, 0) | 1 << number
        self._literals = {literal: (bit, leads.get(literal, 0)) for literal, bit in said.items()}

    def candidates(self, hits: Iterable[str], status: EnhancedStatus | None, code: int | None) -> Iterator[int]:
        """The numbers of the rules whose words are all said in `hits`, in order; their codes are yet to be compared."""
        said = 0
        led = self._led_by_codes(status, code)
        known = self._literals.get
        for literal in hits:
            if bits := known(literal):
                said |= bits[0]
                led |= bits[1]
        needs, bars = self._needs, self._bars
        while led:
            number = (led & -led).bit_length() - 1
            led &= led - 1
            needed = needs[number]
            if said & needed == needed and not said & bars[number]:
                yield number

    def _led_by_codes(self, status: EnhancedStatus | None, code: int | None) -> int:
        coded = self._coded.get
        led = coded(None, 0)
        if status is not None:
            klass, subject, detail = status.klass, status.subject, status.detail
            led |= coded((klass, subject, detail), 0) | coded((klass, subject, None), 0)
            led |= coded((None, subject, detail), 0) | coded((None, subject, None), 0)
        if code is not None:
            led |= coded(code, 0) | coded(code // 100, 0)
        return led
