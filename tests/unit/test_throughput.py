"""Rates of interfaces and disks, and when they are unknown."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.interval.throughput import disk_throughput, network_throughput
from montauk_tui.model.devices import NO_DEVICES, Devices, Disk, Interface

COUNTS = st.integers(0, 1 << 64)


def network(read_s: float, **counts: tuple[int, int]) -> Devices:
    return Devices(
        read_s, tuple(Interface(name, *count) for name, count in counts.items())
    )


def disks(read_s: float, **counts: tuple[int, int, float]) -> Devices:
    return Devices(
        read_s, disks=tuple(Disk(name, *count) for name, count in counts.items())
    )


def test_what_grew_a_second_of_each_and_of_all() -> None:
    flows = network_throughput(
        network(10.0, eth0=(1_000, 50), wlan0=(7, 7)),
        network(12.0, eth0=(3_000, 50), wlan0=(9, 11)),
    )
    eth0, wlan0 = flows.each
    assert (eth0.name, eth0.in_bytes, eth0.out_bytes) == ("eth0", 1_000.0, 0.0)
    assert (wlan0.in_bytes, wlan0.out_bytes) == (1.0, 2.0)
    assert (flows.total.in_bytes, flows.total.out_bytes) == (1_001.0, 2.0)


def test_a_disk_is_busy_for_a_share_of_the_time_and_the_busiest_counts() -> None:
    flows = disk_throughput(
        disks(0.0, sda=(0, 0, 5.0), sdb=(0, 0, 0.0)),
        disks(2.0, sda=(512, 0, 5.5), sdb=(0, 1024, 2.01)),
    )
    assert [flow.busy_share for flow in flows.each] == [0.25, 1.0]
    assert flows.total.busy_share == 1.0
    assert (flows.total.in_bytes, flows.total.out_bytes) == (256.0, 512.0)


def test_without_a_reading_before_nothing_is_known() -> None:
    for before in (None, NO_DEVICES, disks(0.0)):
        flows = network_throughput(before, network(1.0, eth0=(1, 1)))
        assert math.isnan(flows.each[0].in_bytes)
        assert math.isnan(flows.total.in_bytes)


def test_a_counter_that_starts_anew_is_unknown_and_so_is_the_sum() -> None:
    before = network(0.0, eth0=(500, 500), eth1=(0, 0))
    flows = network_throughput(before, network(1.0, eth0=(10, 600), eth1=(5, 5)))
    assert math.isnan(flows.each[0].in_bytes)
    assert math.isnan(flows.each[0].out_bytes)
    assert flows.each[1].in_bytes == 5.0
    assert math.isnan(flows.total.in_bytes)


@pytest.mark.parametrize("names", [("eth0", "usb0"), ()])
def test_after_something_came_or_went_the_sum_is_unknown_once(
    names: tuple[str, ...],
) -> None:
    before = network(0.0, eth0=(0, 0), wlan0=(0, 0))
    now = network(1.0, **dict.fromkeys(("eth0", *names), (9, 9)))
    flows = network_throughput(before, now)
    assert flows.each[0].in_bytes == 9.0
    assert math.isnan(flows.total.in_bytes)
    later = network(2.0, **dict.fromkeys(("eth0", *names), (19, 9)))
    assert network_throughput(now, later).total.in_bytes == 10.0 * len(
        later.interfaces or ()
    )


@pytest.mark.parametrize("passed_s", [0.0, -1.0, math.nan])
def test_no_time_that_passed_gives_no_rate(passed_s: float) -> None:
    flows = disk_throughput(
        disks(5.0, sda=(0, 0, 0.0)), disks(5.0 + passed_s, sda=(9, 9, 9))
    )
    assert math.isnan(flows.each[0].in_bytes)
    assert math.isnan(flows.total.busy_share)


@given(
    st.dictionaries(st.sampled_from("abcd"), st.tuples(COUNTS, COUNTS)),
    st.dictionaries(st.sampled_from("abcd"), st.tuples(COUNTS, COUNTS)),
    st.floats(0.0, 10.0),
)
def test_rates_are_never_negative(
    before: dict[str, tuple[int, int]],
    now: dict[str, tuple[int, int]],
    passed_s: float,
) -> None:
    flows = network_throughput(network(0.0, **before), network(passed_s, **now))
    assert [flow.name for flow in flows.each] == list(now)
    for flow in (*flows.each, flows.total):
        assert not flow.in_bytes < 0
        assert not flow.out_bytes < 0
        assert not flow.in_bytes > 1e15
        assert not flow.out_bytes > 1e15
