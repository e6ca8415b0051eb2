"""Equal inputs, equal cells: what is kept of a row is what would be made again."""

import dataclasses
import random
from typing import Any

import numpy as np
import pytest

from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.inputs import common
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.schema import FIELDS, UNKNOWN
from tests.support.scenes import scene_frame

MADE = [column for column in COLUMNS.values() if column.inputs is not None]

EXTRA = (
    "kind", "real_pid", "count", "exit_status", "lifetime_s", "used_s", "ended_s",
    "peak_rss_bytes", "failed", "forks_rate", "execs_rate", "ends_rate",
    "failures_rate", "short_pct", "event_s", "event",
)  # fmt: skip

NUMBERS = (UNKNOWN, 0, 1, 2, 20, 100, 4_096, 88 << 20, 3 << 30, 1 << 45)


def strange(frame: Frame, chance: random.Random) -> Frame:
    """Return a frame with any values in its columns, many of them equal."""
    table = frame.sample.processes
    count = len(table)
    columns = {
        name: np.array(chance.choices(NUMBERS, k=count), dtype=np.int64)
        for name in FIELDS
        if name not in ("pid", "start_ticks")
    }
    columns["tgid"] = np.where(columns["tgid"] == 0, table.tgid, table.pid)
    columns["state"] = np.array(chance.choices(b"RSDZTX?", k=count), dtype=np.int64)
    columns["start_ticks"] = table.start_ticks
    extra = {
        name: np.array(chance.choices((np.nan, 0.0, 1.0, 2.0, 9.0), k=count))
        for name in EXTRA
    }
    extra["kind"] = np.array(
        chance.choices([np.nan, *map(float, RowKind)], k=count), dtype=np.float64
    )
    extra["event"] = np.array(chance.choices((1.0, 2.0, 3.0), k=count))
    rates = dataclasses.replace(
        frame.rates,
        cpu_pct=np.array(chance.choices((np.nan, 0.0, 0.04, 9.99, 70.0), k=count)),
    )
    sample = dataclasses.replace(frame.sample, processes=table.with_columns(columns))
    return dataclasses.replace(frame, sample=sample, extra=extra, rates=rates)


def bits(values: Any) -> list[Any]:
    """Return values of which NaN equals itself."""
    is_array = isinstance(values, np.ndarray)
    return list(values.view(np.int64).tolist() if is_array else values)


@pytest.mark.parametrize("column", MADE, ids=[column.id for column in MADE])
def test_equal_inputs_are_equal_cells(column: Column) -> None:
    assert column.inputs is not None
    chance = random.Random(column.id)  # noqa: S311 - the same every time
    usual = scene_frame()
    seen: dict[tuple[object, object], tuple[object, int]] = {}
    rows = np.arange(len(usual.sample.processes))
    for frame in (usual, *(strange(usual, chance) for _ in range(6))):
        # A front end asks for some rows in any order.
        picked = np.array(chance.sample(rows.tolist(), len(rows)))
        values = column.inputs(frame, picked)
        if values is None:
            # Of these rows the cells themselves are looked up.
            continue
        inputs = bits(values)
        assert len(inputs) == len(picked)
        for row, value in zip(picked.tolist(), inputs, strict=True):
            cell = column.text(frame, row), column.level(frame, row)
            known, _ = seen.setdefault((common(frame), value), (cell, row))
            assert cell == known, (value, row)


def test_few_columns_are_looked_up_for_every_frame() -> None:
    made = {column.id for column in MADE}
    usual = {"pid", "user", "virt_bytes", "rss_bytes", "cpu_pct", "cpu_time", "state"}
    assert usual <= made
    assert "pss_bytes" not in made
