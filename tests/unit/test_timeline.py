"""Cells of a timeline, and the next moment that stands out."""

import math

import numpy as np
import pytest

from montauk_tui.engine.timeline import Cells, cells_of, next_mark, next_spike
from montauk_tui.model.recording import NO_TIMELINE, Mark, Timeline


def timeline(
    wall_s: list[float],
    busy: list[float] | None = None,
    exited: list[float] | None = None,
    marks: list[int] | None = None,
) -> Timeline:
    nothing = [0.0] * len(wall_s)
    return Timeline(
        np.array(wall_s), np.array(wall_s), np.ones(len(wall_s)),
        np.array(busy or nothing), np.array(exited or nothing), np.array(nothing),
        np.array(marks or [0] * len(wall_s)),
    )  # fmt: skip


def made(found: Cells | None) -> Cells:
    assert found is not None
    return found


def test_a_cell_is_as_short_as_all_moments_fit() -> None:
    moments = timeline([1000.0 + at for at in range(100)])
    assert made(cells_of(moments, 100)).step_s == 1
    assert made(cells_of(moments, 99)).step_s == 2
    assert made(cells_of(moments, 20)).step_s == 5
    assert made(cells_of(moments, 19)).step_s == 10
    day = timeline([0.0, 86_399.0])
    assert made(cells_of(day, 144)).step_s == 600


def test_what_is_longer_than_any_step_is_cut_at_its_beginning() -> None:
    found = made(cells_of(timeline([0.0, 86_400.0 * 10, 86_400.0 * 20]), 11))
    assert len(found.live) == 11
    assert not math.isnan(found.live[0])
    assert found.cell_of(86_400.0 * 20) == 10


def test_a_cell_shows_the_busiest_moment_and_all_marks() -> None:
    moments = timeline(
        [0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 0.5, math.nan], [0.0, 1.5, 0.0, math.nan],
        [Mark.LOST, Mark.FAILED, 0, Mark.OOM],
    )  # fmt: skip
    found = made(cells_of(moments, 2))
    assert found.live.tolist() == [0.5, 0.5]
    assert found.exited.tolist() == [1.5, 0.0]
    assert found.marks.tolist() == [Mark.LOST | Mark.FAILED, Mark.OOM]


def test_a_gap_is_unknown() -> None:
    found = made(cells_of(timeline([0.0, 3.0], [1.0, 1.0]), 4))
    assert np.isnan(found.live).tolist() == [False, True, True, False]


def test_a_clock_that_was_set_back_stands_still() -> None:
    found = made(cells_of(timeline([10.0, 5.0, 11.0], [1.0, 2.0, 0.5]), 10))
    assert found.live.tolist() == [2.0, 0.5]


def test_cells_and_times() -> None:
    found = made(cells_of(timeline([100.0, 110.0]), 3))
    assert found.step_s == 5
    assert [found.cell_of(at) for at in (99.9, 100.0, 104.9, 110.0)] == [-1, 0, 0, 2]
    assert found.end_of(0) == pytest.approx(105.0, abs=0.01)
    assert found.cell_of(found.end_of(0)) == 0


@pytest.mark.parametrize("moments", [NO_TIMELINE, timeline([1.0])])
def test_without_moments_or_room_there_are_no_cells(moments: Timeline) -> None:
    assert cells_of(moments, 0 if len(moments.wall_s) else 80) is None


def test_a_spike_is_where_many_more_cores_begin_to_be_busy() -> None:
    busy = [0.2] * 100 + [1.8] * 3 + [0.2] * 50 + [0.5] + [0.2] * 50 + [1.0] * 2
    moments = timeline([float(at) for at in range(len(busy))], busy)
    assert next_spike(moments, 0, 1) == 100
    assert next_spike(moments, 100, 1) == 204
    assert next_spike(moments, 204, 1) is None
    assert next_spike(moments, 204, -1) == 100
    assert next_spike(moments, 100, -1) is None


def test_use_that_grows_slowly_is_no_spike() -> None:
    busy = [at / 100 for at in range(300)]
    assert next_spike(timeline(busy, busy), 100, 1) is None
    assert next_spike(NO_TIMELINE, 0, 1) is None


def test_the_next_moment_with_a_mark() -> None:
    marks = [0, Mark.FAILED, 0, Mark.OOM | Mark.FAILED, 0]
    moments = timeline([float(at) for at in range(5)], marks=[*map(int, marks)])
    assert next_mark(moments, Mark.FAILED, 1, 1) == 3
    assert next_mark(moments, Mark.FAILED, 3, -1) == 1
    assert next_mark(moments, Mark.OOM, 3, 1) is None


def test_a_part_of_a_timeline() -> None:
    part = timeline([1.0, 2.0, 3.0])._replace(first=5).until(7)
    assert part.wall_s.tolist() == [1.0, 2.0]
    assert part.first == 5
