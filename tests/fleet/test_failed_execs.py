"""Execs that fail are none of the execs of an export."""

from contextlib import closing
from pathlib import Path

import duckdb

from tests.support.builders import BOOT_S, FakeLookups, make_sample
from tests.support.exits import make_exits
from tests.support.fleet import exported
from tests.support.recordings import frames_of, write
from tests.support.starts import exec_, failed, make_starts


def test_a_failed_exec_is_no_exec(tmp_path: Path) -> None:
    now_ns = int(BOOT_S * 1e9)
    starts = make_starts([failed(7, now_ns), exec_(7, now_ns + 1, comm=b"cc1")])
    samples = [
        make_sample([{"pid": 7}], after_s=float(at), exits=make_exits([]), starts=it)
        for at, it in enumerate((make_starts([]), starts))
    ]
    write(tmp_path / "in", frames_of(iter(samples), FakeLookups()))
    exported(tmp_path / "in", tmp_path / "out")
    path = f"{tmp_path}/out/execs/*/*/*.parquet"
    with closing(duckdb.connect()) as connection:
        query = f"SELECT pid, comm FROM read_parquet('{path}')"  # noqa: S608
        assert connection.sql(query).fetchall() == [(7, "cc1")]
