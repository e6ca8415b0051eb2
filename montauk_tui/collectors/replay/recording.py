"""A recording: samples, and what was looked up while each was the last one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from montauk_tui.model.details import Details
from montauk_tui.model.sample import Identity, Sample


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


@dataclass(frozen=True, slots=True)
class Recording:
    """Moments in the order in which they were sampled."""

    moments: tuple[Moment, ...]
