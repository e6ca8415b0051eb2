"""Probes that a process with a higher priority interrupts tell of everybody, whole."""

import os
import re
import subprocess
import sys
import time
from collections import Counter

from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.errors import MontaukError
from montauk_tui.model.schema import Need
from montauk_tui.model.starts import FORK

COUNT = 100
PATIENCE_S = 120.0

# Both on one CPU: who has the priority wakes again and again amid the forks, execs and
# ends of the other, and does the same.
BUSY = """
import os, sys, time
count, first = int(sys.argv[1]), int(sys.argv[2])
os.sched_setaffinity(0, {0})
if first:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
for number in range(count):
    if first:
        time.sleep(0.0005 + number % 97 * 1e-5)
    if number % 3:
        pid = os.fork()
        if not pid:
            os._exit(0)
    else:
        pid = os.posix_spawn("/bin/true", ["/bin/true"], {})
    os.waitpid(pid, 0)
"""


def run(collector: KernelCollector) -> list[str]:
    """Return what is wrong after both have started `COUNT` processes each."""
    before = collector.sample(Need.NONE).counters
    crew = [
        subprocess.Popen([sys.executable, "-S", "-c", BUSY, str(COUNT), first])
        for first in "01"
    ]
    ends: Counter[int] = Counter()
    starts: Counter[int] = Counter()
    wanted = {process.pid: COUNT for process in crew}
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        ended = all(process.poll() is not None for process in crew)
        sample = collector.sample(Need.NONE)
        assert sample.exits is not None
        assert sample.starts is not None
        ends.update(sample.exits.ppid.tolist())
        starts.update(sample.starts.ppid[sample.starts.kind == FORK].tolist())
        if ended and all(ends[pid] >= count for pid, count in wanted.items()):
            break
        time.sleep(0.1)
    for process in crew:
        process.kill()
        process.wait()
    lost = sample.counters.lost - before.lost
    told = [(starts[pid], ends[pid]) for pid in wanted]
    short = sum(2 * COUNT - started - ended for started, ended in told)
    print(f"told {told} of {COUNT}, lost {lost}", file=sys.stderr)
    return [f"{short} not told, {lost} counted as lost"] if short > lost else []


def check(attachment: str) -> None:
    """Print the verdict on one way of attaching."""
    collector = KernelCollector(attachment)
    state = collector.availability()
    if not state.available:
        print(f"FAIL preemption by {attachment} {state.reason}; {state.remedy}")
        return
    try:
        with collector:
            complaints = run(collector)
    except MontaukError as error:
        complaints = [str(error)]
    if complaints:
        print(f"FAIL preemption by {attachment} {'; '.join(complaints)}")
    else:
        print(f"pass preemption by {attachment} {2 * COUNT} told, or counted as lost")


if __name__ == "__main__":
    # Kprobes run with preemption disabled.
    if tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) < (7, 0):
        print("skip preemption programs at tracepoints are preempted from 7.0 on")
    else:
        check("tracepoints")
