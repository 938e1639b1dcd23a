"""What the command writes: a report as a line of JSON, as rows of a table or of CSV, as a few lines of text."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Sequence

from .model import Recipient, Report, Timing
from .safe_text import csv_cell, one_line, visible

__all__ = ["COLUMNS", "FORMATS", "Format", "NotInstalled", "Row", "json_line"]

Row = tuple[str, ...]


class NotInstalled(Exception):  # noqa: N818 - not an error of the program
    """A format needs a package that is not there; says how to install it."""


COLUMNS = (
    "source", "kind", "address", "original_address", "subscriber", "action", "status", "reply_code", "reply_text",
    "reason", "attribution", "timing", "bounce_type", "suppress", "retry_after", "blocklist", "command", "remote_mta",
    "diagnostic", "reporting_mta", "arrival_date", "provenance", "message_id", "list_id", "feedback_type", "detectors",
    "defects",
)  # fmt: skip
"""The columns of the CSV output; later versions add some at the end."""

# The width of each column of a table; source and address share what is left.
_TABLE = {
    "source": 0, "kind": 11, "address": 0, "status": 7, "reason": 19, "timing": 6, "type": 11, "suppress": 8,
}  # fmt: skip
_NARROW = 110  # a terminal of fewer columns has no room for
_DISPENSABLE = ("kind", "timing")
_SHORT = 1000
_PAGE = 100  # rows of a table written at once


def json_line(value: object, separators: tuple[str, str] = (", ", ": ")) -> str:
    """`value` as JSON in one line of ASCII: whatever stands in the text moves no terminal. DEL is legal in JSON."""
    return json.dumps(value, separators=separators).replace("\x7f", "\\u007f")


def _json_rows(name: str, report: Report) -> list[Row]:
    return [(json_line({"source": name, **report.to_dict()}, (",", ":")),)]


def _cells(name: str, report: Report, recipient: Recipient | None) -> Row:
    """One row of CSV; without a recipient its columns are empty."""
    original = report.original
    who: tuple[object, ...] = (None,) * 17
    if recipient:
        reply = recipient.reply
        who = (
            recipient.address, recipient.original_address, recipient.subscriber, recipient.action, recipient.status,
            reply.code if reply else None, reply.text if reply else None, recipient.reason, recipient.attribution,
            recipient.timing, recipient.bounce_type, "true" if recipient.suppress else "false", recipient.retry_after,
            recipient.blocklist.name if recipient.blocklist else None, recipient.command, recipient.remote_mta,
            recipient.diagnostic,
        )  # fmt: skip
    cells = (
        name, report.kind, *who, _short(report.reporting_mta),
        report.arrival_date.isoformat() if report.arrival_date else None, report.provenance.verdict,
        _short(original.message_id) if original else None, _short(original.list_id) if original else None,
        report.feedback.feedback_type if report.feedback else None, " ".join(report.detectors),
        " ".join(dict.fromkeys(defect.rule for defect in report.defects)),
    )  # fmt: skip
    return tuple("" if cell is None else csv_cell(str(cell)) for cell in cells)


def _short(text: str | None) -> str | None:
    """A field of the report, cut: it stands in the row of each recipient, of whom there may be a hundred thousand."""
    return text[:_SHORT] if text else text


def _csv_rows(name: str, report: Report) -> list[Row]:
    return [_cells(name, report, recipient) for recipient in report.recipients or (None,)]


def _table_rows(name: str, report: Report) -> list[Row]:
    rows: list[tuple[object, ...]] = [(name, report.kind, "", "", report.kind, "", "", "")]
    if report.recipients:
        rows = [
            (
                name,
                report.kind,
                recipient.subscriber,
                recipient.status or (recipient.reply.code if recipient.reply else ""),
                recipient.reason or report.kind,
                {Timing.SYNCHRONOUS: "sync", Timing.ASYNCHRONOUS: "async"}.get(recipient.timing, ""),
                recipient.bounce_type or "",
                "yes" if recipient.suppress else "no",
            )
            for recipient in report.recipients
        ]
    return [tuple(one_line(str(cell), 1000) for cell in row) for row in rows]


def _text_rows(name: str, report: Report) -> list[Row]:
    by = f", reported by {one_line(report.reporting_mta, 200)}" if report.reporting_mta else ""
    lines = [f"{visible(name)}: {report.kind}{by}"]
    for recipient in report.recipients:
        words = [str(word) for word in (recipient.action, recipient.status, recipient.reason) if word]
        words += [str(word) for word in (recipient.bounce_type, recipient.timing) if word and word != "unknown"]
        if recipient.suppress:
            words.append("suppress")
        alias = f" ({one_line(recipient.subscriber, 200)})" if recipient.subscriber != recipient.address else ""
        lines.append(f"  {one_line(recipient.address, 200) or '(not named)'}{alias}: {', '.join(words)}")
        if said := recipient.diagnostic or (recipient.reply and str(recipient.reply)):
            lines.append(f"    {one_line(said, 300)}")
    return [("\n".join(lines),)]


def _address_rows(_: str, report: Report) -> list[Row]:
    """Whom to stop mailing. A complaint names somebody too, but asks for something else."""
    return [(visible(recipient.subscriber),) for recipient in report.recipients if recipient.suppress]


def _line_writer() -> Callable[[Sequence[Row]], None]:
    def write(rows: Sequence[Row]) -> None:
        for (line,) in rows:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    return write


def _address_writer() -> Callable[[Sequence[Row]], None]:
    """Each address once, at the place where it comes first."""
    write_lines = _line_writer()
    written: set[Row] = {("",)}

    def write(rows: Sequence[Row]) -> None:
        new = [row for row in dict.fromkeys(rows) if row not in written]
        written.update(new)
        write_lines(new)

    return write


def _csv_writer() -> Callable[[Sequence[Row]], None]:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)

    def write(rows: Sequence[Row]) -> None:
        writer.writerows(rows)
        sys.stdout.flush()

    return write


def _table_writer() -> Callable[[Sequence[Row]], None]:
    """A table in pages, so that a long one is shown while it grows; the columns are as wide on each."""
    try:
        import rich.box
        import rich.cells
        import rich.console
        import rich.table
        import rich.text
    except ImportError:
        raise NotInstalled('--format table needs rich: pip install "bouncelib[cli]"') from None
    console = rich.console.Console(file=sys.stdout)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 160
    widths = {name: width for name, width in _TABLE.items() if console.width >= _NARROW or name not in _DISPENSABLE}
    free = max(20, console.width - sum(widths.values()) - len(widths) - 1)
    widths["source"], widths["address"] = free * 3 // 7, free - free * 3 // 7
    waiting: list[Row] = []
    is_first = True

    def write(rows: Sequence[Row]) -> None:
        nonlocal is_first
        waiting.extend(rows)
        while len(waiting) >= _PAGE or (waiting and not rows):
            table = rich.table.Table(box=rich.box.SIMPLE_HEAD, show_header=is_first, padding=0)
            for name, width in widths.items():
                table.add_column(name, width=width, overflow="fold")
            for row in waiting[:_PAGE]:
                cells = dict(zip(_TABLE, row, strict=True))
                source = cells["source"]
                while rich.cells.cell_len(source) > widths["source"]:
                    source = f"…{source[2:]}"  # the end of a path tells more than its beginning
                table.add_row(*(rich.text.Text({**cells, "source": source}[name]) for name in widths))
            del waiting[:_PAGE]
            console.print(table)
            is_first = False
        sys.stdout.flush()

    return write


@dataclasses.dataclass(frozen=True, slots=True)
class Format:
    """An output format: a report to rows, which a worker may do, and a writer of rows, which takes none for the end."""

    rows: Callable[[str, Report], list[Row]]
    writer: Callable[[], Callable[[Sequence[Row]], None]]


FORMATS = {
    "jsonl": Format(_json_rows, _line_writer),
    "table": Format(_table_rows, _table_writer),
    "text": Format(_text_rows, _line_writer),
    "csv": Format(_csv_rows, _csv_writer),
    "addresses": Format(_address_rows, _address_writer),
}
