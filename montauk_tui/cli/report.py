"""`montauk report`: who used what in a part of a recording."""

import argparse
from contextlib import closing

from montauk_tui.cli.hosts import complain, opened_recording
from montauk_tui.errors import UsageError
from montauk_tui.export.report import as_json, page, reading, saving, text
from montauk_tui.export.report.timeline import columns_of
from montauk_tui.recorder.reader import DiskRecording

_USUAL = "program"


def run(options: argparse.Namespace) -> int:
    """Print it and return the exit code."""
    if options.width is not None and (options.json or options.html is not None):
        raise UsageError("-w applies to text", "leave it out")
    if options.html is not None:
        if options.by is not None:
            raise UsageError("--html has sums by everything", "leave out --by")
        return _save(options)
    if options.force:
        raise UsageError("--force applies to --html", "leave it out")
    with closing(opened_recording(options.dir or "", options.host)) as recording:
        part = _part(recording, options)
        report = reading.report_of(recording, part, [options.by or _USUAL])
        gaps = reading.gaps_of(recording, part)
    if options.json:
        as_json.write_json(report, gaps, options.limit)
    else:
        text.write_text(report, gaps, options.limit, options.width)
    return 0


def _save(options: argparse.Namespace) -> int:
    """Write a page."""
    target = saving.Target(options.html, replace=options.force)
    with closing(opened_recording(options.dir or "", options.host)) as recording:
        part = _part(recording, options)
        report = reading.report_of(recording, part, page.SECTIONS)
        timelines = (
            columns_of(recording.timeline, part, page.COLUMNS),
            columns_of(recording.timeline, part, page.NARROW_COLUMNS),
        )
        gaps = reading.gaps_of(recording, part)
    target.write(page.page(report, timelines, gaps, options.limit))
    return 0


def _part(recording: DiskRecording, options: argparse.Namespace) -> reading.Part:
    part = reading.part_of(recording, options.begin, options.end)
    complain(recording)
    return part
