"""A writer thins old segments by a process of its own, which may end at any time."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from montauk_tui.recorder import retention, thinner
from montauk_tui.recorder.folder import SUFFIX, Folder
from montauk_tui.recorder.layout import BadFrame
from montauk_tui.recorder.retention import Limits, Retention
from montauk_tui.recorder.thinning import thin
from montauk_tui.recorder.writer import Writer
from tests.recorder.test_thinning import counts_of, name_of
from tests.support.builders import TIME_S
from tests.support.busy import LOOKUPS, samples
from tests.support.recordings import PLENTY, frames_of, read, write

DAY_NS = 86_400 * 10**9


def days(path: Path, limits: Limits, clock: Callable[[], int]) -> Writer:
    """Record three segments, a day apart; return the writer, which is open."""
    writer = Writer(Folder.made(path), limits, clock_ns=clock)
    for day in range(3):
        for frame in frames_of(samples(70, first=86_400 * day), LOOKUPS):
            writer.take(frame, 0)
            assert writer.failure == ""
    return writer


def test_the_writer_thins_what_is_old(tmp_path: Path) -> None:
    path = tmp_path / "it"
    now_ns = int(TIME_S * 1e9) + 2 * DAY_NS + 60 * 10**9
    limits = Limits(1e9, 1 << 40, full_s=86_400.0 * 1.5)
    with closing(days(path, limits, lambda: now_ns)) as writer:
        writer.retention.wait()
        assert counts_of(read(path)) == [1, 60, 9, *[1] * 140]
        assert sorted(one.suffix for one in path.iterdir()) == ["", *[SUFFIX] * 3]


def test_when_room_gets_short_all_but_the_current_one_are_thinned(
    tmp_path: Path,
) -> None:
    path = tmp_path / "it"
    limits = Limits(1e9, 200 << 20, full_s=1e9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "_NEARLY", 1e-9)
        with closing(days(path, limits, lambda: int(TIME_S * 1e9))) as writer:
            writer.retention.wait()
            assert counts_of(read(path)) == [1, 60, 9, 1, 60, 9, *[1] * 70]


def test_a_writer_that_stops_leaves_what_it_was_thinning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that never ends: it stands for a large segment."""
    program = tmp_path / "thinner.py"
    program.write_text("import time\nwhile True: time.sleep(60)\n")
    monkeypatch.setattr(thinner, "__file__", str(program))
    path = tmp_path / "it"
    now_ns = int(TIME_S * 1e9) + 9 * DAY_NS
    days(path, PLENTY._replace(full_s=1.0), lambda: now_ns).close()
    assert counts_of(read(path)) == [1] * 210


def test_without_room_it_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "it"
    write(path, frames_of(samples(70), LOOKUPS))
    codes = [thinner.NO_ROOM, os.EX_DATAERR]
    asked = []

    def rewritten(_self: Retention, name: str) -> int:
        asked.append(name)
        os.close(it.create_beside(name))
        return codes[len(asked) - 1]

    monkeypatch.setattr(Retention, "_rewritten", rewritten)
    with closing(Folder.made(path)) as it:
        keeper = Retention(it, PLENTY._replace(full_s=0.0), lambda: 1 << 62)
        for _ in range(3):
            keeper.thin_old("another")
            keeper.wait()
        assert asked == [name_of(path)] * 2
    assert not list(path.glob("*.new"))


def test_without_a_process_it_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = tmp_path / "it", []
    write(path, frames_of(samples(70), LOOKUPS))

    def popen(command: list[str], **_: object) -> None:
        asked.append(command[-1])
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", popen)
    with closing(Folder.made(path)) as it:
        keeper = Retention(it, PLENTY._replace(full_s=0.0), lambda: 1 << 62)
        for _ in range(2):
            keeper.thin_old("another")
            keeper.wait()
    assert asked == [name_of(path)] * 2


@pytest.mark.parametrize("room", [0, 1])
def test_a_disk_that_stays_full_leaves_no_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """Neither where there is no room for a head nor where there is for that only."""
    write_, left = os.write, [room]

    def os_write(descriptor: int, data: bytes) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        return write_(descriptor, data)

    monkeypatch.setattr(os, "write", os_write)
    made = samples(30)
    with closing(Writer(Folder.made(tmp_path / "it"), PLENTY)) as writer:
        for frame in frames_of(made, LOOKUPS):
            left[0] = room
            writer.take(frame, 0)
        assert (writer.taken, writer.missed) == (0, 30)
    assert [one.name for one in (tmp_path / "it").iterdir()] == ["lock"]


def test_without_a_thread_recording_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    write(tmp_path / "it", frames_of(samples(3), LOOKUPS))
    assert len(read(tmp_path / "it")) == 3


def test_what_is_removed_meanwhile_does_not_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "it"
    write(path, frames_of(samples(70), LOOKUPS))

    def rewritten(_self: Retention, name: str) -> int:
        thin(it, name)
        it.remove(name)
        return 0

    monkeypatch.setattr(Retention, "_rewritten", rewritten)
    with closing(Folder.made(path)) as it:
        keeper = Retention(it, PLENTY._replace(full_s=0.0), lambda: 1 << 62)
        keeper.thin_old("another")
        keeper.wait()
    assert [one.name for one in path.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(OSError(28, "full"), thinner.NO_ROOM), (BadFrame("bad"), os.EX_DATAERR)],
)
def test_exit_codes_of_the_program(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("montauk_tui.recorder.thinning.thin", fail)
    monkeypatch.setattr("montauk_tui.children.clean_signals", lambda: None)
    monkeypatch.setattr("montauk_tui.children.end_with", lambda *_: True)
    monkeypatch.setattr(os, "nice", lambda _: 0)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert thinner.main([str(os.getpid()), "-1", "x"]) == code
