"""Bytes per refresh, and the lag on slow lines, montauk and htop.

Both refresh once a second in terminals that accept bytes at a given rate, all at the
same time, and answer queries when they reach them. The lag of a screen is measured by
the uptime on it, which is in whole seconds, and up to a second old on any line.
"""

import os
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.crowd import crowd
from bench.terminal import Terminal
from bench.usage import process_cpu_s

SIZES: Final = ((120, 40), (200, 50))
RATES: Final = (0, 12_000, 3_000)
"""Bytes a second; 0 without a limit."""

_PROCESSES: Final = 70
_SETTLE_S: Final = 8.0
_MEASURE_S: Final = 20.0
_STEP_S: Final = 0.02
_MOST_S: Final = 0.5
"""Limit of the credit of an idle line."""
_LOOK_S: Final = 0.1
_TOP: Final = 5
"""Lines with the meters."""
_UPTIME: Final = re.compile(r"\b(?:up|Uptime:) +(?:(\d+) days?, *)?(\d+):(\d\d):(\d\d)")


class _Line:
    """A program at the other end of a line, and the lag of its screen."""

    def __init__(self, command: list[str], size: tuple[int, int], rate: int) -> None:
        self.terminal = Terminal(command, *size)
        self._rate = rate
        self._due = 0.0
        self.taken = 0
        self.behind_s: list[float] = []

    def step(self, passed_s: float) -> None:
        """Take the output of a period."""
        self._due = min(self._due + self._rate * passed_s, self._rate * _MOST_S)
        count = int(self._due) if self._rate else 1 << 16
        if count > 0 and self.terminal.wait(0.0):
            taken = len(self.terminal.show(count))
            self._due -= taken
            self.taken += taken

    def look(self) -> None:
        """Note the lag of the screen."""
        if found := _UPTIME.search("\n".join(self.terminal.lines[:_TOP])):
            days, *rest = (int(part or 0) for part in found.groups())
            hours, minutes, seconds = rest
            shown_s = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
            self.behind_s.append(_uptime_s() - shown_s)


def _uptime_s() -> float:
    return float(Path("/proc/uptime").read_text().split()[0])


def _run(lines: list[_Line], seconds: float) -> None:
    now_s = time.monotonic()
    end_s = now_s + seconds
    looked_s = now_s
    while now_s < end_s:
        time.sleep(_STEP_S)
        before_s, now_s = now_s, time.monotonic()
        for line in lines:
            line.step(now_s - before_s)
        if now_s - looked_s >= _LOOK_S:
            looked_s = now_s
            for line in lines:
                line.look()


def _measure(programs: dict[str, list[str]], size: tuple[int, int]) -> None:
    lines = {
        (name, rate): _Line(command, size, rate)
        for name, command in programs.items()
        for rate in RATES
    }
    _run([*lines.values()], _SETTLE_S)
    for line in lines.values():
        line.taken = 0
        line.behind_s.clear()
    before = {key: process_cpu_s(line.terminal.pid) for key, line in lines.items()}
    _run([*lines.values()], _MEASURE_S)
    for (name, rate), line in lines.items():
        behind_s = line.behind_s or [float("nan")]
        cost_ms = (
            (process_cpu_s(line.terminal.pid) - before[name, rate]) / _MEASURE_S * 1000
        )
        print(
            f"{size[0]:>4}x{size[1]} {name:>8} {rate or 'any':>9} "
            f"{line.taken / _MEASURE_S:>9.0f} {statistics.median(behind_s):>9.1f} "
            f"{max(behind_s):>9.1f} {cost_ms:>9.0f}"
        )
        line.terminal.end(signal.SIGKILL)


def main() -> None:
    """Print the table."""
    programs = {
        "montauk": [sys.executable, "-m", "montauk_tui", "-d", "1"],
        "htop": ["htop", "-d", "10"],
    }
    programs = {name: it for name, it in programs.items() if shutil.which(it[0])}
    print("One refresh a second; the line takes so many bytes a second")
    titles = ("program", "line", "bytes/s", "behind s", "most s", "CPU ms/s")
    print("   size " + " ".join(f"{it:>{8 + (i > 0)}}" for i, it in enumerate(titles)))
    with tempfile.TemporaryDirectory() as folder, crowd(_PROCESSES):
        os.environ["XDG_CONFIG_HOME"] = folder
        for size in SIZES:
            _measure(programs, size)


if __name__ == "__main__":
    main()
