"""Upgrades that race with the end, that fail, and that are tried again."""

import itertools
import threading
from collections.abc import Iterator, Sequence

import pytest

from montauk_tui.collectors.registry import Opened
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from montauk_tui.pipeline import chain
from montauk_tui.pipeline.frames import FrameSource
from tests.support.patience import MOST_S as PATIENCE_S
from tests.support.patience import until
from tests.support.takeover import (
    Install,
    Made,
    Slow,
    Upgrading,
    exact,
    quick,
    ticks,
)

# --- after a failure in use -----------------------------------------------------------


class Watcher:
    """The upgrades of a source, which go on in a thread of their own."""

    def __init__(self, source: FrameSource) -> None:
        self.source = source
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for _ in self.source.upgrades():
            continue

    def until_it_serves(self, name: str) -> tuple[str, ...]:
        """Make frames until one is of the collector `name`; return its refusals."""

        def serves() -> bool:
            self.status = self.source.next_frame(Need.NONE).collector
            return self.status.name == name

        until(serves, name)
        return self.status.refusals

    def end(self) -> None:
        self.source.close()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Try again at once; return after how many failures each time."""
    asked: list[int] = []

    def waits_s(failures: int) -> Iterator[float]:
        asked.append(failures)
        return itertools.repeat(0.0)

    monkeypatch.setattr(chain, "_waits_s", waits_s)
    return asked


AGAIN = "kernel: failed, trying again soon: kernel broke; restart it"


def test_one_that_failed_in_use_is_tried_again_and_it_is_told(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_try = threading.Event()

    def waits_s(_: int) -> Iterator[float]:
        while True:
            assert may_try.wait(PATIENCE_S)
            yield 0.0

    monkeypatch.setattr(chain, "_waits_s", waits_s)
    best, plain = Made("kernel", [exact(0, 0)]), Made("traditional")
    plain.samples = [ticks(1, 0)] * 1000
    install(best, plain)
    may_try.set()
    watcher = Watcher(FrameSource(Opened(best)))
    assert watcher.until_it_serves("kernel") == ()
    may_try.clear()
    assert watcher.until_it_serves("traditional") == (AGAIN,)
    best.samples = [exact(2, 0)]
    may_try.set()
    assert watcher.until_it_serves("kernel") == ()
    watcher.end()
    assert best.opened == 1
    assert min(best.closed, plain.closed) >= 1


def test_each_failure_in_use_is_counted(install: Install, at_once: list[int]) -> None:
    best, plain = (
        Made("kernel", [exact(0, 0)]),
        Made("traditional", [ticks(1, 0)] * 999),
    )
    install(best, plain)
    watcher = Watcher(FrameSource(Opened(best)))
    for _ in range(3):
        watcher.until_it_serves("kernel")
        watcher.until_it_serves("traditional")
        best.samples = [exact(2, 0)]
    watcher.until_it_serves("kernel")
    watcher.end()
    assert at_once == [0, 0, 1, 2]


def test_the_more_failures_the_longer_it_waits() -> None:
    def waits(failures: int) -> list[float]:
        return list(itertools.islice(chain._waits_s(failures), 5))  # noqa: SLF001

    assert waits(0) == [5.0, 15.0, 30.0, 60.0, 60.0]
    assert waits(2) == [30.0, 60.0, 60.0, 60.0, 60.0]
    assert waits(9) == [60.0] * 5


@pytest.mark.usefixtures("at_once")
def test_one_that_is_refused_when_it_is_tried_again_is_not_waited_for(
    install: Install,
) -> None:
    best, plain = Made("kernel"), Made("traditional", [ticks(1, 0)] * 1000)
    best.refusal = CollectorUnavailable("no probes", "become root")
    install(best, plain)
    watcher = Watcher(FrameSource(Opened(best)))
    said = ("kernel: unavailable: no probes; become root",)
    until(lambda: watcher.until_it_serves("traditional") == said)
    watcher.end()


@pytest.mark.usefixtures("at_once")
def test_a_lesser_one_does_not_follow_a_better_one(install: Install) -> None:
    best, second = Made("kernel"), Made("netlink")
    plain = Made("traditional", [ticks(1, 0)] * 1000)
    install(best, second, plain)
    source = FrameSource(Opened(best))
    failing = source.upgrades()
    assert next(failing) is False
    assert source.next_frame(Need.NONE).collector.name == "traditional"
    best.samples, second.samples = [exact(2, 0)] * 9, [ticks(2, 0)] * 9
    assert next(failing) is True
    assert next(failing) is True
    frame = source.next_frame(Need.NONE)
    assert (frame.collector.name, frame.collector.refusals) == ("kernel", ())
    assert (second.opened, second.closed) == (2, 2)
    source.close()
    assert next(failing, None) is None


def test_the_reason_of_a_better_one_stays_when_a_lesser_one_comes_back(
    install: Install, at_once: list[int]
) -> None:
    best, second = Made("kernel"), Made("netlink")
    plain = Made("traditional", [ticks(1, 0)] * 1000)
    install(best, second, plain)
    source = FrameSource(Opened(best))
    failing = source.upgrades()
    next(failing)
    source.next_frame(Need.NONE)
    best.refusal = CollectorUnavailable("no probes", "become root")
    second.samples = [ticks(2, 0)] * 9
    assert [next(failing), next(failing)] == [False, True]
    frame = source.next_frame(Need.NONE)
    said = ("kernel: unavailable: no probes; become root",)
    assert (frame.collector.name, frame.collector.refusals) == ("netlink", said)
    source.close()
    assert at_once == [0, 0, 0]


# --- races ----------------------------------------------------------------------------


@pytest.mark.parametrize("heeds", [True, False])
def test_close_while_a_better_one_opens_leaves_nothing_open(
    install: Install, *, heeds: bool
) -> None:
    better, plain = Slow("kernel"), Made("traditional", [ticks(0, 0)])
    better.heeds = heeds
    install(better, plain)
    source = quick(plain, "kernel")
    upgrading = Upgrading(source)
    assert better.begun.wait(PATIENCE_S)
    source.close()
    assert upgrading.end() is False
    assert better.given_up == 1
    assert better.opened == (0 if heeds else 1)
    assert better.closed >= better.opened
    assert plain.closed == 1


def test_an_upgrade_after_the_end_opens_nothing(install: Install) -> None:
    better, plain = Made("kernel"), Made("traditional")
    install(better, plain)
    source = quick(plain, "kernel")
    source.close()
    assert next(source.upgrades()) is False
    assert (better.opened, plain.closed) == (0, 1)


def test_one_that_fails_while_a_better_one_opens_does_not_come_back(
    install: Install,
) -> None:
    """What came of the upgrade is about the better one, not about the present."""
    better = Slow("kernel")
    second = Made("netlink", [ticks(0.0, 0)])
    plain = Made("traditional", [ticks(1.0, 0), ticks(2.0, 0)])
    install(better, second, plain)
    source = quick(second, "kernel")
    source.next_frame(Need.NONE)
    upgrading = Upgrading(source)
    assert better.begun.wait(PATIENCE_S)
    frame = source.next_frame(Need.NONE)
    assert frame.collector.name == "traditional"
    assert frame.collector.refusals == (
        "kernel: loading",
        "netlink: failed, trying again soon: netlink broke; restart it",
    )
    better.refusal = CollectorUnavailable("no probes", "become root")
    better.may_open.set()
    assert upgrading.end() is False
    frame = source.next_frame(Need.NONE)
    assert frame.collector.name == "traditional"
    assert frame.collector.refusals == (
        "kernel: unavailable: no probes; become root",
        "netlink: failed, trying again soon: netlink broke; restart it",
    )
    source.close()
    assert (second.closed, plain.closed, better.opened) == (1, 1, 0)


def test_a_better_one_follows_one_that_failed(install: Install) -> None:
    better = Slow("kernel", [exact(2.0, 0)])
    second = Made("netlink", [ticks(0.0, 0)])
    plain = Made("traditional", [ticks(1.0, 0)])
    install(better, second, plain)
    source = quick(second, "kernel")
    source.next_frame(Need.NONE)
    upgrading = Upgrading(source)
    assert source.next_frame(Need.NONE).collector.name == "traditional"
    better.may_open.set()
    assert upgrading.end() is True
    frame = source.next_frame(Need.NONE)
    assert (frame.collector.name, frame.collector.refusals) == ("kernel", ())
    source.close()
    assert (better.opened, better.closed, plain.closed) == (1, 1, 1)


def test_how_long_it_takes_is_on_the_screen(install: Install) -> None:
    better, plain = Slow("kernel"), Made("traditional", [ticks(0, 0), ticks(1, 0)])
    install(better, plain)
    source = quick(plain, "kernel")
    upgrading = Upgrading(source)
    assert better.begun.wait(PATIENCE_S)
    assert source.next_frame(Need.NONE).collector.refusals == ("kernel: loading",)
    better.on_wait(12.3)
    said = source.next_frame(Need.NONE).collector.refusals
    assert said == ("kernel: loading for 12 s",)
    source.close()
    upgrading.end()


# --- again ----------------------------------------------------------------------------


class Short(Made):
    """Does not open for want of memory, until there is some."""

    def __init__(self, name: str, samples: Sequence[Sample], failures: int) -> None:
        super().__init__(name, samples)
        self.failures = failures

    def open(self) -> None:
        if self.failures:
            self.failures -= 1
            raise CollectorUnavailable("no memory", "free some", may_pass=True)
        super().open()


def test_what_may_pass_is_tried_again(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "_RETRIES_S", (0.0, 0.0))
    monkeypatch.setattr(chain, "_LATER_S", 0.0)
    better = Short("kernel", [exact(1.0, 0)], failures=5)
    plain = Made("traditional")
    install(better, plain)
    source = quick(plain, "kernel")
    assert next(source.upgrades()) is True
    frame = source.next_frame(Need.NONE)
    assert (frame.collector.name, frame.collector.refusals) == ("kernel", ())
    assert better.opened == 1


def test_that_it_is_tried_again_is_told_and_ends_with_the_monitor(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "_RETRIES_S", (PATIENCE_S,))
    better = Short("kernel", [], failures=1)
    plain = Made("traditional", [ticks(0, 0)] * 1000)
    install(better, plain)
    source = quick(plain, "kernel")
    upgrading = Upgrading(source)
    said = "kernel: trying again soon: no memory; free some"
    until(lambda: source.next_frame(Need.NONE).collector.refusals == (said,))
    source.close()
    assert upgrading.end() is False
    assert (better.opened, better.failures) == (0, 0)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (RuntimeError("can't start new thread"), "cannot start a thread"),
        (MemoryError(), "out of memory"),
    ],
)
def test_one_that_lacks_something_while_it_opens_is_tried_again(
    install: Install, failure: Exception, said: str
) -> None:
    class Lacking(Made):
        def open(self) -> None:
            raise failure

    better, plain = Lacking("kernel"), Made("traditional", [ticks(0, 0)] * 1000)
    install(better, plain)
    source = quick(plain, "kernel")
    upgrading = Upgrading(source)

    def refusal() -> str:
        return source.next_frame(Need.NONE).collector.refusals[0]

    until(lambda: refusal() != "kernel: loading")
    assert refusal().startswith(f"kernel: trying again soon: {said}; ")
    source.close()
    assert upgrading.end() is False


def test_one_that_breaks_while_it_opens_is_a_refusal(install: Install) -> None:
    class Broken(Made):
        def open(self) -> None:
            raise TypeError("a mistake of ours")

    better, plain = Broken("kernel"), Made("traditional", [ticks(0, 0)])
    install(better, plain)
    source = quick(plain, "kernel")
    assert next(source.upgrades()) is False
    (said,) = source.next_frame(Need.NONE).collector.refusals
    assert "it broke: TypeError: a mistake of ours; please report it" in said
    assert better.closed == 1
