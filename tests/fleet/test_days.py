"""Exports that were killed, of segments that were thinned since, and over midnight."""

from collections.abc import Iterable
from pathlib import Path
from shutil import rmtree
from typing import Any

import duckdb
import pytest

from montauk_tui.export.fleet import exporting
from montauk_tui.export.fleet.sources import files_of, unique
from montauk_tui.model.sample import Sample
from tests.recorder.test_thinning import thin_now
from tests.support.builders import (
    BOOT_S,
    MONOTONIC_S,
    TIME_S,
    cpu_ticks,
    make_host,
    make_sample,
)
from tests.support.exits import make_exits
from tests.support.fleet import exported
from tests.support.recordings import frames_of, write
from tests.support.starts import make_starts

USED_S = 8.5
"""By a process that exits nine seconds after its start."""


def sample(second: int, first_s: float = 0.0) -> Sample:
    """Return a sample of one process after the other, which use a CPU."""
    number, phase = divmod(second, 10)
    whose = {"pid": 100 + number, "start_ticks": round((BOOT_S + 10 * number) * 100)}
    rows: list[dict[str, Any]] = [{"pid": 1}]
    ended = []
    if phase < 9:
        rows.append({**whose, "comm": "it", "utime": 100 * min(phase, 8)})
    else:
        end_ns = int((BOOT_S + second - 0.5) * 1e9)
        ended = [{**whose, "comm": b"it", "utime_ns": 85 * 10**8, "end_ns": end_ns}]
    used_s = USED_S * number + (min(phase, 8) if phase < 9 else USED_S)
    return make_sample(
        rows,
        after_s=first_s + second,
        host=make_host([cpu_ticks(user=100 * used_s)], read_s=MONOTONIC_S + second),
        exits=make_exits(ended), starts=make_starts([]),
    )  # fmt: skip


def asked(out: Path, table: str, columns: Iterable[str]) -> list[float]:
    sums = ", ".join(f"coalesce(sum({it}), 0)" for it in columns)
    with duckdb.connect() as connection:
        files = f"{out}/{table}/*/*/*.parquet"
        (row,) = connection.sql(f"SELECT {sums} FROM '{files}'").fetchall()  # noqa: S608
    return [*row]


@pytest.mark.parametrize("thinned", [False, True])
def test_a_ledger_has_exited_processes_as_its_rows_do(
    tmp_path: Path, *, thinned: bool
) -> None:
    """A thinned minute has only the exits of those who came and went in it."""
    write(tmp_path / "it", frames_of(map(sample, range(300))))
    if thinned:
        thin_now(tmp_path / "it")
    exported(tmp_path / "it", tmp_path / "out")
    parts = ("busy_s", "live_s", "exited_s", "interrupts_s", "unexplained_s")
    busy, live, exited, *others = asked(tmp_path / "out", "ledger", parts)
    assert busy == pytest.approx(30 * USED_S)
    assert live + exited == pytest.approx(busy)
    assert others == pytest.approx([0.0, 0.0], abs=1e-4)
    assert [live] == asked(tmp_path / "out", "samples", ["cpu_s"])
    assert [exited] == pytest.approx(asked(tmp_path / "out", "exits", ["cpu_s"]))


def test_an_export_that_was_killed_leaves_no_row_of_what_was_thinned_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "it", frames_of(map(sample, range(200))))
    monkeypatch.setattr(exporting, "_MOST_ROWS", 100)
    with monkeypatch.context() as patched:
        patched.setattr(f"{exporting.__name__}._Segment._write_host", interrupted)
        with pytest.raises(KeyboardInterrupt):
            exported(tmp_path / "it", tmp_path / "out")
    thin_now(tmp_path / "it")
    exported(tmp_path / "it", tmp_path / "out")
    sums = [asked(tmp_path / "out", one, ["cpu_s"]) for one in ("samples", "exits")]
    assert sum(map(sum, sums)) == pytest.approx(20 * USED_S)


def interrupted(_: object) -> None:
    raise KeyboardInterrupt


def test_a_day_that_is_removed_takes_nothing_of_the_next(tmp_path: Path) -> None:
    """A segment over midnight has files in both."""
    first_s = 86_400 - TIME_S % 86_400 - 10
    write(tmp_path / "it", frames_of(sample(at, first_s) for at in range(20)))
    out = tmp_path / "out"
    exported(tmp_path / "it", out)
    for path in out.glob("*/*/date=2026-11-18"):
        rmtree(path)
    files = files_of(out)
    assert files.complaints == []
    assert all(files.by_table[table] for table in ("samples", "ledger", "hosts"))
    assert exported(tmp_path / "it", out).before == 1


def test_what_hosts_does_not_list_is_named(tmp_path: Path) -> None:
    write(tmp_path / "it", frames_of(map(sample, range(20))))
    out = tmp_path / "out"
    exported(tmp_path / "it", out)
    for path in out.glob("hosts/*/*/*"):
        path.unlink()
    files = files_of(out)
    assert not any(files.by_table.values())
    (line,) = files.complaints
    assert line.endswith(" is not in hosts yet: left out")


def test_a_segment_that_two_exports_have_in_other_parts_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One was made before it was thinned, in more files than the other."""
    write(tmp_path / "it", frames_of(map(sample, range(200))))
    with monkeypatch.context() as patched:
        patched.setattr(exporting, "_MOST_ROWS", 100)
        exported(tmp_path / "it", tmp_path / "early")
    thin_now(tmp_path / "it")
    exported(tmp_path / "it", tmp_path / "late")
    both = [(tmp_path / name, files_of(tmp_path / name)) for name in ("late", "early")]
    for exports in (both, both[::-1]):
        (_, first), (_, second) = unique(exports)
        assert first == dict(exports)[exports[0][0]]
        assert not any(second.by_table.values())
