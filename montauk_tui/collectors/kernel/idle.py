"""How long the CPUs ran tasks: the time that their idle tasks did not run."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from montauk_tui.collectors.kernel.log import unloaded
from montauk_tui.collectors.kernel.records import IDLE
from montauk_tui.model.schema import Ints

if TYPE_CHECKING:
    from montauk_tui.collectors.kernel.log import Storage

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

        Raises:
            CollectorFailed: The probes were unloaded.
        """
        before = self._read(cpu_ids)
        for _ in range(_TRIES):
            now_ns = self._now_ns()
            after = self._read(cpu_ids)
            if before == after:
                break
            before = after
        # Plain numbers: few CPUs are added faster than numpy begins to.
        tasks, idles_ns, sinces_ns = after
        if not all(tasks):
            return math.nan
        now_idle_ns = sum(max(now_ns - since, 0) for since in sinces_ns if since)
        passed_ns = len(tasks) * (now_ns - self._opened_ns)
        return (passed_ns - sum(idles_ns) - now_idle_ns) / 1e9

    def _read(self, cpu_ids: Ints) -> list[list[int]]:
        """Return the fields that count, a number for each CPU."""
        try:
            records = self._array.records[cpu_ids]
        except OSError as error:
            raise unloaded() from error
        return [records[name].tolist() for name in ("task", "idle_ns", "since_ns")]

    def _now_ns(self) -> int:
        return time.monotonic_ns() - self._offset_ns
