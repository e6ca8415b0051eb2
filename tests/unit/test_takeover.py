"""One collector after another behind the same frames: upgrade and step-down."""

import os
from pathlib import Path

import pytest

from montauk_tui.collectors import registry
from montauk_tui.collectors.registry import Opened
from montauk_tui.errors import CollectorFailed, CollectorUnavailable
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource
from tests.support.takeover import (
    Install,
    Made,
    exact,
    quick,
    ticks,
)

# --- upgrade --------------------------------------------------------------------------


def test_a_better_one_takes_over_and_the_rates_go_on(install: Install) -> None:
    better = Made("kernel", [exact(2.0, 1_750_000_000)])
    plain = Made("traditional", [ticks(0.0, 0), ticks(1.0, 100)])
    install(better, plain)
    source = quick(plain, "kernel")
    first = source.next_frame(Need.NONE)
    assert first.collector.refusals == ("kernel: loading",)
    source.next_frame(Need.NONE)
    assert next(source.upgrades()) is True
    frame = source.next_frame(Need.NONE)
    assert frame.seq == 2
    assert (frame.collector.name, frame.collector.refusals) == ("kernel", ())
    assert frame.interval_s == 1.0
    assert frame.rates.cpu_pct[0] == pytest.approx(75.0)
    assert frame.ledger is not None
    assert frame.lookups is better.lookups
    # What the machine did belongs to no collector.
    assert len(frame.history.moments) == 2


def test_the_one_before_is_closed_when_a_better_one_serves(install: Install) -> None:
    """It may listen to every process of the machine."""
    better, plain = Made("kernel", [exact(1.0, 0)]), Made("netlink", [ticks(0, 0)])
    install(better, plain)
    source = quick(plain, "kernel")
    source.next_frame(Need.NONE)
    next(source.upgrades())
    assert plain.closed == 0
    source.next_frame(Need.NONE)
    assert (plain.closed, better.closed) == (1, 0)
    source.close()
    assert (plain.closed, better.closed) == (1, 1)


@pytest.mark.parametrize("name", registry.PREFERENCE)
def test_a_frame_looks_things_up_when_its_collector_is_closed(name: str) -> None:
    collector = registry.load(name)
    if not (state := collector.availability()).available:
        pytest.skip(state.reason)
    with collector:
        sample = collector.sample(Need.NONE)
        lookups = collector.lookups
    table = sample.processes
    own = Identity(os.getpid(), int(table.start_ticks[table.pid == os.getpid()][0]))
    assert lookups.cmdline(own)
    assert lookups.label("exe", own) == str(Path("/proc/self/exe").readlink())
    assert lookups.details(own) is not None


def test_one_that_opened_and_never_served_is_closed_too(install: Install) -> None:
    better, plain = Made("kernel"), Made("traditional")
    install(better, plain)
    source = quick(plain, "kernel")
    next(source.upgrades())
    source.close()
    assert (better.opened, better.closed, plain.closed) == (1, 1, 1)


def test_a_refused_upgrade_is_told(install: Install) -> None:
    better = Made("kernel")
    better.refusal = CollectorUnavailable("no probes", "become root")
    plain = Made("traditional", [ticks(0.0, 0), ticks(1.0, 50)])
    install(better, plain)
    source = quick(plain, "kernel")
    source.next_frame(Need.NONE)
    assert next(source.upgrades()) is False
    frame = source.next_frame(Need.NONE)
    assert frame.collector.name == "traditional"
    assert frame.collector.refusals == ("kernel: unavailable: no probes; become root",)
    assert frame.rates.cpu_pct[0] == pytest.approx(50.0)
    assert plain.closed == 0


def test_the_best_that_opens_is_the_upgrade(install: Install) -> None:
    best, second = Made("kernel"), Made("netlink", [exact(1.0, 0)])
    best.refusal = CollectorUnavailable("no probes", "become root")
    plain = Made("traditional")
    install(best, second, plain)
    source = quick(plain, "kernel", "netlink")
    assert next(source.upgrades()) is True
    frame = source.next_frame(Need.NONE)
    assert frame.collector.name == "netlink"
    assert frame.collector.refusals == ("kernel: unavailable: no probes; become root",)


def test_nothing_better_is_no_upgrade(install: Install) -> None:
    plain = Made("traditional", [ticks(0.0, 0)])
    install(plain)
    source = quick(plain)
    assert next(source.upgrades()) is False
    assert source.next_frame(Need.NONE).collector.refusals == ()


# --- step down ------------------------------------------------------------------------


def test_one_that_fails_makes_way_for_the_next(install: Install) -> None:
    best = Made("kernel", [exact(0.0, 0), exact(1.0, 500_000_000)])
    plain = Made("traditional", [ticks(2.0, 80), ticks(3.0, 90)])
    install(best, plain)
    source = FrameSource(Opened(best))
    for _ in range(2):
        assert source.next_frame(Need.NONE).collector.name == "kernel"
    frame = source.next_frame(Need.NONE)
    assert frame.seq == 2
    assert frame.collector.name == "traditional"
    assert frame.collector.refusals == ("kernel: failed: kernel broke; restart it",)
    assert frame.interval_s == 1.0
    assert frame.rates.cpu_pct[0] == pytest.approx(30.0)
    assert (best.closed, plain.opened) == (1, 1)
    assert source.next_frame(Need.NONE).collector.refusals != ()


def test_step_by_step_to_the_last(install: Install) -> None:
    best, second = Made("kernel"), Made("netlink")
    plain = Made("traditional", [ticks(0.0, 0)])
    install(best, second, plain)
    source = FrameSource(Opened(best))
    frame = source.next_frame(Need.NONE)
    assert frame.collector.name == "traditional"
    assert frame.collector.refusals == (
        "kernel: failed: kernel broke; restart it",
        "netlink: failed: netlink broke; restart it",
    )
    source.close()
    assert min(best.closed, second.closed, plain.closed) >= 1


def test_nothing_left_is_the_failure_itself(install: Install) -> None:
    plain = Made("traditional")
    install(plain)
    with pytest.raises(CollectorFailed, match="traditional broke"):
        FrameSource(Opened(plain)).next_frame(Need.NONE)
    assert plain.closed == 1


def test_a_forced_one_never_makes_way(install: Install) -> None:
    best, plain = Made("kernel"), Made("traditional", [ticks(0.0, 0)])
    install(best, plain)
    with pytest.raises(CollectorFailed, match="kernel broke"):
        FrameSource(Opened(best, is_forced=True)).next_frame(Need.NONE)
    assert plain.opened == 0


def test_an_upgrade_was_not_forced_and_may_step_down(install: Install) -> None:
    best, plain = Made("kernel", [exact(1.0, 0)]), Made("traditional")
    plain.samples = [ticks(0.0, 0), ticks(2.0, 0)]
    install(best, plain)
    source = quick(plain, "kernel")
    source.next_frame(Need.NONE)
    next(source.upgrades())
    assert source.next_frame(Need.NONE).collector.name == "kernel"
    assert source.next_frame(Need.NONE).collector.name == "traditional"
