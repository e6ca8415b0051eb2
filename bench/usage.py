"""What a tree of processes uses: CPU time, memory, context switches.

CPU time is the scheduler's own count in nanoseconds (`sum_exec_runtime`), because clock
ticks of 10 ms are too coarse for a program that needs 2 ms a second.
"""

import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from bench.accuracy.cgroup import Group

_HZ: Final = os.sysconf("SC_CLK_TCK")
_PROCESS_CLOCK: Final = 2
"""CPUCLOCK_SCHED of a whole process (include/linux/posix-timers_types.h)."""

_SWITCHES: Final = re.compile(
    r"^(?:non)?voluntary_ctxt_switches:\s+(\d+)", re.MULTILINE
)
_PSS: Final = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


class Tree:
    """A process and its descendants; what exits meanwhile is left out."""

    def __init__(self, root: int, group: Group | None) -> None:
        """Take a process, and the cgroup that it was started in if there is one."""
        self._root = root
        self._group = group

    def pids(self) -> list[int]:
        """Return the live processes of the tree."""
        return self._group.pids() if self._group else descendants(self._root)

    def cpu_s(self) -> float:
        """Return the CPU time so far, also of children that are gone."""
        if self._group:
            return self._group.cpu_s()
        total_s = 0.0
        for pid in self.pids():
            with suppress(OSError):
                total_s += process_cpu_s(pid) + _reaped_s(_stat(pid))
        return total_s

    def pss_bytes(self) -> int:
        """Return the memory; of shared pages a fair part (proc_pid_smaps(5))."""
        total = 0
        for pid in self.pids():
            with suppress(OSError):
                total += pss_bytes(Path(f"/proc/{pid}/smaps_rollup").read_text("ascii"))
        return total

    def switches(self) -> dict[str, int]:
        """Return the context switches of each live thread, by its folder in /proc."""
        found = {}
        for pid in self.pids():
            with suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    text = (task / "status").read_text("utf-8", "replace")
                    found[str(task)] = switches(text)
        return found


def clock(group: Group | None) -> str:
    """Return which clock counts the CPU time of a tree."""
    if group:
        return "sum_exec_runtime of a cgroup (cpu.stat), reaped children included"
    return "sum_exec_runtime of each process, and clock ticks of reaped children"


def process_cpu_s(pid: int) -> float:
    """Return the CPU time of a process with all its threads, without its children.

    Raises:
        OSError: There is no such process.
    """
    return time.clock_gettime_ns(~pid << 3 | _PROCESS_CLOCK) / 1e9


def descendants(root: int) -> list[int]:
    """Return a process and all live ones below it."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            with suppress(OSError):
                children.setdefault(int(_stat(int(name))[1]), []).append(int(name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of the stat file from the state on (proc_pid_stat(5))."""
    text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    return text.rpartition(")")[2].split()


def _reaped_s(stat: list[str]) -> float:
    return (int(stat[13]) + int(stat[14])) / _HZ


def pss_bytes(rollup: str) -> int:
    """Return the proportional set size that smaps_rollup reports."""
    found = _PSS.search(rollup)
    return int(found[1]) * 1024 if found else 0


def switches(status: str) -> int:
    """Return voluntary and other context switches that a status file reports."""
    return sum(map(int, _SWITCHES.findall(status)))


def switches_between(before: dict[str, int], after: dict[str, int]) -> int:
    """Return the switches of an interval; of a thread that is new, all."""
    return sum(count - before.get(task, 0) for task, count in after.items())
