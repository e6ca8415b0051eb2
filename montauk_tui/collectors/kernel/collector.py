"""The kernel collector: snapshots by a BPF iterator, exits from the probes' log."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from montauk_tui.collectors import namespaces
from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.collectors.clock import (
    UNKNOWN_OFFSETS,
    USER_HZ,
    SampleClock,
    namespace_offsets,
)
from montauk_tui.collectors.kernel.about import sees_failed_execs
from montauk_tui.collectors.kernel.hidden_from_bpf import HiddenFromBpf
from montauk_tui.collectors.kernel.idle import IdleTasks
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.logs import Drained, ProbeLogs
from montauk_tui.collectors.kernel.origin import Origin
from montauk_tui.collectors.kernel.pinfolder import BPFFS
from montauk_tui.collectors.kernel.records import EXEC, in_namespace
from montauk_tui.collectors.kernel.snapshot import (
    SNAPSHOT_COLUMNS,
    TaskIterator,
    never_back,
    settled_zombies,
    stand_ins,
    to_table,
)
from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.enrich.enrichment import Enrichment
from montauk_tui.collectors.procfs.host import HostReader
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.users import UserNames
from montauk_tui.errors import CollectorFailed, CollectorUnavailable
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import HostSample, ProcessTable, Sample
from montauk_tui.model.schema import Need
from montauk_tui.model.starts import StartTable

if TYPE_CHECKING:
    from montauk_tui.collectors.kernel.events import Events
    from montauk_tui.collectors.kernel.origin import Probes
    from montauk_tui.collectors.kernel.run_delay import RunDelay

_RECORDING_NS: Final = 5 * 10**6
"""A record may appear in its log this late: a CPU of a virtual machine can stop at any
time."""

_LACKS_SIGNALS: Final = frozenset(
    ("T_sighand", "T_blocked", "T_real_blocked", "H_action", "H_handler")
)
"""Without any of these fields of the kernel no fatal signal is recorded."""


class KernelCollector(Collector):
    """Sees every process, however short-lived, and its exact CPU time."""

    name: ClassVar[str] = "kernel"
    free: ClassVar[Need] = Need.IO
    lookups: ProcLookups

    def __init__(self, attachment: str = "auto", place: str = BPFFS) -> None:
        """Use the probes that stay loaded, or load some.

        Args:
            attachment: `kprobes`, `tracepoints`, or `auto` for the best available;
                those that stay loaded are used for `auto` only.
            place: The BPF file system in which they are.
        """
        self._origin = Origin(attachment, place)
        self._probes: Probes | None = None
        self._resources = ExitStack()
        self._users = UserNames()
        self._clock = SampleClock()

    @property
    def detail(self) -> str:
        """Where the probes are from and how they are attached, once they are."""
        return "eBPF" if self._probes is None else self._probes.detail(self._offset_ns)

    @property
    def slow_to_open(self) -> bool:
        """Whether probes must be loaded first."""
        return self._origin.must_load

    def availability(self) -> Availability:
        """Tell from a few files whether there should be probes."""
        return self._origin.availability()

    def open(self) -> None:
        """Load the probes and map their logs.

        Raises:
            CollectorUnavailable: With the reason and the remedy.
        """
        self._release()
        offsets = namespace_offsets()
        if offsets is None:
            raise CollectorUnavailable(*UNKNOWN_OFFSETS)
        self._offset_ns = offsets.boot_ns
        probes, sizes = self._origin.open(self.on_wait)
        self._probes = probes
        self._resources.callback(probes.close)
        try:
            self._map(probes, sizes, offsets.monotonic_ns)
            self._check_sight()
        except (CollectorFailed, CollectorUnavailable) as error:
            self.close()
            raise CollectorUnavailable(error.reason, error.remedy) from error
        except (OSError, ValueError) as error:
            self.close()
            from montauk_tui.collectors.kernel.loader import PASSING  # noqa: PLC0415

            number = getattr(error, "errno", None) or 0
            remedy = PASSING.get(number, "raise the locked memory limit")
            reason = f"the probes' log cannot be mapped: {error}"
            may_pass = number in PASSING
            raise CollectorUnavailable(reason, remedy, may_pass=may_pass) from error
        self._begin(probes)

    def _map(self, probes: Probes, sizes: tuple[int, int], offset_ns: int) -> None:
        self._root = ProcRoot()
        namespace = namespaces.own("pid")
        self._logs = ProbeLogs(probes.storage, probes.descriptors, *sizes, namespace)
        self._resources.callback(self._logs.close)
        self._idle_tasks = IdleTasks(probes.storage, sizes[0], offset_ns)
        self._resources.callback(self._idle_tasks.close)
        self._iterator = TaskIterator(probes.open_tasks)

    def _begin(self, probes: Probes) -> None:
        self.lookups = ProcLookups(self._root, self._users)
        self._resources.callback(self._root.close_kept)
        self._host_reader = HostReader(
            self._root.read_kept,
            self._root.read_lists,
            tasks_s=self._idle_tasks.tasks_s,
        )
        self._unknown = _unknown(probes.missing)
        self._enrichment = Enrichment(self._root, has=SNAPSHOT_COLUMNS)
        self._since_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self._events: Events | None = None
        self._run_delay: RunDelay | None = None
        self._before = ProcessTable.empty()
        self._sees_signals = "signal_tracepoint" in probes.hooked and (
            not _LACKS_SIGNALS & {*probes.missing}
        )
        self._sees_failed_execs = sees_failed_execs(probes.hooked)
        self._sees_oom = "victim_tracepoint" in probes.hooked
        self._hidden = HiddenFromBpf(self._root, USER_HZ)

    def _check_sight(self) -> None:
        """Verify that a snapshot contains this process: the kernel may hide others."""
        if os.getpid() not in self._iterator.read()["pid"]:
            reason = "the kernel's snapshot lacks montauk itself"
            remedy = "run it outside of this container: pid namespaces are nested deep"
            raise CollectorUnavailable(reason, remedy)

    def close(self) -> None:
        """Remove the probes; harmless when closed already."""
        self._release()
        self._origin.forget()

    def _release(self) -> None:
        self._resources.close()
        self._probes = None
        self._users.close()

    def give_up(self) -> None:
        """Kill the loader, and start no other."""
        self._origin.give_up()

    def sample(self, needs: Need) -> Sample:
        """Return the processes as they are now and the exits since the last sample.

        Raises:
            CollectorFailed: The iterator or /proc can no longer be read.
        """
        if self._probes is None:
            raise CollectorFailed("the kernel collector is not open")
        started = self._clock.start()
        tasks = self._iterator.read()
        in_namespace(tasks, self._offset_ns)
        # Next, as its CPU times are compared with those of the tasks.
        host = self._host(needs)
        before = self._before
        table = self._table(tasks, needs)
        read_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        drained = self._logs.drain()
        for records in drained:
            in_namespace(records, self._offset_ns)
        waiting, events = self._joined(drained, table, tasks, read_ns)
        if len(waiting):
            table = table.merged(never_back(before, waiting))
        hidden = self._hidden.rows(table, started.boot_s, needs)
        table = table.merged(hidden) if len(hidden) else table
        table = self._enrichment.enriched(Rows(table, before, needs))
        self.lookups.next_sample(table, _execs(drained.lifecycle), is_exact=True)
        self.lookups.read(table, needs)
        return Sample(
            ticks_per_second=10**9,
            processes=table,
            host=host,
            sees_signals=self._sees_signals,
            sees_failed_execs=self._sees_failed_execs,
            vanished=0,
            cgroups=self.lookups.cgroups,
            **events,
            **started.times(),
        )

    def _joined(
        self, drained: Drained, table: ProcessTable, tasks: Records, read_ns: int
    ) -> tuple[ProcessTable, dict[str, Any]]:
        """Return rows of exits that are not complete, and the events of a sample."""
        counters, until_ns = self._logs.counters(), read_ns - _RECORDING_NS
        if self._events is None and not any(map(len, drained)):
            return ProcessTable.empty(), {
                "exits": ExitTable.empty(),
                "starts": StartTable.empty(),
                "ending": np.empty(0, dtype=np.int64),
                "counters": counters,
                "reported_until_ns": until_ns,
            }
        events = self._events = self._events or self._new_events()
        waiting, found = events.joined(drained, table, settled_zombies(tasks), read_ns)
        found["exits"] = found["exits"].without(self._unknown)
        found["counters"] = replace(counters, lost_cpu_times=events.lost_cpu_times)
        found["reported_until_ns"] = events.reported_until_ns(until_ns)
        return waiting, found

    def _new_events(self) -> Events:
        from montauk_tui.collectors.kernel.events import Events  # noqa: PLC0415

        cmdline = self.lookups.cmdline
        return Events(self._since_ns, cmdline, sees_oom=self._sees_oom)

    def _table(self, tasks: Records, needs: Need) -> ProcessTable:
        self._root.stand_ins = stand_ins(tasks)
        table = to_table(tasks, USER_HZ, needs)
        if Need.WAIT in needs:
            from montauk_tui.collectors.kernel.run_delay import (  # noqa: PLC0415
                RunDelay,
            )

            self._run_delay = self._run_delay or RunDelay()
            table = self._run_delay.added(table, tasks)
        else:
            # Threads that exit between samples not read are unknown.
            self._run_delay = None
        self._before = table = never_back(self._before, table, needs)
        return table.without(self._unknown)

    def _host(self, needs: Need) -> HostSample:
        try:
            return self._host_reader.sample(needs)
        except (OSError, ValueError) as error:
            raise CollectorFailed(f"/proc can no longer be read: {error}") from error


def _execs(lifecycle: Records) -> list[tuple[int, int]]:
    """Return the processes that run another program than before."""
    if not len(lifecycle):
        return []
    is_exec = lifecycle["kind"] == EXEC
    ticks = lifecycle["start_ns"][is_exec] // (10**9 // USER_HZ)
    return list(zip(lifecycle["pid"][is_exec].tolist(), ticks.tolist(), strict=True))


def _unknown(missing: Collection[str]) -> frozenset[str]:
    """Return the columns that need fields of the kernel that are missing."""
    if not missing:
        return frozenset()
    from montauk_tui.collectors.kernel.layout import unknown_columns  # noqa: PLC0415

    return unknown_columns(missing)
