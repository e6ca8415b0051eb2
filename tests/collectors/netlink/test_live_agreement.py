"""The processes that events tell of are those that /proc has."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from montauk_tui.collectors.netlink import pid_set as known_module
from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.collectors.netlink.streams import Drained, Streams
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.join import same_process
from montauk_tui.model.sample import Identity, Sample
from montauk_tui.model.schema import Need
from tests.collectors.netlink.support import opened
from tests.support.lives import End, Watch, ends_of, spawn, wait
from tests.support.patience import until

pytestmark = pytest.mark.privileged

ROUNDS = 5
STEADY = ("ppid", "tgid", "uid", "threads", "start_ticks", "nice", "state")
GROWING = ("utime", "stime", "minflt", "cutime", "cstime")


@pytest.fixture(scope="module")
def proc() -> Iterator[TraditionalCollector]:
    with TraditionalCollector() as opened:
        yield opened


@pytest.fixture
def pids() -> Iterator[list[int]]:
    """Hold the pids of programs to end at last."""
    started: list[int] = []
    yield started
    for pid in started:
        os.kill(pid, signal.SIGKILL)
        wait(pid)


def always(differing: Callable[[], set[Identity]]) -> set[Identity]:
    """Return who differs in every round: everything moves on while it is read."""
    found = differing()
    for _ in range(ROUNDS - 1):
        if found:
            found &= differing()
    return found


def identities(sample: Sample) -> set[Identity]:
    return set(map(sample.processes.identity, range(len(sample.processes))))


@pytest.mark.parametrize("needs", [Need.NONE, Need.THREADS], ids=["", "threads"])
def test_the_same_processes(
    collector: NetlinkCollector,
    proc: TraditionalCollector,
    pids: list[int],
    needs: Need,
) -> None:
    pids += [spawn("sleep", "1000") for _ in range(20)]

    def differing() -> set[Identity]:
        before, here, after = (
            identities(source.sample(needs)) for source in (proc, collector, proc)
        )
        return ((before & after) - here) | (here - before - after)

    assert always(differing) == set()
    assert set(pids) <= set(collector.sample(needs).processes.pid.tolist())


def test_the_same_values(
    collector: NetlinkCollector, proc: TraditionalCollector
) -> None:
    def differing() -> set[Identity]:
        before, here, after = (s.sample(Need.NONE) for s in (proc, collector, proc))
        both = same_process(before.processes, here.processes)
        then = same_process(after.processes, here.processes)
        seen = np.flatnonzero(both.found & then.found)
        wrong = np.zeros(len(seen), dtype=np.bool_)
        for name in (*STEADY, *GROWING, "rss_bytes"):
            early = getattr(before.processes, name)[both.row[seen]]
            late = getattr(after.processes, name)[then.row[seen]]
            value = getattr(here.processes, name)[seen]
            if name in GROWING:
                wrong |= (value < early) | (value > late)
            else:
                wrong |= (early == late) & (value != early)
        return set(map(here.processes.identity, seen[wrong].tolist()))

    assert always(differing) == set()


def test_who_comes_and_goes_between_samples_needs_no_listing(
    collector: NetlinkCollector, pids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_module, "_CHECK_SAMPLES", 1 << 30)
    watch = Watch(collector)
    listed = []

    def list_nothing(root: ProcRoot) -> list[str]:
        listed.append(root)
        return []

    monkeypatch.setattr(ProcRoot, "pids", list_nothing)
    for _ in range(5):
        pids += [spawn("sleep", "1000") for _ in range(20)]
        seen = set(watch.sample().processes.pid.tolist())
        assert set(pids) <= seen
        gone, pids[:] = pids[:10], pids[10:]
        for pid in gone:
            os.kill(pid, signal.SIGKILL)
            wait(pid)
        seen = set(watch.sample().processes.pid.tolist())
        assert set(pids) <= seen
        assert not seen & set(gone)
        assert {end.pid for end in watch.of(gone)} == set(gone)
    assert listed == []
    assert watch.last.counters.lost == 0


def test_a_process_that_no_event_told_of_is_found_and_counted(
    pids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Streams.drain

    def deaf(streams: Streams) -> Drained:
        drained = real(streams)
        return drained._replace(forks=drained.forks[:0])

    with opened() as fresh:
        watch = Watch(fresh)
        monkeypatch.setattr(Streams, "drain", deaf)
        pids.append(spawn("sleep", "1000"))
        watch.sample()
        monkeypatch.setattr(Streams, "drain", real)
        # A younger one may have an event that is still on its way.
        until(lambda: age_s(pids[0]) > 1.1, "it to come of age")
        is_found = False
        for _ in range(known_module._CHECK_SAMPLES):  # noqa: SLF001
            assert watch.last.counters.lost == 0
            is_found = pids[0] in watch.sample().processes.pid
            if is_found:
                break
        assert is_found
        assert watch.last.counters.lost >= 1
        assert watch.last.counters.lost_exits == 0
        for _ in range(known_module._CHECK_SAMPLES):  # noqa: SLF001
            watch.sample()
        counted = watch.last.counters.lost
        os.kill(pids[0], signal.SIGKILL)
        end = watch.end_of(pids[0])
        assert end.signal == signal.SIGKILL
        assert watch.last.counters.lost == counted


def age_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    started_s = int(words[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started_s


def test_who_was_there_before_ends_with_its_row_s_identity(
    pids: list[int],
) -> None:
    before = spawn("sleep", "1000")
    pids.append(before)
    until(lambda: b"1000" in Path(f"/proc/{before}/cmdline").read_bytes(), "its exec")
    with opened() as fresh:
        table = fresh.sample(Need.NONE).processes
        (row,) = np.flatnonzero(table.pid == before).tolist()
        identity = table.identity(row)

        def has_arguments() -> bool:
            fresh.sample(Need.NONE)
            return fresh.lookups.kept(identity) is not None

        # A sample reads those of 500 processes.
        until(has_arguments, "its arguments")
        os.kill(before, signal.SIGTERM)
        os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
        found: list[End] = []

        def reported() -> bool:
            found.extend(e for e in ends_of(fresh.sample(Need.NONE)) if e.pid == before)
            return bool(found)

        until(reported, "its end")
    (end,) = found
    assert Identity(end.pid, end.start_ticks) == identity
    assert end.argv == (b"sleep", b"1000")
    assert end.signal == signal.SIGTERM
