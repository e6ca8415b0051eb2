import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest

from montauk_tui.errors import CollectorFailed, MontaukError
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from montauk_tui.pipeline import sampler as sampler_module
from montauk_tui.pipeline.frames import FrameSource
from montauk_tui.pipeline.sampler import Sampler
from tests.support.builders import FakeLookups, make_sample
from tests.support.replay import ReplayCollector, opened_replay

PATIENCE_S = 60.0
"""How long a test waits for what must come; it is never waited for in vain."""


def samples() -> list[Sample]:
    return [
        make_sample([{"pid": 1, "utime": 10}]),
        make_sample([{"pid": 1, "utime": 60}], after_s=1.0),
    ]


class VirtualTime:
    """A clock that stands still until a test lets it go on.

    `waits` gets the seconds that the thread is about to wait for, None for ever.
    """

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.waits: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        self.condition: threading.Condition | None = None

    def make_condition(self) -> threading.Condition:
        waits = self.waits

        class Noticed(threading.Condition):
            def wait(self, timeout: float | None = None) -> bool:
                waits.put(timeout)
                return super().wait(PATIENCE_S)

        self.condition = Noticed()
        return self.condition

    def elapse(self, seconds: float) -> None:
        assert self.condition is not None
        with self.condition:
            self.now_s += seconds
            self.condition.notify()

    def next_wait(self) -> float | None:
        return self.waits.get(timeout=PATIENCE_S)


class Harness:
    """A sampler whose frames and failures arrive in queues."""

    def __init__(self, clock: VirtualTime, interval_s: float) -> None:
        opened = opened_replay(samples())
        assert isinstance(opened.collector, ReplayCollector)
        self.clock = clock
        self.collector = opened.collector
        self.frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self.failures: queue.SimpleQueue[MontaukError] = queue.SimpleQueue()
        self.threads: set[threading.Thread] = set()
        self.sampler = Sampler(
            FrameSource(opened), interval_s, self._publish, self._fail
        )

    def _publish(self, frame: Frame) -> None:
        self.threads.add(threading.current_thread())
        self.frames.put(frame)

    def _fail(self, error: MontaukError) -> None:
        self.threads.add(threading.current_thread())
        self.failures.put(error)

    def next_seq(self) -> int:
        return self.frames.get(timeout=PATIENCE_S).seq

    def settle(self) -> None:
        """Start and take the first two frames; the thread waits for the third."""
        self.sampler.start()
        assert self.next_seq() == 0
        wait_s = self.clock.next_wait()
        assert wait_s is not None
        self.clock.elapse(wait_s)
        assert self.next_seq() == 1
        self.clock.next_wait()


Make = Callable[[float], Harness]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Make samplers that live by a virtual clock, and stop them at the end."""
    clock = VirtualTime()
    fake_time = SimpleNamespace(
        monotonic=lambda: clock.now_s, thread_time=time.thread_time
    )
    fake_threading = SimpleNamespace(
        Condition=clock.make_condition,
        Thread=threading.Thread,
    )
    made: list[Harness] = []

    def make_harness(interval_s: float) -> Harness:
        made.append(Harness(clock, interval_s))
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(sampler_module, "time", fake_time)
        patch.setattr(sampler_module, "threading", fake_threading)
        yield make_harness
        for harness in made:
            harness.sampler.stop()


# --- one frame at a time --------------------------------------------------------------


def test_the_first_frame_has_no_rates() -> None:
    frame = FrameSource(opened_replay(samples())).next_frame(Need.NONE)
    assert frame.seq == 0
    assert frame.interval_s is None
    assert frame.ledger is None


def test_the_second_frame_has_the_rates_since_the_first() -> None:
    lookups = FakeLookups()
    source = FrameSource(opened_replay(samples(), lookups, ("kernel: no",)))
    source.next_frame(Need.NONE)
    started = time.thread_time()
    frame = source.next_frame(Need.NONE)
    spent_s = time.thread_time() - started
    assert frame.seq == 1
    assert frame.interval_s == 1.0
    assert frame.rates.cpu_pct[0] == pytest.approx(50.0)
    assert frame.ledger is not None
    assert frame.ledger.live_s == pytest.approx(0.5)
    assert frame.collector == CollectorStatus("replay", "2 samples", ("kernel: no",))
    assert frame.lookups is lookups
    assert 0 <= frame.cpu_s <= spent_s


def test_needs_reach_the_collector() -> None:
    opened = opened_replay(samples())
    assert isinstance(opened.collector, ReplayCollector)
    FrameSource(opened).next_frame(Need.SHARED | Need.CMDLINE)
    assert opened.collector.needs == [Need.SHARED | Need.CMDLINE]


def test_a_failure_is_the_callers() -> None:
    opened = opened_replay(samples())
    opened.collector.close()
    with pytest.raises(CollectorFailed):
        FrameSource(opened).next_frame(Need.NONE)


# --- the thread -----------------------------------------------------------------------


def test_the_second_frame_comes_soon_and_then_one_per_interval(make: Make) -> None:
    harness = make(5.0)
    harness.sampler.start()
    assert harness.next_seq() == 0
    assert harness.clock.next_wait() == pytest.approx(0.25)
    harness.clock.elapse(0.25)
    for seq in (1, 2, 3):
        assert harness.next_seq() == seq
        assert harness.clock.next_wait() == pytest.approx(5.0)
        harness.clock.elapse(5.0)


def test_a_short_interval_is_not_stretched(make: Make) -> None:
    harness = make(0.125)
    harness.sampler.start()
    assert harness.clock.next_wait() == pytest.approx(0.125)


def test_nothing_is_sampled_before_the_interval_is_over(make: Make) -> None:
    harness = make(5.0)
    harness.settle()
    harness.clock.elapse(4.0)
    assert harness.clock.next_wait() == pytest.approx(1.0)
    assert harness.frames.empty()


def test_after_a_stall_within_a_sample_the_next_one_is_an_interval_later(
    make: Make,
) -> None:
    harness = make(5.0)
    harness.settle()
    taken = harness.collector.sample

    def stopped(needs: Need) -> Sample:
        """Be stopped for half a minute just before anything is read."""
        harness.clock.now_s += 30.0
        return replace(taken(needs), monotonic_s=harness.clock.now_s)

    harness.collector.sample = stopped  # type: ignore[method-assign]
    harness.clock.elapse(5.0)
    assert harness.next_seq() == 2
    assert harness.clock.next_wait() == pytest.approx(5.0)
    assert harness.frames.empty()


def test_a_new_interval_counts_from_the_last_sample(make: Make) -> None:
    harness = make(10.0)
    harness.settle()
    harness.clock.elapse(3.0)
    assert harness.clock.next_wait() == pytest.approx(7.0)
    harness.sampler.configure(interval_s=5.0)
    assert harness.clock.next_wait() == pytest.approx(2.0)
    harness.sampler.configure(interval_s=2.0)
    assert harness.next_seq() == 2


def test_a_pause_holds_and_ends(make: Make) -> None:
    harness = make(5.0)
    harness.settle()
    harness.sampler.configure(paused=True)
    assert harness.clock.next_wait() is None
    harness.clock.elapse(1_000.0)
    assert harness.clock.next_wait() is None
    assert harness.frames.empty()
    harness.sampler.configure(paused=False)
    assert harness.next_seq() == 2


def test_one_sample_can_be_taken_while_paused(make: Make) -> None:
    harness = make(5.0)
    harness.settle()
    harness.sampler.configure(paused=True)
    assert harness.clock.next_wait() is None
    harness.sampler.sample_now()
    assert harness.next_seq() == 2
    assert harness.clock.next_wait() is None
    assert harness.frames.empty()


def test_what_is_newly_needed_is_sampled_at_once(make: Make) -> None:
    harness = make(5.0)
    harness.settle()
    harness.sampler.configure(needs=Need.SHARED)
    assert harness.next_seq() == 2
    assert harness.collector.needs[-1] == Need.SHARED


def test_what_is_newly_needed_has_rates_soon(make: Make) -> None:
    harness = make(5.0)
    harness.settle()
    harness.sampler.configure(needs=Need.IO)
    assert harness.next_seq() == 2
    assert harness.clock.next_wait() == pytest.approx(0.25)
    harness.clock.elapse(0.25)
    assert harness.next_seq() == 3
    assert harness.collector.needs[-2:] == [Need.IO, Need.IO]
    assert harness.clock.next_wait() == pytest.approx(5.0)


def test_command_lines_have_no_rates_and_are_sampled_once(make: Make) -> None:
    harness = make(5.0)
    harness.settle()
    harness.sampler.configure(needs=Need.CMDLINE)
    assert harness.next_seq() == 2
    assert harness.clock.next_wait() == pytest.approx(5.0)


def test_what_is_no_longer_needed_can_wait(make: Make) -> None:
    harness = make(5.0)
    harness.sampler.configure(needs=Need.SHARED | Need.CMDLINE)
    harness.settle()
    harness.sampler.configure(needs=Need.CMDLINE)
    assert harness.clock.next_wait() == pytest.approx(5.0)
    assert harness.frames.empty()
    harness.clock.elapse(5.0)
    assert harness.next_seq() == 2
    assert harness.collector.needs[-1] == Need.CMDLINE


@pytest.mark.parametrize("paused", [False, True])
def test_stop_waits_for_the_thread(make: Make, *, paused: bool) -> None:
    harness = make(5.0)
    harness.settle()
    harness.sampler.configure(paused=paused)
    harness.clock.next_wait()
    harness.sampler.stop()
    assert len(harness.threads) == 1
    assert not harness.threads.pop().is_alive()
    assert harness.frames.empty()
    harness.sampler.stop()


def test_stop_before_the_start_is_harmless(make: Make) -> None:
    harness = make(5.0)
    harness.sampler.stop()
    harness.sampler.start()
    harness.sampler.stop()
    assert harness.frames.empty()


def test_a_failure_is_reported_and_ends_the_thread(make: Make) -> None:
    harness = make(5.0)
    harness.settle()
    harness.collector.close()
    harness.clock.elapse(5.0)
    error = harness.failures.get(timeout=PATIENCE_S)
    assert isinstance(error, CollectorFailed)
    assert len(harness.threads) == 1
    thread = harness.threads.pop()
    assert thread is not threading.current_thread()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert harness.frames.empty()


def test_by_the_real_clock() -> None:
    """Frames keep coming, by whichever clock the machine has."""
    frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    failures: list[MontaukError] = []
    source = FrameSource(opened_replay(samples()))
    sampler = Sampler(source, 0.001, frames.put, failures.append)
    sampler.start()
    try:
        seqs = [frames.get(timeout=PATIENCE_S).seq for _ in range(5)]
    finally:
        sampler.stop()
    assert seqs == [0, 1, 2, 3, 4]
    assert failures == []
