"""What a list of meters means, and what is remembered for their graphs."""

import dataclasses
import math

import pytest

from montauk_tui.config import Settings
from montauk_tui.engine.history.update import remember_moment
from montauk_tui.engine.interval.rates import host_rates
from montauk_tui.engine.meters import DEFAULT, METERS, STYLES, USUAL, needs, parse
from montauk_tui.errors import UsageError
from montauk_tui.model.devices import Devices, Frequency, Interface, Temperature
from montauk_tui.model.history import MOST_MOMENTS, History
from montauk_tui.model.schema import Need
from montauk_tui.session.choices import Choices
from tests.support.builders import GIB, cpu_ticks, make_host

EVERY = [f"{meter.id}:{style}" for meter in METERS.values() for style in meter.styles]


def test_the_table_of_meters() -> None:
    assert [meter.id for meter in METERS.values()] == list(METERS)
    for meter in METERS.values():
        assert 0 < len(meter.title) <= 4
        assert set(meter.styles) <= set(STYLES)
        assert meter.description
    assert {style for meter in METERS.values() for style in meter.styles} == set(STYLES)


def test_an_entry_is_a_name_or_a_name_and_a_style() -> None:
    chosen = parse(["memory", " CPU : graph ", "cpu"])
    assert [(one.meter.id, one.style) for one in chosen] == [
        ("memory", "bar"),
        ("cpu", "graph"),
        ("cpu", "auto"),
    ]
    assert [one.entry for one in chosen] == ["memory", "cpu:graph", "cpu"]
    assert parse([]) == ()


@pytest.mark.parametrize("entry", EVERY)
def test_every_meter_and_style_is_what_its_entry_means(entry: str) -> None:
    (one,) = parse([entry])
    assert f"{one.meter.id}:{one.style}" == entry
    assert parse([one.entry]) == (one,)


def test_the_same_meter_twice_is_once() -> None:
    assert [one.entry for one in parse(["swap", "cpu", "swap:bar"])] == ["swap", "cpu"]


@pytest.mark.parametrize(
    ("entry", "reason", "remedy"),
    [
        ("battery", "no meter is called 'battery'", "choose some of: cpu, memory, "),
        ("memroy", "no meter is called 'memroy'", "did you mean 'memory'?"),
        ("", "no meter is called ''", "cpu"),
        ("cpu:", "the meter 'cpu' has no style ''", "choose one of: auto, bars"),
        ("swap:auto", "the meter 'swap' has no style 'auto'", "bar, graph, text"),
        ("\x1b[2J", r"no meter is called '\x1b[2j'", "cpu"),
    ],
)
def test_what_is_no_meter_is_refused(entry: str, reason: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse([entry])
    assert caught.value.reason == reason
    assert remedy in caught.value.remedy


def test_a_sample_holds_what_the_shown_meters_need() -> None:
    assert needs(parse(["cpu", "memory", "swap:graph", "load"])) == Need.NONE
    assert needs(USUAL) == Need.NETWORK | Need.DISK
    choices = Choices.from_settings(Settings(meters=("temperature", "frequency")))
    assert choices.needs == Need.TEMPERATURE | Need.FREQUENCY
    assert dataclasses.replace(choices, meters=False).needs == Need.NONE
    assert Choices.from_settings(Settings()).chosen_meters == parse(DEFAULT)


def test_a_moment_is_the_machine_in_one_interval() -> None:
    before = make_host(
        [cpu_ticks()], devices=Devices(10.0, (Interface("eth0", 0, 100),))
    )
    now = make_host(
        [cpu_ticks(user=25, idle=75)],
        devices=Devices(12.0, (Interface("eth0", 600, 100),)),
        temperatures=(Temperature("a", 40.0, math.nan), Temperature("b", 55.0, 90.0)),
        frequencies=(Frequency(1e9, 3e9), Frequency(2e9, 3e9)),
    )
    history = remember_moment(History(), now, host_rates(before, now))
    (moment,) = history.moments
    assert (moment.cpu, moment.received, moment.sent) == (0.25, 300.0, 0.0)
    assert moment.memory == pytest.approx((16 - 4 - 0.5 - 4.75) / 16)
    assert moment.swap == 0.0
    assert (moment.load, moment.celsius, moment.hz) == (0.5, 55.0, 1.5e9)
    assert math.isnan(moment.read)
    assert math.isnan(moment.written)


def test_what_was_not_read_is_unknown_in_a_moment() -> None:
    host = make_host()
    memory = dataclasses.replace(host.memory, swap_total=0, swap_free=0)
    host = dataclasses.replace(host, memory=memory)
    (moment,) = remember_moment(History(), host, host_rates(None, host)).moments
    unknown = (moment.cpu, moment.swap, moment.received, moment.celsius, moment.hz)
    assert all(math.isnan(value) for value in unknown)


def test_the_oldest_moments_go() -> None:
    history = History()
    for load in range(MOST_MOMENTS + 5):
        host = make_host(load=(float(load), 0.0, 0.0))
        history = remember_moment(history, host, host_rates(None, host))
    assert len(history.moments) == MOST_MOMENTS
    assert history.moments[0].load == 5.0
    assert history.moments[-1].load == MOST_MOMENTS + 4


def test_shared_memory_is_used_memory() -> None:
    memory = make_host().memory
    assert memory.cache == 5 * GIB - GIB // 4
    assert memory.used + memory.free + memory.buffers + memory.cache == memory.total
    odd = dataclasses.replace(
        memory, cached=0, free=memory.total + 1, swap_free=1 << 50
    )
    assert (odd.cache, odd.used, odd.swap_used) == (0, 0, 0)
