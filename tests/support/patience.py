"""How long a test waits for what must come."""

import os
import time
from collections.abc import Callable
from pathlib import Path

CALM_S = 20.0
"""Of time in which nothing waited for what others had."""
MOST_S = 240.0
"""Whatever else the machine does."""


class Patience:
    """A limit in the time that the machine had for the test.

    A busy machine makes what is waited for slower by what it gives to others. The
    kernel knows for how long some task was kept waiting for a CPU, a disk or memory
    (Documentation/accounting/psi.rst), and a virtual machine for its host (`steal` in
    proc_stat(5)): that time does not count. Where it does not say, all time does.
    """

    def __init__(self, calm_s: float = CALM_S, most_s: float = MOST_S) -> None:
        """Begin to wait."""
        self._calm_s, self._most_s = calm_s, most_s
        self._began_s, self._stalled_s = time.monotonic(), _stalled_s()

    def is_over(self) -> bool:
        """Tell whether it has been waited for in vain."""
        waited_s = time.monotonic() - self._began_s
        stalled_s = _stalled_s() - self._stalled_s if waited_s > self._calm_s else 0.0
        return waited_s > min(self._calm_s + stalled_s, self._most_s)


def until(holds: Callable[[], object], what: str = "", calm_s: float = CALM_S) -> None:
    """Wait until a function returns something true."""
    patience = Patience(calm_s)
    while not holds():
        assert not patience.is_over(), f"waited in vain: {what or holds}"
        time.sleep(0.005)


def _stalled_s() -> float:
    """Return for how long something was kept waiting since the machine started."""
    return sum(map(_pressure_s, ("cpu", "io", "memory"))) + _stolen_s()


def _pressure_s(what: str) -> float:
    """Return for how long some task has waited for it."""
    try:
        some = Path(f"/proc/pressure/{what}").read_text("ascii").splitlines()[0]
        return int(some.rpartition("total=")[2]) / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0


def _stolen_s() -> float:
    """Return what the host gave to others, of all CPUs together."""
    try:
        words = Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()
        return int(words[_STEAL]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


_STEAL = 8
"""The place of the ticks in the first line of /proc/stat."""
