"""What the timeline draws."""

import re
from typing import Any

import numpy as np
import pytest

from montauk_tui.model.recording import NO_TIMELINE, Mark, Timeline
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.widgets.timeline import TimelineLook, draw_timeline, timeline_lines

NOON_S = 1_795_000_000.0
"""On a minute and a half."""


def moments(
    busy: list[float], exited: list[float] | None = None, **others: Any
) -> Timeline:
    count = len(busy)
    wall_s = np.arange(NOON_S, NOON_S + count, dtype=np.float64)
    nothing = np.zeros(count)
    gone = nothing if exited is None else np.array(exited)
    return Timeline(
        wall_s, wall_s, np.ones(count), np.array(busy), gone, nothing,
        np.zeros(count, dtype=np.int64),
    )._replace(**others)  # fmt: skip


def look(
    theme: str = themes.DEFAULT, shown_s: float | None = None, **others: Any
) -> TimelineLook:
    given = themes.load(theme, [folder("themes")])
    usual = TimelineLook(
        given, ascii_only=False, cpus=2, shown_s=shown_s, since_s=None, is_live=True
    )
    return usual._replace(**others)


def drawn(timeline: Timeline, to: TimelineLook, size: tuple[int, int]) -> list[str]:
    lines, _ = draw_timeline(timeline, to, size)
    return ["".join(text for text, _ in line) for line in lines]


def test_bars_are_cores_of_all() -> None:
    assert drawn(moments([0.0, 0.5, 1.0, 1.5, 2.0]), look(), (12, 3))[:2] == [
        "    2│   ▄█",
        "cores│▁▄███",
    ]


def test_exited_is_above_live() -> None:
    lines, _ = draw_timeline(moments([2.0], [1.0]), look(), (12, 3))
    theme = look().theme
    (_, (upper, above)), (_, (lower, below)) = lines[:2]
    assert (upper, lower) == ("█", "█")
    assert above.color == theme.style("bar_nice").color
    assert below.color == theme.style("bar_user").color
    lines, _ = draw_timeline(moments([1.0], [0.5]), look(), (12, 2))
    cell = lines[0][1]
    assert cell[0] == "▂"
    assert cell[1].color == theme.style("bar_user").color
    # What is above both parts is drawn as the larger of them.
    assert cell[1].bgcolor in (None, theme.style("bar_nice").color)


@pytest.mark.parametrize("to", [look(ascii_only=True), look(themes.MONOCHROME)])
def test_without_colours_signs_tell_the_parts(to: TimelineLook) -> None:
    lines = drawn(moments([2.0, 1.0, 0.0], [1.0, 0.0, 0.0]), to, (12, 3))
    assert [line[6:9] for line in lines[:2]] == ["x  ", "|| "]


def test_marks_are_on_the_axis() -> None:
    marks = np.array(
        [0, Mark.FAILED, Mark.OOM | Mark.FAILED, Mark.LOST, Mark.COLLECTOR]
    )
    axis = drawn(moments([0.0] * 5, marks=marks), look(), (12, 3))[2]
    assert axis == "    0└─·OLC"


@pytest.mark.parametrize(
    ("second", "cursor_s", "axis"),
    [
        (None, None, "─OOM────────"),
        (4, None, "─O──lost────"),
        (5, None, "─OOM─lost───"),
        (7, None, "─OOM───lost─"),
        (8, None, "─OOM────lost"),
        (9, None, "─OOM─────L──"),
        (None, 4, "─O──▲───────"),
        (None, 5, "─OOM─▲──────"),
        (None, 1, "─▲──────────"),
    ],
)
def test_a_mark_is_a_word_where_there_is_room(
    second: int | None, cursor_s: float | None, axis: str
) -> None:
    marks = np.zeros(12, dtype=np.int64)
    marks[1] = Mark.OOM
    if second is not None:
        marks[second] = Mark.LOST
    shown_s = None if cursor_s is None else NOON_S + cursor_s
    to = look(shown_s=shown_s, is_live=False)
    lines = drawn(moments([0.0] * 12, marks=marks), to, (19, 3))
    assert lines[2] == f"    0└{axis}"


def test_the_collector_that_was_waited_for_at_the_begin_is_no_news() -> None:
    marks = np.zeros(30, dtype=np.int64)
    marks[1] = marks[12] = Mark.COLLECTOR
    axis = drawn(moments([0.0] * 30, marks=marks), look(is_live=False), (37, 3))[2]
    assert axis[6:28] == "────────────collector─"


def test_times_are_below_their_cells() -> None:
    timeline = moments([0.0] * 60)
    axis = drawn(timeline, look(), (80, 3))[2]
    assert axis.endswith(" now")
    times = list(re.finditer(r"\d\d:\d\d:\d\d", axis))
    assert len(times) == 3
    for match in times:
        second = (NOON_S + match.start() - 6) % 60
        assert int(match[0][-2:]) == second


@pytest.mark.parametrize(("ascii_only", "line"), [(False, "│"), (True, ":")])
def test_the_cursor_is_where_the_screen_is(*, ascii_only: bool, line: str) -> None:
    to = look(shown_s=NOON_S + 4, ascii_only=ascii_only)
    high, low, axis = drawn(moments([1.0] * 30), to, (80, 3))
    assert axis[6 + 4] == ("^" if ascii_only else "▲")
    assert high[6:36] == f"    {line}".ljust(30)
    # The bar is what it is beside it: no spike.
    assert low[6 + 3] == low[6 + 4] == low[6 + 5]
    plain = drawn(moments([1.0] * 30), look(ascii_only=ascii_only), (80, 3))
    assert low == plain[1]


def test_the_cursor_stands_in_place_of_now_not_in_it() -> None:
    for at, end in ((25, "▲ now"), (26, "▲───"), (27, "─▲──"), (29, "───▲")):
        axis = drawn(moments([1.0] * 30), look(shown_s=NOON_S + at), (37, 3))[2]
        assert axis.endswith(end)


def test_the_cursor_hides_no_mark() -> None:
    marks = np.zeros(9, dtype=np.int64)
    marks[4], marks[6] = Mark.OOM, Mark.FAILED
    styles = []
    for at in (4, 6, 7):
        to = look(shown_s=NOON_S + at)
        (*_, axis), _ = draw_timeline(moments([1.0] * 9, marks=marks), to, (16, 3))
        styles += [style for text, style in axis if text == "▲"]
    theme = look().theme
    assert styles == [
        theme.style("alert"),
        theme.style("notice"),
        theme.style("notice"),
    ]


def test_a_sum_is_marked_from_its_begin_to_its_end() -> None:
    to = look(shown_s=NOON_S + 8, since_s=NOON_S + 2)
    axis = drawn(moments([1.0] * 10), to, (17, 3))[2]
    assert axis == "    0└──══════▲─"
    marks = np.full(10, int(Mark.FAILED))
    marks[5] = Mark.OOM
    axis = drawn(moments([1.0] * 10, marks=marks), to, (17, 3))[2]
    assert axis == "    0└··═══O══▲·"


def test_a_time_gives_way_to_a_loud_mark() -> None:
    marks = np.zeros(60, dtype=np.int64)
    marks[59] = Mark.OOM
    axis = drawn(moments([0.0] * 60, marks=marks), look(), (80, 3))[2]
    assert axis.endswith("─O")


def test_what_did_not_fit_is_said() -> None:
    timeline = moments([1.0] * 60, note="16 MiB hold no more")
    assert "└─ 16 MiB hold no more ─" in drawn(timeline, look(), (90, 3))[2]


@pytest.mark.parametrize("size", [(6, 3), (80, 1), (0, 3)])
def test_without_room_nothing_is_drawn(size: tuple[int, int]) -> None:
    assert drawn(moments([1.0]), look(), size) == [""] * size[1]


def test_without_moments_nothing_is_drawn() -> None:
    assert drawn(NO_TIMELINE, look(), (80, 3)) == ["", "", ""]


def test_a_tall_screen_has_taller_bars() -> None:
    assert [timeline_lines(height) for height in (24, 40, 50)] == [3, 3, 4]
