"""Exited parents, in the tree above their live children.

The extra column `hangs_from` holds the pid of the row above a row in the tree, where
that is not its parent.
"""

from typing import Final

import numpy as np

from montauk_tui.engine.rows.build import RowLookups, beside, carried, frame_of
from montauk_tui.engine.rows.kinds import all_of, is_living
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import Extra
from montauk_tui.model.join import by_pid
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.names import DEAD
from montauk_tui.model.orphans import Kin, Orphans, codes, living_ancestors
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Bools, Floats, Ints

_KEPT: Final = ("pid", "tgid", "ppid", "pgrp", "session", "tty", "uid", "start_ticks")
"""Columns that stay valid after the exit."""


def real_pids(frame: Frame) -> Ints:
    """Return the pid of each row's process, -1 for a group."""
    pid = frame.sample.processes.pid
    real = frame.extra.get("real_pid")
    if real is None:
        return pid
    of_exited = np.where(np.isnan(real), -1.0, real).astype(np.int64)
    return np.where(is_living(frame), pid, of_exited)


def row_codes(frame: Frame) -> Ints:
    """Return a code for each row's process, the same before and after its exit."""
    return codes(real_pids(frame), frame.sample.processes.start_ticks)


def with_exited_parents(frame: Frame, listed: Frame, linger_s: float) -> Frame:
    """Return `listed` with exited parents, and the column `hangs_from`.

    Args:
        frame: What the collector saw.
        listed: The same with rows for exited processes.
        linger_s: How lately.
    """
    orphans = frame.history.orphans
    table, extra = listed.sample.processes, listed.extra
    if not len(orphans.exited_parents) and "real_pid" not in extra:
        return _hung(frame, listed, orphans, linger_s) if len(orphans.child) else listed
    # A process that has just exited has a row already.
    missing = ~np.isin(orphans.code, row_codes(listed))
    exited_parents = _table(orphans.exited_parents.only(missing))
    order = np.argsort(np.concatenate([exited_parents.pid, table.pid]), kind="stable")
    of_exited_parents = _extra(orphans, missing)
    columns = {**extra, **carried(listed.rates)}
    count = len(exited_parents)
    both = beside(of_exited_parents, count, columns, len(table))
    merged = {name: values[order] for name, values in both.items()}
    cpu_pct = np.concatenate([np.full(count, np.nan), listed.rates.cpu_pct])[order]
    lookups = RowLookups(listed.lookups, exited_parents.pid, [b""] * count)
    rows = frame_of(
        frame, exited_parents.merged(table), cpu_pct, merged, lookups, listed.deaths
    )
    return _hung(frame, rows, orphans, linger_s)


def _table(exited_parents: ProcessTable) -> ProcessTable:
    columns = {name: getattr(exited_parents, name) for name in _KEPT}
    columns["state"] = np.full(len(exited_parents), DEAD)
    columns["flags"] = np.zeros(len(exited_parents), dtype=np.int64)
    return ProcessTable(exited_parents.comm, columns)


def _extra(orphans: Orphans, kept: Bools) -> Extra:
    code = orphans.code[kept]
    return {
        "kind": all_of(RowKind.ORPHANS_PARENT, len(code)),
        "real_pid": (code >> 40).astype(np.float64),
        "exited_parent": np.ones(len(code)),
        "exit_status": orphans.exit_status[kept],
        "lifetime_s": orphans.lifetime_s[kept],
    }


def _hung(frame: Frame, rows: Frame, orphans: Orphans, linger_s: float) -> Frame:
    """Return `rows` with the column `hangs_from`."""
    hangs = _of_exited(frame, rows, linger_s)
    code = row_codes(rows)
    by_code = np.argsort(code, kind="stable")
    child, parent = (
        by_code[np.searchsorted(code[by_code], wanted).clip(max=len(code) - 1)]
        for wanted in (orphans.child, orphans.parent)
    )
    found = (code[child] == orphans.child) & (code[parent] == orphans.parent)
    pid = rows.sample.processes.pid
    hangs[child[found]] = pid[parent[found]]
    extra = {**rows.extra, **carried(rows.rates), "hangs_from": hangs}
    return frame_of(frame, rows.sample.processes, rows.rates.cpu_pct, extra,
                    rows.lookups, rows.deaths)  # fmt: skip


def _of_exited(frame: Frame, rows: Frame, linger_s: float) -> Floats:
    """Return the row above each exited process whose parent has exited too."""
    table, now = rows.sample.processes, Kin.of(frame.sample.processes)
    hangs = np.full(len(table), np.nan)
    real = real_pids(rows)
    exited = np.flatnonzero(~is_living(rows) & (real >= 0))
    row, has_parent = by_pid(now.pid, table.ppid[exited])
    started = now.start_ticks[row[has_parent]]
    has_parent[has_parent] = started <= table.start_ticks[exited[has_parent]]
    lost = exited[~has_parent]
    if not lost.size:
        return hangs
    code = codes(real[exited], table.start_ticks[exited])
    order = np.argsort(code, kind="stable")
    wanted = codes(table.ppid[lost], table.start_ticks[lost])
    place = np.searchsorted(code[order], wanted, side="right") - 1
    at = exited[order[place.clip(0)]]
    found = (place >= 0) & (real[at] == table.ppid[lost]) & (at != lost)
    hangs[lost[found]] = table.pid[at[found]]
    rest = lost[~found]
    batch = frame.history.exited_since(frame.sample.monotonic_s - 2 * linger_s)
    children = Kin(*(column[rest] for column in Kin.of(table)))
    ancestor = living_ancestors(children, now, Kin.of(batch.exits))
    hangs[rest] = np.where(ancestor > 0, ancestor, np.nan)
    return hangs
