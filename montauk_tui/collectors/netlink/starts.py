"""Forks and execs as the connector told them, with what else is known of them."""

from collections.abc import Mapping

import numpy as np

from montauk_tui.collectors.netlink.pairs import by_pid
from montauk_tui.collectors.netlink.streams import ARGV_BYTES, Argv, Taken
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Bools, Bytes, Ints
from montauk_tui.model.starts import EXEC, FORK, StartTable


def start_table(
    taken: Taken,
    argv: Mapping[int, Argv],
    now: ProcessTable,
    exits: ExitTable,
    clock: tuple[int, int],
) -> StartTable:
    """Return the forks and execs; owner and name where the process is a row or ended.

    Args:
        taken: The events.
        argv: What was read of arguments, by pid.
        now: The processes of this sample.
        exits: Those that ended.
        clock: CLOCK_BOOTTIME less CLOCK_MONOTONIC in ns, and USER_HZ.
    """
    events = np.concatenate([taken.forks, taken.execs])
    offset_ns, user_hz = clock
    pid = events["pid"].copy()
    time_ns = events["time_ns"] + offset_ns
    columns = {
        "kind": np.repeat([FORK, EXEC], [len(taken.forks), len(taken.execs)]),
        "time_ns": time_ns,
        "pid": pid,
    }
    columns |= {name: np.full(len(events), UNKNOWN) for name in _KNOWN_OF_OTHERS}
    comm = np.zeros(len(events), dtype=f"S{COMM_BYTES}")
    order = np.argsort(exits.pid, kind="stable")
    _fill(columns, comm, exits, order, exits.pid[order])
    _fill(columns, comm, now, np.arange(len(now)), now.pid)
    is_fork = columns["kind"] == FORK
    columns["ppid"][is_fork] = events["ppid"][is_fork]
    unknown = columns["start_ticks"] == UNKNOWN
    columns["start_ticks"][unknown] = (time_ns // (10**9 // user_hz))[unknown]
    found = _arguments(events["pid"], events["time_ns"], is_fork, argv)
    columns["cmdline_bytes"] = np.array(list(map(len, found)), dtype=np.int64)
    cmdline = np.array([raw[:ARGV_BYTES] for raw in found], dtype=f"S{ARGV_BYTES}")
    return StartTable(comm, cmdline, columns)


_KNOWN_OF_OTHERS = ("ppid", "uid", "start_ticks")


def _fill(
    columns: dict[str, Ints],
    comm: Bytes,
    table: ProcessTable | ExitTable,
    rows: Ints,
    pids: Ints,
) -> None:
    """Fill in what a table knows; `pids` are those of its `rows`, ascending."""
    place, found = by_pid(pids, columns["pid"])
    row = rows[place[found]]
    for name in _KNOWN_OF_OTHERS:
        columns[name][found] = getattr(table, name)[row]
    comm[found] = table.comm[row]


def _arguments(
    pids: Ints, times_ns: Ints, is_fork: Bools, argv: Mapping[int, Argv]
) -> list[bytes]:
    """Return the arguments of each exec, empty where they were not read after it."""
    return [
        b""
        if fork or (read := argv.get(pid)) is None or read.read_ns < time_ns
        else read.raw
        for pid, time_ns, fork in zip(
            pids.tolist(), times_ns.tolist(), is_fork.tolist(), strict=True
        )
    ]
