"""The last minutes in memory: what was seen, within limits, as of each moment."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import pytest

from montauk_tui.collectors import registry
from montauk_tui.errors import MomentDamaged
from montauk_tui.host.base import Place
from montauk_tui.host.remembering import RememberingHost
from montauk_tui.model.frame import CollectorStatus, Frame
from montauk_tui.model.recording import Mark
from montauk_tui.model.sample import Counters, Identity, Sample
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.frames import FramePipeline
from montauk_tui.recorder.arguments import KeptArguments
from montauk_tui.recorder.memory import Memory, MemoryLimits
from tests.collectors.conftest import load_available
from tests.recorder.test_live import told
from tests.support.builders import FakeLookups, make_sample
from tests.support.exits import make_exits

MUCH = MemoryLimits(1e9, 1 << 30)


def frames(samples: list[Sample]) -> list[Frame]:
    pipeline = FramePipeline()
    status, lookups = CollectorStatus("kernel", ""), FakeLookups({})
    return [pipeline.frame(Reading(sample, status, lookups, 0)) for sample in samples]


def samples(count: int) -> list[Sample]:
    """Return a sample a second, each with a process of its own."""
    return [
        make_sample(
            [{"pid": 1, "utime": at}, {"pid": 10 + at, "comm": f"at{at}"}],
            after_s=float(at),
            exits=make_exits(
                [{"pid": 10_000 + at, "end_ns": at * 10**9, "cmdline": b"cc\0%d" % at}]
            ),
        )
        for at in range(count)
    ]


def remembered(count: int, limits: MemoryLimits = MUCH) -> Memory:
    memory = Memory(limits)
    for frame in frames(samples(count)):
        memory.take(frame, 0)
    return memory


@pytest.mark.parametrize("order", [range(100), range(99, -1, -1), (99, 3, 64, 63, 65)])
def test_each_moment_is_what_was_taken_in_any_order(order: list[int]) -> None:
    memory = remembered(100)
    for number in order:
        sample = memory[number].sample
        assert sample.processes.pid.tolist() == [1, 10 + number]
        assert sample.exits is not None
        assert sample.exits.pid.tolist() == [10_000 + number]
        assert sample.exits.cmdline.tolist() == [b"cc\0%d" % number]
        assert memory[number].source == "kernel"
    memory.put_away()
    assert memory[50].sample.processes.pid.tolist() == [1, 60]


def test_what_is_too_old_is_forgotten() -> None:
    memory = remembered(200, MemoryLimits(100.0, 1 << 30))
    timeline = memory.timeline
    assert len(memory) == 200
    # Moments go by thirties, so that what is left is at least what was wanted.
    assert timeline.first == 90
    assert len(timeline.wall_s) == 110
    assert not timeline.note
    assert memory[90].sample.processes.pid.tolist() == [1, 100]
    with pytest.raises(MomentDamaged, match="no longer remembered"):
        memory[89]


def test_what_does_not_fit_is_forgotten_and_that_is_said() -> None:
    memory = remembered(600, MemoryLimits(1e9, 1 << 17))
    assert memory.size_bytes <= 1 << 17
    timeline = memory.timeline
    assert 0 < timeline.first < 570
    assert timeline.note == "0 MiB hold no more"


def test_the_timeline_has_use_and_events_of_each_moment() -> None:
    lossy = samples(3)
    lossy[2] = make_sample(
        [{"pid": 1, "utime": 150}],
        after_s=2.0,
        exits=make_exits([{"pid": 7, "end_ns": 10**9, "exit_code": 1}]),
        counters=Counters(lost=5),
    )
    memory = Memory(MUCH)
    for frame in frames(lossy):
        memory.take(frame, 0)
    timeline = memory.timeline
    assert timeline.interval_s.tolist()[1:] == [1.0, 1.0]
    assert timeline.marks.tolist() == [0, 0, Mark.LOST | Mark.FAILED]
    assert [b - a for a, b in pairwise(timeline.wall_s.tolist())] == [1.0, 1.0]


class Counting(FakeLookups):
    """Look-ups that count how often arguments are read."""

    def __init__(self, raws: dict[Identity, bytes]) -> None:
        super().__init__({})
        self.raws, self.asked = raws, 0

    def cmdline(self, identity: Identity) -> bytes | None:
        self.asked += 1
        return self.raws.get(identity)


def take(memory: Memory, sample: Sample, lookups: FakeLookups) -> None:
    status = CollectorStatus("kernel", "")
    memory.take(FramePipeline().frame(Reading(sample, status, lookups, 0)), 0)


def test_arguments_are_those_of_the_moment() -> None:
    memory, whose = Memory(MUCH), Identity(5, 100)
    for at, (comm, raw) in enumerate([("sh", b"sh\0-c\0make"), ("make", b"make\0all")]):
        sample = make_sample(
            [{"pid": 5, "start_ticks": 100, "comm": comm}], after_s=float(at)
        )
        take(memory, sample, Counting({whose: raw}))
    take(memory, make_sample([{"pid": 6}], after_s=2.0), Counting({}))
    known = [memory[at].answers.arguments.get(whose) for at in range(2)]
    assert [one and one.raw for one in known] == [b"sh\0-c\0make", b"make\0all"]
    assert list(memory[0].answers.arguments) == [whose]
    assert len(memory[0].answers.arguments) == 1


def test_few_arguments_are_read_with_each_sample() -> None:
    memory = Memory(MUCH)
    rows = [{"pid": pid, "start_ticks": pid} for pid in range(1, 51)]
    lookups = Counting({Identity(pid, pid): b"it" for pid in range(1, 51)})
    counts = []
    for at in range(4):
        before = lookups.asked
        take(memory, make_sample(rows, after_s=float(at)), lookups)
        counts.append(lookups.asked - before)
    assert counts == [24, 24, 2, 0]
    assert len(memory[0].answers.arguments) == 50


def test_arguments_of_those_who_exited_are_forgotten_with_their_moments() -> None:
    memory = Memory(MemoryLimits(60.0, 1 << 30))
    for at in range(300):
        rows = [{"pid": 10 + at, "start_ticks": at}]
        lookups = Counting({Identity(10 + at, at): b"x" * 1000})
        take(memory, make_sample(rows, after_s=float(at)), lookups)
    kept = len(memory) - memory.first
    assert kept <= 120
    assert memory.size_bytes < 120 * 2_000


def test_those_who_exited_before_they_were_looked_up_are_not_waited_for() -> None:
    kept, lookups = KeptArguments(), Counting({})
    for at in range(200):
        rows = [{"pid": 10 + one, "start_ticks": at} for one in range(40)]
        kept.take(make_sample(rows, after_s=float(at)).processes, lookups, at)
    # They are dropped once they are twice as many as there are, and a few more.
    assert kept.waiting <= 2 * 40 + 24


def test_programs_that_a_process_ran_are_forgotten_with_their_moments() -> None:
    memory, whose = Memory(MemoryLimits(60.0, 1 << 30)), Identity(5, 100)
    for at in range(300):
        row = {"pid": 5, "start_ticks": 100, "start_stack": at}
        lookups = Counting({whose: b"%3d" % at + b"x" * 1000})
        take(memory, make_sample([row], after_s=float(at)), lookups)
    kept = len(memory) - memory.first
    assert memory.size_bytes < kept * 2_000
    for number in (memory.first, len(memory) - 1):
        raw = memory[number].answers.arguments[whose].raw
        assert raw.startswith(b"%3d" % number)


@pytest.fixture(params=registry.names())
def host(request: pytest.FixtureRequest) -> Iterator[RememberingHost]:
    collector = load_available(request.param)
    collector.open()
    with closing(
        RememberingHost(registry.Opened(collector, ()), 900.0, 1 << 24)
    ) as host:
        yield host


def test_the_past_tells_what_was_told_live(host: RememberingHost) -> None:
    """Row by row, with the CPU seconds of those who came and went between samples."""
    live = []
    for _ in range(5):
        subprocess.run(["sh", "-c", "true; exit 3"], check=False)
        live.append(told(host.next_frame(host.for_rates)))
    for back in range(1, 5):
        host.go(Place(samples=-1))
        past = host.past_frame(Need.NONE)
        assert past.is_recorded
        again, then = told(past), live[-1 - back]
        assert again["processes"] == then["processes"]
        assert again == then
