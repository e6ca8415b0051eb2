"""Parsers of the commands that export recordings and query exports."""

import argparse
from typing import Final

from montauk_tui.cli.parsers import Parser

_EXAMPLES: Final = """\
tables: samples, exits, execs, hosts, ledger; docs/fleet.md has their columns

examples:
  montauk query "select comm, sum(cpu_s) as s from exits group by all order by s desc"
  montauk query "select * from hosts" /var/lib/fleet --csv
  montauk query "select max(load_1) from ledger" --from 03:00 --to 04:00
"""


_EXPORTS: Final = "write closed segments as Parquet files, those that were not yet"


def recordings_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk recordings`."""
    result = Parser(
        prog="montauk recordings",
        description="Hand recordings to other programs.",
        allow_abbrev=False,
    )
    commands = result.add_subparsers(dest="command", metavar="COMMAND")
    export = commands.add_parser(
        "export", help=_EXPORTS, description=_sentence(_EXPORTS), allow_abbrev=False
    )
    _add_export(export)
    return result


def export_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk recordings export`."""
    result = Parser(prog="montauk recordings export", description=_sentence(_EXPORTS))
    _add_export(result)
    return result


def _sentence(does: str) -> str:
    return f"{does[0].upper()}{does[1:]}. Needs the extra sql."


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument(
        "--parquet", metavar="OUT", required=True,
        help="the folder of the files; who may read it may read them",
    )  # fmt: skip
    export.add_argument(
        "dir", metavar="DIR", nargs="?",
        help="the folder of the recording (default: as montauk record)",
    )  # fmt: skip


def query_parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments of `montauk query`."""
    result = Parser(
        prog="montauk query",
        description="Answer a question in SQL about recordings, or exports of them. "
        "Needs the extra sql.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    result.add_argument("sql", metavar="SQL", help="a SELECT, as of DuckDB")
    result.add_argument(
        "dirs", metavar="DIR", nargs="*", default=[],
        help="folders of recordings or exports (default: as montauk record)",
    )  # fmt: skip
    result.add_argument(
        "--from", metavar="TIME", dest="begin",
        help="from 14:03:07, 3m ago, 2026-11-30T14:03, local time (default: the "
        "beginning)",
    )  # fmt: skip
    result.add_argument(
        "--to", metavar="TIME", dest="end", help="up to that time (default: the end)"
    )
    form = result.add_mutually_exclusive_group()
    for name, does in (
        ("json", "print a JSON object for each row"),
        ("csv", "print CSV with a heading"),
    ):
        form.add_argument(
            f"--{name}", dest="form", action="store_const", const=name, help=does
        )
    result.set_defaults(form="table")
    return result
