"""The workloads: a separate program that starts processes and counts them.

It reports when it is ready, waits for a line, runs one workload, prints the number of
processes and their CPU time, and exits. It imports nothing of montauk: it is observed.
"""

import json
import os
import resource
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from bench.accuracy import loads
from bench.accuracy.loads import burn

_LOOPS: Final = 2
_LOOP: Final = """trap 'stop=1' TERM
n=0
while [ -z "$stop" ]; do
    "$@"
    n=$((n + 1))
done
echo "$n"
"""
_JOBS: Final = 4
_PROCESSES_OF_A_JOB: Final = 9
_THREADS: Final = 4
_DAEMONS: Final = 3
_DAEMON_CPU_S: Final = 0.02
_SLEEP_S: Final = "3.5"
_BETWEEN_SLEEPERS_S: Final = 0.005
_SECONDS: Final = struct.Struct("d")


@dataclass(frozen=True)
class Orders:
    """What to run: end time, programs, loop counts of awk."""

    workload: str
    seconds: float
    shell: str
    true: str
    sleep: str
    awk: str
    job: str
    loops: dict[str, int]

    def awk_for(self, milliseconds: int) -> list[str]:
        """Return a command that uses a given CPU time."""
        count = self.loops[str(milliseconds)]
        return [self.awk, f"BEGIN {{ for (i = 0; i < {count}; i++) x += i }}"]


@dataclass(frozen=True)
class Tally:
    """Number of processes started, and CPU time that no wait reports."""

    started: int
    unwaited_s: float = 0.0


def storm(orders: Orders, command: list[str]) -> Tally:
    """Run shell loops side by side, each starting one process after the other."""
    script = [orders.shell, "-c", _LOOP, "loop", *command]
    loops = [
        subprocess.Popen(script, stdout=subprocess.PIPE, text=True)
        for _ in range(_LOOPS)
    ]
    time.sleep(orders.seconds)
    for loop in loops:
        loop.send_signal(signal.SIGTERM)
    return Tally(_LOOPS + sum(int(loop.communicate()[0]) for loop in loops))


def tree(orders: Orders) -> Tally:
    """Keep some jobs running: a shell that starts two, which start three each."""
    end = time.monotonic() + orders.seconds
    jobs = running = 0
    while time.monotonic() < end or running:
        while running < _JOBS and time.monotonic() < end:
            os.posix_spawn(orders.shell, [orders.shell, orders.job], os.environ)
            jobs, running = jobs + 1, running + 1
        os.waitpid(-1, 0)
        running -= 1
    return Tally(jobs * _PROCESSES_OF_A_JOB)


def threads(orders: Orders) -> Tally:
    """Run processes with threads: four exit before the process, four with it."""
    end = time.monotonic() + orders.seconds
    count = 0
    while time.monotonic() < end:
        count += 1
        if (pid := os.fork()) == 0:
            _live_with_threads()
        os.waitpid(pid, 0)
    return Tally(count)


def _live_with_threads() -> NoReturn:
    for thread in _burning(0.25):
        thread.join()
    _burning(60.0)
    time.sleep(0.25)
    os._exit(0)


def _burning(seconds: float) -> list[threading.Thread]:
    end = time.monotonic() + seconds
    crew = [
        threading.Thread(target=burn, args=(time.monotonic, end), daemon=True)
        for _ in range(_THREADS)
    ]
    for thread in crew:
        thread.start()
    return crew


def daemons(orders: Orders) -> Tally:
    """Keep some daemons running; they are children of init, and nobody here waits."""
    reader, writer = os.pipe()
    end = time.monotonic() + orders.seconds
    started = running = 0
    unwaited_s = 0.0
    while time.monotonic() < end or running:
        while running < _DAEMONS and time.monotonic() < end:
            _daemon(writer)
            started, running = started + 2, running + 1
        unwaited_s += float(_SECONDS.unpack(os.read(reader, _SECONDS.size))[0])
        running -= 1
    return Tally(started, unwaited_s)


def _daemon(writer: int) -> None:
    if pid := os.fork():
        os.waitpid(pid, 0)
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    burn(time.process_time, time.process_time() + _DAEMON_CPU_S)
    os.write(writer, _SECONDS.pack(_cpu_s(resource.RUSAGE_SELF)))
    os._exit(0)


def sleepers(orders: Orders) -> Tally:
    """Start a process every few milliseconds, each of which outlives some samples."""
    end = time.monotonic() + orders.seconds
    started = 0
    while time.monotonic() < end:
        os.posix_spawn(orders.sleep, [orders.sleep, _SLEEP_S], os.environ)
        started += 1
        time.sleep(_BETWEEN_SLEEPERS_S)
    for _ in range(started):
        os.wait()
    return Tally(started)


def steady(orders: Orders) -> Tally:
    """Run one process that keeps one CPU busy."""
    if (pid := os.fork()) == 0:
        burn(time.monotonic, time.monotonic() + orders.seconds)
        os._exit(0)
    os.waitpid(pid, 0)
    return Tally(1)


def mix(orders: Orders) -> Tally:
    """Run all others at once, each with a separate driver."""
    pipes: list[int] = []
    for name in SINGLE:
        reader, writer = os.pipe()
        pipes.append(reader)
        if os.fork() == 0:
            part = SINGLE[name](orders)
            result = json.dumps([part.started, part.unwaited_s])
            os.write(writer, result.encode())
            os._exit(0)
        os.close(writer)
    for _ in pipes:
        os.wait()
    parts = [Tally(*json.loads(os.read(pipe, 4096))) for pipe in pipes]
    return Tally(
        len(parts) + sum(part.started for part in parts),
        sum(part.unwaited_s for part in parts),
    )


def load(work: Callable[[float], int]) -> Callable[[Orders], Tally]:
    """Return the workload that does `work` until the time is over."""
    return lambda orders: Tally(work(time.monotonic() + orders.seconds))


SINGLE: Final[dict[str, Callable[[Orders], Tally]]] = {
    "storm 1 ms": lambda orders: storm(orders, [orders.true]),
    "storm 5 ms": lambda orders: storm(orders, orders.awk_for(5)),
    "storm 50 ms": lambda orders: storm(orders, orders.awk_for(50)),
    "tree": tree,
    "threads": threads,
    "daemons": daemons,
    "sleepers": sleepers,
    "steady": steady,
    "network": load(loads.network),
    "timers": load(loads.timers),
    "thread 50us": load(loads.short_threads),
    "leaderless": load(loads.leaderless),
    "stress": load(loads.stress),
}
WORKLOADS: Final = {**SINGLE, "mix": mix}


def _cpu_s(whose: int) -> float:
    usage = resource.getrusage(whose)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Run the workload of the argument; print the result as JSON."""
    orders = Orders(**json.loads(sys.argv[1]))
    comm, group = sys.argv[2:4]
    Path("/proc/self/comm").write_text(comm, "ascii")
    if group:
        Path(group, "cgroup.procs").write_text("0", "ascii")
    print("ready", flush=True)
    sys.stdin.readline()
    before_s = _cpu_s(resource.RUSAGE_SELF)
    tally = WORKLOADS[orders.workload](orders)
    used_s = _cpu_s(resource.RUSAGE_SELF) + _cpu_s(resource.RUSAGE_CHILDREN) - before_s
    result = {"started": tally.started + 1, "cpu_s": used_s + tally.unwaited_s}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
