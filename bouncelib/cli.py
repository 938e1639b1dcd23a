"""The command `bouncelib`: parse, explain, reply, detectors.

    paths ─mailbox─▶ messages ─parse, here or in worker processes─▶ rows ─▶ standard output

Exit status: 0 done, 1 some input could not be read or the output not be written, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import contextlib
import csv
import dataclasses
import errno
import importlib.util
import itertools
import json
import os
import pathlib
import signal
import sys
import threading
import tomllib
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence

from . import __version__, explain, mailbox
from .context import Context
from .detector import Detector, TextFormat
from .model import BouncelibError, Command, Kind, Recipient, Report, Timing
from .parser import DEFAULT
from .registry import Registry
from .safe_text import csv_cell, one_line, visible

__all__ = ["COLUMNS", "main"]

OK, UNREADABLE, USAGE, INTERRUPTED = 0, 1, 2, 130

_OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)

_BATCH_COUNT = 64  # messages handed to a worker at once,
_BATCH_BYTES = 1 << 20  # or as many as have this many bytes
_TABLE_PAGE = 100  # rows of a table written at once

Row = tuple[str, ...]
Entry = mailbox.Found | mailbox.Failure


class _Usage(Exception):  # noqa: N818 - not an error of the program
    """Wrong usage that the argument parser cannot see."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, those of the process by default; the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")  # a terminal of few characters is no reason to fail
    try:
        return _guarded(argv)
    finally:
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
        except (OSError, ValueError):
            _discard(sys.stderr)


def _guarded(argv: Sequence[str] | None) -> int:
    """Run, and turn every way in which that may end into a status."""
    try:
        try:
            status = _run(argv)
        except SystemExit as done:  # argparse's way out
            status = done.code if isinstance(done.code, int) else USAGE
        if sys.stdout is not None:
            sys.stdout.flush()
    except _Usage as error:
        _complain(str(error))
        return USAGE
    except KeyboardInterrupt:
        _discard(sys.stdout)
        return INTERRUPTED
    except BrokenPipeError:
        _discard(sys.stdout)
        return OK
    except OSError as error:  # reading is guarded where it happens
        _discard(sys.stdout)
        what = "the output cannot be written: " if error.errno in _OUTPUT_ERRORS else ""
        _complain(f"{what}{error.strerror or error}")
        return UNREADABLE
    except BouncelibError as error:
        _complain(str(error))
        return UNREADABLE
    return status


def _run(argv: Sequence[str] | None) -> int:
    parser = _arguments()
    options = parser.parse_args(argv)
    if sys.stdout is None:
        _complain("the output cannot be written: standard output is closed")
        return UNREADABLE
    if options.run is None:
        parser.print_help()
        return OK
    return int(options.run(options))


def _discard(stream: typing.TextIO | None) -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not trip over it when it ends."""
    if stream is not None:
        with contextlib.suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def _complain(message: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"bouncelib: {visible(message)}\n")
            sys.stderr.flush()


# -- arguments


class _Arguments(argparse.ArgumentParser):
    """A parser that does not keep to itself that its help could not be written."""

    def _print_message(self, message: str, file: typing.Any = None) -> None:
        if file is sys.stdout and file is not None:
            file.write(message)
        else:
            super()._print_message(message, file)


def _arguments() -> _Arguments:
    parser = _Arguments(
        prog="bouncelib",
        description="Reads e-mail bounces: who failed, why, when, and whether the message was yours.",
        epilog="Exit status: 0 done, 1 some input could not be read, 2 wrong usage.",
    )
    parser.add_argument("--version", action="version", version=f"bouncelib {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    us = _context_arguments()

    command = commands.add_parser("parse", parents=[us], help="read messages and write what they report")
    command.add_argument("paths", metavar="PATH", nargs="+", help="file, mbox, Maildir, directory, or - for stdin")
    command.add_argument(
        "--format",
        choices=list(_FORMATS),
        default="jsonl",
        help="jsonl: a report a line, complete (the default); the others show one recipient a row",
    )
    command.add_argument("--kind", type=_kinds, metavar="KIND,…", help=f"only these: {', '.join(Kind)}")
    command.add_argument("--jobs", type=_jobs, default=1, metavar="N", help="worker processes; 0: one for each CPU")
    command.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="count messages on stderr (default: where stderr is a terminal and stdout is not)",
    )
    command.set_defaults(run=_parse)

    command = commands.add_parser("explain", parents=[us], help="say in words what a message reports, and why")
    command.add_argument("paths", metavar="FILE", nargs="+", help="as for parse")
    command.set_defaults(run=_explain)

    command = commands.add_parser("reply", help="classify the reply of an SMTP server")
    command.add_argument("text", metavar="TEXT", help='the reply, such as "550 5.1.1 User unknown"; - for stdin')
    command.add_argument("--recipient", metavar="ADDRESS", help="whom the refused command named")
    command.add_argument(
        "--command", type=_smtp_command, metavar="VERB", help=f"what was refused: {', '.join(Command)}"
    )
    command.add_argument("--remote-mta", metavar="HOST", help="who answered")
    command.add_argument(
        "--format", choices=["text", "jsonl"], default="text", help="in words (the default) or as JSON"
    )
    command.set_defaults(run=_reply)

    command = commands.add_parser("detectors", help="list the formats that are read")
    command.set_defaults(run=_detectors)
    return parser


def _context_arguments() -> _Arguments:
    parser = _Arguments(add_help=False)
    group = parser.add_argument_group("what bouncelib may know about you")
    group.add_argument(
        "--own-mta",
        action="append",
        default=[],
        metavar="HOST",
        help="a server that sends your mail: name, .suffix, address or network; may be repeated",
    )
    group.add_argument(
        "--own-domain",
        action="append",
        default=[],
        metavar="DOMAIN",
        help="a domain that you send from; may be repeated",
    )
    group.add_argument("--context", metavar="FILE", help="a TOML file with fields of bouncelib.Context")
    return parser


def _kinds(text: str) -> frozenset[Kind]:
    try:
        return frozenset(Kind(word.strip()) for word in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}: there are {', '.join(Kind)}") from None


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes: give 1 or more, or 0 for one a CPU")
    return int(text) or os.cpu_count() or 1


def _smtp_command(text: str) -> Command:
    try:
        return Command(text.upper())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no SMTP command: there are {', '.join(Command)}") from None


# -- the context

_NOT_IN_A_FILE = ("sent_by_us",)  # a function


def _context(options: argparse.Namespace) -> Context | None:
    values = _context_file(pathlib.Path(options.context)) if options.context else {}
    try:
        for name, given in (("own_mtas", options.own_mta), ("own_domains", options.own_domain)):
            if given:
                before = values.get(name, [])
                values[name] = [*([before] if isinstance(before, str) else before), *given]
        return Context(**values) if values else None
    except (TypeError, ValueError, BouncelibError) as error:
        raise _Usage(f"--context {options.context}: {error}" if options.context else str(error)) from None


def _context_file(path: pathlib.Path) -> dict[str, typing.Any]:
    """The table in the file; `Context` itself judges the values."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _Usage(f"--context {path}: {error.strerror or error}") from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise _Usage(f"--context {path}: not a TOML file: {error}") from None
    known = {field.name for field in dataclasses.fields(Context)} - set(_NOT_IN_A_FILE)
    for name in table:
        if name not in known:
            raise _Usage(f"--context {path}: unknown key {name!r}; known are {', '.join(sorted(known))}")
    return table


# -- parse


def _parse(options: argparse.Namespace) -> int:
    job = _Job(_context(options), options.format, options.kind)
    write = _FORMATS[options.format].writer()
    entries = itertools.chain.from_iterable(map(mailbox.messages, options.paths))
    outcomes = map(job, entries) if options.jobs == 1 else _in_workers(job, entries, options.jobs)
    status = OK
    with contextlib.ExitStack() as stack:
        stack.callback(getattr(outcomes, "close", lambda: None))
        advance = stack.enter_context(_progress(options.progress))
        for outcome in outcomes:
            if outcome.error:
                _complain(f"{outcome.name}: {outcome.error}")
                status = UNREADABLE
            if outcome.rows:
                write(outcome.rows)
            advance()
        write([])
    return status


@dataclasses.dataclass(frozen=True, slots=True)
class _Outcome:
    name: str
    rows: list[Row] = dataclasses.field(default_factory=list)
    error: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class _Job:
    """What is done with each message, in this process or in another."""

    context: Context | None
    format: str
    kinds: frozenset[Kind] | None

    def __call__(self, entry: Entry) -> _Outcome:
        if isinstance(entry, mailbox.Failure):
            return _Outcome(entry.name, error=entry.error)
        try:
            report = DEFAULT.parse(entry.raw, context=self.context)
            if self.kinds and report.kind not in self.kinds:
                return _Outcome(entry.name)
            return _Outcome(entry.name, _FORMATS[self.format].rows(entry.name, report))
        except BouncelibError:
            raise
        except Exception as error:  # noqa: BLE001 - no message may keep the others from being read
            return _Outcome(entry.name, error=f"a bug in bouncelib, please report it: {type(error).__name__}: {error}")


# -- worker processes


def _in_workers(job: _Job, entries: Iterable[Entry], jobs: int) -> Iterator[_Outcome]:
    """The outcomes in the order of the entries; no more than a few batches are held at a time."""
    import multiprocessing

    waiting: collections.deque[concurrent.futures.Future[list[_Outcome]]] = collections.deque()
    pool = concurrent.futures.ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), _start_worker)
    try:
        with _interrupts_ignored():  # which the workers inherit, for the time until they have started
            for _ in range(jobs):
                pool.submit(_do_nothing)
        for batch in _batches(entries):
            waiting.append(pool.submit(_do_batch, job, batch))
            if len(waiting) > 2 * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except concurrent.futures.BrokenExecutor:
        raise BouncelibError("a worker process has died, for want of memory perhaps: try --jobs 1") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _do_batch(job: _Job, batch: list[Entry]) -> list[_Outcome]:
    return [job(entry) for entry in batch]


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        batch.append(entry)
        size += len(entry.raw) if isinstance(entry, mailbox.Found) else 0
        if len(batch) >= _BATCH_COUNT or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _start_worker() -> None:
    """Ctrl-C reaches every process of the terminal: the parent ends the work, and its workers end with it."""
    import multiprocessing

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent.join,), daemon=True).start()


def _end_with(wait: Callable[[], object]) -> None:
    """A parent that was killed ends no worker; and a worker that waits for work does not notice by itself."""
    wait()
    os._exit(1)


def _do_nothing() -> None:
    """The first task of each worker, which makes it start."""


@contextlib.contextmanager
def _interrupts_ignored() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# -- progress


@contextlib.contextmanager
def _progress(wanted: bool | None) -> Iterator[Callable[[], None]]:
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


# -- output formats

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


def _json_rows(name: str, report: Report) -> list[Row]:
    # ASCII throughout: whatever stands in the text, a line is a line and moves no terminal. DEL is legal in JSON.
    line = json.dumps({"source": name, **report.to_dict()}, separators=(",", ":"))
    return [(line.replace("\x7f", "\\u007f"),)]


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
        name, report.kind, *who, report.reporting_mta, report.arrival_date.isoformat() if report.arrival_date else None,
        report.provenance.verdict, original.message_id if original else None, original.list_id if original else None,
        report.feedback.feedback_type if report.feedback else None, " ".join(report.detectors),
        " ".join(dict.fromkeys(defect.rule for defect in report.defects)),
    )  # fmt: skip
    return tuple("" if cell is None else csv_cell(str(cell)) for cell in cells)


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
        alias = f" ({one_line(recipient.original_address, 200)})" if recipient.original_address else ""
        lines.append(f"  {one_line(recipient.address, 200) or '(not named)'}{alias}: {', '.join(words)}")
        if said := recipient.diagnostic or (recipient.reply and str(recipient.reply)):
            lines.append(f"    {one_line(said, 300)}")
    return [("\n".join(lines),)]


def _line_writer() -> Callable[[list[Row]], None]:
    def write(rows: list[Row]) -> None:
        for (line,) in rows:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    return write


def _csv_writer() -> Callable[[list[Row]], None]:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)

    def write(rows: list[Row]) -> None:
        writer.writerows(rows)
        sys.stdout.flush()

    return write


def _table_writer() -> Callable[[list[Row]], None]:
    """A table in pages, so that a long one is shown while it grows; the columns are as wide on each."""
    try:
        import rich.box
        import rich.cells
        import rich.console
        import rich.table
        import rich.text
    except ImportError:
        raise _Usage('--format table needs rich: pip install "bouncelib[cli]"') from None
    console = rich.console.Console(file=sys.stdout)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 160
    widths = {name: width for name, width in _TABLE.items() if console.width >= _NARROW or name not in _DISPENSABLE}
    free = max(20, console.width - sum(widths.values()) - len(widths) - 1)
    widths["source"], widths["address"] = free * 3 // 7, free - free * 3 // 7
    waiting: list[Row] = []
    is_first = True

    def write(rows: list[Row]) -> None:
        nonlocal is_first
        waiting.extend(rows)
        while len(waiting) >= _TABLE_PAGE or (waiting and not rows):
            table = rich.table.Table(box=rich.box.SIMPLE_HEAD, show_header=is_first, padding=0)
            for name, width in widths.items():
                table.add_column(name, width=width, overflow="fold")
            for row in waiting[:_TABLE_PAGE]:
                cells = dict(zip(_TABLE, row, strict=True))
                source = cells["source"]
                while rich.cells.cell_len(source) > widths["source"]:
                    source = f"…{source[2:]}"  # the end of a path tells more than its beginning
                table.add_row(*(rich.text.Text({**cells, "source": source}[name]) for name in widths))
            del waiting[:_TABLE_PAGE]
            console.print(table)
            is_first = False
        sys.stdout.flush()

    return write


@dataclasses.dataclass(frozen=True, slots=True)
class _Format:
    """An output format: a report to rows, which a worker may do, and a writer of rows, which takes none for the end."""

    rows: Callable[[str, Report], list[Row]]
    writer: Callable[[], Callable[[list[Row]], None]]


_FORMATS = {
    "jsonl": _Format(_json_rows, _line_writer),
    "table": _Format(_table_rows, _table_writer),
    "text": _Format(_text_rows, _line_writer),
    "csv": _Format(_csv_rows, _csv_writer),
}


# -- the other commands


def _explain(options: argparse.Namespace) -> int:
    context = _context(options)
    status = OK
    entries = itertools.chain.from_iterable(map(mailbox.messages, options.paths))
    before: str | None = None
    for entry in entries:
        if isinstance(entry, mailbox.Failure):
            _complain(f"{entry.name}: {entry.error}")
            status = UNREADABLE
            continue
        text = explain.explain(DEFAULT.parse(entry.raw, context=context))
        several = len(options.paths) > 1 or entry.name != options.paths[0]
        heading = f"{visible(entry.name)}\n" if several else ""
        sys.stdout.write(f"{'' if before is None else chr(10)}{heading}{text}\n")
        sys.stdout.flush()
        before = entry.name
    return status


def _reply(options: argparse.Namespace) -> int:
    text: str | bytes = options.text
    if text == mailbox.STDIN:
        entry = next(mailbox.messages(mailbox.STDIN))
        if isinstance(entry, mailbox.Failure):
            _complain(f"{entry.name}: {entry.error}")
            return UNREADABLE
        text = entry.raw
    report = DEFAULT.parse_reply(
        text, recipient=options.recipient, command=options.command, remote_mta=options.remote_mta
    )
    sys.stdout.write(f"{json.dumps(report.to_dict()) if options.format == 'jsonl' else explain.explain(report)}\n")
    return OK


def _detectors(_: argparse.Namespace) -> int:
    detectors = list(Registry.default())
    width = max(len(detector.name) for detector in detectors)
    for detector in detectors:
        sys.stdout.write(f"{visible(detector.name):{width}}  {_describe(detector)}".rstrip() + "\n")
    return OK


def _describe(detector: Detector) -> str:
    """The first line of what a detector says about itself; for a table, the first line of the module that holds it."""
    text = type(detector).__doc__
    if isinstance(detector, TextFormat):
        modules = (module for name, module in sys.modules.items() if name.startswith(f"{__package__}.detectors."))
        home = next((module for module in modules if any(value is detector for value in vars(module).values())), None)
        text = home.__doc__ if home else None
    return one_line((text or "").strip().partition("\n")[0], 110)
