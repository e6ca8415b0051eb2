"""Programs to watch, and their ends, for collectors that see every process."""

import math
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from montauk_tui.collectors.base import Collector
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.patience import until


@dataclass(frozen=True)
class End:
    """One row of an `ExitTable`."""

    pid: int
    ppid: int
    uid: int
    start_ticks: int
    comm: bytes
    argv: tuple[bytes, ...]
    argv_bytes: int
    code: int | None
    signal: int | None
    core: bool | None
    cpu_s: float
    """NaN if it is not known."""
    lifetime_s: float
    threads: int


def ends_of(sample: Sample) -> Iterator[End]:
    """Return the processes that ended in the interval of a sample."""
    exits = sample.exits
    assert exits is not None
    for row in range(len(exits)):
        yield End(
            pid=int(exits.pid[row]),
            ppid=int(exits.ppid[row]),
            uid=int(exits.uid[row]),
            start_ticks=int(exits.start_ticks[row]),
            comm=bytes(exits.comm[row]),
            argv=tuple(bytes(exits.cmdline[row]).split(b"\0")),
            argv_bytes=int(exits.cmdline_bytes[row]),
            code=_known(int(exits.exit_code[row])),
            signal=_known(int(exits.exit_signal[row])),
            core=_flag(int(exits.core_dumped[row])),
            cpu_s=_seconds(int(exits.utime_ns[row]), int(exits.stime_ns[row])),
            lifetime_s=int(exits.lifetime_ns[row]) / 1e9,
            threads=int(exits.threads[row]),
        )


def _known(value: int) -> int | None:
    return None if value == UNKNOWN else value


def _flag(value: int) -> bool | None:
    return None if value == UNKNOWN else bool(value)


def _seconds(*parts_ns: int) -> float:
    return math.nan if UNKNOWN in parts_ns else sum(parts_ns) / 1e9


class Watch:
    """Collects the ends that an open collector reports, from now on."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self.ends: list[End] = []
        self.before = self.last = collector.sample(Need.NONE)

    def sample(self) -> Sample:
        """Take a sample and keep its ends."""
        self.last = self._collector.sample(Need.NONE)
        self.ends += ends_of(self.last)
        return self.last

    def of(self, pids: Collection[int]) -> list[End]:
        """Return the ends of these processes so far."""
        wanted = frozenset(pids)
        return [end for end in self.ends if end.pid in wanted]

    def until_ended(self, pids: Collection[int]) -> list[End]:
        """Sample until each of these processes has an end, and once more."""
        wanted = frozenset(pids)

        def complete() -> bool:
            self.sample()
            return wanted <= {end.pid for end in self.ends}

        until(complete, f"the ends of {len(wanted)} processes")
        self.sample()
        return self.of(pids)

    def end_of(self, pid: int) -> End:
        """Return the one end of a process."""
        (end,) = self.until_ended([pid])
        return end


def spawn(*arguments: str) -> int:
    """Start a program and return its pid."""
    return os.posix_spawnp(arguments[0], arguments, os.environ)


def wait(pid: int) -> int:
    """Reap a child and return its wait status."""
    return os.waitpid(pid, 0)[1]


LOOP = "n=0; while [ $n -lt $1 ]; do /bin/true montauk $0 $n; n=$((n+1)); done; exit 0"


def spawn_loop(name: str, runs: int) -> int:
    """Start a shell that runs `true` so often; its arguments bear name and number."""
    return spawn("sh", "-c", LOOP, name, str(runs))


EACH = 300
"""Processes of each of two loops."""


def run_loops(watch: Watch) -> dict[int, list[End]]:
    """Run two loops side by side; return the ends of the children of each."""
    loops = [spawn_loop(name, EACH) for name in ("left", "right")]
    for pid in loops:
        assert wait(pid) == 0
    for pid in loops:
        until_children_ended(watch, pid, EACH)
    return {pid: [end for end in watch.ends if end.ppid == pid] for pid in loops}


def arguments_of_loops() -> set[tuple[bytes, ...]]:
    """Return the arguments of all their children."""
    names = (b"left", b"right")
    each = range(EACH)
    return {(b"/bin/true", b"montauk", it, b"%d" % n) for it in names for n in each}


def grown(watch: Watch) -> Counters:
    """Return what the counters counted since the watch began."""
    before, now = watch.before.counters, watch.last.counters
    names = ("forks", "execs", "exits", "lost", "lost_exits", "read_failures")
    return Counters(*(getattr(now, name) - getattr(before, name) for name in names))


def until_children_ended(watch: Watch, parent: int, number: int) -> None:
    """Sample until so many children of a process have ended, and once more."""

    def complete() -> bool:
        watch.sample()
        return sum(end.ppid == parent for end in watch.ends) >= number

    until(complete, f"the ends of {number} children of {parent}")
    watch.sample()
