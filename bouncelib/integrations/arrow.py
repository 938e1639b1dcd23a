"""Arrow batches: raw messages in, recipients out. `pip install "bouncelib[arrow]"`.

A row for each recipient of each message, and one for a message that names nobody or cannot be read, so that none gets
lost. The columns are the fields of `Recipient` and those of `Report`, nested values as structs and lists, and `error`.
Other columns of the batch that came in stand in front, each value repeated for each recipient.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import functools
import types
import typing
from collections.abc import Callable

from .. import model
from ..context import Context
from ..model import BouncelibError, EnhancedStatus, Recipient, Report
from ..parser import DEFAULT, Parser

try:
    import pyarrow as pa
except ImportError as error:
    raise ImportError('this needs pyarrow: pip install "bouncelib[arrow]"') from error

__all__ = ["COLUMN", "SCHEMA", "VERSION", "parse_batch", "parse_table", "schema"]

VERSION = 1
"""The version of `SCHEMA`: another one has columns that this one lacks, or means something else by one."""

COLUMN = "raw"
"""The column that holds the messages, where no other is named."""

_Convert = Callable[[typing.Any], object]


def schema(given: pa.Schema | None = None, *, column: str = COLUMN) -> pa.Schema:
    """The schema of what becomes of a batch with the schema `given`: its columns less `column`, then `SCHEMA`.

    Raises `BouncelibError` where there is no such column of bytes, or where a name stands on both sides.
    """
    if given is None:
        return SCHEMA
    if column not in given.names:
        raise BouncelibError(f"there is no column {column!r} of messages; there are {', '.join(given.names)}")
    kind = given.field(column).type
    if kind not in (pa.binary(), pa.large_binary()):
        raise BouncelibError(f"the column {column!r} is {kind}: messages are binary")
    others = [field for field in given if field.name != column]
    if taken := [field.name for field in others if field.name in SCHEMA.names]:
        raise BouncelibError(f"the column {taken[0]!r} would stand twice in the result: rename the one that is given")
    return pa.schema([*others, *SCHEMA], {**(given.metadata or {}), **SCHEMA.metadata})


def parse_batch(
    batch: pa.RecordBatch, *, column: str = COLUMN, context: Context | None = None, parser: Parser | None = None
) -> pa.RecordBatch:
    """What the messages in one column of `batch` report, with the schema `schema(batch.schema, column=column)`.

    A message that cannot be read is a row with its `error`; nothing that stands in a message raises. For what else
    raises see `schema`.
    """
    result = schema(batch.schema, column=column)
    parse = (parser or DEFAULT).parse
    rows: list[tuple[object, ...]] = []
    sources: list[int] = []  # which message each row is from
    for number, raw in enumerate(batch.column(column)):
        rows += _rows(raw.as_py(), parse, context)
        sources += [number] * (len(rows) - len(sources))
    kept = batch.select([name for name in batch.schema.names if name != column]).take(pa.array(sources, pa.int64()))
    cells = zip(*rows, strict=True) if rows else [()] * len(SCHEMA)
    made = [pa.array(list(values), field.type) for values, field in zip(cells, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays([*kept.columns, *made], schema=result)


def parse_table(
    table: pa.Table, *, column: str = COLUMN, context: Context | None = None, parser: Parser | None = None
) -> pa.Table:
    """The same of a table, batch by batch."""
    batches = [parse_batch(batch, column=column, context=context, parser=parser) for batch in table.to_batches()]
    return pa.Table.from_batches(batches, schema(table.schema, column=column))


def _rows(raw: bytes | None, parse: Callable[..., Report], context: Context | None) -> list[tuple[object, ...]]:
    if raw is None:
        return [(*_NOBODY, *_NOTHING, "there is no message: null")]
    try:
        report = parse(raw, context=context)
        told = (*_of_report(report), None)
        return [
            (number, recipient.subscriber, *_of_recipient(recipient), *told)
            for number, recipient in enumerate(report.recipients, 1)
        ] or [(*_NOBODY, *told)]
    except Exception as error:  # noqa: BLE001 - no message may keep the others from being read
        return [(*_NOBODY, *_NOTHING, _string(f"{type(error).__name__}: {error}"))]


# -- from values to cells: compiled once from the annotations of the model, so that they cannot disagree with it


def _string(text: str) -> str:
    """Arrow is UTF-8 and has no lone surrogates, which broken mail may leave in a text."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _integer(number: int) -> int | None:
    return number if -(2**63) <= number < 2**63 else None


def _moment(moment: dt.datetime) -> dt.datetime | None:
    """In UTC, and so is what has no zone."""
    try:
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except OverflowError:  # in the year 0 or 10000 of that zone
        return None


def _same(value: object) -> object:
    return value


_SCALARS: dict[object, tuple[pa.DataType, _Convert]] = {
    str: (pa.string(), _string),
    int: (pa.int64(), _integer),
    bool: (pa.bool_(), _same),
    dt.datetime: (pa.timestamp("us", "UTC"), _moment),
    EnhancedStatus: (pa.string(), str),
}

# The returned header as a whole: it stands in the message, and would be the most of the table.
_LEFT_OUT = {"headers"}


@functools.cache
def _arrow(hint: typing.Any) -> tuple[pa.DataType, _Convert]:
    """The type of a column, and what makes its cells."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (kept,) = [argument for argument in inner if argument is not types.NoneType]
        kind, convert = _arrow(kept)
        return kind, lambda value: None if value is None else convert(value)
    if origin is tuple and inner[-1] is Ellipsis:
        kind, convert = _arrow(inner[0])
        return pa.list_(kind), lambda values: [convert(value) for value in values]
    if origin is tuple:  # a name and a value
        converts = [_arrow(argument)[1] for argument in inner]
        pair = pa.struct([(name, _arrow(argument)[0]) for name, argument in zip(("name", "value"), inner, strict=True)])
        return pair, lambda values: tuple([convert(value) for convert, value in zip(converts, values, strict=True)])
    if hint in _SCALARS:
        return _SCALARS[hint]
    if issubclass(hint, enum.StrEnum):
        return pa.string(), str
    fields = _fields(hint)
    return pa.struct([(name, kind) for name, kind, _ in fields]), _cells_of(fields)


def _fields(cls: type) -> list[tuple[str, pa.DataType, _Convert]]:
    hints = typing.get_type_hints(cls, vars(model))
    return [
        (field.name, *_arrow(hints[field.name])) for field in dataclasses.fields(cls) if field.name not in _LEFT_OUT
    ]


def _cells_of(fields: list[tuple[str, pa.DataType, _Convert]]) -> Callable[[object], tuple[object, ...]]:
    converts = [(name, convert) for name, _, convert in fields]
    return lambda value: tuple([convert(getattr(value, name)) for name, convert in converts])


_RECIPIENT = _fields(Recipient)
_REPORT = [field for field in _fields(Report) if field[0] != "recipients"]
_of_recipient, _of_report = _cells_of(_RECIPIENT), _cells_of(_REPORT)
_NOBODY = (None,) * (2 + len(_RECIPIENT))
_NOTHING = (None,) * len(_REPORT)

SCHEMA = pa.schema(
    [
        ("recipient_number", pa.int64()),
        ("subscriber", pa.string()),
        *[(name, kind) for name, kind, _ in _RECIPIENT],
        *[("report_evidence" if name == "evidence" else name, kind) for name, kind, _ in _REPORT],
        ("error", pa.string()),
    ],
    {"bouncelib.schema": str(VERSION)},
)
"""The columns that are made, and the version of this schema in its metadata, under `bouncelib.schema`."""
