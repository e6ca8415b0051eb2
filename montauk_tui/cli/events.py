"""`montauk events`: process events as they happen."""

import argparse
from collections.abc import Callable
from contextlib import closing
from functools import partial

from montauk_tui.cli.hosts import wanted_host
from montauk_tui.cli.parsers import check_recording
from montauk_tui.cli.settings import load_and_report
from montauk_tui.config import Settings, readers
from montauk_tui.engine import query
from montauk_tui.engine.query import Query
from montauk_tui.errors import QueryError, UsageError
from montauk_tui.export import events
from montauk_tui.export.event_source import OnWait
from montauk_tui.export.waiter import Waiter
from montauk_tui.host.base import Host


def run(options: argparse.Namespace) -> int:
    """Print events until stopped and return the exit code."""
    check_recording(options)
    _check_otlp(options)
    settings = load_and_report(options, for_scripts=True)
    open_host, chosen = (
        partial(wanted_host, options, settings),
        wanted(settings, options),
    )
    if options.otlp is not None:
        return _to_receiver(
            open_host, chosen, options, is_forced=settings.collector is not None
        )
    return events.events(
        open_host,
        chosen,
        options.duration,
        as_json=options.json,
        is_forced=settings.collector is not None,
    )


def _check_otlp(options: argparse.Namespace) -> None:
    """Check that options of --otlp have it.

    Raises:
        UsageError: They have not.
    """
    for name, value in (
        ("--otlp-protobuf", options.otlp_protobuf),
        ("--no-arguments", options.no_arguments),
    ):
        if value and options.otlp is None:
            raise UsageError(f"{name} requires --otlp", "leave it out, or add it")


def _to_receiver(
    open_host: Callable[[OnWait], Host],
    chosen: Query,
    options: argparse.Namespace,
    *,
    is_forced: bool,
) -> int:
    """Send events to a receiver until stopped and return the exit code."""
    # HTTP and TLS are for this only.
    from montauk_tui.export.otlp.sink import OtlpSink, connecting  # noqa: PLC0415

    connect = connecting(options.otlp, protobuf=options.otlp_protobuf)
    with closing(Waiter(is_forced=is_forced, prints=False)) as waiter:
        sink = OtlpSink(
            chosen, connect, lambda: waiter.is_stopped,
            arguments=not options.no_arguments,
        )  # fmt: skip
        with closing(sink):
            events.follow(open_host, sink, waiter, options.duration)
    return 1 if sink.has_dropped else 0


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
        found = found.both(query.parse("exit != 0 or event = exec_failed"))
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
