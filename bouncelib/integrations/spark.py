"""Spark: the messages of a data frame to the recipients that they report. `pip install "bouncelib[spark]"`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..context import Context
from ..parser import Parser
from . import arrow

if TYPE_CHECKING:
    import pyarrow as pa
    import pyspark.sql

__all__ = ["parse_frame"]


def parse_frame(
    frame: pyspark.sql.DataFrame,
    *,
    column: str = arrow.COLUMN,
    context: Context | None = None,
    parser: Parser | None = None,
) -> pyspark.sql.DataFrame:
    """A row for each recipient, as `arrow.parse_batch` makes them. Spark's own settings decide how many at a time."""
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    def parse(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return (arrow.parse_batch(batch, column=column, context=context, parser=parser) for batch in batches)

    return frame.mapInArrow(parse, from_arrow_schema(arrow.schema(to_arrow_schema(frame.schema), column=column)))
