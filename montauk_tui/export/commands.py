"""The commands that print and exit."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import closing

from montauk_tui.collectors import registry
from montauk_tui.collectors.base import Collector
from montauk_tui.collectors.procfs.enrich.listed import FOR_RATES
from montauk_tui.config import Settings
from montauk_tui.engine import query
from montauk_tui.engine.columns.table import COLUMNS, pick
from montauk_tui.engine.live_and_exited import beside_exited, live_and_exited
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.query.cuts import cut_commands
from montauk_tui.engine.rows.exited import with_exited
from montauk_tui.engine.schedule import Schedule
from montauk_tui.engine.units import counted
from montauk_tui.errors import CollectorFailed, CollectorUnavailable
from montauk_tui.export.cutnote import CutNote
from montauk_tui.export.jsonlines import frame_json
from montauk_tui.export.output import write_stdout
from montauk_tui.export.table import frame_table
from montauk_tui.export.waiting import Waiting
from montauk_tui.host.local import LocalHost
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need


def collector_info(forced: str | None) -> int:
    """Print every installed collector; the one that would be used is marked active.

    That one is opened for a moment: only an open collector knows its details.
    """
    lines: list[str] = []
    active: str | None = None
    waiting = Waiting(is_forced=forced is not None)
    for name in registry.names():
        is_first = active is None and name in registry.PREFERENCE
        is_wanted = forced == name if forced else is_first
        line, is_active = _describe(name, waiting, is_wanted=is_wanted)
        active = name if is_active else active
        lines.append(line)
    write_stdout("\n".join(["Available collectors:", *lines]))
    return 0 if active else 1


def _describe(name: str, waiting: Waiting, *, is_wanted: bool) -> tuple[str, bool]:
    """Return the line of a collector, and whether it would be used."""
    try:
        if is_wanted:
            opened = registry.open_collector(name, waiting)
            with closing(opened.collector) as collector:
                detail = f"{collector.detail}{_statistics(collector)}"
                return f"  [active] {name} ({detail})", True
        collector, state = registry.availability(name)
    except CollectorFailed as failure:
        return f"           {name}: unavailable: failed: {failure}", False
    except CollectorUnavailable as refusal:
        reason = refusal.line.removeprefix(f"collector {name}: unavailable: ")
        return f"           {name}: unavailable: {reason}", False
    if not state.available:
        reason = f"{state.reason}; {state.remedy}"
        return f"           {name}: unavailable: {reason}", False
    return f"           {name} ({collector.detail})", False


def _statistics(collector: Collector) -> str:
    """Return the event counts of a collector that counts events."""
    counters = collector.sample(Need.NONE).counters
    if counters.exits is None:
        return ""
    failures = counters.read_failures
    events = ((counters.forks or 0, "fork"), (counters.execs or 0, "exec"))
    line = ", ".join(counted(*one) for one in (*events, (counters.exits, "exit")))
    line = f"; {line}, {counters.lost} lost"
    if counters.lost_cpu_times:
        line += f", {counted(counters.lost_cpu_times, 'CPU time')} lost"
    return line + (f", {counted(failures, 'read failure')}" if failures else "")


def once(settings: Settings, limit: int | None) -> int:
    """Print the processes as a table."""
    columns = pick(settings.columns, machine_scale=settings.machine_scale)
    width = _terminal_width()
    needs = Need.NONE
    for column in columns:
        needs |= column.show_need | (column.need & FOR_RATES)

    def show(frame: Frame, view: View, cut: CutNote) -> None:
        listed = with_exited(frame, frame.interval_s or 0.0, frozenset())
        cut.at_least(cut_commands(listed, view.query))
        rows = project(listed, view).rows[:limit]
        write_stdout("\n".join(frame_table(listed, rows, columns, width)))

    _each_frame(settings, 1, show, needs)
    return 0


def _terminal_width() -> int | None:
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    # A terminal of unknown size reports 0.
    return os.get_terminal_size().columns or None


def json_lines(settings: Settings, samples: int | None, limit: int | None) -> int:
    """Print a JSON object for each sample; without `samples` until stopped."""

    def show(frame: Frame, view: View, cut: CutNote) -> None:
        listed = beside_exited(frame)
        cut.at_least(cut_commands(listed, view.query))
        write_stdout(frame_json(frame, *live_and_exited(listed, view, limit)))

    _each_frame(settings, samples, show)
    return 0


def _each_frame(
    settings: Settings,
    samples: int | None,
    show: Callable[[Frame, View, CutNote], None],
    needs: Need = Need.NONE,
) -> None:
    """Show `samples` frames, each with the rates of a whole interval.

    Programs want everything, so kernel threads are always listed.
    """
    sort = COLUMNS[settings.sort]
    view = View(
        sort=sort,
        descending=sort.descending
        if settings.descending is None
        else settings.descending,
        query=query.parse(settings.filter),
        tree=False,
        kernel_threads=True,
        user_threads=settings.user_threads,
    )
    needs |= sort.need | view.query.needs | Need.AT_ONCE
    if settings.user_threads:
        needs |= Need.THREADS
    waiting = Waiting(is_forced=settings.collector is not None)
    source = LocalHost(registry.open_collector(settings.collector, waiting))
    with CutNote() as cut, closing(source):
        # CPU use of threads is a rate, too.
        first = source.next_frame(needs & (FOR_RATES | Need.THREADS))
        schedule = Schedule(settings.interval_s, first.sample.monotonic_s)
        taken = 0
        while samples is None or taken < samples:
            time.sleep(max(0.0, schedule.due_s - time.monotonic()))
            frame = source.next_frame(needs)
            schedule.took(frame.sample.monotonic_s)
            show(frame, view, cut)
            taken += 1
