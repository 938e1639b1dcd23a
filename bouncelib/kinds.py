"""What a message is, decided in one place from what the detectors found.

1. A complaint (ARF) is one, whatever its words look like; so is a disposition (MDN) in which nobody has an action.
2. A challenge or an automatic reply, unless a DSN or a known bounce format names somebody: words alone, that name an
   address here and speak of a failure there, are no bounce in a message that says of itself that it is something else.
3. Recipients of anything else: any failed makes a bounce, else any delayed a delay, else a success.
4. Else what the detectors say: a bounce before a delay before a success.
5. Else it is no report.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Sequence

from .merge import RANKS, Facts
from .model import Action, Finding, Kind

__all__ = ["NOT_BOUNCES", "decide"]

NOT_BOUNCES = (Kind.COMPLAINT, Kind.DISPOSITION, Kind.CHALLENGE, Kind.AUTO_REPLY)

# An enumeration is slow to find its members by their names.
_COMPLAINT, _DISPOSITION, _BOUNCE = Kind.COMPLAINT, Kind.DISPOSITION, Kind.BOUNCE
_FAILED = Action.FAILED

_action = operator.attrgetter("action")

_ANSWERS = (Kind.CHALLENGE, Kind.AUTO_REPLY)
_BOUNCES = (Kind.BOUNCE, Kind.DELAY, Kind.SUCCESS)
# Detectors from this rank on go by words that any mail may contain.
_WORDS_ONLY = RANKS["transcript"]


def decide(found: Collection[tuple[str, Finding]], recipients: Sequence[Facts]) -> Kind:
    """The kind of a message, from the findings and the recipients merged from them."""
    said: set[Kind | None] = set()
    for _, finding in found:
        said.add(finding.kind)
    actions = set(map(_action, recipients)) - {None}
    if _COMPLAINT in said:
        return _COMPLAINT
    if _DISPOSITION in said and not actions:
        return _DISPOSITION
    for kind in _ANSWERS:
        if kind in said and not any(
            finding.address and RANKS.get(detector, 1) < _WORDS_ONLY for detector, finding in found
        ):
            return kind
    if _FAILED in actions:
        return _BOUNCE
    if Action.DELAYED in actions:
        return Kind.DELAY
    if actions:
        return Kind.SUCCESS
    for kind in _BOUNCES:
        if kind in said:
            return kind
    return _BOUNCE if recipients else Kind.OTHER
