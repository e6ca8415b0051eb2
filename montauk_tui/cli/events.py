"""`montauk events`: process events as they happen."""

import argparse
from functools import partial

from montauk_tui.cli.hosts import wanted_host
from montauk_tui.cli.parsers import check_recording
from montauk_tui.cli.settings import load_and_report
from montauk_tui.config import Settings, readers
from montauk_tui.engine import query
from montauk_tui.engine.query import Query
from montauk_tui.errors import QueryError, UsageError
from montauk_tui.export import events


def run(options: argparse.Namespace) -> int:
    """Print events until stopped and return the exit code."""
    check_recording(options)
    settings = load_and_report(options, for_scripts=True)
    return events.events(
        partial(wanted_host, options, settings),
        wanted(settings, options),
        options.duration,
        as_json=options.json,
        is_forced=settings.collector is not None,
    )


def wanted(settings: Settings, options: argparse.Namespace) -> Query:
    """Return the filter that all options mean together.

    Raises:
        UsageError: One of them is invalid; the reason begins with it.
    """
    found = query.parse(settings.filter).both(query.of_pids(settings.pids))
    if options.ppid:
        try:
            parents = readers.pids(options.ppid)
        except UsageError as error:
            raise UsageError(f"--ppid: {error.reason}", error.remedy) from error
        found = found.both(query.of_pids(parents, "ppid"))
    if settings.uid is not None:
        found = found.both(query.parse(f"uid = {settings.uid}"))
    if options.failed:
        found = found.both(query.parse("exit != 0"))
    for name, field, regex in (
        ("--name", "name", options.name),
        ("--line", "command", options.line),
    ):
        if regex is not None:
            found = found.both(_matching(name, field, regex))
    return found


def _matching(flag: str, field: str, regex: str) -> Query:
    try:
        return query.parse(f"{field} ~ {query.quoted(regex)}")
    except QueryError as error:
        raise UsageError(f"{flag}: {error.problem}", error.remedy) from error
