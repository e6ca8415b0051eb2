"""Exports of a recorder that ran several times."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import duckdb
import numpy as np
import pytest

from montauk_tui.export.fleet.duck import interruptible
from montauk_tui.export.fleet.parquet import ParquetFiles
from montauk_tui.export.fleet.segments import found_in
from montauk_tui.model.sample import Counters
from montauk_tui.recorder import writer as writing
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.segment import SegmentWriter
from montauk_tui.recorder.writer import Writer
from tests.cli.test_stopping import LONG_S, stopped_elsewhere
from tests.recorder.test_clocks import set_back
from tests.support.builders import make_sample
from tests.support.fleet import exported
from tests.support.patience import until
from tests.support.recordings import PLENTY, frames_of, write


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


def test_a_clock_that_was_set_back_counts_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names of segments are then in another order than their moments."""
    monkeypatch.setattr(writing, "SEGMENT_S", 10.0)
    write(tmp_path / "it", frames_of(map(set_back, range(60))))
    exported(tmp_path / "it", tmp_path / "out")
    with duckdb.connect() as connection:
        for table, column in (("samples", "cpu_s"), ("ledger", "live_s")):
            files = f"{tmp_path}/out/{table}/*/*/*.parquet"
            found = connection.sql(f"SELECT sum({column}) FROM '{files}'")  # noqa: S608
            assert found.fetchall() == [(59.0,)]


def test_the_segment_that_is_written_is_known_after_the_clock_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside one of a recorder that was killed, whose file has a later date."""
    monkeypatch.setattr(SegmentWriter, "close", lambda it: os.close(it.descriptor))
    write(tmp_path, frames_of(map(set_back, range(24))))
    monkeypatch.undo()
    (killed,) = tmp_path.glob("*.mtk")
    with closing(Writer(Folder.made(tmp_path), PLENTY)) as writer:
        for frame in frames_of(map(set_back, range(40, 44))):
            writer.take(frame, 0)
        (current,) = {*tmp_path.glob("*.mtk")} - {killed}
        os.utime(killed, (2e9, 2e9))
        with closing(Folder.opened(tmp_path)) as folder:
            assert current.name in found_in(folder).open
    with closing(Folder.opened(tmp_path)) as folder:
        assert found_in(folder).open == frozenset()


ENDLESS = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_query_and_removes_what_it_exported(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Arguments may hold secrets; and a question may take for ever."""
    write(tmp_path / "it", frames_of(map(set_back, range(5))))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "montauk_tui", "query", ENDLESS, tmp_path / "it"],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        until(lambda: any(temporary.glob("*/hosts/*/*/*.parquet")))
        time.sleep(0.5)
        program.send_signal(number)
        told = program.communicate(timeout=60)
    assert told == (b"", b"")
    assert program.returncode == 128 + number
    assert list(temporary.iterdir()) == []


def test_a_signal_ends_an_export_with_what_its_handler_raises(tmp_path: Path) -> None:
    """DuckDB looks for signals, too, and would raise an error of its own."""

    class Endless:
        """A connection that goes on writing."""

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def execute(self, *_: object) -> None:
            begun.set()
            real.execute(ENDLESS)

    def interrupt() -> None:
        assert begun.wait(LONG_S)
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGTERM)

    files, begun = ParquetFiles(tmp_path), threading.Event()
    real = files._connection  # noqa: SLF001 - a file takes too little time
    files._connection = cast("Any", Endless())  # noqa: SLF001
    before = signal.signal(signal.SIGTERM, leave)
    other = threading.Thread(target=interrupt)
    other.start()
    try:
        with pytest.raises(SystemExit):
            files.write("ledger", "it", "1", {"time": np.zeros(1, dtype=np.int64)})
    finally:
        other.join()
        signal.signal(signal.SIGTERM, before)
        files.close()


def leave(_number: int, _frame: object) -> None:
    sys.exit(7)


@contextmanager
def left_by_a_signal() -> Iterator[None]:
    """Let a signal that interrupts nothing come meanwhile; its handler leaves."""
    before = signal.signal(signal.SIGTERM, leave)
    other = stopped_elsewhere()
    try:
        with pytest.raises(SystemExit):
            yield
    finally:
        other.join()
        signal.signal(signal.SIGTERM, before)


def test_a_signal_that_interrupts_nothing_ends_a_query() -> None:
    """As one that comes just before the wait begins."""

    class Connection:
        def interrupt(self) -> None:
            ended.set()

    ended, heard = threading.Event(), list[bool]()
    connection: Any = Connection()
    with left_by_a_signal():
        interruptible(connection, lambda: heard.append(ended.wait(LONG_S)))
    assert heard == [True]


def test_a_signal_just_before_a_statement_runs_ends_it() -> None:
    """DuckDB forgets an interrupt that comes while it runs nothing."""
    runs = threading.Event()

    class Connection:
        def interrupt(self) -> None:
            if runs.is_set():
                ended.set()
            runs.set()

    ended, heard = threading.Event(), list[bool]()
    connection: Any = Connection()
    with left_by_a_signal():
        interruptible(connection, lambda: heard.append(ended.wait(LONG_S)))
    assert heard == [True]


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_signal_while_its_thread_starts_leaves_no_statement_behind(
    monkeypatch: pytest.MonkeyPatch, *, has_begun: bool
) -> None:
    class Connection:
        def interrupt(self) -> None:
            ended.set()

    ended, heard = threading.Event(), list[bool]()
    connection: Any = Connection()
    start = threading.Thread.start

    def signalled(thread: threading.Thread) -> None:
        if has_begun:
            start(thread)
        leave(signal.SIGTERM, None)

    monkeypatch.setattr(threading.Thread, "start", signalled)
    with pytest.raises(SystemExit):
        interruptible(connection, lambda: heard.append(ended.wait(LONG_S)))
    assert heard == [True] * has_begun
