"""Ray Data: the messages of a dataset to the recipients that they report. `pip install "bouncelib[ray]"`."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from ..context import Context
from ..parser import Parser
from . import arrow

if TYPE_CHECKING:
    import ray.data

__all__ = ["parse_dataset"]


def parse_dataset(
    dataset: ray.data.Dataset,
    *,
    column: str = arrow.COLUMN,
    context: Context | None = None,
    parser: Parser | None = None,
    batch_size: int = 256,
) -> ray.data.Dataset:
    """A row for each recipient, as `arrow.parse_batch` makes them of `batch_size` messages at a time."""
    work = functools.partial(arrow.parse_table, column=column, context=context, parser=parser)
    return dataset.map_batches(work, batch_format="pyarrow", batch_size=batch_size, zero_copy_batch=True)
