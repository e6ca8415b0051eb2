"""Segments as differences: the same as the moments of a reader."""

import random
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from montauk_tui.errors import MomentDamaged
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import FIELDS, UNKNOWN
from montauk_tui.recorder.folder import Folder
from montauk_tui.recorder.reader import Part, read_part
from montauk_tui.recorder.segment import Segment
from montauk_tui.recorder.stream import Step, last_step, steps_of
from tests.support.builders import FakeLookups, make_sample
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, read, write
from tests.support.starts import exec_, make_starts


def samples(count: int = 130) -> list[Sample]:
    """Return samples in which processes come, go, change names and reuse pids."""
    chance = random.Random(17)  # noqa: S311
    made = []
    for at in range(count):
        rows = [
            {"pid": pid, "comm": f"p{pid}-{at // 40 if pid % 7 == 0 else 0}",
             "start_ticks": at // 30 if pid % 5 == 0 else 1,
             "start_stack": at // 50, "utime": at * (pid % 3)}
            for pid in range(1, 40)
            if pid % 11 or chance.random() < 0.5
        ]  # fmt: skip
        made.append(
            make_sample(
                rows, after_s=float(at),
                exits=make_exits([{"pid": 100 + at, "cmdline": b"cc\0-c"}] * (at % 3)),
                starts=make_starts([exec_(100 + at, 5)]) if at % 2 else None,
            )
        )  # fmt: skip
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lookups = FakeLookups({pid: b"arg\0%d" % pid for pid in range(1, 30)})
    write(tmp_path / "it", frames_of(samples(), lookups))
    return tmp_path / "it"


def part_of(path: Path) -> Part:
    with closing(Folder.opened(path)) as folder:
        (stored,) = folder.segments()
        return read_part(Segment(folder.open(stored.name)))


def assert_same(step: Step, sample: Sample) -> None:
    table = step.processes.table()
    assert table.comm.tolist() == sample.processes.comm.tolist()
    for name in sample.processes.names:
        assert np.array_equal(getattr(table, name), getattr(sample.processes, name))
    for mine, its in ((step.exits, sample.exits), (step.starts, sample.starts)):
        assert (mine is None) == (its is None)
        if mine is not None and its is not None:
            assert mine.pid.tolist() == its.pid.tolist()
            assert mine.cmdline.tolist() == its.cmdline.tolist()
    assert step.clocks.time_s == sample.time_s
    assert step.counters() == sample.counters
    assert step.memory() == sample.host.memory
    assert step.cpus == len(sample.host.cpu_ids)


def test_steps_are_the_moments_of_a_reader(folder: Path) -> None:
    recording = read(folder)
    steps = list(steps_of(part_of(folder), FIELDS))
    assert len(steps) == len(recording) == 130
    before: Step | None = None
    arguments: dict[int, bytes] = {}
    for number, step in enumerate(steps):
        assert step is not None
        moment = recording[number]
        assert_same(step, moment.sample)
        assert step.is_key == (number % 60 == 0)
        for row, its in zip(step.argued.tolist(), step.arguments, strict=True):
            arguments[int(step.processes.column("pid")[row])] = its.raw
        for who, known in moment.answers.arguments.items():
            assert arguments[who.pid] == known.raw
        if before is not None and not step.is_key:
            kept = ~step.new
            rows = step.row[kept]
            for name in ("pid", "start_ticks"):
                now, then = step.processes.column(name), before.processes.column(name)
                assert now[kept].tolist() == then[rows].tolist()
            differs = step.processes.values[:, kept] != before.processes.values[:, rows]
            expected = differs.any(axis=0) | (
                step.processes.comm[kept] != before.processes.comm[rows]
            )
            assert step.changed[kept].tolist() == expected.tolist()
        assert step.changed[step.new].all()
        before = step


def test_the_last_step_is_found_without_the_others(folder: Path) -> None:
    last = last_step(part_of(folder), FIELDS)
    assert last is not None
    assert_same(last, samples()[-1])


def test_damage_shows_no_wrong_step(folder: Path) -> None:
    (path,) = folder.glob("*.mtk")
    whole = path.read_bytes()
    originals = samples()
    chance = random.Random(17)  # noqa: S311
    for _ in range(4):
        raw = bytearray(whole)
        raw[chance.randrange(2_000, len(raw) // 2)] ^= 1 << chance.randrange(8)
        path.write_bytes(raw)
        recording = read(folder)
        steps = list(steps_of(part_of(folder), FIELDS))
        assert len(steps) == len(recording)
        for number, step in enumerate(steps):
            try:
                sample = recording[number].sample
            except MomentDamaged:
                assert step is None
                continue
            assert step is not None
            assert_same(step, sample)
            assert sample.monotonic_s in {one.monotonic_s for one in originals}


def test_columns_that_nobody_wants_are_left_out(folder: Path) -> None:
    wanted = {"pid", "tgid", "utime"}
    whole = list(steps_of(part_of(folder), FIELDS))
    part = list(steps_of(part_of(folder), wanted))
    for step, every in zip(part, whole, strict=True):
        assert step is not None
        assert every is not None
        assert set(step.processes.names) == wanted
        for name in wanted:
            one, other = step.processes.column(name), every.processes.column(name)
            assert one.tolist() == other.tolist()
        assert (every.changed | ~step.changed).all()
        assert (step.processes.column("rss_bytes") == UNKNOWN).all()
