"""The monitor beside 50,000 short-lived processes: memory, refreshes, response times.

Wall clock and resident memory of the real program in a real pty. The two loops that
start the processes keep both CPUs of a small machine busy, so keys wait for them too.
"""

import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.responses import key_ms
from bench.terminal import Terminal

_PROCESSES: Final = 50_000
_LOOPS: Final = 2
_LOOP: Final = "n=0; while [ $n -lt $1 ]; do /bin/true; n=$((n+1)); done"
_KEYS: Final = {
    "down": "\x1b[B", "by memory": "M", "by CPU": "P", "to tree": "t", "to list": "t",
    "Exited": "\t", "Spawners": "\t", "Events": "\t", "Main": "\t", "home": "\x1b[H",
}  # fmt: skip
_UPTIME: Final = re.compile(r"up (\d\d:\d\d:\d\d|\d+ d \d\d:\d\d)")


@contextmanager
def loops() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start processes one after the other in every loop; end them all."""
    count = str(_PROCESSES // _LOOPS)
    running = [
        subprocess.Popen(["sh", "-c", _LOOP, "loop", count]) for _ in range(_LOOPS)
    ]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process (proc_pid_status(5))."""
    status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def watch(terminal: Terminal) -> None:
    """Press keys while the loops run, and print the result."""
    before_mib = most_mib = resident_mib(terminal.pid)
    waits: dict[str, list[float]] = {name: [] for name in _KEYS}
    shown: set[str] = set()
    started = time.monotonic()
    with loops() as running:
        while any(process.poll() is None for process in running):
            for name, key in _KEYS.items():
                waits[name].append(key_ms(terminal, key))
                terminal.read_for(0.3)
                shown |= set(_UPTIME.findall(terminal.screen.display[0]))
                most_mib = max(most_mib, resident_mib(terminal.pid))
        taken_s = time.monotonic() - started
    print(f"{_PROCESSES} processes in {taken_s:.0f} s, the monitor at 1 s a refresh")
    print(f"  resident before {before_mib:.0f} MiB, at most {most_mib:.0f} MiB")
    print(f"  seconds of uptime seen on the screen {len(shown)} of {taken_s:.0f}")
    print(f"  {'key':>12} {'median':>7} {'worst':>7} ms to repaint")
    for name, times in waits.items():
        print(f"  {name:>12} {statistics.median(times):>7.1f} {max(times):>7.1f}")


def main() -> None:
    """Print the table."""
    terminal = Terminal([sys.executable, "-m", "montauk_tui"], 120, 40)
    try:
        terminal.read_for(5.0)
        watch(terminal)
    finally:
        terminal.end(signal.SIGTERM)


if __name__ == "__main__":
    main()
