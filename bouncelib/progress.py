"""How many messages have been read, shown on a terminal while the rest are."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import typing
from collections.abc import Callable, Iterator

__all__ = ["counted"]


@contextlib.contextmanager
def counted(wanted: bool | None) -> Iterator[Callable[[], None]]:
    """What to call for each message; shown where it is `wanted`, by default where that disturbs nobody."""
    if wanted is None:
        wanted = _is_terminal(sys.stderr) and not _is_terminal(sys.stdout)
    if not wanted or importlib.util.find_spec("rich") is None:
        yield lambda: None
        return
    import rich.console
    import rich.progress

    columns = ("{task.description}", "{task.completed} messages", rich.progress.TimeElapsedColumn())
    console = rich.console.Console(stderr=True)
    with rich.progress.Progress(
        rich.progress.SpinnerColumn(),
        *columns,
        console=console,
        transient=console.is_terminal,
        redirect_stdout=False,  # what is written to standard output stays there
    ) as progress:
        task = progress.add_task("reading", total=None)
        yield lambda: progress.advance(task)


def _is_terminal(stream: typing.TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False
