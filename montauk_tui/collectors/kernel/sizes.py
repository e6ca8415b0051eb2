"""How large the logs of the probes are."""

from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.collectors.kernel.records import LIFECYCLE

_LOG_BYTES: Final = 32 << 20
"""Size of the log of lifecycle records, all CPUs together."""
_MOST_SLOTS: Final = 8192
_LEAST_SLOTS: Final = 1024


class Sizes(NamedTuple):
    """Of the logs."""

    cpus: int
    """How many CPUs have one of their own of each kind."""
    slots: int
    """Records of one CPU, a power of two."""

    def defines(self) -> dict[str, int]:
        """Return the macros of C."""
        return {"CPUS": self.cpus, "LIVES": self.slots, "BRIEFS": self.slots}


def possible_cpus() -> int:
    """Return how many CPUs there may ever be, as BPF numbers them."""
    text = Path("/sys/devices/system/cpu/possible").read_text("ascii").strip()
    return int(text.replace(",", "-").split("-")[-1]) + 1


def default_slots(cpus: int) -> int:
    """Return how many lifecycle records each CPU has room for, a power of two."""
    slots = _MOST_SLOTS
    while slots > _LEAST_SLOTS and slots * cpus * LIFECYCLE.itemsize > _LOG_BYTES:
        slots //= 2
    return slots
