"""CPU use of montauk, htop, btop and top, side by side in one run.

montauk runs twice: with the best collector it can open, and with /proc only.

Each refreshes once a second in its own pty of 120x40, all at the same time; their CPU
time is read from /proc. Programs that are not installed are skipped and named.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bench.crowd import crowd
from bench.terminal import Terminal

SIZES: Final = (100, 1_000, 10_000)
_SETTLE_S: Final = 6.0
_MEASURE_S: Final = 15.0
_MONTAUK: Final = (sys.executable, "-m", "montauk_tui", "-d", "1")
_HZ: Final = os.sysconf("SC_CLK_TCK")


def commands() -> dict[str, list[str]]:
    """Return the command of each program."""
    return {
        "montauk": [*_MONTAUK],
        "montauk /proc": [*_MONTAUK, "--collector", "traditional"],
        "htop": ["htop", "-d", "10"],
        "btop": ["btop", "--utf-force"],
        "top": ["top", "-d", "1"],
    }


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _HZ


def rss_mib(pid: int) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def measure(programs: dict[str, list[str]]) -> dict[str, tuple[float, float]]:
    """Return percent of a core and MiB resident of each program."""
    terminals = {name: Terminal(command, 120, 40) for name, command in programs.items()}
    _drain(terminals, _SETTLE_S)
    before = {name: cpu_s(terminal.pid) for name, terminal in terminals.items()}
    started = time.monotonic()
    _drain(terminals, _MEASURE_S)
    elapsed = time.monotonic() - started
    result = {
        name: (
            (cpu_s(terminal.pid) - before[name]) / elapsed * 100,
            rss_mib(terminal.pid),
        )
        for name, terminal in terminals.items()
    }
    for terminal in terminals.values():
        terminal.end(signal.SIGKILL)
    return result


def _drain(terminals: dict[str, Terminal], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for terminal in terminals.values():
            if terminal.wait(0.0):
                terminal.take()
        time.sleep(0.02)


def main() -> None:
    """Print the table."""
    wanted = commands()
    programs = {name: wanted[name] for name in wanted if shutil.which(wanted[name][0])}
    if missing := sorted(set(wanted) - set(programs)):
        print(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "btop")
        config.mkdir()
        (config / "btop.conf").write_text("update_ms = 1000\n")
        os.environ["XDG_CONFIG_HOME"] = folder
        print("CPU in % of one core and MiB resident, one refresh a second")
        print(f"{'processes':>9}  " + "  ".join(f"{name:>17}" for name in programs))
        for size in SIZES:
            with crowd(size) as count:
                result = measure(programs)
            cells = (f"{cpu:8.1f} % {mib:5.0f}M" for cpu, mib in result.values())
            print(f"{count:>9}  " + "  ".join(f"{cell:>17}" for cell in cells))


if __name__ == "__main__":
    main()
