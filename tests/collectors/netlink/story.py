"""Samples of netlink one after the other, made by hand."""

from collections.abc import Mapping
from typing import Any

from montauk_tui.collectors.netlink.exit_joiner import (
    Confirmed,
    ExitJoiner,
    JoinedExits,
)
from montauk_tui.model.sample import ProcessTable
from tests.collectors.netlink.messages import drained
from tests.support.builders import make_table

HZ = 100


TICK_NS = 10**9 // HZ


SECOND = 10**9


OFFSET_NS = 500 * SECOND
"""The machine slept so long."""


BORN_NS = 50 * SECOND


NOW_NS = 60 * SECOND
"""CLOCK_MONOTONIC, as in the events."""


Row = Mapping[str, Any]


def ticks(time_ns: int) -> int:
    return (time_ns + OFFSET_NS) // TICK_NS


def row(pid: int, born_ns: int = BORN_NS, **values: Any) -> dict[str, Any]:
    return {"pid": pid, "start_ticks": ticks(born_ns), **values}


INIT = row(1, 0)


class Story:
    """Samples one after the other; the rows of one are `before` in the next."""

    def __init__(self, *rows: Row, tells: bool = True, counts_io: bool = True) -> None:
        self.joiner = ExitJoiner(HZ, stats_name_processes=tells, counts_io=counts_io)
        self.before: ProcessTable = make_table([INIT, *rows])

    def join(self, *rows: Row, **what: Any) -> Confirmed:
        now = make_table([INIT, *rows])
        found = self.joiner.join(drained(**what), self.before, now, OFFSET_NS)
        self.before = now
        return found

    def reported(self, *rows: Row, **what: Any) -> list[int]:
        found: list[int] = self.join(*rows, **what).exits["pid"].tolist()
        return found


def of(found: Confirmed, *names: str) -> list[Any]:
    """Return what is told of the one end there is."""
    exits: JoinedExits = found.exits
    assert len(exits) == 1
    return [exits[name][0].item() for name in names]


def event(pid: int, time_ns: int = NOW_NS, **values: Any) -> dict[str, Any]:
    return {"pid": pid, "ppid": 1, "time_ns": time_ns, **values}


def old(tid: int, **values: Any) -> dict[str, Any]:
    """Return the record of a thread as older kernels have it."""
    return {"tid": tid, "tgid": 0, "is_last": False, **values}


def old_group(tid: int, tgid: int, **values: Any) -> dict[str, Any]:
    return {"tid": tid, "tgid": tgid, "is_last": True, "is_group": True, **values}
