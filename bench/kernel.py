"""The cost of the kernel collector: per refresh, on observed processes, in memory.

Needs root and BCC. Wall clock of fork+exec+exit alternates with and without probes, so
that noise hits both; the median of the pairs counts.
"""

import os
import statistics
import time
from typing import Final

import numpy as np

from bench.crowd import crowd
from montauk_tui.collectors.base import Collector
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.model.schema import Need

_PROCESSES: Final = 3_000
_FEWER: Final = 1_000
_NEEDS: Final = {
    "no counters": Need.NONE,
    "I/O": Need.IO,
    "switches": Need.SWITCHES,
    "waits": Need.WAIT,
    "the tab I/O": Need.IO | Need.WAIT,
}
_ROUNDS: Final = 21
_SPAWNED: Final = 2_000
_PAIRS: Final = 7


def sample_ms(collector: Collector, needs: Need = Need.NONE) -> float:
    """Return the CPU time of one sample, median."""
    times = []
    collector.sample(needs)
    for _ in range(_ROUNDS):
        started = time.thread_time()
        collector.sample(needs)
        times.append((time.thread_time() - started) * 1000)
    return statistics.median(times)


def compare_refresh() -> None:
    """Print the cost of a refresh beside that of the traditional collector."""
    with (
        crowd(_PROCESSES) as count,
        KernelCollector() as kernel,
        TraditionalCollector() as traditional,
    ):
        threads = int(np.maximum(kernel.sample(Need.NONE).processes.threads, 1).sum())
        low, high = sample_ms(kernel), sample_ms(traditional)
    print(f"CPU of one sample at {count} processes, {threads} threads, median")
    print(f"  kernel      {low:7.2f} ms  {low / threads * 1000:.2f} us a thread")
    print(f"  traditional {high:7.2f} ms  {high / low:.1f} times that")


def compare_needs() -> None:
    """Print the cost of counters that are read on demand."""
    print(f"\nms of CPU a sample at {_FEWER} processes, median")
    print("                 kernel  traditional")
    with (
        crowd(_FEWER),
        KernelCollector() as kernel,
        TraditionalCollector() as traditional,
    ):
        for name, needs in _NEEDS.items():
            low, high = sample_ms(kernel, needs), sample_ms(traditional, needs)
            print(f"  {name:14} {low:6.2f} {high:12.2f}")


def spawn_s() -> float:
    """Return the wall time of many fork+exec+exit, one after the other."""
    started = time.perf_counter()
    for _ in range(_SPAWNED):
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
    return time.perf_counter() - started


def compare_spawning() -> None:
    """Print the cost of the probes for the observed processes."""
    ratios, plain = [], []
    for _ in range(_PAIRS):
        without = spawn_s()
        with KernelCollector():
            ratios.append(spawn_s() / without)
        plain.append(without)
    cost = (statistics.median(ratios) - 1) * 100
    each_us = statistics.median(plain) / _SPAWNED * 1e6
    spread = ", ".join(f"{(ratio - 1) * 100:+.1f}" for ratio in sorted(ratios))
    print(f"\n{_SPAWNED} fork+exec+exit, {each_us:.0f} us each without probes")
    print(f"  with probes {cost:+.1f} % (median of {_PAIRS} pairs: {spread})")


def main() -> None:
    """Print all of it, or why it cannot be measured."""
    state = KernelCollector().availability()
    if not state.available:
        print(f"kernel collector: {state.reason}; {state.remedy}")
        return
    compare_refresh()
    compare_needs()
    compare_spawning()


if __name__ == "__main__":
    main()
