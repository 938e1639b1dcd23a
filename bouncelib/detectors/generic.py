"""A careful reader of formats that nobody has described: asked only where no other detector has found a recipient.

It reads messages that bear a mark of a bounce in the header (`bouncelib.marks`), and takes an address for a failed one
where the text says so, in one of three ways:

1. the line names it beside a refusal: an SMTP code, an enhanced status code, or words such as "user unknown";
2. it stands alone in its line, or in a list, under a heading such as "could not be delivered to the following";
3. it stands alone in its line, and the line below begins with a code.

Never a postmaster, or an address behind a word such as "contact" or "from", and the sender, or whoever gets the report,
only where a code stands beside. Code because nothing here is a fixed form. The words are by language, in lower case;
codes and structure carry any other language.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from .. import address as addresses
from .. import mentions, wordings
from .. import reply as replies
from ..body import Body
from ..marks import (
    SUBJECTS,
    bystanders,
    has_daemon_sender,
    has_null_sender,
    has_report_subject,
    has_report_type,
    is_daemon,
    is_letter,
    is_plain_report,
    is_report,
)
from ..mime import Headers, Message
from ..model import Finding, Kind, Value
from ..phrases import has_any

__all__ = ["Generic"]

MAX_LINES = 400
"""Lines of a report that are looked at; reports say early what they have to say."""

_MAX_LINE = 1000
_MAX_FOUND = 200
_DIAGNOSTIC_LINES = 12
_HEADING = 400
_OPENING = 20_000

_STATUS = re.compile(r"(?<![\w.+/@-])[45]\.[0-7]\.\d{1,3}(?![.\d])")
_REPORTED = re.compile(r"(?:^|[:：])\s{0,20}(?:smtp )?(?P<reply>[45]\d\d[ -][45]\.\d{1,3}\.\d{1,3}\b.*)")
_ALONE = re.compile(
    rf"^[\s*•·\-–—|]{{0,40}}(?:(?:[Tt]o|[Rr]ecipients?|E-?[Mm]ail|[Aa]ddress):\s{{0,20}})?[<\"'(\[]{{0,2}}"
    rf"(?P<address>{addresses.ADDRESS})[>\"')\]]{{0,2}}(?:\s{{0,4}}[<(\[](?:mailto:)?[^<>()\s]{{1,320}}[>)\]])?[\s:;.,]{{0,20}}$"
)
# "kijitora@example.com (user unknown)" or "anne@example.com: 550 no such user": the address opens the line.
_OPENS = re.compile(
    rf"^[\s*•·\-–—|]{{0,40}}[<\"'(\[]{{0,2}}(?P<address>{addresses.ADDRESS})[>\"')\]]{{0,2}}\s{{0,20}}(?P<rest>[\s:;,(\-–—].*)$"
)

# "anne@example.com on 11/23/2026 4:47 PM", as Outlook wrote it, in any language.
_DATED = re.compile(r",?\s[^@\d]{0,20}\d{1,4}[/.:-]\d")

# "anne@example.com: delivered", among others that were not.
_REACHED = re.compile(
    r"(?i)[\s:;,(\-–—|]{1,80}(?:successfully )?(?:delivered|relayed|accepted|sent|ok|zugestellt|remis"
    r"|entregad[oa]|entregue|consegnato|bezorgd|dostarczono|доставлено)[\s|).]{0,80}$"
)

# Begun at the start of a word only, lest a long word be tried from each of its letters.
_ADDRESS = re.compile(rf"(?:^|(?<=[\s<>()\[\]:;,\"'=（：「【，。])){addresses.ADDRESS}")

_IDS = ("message-id", "in-reply-to", "references")
_NOT_LOCAL = frozenset({
    "abuse", "support", "help", "helpdesk", "info", "admin", "administrator", "webmaster", "hostmaster", "root",
    "noreply", "no-reply", "donotreply", "do-not-reply", "security", "noc", "service",
})  # fmt: skip

# Where the report ends though no header follows that could be told for one.
_END = re.compile(
    r"(?i)^[\s>*|=_+-]{0,80}(?:(?:original|returned|unsent|undelivered|enclosed|attached) (?:e-?mail|message|mail)\b"
    r"|(?:returned|unsent) message\b|message (?:text|header|headers) follow|(?:this is )?a copy of (?:the|your)"
    r"|below (?:this|the next) line|here is a copy|the (?:first|header).{0,40}(?:message|follow)"
    r"|your message reads|old message|included is a copy|ursprüngliche nachricht|message d'origine|mensaje original"
    r"|mensagem original|messaggio originale|oorspronkelijk bericht|oryginalna wiadomość|исходное сообщение"
    r"|元のメッセージ|原邮件|원본 메시지)"
)


class Generic:
    """Unknown formats, by codes, structure and the words for failure."""

    name = "generic"
    fallback = True

    def find(self, message: Message) -> Iterator[Finding]:
        headers = message.headers
        if not is_report(headers) or is_letter(headers):
            return
        # A null sender alone is that of many automatic messages.
        if not (has_daemon_sender(headers) or has_report_subject(headers) or has_report_type(headers)):
            return
        body = message.body
        opening = body.lower[:_OPENING]
        is_plain = is_plain_report(headers)
        if not (is_plain or has_daemon_sender(headers) or has_any(opening, wordings.MAIL)):
            return
        is_yours = is_plain or has_any(opening, wordings.YOURS)
        kind = _kind(headers, opening)
        found = False
        for address in _failed_recipients(headers):
            found = True
            yield Finding(address=Value(address, rule="field x-failed-recipients"), kind=kind)
        lines = _report_lines(body)
        messages = _message_ids(headers)
        excluded = bystanders(headers) | messages
        possible = (
            candidate
            for candidate in _candidates(lines)
            if (is_yours or not candidate.is_weak)
            and _is_possible(candidate.address, messages if candidate.is_sure else excluded)
        )
        named = [*_named(possible, lines)][:_MAX_FOUND]
        starts = [candidate.line for candidate in named]
        is_only = len({candidate.address.lower() for candidate in named}) == 1
        for candidate in named:
            found = True
            text = _diagnostic(lines, candidate.line, starts)
            if is_only and not _has_code(text):
                text = "\n".join(filter(None, (text, _reported(lines, candidate.line))))
            yield Finding(
                address=body.value(candidate.address, candidate.line, candidate.rule),
                diagnostic=body.value(text, candidate.line, candidate.rule) if text else None,
                kind=kind,
            )
        if not found and _is_certain(headers, body, opening, is_yours=is_yours):
            yield Finding(kind=kind)


@dataclasses.dataclass(frozen=True, slots=True)
class _Candidate:
    """An address that the text calls failed; `is_sure` where a code stands by it, so that anybody may be meant.

    `is_prose` where it stands in running text, `is_listed` where it has a line of its own; `is_weak` where no more than
    words in its own line say that it failed.
    """

    line: int
    address: str
    rule: str
    is_sure: bool = False
    is_prose: bool = False
    is_listed: bool = False
    is_weak: bool = False


def _report_lines(body: Body) -> list[str]:
    """The lines of the report, less what is returned of the message."""
    lines: list[str] = []
    for number, line in enumerate(body.lines[:MAX_LINES]):
        if number and (line == "-- " or _END.match(line[:_MAX_LINE])) and any(earlier.strip() for earlier in lines):
            break
        lines.append(line[:_MAX_LINE])
    return lines


def _candidates(lines: Sequence[str]) -> Iterator[_Candidate]:
    """Every address that the text says has failed."""
    heading = last = ""
    for index, line in enumerate(lines):
        if line.lstrip().startswith((">", "|>")):
            continue
        if "@" not in line:
            if line.strip():
                last = line.strip()
                low = last.lower()
                delivered = has_any(low, wordings.DELIVERED) and not _announces(low)
                heading = "" if delivered else f"{heading} {low}"[-_HEADING:]
            continue
        alone = _ALONE.match(line)
        if not alone:
            above = lines[index - 1].strip() if index else ""
            below = "\n".join(itertools.takewhile(str.strip, lines[index + 1 : index + 6]))
            beside = [*_beside(index, line, heading, above, below)]
            yield from beside
            last = line.strip()
            # What failed there is said; a colon says that more follow.
            is_said = not last.endswith((":", "：")) and any(
                one.is_prose and _is_possible(one.address, frozenset()) for one in beside
            )
            heading = "" if is_said else last.lower()[-_HEADING:]
        elif not mentions.introduces(last):
            below = _below(lines, index)
            if _has_code(below):
                yield _Candidate(index, alone["address"], "code in the line below", is_sure=True)
            elif _announces(heading):
                yield _Candidate(index, alone["address"], "listed under a failure", is_listed=True)
            elif _says_failed(below.lower()) and not _heads_a_list(lines, index):
                yield _Candidate(index, alone["address"], "failure in the line below", is_listed=True)


def _beside(index: int, line: str, heading: str, above: str, below: str) -> Iterator[_Candidate]:
    """Addresses in running text beside a refusal; `above` is the line right above, `below` what stands right below."""
    opens = _OPENS.match(line)
    if opens:
        if _has_code(opens["rest"].lstrip(" \t:;,(-–—")):
            yield _Candidate(index, opens["address"], "opens a line with a code", is_sure=True)
        elif _DATED.match(opens["rest"]) and _has_code(below):
            yield _Candidate(index, opens["address"], "opens a dated entry with a code", is_sure=True)
        elif mentions.introduces(above) or _REACHED.match(opens["rest"]):
            return
        elif _says_failed(opens["rest"].lower()) or _announces(heading):
            yield _Candidate(index, opens["address"], "opens a line that refuses", is_weak=not _announces(heading))
        return
    code = _has_code(line)
    if line.lstrip().startswith(("<<<", "|")) or not (code or _announces(line.lower())):
        return
    excluded_until = 0
    for match in _ADDRESS.finditer(line):
        also = excluded_until and mentions.is_joint(line[excluded_until : match.start()])
        if not (also or mentions.introduces(f"{above} {line[: match.start()]}")):
            rule = "beside a code" if code else "beside words of failure"
            yield _Candidate(index, match[0], rule, is_prose=True, is_weak=not code)
            return  # what follows the first one is the reply, which may name anybody
        excluded_until = match.end()


def _named(candidates: Iterable[_Candidate], lines: Sequence[str]) -> Iterator[_Candidate]:
    """Those of `candidates` that are still to be believed once others have been named more clearly.

    Behind an address that stands alone or opens a line, running text names whom to ask; so does a lone address about
    which nothing is said, behind one that has a code. A line with a code right below an address is its reply.
    """
    listed: _Candidate | None = None
    sure = False
    for candidate in candidates:
        if listed and candidate.is_prose:
            between = lines[listed.line + 1 : candidate.line]
            if candidate.is_weak or all(map(str.strip, between)):
                continue
        elif sure and candidate.is_listed:
            is_next = bool(_ALONE.match(lines[candidate.line - 1]))
            if not (is_next or _says_failed(_below(lines, candidate.line).lower())):
                continue
        sure = sure or candidate.is_sure
        listed = listed if candidate.is_prose else candidate
        yield candidate


def _announces(low: str) -> bool:
    return _says_failed(low) or has_any(low, wordings.DELAYED)


def _has_code(text: str) -> bool:
    """Whether an enhanced status code of a failure stands in `text`, or an SMTP reply where a server has spoken."""
    if _STATUS.search(text):
        return True
    reply = replies.parse(text)
    return reply is not None and reply.code >= 400


def _says_failed(low: str) -> bool:
    return has_any(low, wordings.FAILED)


def _below(lines: Sequence[str], index: int) -> str:
    """The next line with anything in it, at most one blank line away."""
    for line in lines[index + 1 : index + 3]:
        if line.strip():
            return line
    return ""


def _heads_a_list(lines: Sequence[str], index: int) -> bool:
    """Whether what stands below line `index` is about the addresses that follow it."""
    first, second, *_ = [*filter(str.strip, lines[index + 1 : index + 7]), "", ""]
    return first.rstrip().endswith((":", "：")) and not (second and not _ALONE.match(second))


def _diagnostic(lines: Sequence[str], index: int, starts: Sequence[int]) -> str:
    """What the report says about the address in line `index`: its own line if that says more, and those below it."""
    own = lines[index].strip()
    text = [] if _ALONE.match(lines[index]) else [own]
    later = [start for start in starts if start > index]
    stop = min(later[0] if later else len(lines), index + 1 + _DIAGNOSTIC_LINES)
    for number in range(index + 1, stop):
        stripped = lines[number].strip()
        if not stripped and text and number + 1 < stop and not _has_code("\n".join(lines[number + 1 : number + 3])):
            break
        if stripped:
            text.append(stripped)
    if not text or not (_has_code("\n".join(text)) or _says_failed("\n".join(text).lower())):
        # The reason may stand before the address.
        before = [line.strip() for line in lines[max(0, index - 6) : index] if line.strip()]
        text = [*before, *text] if _has_code("\n".join(before)) else text or before
    return "\n".join(text)


def _reported(lines: Sequence[str], index: int) -> str:
    """The first reply with both codes below line `index`, as portals give it under a label in any language."""
    replies_below = (_REPORTED.search(line) for line in lines[index + 1 :])
    return next((match["reply"] for match in replies_below if match), "")


def _is_possible(address: str, excluded: frozenset[str]) -> bool:
    low = (addresses.clean(address) or "").lower()
    local, _, domain = low.rpartition("@")
    return (
        bool(local)
        and "." in domain.strip("[]")
        and low not in excluded
        and not is_daemon(low)
        and local not in _NOT_LOCAL
    )  # fmt: skip


def _message_ids(headers: Headers) -> frozenset[str]:
    """What looks like an address in the fields that name messages, in lower case."""
    values = (value[:_MAX_LINE].lower() for name in _IDS for value in headers.get_all(name))
    return frozenset(address for value in values for address in addresses.find(value))


def _failed_recipients(headers: Headers) -> Iterator[str]:
    for value in headers.get_all("x-failed-recipients"):
        yield from (address.strip() for address in value[:_MAX_LINE].split(",") if address.strip())


def _kind(headers: Headers, opening: str) -> Kind:
    if has_any(opening, wordings.GIVEN_UP):
        return Kind.BOUNCE
    if has_any(opening, wordings.DELAYED):
        return Kind.DELAY
    subject = (headers.get("subject") or "").lower()
    is_delay = any(word in subject for word in wordings.DELAY_SUBJECT) and not _says_failed(opening)
    return Kind.DELAY if is_delay else Kind.BOUNCE


def _is_certain(headers: Headers, body: Body, opening: str, *, is_yours: bool) -> bool:
    """Whether the message is a report though it names nobody: the header says so twice, and the text once."""
    if not has_report_subject(headers) or not _says_failed(opening):
        return False
    own = "\n".join(line for line in body.lines[:MAX_LINES] if not line.lstrip().startswith((">", "|>")))
    if not _says_failed(own.lower()):
        return False
    if has_daemon_sender(headers) or has_report_type(headers):
        return True
    subject = (headers.get("subject") or "").lower()
    return has_null_sender(headers) and subject.startswith(SUBJECTS) and is_yours
