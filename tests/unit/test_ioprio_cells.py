"""I/O class and level as htop writes them."""

import math

import pytest

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.model.frame import Frame
from tests.support.builders import FakeLookups, make_frame, make_sample

COLUMN = COLUMNS["io_priority"]


def one(value: int | None, nice: int | None = 0) -> Frame:
    known = {} if value is None else {9: {"io_priority": float(value)}}
    lookups = FakeLookups(values=known)
    return make_frame(None, make_sample([{"pid": 9, "nice": nice}]), lookups)


@pytest.mark.parametrize(
    ("value", "nice", "text", "level"),
    [
        (0, 0, "B4", Level.FAINT),
        (4, -20, "B0", Level.FAINT),
        (0, 19, "B7", Level.FAINT),
        (0, None, "-", Level.FAINT),
        (2 << 13 | 4, 0, "B4", Level.NOTICE),
        (2 << 13 | 6, 0, "B6", Level.NOTICE),
        (1 << 13, 0, "R0", Level.NOTICE),
        (3 << 13 | 7, 0, "id", Level.NOTICE),
        (7 << 13, 0, "-", Level.NOTICE),
        (None, 0, "-", Level.FAINT),
    ],
)
def test_what_it_says_and_means(
    value: int | None, nice: int | None, text: str, level: Level
) -> None:
    frame = one(value, nice)
    assert COLUMN.text(frame, 0) == text
    assert COLUMN.level(frame, 0) == level


def test_a_thread_has_its_own() -> None:
    rows = [{"pid": 9}, {"pid": 10, "tgid": 9}]
    values = {9: {"io_priority": 3.0 * 2**13}, 10: {"io_priority": 1.0 * 2**13}}
    frame = make_frame(None, make_sample(rows), FakeLookups(values=values))
    assert [COLUMN.text(frame, row) for row in (0, 1)] == ["id", "R0"]
    assert COLUMN.key(frame)[1] < COLUMN.key(frame)[0]


def test_who_is_served_first_comes_first() -> None:
    values = [1 << 13, 2 << 13 | 3, 0, 2 << 13 | 5, 3 << 13]
    keys = [float(COLUMN.key(one(value))[0]) for value in values]
    assert keys == sorted(keys)
    assert math.isnan(COLUMN.key(one(None))[0])
