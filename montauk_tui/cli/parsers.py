"""Command-line parsers; the flags of settings come from the settings table."""

import argparse
import os
import sys
from typing import Any, Final, NoReturn

from montauk_tui import __version__
from montauk_tui.config.durations import parse_duration
from montauk_tui.config.option import Flag, Option
from montauk_tui.config.options import OPTIONS
from montauk_tui.errors import UsageError, shortened
from montauk_tui.export import output
from montauk_tui.model.text import clean_text, quoted

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2

_MOST_DIGITS: Final = 18
_MOST_OF_USAGE: Final = 300
"""Characters of an argparse message."""

MONITOR: Final = "monitor"
JSON: Final = "json_lines"
ONCE: Final = "once"
BATCH: Final = "batch"
_TABLES: Final = (ONCE, BATCH)

_WIDEST: Final = 512
"""Cells of a line of `--width` without a value, as in top(1)."""

_DESCRIPTION: Final = (
    "A process monitor for the Linux terminal, with the keys and columns of htop."
)

_EPILOG: Final = """\
examples:
  montauk                          the monitor; F1 or ? shows its keys, q quits
  montauk --tree --filter postgres start in tree view with a filter
  montauk --once --limit 10        the ten busiest processes as text
  montauk -b -n 3 -o mem           three tables, largest memory first, as top -b
  montauk -u postgres -t           the processes of a user as a tree, as in htop
  montauk --json -n 5 -d 2         five samples, one JSON object a line, 2 s apart
  montauk --collector-info         which collectors work here, and why others do not
  montauk events --duration 5      every fork, exec and exit of five seconds
  montauk exporter                 metrics for Prometheus, exited processes included
  montauk config import            take columns, meters and colours from htop
  sudo montauk probes load         the kernel collector without root, until unload
  montauk record                   record all processes to disk, without a screen
  montauk replay --at 03:07        what ran then
  montauk report --from 03:00      who used the CPUs since
  montauk query "SELECT ..."       SQL over recordings of many hosts
  montauk probes layout            kernel fields that the probes read

environment:
  MONTAUK_COLLECTOR  like --collector
  MONTAUK_CONFIG     the settings file instead of ~/.config/montauk/config.toml
  NO_COLOR           draw without colours

exit codes: 0 success, 1 failure, 2 usage error, 128 + n terminated by signal n
"""


class Parser(argparse.ArgumentParser):
    """Reports errors in one line that points to --help."""

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print for --help and --version; argparse hides what cannot be written."""
        if file is None or file is not sys.stdout:
            super()._print_message(message, file)
        elif message:
            output.write_stdout(message.removesuffix("\n"))

    def error(self, message: str) -> NoReturn:
        """Exit with the usage-error code."""
        # argparse repeats the whole argument.
        line = clean_text(shortened(message, _MOST_OF_USAGE))
        self.exit(WRONG_USAGE, f"montauk: {line}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the monitor and of the modes that replace it."""
    result = Parser(
        prog="montauk",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    result.set_defaults(command=MONITOR)
    result.add_argument(
        "-V", "--version", action="version", version=f"montauk {__version__}"
    )
    what = result.add_argument_group("instead of the monitor")
    one = what.add_mutually_exclusive_group()
    for names, command, does in (
        (["--once"], ONCE, "print one table and exit"),
        (["-b", "--batch"], BATCH, "print tables until stopped, as top -b"),
        (["--json"], JSON, "print samples as JSON lines"),
        (["--collector-info"], "collector_info", "list the collectors and exit"),
    ):
        one.add_argument(
            *names, action="store_const", dest="command", const=command, help=does
        )
    add_recording(what)
    what.add_argument(
        "-n", "--samples", "--iterations", metavar="SAMPLES", type=count,
        help="with -b or --json: number of samples (default: until stopped)",
    )  # fmt: skip
    what.add_argument(
        "--limit", metavar="ROWS", type=count,
        help="with --once, -b or --json: at most this many processes",
    )  # fmt: skip
    what.add_argument(
        "--with", metavar="LIST,LIST", dest="lists",
        help="with --json: further lists: cgroups, disks, interfaces, filesystems",
    )  # fmt: skip
    add_width(what, "with --once or -b: ")
    result.add_argument(
        "--record", metavar="DIR", nargs="?", const="",
        help="record meanwhile (default: ~/.local/state/montauk/recordings)",
    )  # fmt: skip
    shown = result.add_argument_group("display options")
    for option in OPTIONS:
        if option.flag:
            add_flag(shown, option, option.flag)
    return result


def add_flag(group: argparse._ActionsContainer, option: Option, flag: Flag) -> None:
    """Add the flag of a setting; None where it is not given."""
    how: dict[str, Any] = {"metavar": flag.metavar}
    if flag.metavar is None:
        how = {"action": "store_const", "const": flag.value}
    elif flag.repeats:
        how["action"] = "append"
    elif flag.alone is not None:
        how.update(nargs="?", const=flag.alone)
    elif option.type is float:
        how["type"] = _duration
    group.add_argument(
        *flag.names, dest=option.attribute, default=None, help=flag.help, **how
    )


def probes_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk probes`.

    It is separate so that the options of the monitor do not apply to it.
    """
    result = Parser(
        prog="montauk probes",
        description="Load the probes of the kernel collector for users without root.",
        allow_abbrev=False,
    )
    commands = result.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, does: str, more: str) -> argparse.ArgumentParser:
        description = f"{does[0].upper()}{does[1:]}. {more}"
        command: argparse.ArgumentParser = commands.add_parser(
            name, help=does, description=description, allow_abbrev=False
        )
        return command

    load = add(
        "load", "load the probes, until they are unloaded",
        "Needs root. Loaded probes are replaced where they differ.",
    )  # fmt: skip
    who = load.add_mutually_exclusive_group()
    who.add_argument(
        "--group", metavar="NAME",
        help="who may read them (default: montauk if there is that group, else root)",
    )  # fmt: skip
    who.add_argument(
        "--everybody",
        action="store_true",
        help="let every user read them, which shows all processes and arguments to all",
    )
    load.add_argument(
        "--slots", metavar="N", type=count,
        help="records of one CPU in each log, a power of two (default: 8192)",
    )  # fmt: skip
    add("unload", "remove the loaded probes", "Needs root.")
    add("status", "show the loaded probes", "Exits with 1 if there are none.")
    does = "print the kernel structs and fields that the probes read, and their offsets"
    add("layout", does, "Needs no privilege.")
    return result


def config_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk config`."""
    result = Parser(
        prog="montauk config",
        description="Change the settings file.",
        allow_abbrev=False,
    )
    commands = result.add_subparsers(dest="command", metavar="COMMAND")
    does = "take the settings of htop: columns, meters, order, colours, screens"
    imports = commands.add_parser(
        "import", help=does, description=f"{does.capitalize()}. What has no "
        "counterpart is printed, a line each.", allow_abbrev=False,
    )  # fmt: skip
    imports.add_argument(
        "file", metavar="FILE", nargs="?",
        help="htop's settings file (default: ~/.config/htop/htoprc)",
    )  # fmt: skip
    imports.add_argument(
        "--print", action="store_true", help="print the settings, do not save them"
    )
    return result


def events_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk events`."""
    result = Parser(
        prog="montauk events",
        description="Print every fork, exec and exit as it happens, until stopped.",
        epilog="Ctrl-C stops it: a summary goes to stderr, the exit code is 0.",
        allow_abbrev=False,
    )
    form = result.add_mutually_exclusive_group()
    form.add_argument(
        "--json", action="store_true", help="print JSON lines, the summary last"
    )
    form.add_argument(
        "--otlp", metavar="URL",
        help="print nothing, send exits and execs to a receiver of OpenTelemetry logs",
    )  # fmt: skip
    result.add_argument(
        "--otlp-protobuf", action="store_true",
        help="with --otlp: protobuf, rather than JSON",
    )  # fmt: skip
    result.add_argument(
        "--no-arguments", action="store_true",
        help="with --otlp: names of programs only: arguments may hold secrets",
    )  # fmt: skip
    add_setting(result, "filter")
    result.add_argument(
        "-x", "--failed", action="store_true",
        help="exits with another status than 0, or by a signal, and failed execs",
    )  # fmt: skip
    add_setting(result, "pids")
    result.add_argument(
        "-P", "--ppid", metavar="PID,PID", action="append",
        help="children of these processes",
    )  # fmt: skip
    add_setting(result, "uid")
    result.add_argument(
        "-n", "--name", metavar="REGEX", help="processes whose name matches"
    )
    result.add_argument(
        "-l", "--line", metavar="REGEX", help="processes whose command line matches"
    )
    result.add_argument(
        "-t", "-T", "--timestamp", action="store_true",
        help="accepted without effect: the time is always printed",
    )  # fmt: skip
    result.add_argument(
        "--duration", metavar="SECONDS", type=_duration,
        help="how long: 1.5, 2s, 1m (default: until stopped)",
    )  # fmt: skip
    add_setting(result, "collector")
    add_recording(result)
    return result


def add_recording(group: argparse._ActionsContainer) -> None:
    """Add the options that name a recording, and a part of it."""
    group.add_argument(
        "--recording", metavar="DIR", nargs="?", const="",
        help="read a recording instead of this machine "
        "(default: ~/.local/state/montauk/recordings)",
    )  # fmt: skip
    group.add_argument(
        "--from", metavar="TIME", dest="begin",
        help="with --recording: from 14:03:07, 3m ago, 2026-11-30T14:03",
    )  # fmt: skip
    group.add_argument(
        "--to", metavar="TIME", dest="end", help="with --recording: up to that time"
    )
    add_host(group)


def add_host(group: argparse._ActionsContainer) -> None:
    """Add the option that chooses one of several recorded hosts."""
    group.add_argument(
        "--host", metavar="HOST", default="",
        help="host name, where the folder has recordings of several",
    )  # fmt: skip


def add_setting(group: argparse._ActionsContainer, name: str) -> None:
    """Add the flag of the setting of this name."""
    option = next(it for it in OPTIONS if it.id == name)
    assert option.flag is not None  # noqa: S101 - for mypy
    add_flag(group, option, option.flag)


def _duration(text: str) -> float:
    try:
        return parse_duration(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def count(text: str) -> int:
    """Return a positive number."""
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        reason = f"{quoted(text)} is not a positive number"
        raise argparse.ArgumentTypeError(reason)
    if len(text) > _MOST_DIGITS:
        reason = f"{quoted(text)} is too large"
        raise argparse.ArgumentTypeError(reason)
    return int(text)


def add_width(parser: argparse._ActionsContainer, where: str = "") -> None:
    """Add the option for the width of a line of text."""
    parser.add_argument(
        "-w", "--width", metavar="COLUMNS", type=count, nargs="?", const=_wide(),
        help=f"{where}width of a line (default: the terminal's, else any; "
        f"without COLUMNS the variable COLUMNS, else {_WIDEST})",
    )  # fmt: skip


def _wide() -> int:
    columns = os.environ.get("COLUMNS", "")
    is_number = columns.isascii() and columns.isdigit() and len(columns) < _MOST_DIGITS
    return int(columns) or _WIDEST if is_number else _WIDEST


def _lone(option: str, *others: str) -> UsageError:
    """Return the error for an option that needs one of others."""
    *first, last = others
    reason = f"{option} requires {', '.join(first)} or {last}"
    return UsageError(reason, "leave it out, or add one of them")


def check_combination(options: argparse.Namespace) -> None:
    """Check that the options can be combined.

    Raises:
        UsageError: They cannot be.
    """
    command = options.command
    if options.samples is not None and command not in (JSON, BATCH):
        raise _lone("-n", "--json", "-b")
    if options.lists is not None and command != JSON:
        raise UsageError("--with requires --json", "leave it out, or add it")
    if options.limit is not None and command not in (JSON, *_TABLES):
        raise _lone("--limit", "--json", "--once", "-b")
    if options.width is not None and command not in _TABLES:
        raise _lone("-w", "--once", "-b")
    check_recording(options)
    if options.record is not None and command != MONITOR:
        raise UsageError(
            "--record applies to the monitor only", "use montauk record instead"
        )
    if options.recording is not None and command not in (JSON, *_TABLES):
        raise _lone("--recording", "--json", "--once", "-b")
    for option in OPTIONS if options.command != MONITOR else ():
        flag = option.flag
        is_given = flag is not None and getattr(options, option.attribute) is not None
        if flag and flag.of_monitor and is_given:
            reason = f"--{flag.name} applies to the monitor only"
            raise UsageError(reason, "leave it out")


def check_recording(options: argparse.Namespace) -> None:
    """Check that a part is asked for only of a recording.

    Raises:
        UsageError: There is none.
    """
    for name, value in (
        ("--from", options.begin), ("--to", options.end), ("--host", options.host),
    ):  # fmt: skip
        if value and options.recording is None:
            raise UsageError(
                f"{name} requires --recording", "add it, or use montauk replay"
            )
