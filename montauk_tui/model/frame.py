"""A sample with the rates since the previous one: all that a front end is given."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from montauk_tui.model.exits import NO_DEATHS, Deaths
from montauk_tui.model.history import Extra, History
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Floats, Ints


@dataclass(frozen=True, slots=True)
class Rates:
    """What each process used since the previous sample; NaN where that is unknown."""

    cpu_s: Floats
    """CPU-seconds used in the interval."""
    cpu_pct: Floats
    """CPU use, 100 for one core kept busy."""
    exit_cpu_s: Floats
    """CPU-seconds that exited processes used in the interval and that were not charged
    to a row of the table; a row for each of `exits`."""
    exit_used_s: Floats
    """The same with what its own row in this sample was charged with."""
    exit_cpu_pct: Floats
    """`exit_used_s` as CPU use."""
    children_s: Floats
    """CPU-seconds of the children that exited in the interval, as credited to the
    parent; NaN where there are exit records."""
    per_s: Mapping[str, Floats] = field(default_factory=dict)
    """Growth of counters per second, by the name of the column; a missing one is
    unknown in every row."""
    exit_per_s: Mapping[str, Floats] = field(default_factory=dict)
    """The same for exited processes; a row for each of `exits`."""
    interval_s: float = math.nan
    """Seconds since the previous sample."""
    highest: Mapping[str, Ints] = field(default_factory=dict)
    """The most that counters which may step back have ever been, by name."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """Bytes a second through an interface or a disk; NaN where unknown."""

    name: str
    """The device; empty for the sum of all."""
    in_bytes: float
    """Received, or read."""
    out_bytes: float
    """Sent, or written."""
    busy_share: float = math.nan
    """Share of the time, 0 to 1, in which a disk worked; of all, the busiest one's."""


@dataclass(frozen=True, slots=True)
class DeviceThroughput:
    """The throughput of each device of a kind, and the sum."""

    each: tuple[Throughput, ...]
    total: Throughput


RECORDING: Final = "recording"
"""`Frame.recording` while nothing is wrong."""

NO_THROUGHPUT: Final = DeviceThroughput((), Throughput("", math.nan, math.nan))


@dataclass(frozen=True, slots=True)
class HostRates:
    """What the machine did since the previous sample; shares are of 0 to 1."""

    cpu_share: Floats
    """Shape (cpus, len(CPU_FIELDS)); NaN where a CPU was not in both samples."""

    busy_share: Floats
    """Shape (cpus,): all but idle, iowait and steal; guest time counts once."""

    machine_share: Floats
    """Shape (len(CPU_FIELDS),): the mean over the CPUs that are known."""

    machine_busy: float

    network: DeviceThroughput = NO_THROUGHPUT
    disks: DeviceThroughput = NO_THROUGHPUT

    lists: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)
    """By the kind of device and its name the columns of the lists."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where the CPU time of an interval went, in CPU-seconds.

    The parts that are known add up to `busy_s`. Where the collector does not see the
    CPU time of exited processes, `exited_s` is what parents were credited with; None if
    that is unknown too.
    """

    busy_s: float
    live_s: float
    exited_s: float | None
    interrupts_s: float
    unexplained_s: float
    interval_s: float
    """Between the two readings of the host's CPU times. A sample that takes seconds
    reads them long after its clock."""


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """Which collector serves, and why not a better one."""

    name: str
    detail: str
    refusals: tuple[str, ...] = ()
    """A line for each better collector, with reason and remedy."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A sample, its rates and how to look up the strings of its processes."""

    seq: int
    sample: Sample
    interval_s: float | None
    """Seconds since the previous sample, None in the first frame."""
    rates: Rates
    host_rates: HostRates
    ledger: Ledger | None
    collector: CollectorStatus
    lookups: Lookups
    cpu_s: float
    """CPU time that collecting and deriving this frame cost."""
    is_recorded: bool = False
    """Whether it shows a time in the past."""
    ago_s: float | None = None
    """Seconds between that and the present; None for a recording."""
    since_s: float | None = None
    """Wall clock from which on it sums up several samples; None if it is of one."""
    remark: str = ""
    """What the host has to say, in one line: that a search found nothing."""
    recording: str = ""
    """Whether it is being recorded, in a few words; empty if nobody wants that."""
    history: History = field(default_factory=History)
    extra: Extra = field(default_factory=dict)
    """More columns of the sample's processes."""
    cgroups: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """By path the columns of cgroups, as far as they were read."""
    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Columns of texts, which only lists of devices have."""
    deaths: Deaths = field(default_factory=lambda: NO_DEATHS)
    """The signals that ended exited processes among them."""
    whole: "Frame | None" = None
    """For a frame with other rows: the frame that it was made from."""
