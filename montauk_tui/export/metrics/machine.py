"""The values of the machine: the ledger, events and losses since the start."""

import math
import time
from dataclasses import fields
from typing import Final

from montauk_tui.export.metrics.names import PARTS
from montauk_tui.model.frame import Frame, Ledger
from montauk_tui.model.names import DEAD
from montauk_tui.model.sample import Counters
from montauk_tui.model.schema import UNKNOWN

_COUNTED: Final = tuple(one.name for one in fields(Counters))


class Machine:
    """Adds up what frames say of the machine, over changes of the collector."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._samples = self._changes = 0
        self._opening: int | None = None
        self._last = Counters()
        self._before: dict[str, int] = {}
        """Sums of the collectors before."""
        self._sums = dict.fromkeys(PARTS, math.nan)
        self._highest = dict.fromkeys(PARTS, math.nan)

    def add(self, frame: Frame, opening: int) -> None:
        """Add a frame, with the number of its collector among those opened."""
        if self._opening not in (None, opening):
            self._changes += 1
            for name in _COUNTED:
                now = getattr(self._last, name)
                if now is not None:
                    self._before[name] = self._before.get(name, 0) + now
        self._opening, self._last = opening, frame.sample.counters
        self._samples += 1
        if frame.ledger is not None:
            self._add_ledger(frame.ledger)

    def _add_ledger(self, ledger: Ledger) -> None:
        """Add the parts of an interval: one may be below 0, which a counter is not."""
        for part in PARTS:
            more = getattr(ledger, f"{part}_s")
            if more is None or math.isnan(more):
                continue
            total = more + (0.0 if math.isnan(self._sums[part]) else self._sums[part])
            self._sums[part] = total
            self._highest[part] = max(total, 0.0, self._highest[part])

    def values(self, frame: Frame) -> dict[str, float]:
        """Return the values by the names of `names.MACHINE`; NaN for unknown."""
        table, host = frame.sample.processes, frame.sample.host
        counted = {name: self._counted(name) for name in _COUNTED}
        if math.isnan(counted["exits"]):
            # A collector without events loses none.
            counted = dict.fromkeys(_COUNTED, math.nan)
        return {
            **counted,
            **{f"{part}_s": self._highest[part] for part in PARTS},
            "cpus": len(host.cpu_ids),
            "processes": int((table.is_process & (table.state != DEAD)).sum()),
            "threads": math.nan if host.threads == UNKNOWN else host.threads,
            "samples": self._samples,
            "changes": self._changes,
            "time_s": frame.sample.time_s,
            "own_cpu_s": time.process_time(),
        }

    def _counted(self, name: str) -> float:
        now = getattr(self._last, name)
        before = self._before.get(name)
        if now is None and before is None:
            return math.nan
        return (now or 0) + (before or 0)
