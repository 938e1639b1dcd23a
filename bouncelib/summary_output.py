"""What the command writes of a summary: tables for people, or a line of JSON."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable

from .explain import REASONS
from .frozen import frozen
from .model import Reason
from .output import NotInstalled, json_line
from .safe_text import one_line
from .summary import Count, Summary

__all__ = ["FORMATS", "Row", "Table", "headline", "tables", "writer"]


@frozen
class Row:
    """A value, what it means where that needs words, and how often it occurs: `share` is of all in its table."""

    name: str
    meaning: str
    number: int
    share: float


@frozen
class Table:
    """One table of a summary, its text harmless on a terminal; `unit` is what its numbers count."""

    title: str
    unit: str
    rows: tuple[Row, ...]


def tables(summary: Summary) -> tuple[Table, ...]:
    """The tables of a summary, for people; those without rows are left out."""
    providers = summary.providers
    if summary.other_providers:
        providers = (*providers, ("all others", summary.other_providers))
    return tuple(
        Table(title, unit, _rows(counts))
        for title, unit, counts in (
            ("Kind", "messages", summary.kinds),
            ("Type", "failures", summary.types),
            ("Timing", "failures", summary.timings),
            ("Reason", "failures", summary.reasons),
            ("Provider", "failures", providers),
        )
        if counts
    )


def _rows(counts: tuple[Count, ...]) -> tuple[Row, ...]:
    total = sum(number for _, number in counts)
    return tuple(Row(one_line(name, 253), _MEANINGS.get(name, ""), number, number / total) for name, number in counts)


_MEANINGS = {str(reason): REASONS.get(reason, "") for reason in Reason}


def headline(summary: Summary) -> tuple[str, ...]:
    """The totals in words, a line each."""
    about = "about " if summary.is_estimate else ""
    lines = [
        _counted(summary.messages, "message", "messages"),
        _counted(summary.failures, "failure of a recipient", "failures of recipients"),
        about + _counted(summary.suppress, "address to stop mailing", "addresses to stop mailing"),
    ]
    if summary.unreadable:
        lines.append(f"{_counted(summary.unreadable, 'input', 'inputs')} could not be read")
    return tuple(lines)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


# -- formats


def _text(summary: Summary) -> None:
    blocks = ["\n".join(headline(summary))]
    for table in tables(summary):
        width = max(24, *(len(row.name) for row in table.rows))
        lines = [f"{table.title:{width}}  {table.unit:>10}"]
        lines += [f"{row.name:{width}}  {row.number:>10,}  {row.share:>6.1%}" for row in table.rows]
        blocks.append("\n".join(lines))
    sys.stdout.write("\n\n".join(blocks) + "\n")


def _rich(summary: Summary) -> None:
    import rich.box
    import rich.console
    import rich.table
    import rich.text

    console = rich.console.Console(file=sys.stdout)
    block = "█" if console.encoding.startswith("utf") else "#"
    for line in headline(summary):
        console.print(rich.text.Text(line))
    for table in tables(summary):
        drawn = rich.table.Table(box=rich.box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        drawn.add_column(table.title, overflow="fold", min_width=min(24, console.width // 2))
        drawn.add_column(table.unit, justify="right", min_width=8)
        drawn.add_column("", justify="right", min_width=6)
        if console.width >= _WIDE:
            drawn.add_column("", min_width=_BAR)
        most = max(row.share for row in table.rows)
        for row in table.rows:
            bar = block * max(1, round(_BAR * row.share / most))
            cells = (rich.text.Text(row.name), f"{row.number:,}", f"{row.share:.1%}", bar)
            drawn.add_row(*cells[: len(drawn.columns)])
        console.print(drawn)


_BAR = 24  # characters of the longest bar
_WIDE = 72  # columns of a terminal that has room for bars


def _json(summary: Summary) -> None:
    data = {
        "summary": 1,
        "messages": summary.messages,
        "unreadable": summary.unreadable,
        "failures": summary.failures,
        "suppress": summary.suppress,
        "suppress_is_estimate": summary.is_estimate,
        "kind": dict(summary.kinds),
        "type": dict(summary.types),
        "timing": dict(summary.timings),
        "reason": dict(summary.reasons),
        "provider": dict(summary.providers),
        "other_providers": summary.other_providers,
    }
    sys.stdout.write(f"{json_line(data)}\n")


FORMATS: dict[str, Callable[[Summary], None]] = {"table": _rich, "text": _text, "json": _json}


def writer(name: str | None) -> Callable[[Summary], None]:
    """What writes a summary in the format of this name; by default a table, where a terminal and `rich` are there.

    Raises `NotInstalled` where the format needs a package that is not there.
    """
    has_rich = importlib.util.find_spec("rich") is not None
    if name == "table" and not has_rich:
        raise NotInstalled('--format table needs rich: pip install "bouncelib[cli]"')
    return FORMATS[name or ("table" if has_rich and sys.stdout.isatty() else "text")]
