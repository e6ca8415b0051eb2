"""Exports of recordings: whole, once, and never half of a file."""

import errno
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from montauk_tui.errors import MontaukError
from montauk_tui.export.fleet import exporting
from montauk_tui.export.fleet.parquet import UNFINISHED, as_name
from montauk_tui.export.fleet.schema import PARTITIONS, TABLES
from montauk_tui.export.fleet.sources import is_complete
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.segment import Segment
from tests.support.builders import FakeLookups, make_host, make_sample
from tests.support.exits import make_exits
from tests.support.fleet import HOSTILE, HOSTS, exported, record, samples
from tests.support.patience import until
from tests.support.recordings import frames_of, write

MONTAUK = [sys.executable, "-m", "montauk_tui"]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    record(tmp_path / "build", "build")
    return tmp_path / "build"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def files(out: Path) -> list[Path]:
    return sorted(out.rglob("*.parquet"))


def rows(out: Path, table: str, what: str = "*") -> list[tuple[Any, ...]]:
    """Return rows of a table as another reader of Parquet finds them."""
    path = f"{out}/{table}/*/*/*.parquet"
    with closing(duckdb.connect()) as connection:
        found = connection.sql(f"SELECT {what} FROM read_parquet('{path}')")  # noqa: S608
        return found.fetchall()


def all_cpu_s(out: Path) -> float:
    """Return the CPU time of all rows."""
    tables = ("samples", "exits")
    return float(sum(rows(out, it, "sum(cpu_s)")[0][0] for it in tables))


def test_the_columns_are_those_of_the_documents(recording: Path, out: Path) -> None:
    assert exported(recording, out) == (1, 0, 0, ())
    for table, columns in TABLES.items():
        found = rows(out, table, "*")
        assert found
        with closing(duckdb.connect()) as connection:
            described = connection.execute(
                f"DESCRIBE SELECT * FROM '{out}/{table}/*/*/*.parquet'"  # noqa: S608
            ).fetchall()
        long = {"TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
        expected = [
            (it.name, long.get(it.type, it.type)) for it in (*columns, *PARTITIONS)
        ]
        assert sorted(one[:2] for one in described) == sorted(expected)


def test_every_sample_and_event_is_in_a_row(recording: Path, out: Path) -> None:
    exported(recording, out)
    made = list(samples("build"))
    exits = sum(len(one.exits) for one in made if one.exits is not None)
    assert rows(out, "exits", "count(*), sum(cpu_s)")[0][0] == exits
    assert rows(out, "execs", "count(*)") == [(exits,)]
    assert rows(out, "ledger", "count(*), sum(exits)") == [(len(made) - 1, exits)]
    assert rows(out, "samples", "count(DISTINCT time)") == [(len(made),)]
    # All processes in the first sample and those a minute after it, else the busy ones.
    assert rows(out, "samples", "count(*) FILTER (key)") == [(8,)]
    assert rows(out, "samples", "count(*) FILTER (comm = 'sh')") == [(len(made),)]
    assert rows(out, "samples", "max(utime_s), sum(cpu_s)")[0][0] == 9.0


def test_texts_are_visible_and_unknown_values_null(recording: Path, out: Path) -> None:
    exported(recording, out)
    comms = rows(out, "samples", "DISTINCT comm")
    assert ("a\\x1b[31m'b\";<b>\\u202e",) in comms
    assert not any("\x1b" in comm for (comm,) in comms)
    assert rows(out, "samples", 'DISTINCT cmdline, "user"') != []
    lines = dict(rows(out, "samples", "DISTINCT comm, cmdline"))
    assert lines["sh"] == "/bin/sh -c make"
    assert lines["kthreadd"] is None
    flags = dict(rows(out, "samples", "DISTINCT comm, kernel_thread"))
    assert (flags["kthreadd"], flags["sh"]) == (True, False)
    killed = rows(out, "exits", "DISTINCT exit_code, exit_signal, killed_by, killer")
    assert (None, 9, "kill", "systemd-oomd") in killed


def test_what_is_exported_is_not_exported_again(recording: Path, out: Path) -> None:
    exported(recording, out)
    times = {path: path.stat().st_mtime_ns for path in files(out)}
    assert exported(recording, out) == (0, 1, 0, ())
    assert {path: path.stat().st_mtime_ns for path in files(out)} == times


def test_the_first_interval_of_a_segment_continues_the_previous_one(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("montauk_tui.recorder.writer.SEGMENT_S", 30.0)
    record(tmp_path / "cut", "build")
    assert exported(tmp_path / "cut", out).now == 4
    # All but that of the first sample: the same as without segments.
    total = all_cpu_s(out)
    counted = "count(*), count(forks), sum(forks), count(lost)"
    assert rows(out, "ledger", counted) == [(90, 90, 6 * 90, 90)]
    (oldest, *_) = sorted((out / "hosts").rglob("*.parquet"))
    oldest_stem = oldest.stem
    for path in files(out):
        if oldest_stem not in path.stem:
            path.unlink()
    assert exported(tmp_path / "cut", out) == (3, 1, 0, ())
    assert all_cpu_s(out) == pytest.approx(total)
    assert rows(out, "ledger", counted) == [(90, 90, 6 * 90, 90)]


def test_rows_of_two_days_go_to_two_files(tmp_path: Path, out: Path) -> None:
    late = [
        make_sample([{"pid": 1, "utime": at}], after_s=46_390.0 + at)
        for at in range(20)
    ]
    write(tmp_path / "it", frames_of(late))
    exported(tmp_path / "it", out)
    dates = {path.parent.name for path in (out / "samples").rglob("*.parquet")}
    assert dates == {"date=2026-11-18", "date=2026-11-19"}
    assert rows(out, "samples", "min(date = CAST(time AS DATE))") == [(True,)]


def test_the_segment_that_is_being_written_is_left_for_later(
    tmp_path: Path, out: Path
) -> None:
    folder = tmp_path / "live"
    command = [*MONTAUK, "record", "--dir", str(folder), "-d", "0.1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as recorder:
        try:
            until(lambda: list(folder.glob("*.mtk")))
            assert exported(folder, out) == (0, 0, 1, ())
        finally:
            recorder.kill()
    # Its recorder is gone, and it will never have an index.
    (path,) = folder.glob("*.mtk")
    assert not Segment(os.open(path, os.O_RDONLY)).is_closed
    assert exported(folder, out) == (1, 0, 0, ())


def test_a_recorder_starts_while_somebody_looks_at_its_lock(tmp_path: Path) -> None:
    stop = threading.Event()
    Folder.made(tmp_path / "it").close()

    def look() -> None:
        with closing(Folder.opened(tmp_path / "it")) as folder:
            while not stop.is_set():
                folder.is_locked()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(20):
            Folder.made(tmp_path / "it").close()
    finally:
        stop.set()
        looking.join()


def test_a_damaged_segment_is_named_and_the_others_exported(
    recording: Path, out: Path
) -> None:
    (recording / "00000000T000000.000-bad.mtk").write_bytes(b"no segment at all" * 9)
    done = exported(recording, out)
    assert done[:3] == (1, 0, 0)
    (line,) = done.complaints
    assert line.startswith("00000000T000000.000-bad.mtk: ")


def test_damaged_moments_are_counted(recording: Path, out: Path) -> None:
    (path,) = recording.glob("*.mtk")
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(raw)
    exported(recording, out)
    ((found, damaged),) = rows(out, "hosts", "samples, damaged")
    assert damaged > 0
    assert found + damaged == 91


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("web-1.example", "web-1.example"), ("..", "%2E%2E"), ("", "unknown"),
        ("a/b=c", "a%2Fb%3Dc"), ("é" * 99, "%C3%A9" * 32),
    ],
)  # fmt: skip
def test_a_host_name_is_a_name_in_a_path(host: str, expected: str) -> None:
    assert as_name(host) == expected


def test_a_hostile_host_writes_below_its_folder_only(tmp_path: Path, out: Path) -> None:
    sample = make_sample([{"pid": 1}], host=make_host(hostname="../../x"))
    write(tmp_path / "it", frames_of([sample]))
    exported(tmp_path / "it", out)
    assert {path.parents[1].name for path in files(out)} == {"host=..%2F..%2Fx"}
    assert rows(out, "hosts", "host") == [("../../x",)]


def test_arguments_of_any_length(tmp_path: Path, out: Path) -> None:
    long = b"x" * (1 << 17)
    made = [
        make_sample(
            [{"pid": 7}], after_s=float(at),
            exits=make_exits([{"pid": 50, "cmdline": long}, {"pid": 51}]),
        )
        for at in range(3)
    ]  # fmt: skip
    write(tmp_path / "it", frames_of(made, FakeLookups({7: long})))
    exported(tmp_path / "it", out)
    assert rows(out, "samples", "max(length(cmdline))") == [(1 << 17,)]
    assert rows(out, "exits", "max(length(cmdline)), count(cmdline)") == [(1 << 17, 3)]


def test_more_rows_than_are_held_go_to_further_files(
    recording: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported(recording, out.with_name("whole"))
    monkeypatch.setattr(exporting, "_MOST_ROWS", 100)
    exported(recording, out)
    assert len(list((out / "exits").rglob("*.parquet"))) > 3
    for table in TABLES:
        ordered = sorted(map(str, rows(out, table)))
        assert ordered == sorted(map(str, rows(out.with_name("whole"), table)))


# --- where it goes --------------------------------------------------------------------


def test_only_its_owner_may_read_it(recording: Path, out: Path) -> None:
    exported(recording, out)
    for path in (out, *out.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0


def test_who_may_read_the_folder_may_read_the_files(recording: Path, out: Path) -> None:
    out.mkdir()
    out.chmod(0o750)
    exported(recording, out)
    for path in out.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o750 if path.is_dir() else 0o640)


def test_a_folder_that_others_may_write_to_is_refused(
    recording: Path, out: Path
) -> None:
    out.mkdir()
    out.chmod(0o777)
    with pytest.raises(MontaukError, match="others may write there"):
        exported(recording, out)


def test_two_do_not_export_to_one_folder(recording: Path, out: Path) -> None:
    with exporting.locked(out), pytest.raises(MontaukError, match="another montauk"):
        exported(recording, out)


ON_A_SMALL_DISK = """
import json, subprocess, sys
from pathlib import Path
from montauk_tui.export.fleet.sources import is_complete
disk, recording = Path(sys.argv[1]), sys.argv[2]
mount = ["mount", "-t", "tmpfs", "montauk-test", str(disk), "-o"]
subprocess.run([*mount, "size=64k"], check=True)
found = []
for size in ("64k", "9m"):
    subprocess.run([*mount, f"remount,size={size}"], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "montauk_tui", "recordings", "export",
         "--parquet", str(disk / "out"), recording],
        capture_output=True, text=True,
    )
    files = list(disk.rglob("*.parquet"))
    found.append({
        "code": done.returncode, "error": done.stderr,
        "incomplete": [str(it) for it in files if not is_complete(it)],
        "unfinished": [str(it) for it in disk.rglob("*.part")],
        "segments": len(list(disk.glob("out/hosts/*/*/*.parquet"))),
    })
print(json.dumps(found))
"""
"""Exports to a file system of 64 KiB, and again when it has more room."""


def test_a_full_disk_is_one_line_and_costs_nothing_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root mounts")
    monkeypatch.setattr("montauk_tui.recorder.writer.SEGMENT_S", 30.0)
    record(tmp_path / "cut", "build")
    (tmp_path / "disk").mkdir()
    # In a mount namespace: nobody else sees it, and it goes with its processes.
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, "-c", ON_A_SMALL_DISK,
         str(tmp_path / "disk"), str(tmp_path / "cut")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unshare failed" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    full, roomy = json.loads(done.stdout)
    assert full["code"] == 1
    assert full["error"].startswith("montauk: cannot write ")
    assert os.strerror(errno.ENOSPC) in full["error"]
    assert full["error"].count("\n") == 1
    assert full["incomplete"] == full["unfinished"] == []
    assert full["segments"] < 4
    assert roomy["code"] == 0
    before = full["segments"]
    assert f"{4 - before} segments exported" in roomy["error"]
    assert f", {before} before" in roomy["error"]
    assert roomy["segments"] == 4


def finished(out: Path) -> int:
    """Return the number of segments that are exported."""
    return len(list((out / "hosts").rglob("*.parquet")))


@contextmanager
def watched(out: Path) -> Iterator[set[Path]]:
    """Yield the incomplete files that a reader has seen."""
    stop, incomplete = threading.Event(), set[Path]()

    def watch() -> None:
        while not stop.is_set():
            incomplete.update(it for it in files(out) if not is_complete(it))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield incomplete
    finally:
        stop.set()
        watching.join()


def kill_after(command: list[str], out: Path, count: int) -> None:
    """Start an export, and kill it when it has exported a number of segments."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as export:
        until(lambda: finished(out) >= count or export.poll() is not None)
        export.kill()


def test_a_killed_export_goes_on_and_no_reader_sees_half_of_a_file(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("montauk_tui.recorder.writer.SEGMENT_S", 10.0)
    record(tmp_path / "cut", "build")
    whole = tmp_path / "whole"
    segments = exported(tmp_path / "cut", whole).now
    command = [*MONTAUK, "recordings", "export", "--parquet", str(out)]
    with watched(out) as incomplete:
        while (count := finished(out)) < segments:
            kill_after([*command, str(tmp_path / "cut")], out, count + 1)
    assert not incomplete
    assert exported(tmp_path / "cut", out) == (0, segments, 0, ())
    assert not list(out.rglob(f"*{UNFINISHED}"))
    for table in TABLES:
        assert sorted(map(str, rows(out, table))) == sorted(
            map(str, rows(whole, table))
        )


def test_the_program_says_what_it_did(recording: Path, out: Path) -> None:
    command = [*MONTAUK, "recordings", "export", "--parquet", str(out), str(recording)]
    for expected in ("1 segment exported", "0 segments exported"):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr.startswith(f"montauk: {expected} to {out}, ")
        assert done.stderr.count("\n") == 1


def test_names_of_the_hosts_are_hostile_enough() -> None:
    assert "\x1b" in HOSTILE
    assert len({name for name, _ in HOSTS.values()}) < len(HOSTS)
