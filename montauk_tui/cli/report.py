"""`montauk report`: who used what in a part of a recording."""

import argparse
from contextlib import closing

from montauk_tui.cli.hosts import opened_recording
from montauk_tui.export.report import as_json, reading, text


def run(options: argparse.Namespace) -> int:
    """Print it and return the exit code."""
    with closing(opened_recording(options.dir or "", options.host)) as recording:
        part = reading.part_of(recording, options.begin, options.end)
        report = reading.report_of(recording, part, [options.by])
        gaps = reading.gaps_of(recording, part)
    write = as_json.write_json if options.json else text.write_text
    write(report, gaps, options.limit)
    return 0
