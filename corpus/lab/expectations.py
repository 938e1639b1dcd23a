"""The table beside a sample: what was done, as far as the report lets anybody see it.

Nothing here asks the library. Reason and status follow from the reply that was given on purpose; where the report does
not repeat its words, the information is lost, and the table is silent about it.
"""

from __future__ import annotations

import datetime as dt
import json

from . import reading
from .model import Case, Sample, Target, status_in
from .plan import BY_NAME, vague, waits
from .scenarios import HARD

__all__ = ["KINDS", "problem", "table"]

KINDS = {"failed": "bounce", "delayed": "delay", "relayed": "success", "delivered": "success", "expanded": "success"}


def problem(case: Case, sample: Sample, raw: bytes) -> str:
    """Why a report cannot be the sample that was planned; empty where it can."""
    writer = BY_NAME[case.writer]
    if f"@{writer.domain}" not in reading.header(raw) and writer.host not in reading.header(raw):
        return f"it was not written by {writer.host}"
    if sample.notice:
        return ""
    text = reading.words(raw).lower() + reading.header(raw).lower()
    absent = [target.address for target in sample.targets if not _names(target, text)]
    return f"it does not name {', '.join(absent)}" if absent else ""


def _names(target: Target, text: str) -> bool:
    called = [target.address, *target.aliases]
    return not target.address.isascii() or any(address.lower() in text for address in called)


def table(case: Case, sample: Sample, raw: bytes, origin: str) -> str:
    """The text of the `.toml` beside the sample."""
    if sample.notice and not reading.finals(raw):
        return "\n".join(['kind = "other"', "recipients = []", "", *_source(origin, sample)])
    lines = [f'kind = "{KINDS[sample.action]}"']
    if provenance := _provenance(case, raw):
        lines.append(f'provenance = "{provenance}"')
    facts = dict(case.facts)
    original = facts.pop("original_address", None)
    lines += [_pair(key, value) for key, value in facts.items() if str(value) in raw.decode("utf-8", "replace")]
    for target in _reported(case, sample, raw):
        lines += ["", "[[recipients]]"]
        values = _recipient(case, sample, target, raw)
        if original and str(original) in reading.words(raw):
            values["original_address"] = original
        lines += [_pair(key, value) for key, value in values.items()]
    own = [BY_NAME[name] for name in case.own]
    homes = [case.sender.rpartition("@")[2]]
    names = [name for server in own for name in (server.host, *server.names)]
    context = {"own_mtas": names, "own_domains": homes}
    if case.known:
        lines += ["", "[context]", *[_pair(key, value) for key, value in context.items()]]
    if case.keys:
        lines += [_pair("batv_keys", list(case.keys)), f"now = {dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"]
    return "\n".join([*lines, "", *_source(origin, sample)])


def _source(origin: str, sample: Sample) -> list[str]:
    return ["[source]", _pair("origin", origin), _pair("scenario", sample.said), ""]


def _pair(key: str, value: object) -> str:
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"


def _provenance(case: Case, raw: bytes) -> str:
    """What the returned trace proves: who gave the message to the server that writes the report.

    Ours, where that was our server; foreign, where somebody else did, who had forged it. A host in between, which did
    get it from us, is not enough to prove anything, and without a trace there is nothing to go by.
    """
    if case.keys:
        return "foreign" if case.forged else "own"
    if case.writer in case.own:
        return ""
    if not case.known:
        return "unproven"
    giver = reading.handed_over_by(raw, BY_NAME[case.writer].host)
    if case.forged:
        return "foreign" if giver else ""
    return "own" if giver in {BY_NAME[name].host for name in case.own} else ""


def _reported(case: Case, sample: Sample, raw: bytes) -> list[Target]:
    """The targets that the report names, in its order; some servers put what else became of the message into it."""
    if len(case.targets) == 1:
        return list(sample.targets)
    finals = reading.finals(raw)
    text = reading.words(raw).lower()
    named = [target for target in case.targets if target.address in finals or (not finals and target.address in text)]
    return sorted(named, key=lambda target: finals.index(target.address) if finals else text.find(target.address))


def _recipient(case: Case, sample: Sample, target: Target, raw: bytes) -> dict[str, object]:
    text = reading.words(raw).lower()
    final = next((name for name in target.aliases if name.lower() in reading.finals(raw)), target.address)
    values: dict[str, object] = {"address": final}
    if final != target.address and target.address in text:
        values["original_address"] = target.address
    aliases = [name for name in (target.address, *target.aliases) if name != final and name.lower() in text]
    if aliases:
        values["aliases"] = aliases
    action = _action(sample, target, raw)
    values["action"] = action
    if status := _status(target, raw):
        values["status"] = status
    asynchronous = case.writer not in case.own
    if action not in {"failed", "delayed"}:
        return {**values, "bounce_type": "none", "suppress": False}
    server = BY_NAME[case.server]
    told = reading.said_in(raw, target.reply) if target.reply else True
    reason = target.reason if told and not vague(server, sample.name) else ""
    if reason:
        values["reason"] = reason
    if reason and target.retry_after:
        values["retry_after"] = target.retry_after
    values["timing"] = "asynchronous" if asynchronous else "synchronous"
    hard = reason in HARD and not target.temporary and action == "failed"
    if not case.known:
        del values["timing"]
    elif _provenance(case, raw) == "foreign":
        values |= {"bounce_type": "backscatter", "suppress": False}
    elif (reason or target.temporary) and (target.temporary or not waits(server, case.scenario, target)):
        # Where the server tried again after a final answer, the report may say either.
        values |= {"bounce_type": "hard" if hard else "soft", "suppress": hard}
    return values


def _action(sample: Sample, target: Target, raw: bytes) -> str:
    """What the report says of the target, where that is another thing that is true as well.

    A success has a name of its own at some servers, and a report on several recipients an action for each.
    """
    told = reading.action_of(raw, target.address)
    if sample.action not in {"failed", "delayed"} or target not in sample.targets:
        return told or sample.action
    return sample.action


def _status(target: Target, raw: bytes) -> str:
    """The status that the reply had, where the report still has it, else that of the Status field.

    Where the report tells of several that are as good, such as that of the queue which gave up (4.4.7), nothing.
    """
    given = status_in(target.reply)
    called = (target.address, *target.aliases)
    field = next(filter(None, (reading.status_of(raw, name) for name in called)), "")
    told = reading.statuses(raw)
    if given in told:
        outdone = field == "4.4.7" or (field.endswith(".0") and field[1:] != ".0.0")
        return given if given == field or not outdone else ""
    return "" if told - {field} else field
