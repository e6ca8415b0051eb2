"""Rows of `ledger`: one for each interval."""

import math
from typing import Any

import numpy as np

from montauk_tui.export.fleet.commands import as_texts
from montauk_tui.export.fleet.rows import Columns, micros
from montauk_tui.export.fleet.used import Used
from montauk_tui.model.sample import Counters
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.recorder.stream import Step


class LedgerRows:
    """Collects the ledgers of intervals."""

    def __init__(self) -> None:
        """Start without one."""
        self._rows: list[dict[str, Any]] = []

    @property
    def count(self) -> int:
        """Rows since the last call of `taken`."""
        return len(self._rows)

    def take(
        self, step: Step, used: Used, now: Counters, before: Counters | None
    ) -> None:
        """Add the interval before a moment.

        Args:
            step: The moment at its end.
            used: CPU time of processes.
            now: The counters of that moment.
            before: The counters at its start; None if of another collector.
        """
        interval_s, busy, _, unexplained = step.usage
        if math.isnan(interval_s) or math.isnan(busy):
            return
        memory, load = step.memory(), step.facts.get("host.load")
        busy_s, unexplained_s = busy * interval_s, unexplained * interval_s
        live_s, exited_s = used
        known_s = 0.0 if math.isnan(exited_s) else exited_s
        pid, tgid = (step.processes.column(name) for name in ("pid", "tgid"))
        self._rows.append(
            {
                "time": step.clocks.time_s,
                "interval_s": interval_s,
                "collector": step.clocks.source,
                "cpus": step.cpus,
                "busy_s": busy_s,
                "live_s": live_s,
                "exited_s": exited_s,
                # The header has float32.
                "interrupts_s": max(busy_s - live_s - known_s - unexplained_s, 0.0),
                "unexplained_s": unexplained_s,
                "processes": int(np.count_nonzero(pid == tgid)),
                "memory_used_bytes": _whole(memory.used),
                "swap_used_bytes": _whole(memory.swap_used),
                "load_1": _first(load),
                **{
                    name: _growth(name, before, now)
                    for name in ("forks", "execs", "exits", "lost")
                },
            }
        )

    def taken(self) -> Columns:
        """Return the rows since the last call as columns."""
        rows, self._rows = self._rows, []
        if not rows:
            return {}
        columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        columns["time"] = micros(columns["time"])
        columns["collector"] = as_texts([row["collector"] for row in rows])
        return columns


def _growth(name: str, before: Counters | None, now: Counters) -> int:
    """Return how many there were in an interval."""
    if before is None:
        return UNKNOWN
    then, count = getattr(before, name), getattr(now, name)
    if then is None or count is None or count < then:
        return UNKNOWN
    return int(count - then)


def _whole(value: float) -> int:
    return UNKNOWN if math.isnan(value) else int(value)


def _first(load: Any) -> float:
    """Return the load average of a minute; a recording may have anything there."""
    one = load[0] if isinstance(load, list) and load else None
    return float(one) if isinstance(one, int | float) else math.nan
