"""Forks and execs as the connector told them."""

from montauk_tui.collectors.netlink.reader import Argv, Exec
from montauk_tui.collectors.netlink.starts import start_table
from montauk_tui.collectors.netlink.streams import Drained
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.starts import EXEC, FORK, StartTable
from tests.collectors.netlink.messages import drained
from tests.support.builders import make_table
from tests.support.exits import make_exits

HZ = 100
TICK_NS = 10**9 // HZ
OFFSET_NS = 5 * TICK_NS


def table_of(
    events: Drained,
    argv: dict[Exec, Argv] | None = None,
    now: ProcessTable | None = None,
    exits: ExitTable | None = None,
) -> StartTable:
    return start_table(
        events,
        argv or {},
        ProcessTable.empty() if now is None else now,
        ExitTable.empty() if exits is None else exits,
        (OFFSET_NS, HZ),
    )


def at(ticks: float) -> int:
    """Return that time after boot as the connector tells it."""
    return int(ticks * TICK_NS) - OFFSET_NS


def test_an_end_whose_start_is_unknown_is_not_that_of_the_next_of_its_pid() -> None:
    events = drained(forks=[{"pid": 7, "ppid": 2, "time_ns": at(30)}])
    exits = make_exits([{"pid": 7, "start_ticks": UNKNOWN, "uid": 4}])
    table = table_of(events, exits=exits)
    assert (table.start_ticks.tolist(), table.uid.tolist()) == ([30], [UNKNOWN])


def test_the_times_are_those_since_boot_and_the_parent_is_who_forked() -> None:
    events = drained(
        forks=[{"pid": 7, "ppid": 2, "time_ns": at(30)}],
        execs=[{"pid": 7, "time_ns": at(31)}],
    )
    rows = [{"pid": 2, "comm": b"sh", "start_ticks": 1}]
    table = table_of(events, now=make_table(rows))
    assert table.kind.tolist() == [FORK, EXEC]
    assert table.time_ns.tolist() == [30 * TICK_NS, 31 * TICK_NS]
    assert table.ppid.tolist() == [2, 2]
    assert table.start_ticks.tolist() == [30, 30]
    assert table.comm.tolist() == [b"sh", b""], "of a fork that of the parent"
    assert table.uid.tolist() == [UNKNOWN, UNKNOWN]


def test_a_row_tells_owner_name_and_start() -> None:
    events = drained(
        forks=[{"pid": 7, "ppid": 2, "time_ns": at(30)}],
        execs=[{"pid": 7, "time_ns": at(31)}],
    )
    row = {"pid": 7, "ppid": 1, "uid": 5, "start_ticks": 29, "comm": b"true"}
    table = table_of(events, now=make_table([row]))
    assert table.uid.tolist() == [5, 5]
    assert table.start_ticks.tolist() == [29, 29]
    assert table.ppid.tolist() == [2, 1], "it may have been adopted since"
    assert table.comm.tolist() == [b"", b"true"]


def test_who_ended_tells_it_as_well() -> None:
    events = drained(execs=[{"pid": 7, "time_ns": at(31)}])
    end = {"pid": 7, "ppid": 2, "uid": 5, "start_ticks": 29, "comm": b"true"}
    table = table_of(events, exits=make_exits([end]))
    assert (table.ppid[0], table.uid[0], table.start_ticks[0]) == (2, 5, 29)
    assert table.comm.tolist() == [b"true"]


def test_an_exec_of_who_is_not_known_has_no_start_made_up() -> None:
    table = table_of(drained(execs=[{"pid": 7, "time_ns": at(31)}]))
    assert (table.start_ticks[0], table.ppid[0]) == (UNKNOWN, UNKNOWN)


def test_who_started_later_is_another_process() -> None:
    events = drained(execs=[{"pid": 7, "time_ns": at(31)}])
    end = {"pid": 7, "uid": 5, "start_ticks": 29, "comm": b"true"}
    row = {"pid": 7, "uid": 6, "start_ticks": 33, "comm": b"other"}
    table = table_of(events, now=make_table([row]), exits=make_exits([end]))
    assert (table.uid[0], table.start_ticks[0]) == (5, 29)
    assert table.comm.tolist() == [b"true"]


def test_each_exec_has_the_arguments_that_were_read_after_it() -> None:
    """Unless the process had called execve(2) once more by then."""
    events = drained(execs=[{"pid": 7, "time_ns": at(10 * n)} for n in (1, 2, 3)])
    row = {"pid": 7, "start_ticks": 9, "comm": b"third"}
    argv = {
        (7, at(10)): Argv(b"second\0", at(20)),
        (7, at(20)): Argv(b"second\0", at(25)),
        (7, at(30)): Argv(b"third\0", at(31)),
    }
    table = table_of(events, argv, make_table([row]))
    assert table.cmdline.tolist() == [b"", b"second", b"third"]
    assert table.cmdline_bytes.tolist() == [0, 7, 6]
    assert table.comm.tolist() == [b"", b"", b"third"]


def test_arguments_of_another_exec_are_not_its_own() -> None:
    """Its event may be lost, or told in another sample, or be of the pid before."""
    events = drained(execs=[{"pid": 7, "time_ns": at(10)}])
    for time_ns in (at(9), at(11)):
        argv = {(7, time_ns): Argv(b"old\0", at(12))}
        assert table_of(events, argv).cmdline_bytes[0] == 0


def test_nothing_happened() -> None:
    assert len(table_of(drained())) == 0
    row = {"pid": 7, "comm": b"sh"}
    assert len(table_of(drained(), now=make_table([row]))) == 0
