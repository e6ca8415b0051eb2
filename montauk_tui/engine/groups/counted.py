"""What groups of processes did in one interval, exited processes included."""

from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.causes import How, how
from montauk_tui.engine.groups.assigned import Assign, Assigned
from montauk_tui.engine.history.takeover import unreported_exits, unreported_starts
from montauk_tui.engine.interval.modes import (
    children_share,
    user_share,
    user_share_of_exits,
)
from montauk_tui.engine.rows.build import status_of, sums_of
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.join import by_pid, find
from montauk_tui.model.names import DEAD
from montauk_tui.model.schema import Bools, Floats, Ints, as_floats
from montauk_tui.model.starts import FORK

RESULTS: Final = ("ok", "failed", "signal", "oom", "unknown")
"""How a process exited."""

COUNTERS: Final = (
    "user_s", "kernel_s", "exited_s", "starts", *RESULTS, "read_bytes", "write_bytes",
)  # fmt: skip
"""What grows: CPU-seconds in each mode, the part of processes that exited in the
interval, processes that started and exited, bytes."""

GAUGES: Final = ("processes", "threads", "rss_bytes")
"""What live processes hold at the end of the interval."""

_BYTES: Final = ("read_bytes", "write_bytes")
_OK, _FAILED, _SIGNAL, _OOM, _UNKNOWN = range(len(RESULTS))


class GroupCounts(NamedTuple):
    """What each group did. The last row is that of `OTHER`: of what has no group."""

    names: list[str]
    grown: Floats
    """Shape (names + 1, COUNTERS): never below 0; what is not known counts as 0."""
    held: Floats
    """Shape (names + 1, GAUGES): sums of what is known."""

    def of(self, counter: str) -> Floats:
        """Return the growth of one counter."""
        return self.grown[:, COUNTERS.index(counter)]


class GroupCounting:
    """Counts what groups did since the previous frame."""

    def __init__(self, assign: Assign) -> None:
        """Take the function that tells the group of each process."""
        self._assign = assign
        self._previous: Frame | None = None
        self._opening = 0

    def count(self, frame: Frame, opening: int) -> GroupCounts:
        """Return the counts of a frame; the first one only says what is held.

        Args:
            frame: With the rates since the previous one.
            opening: Number of its collector among those opened: another one may report
                events again.
        """
        previous, self._previous = self._previous, frame
        is_takeover, self._opening = opening != self._opening, opening
        assigned = self._assign(frame)
        size = len(assigned.names) + 1
        held = _held(frame, assigned, size)
        grown = np.zeros((size, len(COUNTERS)))
        if previous is not None:
            reported = previous if is_takeover else None
            columns = {
                **_cpu(previous, frame, assigned, size),
                "starts": _starts(frame, assigned, reported, size),
                **_results(frame, assigned, reported, size),
                **_bytes(frame, assigned, size),
            }
            for place, name in enumerate(COUNTERS):
                grown[:, place] = np.maximum(columns[name], 0.0)
        return GroupCounts(assigned.names, grown, held)


def _sums(values: Floats, of: Ints, size: int) -> Floats:
    return np.nan_to_num(sums_of(values, of, size))


def _held(frame: Frame, assigned: Assigned, size: int) -> Floats:
    table = frame.sample.processes
    table = table.only(table.is_process)
    columns = (
        (table.state != DEAD).astype(np.float64),
        as_floats(table.threads),
        as_floats(table.rss_bytes),
    )
    sums = [_sums(column, assigned.living, size) for column in columns]
    return np.stack(sums, axis=1)


def _cpu(
    previous: Frame, frame: Frame, assigned: Assigned, size: int
) -> dict[str, Floats]:
    """Return the CPU-seconds of each group.

    Where exits are not reported, what was credited to a parent counts for the parent's
    group.
    """
    samples, rates = (previous.sample, frame.sample), frame.rates
    is_process = frame.sample.processes.is_process
    live_s, exited_s = rates.cpu_s[is_process], rates.exit_cpu_s
    children_s = rates.children_s[is_process]
    in_user_mode = zip(
        (live_s, exited_s, children_s),
        (
            user_share(*samples)[is_process],
            user_share_of_exits(*samples),
            children_share(frame)[is_process],
        ),
        strict=True,
    )
    places = (assigned.living, assigned.exits, assigned.living)
    used, user = (
        [_sums(part, of, size) for part, of in zip(parts, places, strict=True)]
        for parts in (
            (live_s, exited_s, children_s),
            (part_s * share for part_s, share in in_user_mode),
        )
    )
    user_s = user[0] + user[1] + user[2]
    exited = used[1] + used[2]
    return {"user_s": user_s, "kernel_s": used[0] + exited - user_s, "exited_s": exited}


def _starts(
    frame: Frame, assigned: Assigned, reported: Frame | None, size: int
) -> Floats:
    """Return the forks of each group: that of the child, or else of the parent."""
    starts, exits = frame.sample.starts, frame.sample.exits
    if starts is None:
        return np.zeros(size)
    is_new = starts.kind == FORK
    if reported is not None:
        is_new &= unreported_starts(reported.history.starts, starts)
    forks, table = starts.only(is_new), frame.sample.processes
    pids = table.pid[table.is_process]
    exited = (exits or ExitTable.empty()).pid
    order = np.argsort(exited, kind="stable")
    of = np.full(len(forks), size - 1)
    for whose in (forks.ppid, forks.pid):
        for row, found, places in (
            (*by_pid(exited[order], whose), assigned.exits[order]),
            (*by_pid(pids, whose), assigned.living),
        ):
            of[found] = places[row[found]]
    return _sums(np.ones(len(of)), of, size)


def _results(
    frame: Frame, assigned: Assigned, reported: Frame | None, size: int
) -> dict[str, Floats]:
    """Return the exits of each group by their results."""
    exits = frame.sample.exits
    if exits is None or not len(exits):
        return dict.fromkeys(RESULTS, np.zeros(size))
    is_new: Bools = np.ones(len(exits), dtype=np.bool_)
    if reported is not None:
        is_new = unreported_exits([it.exits for it in reported.history.exited], exits)
    result = _result_of(exits)
    return {
        name: _sums((is_new & (result == number)).astype(float), assigned.exits, size)
        for number, name in enumerate(RESULTS)
    }


def _result_of(exits: ExitTable) -> Ints:
    """Return the number of the result of each exit in `RESULTS`."""
    status = status_of(exits)
    by_signal = (np.nan_to_num(status).astype(np.int64) & 0x7F) != 0
    result = np.where(by_signal, _SIGNAL, np.where(status == 0, _OK, _FAILED))
    result[np.isnan(status)] = _UNKNOWN
    for (pid, start), death in exits.deaths.items():
        if how(death) is How.OOM:
            result[(exits.pid == pid) & (exits.start_ticks == start)] = _OOM
    return result


def _bytes(frame: Frame, assigned: Assigned, size: int) -> dict[str, Floats]:
    """Return what the processes of each group read and wrote."""
    table, exits, rates = frame.sample.processes, frame.sample.exits, frame.rates
    interval_s, own = rates.interval_s, table.is_process
    if exits is not None:
        # An exit record has all that its row has.
        join = find(table, exits.pid, exits.start_ticks)
        own = own.copy()
        own[join.row[join.found]] = False
    kept = own[table.is_process]
    result = {}
    for name in _BYTES:
        growth = np.zeros(size)
        if name in rates.per_s:
            growth += _sums(rates.per_s[name][own], assigned.living[kept], size)
        if len(assigned.exits):
            growth += _sums(rates.exit_per_s[name], assigned.exits, size)
        result[name] = growth * interval_s
    return result
