"""What may stand on the command line, and what it says about us.

The text of an argument may be anything, and is made harmless where a message repeats it.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import sys
import tomllib
import typing

from . import __version__, summary_output, workers
from .context import Context
from .model import BouncelibError, Command, Kind, Reason
from .output import FORMATS
from .parser import Parser
from .reasons import Rules
from .registry import Registry
from .safe_text import visible

__all__ = ["WrongUsage", "context", "parser", "reader", "rules"]


class WrongUsage(Exception):  # noqa: N818 - not an error of the program
    """Wrong usage that the argument parser cannot see."""


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


def parser() -> argparse.ArgumentParser:
    """The parser of the command line: `run` is the name of the command, `None` where there is none."""
    top = _Arguments(
        prog="bouncelib",
        description="Reads e-mail bounces: who failed, why, when, and whether the message was yours.",
        epilog="Exit status: 0 done, 1 some input could not be read, 2 wrong usage.",
    )
    top.add_argument("--version", action="version", version=f"bouncelib {__version__}")
    commands = top.add_subparsers(dest="run", title="commands", metavar="COMMAND")
    common, reading, plugins = _common_arguments(), _reading_arguments(), _plugin_arguments()

    command = commands.add_parser(
        "parse", parents=[common, reading, plugins], help="read messages and write what they report"
    )
    command.add_argument("paths", metavar="PATH", nargs="+", help="file, mbox, Maildir, directory, or - for stdin")
    command.add_argument(
        "--format",
        choices=list(FORMATS),
        default="jsonl",
        help="jsonl: a report a line, complete (the default); addresses: those to stop mailing, one a line, each once; "
        "the others show one recipient a row",
    )
    command.add_argument("--kind", type=_kinds, metavar="KIND,…", help=f"only these: {', '.join(Kind)}")
    _add_running(command)

    command = commands.add_parser(
        "summary", parents=[common, reading, plugins], help="count reports by kind, reason, provider, timing"
    )
    command.add_argument("paths", metavar="PATH", nargs="+", help="as for parse")
    command.add_argument(
        "--format",
        choices=list(summary_output.FORMATS),
        help="table: needs rich (the default on a terminal where it is there); text (else the default); json: one line",
    )
    command.add_argument("--html", metavar="FILE", help="write one self-contained page with charts, too")
    command.add_argument("--top", type=_top, default=20, metavar="N", help="name so many providers (default: 20)")
    _add_running(command)

    command = commands.add_parser(
        "explain", parents=[common, reading, plugins], help="say in words what a message reports, and why"
    )
    command.add_argument("paths", metavar="FILE", nargs="+", help="as for parse")

    command = commands.add_parser("reply", parents=[reading], help="classify the reply of an SMTP server")
    command.add_argument(
        "text", metavar="TEXT", nargs="+", help='the reply, such as "550 5.1.1 User unknown"; - for stdin'
    )
    command.add_argument("--recipient", metavar="ADDRESS", help="whom the refused command named")
    command.add_argument(
        "--command", type=_smtp_command, metavar="VERB", help=f"what was refused: {', '.join(Command)}"
    )
    command.add_argument("--remote-mta", metavar="HOST", help="who answered")
    command.add_argument(
        "--format", choices=["text", "jsonl"], default="text", help="in words (the default) or as JSON"
    )

    commands.add_parser("detectors", parents=[plugins], help="list the formats that are read")

    command = commands.add_parser("rules", parents=[reading], help="list the rules that decide reasons, in order")
    command.add_argument("--reason", type=_reason, help="only these: a reason, such as bad_mailbox")
    command.add_argument("--file", metavar="NAME", help="only those of files whose name contains this")
    command.add_argument("--format", choices=["text", "jsonl"], default="text", help="text (the default) or JSON")
    return top


def _add_running(command: argparse.ArgumentParser) -> None:
    """The options of the commands that read many messages."""
    command.add_argument(
        "--log", action="store_true", help="PATH is a log of Postfix, Exim or Sendmail: each delivery in it is a report"
    )
    command.add_argument("--jobs", type=_jobs, default=1, metavar="N", help="so many processes; 0: one for each CPU")
    command.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="count messages on stderr (default: where stderr is a terminal and stdout is not)",
    )


def _reading_arguments() -> _Arguments:
    parser = _Arguments(add_help=False)
    parser.add_argument(
        "--with",
        dest="own",
        action="append",
        default=[],
        metavar="FILE",
        help="put the rules of this TOML file before those of the package; may be repeated",
    )
    return parser


def _plugin_arguments() -> _Arguments:
    parser = _Arguments(add_help=False)
    parser.add_argument(
        "--plugins", action="store_true", help="read with the formats of other installed packages as well"
    )
    return parser


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
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= workers.MOST):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of processes: give 1 to {workers.MOST}, or 0 for one a CPU"
        )
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


def _reason(text: str) -> Reason:
    try:
        return Reason(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"there is no reason {text!r}; choose one of {', '.join(Reason)}") from None


# -- what is read with


def reader(options: argparse.Namespace) -> Parser | None:
    """The parser that the options ask for, `None` for the default. Raises `WrongUsage` where it cannot be made."""
    has_rules, with_plugins = bool(getattr(options, "own", ())), getattr(options, "plugins", False)
    if not has_rules and not with_plugins:
        return None
    try:
        return Parser(Registry.default().discover() if with_plugins else None, rules(options) if has_rules else None)
    except BouncelibError as error:
        raise WrongUsage(str(error)) from None


def rules(options: argparse.Namespace) -> Rules:
    """The rules of the package, and before them those of the files that the options name. Raises `BouncelibError`."""
    found = Rules.default()
    for path in options.own:
        found = found.with_file(path)
    return found


# -- the context

_NOT_IN_A_FILE = ("sent_by_us",)  # a function


def context(options: argparse.Namespace) -> Context | None:
    """What the options say about us. Raises `WrongUsage` where they, or the file that they name, are wrong."""
    values = _context_file(pathlib.Path(options.context)) if options.context else {}
    try:
        for name, given in (("own_mtas", options.own_mta), ("own_domains", options.own_domain)):
            if given:
                before = values.get(name, [])
                values[name] = [*([before] if isinstance(before, str) else before), *given]
        return Context(**values) if values else None
    except (TypeError, ValueError, BouncelibError) as error:
        raise WrongUsage(f"--context {options.context}: {error}" if options.context else str(error)) from None


def _context_file(path: pathlib.Path) -> dict[str, typing.Any]:
    """The table in the file; `Context` itself judges the values."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongUsage(f"--context {path}: {error.strerror or error}") from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise WrongUsage(f"--context {path}: not a TOML file: {error}") from None
    known = {field.name for field in dataclasses.fields(Context)} - set(_NOT_IN_A_FILE)
    for name in table:
        if name not in known:
            raise WrongUsage(f"--context {path}: unknown key {name!r}; known are {', '.join(sorted(known))}")
    return table
