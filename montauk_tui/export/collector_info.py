"""`montauk --collector-info`: every installed collector in one line."""

from contextlib import closing

from montauk_tui.collectors import registry
from montauk_tui.collectors.base import Collector
from montauk_tui.engine.units import counted
from montauk_tui.errors import CollectorFailed, CollectorUnavailable
from montauk_tui.export.losses import losses_text
from montauk_tui.export.output import write_stdout
from montauk_tui.export.waiting import Waiting
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
        collector = registry.load(name)
        state = collector.availability()
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
    line = f"; {line}{losses_text(counters)}"
    return line + (f", {counted(failures, 'read failure')}" if failures else "")
