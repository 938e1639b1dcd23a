"""A line of a mail log to the delivery that it tells of: Postfix, Exim, Sendmail.

    Postfix   QUEUE: to=<address>, orig_to=<…>, relay=host[ip]:25, …, dsn=5.1.1, status=bounced (text)
    Sendmail  QUEUE: to=<address>,<…>, …, mailer=esmtp, relay=host. [ip], dsn=5.1.1, reply=…, stat=text
    Exim      QUEUE ** address <original> F=<sender> R=router T=transport H=host [ip]: text

in front of it what syslog writes, in its old or its new form, or Exim's own time, or nothing. What a server says of
mail that it refused to take (`NOQUEUE: reject`, `rejected RCPT`) is about somebody else's delivery, and is none here.
"""

from __future__ import annotations

import dataclasses
import re

from . import address as addresses
from . import refusals
from .model import Action, Finding, Value

__all__ = ["LIMIT", "Delivery", "read"]

LIMIT = 65536
"""Characters of a line that are read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """What a line says: which MTA wrote it where, of which message, what was done, and a finding for each recipient.

    No recipient is named where a whole message has expired.
    """

    program: str
    action: Action
    recipients: tuple[Finding, ...]
    host: str | None = None
    queue_id: str | None = None
    sender: str | None = None


def read(line: str | bytes) -> Delivery | None:
    """The delivery that the line tells of, or `None`. Never raises on what is text or bytes."""
    if not isinstance(line, refusals.Text):
        raise TypeError(f"a line of a log is text or bytes, not {type(line).__name__}")
    text = refusals.to_text(line[:LIMIT]).strip().partition("\n")[0].rstrip()
    return _exim(text) or _listed(text)


# -- what stands in front

_TIME = (
    r"(?:[A-Z][a-z]{2}\ {1,2}\d{1,2}(?:\ \d{4})?\ \d\d:\d\d:\d\d(?:\.\d{1,9})?"
    r"|\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|\ ?[+-]\d\d:?\d\d)?)"
)
_TAG = r"(?:[A-Za-z][\w./-]{0,100}\[\d{1,10}\]|(?:postfix|sendmail|sm-|exim)[\w./-]{0,100})"
# RFC 3164: [PRI] time host tag[pid]: text. RFC 5424: PRI version time host tag pid id data text. Solaris puts an [ID].
_PREFIX = re.compile(
    rf"""(?:<\d{{1,3}}>(?:1\ )?)? (?:{_TIME}\ {{1,3}})?
    (?:
        (?:(?P<host>[^\s\[\]=<>:]{{1,255}})\ {{1,3}})? (?P<tag>{_TAG}):\ {{1,3}}
      | (?P<host2>[^\s\[\]=<>:]{{1,255}})\ (?P<tag2>[A-Za-z][\w./-]{{0,100}})\ (?:\d{{1,10}}|-)
        \ \S{{1,64}}\ (?:-|\[[^\]]{{0,500}}\])\ \ufeff?
    )?
    (?:\[ID\ \d{{1,10}}\ [\w.]{{1,40}}\]\ )?""",
    re.ASCII | re.VERBOSE,
)
_PLACE = re.compile(r"(?P<host>[^\s\[\],]{1,255})?\ ?(?:\[(?:IPv6:)?(?P<ip>[0-9A-Fa-f.:]{3,60})\])?", re.ASCII)


def _place(text: str) -> str | None:
    """The remote host in `mx.example.com[192.0.2.1]:25` and its like: its name, else its address."""
    match = _PLACE.match(text)
    host = (match["host"] or "").rstrip(".").lower() if match else ""
    return host if "." in host and "/" not in host else match["ip"] if match else None


# -- Postfix and Sendmail: a list of fields, the last one is what became of it

_QUEUE = r"(?:(?P<queue>[0-9A-Za-z.]{1,40}): )?"
_KEYS = r"(?:orig_to|ctladdr|delay|delays|xdelay|mailer|pri|relay|conn_use|ntries|dsn|reply|stat|status)"
_LISTED = re.compile(rf"{_QUEUE}to=(?P<to>.{{1,8000}}?), (?P<rest>{_KEYS}=.*)", re.ASCII)
_EXPIRED = re.compile(rf"{_QUEUE}from=<(?P<sender>[^<>]{{0,1000}})>, status=(?:force-)?expired\b", re.ASCII)
_STATUS = re.compile(r"(?:^|, )status=(?P<word>[A-Za-z-]{1,30})(?:\s|$)", re.ASCII)
_STAT = re.compile(r"(?:^|, )stat=", re.ASCII)
_REPLY = re.compile(r"(?:^|, )reply=", re.ASCII)
_FIELD = re.compile(r"(?:^|, )([a-z_]{1,20})=([^,]{0,1000})", re.ASCII)
_RECIPIENT = re.compile(r'<(?:"[^"]{0,1000}"|[^<>"]){0,1000}>|"[^"]{0,1000}"[^,]{0,300}|[^,]{1,1000}')
_POSTFIX = {
    "sent": Action.DELIVERED, "deliverable": Action.DELIVERED, "deferred": Action.DELAYED, "softbounce": Action.DELAYED,
    "bounced": Action.FAILED, "undeliverable": Action.FAILED, "expired": Action.FAILED, "force-expired": Action.FAILED,
}  # fmt: skip
_LOCAL_MAILERS = ("local", "prog", "file", "*file*", "cyrus", "procmail", "lmtp", "virtual")
_NOT_TRIED = ("queued", "quarantine")
_GIVEN_UP = ("cannot send message for", "could not be delivered for", "cannot send within")


def _listed(text: str) -> Delivery | None:
    prefix = _PREFIX.match(text)
    payload, host, tag = text, None, ""
    if prefix:
        payload = text[prefix.end() :]
        host, tag = prefix["host"] or prefix["host2"], prefix["tag"] or prefix["tag2"] or ""
    expired = _EXPIRED.match(payload)
    if expired:
        return Delivery("postfix-log", Action.FAILED, (), host, expired["queue"], expired["sender"])
    match = _LISTED.match(payload)
    if match is None:
        return None
    found = _postfix(match["rest"], tag) or _sendmail(match["rest"])
    if found is None:
        return None
    program, action, rule, fields, said = found
    relay, original = _place(fields.get("relay", "")), fields.get("orig_to", "")
    recipients = tuple(
        Finding(
            address=Value(address, rule="to="),
            original_address=Value(original, rule="orig_to=") if original else None,
            action=Value(action, rule=rule),
            status=Value(fields.get("dsn", ""), rule="dsn="),
            diagnostic=Value(said, rule=rule),
            remote_mta=Value(relay, rule="relay=") if relay else None,
        )
        # A program or a file is reached through an alias; Sendmail names that as the one who controls the delivery.
        for address in _recipients(match["to"]) or _recipients(fields.get("ctladdr", ""))
    )
    return Delivery(program, action, recipients, host, match["queue"]) if recipients else None


_Found = tuple[str, Action, str, dict[str, str], str]


def _postfix(rest: str, tag: str) -> _Found | None:
    match = _STATUS.search(rest)
    action = _POSTFIX.get(match["word"].lower()) if match else None
    if match is None or action is None:
        return None
    said = rest[match.end() :].strip()
    said = said[1:].removesuffix(")") if said.startswith("(") else said
    fields = dict(_FIELD.findall(rest[: match.start()]))
    if action is Action.DELIVERED:
        low = said.lower()
        is_kept = "lmtp" in tag.rpartition("/")[2] and "queued" not in low
        if low.startswith("forwarded as "):
            action = Action.EXPANDED
        elif _place(fields.get("relay", "")) and not is_kept:
            action = Action.RELAYED
    return "postfix-log", action, f"status={match['word']}", fields, said


def _sendmail(rest: str) -> _Found | None:
    match = _STAT.search(rest)
    if match is None:
        return None
    head, said = rest[: match.start()], rest[match.end() :].strip()
    low = said.lower()
    if low.startswith(_NOT_TRIED):
        return None
    reply = _REPLY.search(head)
    told = head[reply.end() :] if reply else ""
    fields = dict(_FIELD.findall(head[: reply.start()] if reply else head))
    code = fields.get("dsn", "")[:1] or told[:1]
    if low.startswith("sent"):
        action = Action.DELIVERED if fields.get("mailer", "").startswith(_LOCAL_MAILERS) else Action.RELAYED
        said = said[4:].strip().removeprefix("(").removesuffix(")")
    elif low.startswith("deferred") or (code == "4" and not low.startswith(_GIVEN_UP)):
        action = Action.DELAYED
        said = said[9:].strip() or said if low.startswith("deferred:") else said
    else:
        action = Action.FAILED
    return "sendmail-log", action, f"stat={rest[match.end() :][:100]}", fields, told or said


def _recipients(text: str) -> list[str]:
    """The addresses in a `to=`; a program or a file is none. A backslash in front of a user is left out."""
    bare = [token.replace("\\", "") if token.startswith("\\") else token for token in _RECIPIENT.findall(text)]
    tokens = [token for token in bare if not token.strip('" <').startswith(_PIPES)]
    found = map(addresses.clean, tokens)
    return list(dict.fromkeys([address for address in found if address]))


_PIPES = ("|", "/", ":include:", "[")  # `[more]`: the next line has the rest

# -- Exim

_EXIM = re.compile(
    # [1\3]: syslog gets long lines in pieces; the first one has what counts.
    rf"(?:\[\d{{1,3}}[/\\]\d{{1,3}}\] )?(?:{_TIME} )?(?:\[\d{{1,10}}\] )?"
    r"(?P<queue>[0-9A-Za-z]{6}-[0-9A-Za-z]{6}(?:[0-9A-Za-z]{5})?-[0-9A-Za-z]{2}(?:[0-9A-Za-z]{2})?)"
    r" (?P<flag>=>|->|>>|==|\*\*) (?P<rest>.+)",
    re.ASCII,
)
# The address or the pipe, file or `:blackhole:` that it leads to; the one that it comes from; fields; after a colon and
# a blank what was said.
_EXIM_REST = re.compile(
    rf"""(?P<address>{addresses.ADDRESS}|[|/:][^<>]{{1,500}}?(?=\ <)|\S{{1,1000}}?(?=:?(?:\s|$)))
    (?:\ <(?P<parent>(?:"[^"]{{0,500}}"|[^<>"]){{1,1000}})>)?
    (?P<head>(?:[^":]|"[^"]{{0,1000}}"|:(?!\s)){{0,4000}})
    (?::\s{{1,9}}(?P<said>.*))?""",
    re.VERBOSE,
)
_EXIM_HOST = re.compile(r"(?:^| )H=([^\s\[]{1,255})?(?: \([^()]{0,255}\))?(?: ?\[([0-9A-Fa-f.:]{3,60})\])?", re.ASCII)
_EXIM_SENDER = re.compile(r"(?:^| )[PF]=<([^<>]{1,1000})>", re.ASCII)
_EXIM_LMTP = re.compile(r"(?:^| )T=\S{0,60}lmtp", re.ASCII | re.IGNORECASE)
_EXIM_CONFIRMED = re.compile(r'(?:^| )C="((?:[^"\\]|\\.){0,2000})"')
_EXIM_NEW_LINE = re.compile(r"\\n(?=[2-5]\d\d[ -])", re.ASCII)
_EXIM_ACTIONS = {"**": Action.FAILED, "==": Action.DELAYED}


def _exim(text: str) -> Delivery | None:
    prefix = _PREFIX.match(text)
    line = _EXIM.match(text, prefix.end() if prefix else 0)
    match = _EXIM_REST.match(line["rest"]) if line else None
    if line is None or match is None:
        return None
    named, parent, head = match["address"], match["parent"], match["head"]
    is_leaf = "@" in named and not named.startswith(_PIPES)
    address = addresses.clean(named if is_leaf or not parent else parent)
    if address is None or (named.startswith(_PIPES) and not parent):
        return None
    place = _EXIM_HOST.search(head)
    host = _place(f"{place[1] or ''}[{place[2] or ''}]") if place else None
    action = _EXIM_ACTIONS.get(line["flag"])
    if action is None:
        action = Action.RELAYED if host and not _EXIM_LMTP.search(head) else Action.DELIVERED
    confirmed = _EXIM_CONFIRMED.search(head)
    said = match["said"] or (confirmed[1] if confirmed else "")
    sender = _EXIM_SENDER.search(head)
    rule = f"flag {line['flag']}"
    finding = Finding(
        address=Value(address, rule=rule),
        original_address=Value(parent, rule="in brackets") if is_leaf and parent and "@" in parent else None,
        action=Value(action, rule=rule),
        diagnostic=Value(_EXIM_NEW_LINE.sub("\n", said), rule=rule),
        remote_mta=Value(host, rule="H=") if host else None,
    )
    by = prefix["host"] if prefix else None
    return Delivery("exim-log", action, (finding,), by, line["queue"], sender[1] if sender else None)
