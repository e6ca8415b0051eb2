"""Readers of loaded probes: one that sees 20,000 exits, and ten at once.

Needs root and BCC: it loads the probes in a mount namespace of its own, and runs
readers there as user nobody. What ten monitors cost the processes that they watch is
compared with the same ten while they are stopped (SIGSTOP), in the order ABBA: blocks
of one second, real-time on one CPU, with a monitor's whole interval in each. The same
with the monitors stopped on both sides shows what the method cannot tell from 0.
"""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

from bench.first_frame import as_nobody, loaded
from bench.signals import median_and_error, undisturbed
from montauk_tui.collectors.kernel import requirements

_MONITORS: Final = 10
_BLOCK_S: Final = 1.0
_PAIRS: Final = 12
_EXITS: Final = 20_000
_MONITOR: Final = (sys.executable, "-P", "-m", "montauk_tui", "--json", "-n", "100000")

_WATCH: Final = """
import os, resource, sys
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.model.schema import Need
codes, seen, cpu_ns = {}, {}, 0
with KernelCollector() as collector:
    def look():
        global cpu_ns
        sample = collector.sample(Need.NONE)
        exits = sample.exits
        rows = zip(exits.pid.tolist(), exits.ppid.tolist(), exits.exit_code.tolist(),
                   exits.utime_ns.tolist(), exits.stime_ns.tolist())
        for pid, ppid, code, user, system in rows:
            if ppid == os.getpid():
                seen.setdefault(code, []).append(pid)
                cpu_ns += user + system
        return sample.counters.lost
    look()
    for number in range(int(sys.argv[1])):
        pid = os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {number % 100}"], {})
        os.waitpid(pid, 0)
        codes.setdefault(number % 100, []).append(pid)
        if number % 1000 == 999:
            look()
    lost = look()
right = sum(sorted(seen.get(it, [])) == sorted(codes[it]) for it in codes)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{sum(map(len, seen.values()))} of {sys.argv[1]} exits as user {os.getuid()}, "
      f"{lost} lost; all pids of {right} of {len(codes)} exit codes")
print(f"  CPU time {cpu_ns / 1e9:.2f} s; rusage, in part by ticks, "
      f"{used.ru_utime + used.ru_stime:.2f} s")
"""


def block_ns() -> float:
    """Return the usual ns of fork+exec+exit, one after the other."""
    clock, taken = time.perf_counter_ns, []
    end = clock() + _BLOCK_S * 1e9
    while (began := clock()) < end:
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
        taken.append(clock() - began)
    return statistics.median(taken)


@contextlib.contextmanager
def monitors(namespace: int) -> Iterator[list[int]]:
    """Run monitors; return their pids."""
    command = as_nobody(namespace, _MONITOR)
    with contextlib.ExitStack() as stack:
        crew = []
        for _ in range(_MONITORS):
            one = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(one.wait)
            stack.callback(one.kill)
            crew.append(one.pid)
        time.sleep(5.0)
        yield crew


def compare(crew: list[int]) -> None:
    """Print what the monitors cost the processes that they watch."""
    costs: list[float] = []
    nothing: list[float] = []
    plain: list[float] = []
    with undisturbed():
        for pair in range(_PAIRS):
            for values, number in ((costs, signal.SIGCONT), (nothing, signal.SIGSTOP)):
                taken: dict[bool, list[float]] = {True: [], False: []}
                first = pair % 2 == 0
                for runs in (first, not first, not first, first):
                    for pid in crew:
                        os.kill(pid, number if runs else signal.SIGSTOP)
                    taken[runs].append(block_ns())
                values.append((sum(taken[True]) / sum(taken[False]) - 1) * 100)
                plain += taken[False]
    each_us = statistics.median(plain) / 1e3
    print(f"fork+exec+exit with loaded probes, {each_us:.2f} us")
    for name, values in ((f"{_MONITORS} monitors", costs), ("none runs", nothing)):
        cost, error = median_and_error(values)
        print(f"  {name:12} {cost:+.2f} +- {error:.2f} % (standard error)")


def main() -> None:
    """Print all of it, or why it cannot be measured."""
    state = requirements.check()
    if not state.available:
        print(f"kernel collector: {state.reason}; {state.remedy}")
        return
    with loaded() as namespace:
        command = (sys.executable, "-P", "-c", _WATCH, str(_EXITS))
        subprocess.run(as_nobody(namespace, command), check=True)
        with monitors(namespace) as crew:
            compare(crew)


if __name__ == "__main__":
    main()
