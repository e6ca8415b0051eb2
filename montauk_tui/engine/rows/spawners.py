"""Spawners: the live processes that start others."""

from collections.abc import Callable

import numpy as np

from montauk_tui.engine.rows.build import is_failure, only
from montauk_tui.engine.rows.exited import is_passing
from montauk_tui.engine.rows.window import exited_lately, starts_lately, window_s
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import ExitedBatch
from montauk_tui.model.join import by_pid
from montauk_tui.model.orphans import Kin, living_ancestors
from montauk_tui.model.schema import Floats
from montauk_tui.model.starts import EXEC, FORK
from montauk_tui.model.tables import Table


def spawners(frame: Frame) -> Frame:
    """Return the processes that started others in the window, with what these did.

    A process whose parent has exited counts for its nearest live ancestor. Where no
    starts and exits are reported, the parents' cutime and cstime are used.
    """
    exited, starts = exited_lately(frame), starts_lately(frame)
    exits, table = exited.exits, frame.sample.processes
    seconds = window_s(frame)

    def by_parent(of: Table, weight: Floats | None = None) -> Floats:
        if not len(table):
            return np.zeros(0)
        living = living_ancestors(Kin.of(of), Kin.of(table), Kin.of(exits))
        row, found = by_pid(table.pid, living)
        known = found & (living > 0)
        weights = None if weight is None else np.nan_to_num(weight[known])
        counted = np.bincount(row[known], weights, len(table))
        rate: Floats = counted.astype(np.float64) / seconds
        return rate

    extra = {
        "forks_rate": by_parent(starts.only(starts.kind == FORK)),
        "execs_rate": by_parent(starts.only(starts.kind == EXEC)),
        **_of_exits(exited, by_parent),
    }
    unknown = np.full(len(table), np.nan)
    if frame.sample.starts is None:
        extra |= dict.fromkeys(("forks_rate", "execs_rate"), unknown)
    if frame.sample.exits is None:
        extra |= dict.fromkeys(("ends_rate", "failures_rate"), unknown)
    if np.isfinite(frame.rates.children_s).any():
        interval_s = frame.interval_s or 1.0
        extra["short_pct"] = np.nan_to_num(frame.rates.children_s) / interval_s * 100
    names = ("forks_rate", "ends_rate", "short_pct")
    busy = sum((np.nan_to_num(extra[name]) for name in names), np.zeros(len(table)))
    return only(frame, (busy > 0) & ~is_passing(frame), extra)


def _of_exits(
    exited: ExitedBatch, by_parent: Callable[..., Floats]
) -> dict[str, Floats]:
    exits, cpu_s = exited.exits, exited.cpu_s
    is_known = not len(cpu_s) or np.isfinite(cpu_s).any()
    return {
        "ends_rate": by_parent(exits),
        "failures_rate": by_parent(exits.only(is_failure(exited))),
        "short_pct": by_parent(exits, cpu_s) * (100.0 if is_known else np.nan),
    }
