"""The samples that other tests build on are what they say."""

import itertools

import numpy as np
import pytest

from montauk_tui.errors import CollectorFailed
from montauk_tui.model.schema import Need
from tests.support.builders import FakeLookups, make_frame, make_sample, make_table
from tests.support.replay import ReplayCollector
from tests.support.scenes import (
    build_scene,
    scene_collector,
    scene_frame,
    scene_lookups,
)


def test_a_table_is_sorted_and_has_defaults() -> None:
    table = make_table([{"pid": 5, "comm": "b"}, {"pid": 2, "state": "R", "uid": None}])
    assert table.pid.tolist() == [2, 5]
    assert table.comm.tolist() == [b"proc2", b"b"]
    assert table.state.tolist() == [ord("R"), ord("S")]
    assert table.tgid.tolist() == [2, 5]


def test_cold_lookups_know_a_command_once_it_was_read() -> None:
    lookups = FakeLookups({2: b"/bin/x\0y\0"}, cold=True)
    identity = make_table([{"pid": 2}]).identity(0)
    assert lookups.known_command(identity, b"x").text == "x"
    assert lookups.command(identity, b"x").text == "/bin/x y"
    assert lookups.known_command(identity, b"x").text == "/bin/x y"


def test_a_replay_goes_on_for_ever_at_the_same_rates() -> None:
    rows = [{"pid": 1, "utime": 0}], [{"pid": 1, "utime": 30}]
    samples = [make_sample(rows[0]), make_sample(rows[1], after_s=2.0)]
    with ReplayCollector(samples) as collector:
        taken = [collector.sample(Need.NONE) for _ in range(5)]
    assert [sample.time_s - taken[0].time_s for sample in taken] == [0, 2, 4, 6, 8]
    for before, now in itertools.pairwise(taken):
        assert make_frame(before, now).rates.cpu_pct[0] == pytest.approx(15.0)


def test_a_replay_of_one_sample_goes_on_by_the_second() -> None:
    with ReplayCollector([make_sample([{"pid": 1}])]) as collector:
        first, second = collector.sample(Need.NONE), collector.sample(Need.NONE)
    assert second.monotonic_s - first.monotonic_s == 1.0


def test_a_replay_starts_anew_when_it_is_opened_again() -> None:
    collector = ReplayCollector([make_sample(), make_sample(after_s=1.0)])
    with collector:
        first = collector.sample(Need.NONE)
    with pytest.raises(CollectorFailed):
        collector.sample(Need.NONE)
    with collector:
        assert collector.sample(Need.NONE).time_s == first.time_s
    collector.close()


def test_a_replay_leaves_out_what_nobody_needs() -> None:
    rows = [{"pid": 1, "shared_bytes": 7}, {"pid": 2, "tgid": 1}]
    with ReplayCollector([make_sample(rows)]) as collector:
        without = collector.sample(Need.NONE).processes
        everything = collector.sample(Need.SHARED | Need.THREADS).processes
    assert without.pid.tolist() == [1]
    assert without.shared_bytes[0] < 0
    assert everything.pid.tolist() == [1, 2]
    assert everything.shared_bytes[0] == 7


def test_the_scene_is_the_same_every_time() -> None:
    one, other = scene_frame(), scene_frame()
    assert np.array_equal(one.rates.cpu_pct, other.rates.cpu_pct, equal_nan=True)
    assert one.sample.processes.comm.tolist() == other.sample.processes.comm.tolist()


def test_the_scene_has_something_of_everything() -> None:
    table = scene_frame().sample.processes
    states = {chr(code) for code in table.state.tolist()}
    assert states == set("RSDZTI")
    assert 5 <= np.count_nonzero(table.is_kernel) < len(table) / 2
    assert not table.is_process.all()
    assert table.rss_bytes.max() > 4 << 30


@pytest.mark.parametrize("cpus", [1, 2, 8, 64])
def test_the_scene_closes_its_books(cpus: int) -> None:
    """All rates are known, and the processes use what the CPUs did."""
    frame = scene_frame(cpus)
    assert frame.host_rates.busy_share.shape == (cpus,)
    assert not np.isnan(frame.host_rates.busy_share).any()
    assert not np.isnan(frame.rates.cpu_pct).any()
    assert frame.ledger is not None
    assert abs(frame.ledger.unexplained_s) < 0.1 * frame.ledger.busy_s


@pytest.mark.parametrize("processes", [1, 20, 62, 63, 2_000])
def test_the_scene_has_as_many_processes_as_asked_for(processes: int) -> None:
    samples = build_scene(processes=processes)
    for sample in samples:
        assert np.count_nonzero(sample.processes.is_process) == processes
    table, lookups = samples[-1].processes, scene_lookups(samples)
    for row in range(len(table)):
        assert lookups.cmdline(table.identity(row)) is not None


def test_the_scene_plays() -> None:
    with scene_collector() as collector:
        first, second, third = (collector.sample(Need.THREADS) for _ in range(3))
    rates = make_frame(first, second).rates, make_frame(second, third).rates
    assert rates[0].cpu_pct == pytest.approx(rates[1].cpu_pct)
