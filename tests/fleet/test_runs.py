"""Exports of a recorder that ran several times."""

from pathlib import Path

import duckdb

from montauk_tui.model.sample import Counters
from tests.support.builders import make_sample
from tests.support.fleet import exported
from tests.support.recordings import frames_of, write


def test_another_run_counts_from_its_own_start(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for first in (0, 8):
        its = [
            make_sample(after_s=at, counters=Counters(count, count, count))
            for at, count in ((first, 0), (first + 1, 5), (first + 2, 7))
        ]
        write(tmp_path / "two", frames_of(its))
    exported(tmp_path / "two", out)
    ledger = f"{out}/ledger/*/*/*.parquet"
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT forks FROM '{ledger}'")  # noqa: S608
        assert found.fetchall() == [(5,), (2,), (5,), (2,)]
