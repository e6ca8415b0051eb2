"""The thread that listens, with sockets that say what a test wants."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.netlink import arrivals
from montauk_tui.collectors.netlink import streams as package
from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.collectors.netlink.connector import Events, Kind
from montauk_tui.collectors.netlink.reader import UNREAD, Argv
from montauk_tui.collectors.netlink.streams import Streams
from montauk_tui.collectors.netlink.taskstats import Stats
from montauk_tui.errors import CollectorUnavailable
from tests.collectors.netlink.fake_sockets import World
from tests.collectors.netlink.messages import events, stats

PATIENCE_S = 60.0
NEVER_S = 1e4


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World()
    monkeypatch.setattr(package, "EventSocket", made.event_socket)
    monkeypatch.setattr(package, "ExitListener", made.listener)
    monkeypatch.setattr(package, "ArgumentReader", made.start_reader)
    monkeypatch.setattr(arrivals, "COLLECT_S", NEVER_S)
    yield made
    made.close()


@pytest.fixture
def listening(world: World) -> Iterator[Streams]:  # noqa: ARG001 - it is what is read
    made = Streams()
    yield made
    made.close()


def wait_for(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, "in vain"
        time.sleep(0.001)


def all_read(world: World) -> None:
    """Wait until the thread has taken what was said, and counted it."""
    wait_for(lambda: not any(len(socket.waiting) for socket in world.opened))
    reads = [socket.reads for socket in world.opened]
    world.opened[0].wake()
    wait_for(lambda: all(
        socket.reads > before
        for socket, before in zip(world.opened, reads, strict=True)
    ))  # fmt: skip


def of(*pids: int) -> Events:
    return events(*({"pid": pid} for pid in pids))


def accounting(*pids: int) -> Stats:
    return stats(*({"tgid": pid} for pid in pids))


def pids(records: Any) -> list[int]:
    name = "pid" if "pid" in records.dtype.names else "tgid"
    found: list[int] = records[name].tolist()
    return found


def test_what_was_said_is_taken_once_and_by_kind(
    world: World, listening: Streams
) -> None:
    world.events[Kind.FORK].say(of(1, 2))
    world.events[Kind.EXIT].say(of(3))
    world.stats.say(accounting(4, 5, 6))
    assert list(map(pids, listening.drain())) == [[1, 2], [], [3], [4, 5, 6]]
    assert list(map(pids, listening.drain())) == [[], [], [], []]
    assert listening.drained() == (2, 0, 1, 3)
    assert listening.lost() == (0, 0, 0, 0)


def test_what_was_read_is_told_by_exec_and_what_was_not_as_unread(
    world: World, listening: Streams
) -> None:
    one, two = {"pid": 7, "time_ns": 40}, {"pid": 8, "time_ns": 50}
    world.reader.read = {(7, 40): Argv(b"seven\0", 41)}
    world.events[Kind.EXEC].say(events(one, two))
    assert pids(listening.drain().execs) == [7, 8]
    assert world.reader.upto_ns[-1] == 50, "the reader may be a moment behind"
    assert listening.drain_argv() == {(7, 40): Argv(b"seven\0", 41), (8, 50): UNREAD}
    assert listening.drain_argv() == {}
    assert listening.drained() == (0, 2, 0, 0)


def test_what_was_read_is_not_lost_when_its_event_comes_later(
    world: World, listening: Streams
) -> None:
    argv = {(7, 40): Argv(b"seven\0", 41)}
    world.reader.read = dict(argv)
    listening.drain()
    world.events[Kind.EXEC].say(events({"pid": 7, "time_ns": 40}))
    listening.drain()
    assert listening.drain_argv() == argv


def test_where_no_process_can_be_started_arguments_are_unread(world: World) -> None:
    world.refused["reader"] = BlockingIOError(11, "no more processes")
    listening = Streams()
    world.events[Kind.EXEC].say(of(7))
    assert pids(listening.drain().execs) == [7]
    assert listening.drain_argv() == {(7, 0): UNREAD}
    assert listening.no_reader == "cannot be started: no more processes"
    listening.close()


def test_a_reader_that_has_ended_is_told_of_and_its_arguments_are_unread(
    world: World, listening: Streams
) -> None:
    assert listening.no_reader == ""
    world.reader.has_exited = True
    world.events[Kind.EXEC].say(of(7))
    assert pids(listening.drain().execs) == [7]
    assert listening.drain_argv() == {(7, 0): UNREAD}
    assert listening.no_reader == "has exited"


def test_without_a_sample_the_sockets_are_emptied_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "COLLECT_S", 0.01)
    listening = Streams()
    for pid in (1, 2, 3):
        world.events[Kind.EXIT].say(of(pid))
        all_read(world)
    assert pids(listening.drain().exits) == [1, 2, 3]
    listening.close()


def test_nothing_wakes_the_thread_until_something_arrives(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Count its turns: one for each that arrived alone, none for time."""
    monkeypatch.setattr(arrivals, "COLLECT_S", 0.0)
    listening, forks = Streams(), world.events[Kind.FORK]
    for count in range(1, 6):
        forks.say(of(count))
        wait_for(lambda: not len(forks.waiting))
    assert listening._collecting.wake_ups == 5  # noqa: SLF001
    assert pids(listening.drain().forks) == [1, 2, 3, 4, 5]
    listening.close()


def test_while_nobody_samples_the_oldest_are_lost_and_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each that was said is taken or lost, and none is both."""
    monkeypatch.setattr(arrivals, "COLLECT_S", 0.001)
    monkeypatch.setattr(package, "_MOST_KEPT", 20)
    monkeypatch.setattr(package, "_MOST_ARGV", 4)
    listening = Streams()
    said = 0
    for pid in range(1, 30):
        world.events[Kind.FORK].say(of(pid))
        world.events[Kind.EXEC].say(of(pid))
        world.stats.say(accounting(pid))
        said += 1
        all_read(world)
    drained = listening.drain()
    assert 0 < sum(map(len, drained)) <= 20
    for records in (drained.forks, drained.execs, drained.stats):
        assert pids(records) == list(range(30 - len(records), 30)), "the latest"
    lost = listening.lost()
    assert lost == tuple(said * (len(kind) > 0) - len(kind) for kind in drained)
    taken = listening.drained()
    assert tuple(map(sum, zip(taken, lost, strict=True))) == (29, 29, 0, 29)
    assert [pid for pid, _ in listening.drain_argv()] == [26, 27, 28, 29]
    listening.close()


def test_what_the_kernel_dropped_and_what_is_foreign_is_counted(
    world: World, listening: Streams
) -> None:
    for number, kind in enumerate((Kind.FORK, Kind.EXEC, Kind.EXIT), start=1):
        world.events[kind].receiver.dropped = number
        world.events[kind].receiver.foreign = 10
    world.stats.receiver.dropped, world.stats.receiver.foreign = 4, 5
    assert listening.lost() == (1, 2, 3, 4)
    assert listening.foreign() == 35


def test_a_socket_that_breaks_is_an_error_for_who_takes(
    world: World, listening: Streams
) -> None:
    for socket in (*world.events.values(), world.stats):
        socket.broken = OSError(5, "broken")
        with pytest.raises(OSError, match="broken"):
            listening.drain()
        socket.broken = None


@pytest.mark.parametrize("error", [OSError(5, "broken"), ValueError("a bug")])
def test_a_thread_that_died_is_an_error_for_who_takes(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Even where the sockets are well again: nobody empties them any more."""
    monkeypatch.setattr(arrivals, "COLLECT_S", 0.001)
    listening = Streams()
    execs = world.events[Kind.EXEC]
    execs.broken = error
    wait_for(lambda: not thread_of(listening).is_alive())
    execs.broken = None
    for _ in range(2):
        with pytest.raises(OSError, match="listening broke") as caught:
            listening.drain()
        assert isinstance(caught.value.__cause__, type(error))
    listening.close()


def thread_of(listening: Streams) -> threading.Thread:
    return listening._collecting.thread  # noqa: SLF001


def test_closing_ends_the_thread_and_closes_every_socket(world: World) -> None:
    listening = Streams()
    thread = thread_of(listening)
    assert thread.is_alive()
    listening.close()
    assert not thread.is_alive()
    assert len(world.opened) == 4
    assert all(socket.is_closed for socket in world.opened)
    assert world.reader.is_closed


def test_closing_works_when_the_thread_has_died(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "COLLECT_S", 0.001)
    listening = Streams()
    world.events[Kind.EXEC].broken = OSError(5, "broken")
    wait_for(lambda: not thread_of(listening).is_alive())
    listening.close()
    assert all(socket.is_closed for socket in world.opened)


def test_without_the_accounting_the_events_are_had_alone(world: World) -> None:
    world.refused["stats"] = PermissionError(1, "no")
    listening = Streams()
    assert (listening.has_stats, listening.stats_name_processes) == (False, False)
    world.events[Kind.EXIT].say(of(3))
    assert list(map(pids, listening.drain())) == [[], [], [3], []]
    assert (listening.lost(), listening.foreign()) == ((0, 0, 0, 0), 0)
    listening.close()


@pytest.mark.parametrize("tells", [True, False])
def test_the_accounting_tells_whether_it_tells_processes(
    world: World,
    tells: bool,  # noqa: FBT001
) -> None:
    world.stats.names_processes = tells
    listening = Streams()
    assert (listening.has_stats, listening.stats_name_processes) == (True, tells)
    listening.close()


@pytest.mark.parametrize("kind", [Kind.FORK, Kind.EXEC, Kind.EXIT])
def test_without_one_kind_of_event_nothing_stays_open(world: World, kind: Kind) -> None:
    world.refused[kind] = PermissionError(1, "no")
    threads = threading.active_count()
    with pytest.raises(PermissionError):
        Streams()
    assert world.opened[0] is world.stats
    assert all(socket.is_closed for socket in world.opened)
    assert threading.active_count() == threads


def test_without_room_for_its_thread_nothing_stays_open(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    files = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(RuntimeError, match="new thread"):
        Streams()
    assert len(world.opened) == 4
    assert all(socket.is_closed for socket in world.opened)
    assert world.reader.is_closed
    assert set(Path("/proc/self/fd").iterdir()) <= files


@pytest.mark.usefixtures("world")
def test_without_room_for_its_thread_the_collector_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(CollectorUnavailable, match="cannot start a thread") as caught:
        NetlinkCollector().open()
    assert "ulimit -u" in caught.value.remedy


def no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
