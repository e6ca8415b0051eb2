"""The CPU time of short-lived children, inferred from the parents' cutime and cstime.

A parent that waits for a child gets the child's whole CPU time added to its cutime and
cstime, together with what that child had been credited itself (wait_task_zombie in
kernel/exit.c). So their growth, less the CPU time that vanished children had before, is
what the children used since then. /proc has no other source for it.
"""

from typing import Final

import numpy as np

from montauk_tui.model.join import by_pid, same_process
from montauk_tui.model.orphans import Kin, living_ancestors
from montauk_tui.model.sample import ProcessTable, Sample
from montauk_tui.model.schema import UNKNOWN, Floats

_OWN: Final = ("utime", "stime")
_CREDITED: Final = ("cutime", "cstime")


def children_seconds(previous: Sample, current: Sample) -> Floats:
    """Return the CPU-seconds of vanished children for each row of `current`.

    Both samples must come from one collector, else all is unknown: NaN.
    """
    before, now = previous.processes, current.processes
    if previous.ticks_per_second != current.ticks_per_second or not len(before):
        return np.full(len(now), np.nan)
    hz = current.ticks_per_second
    join = same_process(before, now)
    grown = _sum(now, _CREDITED)
    grown[join.found] -= _sum(before, _CREDITED)[join.row[join.found]]
    known = np.isfinite(grown) & now.is_process
    left_s = np.where(known, grown, 0.0) / hz
    exited = ~same_process(now, before).found & before.is_process
    reported_s = np.nan_to_num(_sum(before, _OWN + _CREDITED)) / hz
    wanted = Kin.of(before)._replace(ppid=np.where(exited, before.ppid, 0))
    ancestor = living_ancestors(wanted, Kin.of(now), Kin.of(before.only(exited)))
    parent, is_there = by_pid(now.pid, ancestor)
    credited = exited & is_there & (ancestor > 0)
    left_s -= np.bincount(parent[credited], reported_s[credited], len(now))
    elapsed_s = current.monotonic_s - previous.monotonic_s
    used_s = _settled(left_s).clip(0.0, elapsed_s * len(current.host.cpu_ids))
    used_s[~known] = np.nan
    return used_s


def _settled(left_s: Floats) -> Floats:
    """Return what is left after parents with a deficit are balanced.

    A process that adopted a child may reap it, instead of its parent of the last
    sample: the surplus there is a deficit here.
    """
    missing_s = float(-left_s[left_s < 0].sum())
    settled = left_s.clip(0.0)
    for row in np.argsort(-settled).tolist():
        if missing_s <= 0 or settled[row] <= 0:
            break
        given_s = min(missing_s, float(settled[row]))
        settled[row] -= given_s
        missing_s -= given_s
    return settled


def _sum(table: ProcessTable, names: tuple[str, ...]) -> Floats:
    """Return the sum of some columns, NaN where one of them is unknown."""
    total = np.zeros(len(table))
    for name in names:
        values = getattr(table, name)
        total += np.where(values == UNKNOWN, np.nan, values)
    return total
