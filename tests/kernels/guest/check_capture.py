"""The kernel collector sees every short life whole, by kprobes and by tracepoints."""

import os
import subprocess
import sys
import time
from collections import Counter

from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.errors import MontaukError
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import UNKNOWN, Need

COUNT = 40
PATIENCE_S = 60.0

SCRIPT = f"""
i=0
while [ $i -lt {COUNT} ]; do /bin/true capture $i; i=$((i + 1)); done
sh -c 'exit 7'
sh -c 'kill -KILL $$'
{sys.executable} -S -c "$DYING_THREADS"
"""

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

STARTED = COUNT + 3

Life = tuple[str, int, int, int, int]
"""Arguments, exit code, signal, CPU time in ns, parent."""


def lives(sample: Sample) -> list[Life]:
    """Return what ended since the previous sample."""
    exits = sample.exits
    assert exits is not None
    return [
        (
            exits.cmdline[row].replace(b"\0", b" ").decode(),
            int(exits.exit_code[row]),
            int(exits.exit_signal[row]),
            int(exits.utime_ns[row] + exits.stime_ns[row]),
            int(exits.ppid[row]),
        )
        for row in range(len(exits))
    ]


def watch(collector: KernelCollector) -> tuple[list[Life], int, int]:
    """Return the lives seen while the script ran, the lost, and the script's pid."""
    collector.sample(Need.NONE)
    environment = {**os.environ, "DYING_THREADS": DYING_THREADS}
    shell = subprocess.Popen(
        ["sh", "-c", SCRIPT + "exit 0"], stderr=subprocess.DEVNULL, env=environment
    )
    found: list[Life] = []
    end_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < end_s:
        ended = shell.poll() is not None
        sample = collector.sample(Need.NONE)
        found += lives(sample)
        if ended and sum(life[4] == shell.pid for life in found) >= STARTED:
            break
        time.sleep(0.2)
    shell.wait()
    return found, sample.counters.lost, shell.pid


def wrong(found: list[Life], lost: int, parent: int) -> list[str]:
    """Return what is not as it should be."""
    ours = [life for life in found if life[4] == parent]
    times = Counter(life[0] for life in ours)
    complaints = [f"{lost} lost"] if lost else []
    wanted = [f"/bin/true capture {number}" for number in range(COUNT)]
    complaints += [f"{text}: {times[text]}x" for text in wanted if times[text] != 1]
    if without := sum(life[3] <= 0 for life in ours):
        complaints.append(f"{without} without CPU time")
    for code in (6, 7):
        if not any(life[1] == code and life[2] == UNKNOWN for life in ours):
            complaints.append(f"no exit code {code}")
    if not any(life[2] == 9 and life[1] == UNKNOWN for life in ours):
        complaints.append("no SIGKILL")
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
            complaints = wrong(*watch(collector)) + own_row(collector)
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
