"""The timeline of a report: columns that keep sums and maxima, gaps and marks."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from montauk_tui.export.report.chart import Chart, Rest, Size
from montauk_tui.export.report.reading import Part, gaps_of, part_of
from montauk_tui.export.report.timeline import KINDS, Columns, columns_of
from montauk_tui.model.recording import Mark
from montauk_tui.model.sample import Counters, Sample
from tests.support.builders import cpu_ticks, make_host, make_sample
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, read, write

SIZE = Size("wide", 1000, 100, 50, 8)
REST = Rest("unexplained", "rest")


def samples_of(
    busy_ticks: Sequence[int], begin_s: float = 0.0, interval_s: float = 1.0
) -> list[Sample]:
    """Return samples of two CPUs; the third has a failure, the fourth lost events."""
    user, made = 0, []
    for at, ticks in enumerate(busy_ticks):
        user += ticks
        exits = [{"pid": 9, "exit_code": 1}] if at == 2 else []
        made.append(
            make_sample(
                [{"pid": 7, "utime": user}], after_s=begin_s + at * interval_s,
                host=make_host([cpu_ticks(user=user / 2, idle=1e6)] * 2),
                exits=make_exits(exits), counters=Counters(lost=5 * (at > 2)),
            )
        )  # fmt: skip
    return made


def timeline(folder: Path, most: int, *runs: Sequence[Sample]) -> Columns:
    for run in runs:
        write(folder, frames_of(run))
    recording = read(folder)
    return columns_of(recording.timeline, part_of(recording, None, None), most)


def test_few_intervals_are_columns_as_they_are(tmp_path: Path) -> None:
    found = timeline(tmp_path, 99, samples_of([0, 50, 100, 20, 0]))
    assert found.busy == pytest.approx([0.5, 1.0, 0.2, 0.0])
    assert found.peak.tolist() == found.busy.tolist()
    assert found.end_s - found.begin_s == pytest.approx(1.0)
    assert found.begin_s[1:] == pytest.approx(found.end_s[:-1])
    rows = dict(zip(KINDS, found.marks.tolist(), strict=True))
    assert rows[Mark.FAILED] == [0, 1, 0, 0]
    assert rows[Mark.LOST] == [0, 0, 1, 0]
    assert rows[Mark.OOM] == rows[Mark.COLLECTOR] == [0] * 4


def test_many_intervals_keep_their_sum_and_the_maximum(tmp_path: Path) -> None:
    busy = [20] * 701
    busy[300] = 190
    found = timeline(tmp_path, 100, samples_of(busy))
    assert len(found) == 100
    assert np.nanmax(found.peak) == pytest.approx(1.9)
    length_s = found.end_s - found.begin_s
    assert (found.busy * length_s).sum() == pytest.approx(sum(busy[1:]) / 100, rel=0.01)
    assert found.marks.sum() == 2


def test_nothing_is_drawn_where_nothing_was_recorded(tmp_path: Path) -> None:
    runs = [samples_of([50] * 100), samples_of([50] * 100, 1_000.0)]
    found = timeline(tmp_path, 55, *runs)
    recording = read(tmp_path)
    gaps = gaps_of(recording, Part(0, len(recording) - 1))
    assert len(gaps) == 1
    is_empty = np.isnan(found.busy)
    assert 0.7 < is_empty.mean() < 0.95
    text = Chart(found, 2, SIZE, gaps, REST).text()
    (area,) = re.findall(r'<path class="live" d="([^"]*)"', text)
    assert area.count("M") == area.count("Z") == 2
    assert text.count("<title>not recorded from ") == 1


def test_the_axis_reaches_all_cores_or_what_was_used() -> None:
    for busy, cpus, top in (
        (0.04, 2, "0.05"),
        (1.2, 2, "2"),
        (2.01, 2, "2"),
        (3.0, 2, "5"),
        (7.0, 64, "10"),
        (0.0, 2, "1"),
    ):
        labels = re.findall(r'<text class="y"[^>]*>([\d.]+)<', text_of(busy, cpus))
        assert labels[-1] == top
        assert labels[0] == "0"


def text_of(busy: float, cpus: int, length_s: float = 60.0) -> str:
    begin_s = 1_795_000_000.0 + np.arange(4) * length_s / 4
    values = np.full(4, busy)
    none = np.zeros((4, 4), dtype=np.int64)
    columns = Columns(
        begin_s, begin_s + length_s / 4, values, values / 2, values * 0.0, values, none
    )
    return Chart(columns, cpus, SIZE, [], REST).text()


@pytest.mark.parametrize("length_s", [0.2, 3, 60, 3_600, 86_400, 9e5, 3e7, 4e9])
def test_times_are_labelled_at_any_length(length_s: float) -> None:
    labels = re.findall(r'<text class="x[^>]*>([^<]+)<', text_of(1.0, 2, length_s))
    assert len(labels) <= SIZE.most_ticks + 1
    assert len(set(labels)) == len(labels)


def test_unknown_values_are_left_out() -> None:
    unknown = np.full(2, np.nan)
    times = np.array([1_795_000_000.0, 1_795_000_001.0])
    none = np.zeros((4, 2), dtype=np.int64)
    columns = Columns(times, times + 1, unknown, unknown, unknown, unknown, none)
    text = Chart(columns, 2, SIZE, [], REST).text()
    assert 'class="live" d=""' in text
    assert ": - busy, - exited, - unexplained" in text
    assert "nan" not in text
