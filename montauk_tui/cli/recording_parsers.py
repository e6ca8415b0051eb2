"""Parsers of the commands that record and replay."""

import argparse
from typing import Final

from montauk_tui.cli.parsers import (
    Parser,
    add_flag,
    add_host,
    add_setting,
    add_width,
    count,
)
from montauk_tui.config.options import OPTIONS
from montauk_tui.model.amounts import read_bytes, read_seconds
from montauk_tui.model.text import quoted

_SMALLEST_BYTES: Final = 128 << 20
"""Two segments: the oldest is removed before another is begun."""
_LARGEST_BYTES: Final = 1 << 60
GROUPINGS: Final = ("program", "user", "cgroup", "unit", "container")
"""As in the tab Groups."""
_CRITERIA: Final = (*GROUPINGS, "tree")
_FOLDER: Final = (
    "the folder of the recording (default: as montauk record, or that of the service)"
)
_LONGEST_S: Final = 100 * 365 * 86400.0


def record_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk record`."""
    result = Parser(
        prog="montauk record",
        description="Record all processes to disk, without a screen, until stopped.",
        epilog="montauk replay shows the recording.",
        allow_abbrev=False,
    )
    result.add_argument(
        "--dir", metavar="DIR",
        help="where (default: ~/.local/state/montauk/recordings)",
    )  # fmt: skip
    add_setting(result, "interval")
    result.add_argument(
        "--keep", metavar="AGE", type=_age,
        help="how long: 12h, 30d (default: 7d)",
    )  # fmt: skip
    result.add_argument(
        "--full", metavar="AGE", type=_age,
        help="how long every sample; later one a minute, with all exits (default: 1d)",
    )  # fmt: skip
    result.add_argument(
        "--size", metavar="SIZE", type=_size,
        help="most of all segments together: 500m, 10g (default: 2g)",
    )  # fmt: skip
    result.add_argument(
        "--no-arguments", action="store_true",
        help="names of programs only: arguments may hold secrets",
    )  # fmt: skip
    result.add_argument(
        "--duration", metavar="TIME", type=_age,
        help="stop after this time: 90s, 10m, 1h (default: until stopped)",
    )  # fmt: skip
    add_setting(result, "collector")
    return result


def replay_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk replay`."""
    result = Parser(
        prog="montauk replay",
        description="Show a recording as the monitor would have.",
        allow_abbrev=False,
    )
    result.add_argument(
        "dir", metavar="DIR", nargs="?",
        help=_FOLDER,
    )  # fmt: skip
    result.add_argument(
        "--at", metavar="TIME",
        help="start there: 14:03:07, 3m ago, 2026-11-30T14:03 (default: the beginning)",
    )  # fmt: skip
    add_host(result)
    shown = result.add_argument_group("display options")
    for option in OPTIONS:
        if option.flag and option.id != "collector":
            add_flag(shown, option, option.flag)
    return result


def report_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk report`."""
    result = Parser(
        prog="montauk report",
        description="Print who used the CPUs and the memory in a part of a recording.",
        allow_abbrev=False,
    )
    result.add_argument(
        "dir", metavar="DIR", nargs="?",
        help=_FOLDER,
    )  # fmt: skip
    result.add_argument(
        "--from", metavar="TIME", dest="begin",
        help="from 14:03:07, 3m ago, 2026-11-30T14:03 (default: the beginning)",
    )  # fmt: skip
    result.add_argument(
        "--to", metavar="TIME", dest="end", help="up to that time (default: the end)"
    )
    result.add_argument(
        "--by", choices=_CRITERIA, metavar="WHAT",
        help=f"what to sum up by: {', '.join(_CRITERIA)} (default: program)",
    )  # fmt: skip
    form = result.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a JSON object")
    form.add_argument(
        "--html", metavar="FILE",
        help="write a page with the timeline and all of these sums; - is stdout",
    )  # fmt: skip
    result.add_argument(
        "--force", action="store_true", help="with --html: replace an existing file"
    )
    result.add_argument(
        "--limit", metavar="ROWS", type=count, help="at most this many rows"
    )
    add_width(result)
    add_host(result)
    return result


def _age(text: str) -> float:
    seconds = read_seconds(text)
    if seconds is None or not 0 < seconds < _LONGEST_S:
        reason = f"{quoted(text)} is not a time; write for example 90s, 12h or 7d"
        raise argparse.ArgumentTypeError(reason)
    return seconds


def _size(text: str) -> int:
    size = read_bytes(text)
    if size is None or not _SMALLEST_BYTES <= size < _LARGEST_BYTES:
        reason = f"{quoted(text)} is not a size of 128m or more; write for example 2g"
        raise argparse.ArgumentTypeError(reason)
    return int(size)
