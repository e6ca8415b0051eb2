"""An event that two collectors report is one, in reports and in exports."""

import json
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from montauk_tui.engine.query import EVERYTHING
from montauk_tui.export.events import events
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.sample import Sample
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.writer import Writer
from tests.support.builders import BOOT_S, make_sample
from tests.support.exits import make_exits
from tests.support.fleet import exported
from tests.support.recordings import PLENTY, frames_of, read, report_on
from tests.support.starts import exec_, make_starts

EVENT_NS = int((BOOT_S + 0.5) * 1e9)


def sample(second: int, *, has_events: bool) -> Sample:
    whose = {"pid": 9, "start_ticks": int(BOOT_S * 100), "comm": b"it"}
    ended = {**whose, "exit_code": 1, "end_ns": EVENT_NS}
    return make_sample(
        [{"pid": 7}],
        after_s=float(second),
        exits=make_exits([ended] if has_events else []),
        starts=make_starts([exec_(pid=9, time_ns=EVENT_NS)] if has_events else []),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a recording in which a collector that was open for a while takes over."""
    frames = frames_of(sample(at, has_events=at in {1, 4}) for at in range(6))
    with closing(Writer(Folder.made(tmp_path / "it"), PLENTY)) as writer:
        for at, frame in enumerate(frames):
            writer.take(frame, int(at >= 4))
    return tmp_path / "it"


def test_in_a_report(folder: Path) -> None:
    _, groups = report_on(folder, "program")
    assert (groups["it"].exits, groups["it"].failures) == (1, 1)


@pytest.mark.parametrize("table", ["exits", "execs"])
def test_in_an_export(folder: Path, tmp_path: Path, table: str) -> None:
    exported(folder, tmp_path / "out")
    with duckdb.connect() as connection:
        files = f"{tmp_path}/out/{table}/*/*/*.parquet"
        found = connection.sql(f"SELECT pid FROM '{files}'")  # noqa: S608
        assert found.fetchall() == [(9,)]


def test_among_events(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = RecordedHost(read(folder))
    events(lambda _: host, EVERYTHING, None, as_json=True)
    *shown, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert sorted(one["event"] for one in shown) == ["exec", "exit"]
    assert last["summary"]["pending"] == 0
