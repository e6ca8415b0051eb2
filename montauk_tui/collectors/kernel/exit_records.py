"""From the records of the probes to the processes that ended, their CPU time complete.

The run time of a task is brought up to date at ticks and switches only, so its exit
sees a fraction of a short life. It is final when the last thread leaves its CPU for
ever, 0.1 ms later: an end is held back until that record, or, where it is lost, until
the snapshot shows a zombie.
"""

import os
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from montauk_tui.collectors.argvectors import whole_bytes
from montauk_tui.collectors.cputime import split_run_time, whole_life
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import ARGV_BYTES, EXIT, FINAL, LIFE
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.join import find
from montauk_tui.model.kthreads import kernel_flags
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Bools, Bytes, Ints

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")

_PATIENCE_NS: Final = 10 * 10**9
"""After so long the record of who is gone is lost, and what is known must do. Who was
reaped may wait for a CPU to leave it for ever: below busy loops for a second."""

_MOST_FINALS: Final = 1 << 14
"""Where threads that are freed tell them, most are of no end."""

_MOST_ARGUMENTS: Final = 1 << 16
"""More processes than most machines run at a time."""


class Ended(NamedTuple):
    """Ends that are complete, and those that are still waiting."""

    exits: ExitTable
    waiting: ProcessTable
    """As rows of state X with what is known of their CPU time; usually none."""


class Lives:
    """Completes ends from one sample to the next."""

    def __init__(self, user_hz: int, since_ns: int = 1 << 62) -> None:
        """Start with nothing waiting; execs are recorded since `since_ns`."""
        self._tick_ns = 10**9 // user_hz
        self._waiting: Records = np.empty(0, dtype=LIFE)
        self._since_ns = since_ns
        self._finals: Records = np.empty(0, dtype=FINAL)
        self.lost_cpu_times = 0
        """Ends told with less than their CPU time: the record of it was lost."""
        self._arguments: dict[tuple[int, int], tuple[bytes, int, int]] = {}

    @property
    def waiting(self) -> Ints:
        """Pids of the ends that are not complete yet."""
        pids: Ints = self._waiting["pid"].astype(np.int64)
        return pids

    def told_until_ns(self, read_ns: int) -> int:
        """Return up to when all ends are told, of those that were read at `read_ns`."""
        waiting: list[int] = self._waiting["time_ns"].tolist()
        return min(read_ns, min(waiting, default=read_ns + 1) - 1)

    def take(
        self,
        lives: Records,
        finals: Records,
        table: ProcessTable,
        settled: Ints,
        now_ns: int,
    ) -> Ended:
        """Return what ended, given the new records and a snapshot taken before them.

        Args:
            lives: New records of execs and exits.
            finals: New records of final run times, read before `lives`.
            table: The processes of the snapshot.
            settled: Pids of the zombies in it that have left their CPU for ever.
            now_ns: CLOCK_BOOTTIME.
        """
        finals = self._finals = self._unused(finals, now_ns)
        if not len(lives) and not len(self._waiting):
            return Ended(ExitTable.empty(), ProcessTable.empty())
        self._remember_arguments(lives[lives["kind"] != EXIT])
        ends = np.concatenate([self._waiting, lives[lives["kind"] == EXIT]])
        final_ns, is_final = _final(ends, finals)
        row, is_row = self._rows(ends, table)
        is_settled = is_row & np.isin(ends["pid"].astype(np.int64), settled)
        # Another last thread than the leader is not in the snapshot any more.
        is_zombie = is_settled & (ends["last_ns"] == ends["start_ns"])
        so_far_ns = (ends["others_ns"] + ends["own_ns"]).astype(np.int64)
        run_ns = so_far_ns.copy()
        run_ns[is_zombie] = (table.utime + table.stime)[row[is_zombie]]
        run_ns[is_final] = np.maximum(so_far_ns, final_ns)[is_final]
        waited_ns = now_ns - ends["time_ns"].astype(np.int64)
        # Who is on its way out may take its time: memory to free, files to close.
        is_late = (waited_ns > _PATIENCE_NS) & (is_settled | ~is_row)
        # Who begins to end last may be done before other threads of its process.
        is_alone = is_zombie & (ends["threads"] <= 1)
        is_done = is_final | is_alone | is_late
        self.lost_cpu_times += int(np.count_nonzero(is_late & ~is_final & ~is_zombie))
        self._waiting = ends[~is_done]
        used = _task_key(ends["last_ns"], ends["last_tid"])[is_final]
        is_used = np.isin(_task_key(finals["start_ns"], finals["pid"]), used)
        self._finals = finals[~is_used]
        exits = self._exit_table(ends[is_done], run_ns[is_done])
        return Ended(exits, self._waiting_table(table))

    def _unused(self, finals: Records, now_ns: int) -> Records:
        """Return the new final run times and those whose end was not read before."""
        since_ns = np.uint64(max(now_ns - _PATIENCE_NS, 0))
        kept = self._finals[self._finals["time_ns"] >= since_ns][-_MOST_FINALS:]
        return np.concatenate([kept, finals])

    def _remember_arguments(self, execs: Records) -> None:
        """Keep the arguments of running processes, for ends whose memory is gone.

        Before 6.16 sched_process_exit fires after the memory map is let go. With them
        the largest memory that the process ever had before: see `_peak_bytes`.
        """
        # They come CPU by CPU, and the last of a process counts.
        execs = execs[np.argsort(execs["time_ns"], kind="stable")]
        keys = zip(execs["pid"].tolist(), execs["start_ns"].tolist(), strict=True)
        kept = cut_arguments(execs)
        values = zip(
            kept.tolist(),
            argument_bytes(execs, kept).tolist(),
            execs["peak_pages"].tolist(),
            strict=True,
        )
        self._arguments.update(zip(keys, values, strict=True))
        while len(self._arguments) > _MOST_ARGUMENTS:
            # Of a process whose end was lost: nobody will ask for them.
            self._arguments.pop(next(iter(self._arguments)))

    def _rows(self, ends: Records, table: ProcessTable) -> tuple[Ints, Bools]:
        """Return where the snapshot has these processes, and whether it has."""
        join = find(table, ends["pid"].astype(np.int64), self._ticks(ends))
        return join.row, join.found

    def _ticks(self, ends: Records) -> Ints:
        ticks: Ints = (ends["start_ns"] // self._tick_ns).astype(np.int64)
        return ticks

    def _exit_table(self, ends: Records, run_ns: Ints) -> ExitTable:
        code = ends["code"].astype(np.int64)
        number = code & 0x7F
        ticks = (ends["utime"].astype(np.int64), ends["stime"].astype(np.int64))
        user, system = split_run_time(run_ns, *ticks)
        cmdline, length, before = self._arguments_of(ends)
        columns = {
            name: ends[name].astype(np.int64)
            for name in (
                "pid",
                "ppid",
                "uid",
                "read_bytes",
                "write_bytes",
                "cgroup_id",
                "threads",
            )
        }
        columns |= {
            "start_ticks": self._ticks(ends),
            "end_ns": ends["time_ns"].astype(np.int64),
            "lifetime_ns": whole_life(
                (ends["time_ns"] - ends["start_ns"]).astype(np.int64),
                run_ns,
                (ends["threads"] <= 1) & (ends["others_ns"] == 0),
            ),
            "exit_code": np.where(number == 0, code >> 8 & 0xFF, UNKNOWN),
            "exit_signal": np.where(number == 0, UNKNOWN, number),
            "core_dumped": code >> 7 & 1,
            "utime_ns": user,
            "stime_ns": system,
            "rss_bytes": _bytes(ends["rss_pages"]),
            "peak_rss_bytes": _peak_bytes(ends, before),
            "cmdline_bytes": length,
        }
        return ExitTable(ends["comm"].astype(f"S{COMM_BYTES}"), cmdline, columns)

    def _arguments_of(self, ends: Records) -> tuple[Bytes, Ints, Ints]:
        """Return arguments, their length, and the peak before the exec in pages."""
        cmdline = cut_arguments(ends)
        length = argument_bytes(ends, cmdline)
        # Who started under our eyes and did no exec began with nothing (copy_signal).
        is_seen = ends["start_ns"].astype(np.int64) >= self._since_ns
        before = np.where(is_seen, 0, UNKNOWN)
        keys = zip(ends["pid"].tolist(), ends["start_ns"].tolist(), strict=True)
        for row, key in enumerate(keys):
            kept = self._arguments.pop(key, None)
            if kept is None:
                continue
            before[row] = kept[2]
            if length[row] == 0:
                cmdline[row], length[row], _ = kept
        return cmdline, length, before

    def _has_arguments(self, ends: Records) -> Bools:
        """Return of whom arguments are known: they run a program."""
        keys = zip(ends["pid"].tolist(), ends["start_ns"].tolist(), strict=True)
        kept = np.array([key in self._arguments for key in keys], dtype=np.bool_)
        has: Bools = kept | (ends["argv_bytes"] > 0)
        return has

    def _waiting_table(self, table: ProcessTable) -> ProcessTable:
        """Return the waiting ends that the snapshot does not hold, one row each."""
        ends = self._waiting
        order = np.argsort(ends["pid"], kind="stable")
        ends = ends[order]
        pids = ends["pid"].astype(np.int64)
        ends = ends[(np.diff(pids, prepend=-1) > 0) & ~np.isin(pids, table.pid)]
        run_ns = (ends["others_ns"] + ends["own_ns"]).astype(np.int64)
        user, system = split_run_time(
            run_ns, ends["utime"].astype(np.int64), ends["stime"].astype(np.int64)
        )
        columns = {name: ends[name].astype(np.int64) for name in ("pid", "ppid", "uid")}
        columns |= {
            "tgid": columns["pid"],
            "start_ticks": self._ticks(ends),
            "utime": user,
            "stime": system,
            "state": np.full(len(ends), ord("X"), dtype=np.int64),
            "flags": kernel_flags(table, columns["ppid"], self._has_arguments(ends)),
            "threads": np.zeros(len(ends), dtype=np.int64),
        }
        return ProcessTable(ends["comm"].astype(f"S{COMM_BYTES}"), columns)


def _bytes(pages: Records) -> Ints:
    """Return sizes; no page at all means that the memory map was gone already."""
    sizes = pages.astype(np.int64) * _PAGE_BYTES
    return np.where(sizes > 0, sizes, UNKNOWN)


def _peak_bytes(ends: Records, before: Ints) -> Ints:
    """Return the largest memory of each program since its exec.

    Where the memory map is gone at the end, the kernel has the largest of the whole
    process only (maxrss of struct signal_struct). That is the program's own where it
    is more than there was before its exec; else nobody knows it.

    Args:
        ends: The ends.
        before: Pages of the process's largest memory at its last exec, or unknown.
    """
    is_own = (ends["rss_pages"] > 0) | (
        (before != UNKNOWN) & (ends["peak_pages"] > before)
    )
    return np.where(is_own, _bytes(ends["peak_pages"]), UNKNOWN)


def cut_arguments(lives: Records) -> Bytes:
    """Return the arguments without what an older record left behind them."""
    letters = np.frombuffer(lives["argv"].tobytes(), dtype=np.uint8)
    letters = letters.reshape(len(lives), ARGV_BYTES).copy()
    letters[np.arange(ARGV_BYTES) >= lives["argv_bytes"][:, np.newaxis]] = 0
    cut: Bytes = letters.view(f"S{ARGV_BYTES}").reshape(len(lives))
    return cut


def argument_bytes(lives: Records, kept: Bytes) -> Ints:
    """Return how long the arguments were of which `kept` is the start."""
    length = lives["argv_bytes"].astype(np.int64)
    return whole_bytes(kept, length, ARGV_BYTES - 1)


def _final(ends: Records, finals: Records) -> tuple[Ints, Bools]:
    """Return the final run time of the processes of which there is a record of it."""
    run_ns = np.zeros(len(ends), dtype=np.int64)
    found = np.zeros(len(ends), dtype=np.bool_)
    if not len(finals) or not len(ends):
        return run_ns, found
    key = _task_key(finals["start_ns"], finals["pid"])
    order = np.argsort(key)
    key, finals = key[order], finals[order]
    row = np.searchsorted(key, _task_key(ends["last_ns"], ends["last_tid"]))
    finals = finals[row.clip(max=len(finals) - 1)]
    found = (finals["start_ns"] == ends["last_ns"]) & (
        finals["pid"] == ends["last_tid"]
    )
    run_ns[found] = finals["run_ns"][found].astype(np.int64)
    return run_ns, found


def _task_key(start_ns: Records, tid: Records) -> npt.NDArray[np.uint64]:
    """Return a number that is very likely different for every thread since boot."""
    mixed: npt.NDArray[np.uint64] = start_ns.astype(np.uint64) * np.uint64(
        0x9E3779B97F4A7C15
    ) + tid.astype(np.uint64)
    return mixed
