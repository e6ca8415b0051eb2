"""The forks and execs that the connector reported, with what else is known of them."""

from collections.abc import Mapping

import numpy as np

from montauk_tui.collectors.argvectors import kept_and_whole
from montauk_tui.collectors.netlink.connector import Events
from montauk_tui.collectors.netlink.reader import UNREAD, Argv, Exec
from montauk_tui.collectors.netlink.record_pairing import last_before
from montauk_tui.collectors.netlink.streams import ARGV_BYTES, Drained
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.join import Join, by_pid
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Bools, Bytes, Ints
from montauk_tui.model.starts import EXEC, FORK, StartTable

_KNOWN_OF_OTHERS = ("ppid", "uid", "start_ticks")


def start_table(
    drained: Drained,
    argv: Mapping[Exec, Argv],
    now: ProcessTable,
    exits: ExitTable,
    clock: tuple[int, int],
) -> StartTable:
    """Return the forks and execs; owner and name if the process is a row or exited.

    Args:
        drained: The events.
        argv: The arguments that were read.
        now: The processes of this sample.
        exits: Those that exited.
        clock: CLOCK_BOOTTIME less CLOCK_MONOTONIC in ns, and USER_HZ.
    """
    events = np.concatenate([drained.forks, drained.execs])
    offset_ns, user_hz = clock
    time_ns = events["time_ns"] + offset_ns
    ticks = time_ns // (10**9 // user_hz)
    is_fork = np.arange(len(events)) < len(drained.forks)
    columns = {
        "kind": np.where(is_fork, FORK, EXEC),
        "time_ns": time_ns,
        "pid": events["pid"].copy(),
        **_by_forks(drained, events, ticks),
    }
    for table in (exits, now):
        row, found = _same(table, columns["pid"], ticks)
        for name in _KNOWN_OF_OTHERS:
            columns[name][found] = getattr(table, name)[row[found]]
    columns["ppid"][is_fork] = drained.forks["ppid"]
    read = _arguments(drained.execs, argv)
    none = [b""] * len(drained.forks)
    cmdlines, length = kept_and_whole(none + read, ARGV_BYTES - 1, ARGV_BYTES)
    columns["cmdline_bytes"] = length
    return StartTable(_names(drained, ticks, exits, now), cmdlines, columns)


def _by_forks(drained: Drained, events: Events, ticks: Ints) -> dict[str, Ints]:
    """Return start and parent of the processes of these events, from their forks."""
    columns = {name: np.full(len(events), UNKNOWN) for name in _KNOWN_OF_OTHERS}
    fork, found = last_before(
        events["pid"], events["time_ns"], drained.forks["pid"], drained.forks["time_ns"]
    )
    # The forks come first among the events.
    columns["start_ticks"][found] = ticks[fork[found]]
    columns["ppid"][found] = drained.forks["ppid"][fork[found]]
    return columns


def _names(drained: Drained, ticks: Ints, exits: ExitTable, now: ProcessTable) -> Bytes:
    """Return the name of each forking process and of each exec; empty for unknown."""
    named = np.concatenate([drained.forks["ppid"], drained.execs["pid"]])
    comm = np.zeros(len(named), dtype=f"S{COMM_BYTES}")
    # The name in a row is that of the last exec.
    is_named = np.ones(len(named), dtype=np.bool_)
    is_named[len(drained.forks) :] = _is_last(drained.execs)
    for table in (exits, now):
        row, found = _same(table, named, ticks)
        comm[found & is_named] = table.comm[row[found & is_named]]
    return comm


def _same(table: ProcessTable | ExitTable, pids: Ints, ticks: Ints) -> Join:
    """Return the rows of these pids; one that started later is another process."""
    order = np.argsort(table.pid, kind="stable")
    place, found = by_pid(table.pid[order], pids)
    if not len(order):
        return Join(place, found)
    row = order[place]
    start = table.start_ticks[row]
    return Join(row, found & (start != UNKNOWN) & (start <= ticks))


def _is_last(execs: Events) -> Bools:
    """Return which are the last of their process."""
    last = np.zeros(len(execs), dtype=np.bool_)
    order = np.lexsort((execs["time_ns"], execs["pid"]))
    last[order] = np.diff(execs["pid"][order], append=-1) != 0
    return last


def _arguments(execs: Events, argv: Mapping[Exec, Argv]) -> list[bytes]:
    """Return the arguments of each exec, empty where they were not read in time.

    Arguments read after the next execve(2) of the process belong to the next program.
    """
    result = [b""] * len(execs)
    next_ns: dict[int, int] = {}
    pids, times_ns = execs["pid"].tolist(), execs["time_ns"].tolist()
    for row in reversed(np.argsort(execs["time_ns"], kind="stable").tolist()):
        pid, time_ns = pids[row], times_ns[row]
        read = argv.get((pid, time_ns), UNREAD)
        if read.read_ns < next_ns.get(pid, read.read_ns + 1):
            result[row] = read.raw
        next_ns[pid] = time_ns
    return result
