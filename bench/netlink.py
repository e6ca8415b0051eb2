"""The cost of the netlink collector per event, compared with the kernel collector.

Needs root. What an event costs is CPU time of the whole process, thread and samples,
less what starting the processes costs it without a collector. The process that reads
arguments is not in it; it is on a separate line.
"""

import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from bench.crowd import crowd
from bench.kernel import sample_ms, spawn_s
from montauk_tui.collectors.base import Collector
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.model.schema import Need

_SIZES: Final = (1_000, 3_000)
_SPAWNED: Final = 5_000
_BATCH: Final = 1_000
_EVENTS: Final = 3 * _SPAWNED
_PAIRS: Final = 7
_STORM_S: Final = 5.0
_RATES: Final = (300, 1_300, 2_000)
_AT_ONCE: Final = 4
_MOST_SAMPLES: Final = 20

_LOOP: Final = "n=0; while [ $n -lt $1 ]; do /bin/true; n=$((n+1)); done"


def available(*kinds: type[Collector]) -> list[type[Collector]]:
    """Return the collectors that work here; print why the others do not."""
    found = []
    for kind in kinds:
        state = kind().availability()
        if state.available:
            found.append(kind)
        else:
            print(f"{kind.name}: {state.reason}; {state.remedy}")
    return found


def run_loop(after_each: Callable[[], object]) -> None:
    """Run many fork+exec+exit in shells, a sample after each batch."""
    for _ in range(_SPAWNED // _BATCH):
        words = ["sh", "-c", _LOOP, "sh", str(_BATCH)]
        os.waitpid(os.posix_spawn("/bin/sh", words, {}), 0)
        after_each()


def events_s(collector: Collector) -> float:
    """Return the CPU time that this process used for them, less idle samples."""
    idle_s = statistics.median(_cpu_s(collector) for _ in range(5))
    started = time.process_time()
    run_loop(lambda: collector.sample(Need.NONE))
    return time.process_time() - started - idle_s * (_SPAWNED // _BATCH)


def _cpu_s(collector: Collector) -> float:
    started = time.process_time()
    collector.sample(Need.NONE)
    return time.process_time() - started


def compare_events(kinds: list[type[Collector]]) -> None:
    """Print the cost of an event."""
    started = time.process_time()
    run_loop(lambda: None)
    nothing_s = time.process_time() - started
    print(f"CPU of {_SPAWNED} fork+exec+exit, this process only")
    for kind in kinds:
        with kind() as collector:
            used_s = events_s(collector) - nothing_s
            lost = collector.sample(Need.NONE).counters.lost
        each_us = used_s / _EVENTS * 1e6
        print(f"  {kind.name:11} {used_s * 1000:7.1f} ms  {each_us:.2f} us an event")
        if lost:
            print(f"  {'':11} {lost} lost")


def compare_refresh(kinds: list[type[Collector]]) -> None:
    """Print the cost of a refresh when nothing starts or ends."""
    for size in _SIZES:
        with crowd(size) as count, ExitStack() as stack:
            print(f"\nCPU of one sample at {count} processes, median")
            for kind in kinds:
                collector = stack.enter_context(kind())
                print(f"  {kind.name:11} {sample_ms(collector):7.2f} ms")


def compare_spawning(kinds: list[type[Collector]]) -> None:
    """Print the cost of listening for the observed processes."""
    print(f"\nfork+exec+exit while it listens, median of {_PAIRS} pairs")
    for kind in kinds:
        ratios = []
        for _ in range(_PAIRS):
            without = spawn_s()
            with kind():
                ratios.append(spawn_s() / without)
        cost = (statistics.median(ratios) - 1) * 100
        spread = ", ".join(f"{(ratio - 1) * 100:+.1f}" for ratio in sorted(ratios))
        print(f"  {kind.name:11} {cost:+.1f} %  ({spread})")


def compare_arguments() -> None:
    """Print for how many short-lived programs the arguments are read, under load."""
    print(f"\narguments of programs that end at once, {_STORM_S:.0f} s each")
    for rate in _RATES:
        for loops in (0, 2):
            with NetlinkCollector() as collector, busy(loops):
                collector.sample(Need.NONE)
                ended = 0
                started_s, end_s = time.monotonic(), time.monotonic() + _STORM_S
                while (now_s := time.monotonic()) < end_s:
                    due = (now_s - started_s) * rate - ended
                    pids = [
                        os.posix_spawn("/bin/true", ["true"], {})
                        for _ in range(min(_AT_ONCE, int(due)))
                    ]
                    for pid in pids:
                        os.waitpid(pid, 0)
                    ended += len(pids)
                    time.sleep(0.001)
                took_s = time.monotonic() - started_s
                known = known_arguments(collector, ended) / ended * 100
                each_us = reader_cpu_s() / ended * 1e6
            where = f"{ended / took_s:6.0f}/s beside {loops} busy loops"
            print(f"{where}: {known:.1f} %, reading {each_us:.0f} us each")


def known_arguments(collector: NetlinkCollector, ended: int) -> int:
    """Sample until a number of children exited; return how many have arguments."""
    reported = known = 0
    for _ in range(_MOST_SAMPLES):
        exits = collector.sample(Need.NONE).exits
        if exits is None or reported >= ended:
            break
        ours = (exits.ppid == os.getpid()) & (exits.comm == b"true")
        reported += int(np.count_nonzero(ours))
        known += int(np.count_nonzero(ours & (exits.cmdline_bytes > 0)))
    return known


def reader_cpu_s() -> float:
    """Return the CPU time of the process that reads them, our child."""
    task = f"/proc/self/task/{os.getpid()}/children"
    for pid in map(int, Path(task).read_text("ascii").split()):
        if b"reader_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
            # CPUCLOCK_SCHED of a process (include/linux/posix-timers_types.h).
            return time.clock_gettime(~pid << 3 | 2)
    return 0.0


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep a number of CPUs busy."""
    pids = [
        os.posix_spawn("/bin/sh", ["sh", "-c", "while :; do :; done"], {})
        for _ in range(loops)
    ]
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def main() -> None:
    """Print all of it, or why it cannot be measured."""
    seeing = available(NetlinkCollector, KernelCollector)
    if NetlinkCollector not in seeing:
        return
    compare_events(seeing)
    compare_refresh([*seeing, TraditionalCollector])
    compare_spawning(seeing)
    compare_arguments()


if __name__ == "__main__":
    main()
