"""The command `bouncelib`: parse, summary, explain, reply, detectors, rules.

    paths ─mailbox─▶ messages ─parse, here or in worker processes─▶ rows or counts ─▶ standard output

Exit status: 0 done, 1 some input could not be read or the output not be written, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import itertools
import os
import stat
import sys
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence

from . import arguments, explain, mailbox, progress, summary, summary_output, summary_page
from .arguments import WrongUsage
from .detector import Detector, TextFormat
from .job import Job, bug, size
from .model import BouncelibError
from .output import FORMATS, NotInstalled, json_line
from .parser import DEFAULT
from .reasons import attribution_of
from .safe_text import one_line, visible
from .workers import in_order

__all__ = ["main"]

_T = typing.TypeVar("_T")

OK, UNREADABLE, USAGE, INTERRUPTED = 0, 1, 2, 130

_OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


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
    except WrongUsage as error:
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
    parser = arguments.parser()
    options = parser.parse_args(argv)
    if sys.stdout is None:
        _complain("the output cannot be written: standard output is closed")
        return UNREADABLE
    if options.run is None:
        parser.print_help()
        return OK
    return _COMMANDS[options.run](options)


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


# -- parse


def _parse(options: argparse.Namespace) -> int:
    format_ = FORMATS[options.format]
    try:
        write = format_.writer()
    except NotInstalled as error:
        raise WrongUsage(str(error)) from None
    job = Job(arguments.context(options), format_.rows, options.kind, arguments.reader(options), options.log)
    failed = _each(options, job, write)
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
        find = mailbox.log_lines if getattr(options, "log", False) else mailbox.messages
        for entry in itertools.chain.from_iterable(map(find, options.paths)):
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
        raise WrongUsage(str(error)) from None
    job = Job(arguments.context(options), summary.tally, None, arguments.reader(options), options.log)
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
    context = arguments.context(options)
    parser = arguments.reader(options) or DEFAULT
    status = OK
    before: str | None = None
    with _entries(options) as entries:
        for entry in entries:
            if isinstance(entry, mailbox.Failure):
                _complain(f"{entry.name}: {entry.error}")
                status = UNREADABLE
                continue
            try:
                text = explain.explain(parser.parse(entry.raw, context=context))
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
    text: str | bytes = " ".join(options.text)
    if text == mailbox.STDIN:
        entry = next(mailbox.messages(mailbox.STDIN))
        if not isinstance(entry, mailbox.Found):
            _complain(f"{entry.name}: {getattr(entry, 'error', 'no reply')}")
            return UNREADABLE
        text = entry.raw
    parser = arguments.reader(options) or DEFAULT
    report = parser.parse_reply(
        text, recipient=options.recipient, command=options.command, remote_mta=options.remote_mta
    )
    sys.stdout.write(f"{json_line(report.to_dict()) if options.format == 'jsonl' else explain.explain(report)}\n")
    return OK


def _detectors(options: argparse.Namespace) -> int:
    detectors = list((arguments.reader(options) or DEFAULT).registry)
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


def _rules(options: argparse.Namespace) -> int:
    """List the rules; the proofs of a user's own are checked, and a rule without one is an input not read."""
    rules = arguments.rules(options)
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


_COMMANDS = {
    "parse": _parse,
    "summary": _summary,
    "explain": _explain,
    "reply": _reply,
    "detectors": _detectors,
    "rules": _rules,
}
