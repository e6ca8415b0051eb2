"""What happened between two samples, as the records of the probes tell it.

Imported with the first record, as it takes 3 ms: the first sample of a machine on which
nothing starts or exits is there without.
"""

from collections.abc import Callable
from typing import Any, Final

from montauk_tui.collectors.clock import USER_HZ
from montauk_tui.collectors.kernel.deaths import DeathJoiner
from montauk_tui.collectors.kernel.exit_records import ExitCompleter
from montauk_tui.collectors.kernel.logs import Drained
from montauk_tui.collectors.kernel.starts import start_table
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import Ints

_TICK_NS: Final = 10**9 // USER_HZ


class Events:
    """Joins exits, final run times and signals from one sample to the next."""

    def __init__(
        self,
        since_ns: int,
        cmdline: Callable[[Identity], bytes | None],
        *,
        sees_oom: bool,
    ) -> None:
        """Start with nothing known.

        Args:
            since_ns: Execs are recorded since then.
            cmdline: Returns the arguments of a live process.
            sees_oom: Whether the choices of the OOM killer are recorded.
        """
        self._completer = ExitCompleter(USER_HZ, since_ns)
        self._deaths = DeathJoiner(USER_HZ, sees_oom=sees_oom)
        self._cmdline = cmdline

    @property
    def lost_cpu_times(self) -> int:
        """Exits reported with less than their CPU time, as its record was lost."""
        return self._completer.lost_cpu_times

    def joined(
        self, drained: Drained, table: ProcessTable, settled: Ints, read_ns: int
    ) -> tuple[ProcessTable, dict[str, Any]]:
        """Return rows of exits that are not complete, and fields of a sample.

        Args:
            drained: The new records.
            table: The processes of the snapshot, which is older than the records.
            settled: Pids of the zombies in it that have left their CPU for good.
            read_ns: CLOCK_BOOTTIME between the two.
        """
        lifecycle, finals, forks, deaths, victims, attempts = drained
        self._deaths.add(deaths, victims, lifecycle, table, self._arguments_of)
        completed = self._completer.complete(lifecycle, finals, table, settled, read_ns)
        return completed.waiting, {
            "exits": self._deaths.joined(completed.exits),
            "starts": start_table(lifecycle, forks, attempts, USER_HZ),
            "ending": self._completer.waiting,
        }

    def reported_until_ns(self, read_ns: int) -> int:
        """Return the time up to which all exits read at `read_ns` are reported."""
        return self._completer.reported_until_ns(read_ns)

    def _arguments_of(self, pid: int, start_ns: int) -> bytes | None:
        known = self._completer.arguments_of(pid, start_ns)
        return known or self._cmdline(Identity(pid, start_ns // _TICK_NS)) or None
