"""The kernel collector: snapshots by a BPF iterator, exits from the probes' log."""

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.collectors.clock import (
    UNKNOWN_OFFSETS,
    USER_HZ,
    SampleClock,
    namespace_offsets,
)
from montauk_tui.collectors.kernel import loader, requirements
from montauk_tui.collectors.kernel.deaths import DeathJoiner, sees_signals
from montauk_tui.collectors.kernel.exit_records import ExitCompleter
from montauk_tui.collectors.kernel.hidden_from_bpf import HiddenFromBpf
from montauk_tui.collectors.kernel.idle import IdleTasks
from montauk_tui.collectors.kernel.layout import unknown_columns
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.logs import ProbeLogs
from montauk_tui.collectors.kernel.records import EXEC, LIFECYCLE, in_namespace
from montauk_tui.collectors.kernel.run_delay import RunDelay
from montauk_tui.collectors.kernel.snapshot import (
    SNAPSHOT_COLUMNS,
    TaskIterator,
    never_back,
    settled_zombies,
    stand_ins,
    to_table,
)
from montauk_tui.collectors.kernel.starts import start_table
from montauk_tui.collectors.procfs.enrich.base import Rows
from montauk_tui.collectors.procfs.enrich.enrichment import Enrichment
from montauk_tui.collectors.procfs.host import HostReader
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.users import UserNames
from montauk_tui.errors import CollectorFailed, CollectorUnavailable, ResourceMissing
from montauk_tui.model.sample import HostSample, Identity, ProcessTable, Sample
from montauk_tui.model.schema import Need
from montauk_tui.resources import folder

_LOG_BYTES: Final = 32 << 20
"""Size of the log of lifecycle records, all CPUs together."""
_MOST_SLOTS: Final = 8192
_LEAST_SLOTS: Final = 1024

_RECORDING_NS: Final = 5 * 10**6
"""A record may appear in its log this late: a CPU of a virtual machine can stop at any
time."""


class KernelCollector(Collector):
    """Sees every process, however short-lived, and its exact CPU time."""

    name: ClassVar[str] = "kernel"
    slow_to_open: ClassVar[bool] = True
    free: ClassVar[Need] = Need.IO
    lookups: ProcLookups

    def __init__(self, attachment: str = "auto") -> None:
        """Attach by `kprobes`, `tracepoints`, or `auto` for the best available."""
        self._attachment = attachment
        self._loader = loader.Loader()
        self._loaded: loader.Loaded | None = None
        self._resources = ExitStack()
        self._users = UserNames()
        self._clock = SampleClock()

    @property
    def detail(self) -> str:
        """BCC's version and how the probes are attached, once they are."""
        if self._loaded is None:
            return "eBPF"
        return f"eBPF, BCC {self._loaded.bcc}, {self._loaded.attachment}"

    def availability(self) -> Availability:
        """Tell from a few files whether the probes should load."""
        return requirements.check()

    def open(self) -> None:
        """Load the probes and map their logs.

        Raises:
            CollectorUnavailable: With the reason and the remedy.
        """
        self.close()
        probes, cpus, namespace = _surroundings()
        offsets = namespace_offsets()
        if offsets is None:
            raise CollectorUnavailable(*UNKNOWN_OFFSETS)
        self._offset_ns = offsets.boot_ns
        slots = _slots(cpus)
        defines = {
            "CPUS": cpus,
            "LIVES": slots,
            "BRIEFS": slots,
            "READER_PIDNS": namespace,
        }
        self._loaded = loaded = self._loader.load(
            probes, defines, self._attachment, on_wait=self.on_wait
        )
        self._resources.callback(loaded.close)
        try:
            self._map(loaded.descriptors, cpus, slots, offsets.monotonic_ns)
            self._check_sight()
        except (CollectorFailed, CollectorUnavailable) as error:
            self.close()
            raise CollectorUnavailable(error.reason, error.remedy) from error
        except (OSError, ValueError) as error:
            self.close()
            number = getattr(error, "errno", None) or 0
            remedy = loader.PASSING.get(number, "raise the locked memory limit")
            reason = f"the probes' log cannot be mapped: {error}"
            may_pass = number in loader.PASSING
            raise CollectorUnavailable(reason, remedy, may_pass=may_pass) from error
        self._begin(loaded)

    def _map(
        self, descriptors: Mapping[str, int], cpus: int, slots: int, offset_ns: int
    ) -> None:
        self._root = ProcRoot()
        self._logs = ProbeLogs(descriptors, cpus, slots)
        self._resources.callback(self._logs.close)
        self._idle_tasks = IdleTasks(descriptors["idles"], cpus, offset_ns)
        self._resources.callback(self._idle_tasks.close)
        self._iterator = TaskIterator(descriptors["iterator"])

    def _begin(self, loaded: loader.Loaded) -> None:
        self.lookups = ProcLookups(self._root, self._users)
        self._host_reader = HostReader(self._root.read, self._root.read_lists)
        self._unknown = unknown_columns(loaded.missing)
        self._enrichment = Enrichment(self._root, has=SNAPSHOT_COLUMNS)
        now_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self._exit_completer = ExitCompleter(USER_HZ, now_ns)
        self._before = ProcessTable.empty()
        self._sees_signals = sees_signals(loaded)
        sees_oom = "victim_tracepoint" in loaded.descriptors
        self._deaths = DeathJoiner(USER_HZ, sees_oom=sees_oom)
        self._run_delay = RunDelay()
        self._hidden = HiddenFromBpf(self._root, USER_HZ)

    def _check_sight(self) -> None:
        """Verify that a snapshot contains this process: the kernel may hide others."""
        if os.getpid() not in self._iterator.read()["pid"]:
            reason = "the kernel's snapshot lacks montauk itself"
            remedy = "run it outside of this container: pid namespaces are nested deep"
            raise CollectorUnavailable(reason, remedy)

    def close(self) -> None:
        """Remove the probes; harmless when closed already."""
        self._resources.close()
        self._loaded = None
        self._users.close()

    def give_up(self) -> None:
        """Kill the loader, and start no other."""
        self._loader.give_up()

    def sample(self, needs: Need) -> Sample:
        """Return the processes as they are now and the exits since the last sample.

        Raises:
            CollectorFailed: The iterator or /proc can no longer be read.
        """
        if self._loaded is None:
            raise CollectorFailed("the kernel collector is not open")
        started = self._clock.start()
        tasks = self._iterator.read()
        in_namespace(tasks, self._offset_ns)
        # Next, as its CPU times are compared with those of the tasks.
        host = self._host(needs)
        before = self._before
        table = self._table(tasks, needs)
        read_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        lifecycle, finals, forks, *_ = drained = self._logs.drain()
        for records in drained:
            in_namespace(records, self._offset_ns)
        self._deaths.add(drained.deaths, drained.victims, lifecycle, self._arguments_of)
        completed = self._exit_completer.complete(
            lifecycle, finals, table, settled_zombies(tasks), read_ns
        )
        if len(completed.waiting):
            table = table.merged(never_back(before, completed.waiting))
        hidden = self._hidden.rows(table, started.boot_s, needs)
        table = table.merged(hidden) if len(hidden) else table
        table = self._enrichment.enriched(Rows(table, before, needs))
        self.lookups.next_sample(table, _execs(lifecycle))
        self.lookups.read(table, needs)
        return Sample(
            ticks_per_second=10**9,
            processes=table,
            host=host,
            counters=replace(
                self._logs.counters(),
                lost_cpu_times=self._exit_completer.lost_cpu_times,
            ),
            exits=self._deaths.joined(completed.exits).without(self._unknown),
            sees_signals=self._sees_signals,
            starts=start_table(lifecycle, forks, USER_HZ),
            ending=self._exit_completer.waiting,
            reported_until_ns=self._exit_completer.reported_until_ns(
                read_ns - _RECORDING_NS
            ),
            vanished=0,
            **started.times(),
        )

    def _arguments_of(self, pid: int, start_ns: int) -> bytes | None:
        known = self._exit_completer.arguments_of(pid, start_ns)
        identity = Identity(pid, start_ns // (10**9 // USER_HZ))
        return known or self.lookups.cmdline(identity) or None

    def _table(self, tasks: Records, needs: Need) -> ProcessTable:
        self._root.stand_ins = stand_ins(tasks)
        table = to_table(tasks, USER_HZ, needs)
        if Need.WAIT in needs:
            table = self._run_delay.added(table, tasks)
        else:
            self._run_delay.forget()
        self._before = table = never_back(self._before, table, needs)
        return table.without(self._unknown)

    def _host(self, needs: Need) -> HostSample:
        try:
            host = self._host_reader.sample(needs)
        except (OSError, ValueError) as error:
            raise CollectorFailed(f"/proc can no longer be read: {error}") from error
        return replace(host, tasks_s=self._idle_tasks.tasks_s(host.cpu_ids))


def _execs(lifecycle: Records) -> list[Identity]:
    """Return the processes that run another program than before."""
    execs = lifecycle[lifecycle["kind"] == EXEC]
    ticks = execs["start_ns"] // (10**9 // USER_HZ)
    return list(map(Identity, execs["pid"].tolist(), ticks.tolist()))


def _surroundings() -> tuple[Path, int, int]:
    """Return the probes' folder, the possible CPUs, and the pid namespace we are in.

    Raises:
        CollectorUnavailable: One of them is missing.
    """
    try:
        namespace = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116
        return folder("probes"), _possible_cpus(), namespace
    except ResourceMissing as error:
        raise CollectorUnavailable(error.reason, error.remedy) from error
    except (OSError, ValueError) as error:
        reason = f"the CPUs or the pid namespace are unknown: {error}"
        raise CollectorUnavailable(reason, "mount /proc and /sys") from error


def _possible_cpus() -> int:
    """Return how many CPUs there may ever be, as BPF numbers them."""
    text = Path("/sys/devices/system/cpu/possible").read_text("ascii").strip()
    return int(text.replace(",", "-").split("-")[-1]) + 1


def _slots(cpus: int) -> int:
    """Return how many lifecycle records each CPU has room for, a power of two."""
    slots = _MOST_SLOTS
    while slots > _LEAST_SLOTS and slots * cpus * LIFECYCLE.itemsize > _LOG_BYTES:
        slots //= 2
    return slots
