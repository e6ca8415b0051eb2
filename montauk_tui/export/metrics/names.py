"""Every metric, one row each: its name, type, unit, labels and meaning.

The text for Prometheus and docs/metrics.md are made from it.
"""

from typing import Final, NamedTuple

from montauk_tui.engine.groups.counted import RESULTS

COUNTER: Final = "counter"
GAUGE: Final = "gauge"


class Metric(NamedTuple):
    """One metric."""

    name: str
    """Of a counter without `_total`."""
    type: str
    unit: str
    """A base unit, which ends the name; empty for a number of things."""
    help: str
    labels: tuple[str, ...] = ()
    """Beside `group`."""
    values: tuple[tuple[str, ...], ...] = ((),)
    """The values of these labels: a series each."""
    of: tuple[str, ...] = ()
    """The columns that it has, one for each of `values`."""

    @property
    def sample(self) -> str:
        """Its name in the lines of its series."""
        return f"{self.name}_total" if self.type == COUNTER else self.name


def _alone(*names: str) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in names)


GROUPS: Final = (
    Metric(
        "montauk_group_cpu_seconds", COUNTER, "seconds",
        "CPU time of the processes of a group, exited ones included.",
        ("mode",), _alone("user", "system"), ("user_s", "kernel_s"),
    ),
    Metric(
        "montauk_group_exited_cpu_seconds", COUNTER, "seconds",
        "The part of montauk_group_cpu_seconds_total that exited processes used since "
        "the last sample before their exit.",
        of=("exited_s",),
    ),
    Metric(
        "montauk_group_starts", COUNTER, "",
        "Processes that started, by the group in which they were first seen.",
        of=("starts",),
    ),
    Metric(
        "montauk_group_exits", COUNTER, "",
        "Processes that exited: with status 0, with another, by a signal, by the OOM "
        "killer, unknown.",
        ("result",), _alone(*RESULTS), RESULTS,
    ),
    Metric(
        "montauk_group_read_bytes", COUNTER, "bytes",
        "Bytes that the processes of a group read from storage.",
        of=("read_bytes",),
    ),
    Metric(
        "montauk_group_written_bytes", COUNTER, "bytes",
        "Bytes that the processes of a group wrote to storage.",
        of=("write_bytes",),
    ),
    Metric(
        "montauk_group_processes", GAUGE, "",
        "Processes in a group.",
        of=("processes",),
    ),
    Metric(
        "montauk_group_threads", GAUGE, "",
        "Threads of the processes of a group.",
        of=("threads",),
    ),
    Metric(
        "montauk_group_resident_memory_bytes", GAUGE, "bytes",
        "Resident memory of the processes of a group; shared pages count for each.",
        of=("rss_bytes",),
    ),
)  # fmt: skip
"""Metrics with a label `group`; `of` names columns of `engine.groups.counted`."""

NEEDS_EXITS: Final = frozenset(("montauk_group_exits", "montauk_group_starts"))
"""What only a collector knows that reports events."""

PARTS: Final = ("live", "exited", "interrupts", "unexplained")

MACHINE: Final = (
    Metric(
        "montauk_cpu_seconds", COUNTER, "seconds",
        "Busy CPU time of the machine: of live processes, of exited processes, of "
        "interrupts, unexplained.",
        ("part",), _alone(*PARTS),
        tuple(f"{part}_s" for part in PARTS),
    ),
    Metric("montauk_cpus", GAUGE, "", "CPUs that are online.", of=("cpus",)),
    Metric(
        "montauk_processes", GAUGE, "", "Processes of the machine.",
        of=("processes",),
    ),
    Metric("montauk_threads", GAUGE, "", "Threads of the machine.", of=("threads",)),
    Metric(
        "montauk_forks", COUNTER, "", "Processes that started, lost events included.",
        of=("forks",),
    ),
    Metric(
        "montauk_execs", COUNTER, "", "Programs that processes began to run.",
        of=("execs",),
    ),
    Metric(
        "montauk_exits", COUNTER, "", "Processes that exited, lost events included.",
        of=("exits",),
    ),
    Metric(
        "montauk_lost_events", COUNTER, "", "Events that were missed.", of=("lost",)
    ),
    Metric(
        "montauk_lost_exits", COUNTER, "", "How many of them were exits.",
        of=("lost_exits",),
    ),
    Metric(
        "montauk_lost_cpu_times", COUNTER, "",
        "Exits with less than their CPU time, as its record was lost.",
        of=("lost_cpu_times",),
    ),
    Metric(
        "montauk_lost_signals", COUNTER, "",
        "Signals whose record was lost: they may have killed processes.",
        of=("lost_signals",),
    ),
    Metric(
        "montauk_lost_failed_execs", COUNTER, "",
        "Execs that failed, or may have, whose record was lost.",
        of=("lost_failed_execs",),
    ),
    Metric(
        "montauk_groups", GAUGE, "", "Groups with series, without other.",
        of=("groups",),
    ),
    Metric(
        "montauk_groups_folded", GAUGE, "",
        "Groups that are in other, as there are too many.",
        of=("folded",),
    ),
    Metric(
        "montauk_samples", COUNTER, "", "Samples that were taken.", of=("samples",)
    ),
    Metric(
        "montauk_last_sample_timestamp_seconds", GAUGE, "seconds",
        "When the last sample was taken, since 1970.",
        of=("time_s",),
    ),
    Metric(
        "montauk_collector_changes", COUNTER, "",
        "How often another collector took over.",
        of=("changes",),
    ),
    Metric(
        "montauk_exporter_cpu_seconds", COUNTER, "seconds",
        "CPU time of the exporter itself.",
        of=("own_cpu_s",),
    ),
)  # fmt: skip
"""Metrics of the machine and of the exporter; `of` names values of `machine`."""

INFO: Final = Metric(
    "montauk_collector_info", GAUGE, "",
    "Always 1: the collector, the version of montauk, and what the groups are.",
    ("collector", "version", "by"),
)  # fmt: skip

METRICS: Final = (*GROUPS, *MACHINE, INFO)
