"""The netlink collector: events of the proc connector, exits from taskstats."""

from contextlib import ExitStack
from typing import ClassVar, Final, NamedTuple

import numpy as np

from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.collectors.clock import USER_HZ, SampleClock, boot_offset_ns
from montauk_tui.collectors.netlink import requirements
from montauk_tui.collectors.netlink.arguments import Arguments
from montauk_tui.collectors.netlink.connector import Events
from montauk_tui.collectors.netlink.exit_joiner import ExitJoiner, JoinedExits
from montauk_tui.collectors.netlink.exit_table import exit_table
from montauk_tui.collectors.netlink.parent_credit import ParentCredit
from montauk_tui.collectors.netlink.pid_set import PidSet
from montauk_tui.collectors.netlink.reader import Argv, Exec
from montauk_tui.collectors.netlink.starts import start_table
from montauk_tui.collectors.netlink.streams import Drained, Streams
from montauk_tui.collectors.netlink.zombies import final_run_ns
from montauk_tui.collectors.procfs.charged import Charged
from montauk_tui.collectors.procfs.host import HostReader
from montauk_tui.collectors.procfs.live import LiveTable
from montauk_tui.collectors.procfs.lookups import ProcLookups
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.collectors.users import UserNames
from montauk_tui.errors import CollectorFailed, CollectorUnavailable
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.join import by_pid, find
from montauk_tui.model.sample import Counters, HostSample, ProcessTable, Sample
from montauk_tui.model.schema import UNKNOWN, Ints, Need
from montauk_tui.model.starts import StartTable

_COMMANDS_A_SAMPLE: Final = 500
"""Command lines of new processes that are read in advance: 12 us each."""

_COMM_BYTES: Final = 15


class NetlinkCollector(Collector):
    """Sees every process, however short-lived; as root its CPU time too."""

    name: ClassVar[str] = "netlink"
    lookups: ProcLookups

    def __init__(self) -> None:
        """Prepare without opening anything."""
        self._resources = ExitStack()
        self._users = UserNames()
        self._clock = SampleClock()
        self._streams: Streams | None = None

    @property
    def detail(self) -> str:
        """Its sources, once it is open."""
        if self._streams is None:
            return "proc connector"
        has_stats = self._streams.has_stats
        sources = "proc connector, taskstats" if has_stats else "proc connector"
        limits = [] if has_stats else [requirements.WITHOUT_STATS]
        if why := self._streams.no_reader:
            limits.append(f"{requirements.WITHOUT_READER} {why}")
        return "; ".join([sources, *limits])

    def availability(self) -> Availability:
        """Subscribe for a moment, and see whether an event arrives."""
        return requirements.check()

    def open(self) -> None:
        """Subscribe to the events and, with the privilege, to the accounting.

        Raises:
            CollectorUnavailable: With the reason and the remedy.
        """
        self.close()
        try:
            self._root = root = ProcRoot()
            self._streams = Streams()
            self._resources.callback(self._streams.close)
            self._resources.callback(root.close_kept)
        except (OSError, RuntimeError) as error:
            self.close()
            state = requirements.refusal(error)
            raise CollectorUnavailable(state.reason, state.remedy) from error
        self._begin(root, self._streams)

    def _begin(self, root: ProcRoot, streams: Streams) -> None:
        self.lookups = ProcLookups(root, self._users)
        self._live = LiveTable(root, self.lookups)
        self._resources.callback(self._live.close)
        self._host = HostReader(root.read_kept, root.read_lists, charged=Charged())
        self._pids = PidSet(root, USER_HZ)
        self._joiner = ExitJoiner(
            USER_HZ,
            stats_name_processes=streams.stats_name_processes,
            counts_io=requirements.counts_io(),
        )
        self._parent_credit = ParentCredit(USER_HZ)
        self._since_ticks = 0
        self._arguments = Arguments(self.lookups.kept, USER_HZ)
        self._argv: dict[Exec, Argv] = {}
        self._without_event = self._execs_of_threads = self._unheard = 0
        self._exits_counted = self._exits_lost = 0

    def close(self) -> None:
        """End the subscriptions; harmless when closed already."""
        self._resources.close()
        self._streams = None
        self._users.close()

    def sample(self, needs: Need) -> Sample:
        """Return the processes as they are now and the exits since the last sample.

        Raises:
            CollectorFailed: A socket or /proc can no longer be read.
        """
        if self._streams is None:
            raise CollectorFailed("the netlink collector is not open")
        started = self._clock.start()
        try:
            # After the clocks: what starts in between must count as started since.
            reading = self._read(self._streams, needs, started.boot_s)
        except (OSError, ValueError) as error:
            raise CollectorFailed(f"netlink failed: {error}") from error
        return Sample(
            ticks_per_second=USER_HZ,
            processes=reading.table,
            host=reading.host,
            counters=self._counters(self._streams),
            exits=reading.exits,
            starts=reading.starts,
            ending=self._joiner.waiting,
            vanished=reading.vanished,
            cgroups=self.lookups.cgroups,
            **started.times(),
        )

    def _read(self, streams: Streams, needs: Need, boot_s: float) -> "_Reading":
        """Return the live, exited and started processes.

        Events are drained before and after the table: forks name the rows to read, and
        by then the exit of each process missing in the table has been reported.
        """
        before = self._live.last
        early = streams.drain()
        self._forget_old_programs(early.execs, before)
        pids = self._pids.pids(before, early.forks, streams.lost()[0])
        table = self._live.read(pids, needs)
        self._pids.check(table, boot_s)
        # Between table and exits, whose times the host's CPU times are compared with.
        host = self._host.sample(needs)
        late = streams.drain()
        argv = streams.drain_argv()
        self._arguments.add(argv)
        drained = Drained(*map(np.concatenate, zip(early, late, strict=True)))
        self._pids.keep(pids, table, late.forks, drained.exits)
        processes = table if table.is_process.all() else table.only(table.is_process)
        offset_ns = boot_offset_ns()
        exits = self._exits(drained, before, processes, offset_ns)
        self._since_ticks = int(boot_s * USER_HZ)
        clock = (offset_ns, USER_HZ)
        # Arguments may have been drained before the event of their exec.
        starts = start_table(drained, {**self._argv, **argv}, processes, exits, clock)
        self._argv = argv
        self._forget_old_programs(late.execs, processes)
        self.lookups.read_new(table, _COMMANDS_A_SAMPLE)
        self._arguments.learn(processes, offset_ns)
        self.lookups.read(table, needs)
        return _Reading(table, host, exits, starts, len(pids) - len(processes))

    def _forget_old_programs(self, execs: Events, table: ProcessTable) -> None:
        row, found = by_pid(table.pid, execs["pid"])
        self.lookups.forget(table.pairs(row[found]))

    def _exits(
        self, drained: Drained, before: ProcessTable, now: ProcessTable, offset_ns: int
    ) -> ExitTable:
        if not before.is_process.all():
            before = before.only(before.is_process)
        found = self._joiner.join(drained, before, now, offset_ns)
        self._without_event += found.without_event
        self._execs_of_threads += found.replaced_by_exec
        self._unheard = found.unheard
        exits = found.exits
        exits["run_ns"] = final_run_ns(self._root, exits, now, USER_HZ)
        run_ns = exits["run_ns"] + self._parent_credit.lacking_ns(
            exits, before, now, self._since_ticks
        )
        cmdlines = self._arguments.of(exits, before, now, offset_ns)
        uid = _owners_and_names(exits, cmdlines, before)
        return exit_table(exits, run_ns, uid, cmdlines, offset_ns)

    def _counters(self, streams: Streams) -> Counters:
        drained, lost = streams.drained(), streams.lost()
        forks, execs, exits = (
            drained[kind] + lost[kind] for kind in range(len(_EVENTS))
        )
        # An exit whose event was lost is still reported if its accounting arrived.
        missing = lost[_EVENTS.index("exits")] - self._without_event
        # The accounting may start a moment before the events.
        exits += max(0, -missing) - self._execs_of_threads - self._joiner.exited_leaders
        # Corrections in a later sample do not make a count go back.
        self._exits_counted = max(self._exits_counted, exits)
        self._exits_lost = max(self._exits_lost, missing - self._unheard)
        return Counters(
            forks=forks,
            execs=execs,
            exits=self._exits_counted,
            lost=sum(lost) + streams.foreign() + self._pids.missed,
            lost_exits=self._exits_lost,
            read_failures=self._arguments.missed,
        )


class _Reading(NamedTuple):
    table: ProcessTable
    host: HostSample
    exits: ExitTable
    starts: StartTable
    vanished: int
    """Known processes that exited before they were read."""


_EVENTS: Final = ("forks", "execs", "exits")


def _owners_and_names(
    exits: JoinedExits, cmdlines: list[bytes], before: ProcessTable
) -> Ints:
    """Return the owner of each exit; fill in names without accounting.

    The accounting has the real uid; a row has the effective one.
    """
    uid = np.where(exits["has_stats"], exits["uid"], UNKNOWN)
    row, found = find(before, exits["pid"], exits["start_ticks"])
    uid[found] = before.uid[row[found]]
    for end in np.flatnonzero(exits["comm"] == b"").tolist():
        program = cmdlines[end].partition(b"\0")[0].rpartition(b"/")[2]
        exits["comm"][end] = (
            before.comm[row[end]] if found[end] else program[:_COMM_BYTES]
        )
    return uid
