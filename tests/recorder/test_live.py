"""What live collectors saw, told by a recording of it, row by row."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors import registry
from montauk_tui.engine import query
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.live_and_exited import beside_exited, live_and_exited
from montauk_tui.engine.projection import View
from montauk_tui.errors import MontaukError
from montauk_tui.export.jsonlines import frame_json
from montauk_tui.host.base import Host
from montauk_tui.host.local import LocalHost
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.writer import Writer
from tests.collectors.conftest import load_available
from tests.support.patience import until
from tests.support.recordings import PLENTY, read
from tests.support.terminal import Terminal

MONTAUK = [sys.executable, "-m", "montauk_tui"]

VIEW = View(
    sort=COLUMNS["cpu_pct"], descending=True, query=query.parse(""), tree=False,
    kernel_threads=True, user_threads=False, uid=None,
)  # fmt: skip


def told(frame: Frame, own_pid: int | None = None) -> dict[str, Any]:
    """Return the JSON of a frame, but for what tells the collector from the replay.

    Arguments of others than `own_pid` may change between the sample and the look-up.
    """
    listed = beside_exited(frame)
    found: dict[str, Any] = json.loads(
        frame_json(frame, *live_and_exited(listed, VIEW, None))
    )
    del found["collector"]["name"], found["collector"]["detail"]
    for process in found["processes"]:
        if process["alive"] and process["pid"] != own_pid:
            del process["cmdline"], process["cmdline_cut"]
    return found


@pytest.fixture(params=registry.names())
def host(request: pytest.FixtureRequest) -> Iterator[LocalHost]:
    collector = load_available(request.param)
    collector.open()
    with closing(LocalHost(registry.Opened(collector, ()))) as host:
        yield host


def test_a_replay_tells_what_was_told_live(host: LocalHost, tmp_path: Path) -> None:
    live = []
    with closing(Writer(Folder.made(tmp_path / "it"), PLENTY)) as writer:
        host.record = writer.take
        for _ in range(4):
            subprocess.run(["sh", "-c", "true; exit 3"], check=False)
            frame = host.next_frame(Need.CMDLINE | host.for_rates)
            live.append(told(frame, os.getpid()))
    replay: Host = RecordedHost(read(tmp_path / "it"))
    for then in live:
        again = told(replay.next_frame(Need.NONE), os.getpid())
        assert again["processes"] == then["processes"]
        assert again == then
        own = next(it for it in again["processes"] if it["pid"] == os.getpid())
        assert "pytest" in own["cmdline"]


@contextmanager
def recording_to(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run the program, and end it whatever happens."""
    with subprocess.Popen(
        [*MONTAUK, "record", "--dir", str(folder), "-d", "0.1"],
        stderr=subprocess.PIPE, text=True,
    ) as recorder:  # fmt: skip
        try:
            yield recorder
        finally:
            recorder.kill()


def last_s(folder: Path) -> float:
    """Return the time of the last sample on disk, 0 if there is none yet."""
    try:
        return float(read(folder).wall_s[-1])
    except MontaukError:
        return 0.0


def test_a_recorder_that_is_killed_loses_nothing_that_it_had_written(
    tmp_path: Path,
) -> None:
    """Its last sample may be half written; every one before it is there."""
    folder = tmp_path / "it"
    with recording_to(folder) as recorder:
        until(lambda: last_s(folder))
        began_s = time.time()
        subprocess.run(["sh", "-c", "exec true"], check=True)
        until(lambda: last_s(folder) > began_s + 0.3)
        recorder.kill()
        recorder.wait()
    printed = subprocess.run(
        [*MONTAUK, "--json", "--recording", str(folder)],
        capture_output=True, check=True,
    )  # fmt: skip
    lines = printed.stdout.splitlines()
    # The first has no rates.
    assert len(lines) == len(read(folder)) - 1
    assert printed.stderr == b""
    pids = {it["pid"] for line in lines for it in json.loads(line)["processes"]}
    assert os.getpid() in pids


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_recorder_that_is_stopped_says_what_it_recorded(
    tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "it"
    with recording_to(folder) as recorder:
        assert recorder.stderr is not None
        first = recorder.stderr.readline()
        until(lambda: last_s(folder))
        recorder.send_signal(number)
        rest = recorder.stderr.read()
        assert recorder.wait() == 0
    assert first == f"montauk: recording to {folder} until stopped\n"
    count = len(read(folder))
    assert re.fullmatch(rf"montauk: {count:,} samples recorded, [\d,]+ KiB\n", rest)


def test_the_monitor_records_what_it_shows(tmp_path: Path) -> None:
    folder = tmp_path / "it"
    with Terminal([*MONTAUK, "--record", str(folder), "-d", "0.1"]) as terminal:
        terminal.until_shown(" recording ", "F10 Quit")
        terminal.until(lambda: last_s(folder) and len(read(folder)) > 1)
        terminal.type("q")
        assert terminal.exit_code() == 0
    recording = read(folder)
    assert len(recording) > 1
    assert os.getpid() in recording[len(recording) - 1].sample.processes.pid


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--once", "--from", "14:03"], "--from requires --recording"),
        (["events", "--to", "14:03"], "--to requires --recording"),
        (["--recording", "x"], "--recording requires --json, --once or -b"),
        (["--once", "--recording", "{}/none"], "No such file or directory"),
        (["replay", "{}"], "there is no recording in"),
        (["--once", "--record"], "--record applies to the monitor only"),
        (["--record", "/dev/null"], "File exists"),
        (["record", "--size", "1m"], "is not a size of 128m or more"),
        (["record", "--keep", "ever"], "is not a time; write for example"),
        (["record", "--dir", "/dev/null"], "File exists"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, arguments: list[str], expected: str
) -> None:
    done = subprocess.run(
        [*MONTAUK, *(one.format(tmp_path) for one in arguments)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "TERM": "xterm"},
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
