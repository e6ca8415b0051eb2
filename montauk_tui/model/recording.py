"""A recording: samples, and what was looked up while each was the last one."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Final, NamedTuple, Protocol

import numpy as np

from montauk_tui.model.details import Details
from montauk_tui.model.sample import Identity, Sample
from montauk_tui.model.schema import UNKNOWN, Floats, Ints


class Arguments(NamedTuple):
    """The arguments of a process."""

    raw: bytes
    """NUL-separated; empty for a kernel thread or a zombie."""
    is_cut: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers of look-ups; what is not in it was not recorded."""

    arguments: Mapping[Identity, Arguments] = field(default_factory=dict)
    users: Mapping[int, str] = field(default_factory=dict)
    """Names by uid."""
    cgroups: Mapping[int, str] = field(default_factory=dict)
    """Paths by number."""
    shared_bytes: Mapping[Identity, float] = field(default_factory=dict)
    gauges: Mapping[str, Mapping[tuple[int, int], float]] = field(default_factory=dict)
    """Numbers by name and identity."""
    labels: Mapping[str, Mapping[tuple[int, int], str]] = field(default_factory=dict)
    """Texts by name and identity."""
    details: Mapping[Identity, Details] = field(default_factory=dict)
    """The last reading of each process so far, which may be older than the sample."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A sample with the look-ups that belong to it."""

    sample: Sample
    answers: Answers = field(default_factory=Answers)
    source: str = "unknown"
    """The collector that took the sample."""
    opening: int = 0
    """Differs from that of the previous moment where another collector took over."""
    samples: int = 1
    """How many samples it stands for: their events and the state of the last."""
    note: str = ""
    """What was between it and the previous moment, in a few words: a gap, a suspend."""
    boot: str = ""
    """Differs from that of another moment where the machine was started in between."""


class Mark(IntFlag):
    """Events of an interval that a timeline shows."""

    LOST = 1
    """Events were lost."""
    COLLECTOR = 2
    """Another collector took over."""
    OOM = 4
    """The OOM killer chose a process."""
    FAILED = 8
    """A process failed: an exit code other than 0, or a signal."""
    CLOCK = 16
    """Somebody set the clock."""
    SUSPENDED = 32
    """The machine was suspended."""


class Timeline(NamedTuple):
    """What is known of moments without reading them; arrays with a value for each."""

    wall_s: Floats
    """Wall clock, which somebody may have set back."""
    monotonic_s: Floats
    interval_s: Floats
    """Length of the interval that the moment ends; NaN where unknown, as below."""
    busy: Floats
    """Busy cores in it: the next two, interrupts and live processes."""
    exited: Floats
    """Cores that exited processes kept busy."""
    unexplained: Floats
    marks: Ints
    """Of `Mark`."""
    first: int = 0
    """The number of the first moment; those before it are forgotten."""
    note: str = ""
    """Why it does not reach further back, in a few words; empty if it could not."""

    def until(self, end: int) -> "Timeline":
        """Return the part before the moment of number `end`."""
        count = max(0, end - self.first)
        return Timeline(
            self.wall_s[:count], self.monotonic_s[:count], self.interval_s[:count],
            self.busy[:count], self.exited[:count], self.unexplained[:count],
            self.marks[:count], self.first, self.note,
        )  # fmt: skip


_NO_FLOATS: Final = np.empty(0)
NO_TIMELINE: Final = Timeline(
    _NO_FLOATS, _NO_FLOATS, _NO_FLOATS, _NO_FLOATS, _NO_FLOATS, _NO_FLOATS,
    np.empty(0, dtype=np.int64),
)  # fmt: skip


class Moments(Protocol):
    """The moments of a recording, in the order in which they were sampled."""

    def __len__(self) -> int:
        """Return the number after that of the last moment."""
        ...

    def __getitem__(self, number: int) -> Moment:
        """Return a moment; the next one is the cheapest to ask for.

        Raises:
            MomentDamaged: It cannot be read.
        """
        ...

    @property
    def timeline(self) -> Timeline:
        """What is known without reading them."""
        ...


@dataclass(frozen=True, slots=True)
class Recording:
    """Moments in memory."""

    moments: tuple[Moment, ...]

    def __len__(self) -> int:
        """Return the number of moments."""
        return len(self.moments)

    def __getitem__(self, number: int) -> Moment:
        """Return a moment."""
        return self.moments[number]

    @property
    def timeline(self) -> Timeline:
        """The times of the moments."""
        samples = [moment.sample for moment in self.moments]
        unknown = np.full(len(samples), math.nan)
        return Timeline(
            np.array([sample.time_s for sample in samples]),
            np.array([sample.monotonic_s for sample in samples]),
            unknown, unknown, unknown, unknown,
            np.zeros(len(samples), dtype=np.int64),
        )  # fmt: skip


def numbers_of_users(sample: Sample) -> Iterable[int]:
    """Return the uids in a sample: of processes, exits, starts, senders of signals."""
    tables = (sample.processes, sample.exits, sample.starts)
    deaths = {} if sample.exits is None else sample.exits.deaths
    found = {death.sender.uid for death in deaths.values()}
    for table in tables:
        if table:
            found |= _distinct(table.uid)
    return found - {UNKNOWN}


def numbers_of_cgroups(sample: Sample) -> Iterable[int]:
    """Return the numbers of the cgroups in a sample."""
    found = _distinct(sample.processes.cgroup_id)
    if sample.exits:
        found |= _distinct(sample.exits.cgroup_id)
    return found - {UNKNOWN}


def _distinct(column: Ints) -> set[int]:
    """Return each number of a column once; neighbours are alike, so few are left."""
    ends = np.flatnonzero(column[1:] != column[:-1])
    return {*column[ends].tolist(), *column[-1:].tolist()}
