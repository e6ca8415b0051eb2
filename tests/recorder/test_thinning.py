"""Thinned segments: one moment a minute, with every event of that minute."""

import json
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from montauk_tui.collectors.replay.collector import ReplayCollector
from montauk_tui.engine import query
from montauk_tui.engine.usage.report import Report
from montauk_tui.engine.usage.sums import Used
from montauk_tui.export.events import events
from montauk_tui.export.report.reading import part_of, report_of
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.recording import Mark
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need
from montauk_tui.recorder import merging
from montauk_tui.recorder import writer as writing
from montauk_tui.recorder.encoder import schema
from montauk_tui.recorder.folder import SUFFIX, Folder
from montauk_tui.recorder.layout import BadFrame, Kind
from montauk_tui.recorder.reader import DiskRecording
from montauk_tui.recorder.thinning import thin
from montauk_tui.recorder.writer import Writer
from tests.support.builders import TIME_S
from tests.support.busy import LOOKUPS, samples
from tests.support.recordings import (
    PLENTY,
    differences,
    frames_of,
    read,
    samples_of,
    write,
)

SECONDS = 200
"""More than three minutes: four moments in full, and the last moment."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "it"
    write(path, frames_of(samples(SECONDS), LOOKUPS))
    return path


def name_of(folder: Path) -> str:
    (path,) = folder.glob(f"*{SUFFIX}")
    return path.name


def thin_now(path: Path) -> None:
    with closing(Folder.made(path)) as folder:
        thin(folder, name_of(path))
        folder.replace(name_of(path))


def report(path: Path, by: str = "program") -> Report:
    recording = read(path)
    return report_of(recording, part_of(recording, None, None), [by])


def used_by(told: Report) -> dict[str, Used]:
    (groups,) = told.groups.values()
    return dict(groups.ordered())


def event_lines(path: Path, capsys: pytest.CaptureFixture[str]) -> list[Any]:
    capsys.readouterr()
    host = RecordedHost(read(path))
    events(lambda _: host, query.parse(""), None, as_json=True)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_minute_is_one_moment_in_full(folder: Path) -> None:
    made = samples(SECONDS)
    size = (folder / name_of(folder)).stat().st_size
    thin_now(folder)
    recording = read(folder)
    assert recording.complaints == []
    assert (folder / name_of(folder)).stat().st_size < size / 3
    kept = [0, 60, 120, 180, 199]
    counts = [1, 60, 60, 60, 19]
    assert recording.wall_s.tolist() == [TIME_S + at for at in kept]
    assert recording.index["kind"].tolist() == [Kind.KEY, *[Kind.DIFFERENCE] * 4]
    for number, (at, count) in enumerate(zip(kept, counts, strict=True)):
        moment = recording[number]
        assert moment.samples == count
        assert differences(made[at], moment.sample) in ([], ["exits", "starts"])
        assert moment.answers.users[7] == "amy"


def test_every_event_is_kept_with_its_names(folder: Path) -> None:
    before = samples_of(read(folder))
    thin_now(folder)
    recording = read(folder)
    for kind in ("exits", "starts"):
        told = [
            [row for one in some for row in rows_of(getattr(one, kind))]
            for some in (before, samples_of(recording))
        ]
        assert told[0] == told[1]
        assert len(told[0]) > 2 * SECONDS
    for number in range(1, 4):
        # Of a process that no sample has, and of one that sent a signal.
        assert {9, 5} <= recording[number].answers.users.keys()


def rows_of(table: Any) -> list[tuple[Any, ...]]:
    names = ("comm", *table.BYTES, *table.FIELDS)
    columns = [getattr(table, name).tolist() for name in names]
    deaths = getattr(table, "deaths", {})
    whose = zip(table.pid.tolist(), table.start_ticks.tolist(), strict=True)
    return [(*row, deaths.get(one)) for *row, one in zip(*columns, whose, strict=True)]


@pytest.mark.parametrize("by", ["program", "user"])
def test_sums_of_a_report_stay(folder: Path, by: str) -> None:
    full = report(folder, by)
    thin_now(folder)
    small = report(folder, by)
    assert (small.totals.intervals, full.totals.intervals) == (4, SECONDS - 1)
    for name in ("busy_s", "interrupts_s", "unexplained_s", "covered_s", "lost"):
        told = getattr(small.totals, name), getattr(full.totals, name)
        assert told[0] == pytest.approx(told[1]), name
    assert (small.begin_s, small.end_s) == (full.begin_s, full.end_s)
    groups, before = used_by(small), used_by(full)
    assert groups.keys() == before.keys()
    for name, used in before.items():
        again = groups[name]
        assert again.cpu_s == pytest.approx(used.cpu_s), name
        assert (again.exits, again.failures) == (used.exits, used.failures)
    # Those that no sample has are exited in both.
    if by == "program":
        assert groups["true"].exited_s == pytest.approx(0.04 * (SECONDS - 1))
        assert before["true"].exited_s == pytest.approx(0.04 * (SECONDS - 1))


def test_events_stay(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = event_lines(folder, capsys)
    thin_now(folder)
    assert event_lines(folder, capsys) == before
    assert len(before) > 6 * SECONDS


def test_marks_and_use_of_a_minute_are_those_of_its_seconds(folder: Path) -> None:
    before = read(folder).index
    thin_now(folder)
    index = read(folder).index
    assert index["marks"].tolist() == [
        before["marks"][0], *[Mark.LOST | Mark.FAILED] * 3, Mark.FAILED,
    ]  # fmt: skip
    assert index["usage"][1:, 0].tolist() == [60.0, 60.0, 60.0, 19.0]
    assert index["usage"][1:, 1].tolist() == pytest.approx([0.25] * 4)


def test_a_replay_says_that_it_is_thinned(folder: Path) -> None:
    thin_now(folder)
    replay = ReplayCollector(read(folder))
    replay.open()
    details = []
    for _ in range(2):
        replay.sample(Need.NONE)
        details.append(replay.detail)
    assert details == [
        "kernel, sample 1 of 5",
        "kernel, sample 2 of 5, thinned from 60",
    ]


def test_a_reader_that_has_the_old_file_goes_on(folder: Path) -> None:
    made, recording = samples(SECONDS), read(folder)
    assert differences(made[0], recording[0].sample) == []
    thin_now(folder)
    for number, one in enumerate(made):
        assert differences(one, recording[number].sample) == []


def test_thinning_again_changes_nothing_more(folder: Path) -> None:
    thin_now(folder)
    before, counts = samples_of(read(folder)), []
    thin_now(folder)
    recording = read(folder)
    for number, one in enumerate(before):
        assert differences(one, recording[number].sample) == []
        counts.append(recording[number].samples)
    assert counts == [1, 60, 60, 60, 19]


def test_another_collector_keeps_its_first_and_last_moment(tmp_path: Path) -> None:
    path = tmp_path / "it"
    with closing(Writer(Folder.made(path), PLENTY)) as writer:
        for at, frame in enumerate(frames_of(samples(100), LOOKUPS)):
            writer.take(frame, at // 70)
    thin_now(path)
    recording = read(path)
    kept = [0, 60, 69, 70, 99]
    assert recording.wall_s.tolist() == [TIME_S + at for at in kept]
    openings = [recording[number].opening for number in range(5)]
    assert [it - openings[0] for it in openings] == [0, 0, 0, 1, 1]
    assert [recording[number].samples for number in range(5)] == [1, 60, 9, 1, 29]


@pytest.mark.parametrize(
    ("limit", "most"), [("_MOST_TEXT_BYTES", 1_000), ("_MOST_EVENT_NUMBERS", 400)]
)
def test_more_events_than_fit_are_several_moments(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    before = report(folder)
    monkeypatch.setattr(merging, limit, most)
    thin_now(folder)
    recording = read(folder)
    assert 5 < len(recording) < SECONDS / 2
    small = report(folder)
    assert {name: used.exits for name, used in used_by(small).items()} == {
        name: used.exits for name, used in used_by(before).items()
    }


def test_of_a_minute_one_table_is_held(folder: Path) -> None:
    """At ten samples a second of 5,000 processes those of all are a GiB."""
    recording = read(folder)
    moments = (recording[number] for number in range(SECONDS))
    for group in merging.groups(moments):
        *others, last = (len(moment.sample.processes) for moment in group)
        assert not any(others)
        assert last > 0


@pytest.mark.parametrize("damage", ["payload", "missing", "head"])
def test_a_damaged_segment_is_left_alone(folder: Path, damage: str) -> None:
    path = folder / name_of(folder)
    data = bytearray(path.read_bytes())
    entries = read(folder).index
    offset = int(entries["offset"][70])
    if damage == "payload":
        data[offset + 70] ^= 0xFF
    elif damage == "missing":
        del data[offset : int(entries["offset"][71])]
    else:
        data[70] ^= 0xFF
    path.write_bytes(data)
    before = path.read_bytes()
    with closing(Folder.made(folder)) as it:
        if damage == "head":
            # There is another one.
            thin(it, path.name)
        else:
            with pytest.raises(BadFrame):
                thin(it, path.name)
    assert path.read_bytes() == before
    assert len(list(folder.glob("*.new"))) == (damage == "head")


@pytest.mark.parametrize("what", ["column", "fact"])
def test_what_a_newer_version_recorded_is_not_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    if what == "column":
        known = schema()
        known["exits"] = {**known["exits"], "future": "bytes"}
        monkeypatch.setattr(writing, "schema", lambda: known)
    else:
        monkeypatch.setattr(
            "montauk_tui.recorder.decoder.KNOWN_FACTS", frozenset({"time_s"})
        )
    path = tmp_path / "it"
    write(path, frames_of(samples(5), LOOKUPS))
    with closing(Folder.made(path)) as it, pytest.raises(BadFrame, match="unknown"):
        thin(it, name_of(path))
    assert [one.suffix for one in path.iterdir() if one.name != "lock"] == [SUFFIX]


def counts_of(recording: DiskRecording) -> list[int]:
    return [recording[number].samples for number in range(len(recording))]


KILLED = textwrap.dedent("""
    import itertools, os, shutil, signal, sys
    from pathlib import Path
    from montauk_tui.recorder.folder import Folder
    from montauk_tui.recorder.thinning import thin

    left = 0

    def counted(call):
        def instead(*values, **named):
            global left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*values, **named)
        return instead

    def run(path):
        for name in CALLS:
            setattr(os, name, counted(getattr(os, name)))
        folder = Folder.made(path)
        (stored,) = folder.segments()
        thin(folder, stored.name)
        folder.replace(stored.name)
        os._exit(0)

    CALLS = "open", "write", "close", "fsync", "utime", "stat", "rename", "unlink"
    source, target = map(Path, sys.argv[1:])
    for left in itertools.count():
        path = Path(shutil.copytree(source, target / str(left)))
        child = os.fork()
        if not child:
            run(path)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != -signal.SIGKILL:
            break
""")
"""Kills itself at the first system call, then at the second, and so on."""


@pytest.mark.exhaustive
def test_a_kill_at_every_step_loses_nothing(folder: Path, tmp_path: Path) -> None:
    full = samples(SECONDS)
    script = [sys.executable, "-c", KILLED, str(folder), str(tmp_path / "killed")]
    subprocess.run(script, check=True)
    # Copies keep their names, and the last one was not killed.
    paths = sorted((tmp_path / "killed").iterdir(), key=lambda path: int(path.name))
    assert len(paths) > 15
    found = []
    for path in paths:
        recording = read(path)
        assert recording.complaints == []
        found.append(counts_of(recording))
        kept = samples_of(recording)
        assert events_in(kept) == events_in(full)
        # The next writer removes what is left.
        Folder.made(path).close()
        assert len(list(path.iterdir())) == len(["segment", "lock"])
    small = found.index([1, 60, 60, 60, 19])
    assert found[:small] == [[1] * SECONDS] * small
    assert found[small:] == [found[small]] * (len(found) - small)


def events_in(some: list[Sample]) -> list[tuple[Any, ...]]:
    return [row for one in some for row in rows_of(one.exits)]
