"""Segments on disk: whole, cut, damaged, and of several runs."""

import gc
import json
import os
import random
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from montauk_tui.engine.query import EVERYTHING
from montauk_tui.errors import MomentDamaged, MontaukError
from montauk_tui.export.events import events
from montauk_tui.host.recorded import RecordedHost
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.recorder import segment
from montauk_tui.recorder import writer as writing
from montauk_tui.recorder.folder import SUFFIX, Folder
from montauk_tui.recorder.layout import HEADER_BYTES, Kind, unpacked
from montauk_tui.recorder.reader import NoRecording
from montauk_tui.recorder.writer import Writer
from tests.support.builders import FakeLookups, make_sample
from tests.support.exits import make_exits
from tests.support.recordings import (
    PLENTY,
    differences,
    frames_of,
    read,
    samples_of,
    write,
)
from tests.support.starts import make_starts

LOOKUPS = FakeLookups({7: b"sh\0-c\0x"}, {0: "root"})


def samples(count: int = 6, first: int = 0) -> list[Sample]:
    """Return a sample a second, in which something changes."""
    return [
        make_sample(
            [{"pid": 1, "utime": at}, {"pid": 7, "rss_bytes": 1_000 * at}],
            after_s=float(at),
            exits=make_exits([{"pid": 100 + at, "cmdline": b"cc"}]),
        )
        for at in range(first, first + count)
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


def only_segment(folder: Path) -> Path:
    (path,) = folder.glob(f"*{SUFFIX}")
    return path


def assert_nothing_wrong(folder: Path, originals: list[Sample]) -> int:
    """Return how many of the samples can still be read; each is as it was."""
    try:
        recording = read(folder)
    except MontaukError:
        return 0
    by_time = {sample.monotonic_s: sample for sample in originals}
    found = 0
    for number in range(len(recording)):
        try:
            sample = recording[number].sample
        except MomentDamaged:
            continue
        assert differences(by_time[sample.monotonic_s], sample) == []
        found += 1
    return found


def test_what_is_read_is_what_was_written(folder: Path) -> None:
    made = samples()
    write(folder, frames_of(made, LOOKUPS))
    recording = read(folder)
    assert recording.complaints == []
    assert recording.host.hostname == "testhost"
    assert [
        differences(*both) for both in zip(made, samples_of(recording), strict=True)
    ] == [[]] * 6
    assert only_segment(folder).stat().st_mode & 0o777 == 0o600


def test_any_order_of_reading_gives_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "KEY_S", 4.0)
    made = samples(12)
    write(folder, frames_of(made, LOOKUPS))
    recording = read(folder)
    order = random.Random(7).choices(range(12), k=60)  # noqa: S311 - no secret
    for number in [*order, *reversed(range(12)), *range(12)]:
        assert differences(made[number], recording[number].sample) == []
    kinds = recording.index["kind"].tolist()
    assert [at for at, kind in enumerate(kinds) if kind == Kind.KEY] == [0, 4, 8]


def test_headers_say_what_a_timeline_shows(folder: Path) -> None:
    failing = make_sample(after_s=9.0, exits=make_exits([{"pid": 5, "exit_code": 1}]))
    write(folder, frames_of([*samples(), failing]))
    index = read(folder).index
    assert index["marks"].tolist() == [0, 0, 0, 0, 0, 0, 8]
    assert index["usage"][1:, 0].tolist() == [1.0] * 5 + [4.0]


@pytest.mark.exhaustive
def test_a_cut_anywhere_loses_nothing_before_it(folder: Path) -> None:
    made = samples(3)
    write(folder, frames_of(made, LOOKUPS))
    path = only_segment(folder)
    whole = path.read_bytes()
    ends = list(ends_of_frames(whole))
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        complete = sum(end <= length for end in ends[1:4])
        assert assert_nothing_wrong(folder, made) == complete


def ends_of_frames(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data) and data[at:].startswith(b"MTK1"):
        at += HEADER_BYTES + unpacked(data[at : at + HEADER_BYTES]).length
        yield at


@pytest.mark.exhaustive
def test_damage_anywhere_shows_no_wrong_row(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "KEY_S", 1.0)
    made = samples(3)
    write(folder, frames_of(made, LOOKUPS))
    path = only_segment(folder)
    whole = path.read_bytes()
    chance = random.Random(16)  # noqa: S311 - no secret
    survived = 0
    for _ in range(10_000):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 1, 1, 8, 64))):
            damaged[chance.randrange(len(whole))] = chance.randrange(256)
        if chance.random() < 0.2:
            start = chance.randrange(len(whole))
            del damaged[start : start + chance.randrange(1, 200)]
        path.write_bytes(damaged)
        survived += assert_nothing_wrong(folder, made)
    assert survived > 10_000


def test_a_damaged_difference_spoils_those_up_to_the_next_in_full(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "KEY_S", 3.0)
    made = samples(9)
    write(folder, frames_of(made, LOOKUPS))
    path = only_segment(folder)
    data = bytearray(path.read_bytes())
    # Head and three moments, head and two of three: the second is the one.
    data[list(ends_of_frames(bytes(data)))[6] - 1] ^= 0xFF
    path.write_bytes(data)
    assert assert_nothing_wrong(folder, made) == 7


def test_a_damaged_head_costs_nothing_where_there_is_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "KEY_S", 3.0)
    made = samples()
    write(folder, frames_of(made, LOOKUPS))
    path = only_segment(folder)
    data = bytearray(path.read_bytes())
    data[0] ^= 0xFF
    data[HEADER_BYTES + 20] ^= 0xFF
    path.write_bytes(data)
    assert assert_nothing_wrong(folder, made) == 6


def test_a_file_that_is_cut_while_it_is_read_kills_nobody(folder: Path) -> None:
    """As a mapped one would (SIGBUS)."""
    made = samples()
    write(folder, frames_of(made, LOOKUPS))
    recording = read(folder)
    os.truncate(only_segment(folder), 2_000)
    seen = 0
    for number in range(len(recording)):
        with suppress(MomentDamaged):
            assert differences(made[number], recording[number].sample) == []
            seen += 1
    assert seen < 6
    recording.close()


def test_no_file_stays_open(folder: Path) -> None:
    write(folder, frames_of(samples(), LOOKUPS))
    (folder / f"0{SUFFIX}").write_bytes(b"no segment at all" * 10)
    for _ in range(5):
        read(folder)
    recording = read(folder)
    assert opened() == 1
    recording.close()
    recording.close()
    assert opened() == 0


def opened() -> int:
    """Return how many segments this process has open, after collecting garbage."""
    gc.collect()
    links = [Path(f"/proc/self/fd/{it}") for it in os.listdir("/proc/self/fd")]  # noqa: PTH208
    return sum(os.path.realpath(link).endswith(SUFFIX) for link in links)


def test_what_is_missing_in_the_middle_is_left_out(folder: Path) -> None:
    made = samples(4)
    write(folder, frames_of(made, LOOKUPS))
    path = only_segment(folder)
    data = path.read_bytes()
    ends = list(ends_of_frames(data))
    path.write_bytes(data[: ends[1]] + data[ends[2] :])
    assert assert_nothing_wrong(folder, made) == 1


def test_what_another_writer_put_between_is_left_out(
    folder: Path, tmp_path: Path
) -> None:
    made = samples(4)
    write(folder, frames_of(made, LOOKUPS))
    write(tmp_path / "other", frames_of(samples(4, first=10), LOOKUPS))
    path = only_segment(folder)
    ours, theirs = path.read_bytes(), only_segment(tmp_path / "other").read_bytes()
    ends, their_ends = (list(ends_of_frames(data)) for data in (ours, theirs))
    frame = theirs[their_ends[1] : their_ends[2]]
    path.write_bytes(ours[: ends[2]] + frame + ours[ends[2] : ends[4]])
    # Of the three differences the first is before it.
    assert assert_nothing_wrong(folder, made) == 2


def test_without_arguments_none_is_on_disk(folder: Path) -> None:
    with closing(Writer(Folder.made(folder), PLENTY, arguments=False)) as writer:
        for frame in frames_of(samples(2), LOOKUPS):
            writer.take(frame, 0)
    for number in range(2):
        moment = read(folder)[number]
        assert moment.answers.arguments == {}
        assert moment.sample.exits is not None
        assert moment.sample.exits.cmdline.tolist() == [b""]


def test_another_run_begins_another_segment(folder: Path) -> None:
    for first in (0, 3):
        write(folder, frames_of(samples(3, first), LOOKUPS))
    assert len(list(folder.glob("*"))) == len(["two segments", "a lock", "x"])
    assert [it.monotonic_s for it in samples_of(read(folder))] == [
        it.monotonic_s for it in samples()
    ]


def test_a_segment_that_is_full_is_followed_by_another(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SEGMENT_BYTES", 5_000)
    made = samples(40)
    write(folder, frames_of(made, LOOKUPS))
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    assert len(paths) > 2
    recording = read(folder)
    assert [
        differences(*both) for both in zip(made, samples_of(recording), strict=True)
    ] == [[]] * 40


def test_a_newer_version_is_refused_with_the_remedy(folder: Path) -> None:
    write(folder, frames_of(samples(), LOOKUPS))
    path = only_segment(folder)
    data = bytearray(path.read_bytes())
    data[5] = 2
    path.write_bytes(data)
    with pytest.raises(NoRecording, match="version 2, not 1; use the montauk that"):
        read(folder)


def test_several_hosts_need_a_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("web1", "web2"):
        monkeypatch.setattr(
            writing,
            "this_host",
            lambda name=name: {
                "machine_id": f"{name}-id",
                "boot_id": "b",
                "hostname": name,
            },
        )
        made = [
            make_sample(
                host=it.host.__class__(
                    **{
                        **{n: getattr(it.host, n) for n in it.host.__slots__},
                        "hostname": name,
                    }
                ),
                after_s=float(at),
            )
            for at, it in enumerate(samples(2))
        ]
        write(folder, frames_of(made))
    with pytest.raises(
        NoRecording, match="of several hosts; name one with --host: web1, web2"
    ):
        read(folder)
    assert read(folder, "web2").host.hostname == "web2"
    assert read(folder, "web1-id").host.hostname == "web1"
    with pytest.raises(
        NoRecording, match="no recording of host 'db'; there is of web1, web2"
    ):
        read(folder, "db")


def test_a_sample_too_large_to_read_is_not_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = samples(3)
    made[1] = make_sample([{"pid": pid} for pid in range(1, 2_000)], after_s=1.0)
    monkeypatch.setattr(segment, "MOST_RAW_BYTES", 12_000)
    monkeypatch.setattr(writing, "_RETRY_S", 0.0)
    failures = []
    with closing(Writer(Folder.made(folder), PLENTY)) as writer:
        for frame in frames_of(made, LOOKUPS):
            writer.take(frame, 0)
            failures.append(writer.failure)
    assert failures == ["", "not recording: a sample has too many processes", ""]
    assert assert_nothing_wrong(folder, made) == 2


@pytest.mark.parametrize("failing", ["first", "later"])
def test_a_full_disk_pauses_and_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    write_, full = os.write, [failing == "first"]

    def os_write(descriptor: int, data: bytes) -> int:
        if full[0]:
            if len(data) > 10:
                return write_(descriptor, data[:10])
            raise OSError(28, "No space left on device")
        return write_(descriptor, data)

    monkeypatch.setattr(os, "write", os_write)
    made = samples(30)
    with closing(Writer(Folder.made(folder), PLENTY)) as writer:
        for at, frame in enumerate(frames_of(made, LOOKUPS)):
            full[0] = at < 5 if failing == "first" else 5 <= at < 10
            writer.take(frame, 0)
            assert (writer.failure != "") == (
                at < 10 if failing == "first" else 5 <= at < 15
            )
    assert writer.missed == 10
    assert assert_nothing_wrong(folder, made) == 20


def test_each_run_counts_anew(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its collectors are not those of the run before, though both are the first."""
    monkeypatch.setattr(writing, "SEGMENT_S", 2.0)
    for run, forks in enumerate(((5, 20, 30), (0, 7, 9))):
        counted = [
            make_sample(
                after_s=at + 10.0 * run, counters=Counters(count, 0, 0),
                starts=make_starts([]), exits=make_exits([]),
            )
            for at, count in enumerate(forks)
        ]  # fmt: skip
        write(folder, frames_of(counted))
    recording = read(folder)
    openings = [recording[number].opening for number in range(6)]
    assert openings[:3] == openings[:1] * 3
    assert openings[3:] == openings[3:4] * 3
    assert openings[0] != openings[3]
    recorded = RecordedHost(recording)
    assert events(lambda _: recorded, EVERYTHING, None, as_json=True) == 0
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary["forks"] == (30 - 5) + 9
