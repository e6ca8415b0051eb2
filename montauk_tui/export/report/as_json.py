"""A report as one object of JSON."""

import json
import math
from collections.abc import Sequence
from typing import Any, Final

from montauk_tui.engine.usage.report import Report
from montauk_tui.engine.usage.rows import TreeRow, most_used, rows_of
from montauk_tui.engine.usage.sums import Used
from montauk_tui.export.output import write_stdout

SCHEMA: Final = 1


def write_json(
    report: Report, gaps: Sequence[tuple[float, float]], limit: int | None
) -> None:
    """Print it on one line."""
    write_stdout(json.dumps(document(report, gaps, limit), allow_nan=False))


def document(
    report: Report, gaps: Sequence[tuple[float, float]], limit: int | None
) -> dict[str, Any]:
    """Return the object."""
    (by,) = report.by
    totals = report.totals
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "host": report.hostname,
        "from": round(report.begin_s, 3),
        "to": round(report.end_s, 3),
        "collectors": list(totals.collectors),
        "cpus": report.cpus,
        "covered_s": round(totals.covered_s, 3),
        "intervals": totals.intervals,
        "lost": totals.lost,
        "gaps": [[round(begin_s, 3), round(end_s, 3)] for begin_s, end_s in gaps],
        "damaged": totals.damaged,
        "boots": totals.boots,
        "no_exits_s": round(totals.no_exits_s, 3),
        "no_busy_s": round(totals.no_busy_s, 3),
        "busy_s": _seconds(totals.busy_s),
        "live_s": _seconds(totals.live_s),
        "exited_s": _seconds(totals.exited_s),
        "interrupts_s": _seconds(totals.interrupts_s),
        "unexplained_s": _seconds(totals.unexplained_s),
        "by": by,
    }
    sees = totals.sees_exits
    if report.tree is not None:
        rows = most_used(rows_of(report.tree), limit)
        found["processes"] = [_process(row, sees=sees) for row in rows]
    else:
        groups = report.groups[by].ordered()[:limit]
        found["groups"] = [
            {"name": name, **_used(used, sees=sees)} for name, used in groups
        ]
    return found


def _process(row: TreeRow, *, sees: bool) -> dict[str, Any]:
    return {
        "id": row.place,
        "parent": row.above,
        "name": row.name,
        "user": row.user or None,
        "pid": row.pid,
        "processes": row.processes,
        "command": row.command or None,
        "own_cpu_s": _seconds(row.own.cpu_s),
        **_used(row.whole, sees=sees),
    }


def _used(used: Used, *, sees: bool) -> dict[str, Any]:
    peak = used.peak_rss_bytes
    return {
        "cpu_s": _seconds(used.cpu_s),
        "exited_s": _seconds(used.exited_s),
        "exits": used.exits if sees else None,
        "failures": used.failures if sees else None,
        "peak_rss_bytes": None if math.isnan(peak) else int(peak),
    }


def _seconds(value: float) -> float:
    return round(value, 6)
