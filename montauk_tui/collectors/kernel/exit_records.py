"""Exit records with their final CPU time, made of the records of the probes.

The kernel updates the run time of a task at ticks and switches only, so at its exit a
short-lived task shows a fraction of it. The run time is final once the last thread has
left its CPU for good, 0.1 ms later: an exit is held back until that record arrives, or,
if it was lost, until the snapshot shows a zombie.
"""

import os
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from montauk_tui.collectors.argvectors import whole_bytes
from montauk_tui.collectors.cputime import split_run_time, whole_life
from montauk_tui.collectors.kernel.log import Records, joined
from montauk_tui.collectors.kernel.records import (
    ARGV_BYTES,
    EXIT,
    FINAL,
    LIFECYCLE,
    int_columns,
)
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.join import find, is_in
from montauk_tui.model.kthreads import kernel_flags
from montauk_tui.model.names import DEAD
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Bools, Bytes, Ints

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")

_PATIENCE_NS: Final = 10 * 10**9
"""A final record that is later than this counts as lost, and the run time known so far
is reported. A reaped task may wait a second for a CPU when busy loops outrank it."""

_MOST_FINALS: Final = 1 << 14
"""Recorded when a thread is freed, most belong to no exit of a process."""

_MOST_ARGUMENTS: Final = 1 << 16
"""More processes than most machines run at a time."""


class CompletedExits(NamedTuple):
    """Exits with their final CPU time, and those that still wait for it."""

    exits: ExitTable
    waiting: ProcessTable
    """As rows of state X with the CPU time known so far; usually empty."""


_IO: Final = ("read_bytes", "write_bytes")


class ExitCompleter:
    """Completes exits from one sample to the next."""

    def __init__(self, user_hz: int, since_ns: int = 1 << 62) -> None:
        """Start with nothing waiting; execs are recorded since `since_ns`."""
        self._tick_ns = 10**9 // user_hz
        self._waiting: Records = np.empty(0, dtype=LIFECYCLE)
        self._since_ns = since_ns
        self._finals: Records = np.empty(0, dtype=FINAL)
        self.lost_cpu_times = 0
        """Exits reported with less than their CPU time, as its record was lost."""
        self._arguments: dict[tuple[int, int], tuple[bytes, int, int, bytes]] = {}

    @property
    def waiting(self) -> Ints:
        """Pids of the exits that are not complete yet."""
        pids: Ints = self._waiting["pid"].astype(np.int64)
        return pids

    def reported_until_ns(self, read_ns: int) -> int:
        """Return the time up to which all exits read at `read_ns` are reported."""
        waiting: list[int] = self._waiting["time_ns"].tolist()
        return min(read_ns, min(waiting, default=read_ns + 1) - 1)

    def complete(
        self,
        lifecycle: Records,
        finals: Records,
        table: ProcessTable,
        settled: Ints,
        now_ns: int,
    ) -> CompletedExits:
        """Return the exits, given the new records and a snapshot taken before them.

        Args:
            lifecycle: New records of execs and exits.
            finals: New records of final run times, read before `lifecycle`.
            table: The processes of the snapshot.
            settled: Pids of the zombies in it that have left their CPU for good.
            now_ns: CLOCK_BOOTTIME.
        """
        finals = self._finals = self._unused(finals, now_ns)
        if not len(lifecycle) and not len(self._waiting):
            return CompletedExits(ExitTable.empty(), ProcessTable.empty())
        is_exit = lifecycle["kind"] == EXIT
        self._remember_arguments(lifecycle.compress(~is_exit))
        new = lifecycle.compress(is_exit)
        exits = joined([self._waiting, new], LIFECYCLE)
        final_ns, is_final = _final(exits, finals)
        pids = exits["pid"].astype(np.int64)
        row, is_row = find(table, pids, self._ticks(exits))
        is_settled = is_row & is_in(pids, settled)
        # A last thread other than the leader is not in the snapshot any more.
        is_zombie = is_settled & (exits["last_ns"] == exits["start_ns"])
        so_far_ns = (exits["others_ns"] + exits["own_ns"]).astype(np.int64)
        run_ns = so_far_ns.copy()
        run_ns[is_zombie] = (table.utime + table.stime)[row[is_zombie]]
        run_ns[is_final] = np.maximum(so_far_ns, final_ns)[is_final]
        waited_ns = now_ns - exits["time_ns"].astype(np.int64)
        # An exiting process may take long: it frees memory and closes files.
        is_late = (waited_ns > _PATIENCE_NS) & (is_settled | ~is_row)
        # The thread that starts to exit last may finish before the others.
        is_alone = is_zombie & (exits["threads"] <= 1)
        is_done = is_final | is_alone | is_late
        self.lost_cpu_times += int(np.count_nonzero(is_late & ~is_final & ~is_zombie))
        self._waiting = exits.compress(~is_done)
        used = _task_key(exits["last_ns"], exits["last_tid"])[is_final]
        is_used = is_in(_task_key(finals["start_ns"], finals["pid"]), used)
        self._finals = finals.compress(~is_used)
        completed = self._exit_table(exits.compress(is_done), run_ns[is_done])
        return CompletedExits(completed, self._waiting_table(table))

    def _unused(self, finals: Records, now_ns: int) -> Records:
        """Return the new final run times and those not matched to an exit yet."""
        if not len(self._finals):
            return finals
        since_ns = np.uint64(max(now_ns - _PATIENCE_NS, 0))
        kept = self._finals[self._finals["time_ns"] >= since_ns][-_MOST_FINALS:]
        return joined([kept, finals], FINAL)

    def _remember_arguments(self, execs: Records) -> None:
        """Keep the arguments of running processes, for exits without a memory map.

        Before 6.16 sched_process_exit fires after the memory map has been released.
        The largest memory of the process so far is kept too: see `_peak_bytes`.
        """
        # Records arrive CPU by CPU; the last exec of a process counts.
        execs = execs[np.argsort(execs["time_ns"], kind="stable")]
        keys = zip(execs["pid"].tolist(), execs["start_ns"].tolist(), strict=True)
        kept = cut_arguments(execs)
        values = zip(
            kept.tolist(),
            argument_bytes(execs, kept).tolist(),
            execs["peak_pages"].tolist(),
            execs["exe"].tolist(),
            strict=True,
        )
        self._arguments.update(zip(keys, values, strict=True))
        while len(self._arguments) > _MOST_ARGUMENTS:
            # These belong to a process whose exit was lost.
            self._arguments.pop(next(iter(self._arguments)))

    def arguments_of(self, pid: int, start_ns: int) -> bytes | None:
        """Return the arguments of a process that did an exec, None for unknown."""
        kept = self._arguments.get((pid, start_ns))
        return None if kept is None else kept[0]

    def _ticks(self, exits: Records) -> Ints:
        ticks: Ints = (exits["start_ns"] // self._tick_ns).astype(np.int64)
        return ticks

    def _exit_table(self, exits: Records, run_ns: Ints) -> ExitTable:
        code = exits["code"].astype(np.int64)
        number = code & 0x7F
        ticks = (exits["utime"].astype(np.int64), exits["stime"].astype(np.int64))
        user, system = split_run_time(run_ns, *ticks)
        cmdline, length, before, exe = self._arguments_of(exits)
        columns = int_columns(exits, (
            "pid", "ppid", "uid", *_IO, "cgroup_id", "threads",
        ))  # fmt: skip
        columns |= {
            "start_ticks": self._ticks(exits),
            "end_ns": exits["time_ns"].astype(np.int64),
            "lifetime_ns": whole_life(
                (exits["time_ns"] - exits["start_ns"]).astype(np.int64),
                run_ns,
                (exits["threads"] <= 1) & (exits["others_ns"] == 0),
            ),
            "exit_code": np.where(number == 0, code >> 8 & 0xFF, UNKNOWN),
            "exit_signal": np.where(number == 0, UNKNOWN, number),
            "core_dumped": code >> 7 & 1,
            "utime_ns": user,
            "stime_ns": system,
            "rss_bytes": _bytes(exits["rss_pages"]),
            "peak_rss_bytes": _peak_bytes(exits, before),
            "cmdline_bytes": length,
        }
        return ExitTable(exits["comm"].astype(f"S{COMM_BYTES}"), cmdline, columns, exe)

    def _arguments_of(self, exits: Records) -> tuple[Bytes, Ints, Ints, Bytes]:
        """Return arguments, their length, the peak before the exec, the program file.

        The peak is in pages.
        """
        cmdline = cut_arguments(exits)
        length = argument_bytes(exits, cmdline)
        # A process whose fork was recorded started from 0 (copy_signal).
        is_seen = exits["start_ns"].astype(np.int64) >= self._since_ns
        before = np.where(is_seen, 0, UNKNOWN)
        exe = np.zeros(len(exits), dtype=LIFECYCLE["exe"])
        keys = zip(exits["pid"].tolist(), exits["start_ns"].tolist(), strict=True)
        kept = [self._arguments.pop(key, None) for key in keys]
        rows = [row for row, one in enumerate(kept) if one is not None]
        if rows:
            found = zip(*filter(None, kept), strict=True)
            texts, lengths, before[rows], exe[rows] = found
            lacks = length[rows] == 0
            texts, rows = np.array(texts)[lacks], np.array(rows)[lacks]
            cmdline = cmdline.astype(np.result_type(cmdline, texts))
            cmdline[rows], length[rows] = texts, np.array(lengths)[lacks]
        return cmdline, length, before, exe

    def _has_arguments(self, exits: Records) -> Bools:
        """Tell which have known arguments: these run a program."""
        keys = zip(exits["pid"].tolist(), exits["start_ns"].tolist(), strict=True)
        kept = np.array([key in self._arguments for key in keys], dtype=np.bool_)
        has: Bools = kept | (exits["argv_bytes"] > 0)
        return has

    def _waiting_table(self, table: ProcessTable) -> ProcessTable:
        """Return the waiting exits that the snapshot lacks, a row each."""
        exits = self._waiting
        order = np.argsort(exits["pid"], kind="stable")
        exits = exits[order]
        pids = exits["pid"].astype(np.int64)
        exits = exits[(np.diff(pids, prepend=-1) > 0) & ~is_in(pids, table.pid)]
        run_ns = (exits["others_ns"] + exits["own_ns"]).astype(np.int64)
        user, system = split_run_time(
            run_ns, exits["utime"].astype(np.int64), exits["stime"].astype(np.int64)
        )
        # In the sums of groups they are the processes that they were.
        known = [name for name in (*_IO, "cgroup_id") if name in table.names]
        columns = int_columns(exits, ("pid", "ppid", "uid", *known))
        columns |= {
            "tgid": columns["pid"],
            "start_ticks": self._ticks(exits),
            "utime": user,
            "stime": system,
            "state": np.full(len(exits), DEAD, dtype=np.int64),
            "flags": kernel_flags(table, columns["ppid"], self._has_arguments(exits)),
            "threads": np.zeros(len(exits), dtype=np.int64),
        }
        return ProcessTable(exits["comm"].astype(f"S{COMM_BYTES}"), columns)


def _bytes(pages: Records) -> Ints:
    """Return sizes; 0 pages mean that the memory map had been released already."""
    sizes = pages.astype(np.int64) * _PAGE_BYTES
    return np.where(sizes > 0, sizes, UNKNOWN)


def _peak_bytes(exits: Records, before: Ints) -> Ints:
    """Return the largest memory of each program since its exec.

    Without a memory map at the exit the kernel has the largest of the whole process
    only (maxrss of struct signal_struct). It is the program's own if it is more than
    the value before its exec, else unknown.

    Args:
        exits: The exit records.
        before: Pages of the process's largest memory at its last exec, or UNKNOWN.
    """
    is_own = (exits["rss_pages"] > 0) | (
        (before != UNKNOWN) & (exits["peak_pages"] > before)
    )
    return np.where(is_own, _bytes(exits["peak_pages"]), UNKNOWN)


def cut_arguments(lifecycle: Records) -> Bytes:
    """Return the arguments without the remains of an older record behind them.

    Hot path: 0.1 us each; they are no wider than the longest.
    """
    room = lifecycle["argv"].dtype.itemsize
    letters = np.ascontiguousarray(lifecycle["argv"]).view(np.uint8)
    length = np.minimum(lifecycle["argv_bytes"], room).astype(np.uint16)
    width = int(length.max(initial=1))
    is_own = np.arange(width, dtype=np.uint16) < length[:, np.newaxis]
    own = letters.reshape(len(lifecycle), room)[:, :width] * is_own
    cut: Bytes = own.view(f"S{width}").reshape(len(lifecycle))
    return cut


def argument_bytes(lifecycle: Records, kept: Bytes) -> Ints:
    """Return the full length of the arguments that `kept` is the start of."""
    length = lifecycle["argv_bytes"].astype(np.int64)
    return whole_bytes(kept, length, ARGV_BYTES - 1)


def _final(exits: Records, finals: Records) -> tuple[Ints, Bools]:
    """Return the final run time of each exit, and which have a record of it."""
    run_ns = np.zeros(len(exits), dtype=np.int64)
    found = np.zeros(len(exits), dtype=np.bool_)
    if not len(finals) or not len(exits):
        return run_ns, found
    key = _task_key(finals["start_ns"], finals["pid"])
    order = np.argsort(key)
    key, finals = key[order], finals[order]
    row = np.searchsorted(key, _task_key(exits["last_ns"], exits["last_tid"]))
    finals = finals[row.clip(max=len(finals) - 1)]
    found = (finals["start_ns"] == exits["last_ns"]) & (
        finals["pid"] == exits["last_tid"]
    )
    run_ns[found] = finals["run_ns"][found].astype(np.int64)
    return run_ns, found


def _task_key(start_ns: Records, tid: Records) -> npt.NDArray[np.uint64]:
    """Return a number that is very likely unique among all threads since boot."""
    mixed: npt.NDArray[np.uint64] = start_ns.astype(np.uint64) * np.uint64(
        0x9E3779B97F4A7C15
    ) + tid.astype(np.uint64)
    return mixed
