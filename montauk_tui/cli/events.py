"""`montauk events`: process events as they happen."""

import argparse
from functools import partial

from montauk_tui.cli.hosts import this_machine
from montauk_tui.cli.settings import load_and_report
from montauk_tui.export import events


def run(options: argparse.Namespace) -> int:
    """Print events until stopped and return the exit code."""
    settings = load_and_report(options, for_scripts=True)
    return events.events(
        partial(this_machine, settings),
        settings.filter,
        options.duration,
        as_json=options.json,
        is_forced=settings.collector is not None,
    )
