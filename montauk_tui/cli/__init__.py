"""The command line, and the composition root of the program."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from montauk_tui import shortage, streams
from montauk_tui.cli.exporter_parsers import exporter_parser
from montauk_tui.cli.fleet_parsers import query_parser, recordings_parser
from montauk_tui.cli.parsers import (
    DONE,
    FAILED,
    WRONG_USAGE,
    check_combination,
    config_parser,
    events_parser,
    parser,
    probes_parser,
)
from montauk_tui.cli.recording_parsers import (
    record_parser,
    replay_parser,
    report_parser,
)
from montauk_tui.errors import MontaukError, UsageError

WORDS: Final = {
    "config": config_parser,
    "events": events_parser,
    "exporter": exporter_parser,
    "probes": probes_parser,
    "query": query_parser,
    "record": record_parser,
    "recordings": recordings_parser,
    "replay": replay_parser,
    "report": report_parser,
}
"""Parsers of the sub-commands, by name."""

_OF_TIME: Final = ("--at", "--from", "--to")
"""Options whose value may be a time ago."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run montauk and return its exit code."""
    streams.hold_closed()
    # If inherited as ignored, it would hide the exit status of children (wait(2)).
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        return _answer(list(sys.argv[1:] if arguments is None else arguments))
    except UsageError as error:
        return _complain(error, WRONG_USAGE)
    except MontaukError as error:
        return _complain(error, FAILED)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Exception as error:
        lack = shortage.of(error)
        if lack is None:
            raise
        return _complain(lack, FAILED)


def _answer(given: Sequence[str]) -> int:
    word = given[0] if given else ""
    try:
        if word in WORDS:
            return run(word, WORDS[word]().parse_args(_with_sign(given[1:])))
        options = parser().parse_args(_with_sign(given))
        if options.sort == "help":
            return run("sort_keys", options)
        check_combination(options)
        return run(options.command, options)
    except BrokenPipeError:
        # The reader closed the pipe, as head(1) does.
        _discard_output()
        return DONE


def _with_sign(given: Sequence[str]) -> list[str]:
    """Return arguments in which `-o -PID`, as in top(1), and `--at -90s` are one.

    argparse takes `-PID` and `-90s` for options.
    """
    joined: list[str] = []
    for one in given:
        before = joined[-1] if joined and one.startswith("-") else ""
        if before == "-o":
            joined[-1] += one
        elif before in _OF_TIME and one[1:2].isdigit():
            joined[-1] += f"={one}"
        else:
            joined.append(one)
    return joined


def run(command: str, options: argparse.Namespace) -> int:
    """Run the module of a command, which imports only what it needs."""
    shortage.check_address_space()
    # The engine takes 0.1 s and the screen 0.3 s to import: not for --help.
    code = import_module(f"{__name__}.{command}").run(options)
    assert isinstance(code, int)  # noqa: S101 - for mypy
    return code


def _discard_output() -> None:
    """Discard buffered output: at exit Python would try again and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(error: MontaukError, code: int) -> int:
    streams.complain(str(error))
    return code
