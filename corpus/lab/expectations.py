"""The table beside a sample: what was done, as far as the report lets anybody see it.

Nothing here asks the library. Reason and status follow from the reply that was given on purpose; where the report does
not repeat its words, the information is lost, and the table is silent about it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from . import reading
from .model import Case, Sample, Target, status_in
from .plan import BY_NAME, vague
from .scenarios import HARD

__all__ = ["problem", "table"]

_KINDS = {"failed": "bounce", "delayed": "delay", "relayed": "success", "delivered": "success", "expanded": "success"}


def problem(case: Case, sample: Sample, raw: bytes) -> str:
    """Why a report cannot be the sample that was planned; empty where it can."""
    writer = BY_NAME[case.writer]
    if f"@{writer.domain}" not in reading.header(raw) and writer.host not in reading.header(raw):
        return f"it was not written by {writer.host}"
    text = reading.words(raw).lower() + reading.header(raw).lower()
    absent = [target.address for target in sample.targets if not _names(target, text)]
    return f"it does not name {', '.join(absent)}" if absent else ""


def _names(target: Target, text: str) -> bool:
    called = [target.named or target.address, target.address, *target.aliases]
    return not target.address.isascii() or any(address.lower() in text for address in called)


def table(case: Case, sample: Sample, raw: bytes, origin: str) -> str:
    """The text of the `.toml` beside the sample."""
    lines = [f'kind = "{_KINDS[sample.action]}"']
    if provenance := _provenance(case, raw):
        lines.append(f'provenance = "{provenance}"')
    facts = dict(case.facts)
    original = facts.pop("original_address", None)
    lines += [_pair(key, value) for key, value in facts.items() if str(value) in raw.decode("utf-8", "replace")]
    for target in _in_order(sample, raw):
        lines += ["", "[[recipients]]"]
        values = _recipient(case, sample, target, raw)
        if original and str(original) in reading.words(raw):
            values["original_address"] = original
        lines += [_pair(key, value) for key, value in values.items()]
    own = [BY_NAME[name] for name in case.own]
    homes = [case.sender.rpartition("@")[2]]
    context = {"own_mtas": [server.host for server in own], "own_domains": homes, **case.context}
    lines += ["", "[context]", *[_pair(key, value) for key, value in context.items()]]
    lines += ["", "[source]", _pair("origin", origin), _pair("scenario", sample.said)]
    return "\n".join(lines) + "\n"


def _pair(key: str, value: object) -> str:
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"


def _provenance(case: Case, raw: bytes) -> str:
    """Ours, where the returned trace shows our server; foreign, where it is forged and the trace shows that it was not."""
    trace = [line for line in reading.returned(raw).splitlines() if "by mail." in line or line.startswith("Received:")]
    text = " ".join(trace)
    if case.forged:
        return "foreign" if text and not any(BY_NAME[name].host in text for name in case.own) else ""
    if case.writer in case.own:
        return ""
    return "own" if any(f"by {BY_NAME[name].host}" in text for name in case.own) else ""


def _in_order(sample: Sample, raw: bytes) -> list[Target]:
    """The targets in the order in which the report first names them."""
    text = reading.words(raw).lower()
    return sorted(sample.targets, key=lambda target: text.find(target.address.lower()))


def _recipient(case: Case, sample: Sample, target: Target, raw: bytes) -> Mapping[str, object]:
    server = BY_NAME[case.server]
    values: dict[str, object] = {"address": target.named or target.address}
    aliases = [alias for alias in target.aliases if alias.lower() in reading.words(raw).lower()]
    if aliases:
        values["aliases"] = aliases
    values["action"] = sample.action
    if status := _status(target, raw):
        values["status"] = status
    asynchronous = case.writer not in case.own
    if sample.action not in {"failed", "delayed"}:
        return {**values, "timing": "asynchronous" if asynchronous else "synchronous", "bounce_type": "none", "suppress": False}
    told = reading.said_in(raw, target.reply) if target.reply else True
    reason = target.reason if told and not vague(server, sample.name) else ""
    if reason:
        values["reason"] = reason
    if reason and target.retry_after:
        values["retry_after"] = target.retry_after
    values["timing"] = "asynchronous" if asynchronous else "synchronous"
    # A refusal for good is what the report says, so a reply without words that is reported as final is final.
    hard = reason in HARD and not target.temporary and sample.action == "failed"
    if _provenance(case, raw) == "foreign":
        values |= {"bounce_type": "backscatter", "suppress": False}
    elif reason or target.temporary:
        values |= {"bounce_type": "hard" if hard else "soft", "suppress": hard}
    return values


def _status(target: Target, raw: bytes) -> str:
    """The status that the reply had, where the report still has it, else that of the Status field."""
    given = status_in(target.reply)
    if given and given in reading.words(raw):
        return given
    called = (target.named, target.address, *target.aliases)
    return next(filter(None, (reading.status_of(raw, name) for name in called if name)), "")
