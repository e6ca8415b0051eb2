"""Every process in one read: the task iterator and its decoding.

Hot path: about 1 us a thread, most of it in the kernel.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from montauk_tui.collectors.cputime import split_run_time
from montauk_tui.collectors.kernel.log import Records, unloaded
from montauk_tui.collectors.kernel.records import TASK, all_int_columns
from montauk_tui.errors import CollectorFailed
from montauk_tui.model.join import by_pid, is_in, same_process
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import (
    COMM_BYTES,
    FOR_COUNTERS,
    REDUCIBLE,
    Bytes,
    Ints,
    Need,
    counters,
)

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")

_STATES: Final = "RSDTtXZPI"
"""Letters by the index that task_state_index computes (include/linux/sched.h)."""
_REPORTED: Final = 0x7F
_IDLE: Final = 0x402
_FROZEN_OR_LOCK: Final = 0x8000 | 0x1000


class TaskIterator:
    """Reads all threads of the reader's pid namespace."""

    def __init__(self, open_tasks: Callable[[], int]) -> None:
        """Read what `open_tasks` returns, each time another descriptor."""
        self._open_tasks = open_tasks
        # Its pages are taken as they are filled.
        self._buffer = np.empty(TASK.itemsize * 4096, dtype=np.uint8)

    def read(self) -> Records:
        """Return a record of each thread, ascending by pid, valid until the next call.

        Raises:
            CollectorFailed: The kernel refuses.
        """
        try:
            descriptor = self._open_tasks()
        except FileNotFoundError as error:
            raise unloaded() from error
        except OSError as error:
            reason = f"the task iterator refuses: {error.strerror}"
            raise CollectorFailed(reason) from error
        filled = 0
        try:
            while True:
                if len(self._buffer) - filled < 1 << 16:
                    more = np.empty(2 * len(self._buffer), dtype=np.uint8)
                    more[:filled] = self._buffer[:filled]
                    self._buffer = more
                got = os.readv(descriptor, [self._buffer[filled:].data])
                if not got:
                    break
                filled += got
        except OSError as error:
            reason = f"the task iterator cannot be read: {error.strerror}"
            raise CollectorFailed(reason) from error
        finally:
            os.close(descriptor)
        return np.frombuffer(self._buffer, dtype=TASK, count=filled // TASK.itemsize)


def to_table(tasks: Records, user_hz: int, needs: Need = Need.NONE) -> ProcessTable:
    """Return the processes with the summed counters of their threads, and maybe these.

    The kernel keeps no sum of the run delay of exited threads.
    """
    counted = counters(needs)
    is_leader = tasks["pid"] == tasks["tgid"]
    of_leaders = tasks if is_leader.all() else tasks.take(np.flatnonzero(is_leader))
    leaders, comm = all_int_columns(of_leaders), _names(of_leaders)
    if len(of_leaders) == len(tasks):
        sums = _with_exited(leaders, leaders, counted)
        return ProcessTable(comm, _columns(leaders, sums, user_hz, counted))
    others = all_int_columns(tasks.take(np.flatnonzero(~is_leader)))
    _complete_maps(leaders, others)
    process, is_known = by_pid(leaders["pid"], others["tgid"])
    known = np.flatnonzero(is_known)
    process = process[known]
    sums = {name: leaders[name].copy() for name in (*_SUMMED, *counted)}
    for name, total in sums.items():
        np.add.at(total, process, others[name][known])
    columns = _columns(leaders, _with_exited(leaders, sums, counted), user_hz, counted)
    if Need.THREADS not in needs or not len(of_leaders):
        return ProcessTable(comm, columns)
    threads = all_int_columns(tasks)
    process, is_known = by_pid(leaders["pid"], threads["tgid"])
    shown = _columns(threads, threads, user_hz, counted)
    for name, values in shown.items():
        values[is_leader] = columns[name]
    shown |= {name: columns[name][process] for name in _OF_THE_PROCESS}
    table = ProcessTable(_names(tasks), shown)
    return table if is_known.all() else table.only(is_known)


def _names(tasks: Records) -> Bytes:
    return tasks["comm"].astype(f"S{COMM_BYTES}")


def stand_ins(tasks: Records) -> dict[int, int]:
    """Return a live thread of each process whose leader has exited."""
    exited = _exited(tasks)
    leaders = exited[exited["threads"] > 1]
    if not len(leaders):
        return {}
    tgids, tids = _first_living(tasks[tasks["pid"] != tasks["tgid"]])
    leaderless = is_in(tgids, leaders["pid"])
    return dict(
        zip(tgids[leaderless].tolist(), tids["pid"][leaderless].tolist(), strict=True)
    )


def _exited(tasks: Records) -> Records:
    """Return the threads that have exited; most often there is none."""
    exited: Records = tasks.take(np.flatnonzero(tasks["exit_state"]))
    return exited


def _first_living(others: Records) -> tuple[Ints, Records]:
    """Return the ids of processes, ascending, and the first live thread of each."""
    living = others[others["exit_state"] == 0]
    tgids, first = np.unique(living["tgid"], return_index=True)
    return tgids.astype(np.int64), living[first]


def settled_zombies(tasks: Records) -> Ints:
    """Return the pids of zombies that have left their CPU for good.

    A task becomes a zombie a little before it runs for the last time: only after that
    its run time is final.
    """
    exited = _exited(tasks)
    pids: Ints = exited["pid"][exited["on_cpu"] == 0].astype(np.int64)
    return pids


_OF_THE_PROCESS: Final = (
    "ppid", "pgrp", "session", "tty", "threads", "virt_bytes", "rss_bytes",
    "shared_bytes", "start_stack", "cutime", "cstime", "cgroup_id",
)  # fmt: skip
"""Columns that the threads of a process share."""

_PAGES: Final = ("file_pages", "anon_pages", "swap_pages", "shmem_pages")
_OF_A_LIVING_THREAD: Final = (
    "state", "exit_state", "virt_pages", "start_stack", *_PAGES,
    "prio", "static_prio", "rt_priority", "policy", "cpu",
)  # fmt: skip
"""What an exited leader no longer has, or what is not changed any more."""


def _complete_maps(leaders: dict[str, Ints], others: dict[str, Ints]) -> None:
    """Add to the leaders the data of the memory map from their other threads.

    Before Linux 6.2 each thread keeps a page count of its own. If the leader has
    exited, the map and the state are taken from another thread.
    """
    if not len(leaders["pid"]):
        return
    without_map = others["virt_pages"] == 0
    for name in _PAGES:
        own = np.flatnonzero(others[name] * without_map)
        if len(own):
            row, found = by_pid(leaders["pid"], others["tgid"][own])
            np.add.at(leaders[name], row[found], others[name][own][found])
    leader_exited = (leaders["exit_state"] != 0) & (leaders["threads"] > 1)
    if leader_exited.any():
        living = np.flatnonzero(others["exit_state"] == 0)
        tgids, first = np.unique(others["tgid"][living], return_index=True)
        row, found = by_pid(leaders["pid"], tgids)
        found &= leader_exited[row]
        for name in _OF_A_LIVING_THREAD:
            leaders[name][row[found]] = others[name][living[first[found]]]


_SUMMED: Final = {"run_ns": "dead_run_ns", "utime": "dead_utime", "stime": "dead_stime"}
"""Times of a thread, and the sums over exited threads in the process."""


def _with_exited(
    leaders: Mapping[str, Ints], sums: Mapping[str, Ints], counted: tuple[str, ...]
) -> dict[str, Ints]:
    """Return the sums of processes with the times of their exited threads."""
    result = {name: sums[name] for name in counted}
    for name, exited in _SUMMED.items():
        result[name] = sums[name] + leaders[exited]
    return result


_ALL: Final = slice(None)


def never_back(
    previous: ProcessTable, table: ProcessTable, needs: Need = Need.NONE
) -> ProcessTable:
    """Return `table` with counters that are nowhere less than they were.

    As in cputime_adjust: the proportion of the ticks shifts, and a thread that exits
    before the iterator reaches it is missing in the sum once.
    """
    if not len(previous):
        return table
    join = same_process(previous, table)
    now: Ints | slice = _ALL
    before: Ints | slice = _ALL
    if len(previous) != len(table) or not join.found.all():
        now, before = np.flatnonzero(join.found), join.row[join.found]
    user, system = table.utime.copy(), table.stime.copy()
    user_before, system_before = previous.utime[before], previous.stime[before]
    run = np.maximum(user[now] + system[now], user_before + system_before)
    # Only so much system time that the user time does not fall.
    least, most = system_before, run - user_before
    system[now] = np.minimum(np.maximum(system[now], least), most)
    user[now] = run - system[now]
    columns = {"utime": user, "stime": system}
    for name in counters(needs):
        if name in REDUCIBLE:
            continue
        columns[name] = counter = getattr(table, name).copy()
        # Unknown is less than all.
        counter[now] = np.maximum(counter[now], getattr(previous, name)[before])
    return table.with_columns(columns)


_HALVES: Final = (
    "pid", "tgid", "ppid", "pgrp", "session", "tty", "uid", "flags", "policy",
    "rt_priority", "threads",
)  # fmt: skip
"""Columns whose arrays are taken over: they hold next to nothing else."""
_COPIED: Final = ("cutime", "cstime", "cgroup_id", "start_stack")
"""Columns that would keep all words of the records in memory."""


def _columns(
    rows: Mapping[str, Ints],
    sums: Mapping[str, Ints],
    user_hz: int,
    counted: tuple[str, ...],
) -> dict[str, Ints]:
    """Return the columns of a table; `rows` are not used any more."""
    user, system = split_run_time(sums["run_ns"], sums["utime"], sums["stime"])
    columns = {name: rows[name] for name in _HALVES}
    columns |= {name: rows[name].copy() for name in _COPIED}
    # The parts are read while they change, so a sum may be below 0.
    file, anon, shmem = (
        np.maximum(rows[f"{kind}_pages"], 0) for kind in ("file", "anon", "shmem")
    )
    columns |= {name: sums[name].copy() for name in counted}
    if "write_bytes" in columns:
        # Truncating a file cancels bytes that another process wrote.
        columns["write_bytes"] = np.maximum(columns["write_bytes"], 0)
    columns |= {
        "start_ticks": rows["start_ns"] // (10**9 // user_hz),
        "utime": user,
        "stime": system,
        "state": _states(rows["state"], rows["exit_state"]),
        "priority": rows["prio"] - 100,
        "nice": rows["static_prio"] - 120,
        "processor": rows["cpu"],
        "virt_bytes": rows["virt_pages"] * _PAGE_BYTES,
        "rss_bytes": (file + anon + shmem) * _PAGE_BYTES,
        "shared_bytes": (file + shmem) * _PAGE_BYTES,
    }
    return columns


def _letters() -> Ints:
    """Return the code of the letter by the lowest bits of a state."""
    index = [bits.bit_length() for bits in range(_REPORTED + 1)]
    return np.array([ord(_STATES[at]) for at in index], dtype=np.int64)


_LETTERS: Final = _letters()


def _states(state: Ints, exit_state: Ints) -> Ints:
    """Return the state letters' codes as /proc shows them (task_state_index)."""
    codes: Ints = _LETTERS[(state | exit_state) & _REPORTED]
    codes[(state & _FROZEN_OR_LOCK) != 0] = ord("D")
    codes[(state & _IDLE) == _IDLE] = ord("I")
    return codes


SNAPSHOT_COLUMNS: Final = frozenset(
    {*_HALVES, *_COPIED, *counters(FOR_COUNTERS), "start_ticks", "utime", "stime",
     "state", "priority", "nice", "processor", "virt_bytes", "rss_bytes",
     "shared_bytes"}
)  # fmt: skip
"""The columns that a snapshot can have."""
