"""A thinned recording by SQL: the CPU time is that of its report."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from montauk_tui.recorder.folder import SUFFIX, Folder
from montauk_tui.recorder.thinning import thin
from tests.support.busy import LOOKUPS, samples
from tests.support.fleet import exported
from tests.support.recordings import frames_of, report_on, write

SECONDS = 260
"""Moments of 60 s each, and a shorter one at the end."""


@pytest.fixture
def thinned(tmp_path: Path) -> Path:
    path = tmp_path / "it"
    write(path, frames_of(samples(SECONDS), LOOKUPS))
    (segment,) = path.glob(f"*{SUFFIX}")
    with closing(Folder.made(path)) as folder:
        thin(folder, segment.name)
        folder.replace(segment.name)
    return path


@pytest.fixture
def database(thinned: Path, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    out = tmp_path / "out"
    exported(thinned, out)
    with duckdb.connect() as connection:
        for table in ("samples", "exits", "ledger"):
            files = f"'{out}/{table}/*/*/*.parquet'"
            connection.execute(f"CREATE VIEW {table} AS SELECT * FROM {files}")  # noqa: S608
        yield connection


def test_seconds_of_thinned_moments_are_those_of_the_report(
    thinned: Path, database: duckdb.DuckDBPyConnection
) -> None:
    totals, programs = report_on(thinned, "program")
    found = database.sql(
        "SELECT comm, sum(cpu_s) FROM (SELECT comm, cpu_s FROM samples UNION ALL "
        "SELECT comm, cpu_s FROM exits) GROUP BY comm"
    ).fetchall()
    by_sql = {comm: seconds for comm, seconds in found if seconds}
    by_report = {name: used.cpu_s for name, used in programs.items() if used.cpu_s}
    assert by_sql == pytest.approx(by_report)
    assert sum(by_sql.values()) == pytest.approx(totals.live_s + totals.exited_s)


def test_so_are_those_of_the_ledger(
    thinned: Path, database: duckdb.DuckDBPyConnection
) -> None:
    totals, _ = report_on(thinned, "program")
    names = ("busy_s", "live_s", "exited_s", "interrupts_s", "unexplained_s")
    sums = ", ".join(f"sum({name})" for name in names)
    (found,) = database.sql(f"SELECT {sums} FROM ledger").fetchall()  # noqa: S608
    told = [getattr(totals, name) for name in names]
    assert list(found) == pytest.approx(told, abs=1e-4)


def test_each_moment_says_how_long_its_interval_is(
    database: duckdb.DuckDBPyConnection,
) -> None:
    intervals = database.sql(
        "SELECT DISTINCT time, interval_s FROM samples ORDER BY time"
    ).fetchall()
    assert [seconds for _, seconds in intervals] == [None, 60, 60, 60, 60, 19]
