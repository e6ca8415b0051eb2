"""A report of a part of a recording: what the CPUs did, and who used them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from montauk_tui.engine.groups.criteria import CRITERIA
from montauk_tui.engine.history.takeover import Reported
from montauk_tui.engine.usage.groups import GroupSums
from montauk_tui.engine.usage.interval import Intervals, IntervalUsage
from montauk_tui.engine.usage.tree import TreeSums
from montauk_tui.model.frame import Ledger
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import Sample

TREE: Final = "tree"
"""What else there is a report by, beside the criteria of groups."""


@dataclass(slots=True)
class Totals:
    """Sums of ledgers, in CPU-seconds, and what is missing from them."""

    busy_s: float = 0.0
    live_s: float = 0.0
    exited_s: float = 0.0
    interrupts_s: float = 0.0
    unexplained_s: float = 0.0
    available_s: float = 0.0
    """What all CPUs could have done."""
    covered_s: float = 0.0
    """Time in the intervals between samples."""
    intervals: int = 0
    lost: int = 0
    """Events that were counted and not reported."""
    damaged: int = 0
    """Samples that cannot be read."""
    boots: int = 0
    """How often the machine started."""
    no_exits_s: float = 0.0
    """Time in which exits were not reported."""
    no_busy_s: float = 0.0
    """Time in which the CPU time that was used is not known."""
    collectors: dict[str, float] = field(default_factory=dict)
    """How long each served."""

    @property
    def sees_exits(self) -> bool:
        """Whether any exit could be seen."""
        return self.no_exits_s < self.covered_s

    def add(self, ledger: Ledger) -> None:
        """Add a ledger; what is not known counts as 0."""
        if math.isnan(ledger.busy_s):
            self.no_busy_s += ledger.interval_s
        self.busy_s += _known(ledger.busy_s)
        self.live_s += ledger.live_s
        self.exited_s += ledger.exited_s or 0.0
        self.interrupts_s += _known(ledger.interrupts_s)
        self.unexplained_s += _known(ledger.unexplained_s)


class Report:
    """Sums over the samples that are added, one after the other."""

    def __init__(self, by: Sequence[str]) -> None:
        """Take what to sum up by: criteria of groups, or `TREE`."""
        self.by = tuple(by)
        self.groups = {name: GroupSums(CRITERIA[name]) for name in by if name != TREE}
        self.tree = TreeSums() if TREE in by else None
        self.totals = Totals()
        self.hostname = ""
        self.cpus = 0
        """At the end."""
        self.sees_every_process = True
        """Whether processes of other PID namespaces are seen too."""
        self.begin_s = self.end_s = math.nan
        """Wall clock of the first and of the last sample."""
        self._intervals, self._reported = Intervals(), Reported()
        self._lost = self._opening = 0

    def restart(self) -> None:
        """Let the next sample be the first after a boot."""
        self.totals.boots += 1
        self._intervals.restart()
        self._reported.restart()
        if self.tree is not None:
            self.tree.restart()

    def add(
        self, sample: Sample, lookups: Lookups, source: str = "", opening: int = 0
    ) -> None:
        """Add the interval that ends with a sample; the first one only begins.

        Args:
            sample: The sample.
            lookups: Of that sample.
            source: The name of its collector.
            opening: The number of the collector among those opened.
        """
        sample = self._reported.without_repeats(sample, opening)
        interval = self._intervals.next(sample, lookups)
        if math.isnan(self.begin_s):
            self.begin_s = sample.time_s
        self.end_s = sample.time_s
        self.hostname = sample.host.hostname
        self.cpus = len(sample.host.cpu_ids)
        self.sees_every_process &= sample.host.sees_every_process
        if interval.ledger is not None:
            self._add_totals(interval, interval.ledger, source, opening)
        self._lost, self._opening = sample.counters.lost, opening
        for groups in self.groups.values():
            groups.add(interval)
        if self.tree is not None:
            self.tree.add(interval)

    def _add_totals(
        self, interval: IntervalUsage, ledger: Ledger, source: str, opening: int
    ) -> None:
        totals, sample = self.totals, interval.frame.sample
        length_s = interval.frame.interval_s or 0.0
        totals.add(ledger)
        totals.intervals += 1
        totals.covered_s += length_s
        totals.available_s += ledger.interval_s * self.cpus
        totals.collectors[source] = totals.collectors.get(source, 0.0) + length_s
        if not interval.sees_exits:
            totals.no_exits_s += length_s
        # Another collector counts from its own start.
        before = self._lost if opening == self._opening else 0
        lost = sample.counters.lost
        totals.lost += lost - before if lost >= before else lost


def _known(value: float) -> float:
    return 0.0 if math.isnan(value) else value
