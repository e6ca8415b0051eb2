"""The figures of one run, from the output of a tool and the reference."""

import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from bench.accuracy.presence import Identity, Json, missing

_PARTS: Final = ("live_s", "exited_s", "interrupts_s")


@dataclass(frozen=True)
class Truth:
    """The reference of a workload."""

    started: int
    cpu_s: float
    mark: str
    """What the names of its processes begin with."""
    driver: int
    """The PID all of them descend from."""


@dataclass(frozen=True)
class Figures:
    """Figures of a tool. None: the tool does not have them."""

    busy_s: float
    explained_s: float
    told_s: float
    """CPU time of the workload's processes, their whole lives together."""
    by_rows_s: float | None = None
    """The same as the sum of what the rows say for each interval."""
    captured: int | None = None
    missing: int | None = None
    """Processes that were not in every sample taken while they lived."""
    repeated: int = 0
    """How often an exited process was listed again, alive or not."""
    lost: int | None = None
    worst_s: float | None = None
    """The smallest unexplained time of a sample."""
    gap_s: float | None = None
    """By how much the parts of a sample miss its busy time, at most."""
    ledgers: list[Json] = field(default_factory=list)

    def explained(self) -> float:
        """Return the explained share of the busy time."""
        return self.explained_s / self.busy_s if self.busy_s else 0.0

    def cpu_error(self, truth: Truth) -> float:
        """Return the relative error of the workload's CPU time."""
        return self.told_s / truth.cpu_s - 1

    def row_error(self, truth: Truth) -> float | None:
        """Return the same by the rows of the intervals; None without rows."""
        return None if self.by_rows_s is None else self.by_rows_s / truth.cpu_s - 1


def from_json(lines: Iterable[str], truth: Truth) -> Figures:
    """Return the figures of the lines of `montauk --json`.

    The first line is about the time before the workload. It only shows the driver.
    """
    samples: list[Json] = [json.loads(line) for line in lines]
    members = Members(truth)
    for process in samples[0]["processes"]:
        members.take(process, 0.0)
    before_s = members.told_s()
    for sample in samples[1:]:
        # Parents before their children, so that these are known by them.
        for process in sorted(sample["processes"], key=lambda one: one["start_time"]):
            members.take(process, sample["interval_s"])
    ledgers: list[Json] = [sample["ledger"] for sample in samples[1:]]
    return Figures(
        busy_s=sum(ledger["busy_s"] for ledger in ledgers),
        explained_s=sum(explained_s(ledger) for ledger in ledgers),
        told_s=members.told_s() - before_s,
        by_rows_s=members.by_rows_s,
        captured=len(members.ended),
        missing=missing(samples, members.known()),
        repeated=members.repeated,
        lost=samples[-1]["collector"]["lost"],
        worst_s=min(ledger["unexplained_s"] for ledger in ledgers),
        gap_s=max(abs(gap_s(ledger)) for ledger in ledgers),
        ledgers=ledgers,
    )


def explained_s(ledger: Json) -> float:
    """Return the explained time of a sample; unknown parts count as 0."""
    return sum(ledger[part] or 0.0 for part in _PARTS)


def gap_s(ledger: Json) -> float:
    """Return busy time less the sum of its parts."""
    rest_s: float = ledger["busy_s"] - explained_s(ledger) - ledger["unexplained_s"]
    return rest_s


class Members:
    """The processes of a workload, as a tool lists them."""

    def __init__(self, truth: Truth) -> None:
        """Identify them by name and parent."""
        self.ended: set[Identity] = set()
        self.repeated = 0
        self.by_rows_s = 0.0
        self._mark = truth.mark
        self._pids = {truth.driver}
        self._lives_s: dict[Identity, float] = {}

    def take(self, process: Json, interval_s: float) -> None:
        """Count a process of a sample, if it is one of the workload's."""
        if not self._is_member(process):
            return
        identity = (process["pid"], process["start_time"])
        self.repeated += identity in self.ended
        self.by_rows_s += (process["cpu_pct"] or 0.0) / 100 * interval_s
        told_s = (process["utime_s"] or 0.0) + (process["stime_s"] or 0.0)
        self._lives_s[identity] = max(told_s, self._lives_s.get(identity, 0.0))
        if process["alive"]:
            self._pids.add(process["pid"])
        else:
            self.ended.add(identity)
            self._pids.discard(process["pid"])

    def known(self) -> AbstractSet[Identity]:
        """Return all of them that were listed."""
        return self._lives_s.keys()

    def told_s(self) -> float:
        """Return the CPU time of all of them, as far as reported."""
        return sum(self._lives_s.values())

    def _is_member(self, process: Json) -> bool:
        names = (process["comm"], process["cmdline"])
        by_name = any(self._mark in name for name in names if name)
        return by_name or process["ppid"] in self._pids
