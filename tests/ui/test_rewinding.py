"""Going to other times of a recording, by keys."""

from dataclasses import replace
from datetime import datetime

import pytest

from montauk_tui.host.base import Place
from montauk_tui.host.goals import goal_of
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.recording import Moment, Recording
from montauk_tui.model.schema import Need
from tests.support.builders import TIME_S, Row, make_sample
from tests.support.exits import make_exits
from tests.support.monitor import Monitor, make_app, running

SECONDS = (0, 1, 2, 3, 70, 71, 72, 200)
"""When the samples were taken; what is between is a gap."""


def rows(at: int) -> list[Row]:
    return [{"pid": 1, "utime": 50 * at}, {"pid": 10 + at, "comm": f"at{at}"}]


def recording() -> Recording:
    samples = [
        make_sample(
            rows(at),
            after_s=float(second),
            exits=make_exits([{"pid": 100 + at, "end_ns": second * 10**9}]),
        )
        for at, second in enumerate(SECONDS)
    ]
    return Recording(tuple(Moment(one, source="kernel") for one in samples))


def recorded() -> RecordedHost:
    return RecordedHost(recording())


def shown(monitor: Monitor) -> tuple[int, str]:
    """Return the number of the sample, and the clock on the screen."""
    number = monitor.frame.collector.detail.partition("sample ")[2].split()[0]
    clock = next(line for line in monitor.lines if " RECORDED " in line)
    return int(number), clock.partition(" RECORDED ")[2].split()[3]


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        (["["], 1),
        (["]", "]", "]", "]", "]", "]", "]", "["], 7),
        (["ctrl+end"], 8),
        (["ctrl+end", "{"], 7),
        (["ctrl+end", "{", "{"], 4),
        (["ctrl+end", "{", "{", "}"], 4),
        (["ctrl+end", "{", "{", "}", "]", "}"], 7),
        (["ctrl+end", "ctrl+home"], 1),
        (["ctrl+end", "]"], 8),
        (["b", *"-2m", "enter"], 7),
        (["b", *"-3h", "enter"], 1),
        (["b", *"now", "enter"], 8),
    ],
)
async def test_keys_go_to_a_sample(keys: list[str], number: int) -> None:
    host = recorded()
    async with running(make_app(host=host)) as monitor:
        await monitor.press(*keys)
        await monitor.until(lambda: shown(monitor)[0] == number)
        assert " PAUSED " in monitor.text
        assert f"at{number - 1}" in monitor.text
        # What the clock shows is the time of the sample, in the zone of the reader.
        assert shown(monitor)[1].endswith(f":{(40 + SECONDS[number - 1]) % 60:02}")


async def test_playing_goes_on_from_there() -> None:
    async with running(make_app(host=recorded())) as monitor:
        await monitor.press("ctrl+end", "{", "{", "Z")
        await monitor.until(lambda: shown(monitor)[0] == 4)
        await monitor.sample()
        assert shown(monitor)[0] == 5
        assert " PAUSED " not in monitor.text


async def test_a_time_that_is_none_is_refused_in_one_line() -> None:
    async with running(make_app(host=recorded())) as monitor:
        await monitor.press("[")
        await monitor.until(lambda: shown(monitor)[0] == 1)
        before = monitor.frame
        await monitor.press("b", *"soon", "enter")
        await monitor.until(lambda: "'soon' is not a moment" in monitor.text)
        assert monitor.frame is before


def local(second: float) -> str:
    wall = datetime.fromtimestamp(TIME_S + second).astimezone()
    return f"{wall:%Y-%m-%d %H:%M:%S}"


def remarks(host: RecordedHost, *places: Place) -> list[str]:
    """Return what is said of each of some moments that are gone to."""
    found = []
    for place in places:
        host.go(place)
        found.append(host.past_frame(Need.NONE).remark)
    return found


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (2.0, ""),
        (71.0, ""),
        (
            30.0,
            f"no sample between {local(3)} and {local(70)}; this is the earlier one",
        ),
        (-99.0, f"the first sample is of {local(0)}"),
        (999.0, f"the last sample is of {local(200)}"),
    ],
)
def test_a_time_without_a_sample_is_said(second: float, said: str) -> None:
    (remark,) = remarks(recorded(), Place(time=local(second)))
    assert remark == (said and f"'{local(second)}': {said}")


def test_a_time_that_the_clock_showed_twice_is_said() -> None:
    samples = [make_sample(rows(at), after_s=float(at)) for at in range(20)]
    samples[10:] = [replace(one, time_s=one.time_s - 7) for one in samples[10:]]
    host = RecordedHost(Recording(tuple(map(Moment, samples))))
    twice = f"the clock showed '{local(5)}' twice: this is the first, "
    twice += f"'{local(5)} last' is the last"
    assert remarks(host, Place(time=local(5)), Place(time=local(2))) == [twice, ""]
    assert gone_to(host, Place(time=local(5)), Place(time=f"{local(5)} last")) == [
        "unknown, sample 6 of 20", "unknown, sample 13 of 20",
    ]  # fmt: skip


def gone_to(host: RecordedHost, *places: Place) -> list[str]:
    found = []
    for place in places:
        host.go(place)
        found.append(host.past_frame(Need.NONE).collector.detail)
    return found


def test_a_minute_back_is_a_minute_also_where_the_clock_was_set() -> None:
    """Neither an hour earlier, nor an hour later."""
    samples = [make_sample(rows(at), after_s=10.0 * at) for at in range(30)]
    samples[15:] = [replace(one, time_s=one.time_s - 100) for one in samples[15:]]
    host = RecordedHost(Recording(tuple(map(Moment, samples))))
    host.go(Place(samples=18))
    host.past_frame(Need.NONE)
    assert gone_to(host, Place(seconds=-60.0), Place(seconds=60.0)) == [
        "unknown, sample 12 of 30", "unknown, sample 18 of 30",
    ]  # fmt: skip


def test_a_sum_begins_at_the_moment_that_was_marked() -> None:
    samples = [make_sample(rows(at), after_s=float(at)) for at in range(20)]
    samples[10:] = [replace(one, time_s=one.time_s - 7) for one in samples[10:]]
    timeline = Recording(tuple(map(Moment, samples))).timeline
    # 5 and 12 have one time.
    marked = Place(since_s=samples[5].time_s)
    assert goal_of(timeline, 8, marked)[:2] == (8, 5)
    assert goal_of(timeline, 15, marked)[:2] == (15, 12)
    forgotten = Place(since_s=samples[0].time_s - 50)
    assert goal_of(timeline, 8, forgotten)[:2] == (8, 0)


def test_a_key_that_can_go_no_further_says_so() -> None:
    first, last = Place(seconds=-1e12), Place(seconds=1e12)
    back, forward = Place(samples=-1), Place(samples=1)
    none = ["there is no earlier sample", "there is no later sample"]
    assert remarks(recorded(), last, forward, back, first, back, forward) == [
        "", none[1], "", "", none[0], "",
    ]  # fmt: skip


def test_a_frame_is_the_same_from_wherever_one_comes() -> None:
    straight, host = recorded(), recorded()
    frames = [straight.next_frame(Need.NONE) for _ in SECONDS]
    for number in (7, 3, 4, 3, 2, 6, 0, 7, 1):
        host.go_to(number)
        frame = host.next_frame(Need.NONE)
        expected = frames[number]
        assert frame.sample.monotonic_s == expected.sample.monotonic_s
        assert frame.ledger == expected.ledger
        assert frame.interval_s == expected.interval_s
        assert [part.exits.pid.tolist() for part in frame.history.exited] == [
            part.exits.pid.tolist() for part in expected.history.exited
        ]


def test_steps_that_come_while_one_is_taken_add_up() -> None:
    """The samples before it are being folded in the sampling thread meanwhile."""
    during: list[RecordedHost] = []

    class Slow(Recording):
        def __getitem__(self, number: int) -> Moment:
            if during and number == 0:
                during.pop().go(Place(samples=1))
            return super().__getitem__(number)

    host = RecordedHost(Slow(recording().moments))
    for _ in range(2):
        host.go(Place(samples=1))
    during.append(host)
    host.next_frame(Need.NONE)
    assert host.next_frame(Need.NONE).collector.detail == "kernel, sample 3 of 8"


async def test_a_paused_recording_stays_there_while_one_looks_around() -> None:
    """Other columns, tabs and a redrawing need no other sample of a recording."""
    async with running(make_app(host=recorded())) as monitor:
        await monitor.press("ctrl+home")
        await monitor.until(lambda: shown(monitor)[0] == 1)
        seen = monitor.frame
        for key in ("tab", "D", "D", "g", "H", "m", "ctrl+l"):
            await monitor.press(key)
        await monitor.press("]")
        await monitor.until(lambda: monitor.frame.sample is not seen.sample)
        assert shown(monitor)[0] == 2


async def test_a_recording_plays_faster() -> None:
    async with running(make_app(host=recorded())) as monitor:
        await monitor.press("ctrl+home", "z")
        await monitor.until(lambda: shown(monitor)[0] == 1)
        assert "playing 10 times as fast" in monitor.text
        assert " 10 x " in monitor.text
        await monitor.press("z")
        assert "playing 60 times as fast" in monitor.text
        await monitor.sample()
        assert shown(monitor)[0] == 7
        await monitor.sample()
        assert shown(monitor)[0] == 8
        await monitor.press("z")
        assert "playing 1 times as fast" in monitor.text


async def test_the_end_of_a_search_says_so() -> None:
    async with running(make_app(host=recorded())) as monitor:
        await monitor.press("ctrl+home", "n", "enter")
        await monitor.until(lambda: "no exit before this" in monitor.text)
        assert shown(monitor)[0] == 1
        await monitor.press("n", *["down"] * 6, "enter")
        await monitor.until(lambda: shown(monitor)[0] == 2)


async def test_a_range_of_a_recording_is_summed_up() -> None:
    async with running(make_app(host=recorded())) as monitor:
        await monitor.press("ctrl+home")
        await monitor.until(lambda: shown(monitor)[0] == 1)
        await monitor.press("(", "]", "]", ")")
        await monitor.until(lambda: " SUM " in monitor.text)
        assert monitor.frame.interval_s == 2.0
        assert monitor.frame.sample.exits is not None
        assert monitor.frame.sample.exits.pid.tolist() == [101, 102]
        await monitor.press("]")
        await monitor.until(lambda: " RECORDED " in monitor.text)
        assert shown(monitor)[0] == 4


async def test_a_recording_is_not_recorded_again() -> None:
    async with running(make_app(host=recorded())) as monitor:
        await monitor.press("ctrl+r")
        assert "this is a recording: it is not recorded again" in monitor.text


def test_a_jump_folds_a_minute_before_it_and_a_step_back_one_moment() -> None:
    read: list[int] = []

    class Counted(Recording):
        def __getitem__(self, number: int) -> Moment:
            read.append(number)
            return super().__getitem__(number)

    moments = [
        Moment(make_sample([{"pid": 1}], after_s=at * 10.0)) for at in range(100)
    ]
    host = RecordedHost(Counted(tuple(moments)))
    read.clear()
    host.go_to(80)
    host.next_frame(Need.NONE)
    # Ten moments at least, though six are a minute.
    assert read == list(range(70, 81))
    read.clear()
    host.go_to(79)
    host.next_frame(Need.NONE)
    assert read == [79]


def test_frames_do_not_go_across_a_boot() -> None:
    before = make_sample([{"pid": 1, "utime": 500}], after_s=1000.0)
    after = [make_sample([{"pid": 1, "utime": at}], after_s=float(at)) for at in (0, 1)]
    moments = tuple(map(Moment, (before, *after)))
    host = RecordedHost(Recording(moments))
    intervals = [host.next_frame(Need.NONE).interval_s for _ in moments]
    assert intervals == [None, None, 1.0]
    host.go(Place(since_s=before.time_s))
    frame = host.past_frame(Need.NONE)
    assert (frame.since_s, frame.interval_s) == (after[0].time_s, 1.0)


async def test_the_keys_are_back_after_a_prompt_though_no_frame_follows() -> None:
    async with running(make_app(host=recorded()), (80, 24)) as monitor:
        await monitor.press("Z")
        await monitor.until(lambda: "PAUSED" in monitor.text)
        for end in ("enter", "escape"):
            await monitor.press("f4", *"pid > 0", end)
            await monitor.until(lambda: monitor.lines[-1].startswith("F1 Help"))
