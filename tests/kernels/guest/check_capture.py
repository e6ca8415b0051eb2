"""The kernel collector sees every short life whole, by kprobes and by tracepoints."""

import os
import shlex
import sys
import time
from collections import Counter

from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.errors import MontaukError
from montauk_tui.model.schema import Need
from tests.kernels.guest.watching import (
    COUNT,
    Seen,
    command_of,
    complaints_of,
    watch,
)

DYING_THREADS = """
import os, threading
def spin():
    while True:
        pass
for _ in range(3):
    threading.Thread(target=spin, daemon=True).start()
threading.Thread(target=os._exit, args=[6]).start()
"""
"""Another thread than the first ends all of them, wherever each is."""

LAST = shlex.join([sys.executable, "-S", "-c", DYING_THREADS])


def wrong(seen: Seen) -> list[str]:
    """Return what is not as it should be."""
    times = Counter(map(command_of, seen.ends))
    complaints = complaints_of(seen)
    wanted = [f"/bin/true capture {number}" for number in range(COUNT)]
    complaints += [f"{text}: {times[text]}x" for text in wanted if times[text] != 1]
    if not any((end.code, end.signal) == (6, None) for end in seen.ends):
        complaints.append("no exit code 6")
    return complaints


def own_row(collector: KernelCollector) -> list[str]:
    """Return what is wrong with the row of this process."""
    sample = collector.sample(Need.NONE)
    table = sample.processes
    rows = [row for row in range(len(table)) if table.pid[row] == os.getpid()]
    if len(rows) != 1:
        return [f"own pid in {len(rows)} rows"]
    used_s = (table.utime[rows[0]] + table.stime[rows[0]]) / sample.ticks_per_second
    complaints = []
    if not 0 < used_s <= time.process_time() + 0.05:
        complaints.append(f"own CPU time {used_s:.3f} s, not {time.process_time():.3f}")
    if table.ppid[rows[0]] != os.getppid():
        complaints.append("wrong parent")
    if not table.rss_bytes[rows[0]] > 1 << 20:
        complaints.append("no memory")
    return complaints


def check(attachment: str) -> None:
    """Print the verdict on one way of attaching."""
    collector = KernelCollector(attachment)
    state = collector.availability()
    if not state.available:
        print(f"FAIL capture by {attachment} {state.reason}; {state.remedy}")
        return
    try:
        with collector:
            complaints = wrong(watch(collector, "capture", LAST)) + own_row(collector)
            counters = collector.sample(Need.NONE).counters
            if lost := counters.lost_cpu_times:
                complaints.append(f"{lost} without their final CPU time")
            detail = collector.detail
    except MontaukError as error:
        print(f"FAIL capture by {attachment} {error}")
        return
    if complaints:
        print(f"FAIL capture by {attachment} {'; '.join(complaints[:5])}")
    else:
        print(f"pass capture by {attachment} {COUNT} of {COUNT}, {detail}")


if __name__ == "__main__":
    for way in ("kprobes", "tracepoints"):
        check(way)
