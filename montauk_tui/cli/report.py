"""`montauk report`: who used what in a part of a recording."""

import argparse
from contextlib import closing

from montauk_tui.cli.hosts import recorded_host
from montauk_tui.export import report


def run(options: argparse.Namespace) -> int:
    """Print it and return the exit code."""
    host = recorded_host(
        options.dir or "", options.host, options.begin, options.end, lead=1
    )
    with closing(host):
        found = report.report_of(host, options.by)
    write = report.write_json if options.json else report.write_text
    write(found, options.limit)
    return 0
