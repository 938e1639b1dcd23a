"""What a message is, decided in one place from what the detectors found.

1. Recipients of a DSN or of a known bounce format: any failed makes a bounce, else any delayed a delay, else a success.
2. Else a complaint (ARF), a disposition (MDN), a challenge or an automatic reply, in this order.
3. Else a known bounce format that names nobody.
4. Else what only the fallback detectors believe.
5. Else it is no report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .merge import Facts
from .model import Action, Finding, Kind

__all__ = ["NOT_BOUNCES", "decide"]

NOT_BOUNCES = (Kind.COMPLAINT, Kind.DISPOSITION, Kind.CHALLENGE, Kind.AUTO_REPLY)
_BOUNCES = (Kind.BOUNCE, Kind.DELAY, Kind.SUCCESS)


def decide(found: Iterable[tuple[str, Finding]], recipients: Sequence[Facts]) -> Kind:
    """The kind of a message, from the findings and the recipients merged from them."""
    said = {finding.kind for _, finding in found if finding.kind is not None}
    if recipients:
        if Kind.COMPLAINT in said and not said & set(_BOUNCES):
            return Kind.COMPLAINT
        actions = {facts.action for facts in recipients}
        if Action.FAILED in actions:
            return Kind.BOUNCE
        if Action.DELAYED in actions:
            return Kind.DELAY
        if actions - {None}:
            return Kind.SUCCESS
    order = (*_BOUNCES, *NOT_BOUNCES) if recipients else (*NOT_BOUNCES, *_BOUNCES)
    for kind in order:
        if kind in said:
            return kind
    return Kind.BOUNCE if recipients else Kind.OTHER
