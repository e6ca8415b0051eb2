"""The parser of the command that exports metrics."""

import argparse
from typing import Final

from montauk_tui.cli.parsers import Parser, add_setting
from montauk_tui.cli.recording_parsers import GROUPINGS

LISTEN: Final = "127.0.0.1:9797"

_BY: Final = (*GROUPINGS, "queries")


def exporter_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk exporter`."""
    result = Parser(
        prog="montauk exporter",
        description="Export metrics of groups of processes for Prometheus, until "
        "stopped.",
        allow_abbrev=False,
    )
    where = result.add_mutually_exclusive_group()
    where.add_argument(
        "--listen", metavar="ADDRESS", default=LISTEN,
        help="answer GET /metrics on this address and port (default: 127.0.0.1:9797)",
    )  # fmt: skip
    where.add_argument(
        "--unix", metavar="PATH",
        help="answer on a socket in the file system, for its owner and group",
    )  # fmt: skip
    where.add_argument(
        "--textfile", metavar="FILE",
        help="write a file for the textfile collector of node_exporter: NAME.prom",
    )  # fmt: skip
    result.add_argument(
        "--by", choices=_BY, default="program", metavar="WHAT",
        help=f"what the groups are: {', '.join(GROUPINGS)}, or queries of the settings "
        "file (default: program)",
    )  # fmt: skip
    add_setting(result, "interval")
    add_setting(result, "collector")
    return result
