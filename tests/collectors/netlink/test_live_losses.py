"""What is lost is counted exactly, and the table is right again at once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.netlink import arrivals
from montauk_tui.collectors.netlink import streams as streams_module
from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.collectors.netlink.connector import EventSocket, Kind
from tests.collectors.netlink.support import opened
from tests.support.lives import (
    LOOP,
    Watch,
    grown,
    spawn,
    spawn_loop,
    until_children_ended,
    wait,
)
from tests.support.patience import until

pytestmark = pytest.mark.privileged

RUNS = 3_000
TICKS = 5
TINY_BYTES = 64 << 10

TINY = f"""
import sys
import time
from montauk_tui.collectors.netlink import streams
streams._BUFFER_BYTES = {8 * TINY_BYTES}
from montauk_tui import cli
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[NetlinkCollector]:
    """Return a collector whose sockets have little room and are never emptied alone."""
    monkeypatch.setattr(streams_module, "_BUFFER_BYTES", TINY_BYTES)
    monkeypatch.setattr(arrivals, "COLLECT_S", 1e6)
    with opened() as collector:
        yield collector


def cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def living() -> set[int]:
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208


@pytest.fixture
def witness() -> Iterator[NetlinkCollector]:
    """Return a collector that has room for everything, opened before `tiny`."""
    with opened() as collector:
        yield collector


def test_ends_that_are_missing_are_counted(
    witness: NetlinkCollector, tiny: NetlinkCollector
) -> None:
    """Exactly, but for those of others that only one of the two could see."""
    everything = Watch(witness)
    watch = Watch(tiny)
    shell = spawn_loop("tiny", RUNS)
    wait(shell)
    # An end whose event was lost is told a sample later, by its accounting.
    for _ in range(5):
        watch.sample()
    until_children_ended(everything, shell, RUNS)
    reported = {(end.pid, end.start_ticks) for end in watch.ends}
    assert len(reported) == len(watch.ends)
    missing = len(everything.ends) - len(watch.ends)
    ours = RUNS - sum(end.ppid == shell for end in watch.ends)
    lost = grown(watch)
    assert lost.lost >= lost.lost_exits > 0
    assert ours <= lost.lost_exits <= missing
    assert everything.last.counters.lost == 0
    for count in (lost.forks, lost.execs, lost.exits):
        assert count is not None
        assert count >= RUNS


def test_the_table_is_right_in_the_first_sample_after(tiny: NetlinkCollector) -> None:
    gone = [spawn("sleep", "1000") for _ in range(20)]
    watch = Watch(tiny)
    for pid in gone:
        os.kill(pid, signal.SIGKILL)
        wait(pid)
    wait(spawn_loop("tiny", RUNS))
    stayed = [spawn("sleep", "1000") for _ in range(20)]
    try:
        before = living()
        sample = watch.sample()
        after = living()
        assert sample.counters.lost > 0
        seen = set(sample.processes.pid.tolist())
        assert (before & after) <= seen
        assert set(stayed) <= seen
        assert not set(gone) & seen
        lost = sample.counters.lost_exits
        for pid in stayed:
            os.kill(pid, signal.SIGTERM)
            wait(pid)
            # Each on its own: others end as well, and there is little room.
            until(lambda: told_or_lost(watch, pid, lost), f"the end of {pid}")  # noqa: B023
        reported = watch.of(stayed)
        assert {end.signal for end in reported} <= {signal.SIGTERM}
        assert len(stayed) - len(reported) <= watch.last.counters.lost_exits - lost
    finally:
        for pid in set(stayed) & living():
            os.kill(pid, signal.SIGKILL)


def told_or_lost(watch: Watch, pid: int, lost: int) -> bool:
    """Sample; tell whether an end is told, or maybe among more that were lost."""
    return watch.sample().counters.lost_exits > lost or bool(watch.of([pid]))


def test_who_sampled_nothing_for_long_loses_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams_module, "_MOST_KEPT", 100)
    monkeypatch.setattr(arrivals, "COLLECT_S", 0.01)
    with opened() as collector:
        watch = Watch(collector)
        shell = spawn_loop("kept", 500)
        wait(shell)
        for _ in range(5):
            watch.sample()
        lost = grown(watch)
        reported = sum(end.ppid == shell for end in watch.ends)
        assert lost.exits is not None
        # Others end as well, some of them just when this begins.
        assert 0 < 500 - reported <= lost.lost_exits <= lost.exits - reported


class Monitor:
    """`montauk --json` in a process of its own, with sockets that have little room."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", TINY, "--collector", "netlink", "--json"]
        self.process = subprocess.Popen(
            [*command, "--delay", "0.2"], stdout=subprocess.PIPE
        )
        self.lines: list[dict[str, Any]] = []

    def next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        self.lines.append(json.loads(self.process.stdout.readline()))
        return self.lines[-1]

    def ended(self) -> list[dict[str, Any]]:
        rows = [row for line in self.lines for row in line["processes"]]
        return [row for row in rows if not row["alive"]]

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    started = Monitor()
    yield started
    started.end()


def test_a_monitor_that_was_stopped_is_right_again(monitor: Monitor) -> None:
    first = monitor.next()
    assert first["collector"]["name"] == "netlink"
    # The machine may be busy enough for so little room already.
    before = first["collector"]["lost_exits"]
    os.kill(monitor.process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, monitor.process.pid, os.WSTOPPED)
    shell = spawn("sh", "-c", LOOP, "stopped", str(RUNS))
    wait(shell)
    stayed = spawn("sleep", "1000")
    went_on_s = time.time()
    os.kill(monitor.process.pid, signal.SIGCONT)
    # One that had begun before, and may tell of losses of its own, is not meant.
    until(lambda: bool(monitor.next()["time"] > went_on_s), "the sample after it")
    assert monitor.lines[-1]["collector"]["lost_exits"] > before
    seen = {row["pid"] for row in monitor.lines[-1]["processes"] if row["alive"]}
    assert stayed in seen
    assert shell not in seen
    for _ in range(3):
        monitor.next()
    last = monitor.lines[-1]
    missing = RUNS - sum(row["ppid"] == shell for row in monitor.ended())
    # The shell, and whoever else of the machine ended.
    others = last["counters"]["exits"] - RUNS
    assert missing > 0
    assert missing + before <= last["collector"]["lost_exits"] <= missing + others
    os.kill(stayed, signal.SIGTERM)
    wait(stayed)

    def told_or_lost() -> bool:
        lost = monitor.next()["collector"]["lost_exits"]
        known = any(row["pid"] == stayed for row in monitor.ended())
        return known or lost > last["collector"]["lost_exits"]

    until(told_or_lost, "an end after it")
    rows = [row for row in monitor.ended() if row["pid"] == stayed]
    assert {row["exit_signal"] for row in rows} <= {signal.SIGTERM}


def test_who_ended_before_the_events_came_is_neither_told_nor_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The accounting is asked for first: what it tells alone would offset a loss."""
    early: list[int] = []
    real = streams_module.Streams._open  # noqa: SLF001 - between the two subscriptions

    def open_late(streams: streams_module.Streams, kind: Kind) -> EventSocket:
        if not early:
            early.append(spawn("true"))
            wait(early[0])
        return real(streams, kind)

    monkeypatch.setattr(streams_module.Streams, "_open", open_late)
    with opened() as collector:
        watch = Watch(collector)
        for _ in range(5):
            watch.sample()
        assert watch.of(early) == []
        later = spawn("sh", "-c", "while :; do :; done")
        until(lambda: cpu_ticks(later) >= TICKS, "it to use the CPU")
        os.kill(later, signal.SIGKILL)
        wait(later)
        # It reports less than it used, and its parent is told in ticks.
        assert watch.end_of(later).cpu_s >= (TICKS - 1) / os.sysconf("SC_CLK_TCK")
