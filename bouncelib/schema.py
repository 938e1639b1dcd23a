"""A `Report` as JSON-ready values and back: `schema` 1, described by `schema.json` beside this module.

One rule and no exceptions: a key is the name of the field in `model.py`. Enums are their strings, an enhanced status is
`"5.1.1"`, a date is ISO 8601, a tuple is a list, what is absent is null. A recipient's `subscriber` is written as well,
and ignored on reading, as is every key that is not known.

Both directions are compiled once from the annotations of the model, so that they cannot disagree with it.

Strings go through JSON as they are, lone surrogates too, as `json.dumps` escapes them. Only two lone surrogates that
would make a pair need help, since a JSON reader joins them: a WORD JOINER is put between, and taken away on reading.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import operator
import re
import types
import typing
from collections.abc import Callable, Mapping

from . import model
from .model import BouncelibError, EnhancedStatus, Evidence, Recipient, Report

__all__ = ["VERSION", "from_dict", "to_dict"]

VERSION = 1

_Write = Callable[[typing.Any], object]
_Read = Callable[[object, str], typing.Any]


def to_dict(report: Report) -> dict[str, object]:
    """The report as values that `json.dumps` takes."""
    return {"schema": VERSION, **_REPORT_WRITER(report)}


def from_dict(data: Mapping[str, object]) -> Report:
    """The report that `to_dict` wrote, exactly. Where `data` is none, `BouncelibError` says at which place, and why."""
    if not isinstance(data, Mapping):
        raise _wrong("$", "an object", data)
    if "schema" not in data:
        raise BouncelibError(f'$: the key "schema" is missing: this is no report that to_dict() wrote ({_keys(data)})')
    if data["schema"] != VERSION or isinstance(data["schema"], bool):
        raise BouncelibError(
            f"$.schema: version {data['schema']!r} is unknown, this bouncelib reads version {VERSION}: "
            "read it with the bouncelib that wrote it, or upgrade this one"
        )
    report = _REPORT_READER(data, "$")
    assert isinstance(report, Report)
    return report


def _keys(data: Mapping[str, object]) -> str:
    return f"keys: {', '.join(map(str, list(data)[:5]))}" if data else "it is empty"


def _wrong(path: str, wanted: str, value: object) -> BouncelibError:
    shown = repr(value)
    shown = f"{shown[:60]}…" if len(shown) > 61 else shown
    return BouncelibError(f"{path}: expected {wanted}, found {shown}: see schema.json in the bouncelib package")


# -- strings

_PAIR = re.compile("([\ud800-\udbff])(\u2060*)([\udc00-\udfff])")
_STUFFED = re.compile("([\ud800-\udbff]\u2060*)\u2060([\udc00-\udfff])")


def _keep_apart(text: str) -> str:
    return _PAIR.sub("\\1\u2060\\2\\3", text)


def _read_str(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _wrong(path, "a string", value)
    return value if value.isascii() else _STUFFED.sub(r"\1\2", value)


# -- scalars

_STATUS = re.compile(r"(-?[0-9]{1,18})\.(-?[0-9]{1,18})\.(-?[0-9]{1,18})")


def _read_status(value: object, path: str) -> EnhancedStatus:
    match = _STATUS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _wrong(path, 'an enhanced status code such as "5.1.1"', value)
    return EnhancedStatus(int(match[1]), int(match[2]), int(match[3]))


def _read_date(value: object, path: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(value)  # type: ignore[arg-type] # a TypeError is caught as well
    except (TypeError, ValueError):
        raise _wrong(path, 'an ISO 8601 date such as "2024-05-01T12:00:00+02:00"', value) from None


def _read_bool(value: object, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(path, "true or false", value)
    return value


def _read_int(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(path, "an integer", value)
    return value


def _enum_reader(cls: type[enum.StrEnum]) -> _Read:
    members: dict[object, enum.StrEnum] = {member.value: member for member in cls}
    wanted = f"one of {', '.join(str(value) for value in members)}"

    def read(value: object, path: str) -> enum.StrEnum:
        member = members.get(value) if isinstance(value, str) else None
        if member is None:
            raise _wrong(path, wanted, value)
        return member

    return read


# -- what is made of others


def _optional_reader(read: _Read) -> _Read:
    return lambda value, path: None if value is None else read(value, path)


def _list_reader(read: _Read) -> _Read:
    def read_list(value: object, path: str) -> tuple[object, ...]:
        if not isinstance(value, (list, tuple)):
            raise _wrong(path, "a list", value)
        return tuple([read(item, f"{path}[{number}]") for number, item in enumerate(value)])

    return read_list


def _fixed_reader(readers: tuple[_Read, ...]) -> _Read:
    def read_fixed(value: object, path: str) -> tuple[object, ...]:
        if not isinstance(value, (list, tuple)) or len(value) != len(readers):
            raise _wrong(path, f"a list of {len(readers)}", value)
        return tuple(
            [read(item, f"{path}[{number}]") for number, (read, item) in enumerate(zip(readers, value, strict=True))]
        )

    return read_fixed


def _object_reader(cls: type) -> _Read:
    hints = typing.get_type_hints(cls, vars(model))
    table = [(field.name, _reader(hints[field.name])) for field in dataclasses.fields(cls)]

    def read_object(value: object, path: str) -> object:
        if not isinstance(value, Mapping):
            raise _wrong(path, f"an object ({cls.__name__})", value)
        arguments = []
        for name, read in table:
            if name not in value:
                raise BouncelibError(
                    f'{path}: the key "{name}" of {cls.__name__} is missing: every key is written, null where absent'
                )
            arguments.append(read(value[name], f"{path}.{name}"))
        return cls(*arguments)

    return read_object


@functools.cache
def _reader(hint: typing.Any) -> _Read:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType or origin is typing.Union:
        (kept,) = (argument for argument in inner if argument is not types.NoneType)
        return _optional_reader(_reader(kept))
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return _list_reader(_reader(inner[0]))
        return _fixed_reader(tuple(_reader(argument) for argument in inner))
    if hint in _SCALAR_READERS:
        return _SCALAR_READERS[hint]
    if issubclass(hint, enum.StrEnum):
        return _enum_reader(hint)
    return _object_reader(hint)


_SCALAR_READERS: dict[object, _Read] = {
    str: _read_str,
    int: _read_int,
    bool: _read_bool,
    dt.datetime: _read_date,
    EnhancedStatus: _read_status,
}

# -- writing


def _write_evidence(it: Evidence) -> dict[str, object]:
    """What `_object_writer` would make, three times as fast: most of a report is evidence."""
    field, detector, rule, part, text = it.field, it.detector, it.rule, it.part, it.text
    if not f"{field}{detector}{rule}{part}{text}".isascii():
        field, detector, rule, part, text = map(_keep_apart, (field, detector, rule, part, text))
    return {"field": field, "detector": detector, "rule": rule, "part": part, "line": it.line, "text": text}


# None stands for a value that JSON takes as it is.
_WRITERS: dict[object, _Write | None] = {
    str: _keep_apart,
    int: None,
    bool: None,
    dt.datetime: dt.datetime.isoformat,
    EnhancedStatus: str,
    Evidence: _write_evidence,
}


def _object_writer(cls: type) -> _Write:
    hints = typing.get_type_hints(cls, vars(model))
    names = [field.name for field in dataclasses.fields(cls)]
    if cls is Recipient:
        names.insert(names.index("original_address") + 1, "subscriber")
        hints["subscriber"] = str
    get = operator.attrgetter(*names)
    others = [(name, write) for name in names if (write := _writer(hints[name])) not in (None, _keep_apart)]
    strings = [name for name in names if _writer(hints[name]) is _keep_apart]

    def write_object(value: typing.Any) -> dict[str, object]:
        data = dict(zip(names, get(value), strict=True))
        for name in strings:
            if (text := data[name]) and not text.isascii():
                data[name] = _keep_apart(text)
        for name, write in others:
            if (item := data[name]) is not None:
                data[name] = write(item)
        return data

    return write_object


def _write_strings(items: tuple[str, ...]) -> list[str]:
    return list(items) if "".join(items).isascii() else [_keep_apart(item) for item in items]


@functools.cache
def _writer(hint: typing.Any) -> _Write | None:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is types.UnionType or origin is typing.Union:
        (kept,) = (argument for argument in inner if argument is not types.NoneType)
        return _writer(kept)
    if origin is tuple:
        (write,) = {_writer(argument) for argument in inner if argument is not Ellipsis}  # each is of one type
        if write is _keep_apart:
            return _write_strings
        return (lambda items: [write(item) for item in items] if items else []) if write else list
    if hint in _WRITERS:
        return _WRITERS[hint]
    if issubclass(hint, enum.StrEnum):
        return operator.attrgetter("_value_")
    return _object_writer(hint)


_REPORT_READER: typing.Final = _object_reader(Report)
_REPORT_WRITER: typing.Final = typing.cast("Callable[[Report], dict[str, object]]", _object_writer(Report))
