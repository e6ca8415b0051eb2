"""The command line, and where the parts are put together."""

import argparse
import dataclasses
import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

from montauk_tui import __version__, shortage, streams
from montauk_tui.errors import MontaukError, UsageError, shortened
from montauk_tui.export import output
from montauk_tui.model.text import clean_text, quoted

if TYPE_CHECKING:
    from montauk_tui.config import Settings

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2

_MOST_DIGITS: Final = 18
_MOST_OF_USAGE: Final = 300
"""Characters of what argparse says."""

_DESCRIPTION: Final = (
    "A process monitor for the Linux terminal, with the keys and columns of htop."
)

_EPILOG: Final = """\
examples:
  montauk                          the monitor; F1 or ? shows its keys, q leaves
  montauk --tree --filter postgres start as a tree of what matches
  montauk --once --limit 10        the ten busiest processes as text
  montauk --json -n 5 -d 2         five samples, one JSON object a line, 2 s apart
  montauk --collector-info         which collectors this machine has, and why not
  montauk events --duration 5      every fork, exec and exit of five seconds
  montauk probes layout            which kernel fields the probes read, and where

environment:
  MONTAUK_COLLECTOR  like --collector
  MONTAUK_CONFIG     the settings file instead of ~/.config/montauk/config.toml
  NO_COLOR           draw without colours

exit codes: 0 done, 1 could not do it, 2 wrong usage
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with the way to more help."""

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print for --help and --version; argparse hides what cannot be written."""
        if file is None or file is not sys.stdout:
            super()._print_message(message, file)
        elif message:
            output.put(message.removesuffix("\n"))

    def error(self, message: str) -> NoReturn:
        """End with the exit code of wrong usage."""
        # argparse names all of what was given.
        said = clean_text(shortened(message, _MOST_OF_USAGE))
        self.exit(WRONG_USAGE, f"montauk: {said}; see {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    result = _Parser(
        prog="montauk",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    result.add_argument("--version", action="version", version=f"montauk {__version__}")
    what = result.add_argument_group(
        "instead of the monitor"
    ).add_mutually_exclusive_group()
    what.add_argument("--once", action="store_true", help="print one table and leave")
    what.add_argument("--json", action="store_true", help="print samples as JSON lines")
    what.add_argument(
        "--collector-info", action="store_true", help="list the collectors and leave"
    )
    _add_choices(result.add_argument_group("what is shown"))
    return result


def _add_choices(shown: argparse._ArgumentGroup) -> None:
    """Add the options that say what is shown, and how."""
    shown.add_argument("--collector", metavar="NAME", help="use this collector or none")
    shown.add_argument(
        "-d", "--delay", metavar="SECONDS", type=_duration,
        help="time between samples: 1.5, 2s, 500ms (default 1)",
    )  # fmt: skip
    shown.add_argument(
        "-n", "--samples", metavar="SAMPLES", type=_count,
        help="with --json: how many samples (default: until stopped)",
    )  # fmt: skip
    shown.add_argument(
        "--filter",
        metavar="QUERY",
        help="only what matches: a text, a|b, 'cpu > 10 and user = root'",
    )
    shown.add_argument(
        "--sort", metavar="COLUMN", help="cpu, mem, time, pid, user, ..."
    )
    shown.add_argument(
        "--limit", metavar="ROWS", type=_count, help="at most so many processes"
    )
    shown.add_argument(
        "--tree", action="store_true", default=None, help="start as a tree"
    )
    shown.add_argument("--theme", metavar="NAME", help="colours of the monitor")
    shown.add_argument(
        "--ascii", action="store_true", default=None, help="draw with ASCII only"
    )
    shown.add_argument(
        "--read-only", action="store_true", default=None,
        help="act on no process: no signals, no nice values",
    )  # fmt: skip


def probes_parser() -> argparse.ArgumentParser:
    """Return the parser of what comes after `montauk probes`.

    It is on its own so that a sub-command neither takes the options of the monitor nor
    stands in their way.
    """
    result = _Parser(
        prog="montauk probes",
        description="About the probes of the kernel collector.",
        allow_abbrev=False,
    )
    commands = result.add_subparsers(dest="command", metavar="COMMAND")
    does = (
        "print the kernel structs and fields that the probes read, and where they lie"
    )
    commands.add_parser(
        "layout",
        help=does,
        description=f"{does[0].upper()}{does[1:]}. Needs no privilege.",
        allow_abbrev=False,
    )
    return result


def events_parser() -> argparse.ArgumentParser:
    """Return the parser of what comes after `montauk events`."""
    result = _Parser(
        prog="montauk events",
        description="Print every fork, exec and exit as it happens, until stopped.",
        epilog="Ctrl-C ends it with a summary on stderr, and exit code 0.",
        allow_abbrev=False,
    )
    result.add_argument(
        "--json", action="store_true", help="print JSON lines, the summary as the last"
    )
    result.add_argument(
        "--filter",
        metavar="QUERY",
        default="",
        help="only what matches: a text, a|b, 'cpu > 10 and user = root'",
    )
    result.add_argument(
        "--duration", metavar="SECONDS", type=_duration,
        help="how long: 1.5, 2s, 1m (default: until stopped)",
    )  # fmt: skip
    result.add_argument(
        "--collector", metavar="NAME", help="use this collector or none"
    )
    return result


def _duration(text: str) -> float:
    from montauk_tui import config  # noqa: PLC0415 - numpy, not for --help

    try:
        return config.parse_duration(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        reason = f"{quoted(text)} is not a number above 0"
        raise argparse.ArgumentTypeError(reason)
    if len(text) > _MOST_DIGITS:
        reason = f"{quoted(text)} is more than anybody counts"
        raise argparse.ArgumentTypeError(reason)
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run montauk and return its exit code."""
    streams.hold_closed()
    # Ignored by who started us, it would hide how our own children end (wait(2)).
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        return _answer(list(sys.argv[1:] if arguments is None else arguments))
    except UsageError as error:
        return _complain(str(error), WRONG_USAGE)
    except MontaukError as error:
        return _complain(str(error), FAILED)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:
        lack = shortage.of(error)
        if lack is None:
            raise
        return _complain(str(lack), FAILED)


def _answer(given: Sequence[str]) -> int:
    make, run = _COMMANDS.get("".join(given[:1]), (parser, _run))
    try:
        return run(make().parse_args(given[1:] if make is not parser else given))
    except BrokenPipeError:
        # The reader had enough, as head(1) does.
        _discard_output()
        return DONE


def _run(options: argparse.Namespace) -> int:
    _check_combination(options)
    settings, warnings = _settings(options)
    if not (options.once or options.json or options.collector_info):
        return _monitor(settings, warnings, strict_theme=options.theme is not None)
    from montauk_tui.export import commands  # noqa: PLC0415 - not for the monitor

    for warning in warnings:
        _complain(warning, DONE)
    if options.collector_info:
        return commands.collector_info(settings.collector)
    if options.once:
        return commands.once(settings, options.limit)
    return commands.json_lines(settings, options.samples, options.limit)


def _run_probes(options: argparse.Namespace) -> int:
    if options.command is None:
        raise UsageError("montauk probes does nothing alone", "choose one of: layout")
    from montauk_tui.export import probes  # noqa: PLC0415 - not for the monitor

    return probes.layout()


def _run_events(options: argparse.Namespace) -> int:
    from montauk_tui import config  # noqa: PLC0415 - numpy, not for --help
    from montauk_tui.collectors import registry  # noqa: PLC0415 - likewise
    from montauk_tui.export import events  # noqa: PLC0415 - likewise

    settings, warnings = config.load(registry.names())
    for warning in warnings:
        _complain(warning, DONE)
    name = options.collector if options.collector is not None else settings.collector
    if name is not None:
        registry.check(name)
    _check_filter(options.filter)
    return events.events(name, options.filter, options.duration, as_json=options.json)


_COMMANDS: Final = {
    "probes": (probes_parser, _run_probes),
    "events": (events_parser, _run_events),
}
"""By the first word: the parser of what comes after it, and what does it."""


def _check_combination(options: argparse.Namespace) -> None:
    if options.samples is not None and not options.json:
        reason = "-n goes with --json"
        raise UsageError(reason, "leave it out, or add --json")
    if options.limit is not None and not (options.json or options.once):
        reason = "--limit goes with --json or --once"
        raise UsageError(reason, "leave it out, or add one of them")
    is_monitor = not (options.json or options.once or options.collector_info)
    for name in ("theme", "tree", "ascii", "read-only"):
        given = getattr(options, name.replace("-", "_"))
        if given is not None and not is_monitor:
            raise UsageError(f"--{name} goes with the monitor", "leave it out")


def _settings(options: argparse.Namespace) -> tuple["Settings", list[str]]:
    """Return flags over environment over file, and a line for what is wrong there."""
    from montauk_tui import config  # noqa: PLC0415 - numpy, not for --help
    from montauk_tui.collectors import registry  # noqa: PLC0415 - likewise

    settings, warnings = config.load(registry.names())
    if options.json:
        # What a script gets must not depend on how its user likes the screen.
        settings = config.Settings(settings.collector, settings.interval_s)
    settings = _with_options(settings, options)
    if settings.collector is not None:
        registry.check(settings.collector)
    return settings, warnings


def _with_options(settings: "Settings", options: argparse.Namespace) -> "Settings":
    from montauk_tui.engine import columns  # noqa: PLC0415 - numpy, not for --help

    chosen = {
        "collector": options.collector,
        "interval_s": options.delay,
        "filter": options.filter,
        "tree": options.tree,
        "theme": options.theme,
        "ascii": options.ascii,
        "read_only": options.read_only,
    }
    if options.sort is not None:
        chosen["sort"] = columns.find(options.sort).id
        settings = dataclasses.replace(settings, descending=None)
    if options.filter is not None:
        _check_filter(options.filter)
    given = {name: value for name, value in chosen.items() if value is not None}
    return dataclasses.replace(settings, **given)


def _check_filter(text: str) -> None:
    from montauk_tui.engine import query  # noqa: PLC0415 - numpy, not for --help

    try:
        query.parse(text)
    except UsageError as error:
        raise UsageError(f"--filter: {error.reason}", error.remedy) from error


def _monitor(
    settings: "Settings", warnings: Sequence[str], *, strict_theme: bool
) -> int:
    streams.forget_foreign(os.environ, streams.screen())
    shortage.try_threads()
    if os.environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        reason = "this terminal cannot place a cursor (TERM is unset or dumb)"
        raise MontaukError(reason, "set TERM, or use --once or --json")
    # Imports make objects that stay: collecting garbage meanwhile costs a twentieth of
    # the start. Frozen, they are not looked at again while the monitor runs either.
    gc.disable()
    from montauk_tui.collectors import registry  # noqa: PLC0415 - only for the monitor
    from montauk_tui.export.waiting import Waiting  # noqa: PLC0415 - likewise
    from montauk_tui.ui import app  # noqa: PLC0415 - Textual, only for the monitor

    gc.freeze()
    gc.enable()
    opened = registry.open_quickly(settings.collector, Waiting(is_forced=True))
    try:
        return app.run(opened, settings, warnings, strict_theme=strict_theme)
    finally:
        opened.collector.close()


def _discard_output() -> None:
    """Let what is buffered go nowhere: at exit Python would try again and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(line: str, code: int) -> int:
    streams.complain(line)
    return code
