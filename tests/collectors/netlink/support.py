"""What the live tests of the netlink collector share."""

import contextlib
from collections.abc import Iterator

from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.model.sample import Counters
from tests.support.lives import Watch, spawn
from tests.support.patience import until

LOOP = "n=0; while [ $n -lt $1 ]; do /bin/true montauk $0 $n; n=$((n+1)); done; exit 0"


@contextlib.contextmanager
def opened() -> Iterator[NetlinkCollector]:
    """Open a collector of one's own."""
    collector = NetlinkCollector()
    try:
        collector.open()
        yield collector
    finally:
        collector.close()


def spawn_loop(name: str, runs: int) -> int:
    """Start a shell that runs `true` so often; its arguments bear name and number."""
    return spawn("sh", "-c", LOOP, name, str(runs))


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
