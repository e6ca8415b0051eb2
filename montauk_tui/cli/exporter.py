"""`montauk exporter`: metrics of groups of processes for Prometheus."""

import argparse
from contextlib import closing

from montauk_tui import streams
from montauk_tui.cli.hosts import this_machine
from montauk_tui.cli.settings import load_and_report
from montauk_tui.config import Settings
from montauk_tui.engine import query
from montauk_tui.errors import UsageError
from montauk_tui.export.metrics.exporter import QUERIES, Exporter
from montauk_tui.export.metrics.listening import (
    Listener,
    TcpListener,
    UnixListener,
    parse_address,
)
from montauk_tui.export.metrics.run import Serve, answering, export, writing
from montauk_tui.export.metrics.textfile import TextFile


def run(options: argparse.Namespace) -> int:
    """Export until a signal stops it, and return the exit code."""
    settings = load_and_report(options, for_scripts=True)
    exporter = _exporter(settings, options.by)
    if options.textfile is not None:
        with closing(TextFile(options.textfile)) as file:
            return _serve(settings, exporter, writing(file), file.path)
    with closing(_listener(options)) as listener:
        return _serve(settings, exporter, answering(listener), listener.address)


def _serve(settings: Settings, exporter: Exporter, serve: Serve, where: str) -> int:
    host = this_machine(settings)
    streams.complain(f"metrics: {where}")
    export(host, exporter, settings.interval_s, serve)
    return 0


def _listener(options: argparse.Namespace) -> Listener:
    if options.unix is not None:
        return UnixListener(options.unix)
    return TcpListener(*parse_address(options.listen))


def _exporter(settings: Settings, by: str) -> Exporter:
    if by == QUERIES and not settings.groups:
        reason = "--by queries: the settings file has no groups"
        remedy = """add [groups], and below it web = "name = nginx" for each"""
        raise UsageError(reason, remedy)
    queries = {name: query.parse(text) for name, text in settings.groups.items()}
    return Exporter(by, queries)
