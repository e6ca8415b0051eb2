"""Clocks that are set, suspends, gaps and boots in a recording; where a part begins."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.replay.collector import ReplayCollector
from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.model.recording import Mark
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from montauk_tui.recorder import writer as writing
from montauk_tui.recorder.folder import SUFFIX
from montauk_tui.recorder.reader import DiskRecording
from tests.support.builders import (
    MONOTONIC_S,
    TIME_S,
    cpu_ticks,
    make_host,
    make_sample,
)
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, read, report_on, write
from tests.support.starts import make_starts


def at(second: float, set_s: float = 0.0, slept_s: float = 0.0) -> Sample:
    """Return a sample after the clock was set, and after a suspend."""
    plain = make_sample([{"pid": 7}], after_s=second)
    return replace(
        plain,
        time_s=plain.time_s + set_s + slept_s,
        booted_at_s=plain.booted_at_s + set_s,
        boot_s=plain.boot_s + slept_s,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "it"


def notes(recording: DiskRecording) -> list[str]:
    return [recording[number].note for number in range(len(recording))]


@pytest.mark.parametrize(
    ("samples", "marks", "note"),
    [
        ([at(0), at(1)], Mark(0), ""),
        ([at(0), at(1, set_s=0.2)], Mark(0), ""),
        ([at(0), at(1, set_s=3_600)], Mark.CLOCK, "clock set forward by 01:00:00"),
        ([at(0), at(1, set_s=-90)], Mark.CLOCK, "clock set back by 00:01:30"),
        ([at(0), at(1, slept_s=7_200)], Mark.SUSPENDED, "suspended for 02:00:00"),
        (
            [at(0), at(1, set_s=60, slept_s=7_200)],
            Mark.CLOCK | Mark.SUSPENDED,
            "suspended and clock set forward by 02:01:00",
        ),
        ([at(0), at(300)], Mark(0), ""),
    ],
)
def test_what_happened_to_the_clocks_is_in_the_recording(
    folder: Path, samples: list[Sample], marks: Mark, note: str
) -> None:
    write(folder, frames_of(samples))
    recording = read(folder)
    assert recording.index["marks"].tolist() == [0, marks]
    assert notes(recording) == ["", note]


def test_a_replay_shows_it(folder: Path) -> None:
    write(folder, frames_of([at(0), at(1, slept_s=30)]))
    replay = ReplayCollector(read(folder))
    replay.open()
    for expected in ("sample 1 of 2", "sample 2 of 2, suspended for 00:00:30"):
        replay.sample(Need.NONE)
        assert replay.detail == f"kernel, {expected}"


def test_a_recorder_that_did_not_run_leaves_a_gap(folder: Path) -> None:
    for runs in ([at(0), at(1)], [at(91), at(92)]):
        write(folder, frames_of(runs))
    expected = ["", "", "after 00:01:30 without a sample", ""]
    assert notes(read(folder)) == expected


def test_a_segment_that_is_missing_leaves_a_gap(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SEGMENT_S", 10.0)
    write(folder, frames_of([at(second) for second in range(30)]))
    _first, middle, _last = sorted(folder.glob(f"*{SUFFIX}"))
    middle.unlink()
    found = notes(read(folder))
    assert found == [*[""] * 10, "after 00:00:10 without a sample", *[""] * 9]


def test_a_boot_is_told_from_a_gap(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for boot, samples in (("a", [at(100)]), ("b", [at(5, set_s=400)])):
        host = {"machine_id": "m", "boot_id": boot, "hostname": "h"}
        monkeypatch.setattr(writing, "this_host", lambda host=host: host)
        write(folder, frames_of(samples))
    assert notes(read(folder)) == ["", "after a boot and 00:05:05 without a sample"]


def set_back(second: int) -> Sample:
    """Return a sample of a process that uses a whole CPU; at 25 s the clock is set."""
    plain = at(second, set_s=-25.0 if second >= 25 else 0.0)
    one = make_sample(
        [{"pid": 7, "utime": 100 * second}], after_s=float(second),
        host=make_host([cpu_ticks(user=100 * second)], read_s=MONOTONIC_S + second),
        exits=make_exits([]), starts=make_starts([]),
    )  # fmt: skip
    return replace(one, time_s=plain.time_s, booted_at_s=plain.booted_at_s)


def test_segments_are_in_the_order_in_which_they_were_recorded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their names are not where the clock was set back by more than one is long."""
    monkeypatch.setattr(writing, "SEGMENT_S", 10.0)
    write(folder, frames_of(map(set_back, range(60))))
    recording = read(folder)
    seconds = recording.timeline.monotonic_s - MONOTONIC_S
    assert seconds.tolist() == [*range(60)]
    assert notes(recording)[25] == "clock set back by 00:00:25"
    totals, used = report_on(folder, "program")
    assert (totals.busy_s, totals.covered_s) == (59.0, 59.0)
    assert [one.cpu_s for one in used.values()] == [59.0]


# --- where a part begins --------------------------------------------------------------


def local(wall_s: float) -> str:
    return f"{datetime.fromtimestamp(wall_s).astimezone():%Y-%m-%dT%H:%M:%S}"


def begun(folder: Path, samples: Iterable[Sample], second: float) -> Any:
    """Return where a part begins that is to begin at a second, and what is said."""
    write(folder, frames_of(samples))
    recording = read(folder)
    first, _ = recording.part(local(TIME_S + second), None)
    return first, [
        line.replace(local(TIME_S + second), "T") for line in recording.complaints
    ]


CLOCK_BACK = [*map(at, range(10)), *(at(second, set_s=-7) for second in range(10, 20))]
TWICE = "the clock showed 'T' twice: this is the first, 'T last' is the last"
GAP = [*map(at, range(3)), *(at(second) for second in range(60, 63))]


@pytest.mark.parametrize(
    ("samples", "second", "expected", "line"),
    [
        (GAP[:3], 1, 1, None),
        (GAP[:3], -40, 0, "'T': the recording begins {0}"),
        (CLOCK_BACK, 8, 8, TWICE),
        (CLOCK_BACK, 11, 18, None),
        (CLOCK_BACK, -20, 0, "'T': the recording begins {0}"),
    ],
)  # fmt: skip
def test_a_time_to_begin_at(
    folder: Path, samples: list[Sample], second: float, expected: int, line: str | None
) -> None:
    begin = local(TIME_S).replace("T", " ")
    lines = [] if line is None else [line.format(begin)]
    assert begun(folder, samples, second) == (expected, lines)


def test_a_part_ends_at_the_last_of_two(folder: Path) -> None:
    write(folder, frames_of(CLOCK_BACK))
    recording, second = read(folder), local(TIME_S + 8)
    assert recording.part(second, second) == (8, 15)
    assert recording.complaints == [
        f"the clock showed '{second}' twice: this is the {which}, "
        f"'{second} {other}' is the {other}"
        for which, other in (("first", "last"), ("last", "first"))
    ]
    assert recording.part(f"{second} last", f"{second} last") == (15, 15)
    assert recording.part(f"{second} first", f"{second} first") == (8, 8)
    assert len(recording.complaints) == 2


def test_a_time_in_a_gap_is_the_end_of_it(folder: Path) -> None:
    write(folder, frames_of(GAP[:3]))
    first, lines = begun(folder, GAP[3:], 30)
    goes_on = local(TIME_S + 60).replace("T", " ")
    assert (first, lines) == (3, [f"'T': nothing was recorded until {goes_on}"])


def test_an_end_before_the_begin_is_no_gap(folder: Path) -> None:
    write(folder, frames_of(GAP[:3]))
    recording = read(folder)
    with pytest.raises(UsageError, match="the end '-2s' is before the begin '-1s'"):
        recording.part("-1s", "-2s")
    assert recording.part("-2s", "-1s") == (0, 1)


def test_a_time_after_the_end_is_refused_with_what_there_is(folder: Path) -> None:
    with pytest.raises(MontaukError, match="nothing was recorded then; it goes from"):
        begun(folder, GAP[:3], 9)
