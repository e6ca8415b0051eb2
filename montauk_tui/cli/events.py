"""`montauk events`: process events as they happen."""

import argparse

from montauk_tui.cli.settings import load_and_report
from montauk_tui.export import events


def run(options: argparse.Namespace) -> int:
    """Print events until stopped and return the exit code."""
    settings = load_and_report(options, for_scripts=True)
    return events.events(
        settings.collector, settings.filter, options.duration, as_json=options.json
    )
