"""How long the CPUs ran tasks: the time that their idle tasks did not run."""

import math
import time

import numpy as np

from montauk_tui.collectors.kernel.log import Records, Storage
from montauk_tui.collectors.kernel.records import IDLE
from montauk_tui.model.schema import Ints

_TRIES = 3


class IdleTasks:
    """Reads the probes' records of each CPU's idle task."""

    def __init__(self, storage: Storage, cpus: int, offset_ns: int) -> None:
        """Use them.

        Args:
            storage: What the probes write.
            cpus: How many CPUs it has.
            offset_ns: What montauk's time namespace adds to CLOCK_MONOTONIC.
        """
        self._array = storage.array("idles", IDLE, cpus)
        self._offset_ns = offset_ns
        self._opened_ns = self._now_ns()

    def close(self) -> None:
        """Release them."""
        self._array.close()

    def tasks_s(self, cpu_ids: Ints) -> float:
        """Return for how long these CPUs ran tasks since this was opened, in seconds.

        Idle tasks are not counted. NaN until each of the CPUs has been seen to
        switch to or from it.
        """
        before = self._records(cpu_ids)
        for _ in range(_TRIES):
            now_ns = self._now_ns()
            after = self._records(cpu_ids)
            if np.array_equal(before, after):
                break
            before = after
        if not np.all(after["task"]):
            return math.nan
        since_ns = after["since_ns"].astype(np.int64)
        now_idle_ns = np.where(since_ns > 0, np.maximum(now_ns - since_ns, 0), 0)
        idle_ns = after["idle_ns"].astype(np.int64) + now_idle_ns
        return float((now_ns - self._opened_ns - idle_ns).sum()) / 1e9

    def _records(self, cpu_ids: Ints) -> Records:
        records: Records = self._array.records[cpu_ids]
        return records

    def _now_ns(self) -> int:
        return time.monotonic_ns() - self._offset_ns
