"""Short-lived processes: each is there once, with all of its CPU time."""

import os
import resource
import signal
from collections import Counter

import numpy as np
import pytest

from montauk_tui.collectors.base import Collector
from montauk_tui.model.schema import Need
from montauk_tui.model.starts import EXEC, FORK
from tests.support.lives import (
    EACH,
    Watch,
    arguments_of_loops,
    grown,
    run_loops,
    spawn,
    wait,
)
from tests.support.patience import until


def test_every_short_life_is_told_once(collector: Collector, watch: Watch) -> None:
    loops = run_loops(watch)
    for pid, ends in loops.items():
        assert len(ends) == len({(end.pid, end.start_ticks) for end in ends}) == EACH
        assert all(end.pid not in loops for end in ends), pid
        for end in ends:
            assert (end.code, end.signal, end.core) == (0, None, False)
            assert (end.comm, end.uid, end.threads) == (b"true", os.getuid(), 1)
            assert 0 < end.cpu_s < 10
            assert 0 < end.lifetime_s < 60
    if collector.name == "kernel":
        # netlink may be too late for arguments, and counts them.
        told = Counter(end.argv for ends in loops.values() for end in ends)
        assert told == dict.fromkeys(arguments_of_loops(), 1)
    counted = grown(watch)
    assert (counted.lost, counted.lost_exits) == (0, 0)
    for count in (counted.forks, counted.execs, counted.exits):
        assert count is not None
        assert count >= 2 * EACH + 2


def test_every_exit_that_is_counted_becomes_one_row(fresh: Collector) -> None:
    """Whoever it was: other processes of the machine end meanwhile."""
    watch = Watch(fresh)
    for _ in range(20):
        wait(spawn("true"))
    watch.sample()
    counted = watch.last.counters.exits
    assert counted is not None
    assert counted >= 20

    def all_told() -> bool:
        watch.sample()
        return len(watch.ends) >= counted

    until(all_told, f"the rows of {counted} exits")
    now = watch.sample().counters
    assert now.lost == 0
    assert now.exits is not None
    assert len(watch.ends) <= now.exits
    told = {(end.pid, end.start_ticks) for end in watch.ends}
    assert len(told) == len(watch.ends)


def test_the_cpu_time_of_short_lives_is_all_there(
    collector: Collector, lives: str
) -> None:
    """Two hundred runs of 2 ms each: the sum is what their parent is told it was."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    watch = Watch(collector)
    pids = []
    for _ in range(200):
        pids.append(spawn(lives, "burn", "2"))
        assert wait(pids[-1]) == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    truth_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    ends = watch.until_ended(pids)
    assert len(ends) == len(pids)
    assert sum(end.cpu_s for end in ends) == pytest.approx(truth_s, rel=0.05)


def test_whatever_is_counted_is_told_or_still_to_come(
    fresh: Collector,
) -> None:
    """Also while processes come and go: no event is counted in another sample."""
    told = {"forks": 0, "execs": 0, "exits": 0}

    def holds() -> bool:
        sample = fresh.sample(Need.NONE)
        assert sample.starts is not None
        assert sample.exits is not None
        assert sample.ending is not None
        told["forks"] += int(np.count_nonzero(sample.starts.kind == FORK))
        told["execs"] += int(np.count_nonzero(sample.starts.kind == EXEC))
        told["exits"] += len(sample.exits)
        counted, lost = sample.counters, sample.counters.lost
        if lost == 0:
            assert told["forks"] == counted.forks
            assert told["execs"] == counted.execs
        assert told["exits"] + len(sample.ending) == (
            (counted.exits or 0) - counted.lost_exits
        )
        return told["exits"] >= 300

    loop = spawn("sh", "-c", "while :; do /bin/true; done")
    try:
        until(holds, "300 ends")
    finally:
        os.kill(loop, signal.SIGKILL)
        wait(loop)
