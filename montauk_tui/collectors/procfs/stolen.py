"""Whether the kernel excludes stolen time from that of processes."""

import math
import struct
from pathlib import Path
from typing import Final

_HEADER: Final = struct.Struct("=HBBIIIII")
_MAGIC: Final = 0xEB9F
_MOST_BYTES: Final = 1 << 25

_FIELD: Final = b"\0prev_steal_time_rq\0"
"""Field of `struct rq` with CONFIG_PARAVIRT_TIME_ACCOUNTING (kernel/sched/sched.h)."""


class Stolen:
    """Finds out when time is stolen between two samples: it takes 5 ms, once."""

    def __init__(self, sys: str = "/sys") -> None:
        """Look below `sys`."""
        self._file = Path(sys) / "kernel/btf/vmlinux"
        self._is_charged: bool | None = None
        self._before_ticks = math.nan

    def is_charged(self, stolen_ticks: float) -> bool:
        """Return whether processes are charged for stolen time.

        False if that is unknown, and until something is stolen after the first call.
        """
        before, self._before_ticks = self._before_ticks, stolen_ticks
        if self._is_charged is None and stolen_ticks > before:
            names = _names(self._file)
            self._is_charged = names is not None and _FIELD not in names
        return bool(self._is_charged)


def _names(file: Path) -> bytes | None:
    """Return all names in the kernel's BTF (bpf/btf), None if there is none."""
    try:
        # One read returns a page at most: the file object reads on.
        with file.open("rb") as btf:
            head = btf.read(_HEADER.size)
            if len(head) < _HEADER.size:
                return None
            magic, _, _, head_bytes, _, _, start, length = _HEADER.unpack(head)
            if magic != _MAGIC or not 0 < length <= _MOST_BYTES:
                return None
            btf.seek(head_bytes + start)
            names = btf.read(length)
    except OSError:
        return None
    return names if len(names) == length else None
