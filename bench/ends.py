"""Latency and completeness of exits, and the cost of a switch.

Needs root and BCC. Short-lived processes are forked beside busy loops, so that
exiting ones wait for a CPU as well; `montauk events` takes samples as often.
"""

import os
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np

from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Floats, Ints, Need

_SHORT_LIVES: Final = 100_000
_SPAWNERS: Final = 2
_BUSY: Final = 4
_INTERVAL_S: Final = 0.2
_LAST_S: Final = 10.0
"""How long the last exits may take before the rest counts as missing."""
_FORK: Final = 'n=$1; while [ "$n" -gt 0 ]; do (:); n=$((n-1)); done; exit 0'

_YIELDS: Final = 200_000
_PAIRS: Final = 7


@contextmanager
def shells(count: int, script: str, *arguments: str) -> Iterator[list[int]]:
    """Run a script several times at once; kill the ones that remain."""
    pids = [
        os.posix_spawn("/bin/sh", ["sh", "-c", script, "sh", *arguments], {})
        for _ in range(count)
    ]
    try:
        yield pids
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def has_ended(pid: int) -> bool:
    """Tell whether a child has exited; it stays a zombie."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, pid, options) is not None


class Tally:
    """Exits reported of the children of some processes."""

    def __init__(self, parents: list[int]) -> None:
        """Start without exits."""
        self._parents = parents
        self._delays: list[Ints] = []
        self.reported = self.without_time = self.rows_of_ended = 0

    def add(self, sample: Sample) -> None:
        """Count the exits of a sample that was just taken."""
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        exits = sample.exits
        assert exits is not None  # noqa: S101 - the kernel collector has them
        ours = np.isin(exits.ppid, self._parents)
        run_ns = (exits.utime_ns + exits.stime_ns)[ours]
        self._delays.append(now_ns - exits.end_ns[ours])
        self.reported += len(run_ns)
        self.without_time += int(np.count_nonzero(run_ns <= 0))
        ended = sample.processes.state == ord("X")
        self.rows_of_ended += int(np.count_nonzero(ended))

    def delays_ms(self) -> Floats:
        """Return the delay between each exit and its report."""
        delays: Floats = np.concatenate(self._delays) / 1e6
        return delays


def measure_ends() -> None:
    """Print how many exits lack CPU time, and the delay of their reports."""
    busy = shells(_BUSY, "while :; do :; done")
    spawning = shells(_SPAWNERS, _FORK, str(_SHORT_LIVES // _SPAWNERS))
    with KernelCollector() as collector, busy:
        sample = collector.sample(Need.NONE)
        with spawning as spawners:
            tally, limit_s = Tally(spawners), float("inf")
            while time.monotonic() < limit_s and tally.reported < _SHORT_LIVES:
                time.sleep(_INTERVAL_S)
                tally.add(sample := collector.sample(Need.NONE))
                if limit_s == float("inf") and all(map(has_ended, spawners)):
                    limit_s = time.monotonic() + _LAST_S
        unfinished = sample.counters.lost_cpu_times
    p50, p99, most = np.percentile(tally.delays_ms(), [50, 99, 100])
    print(f"{_SHORT_LIVES} short-lived processes beside {_BUSY} busy loops")
    print(f"  reported                  {tally.reported}, {sample.counters.lost} lost")
    print(f"  without final CPU time    {unfinished}, with none {tally.without_time}")
    print(f"  rows of incomplete exits  {tally.rows_of_ended}")
    print(
        f"  from exit to report       p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
        f"max {most:.0f} ms, sampled every {_INTERVAL_S * 1000:.0f} ms"
    )


@contextmanager
def another_yields(cpu: int) -> Iterator[None]:
    """Share a CPU with a process that does nothing but leave it."""
    pid = os.fork()
    if pid == 0:
        os.sched_setaffinity(0, {cpu})
        while True:
            os.sched_yield()
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def yield_ns() -> float:
    """Return our half of the CPU time of one switch to the other process and back."""
    started = time.process_time_ns()
    for _ in range(_YIELDS):
        os.sched_yield()
    return (time.process_time_ns() - started) / _YIELDS


def measure_switch() -> None:
    """Print the cost of the probes per switch between processes."""
    cpu = max(os.sched_getaffinity(0))
    plain, more = [], []
    for _ in range(_PAIRS):
        # The probes are loaded by another process: only their hooks are measured.
        with another_yields(cpu):
            plain.append(yield_ns())
            with KernelCollector():
                more.append(yield_ns() - plain[-1])
    spread = np.percentile(more, [25, 75])
    print(f"\na switch, {statistics.median(plain):.0f} ns without probes")
    print(
        f"  with probes {statistics.median(more):+.0f} ns (median of {_PAIRS} pairs, "
        f"half of them within {spread[0]:+.0f} to {spread[1]:+.0f})"
    )


def main() -> None:
    """Print all of it, or why it cannot be measured."""
    state = KernelCollector().availability()
    if not state.available:
        print(f"kernel collector: {state.reason}; {state.remedy}")
        return
    measure_ends()
    measure_switch()


if __name__ == "__main__":
    main()
