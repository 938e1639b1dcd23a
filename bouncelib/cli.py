"""The command `bouncelib`: parse, summary, explain, reply, detectors, rules.

    paths ─mailbox─▶ messages ─parse, here or in worker processes─▶ rows or counts ─▶ standard output

Exit status: 0 done, 1 some input could not be read or the output not be written, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import errno
import itertools
import os
import pathlib
import stat
import sys
import tomllib
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence

from . import __version__, explain, mailbox, progress, summary, summary_output, summary_page
from .context import Context
from .detector import Detector, TextFormat
from .job import Job, bug, size
from .model import BouncelibError, Command, Kind, Reason
from .output import FORMATS, NotInstalled, json_line
from .parser import DEFAULT
from .reasons import Rules, attribution_of
from .registry import Registry
from .safe_text import one_line, visible
from .workers import in_order

__all__ = ["main"]

_T = typing.TypeVar("_T")

OK, UNREADABLE, USAGE, INTERRUPTED = 0, 1, 2, 130

_OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


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

    def error(self, message: str) -> typing.NoReturn:
        """What a shell's `*` made of a directory's names may be anything."""
        super().error(visible(message))


def _arguments() -> _Arguments:
    parser = _Arguments(
        prog="bouncelib",
        description="Reads e-mail bounces: who failed, why, when, and whether the message was yours.",
        epilog="Exit status: 0 done, 1 some input could not be read, 2 wrong usage.",
    )
    parser.add_argument("--version", action="version", version=f"bouncelib {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    common = _common_arguments()

    command = commands.add_parser("parse", parents=[common], help="read messages and write what they report")
    command.add_argument("paths", metavar="PATH", nargs="+", help="file, mbox, Maildir, directory, or - for stdin")
    command.add_argument(
        "--format",
        choices=list(FORMATS),
        default="jsonl",
        help="jsonl: a report a line, complete (the default); the others show one recipient a row",
    )
    command.add_argument("--kind", type=_kinds, metavar="KIND,…", help=f"only these: {', '.join(Kind)}")
    _add_running(command)
    command.set_defaults(run=_parse)

    command = commands.add_parser("summary", parents=[common], help="count reports by kind, reason, provider, timing")
    command.add_argument("paths", metavar="PATH", nargs="+", help="as for parse")
    command.add_argument(
        "--format",
        choices=list(summary_output.FORMATS),
        help="table: needs rich (the default on a terminal where it is there); text (else the default); json: one line",
    )
    command.add_argument("--html", metavar="FILE", help="write one self-contained page with charts, too")
    command.add_argument("--top", type=_top, default=20, metavar="N", help="name so many providers (default: 20)")
    _add_running(command)
    command.set_defaults(run=_summary)

    command = commands.add_parser("explain", parents=[common], help="say in words what a message reports, and why")
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

    command = commands.add_parser("rules", help="list the rules that decide reasons, in order")
    command.add_argument("--reason", type=_reason, help="only these: a reason, such as bad_mailbox")
    command.add_argument("--file", metavar="NAME", help="only those of files whose name contains this")
    command.add_argument(
        "--with", dest="own", action="append", default=[], metavar="FILE", help="put this rule file in front; repeat"
    )
    command.add_argument("--format", choices=["text", "jsonl"], default="text", help="text (the default) or JSON")
    command.set_defaults(run=_rules)
    return parser


def _add_running(command: argparse.ArgumentParser) -> None:
    """The options of the commands that read many messages."""
    command.add_argument("--jobs", type=_jobs, default=1, metavar="N", help="worker processes; 0: one for each CPU")
    command.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="count messages on stderr (default: where stderr is a terminal and stdout is not)",
    )


def _common_arguments() -> _Arguments:
    parser = _Arguments(add_help=False)
    parser.add_argument("--verbose", action="store_true", help="name each file of a directory that is skipped")
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
    return int(text)


def _top(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of providers")
    return int(text)


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
    format_ = FORMATS[options.format]
    try:
        write = format_.writer()
    except NotInstalled as error:
        raise _Usage(str(error)) from None
    failed = _each(options, Job(_context(options), format_.rows, options.kind), write)
    write([])
    return UNREADABLE if failed else OK


def _each(options: argparse.Namespace, job: Job[_T], take: Callable[[_T], None]) -> int:
    """Hand over what the job makes of each message; how many could not be read, each named on stderr."""
    failed = 0
    with contextlib.ExitStack() as stack:
        entries = stack.enter_context(_entries(options))
        outcomes = in_order(job, entries, options.jobs, size)
        stack.callback(getattr(outcomes, "close", lambda: None))
        advance = stack.enter_context(progress.counted(options.progress))
        for outcome in outcomes:
            if outcome.error:
                _complain(f"{outcome.name}: {outcome.error}")
                failed += 1
            if outcome.made:
                take(outcome.made)
            advance()
    return failed


@contextlib.contextmanager
def _entries(options: argparse.Namespace) -> Iterator[Iterator[mailbox.Found | mailbox.Failure]]:
    """The messages under the paths, and what cannot be read; at the end it says how much was no message."""
    skipped = 0

    def sift() -> Iterator[mailbox.Found | mailbox.Failure]:
        nonlocal skipped
        for entry in itertools.chain.from_iterable(map(mailbox.messages, options.paths)):
            if not isinstance(entry, mailbox.Skipped):
                yield entry
                continue
            skipped += 1
            if options.verbose:
                _complain(f"{entry.name}: does not begin like a message: skipped")

    yield sift()
    if skipped:
        what, them = ("file that does", "it") if skipped == 1 else ("files that do", "them")
        hint = "" if options.verbose else f" (--verbose names {them})"
        _complain(f"skipped {skipped} {what} not begin like a message{hint}")


# -- summary


def _summary(options: argparse.Namespace) -> int:
    try:
        write = summary_output.writer(options.format)
    except NotInstalled as error:
        raise _Usage(str(error)) from None
    job = Job(_context(options), summary.tally)
    counter = summary.Counter()
    with contextlib.ExitStack() as stack:
        page: typing.TextIO | None = None
        try:  # before an hour of reading; what is there is replaced at its end
            if options.html is not None:
                page = stack.enter_context(open(options.html, "a", encoding="utf-8"))
        except OSError as error:
            return _unwritable(options.html, error)
        failed = _each(options, job, counter.add)
        counted = counter.summary(unreadable=failed, top=options.top)
        status = UNREADABLE if failed else OK
        try:
            if page:
                _replace(page, summary_page.page(counted))
        except OSError as error:
            status = _unwritable(options.html, error)
    write(counted)
    return status


def _replace(file: typing.TextIO, text: str) -> None:
    """Write a file anew that was opened to append to; a pipe or a device has nothing to replace."""
    try:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.truncate(0)
        file.write(text)
        file.flush()
    except OSError:
        with contextlib.suppress(OSError):
            file.close()  # which would fail once more with what is left
        raise


def _unwritable(path: str, error: OSError) -> int:
    _complain(f"{path}: the page cannot be written: {error.strerror or error}")
    return UNREADABLE


# -- the other commands


def _explain(options: argparse.Namespace) -> int:
    context = _context(options)
    status = OK
    before: str | None = None
    with _entries(options) as entries:
        for entry in entries:
            if isinstance(entry, mailbox.Failure):
                _complain(f"{entry.name}: {entry.error}")
                status = UNREADABLE
                continue
            try:
                text = explain.explain(DEFAULT.parse(entry.raw, context=context))
            except BouncelibError:
                raise
            except Exception as error:  # noqa: BLE001 - as in `parse`
                _complain(f"{entry.name}: {bug(error)}")
                status = UNREADABLE
                continue
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
        if not isinstance(entry, mailbox.Found):
            _complain(f"{entry.name}: {getattr(entry, 'error', 'no reply')}")
            return UNREADABLE
        text = entry.raw
    report = DEFAULT.parse_reply(
        text, recipient=options.recipient, command=options.command, remote_mta=options.remote_mta
    )
    sys.stdout.write(f"{json_line(report.to_dict()) if options.format == 'jsonl' else explain.explain(report)}\n")
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
        home = next((module for module in modules if _holds(vars(module).values(), detector)), None)
        text = home.__doc__ if home else None
    return one_line((text or "").strip().partition("\n")[0], 110)


def _holds(values: Iterable[object], detector: Detector) -> bool:
    return any(value is detector or (isinstance(value, tuple) and detector in value) for value in values)


def _reason(text: str) -> Reason:
    try:
        return Reason(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"there is no reason {text!r}; choose one of {', '.join(Reason)}") from None


def _rules(options: argparse.Namespace) -> int:
    """List the rules; the proofs of a user's own are checked, and a rule without one is an input not read."""
    rules = Rules.default()
    for path in options.own:
        rules = rules.with_file(path)
    for rule in rules:
        if options.reason not in {None, rule.reason} or (options.file or "") not in rule.file:
            continue
        blamed = rule.attribution or attribution_of(rule.reason) or "nobody"
        if options.format == "jsonl":
            named = {"id": rule.id, "reason": rule.reason, "attribution": blamed, "file": rule.file}
            text = json_line({**named, "example": rule.example, "why": rule.why})
        else:
            proof = f"    {one_line(rule.example)}\n    {one_line(rule.why)}"
            text = f"{visible(rule.id)}: {rule.reason}, {blamed}; {visible(rule.file)}\n{proof}"
        sys.stdout.write(f"{text}\n")
    faults = rules.unproven() if options.own else ()
    for fault in faults:
        sys.stderr.write(f"{visible(fault)}\n")
    return UNREADABLE if faults else OK
