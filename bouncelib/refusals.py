"""What SMTP clients report as refused, as `Refused` values: the exceptions and dictionaries of `smtplib`, `aiosmtplib`.

They are known by their shape, not by their class, so that neither library has to be there:

    smtplib     SMTPRecipientsRefused.recipients      {address: (code, bytes)}, which sendmail() returns as well
                SMTPResponseException                 .smtp_code, .smtp_error, perhaps .sender
    aiosmtplib  SMTPRecipientsRefused.recipients      [SMTPRecipientRefused, …]; sendmail() returns {address: response}
                SMTPResponseException                 .code, .message, perhaps .recipient or .sender

A client of LMTP, which has a reply for each recipient after the data (RFC 2033 section 4.2), has a dictionary to give.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from . import charset

__all__ = ["Refused", "Reply", "refusals", "reply_text", "to_text"]

Text = str | bytes | bytearray | memoryview
Reply = tuple[int | str, str | bytes]
"""The code of a reply and its text, whose lines are joined by line feeds."""

# The command that the name of an exception tells; both libraries use the same names.
_COMMANDS = {
    "SMTPRecipientRefused": "RCPT", "SMTPSenderRefused": "MAIL", "SMTPDataError": "DATA", "SMTPConnectError": "CONN",
    "SMTPHeloError": "EHLO", "SMTPAuthenticationError": "AUTH",
}  # fmt: skip

_LINE_END = re.compile(r"\r\n?|\n")
_CODE = re.compile(r"[2-5][0-9][0-9]", re.ASCII)


class Refused(NamedTuple):
    """One refusal: whom it names, the code, the text in lines, and the command that was refused, as far as known."""

    recipient: str
    code: int | None
    text: str
    command: str | None


def refusals(
    refused: Mapping[str, Reply] | BaseException | Iterable[BaseException], *, command: str | None = "RCPT"
) -> list[Refused]:
    """Every refusal in what a client raised or returned. Raises `TypeError` for what carries no reply of a server.

    `command` is what a dictionary does not tell: after which command the replies in it came.
    """
    if isinstance(refused, Mapping):
        return [_answer(recipient, answer, command) for recipient, answer in refused.items()]
    if isinstance(refused, BaseException):
        return _raised(refused, command)
    if isinstance(refused, Iterable) and not isinstance(refused, Text):
        return [one for error in refused for one in _raised(error, command)]
    raise _no_reply(refused)


def reply_text(refused: Refused) -> str:
    """The refusal as the server wrote it (RFC 5321 section 4.2.1): the code on each line, a hyphen where more come."""
    lines = _LINE_END.split(refused.text)
    if refused.code is None:
        return "\n".join(lines)
    code = str(refused.code)
    bare = [line[4:] if line.startswith(code) and line[3:4] in {"", " ", "-"} else line for line in lines]
    return "\n".join([*(f"{code}-{line}" for line in bare[:-1]), f"{code} {bare[-1]}"])


def to_text(text: Text) -> str:
    """What a client handed over as text, without lone surrogates; bytes in UTF-8, else in what they look like."""
    if not isinstance(text, Text):
        raise TypeError(f"this is neither text nor bytes: {text!r}")
    return charset.readable(text) if isinstance(text, str) else charset.decode(bytes(text))[0]


def _raised(error: object, command: str | None) -> list[Refused]:
    if not isinstance(error, BaseException):
        raise _no_reply(error)
    recipients = getattr(error, "recipients", None)
    if isinstance(recipients, Mapping | list | tuple):
        return refusals(recipients, command=command)
    for code_name, text_name in (("smtp_code", "smtp_error"), ("code", "message")):
        if hasattr(error, code_name) and hasattr(error, text_name):
            answer = getattr(error, code_name), getattr(error, text_name)
            named = getattr(error, "recipient", None) or getattr(error, "sender", None) or ""
            return [_answer(named, answer, _command(error, command))]
    raise _no_reply(error)


def _command(error: BaseException, otherwise: str | None) -> str | None:
    names = [cls.__name__ for cls in type(error).__mro__]
    told = next((_COMMANDS[name] for name in names if name in _COMMANDS), None)
    # Of a refused recipient the caller knows more: with LMTP it was refused after the data.
    return otherwise if told == "RCPT" else told


def _answer(recipient: object, answer: object, command: str | None) -> Refused:
    """The refusal in `(code, text)`, or in one text that has the code in it."""
    named = to_text(recipient) if isinstance(recipient, Text) else ""
    if isinstance(answer, Text):
        return Refused(named, None, to_text(answer), command)
    if isinstance(answer, BaseException):
        return _raised(answer, command)[0]._replace(recipient=named)
    if isinstance(answer, tuple | list) and len(answer) == 2 and isinstance(answer[1], Text | None):
        return Refused(named, _code(answer[0]), to_text(answer[1] or ""), command)
    raise _no_reply(answer)


def _code(code: object) -> int | None:
    """The code, where it is one: `smtplib` has -1 where the server broke off."""
    if isinstance(code, Text):
        text = to_text(code).strip()
        return int(text) if _CODE.fullmatch(text) else None
    return int(code) if isinstance(code, int) and 200 <= code < 600 else None


def _no_reply(value: object) -> TypeError:
    return TypeError(f"{value!r} carries no SMTP reply: neither recipients nor a code and a text")
