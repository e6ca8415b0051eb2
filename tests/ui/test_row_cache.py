"""Rows that are kept look as if they were made again, and are not made again."""

import dataclasses
import random
from collections import Counter
from typing import Any, Final

import numpy as np
import pytest

from montauk_tui.engine.columns.table import pick
from montauk_tui.engine.projection import View, project
from montauk_tui.model.frame import Frame
from montauk_tui.resources import folder
from montauk_tui.ui import themes
from montauk_tui.ui.widgets.columns import Layout, RowStyle
from montauk_tui.ui.widgets.process_row import (
    NEW_SIGN,
    ROOT,
    Branch,
    Cell,
    RowMaker,
    branches_of,
    draw_row,
)
from montauk_tui.ui.widgets.row_cache import RowCache
from tests.support.builders import make_frame
from tests.support.monitor import changed
from tests.support.scenes import build_scene, scene_frame

COLUMNS: Final = pick(
    ("pid", "user", "rss_bytes", "shared_bytes", "pss_bytes", "state", "cpu_pct",
     "cpu_time", "start", "command"),
    machine_scale=False,
)  # fmt: skip

LAYOUT: Final = Layout(
    COLUMNS, tuple(max(1, column.width) for column in COLUMNS), "pid", descending=False
)

LOOK: Final = RowStyle(
    themes.load(themes.DEFAULT, [folder("themes")]), ascii=False, paths=True
)


def shuffled(frame: Frame, chance: random.Random) -> Frame:
    """Return a frame in which some rows have other values."""
    table = frame.sample.processes
    columns = {}
    for name in ("rss_bytes", "utime", "state"):
        columns[name] = getattr(table, name).copy()
        some = chance.sample(range(len(table)), 5)
        columns[name][some] = chance.choice((ord("S"), ord("R")))
    cpu_pct = frame.rates.cpu_pct.copy()
    cpu_pct[chance.sample(range(len(table)), 5)] = chance.choice((np.nan, 1.0, 80.0))
    return dataclasses.replace(
        frame,
        sample=dataclasses.replace(frame.sample, processes=table.with_columns(columns)),
        rates=dataclasses.replace(frame.rates, cpu_pct=cpu_pct),
    )


def test_kept_rows_are_as_if_made_again() -> None:
    chance = random.Random(4)  # noqa: S311 - the same every time
    cache, frame = RowCache(), scene_frame()
    for _ in range(20):
        frame = shuffled(frame, chance)
        view = View(
            COLUMNS[chance.randrange(3)],
            descending=True,
            tree=bool(chance.randrange(2)),
        )
        look = dataclasses.replace(LOOK, search=chance.choice(("", "", "gcc")))
        shown = project(frame, view)
        top = chance.randrange(len(shown.rows) - 30)
        rows = shown.rows[top : top + 30]
        branches = branches_of(shown, top, 30, ascii_only=False)
        lines = cache.lines(RowMaker(frame, LAYOUT, look), rows, branches)
        assert lines == [
            draw_row(frame, row, LAYOUT, look, branch)
            for row, branch in zip(rows.tolist(), branches, strict=True)
        ]


def test_a_row_is_made_once() -> None:
    cache, frame = RowCache(), scene_frame()
    rows = np.arange(40)
    branches = [ROOT] * len(rows)

    def made(of: Frame, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
        before = cache.count
        cache.lines(RowMaker(of, LAYOUT, LOOK), rows, branches[: len(rows)])
        return cache.count - before

    assert made(frame, rows) == 40
    assert made(dataclasses.replace(frame, seq=9), rows) == 0
    # Another order is the same rows.
    assert made(frame, rows[::-1]) == 0
    pid = int(frame.sample.processes.pid[7])
    assert made(changed(frame, pid, rss_bytes=77 << 20), rows) == 1
    # What was scrolled away is remembered.
    assert made(frame, rows[:10]) == 1
    assert made(frame, rows) == 0


def test_the_pages_before_the_last_ones_are_forgotten() -> None:
    before, after = build_scene(8, 400)
    cache, frame = RowCache(), make_frame(before, after)
    counts = []
    for first in (*range(0, 361, 40), 320, 0):
        made = cache.count
        rows = np.arange(first, first + 40)
        cache.lines(RowMaker(frame, LAYOUT, LOOK), rows, [ROOT] * 40)
        counts.append(cache.count - made)
    assert counts == [40] * 10 + [0, 40]


def test_another_place_in_the_tree_is_another_command_cell_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache, frame, rows = RowCache(), scene_frame(), np.arange(3)
    maker, made = RowMaker(frame, LAYOUT, LOOK), Counter[str]()
    cell = RowMaker.cell

    def counted(self: RowMaker, row: int, index: int, branch: Branch, of: Any) -> Cell:
        made[self.layout.columns[index].id] += 1
        return cell(self, row, index, branch, of)

    cache.lines(maker, rows, [ROOT] * 3)
    monkeypatch.setattr(RowMaker, "cell", counted)
    cache.lines(maker, rows, [Branch("├─ "), ROOT, Branch(sign=NEW_SIGN)])
    assert made == {"command": 1}
    # Sums are marked.
    cache.lines(maker, rows, [Branch("├─ ", 2), ROOT, ROOT])
    assert sum(made.values()) == 1 + len(LAYOUT.columns)
