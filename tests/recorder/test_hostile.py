"""Recordings made to deceive: names that draw, heads of others, two writers at once."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montauk_tui.export.report.page import SECTIONS, page
from montauk_tui.export.report.reading import Part, gaps_of, part_of, report_of
from montauk_tui.export.report.timeline import columns_of
from montauk_tui.model.sample import Identity
from montauk_tui.recorder import writer as writing
from montauk_tui.recorder.encoder import schema
from montauk_tui.recorder.folder import SUFFIX, CannotRecord, Folder
from montauk_tui.recorder.layout import HEADER_BYTES, Kind, Usage, packed, unpacked
from montauk_tui.recorder.reader import NoRecording
from montauk_tui.recorder.segment import SegmentWriter, StoredFrame
from tests.support.builders import FakeLookups, make_sample
from tests.support.busy import LOOKUPS, samples
from tests.support.exits import make_exits
from tests.support.recordings import frames_of, read, samples_of, write
from tests.support.starts import make_starts

EVIL = "\x1b]0;owned\x07\x1b[2J\u202ename\r\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "it"


def is_clean(text: str) -> bool:
    return all(char.isprintable() for char in text)


def test_names_cannot_draw(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a collector cleans, a file can have as it was."""
    host = {"machine_id": EVIL, "boot_id": EVIL, "kernel": EVIL, "architecture": EVIL}
    monkeypatch.setattr(writing, "this_host", lambda: host)
    lookups = FakeLookups({7: EVIL.encode()}, {0: EVIL, 1: EVIL})
    monkeypatch.setattr(lookups, "cgroup", lambda _: EVIL)
    exits = make_exits([{"pid": 9, "comm": EVIL.encode()[:15], "cgroup_id": 3}])
    made = [
        make_sample(
            [{"pid": 7, "comm": EVIL[:15], "cgroup_id": 4}],
            exits=exits, starts=make_starts([]), after_s=float(at),
        )
        for at in range(2)
    ]  # fmt: skip
    write(folder, frames_of(made, lookups))
    recording = read(folder)
    assert all(map(is_clean, recording.host))
    moment = recording[0]
    names = [*moment.answers.users.values(), *moment.answers.cgroups.values()]
    assert len(names) == 3
    assert all(map(is_clean, [*names, moment.source, moment.sample.host.hostname]))
    # Bytes stay what they were, and are made safe where they are shown.
    assert moment.answers.arguments[Identity(7, 1_000)].raw == EVIL.encode()
    for options in (["--once"], ["events"], ["report"], ["--json"]):
        shown = run(
            *options, *(() if options == ["report"] else ("--recording",)), folder
        )
        lines = (shown.stdout + shown.stderr).splitlines()
        assert shown.returncode == 0, shown.stderr
        assert all(map(is_clean, lines)), options


def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "montauk_tui", *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_complaints_name_is_clean(folder: Path) -> None:
    write(folder, frames_of(samples(2), LOOKUPS))
    (folder / f"{EVIL.strip()}{SUFFIX}").write_bytes(b"x" * 200)
    recording = read(folder)
    (line,) = recording.complaints
    assert is_clean(line)
    assert "owned" in line


HEAD: dict[str, Any] = {
    "format": 1, "host": {"hostname": "h"}, "columns": schema(),
}  # fmt: skip


MANY = dict.fromkeys(map(str, range(9_999)))


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ([], "does not name its host"),
        ({**HEAD, "host": "h"}, "does not name its host"),
        ({**HEAD, "columns": []}, "does not name its columns"),
        ({**HEAD, "columns": {"processes": {}}}, "does not name the columns of exits"),
        (
            {**HEAD, "columns": {**HEAD["columns"], "exits": MANY}},
            "does not name the columns of exits",
        ),
    ],
)  # fmt: skip
def test_a_head_that_is_none(folder: Path, head: Any, reason: str) -> None:
    with closing(Folder.made(folder)) as it:
        SegmentWriter(it.create(0.0, "b").descriptor, head).close()
    with pytest.raises(NoRecording, match=reason):
        read(folder)


def test_deep_and_strange_facts_are_refused(folder: Path) -> None:
    """Each as the only moment: a clear end, and no traceback."""
    texts = [b"[" * 100_000, b'{"rows": NaN}', b'{"rows": 1e999}', b'{"rows": -1}',
             b'{"set": {"host.load": [[[]]]}}', b"\xff", b""]  # fmt: skip
    with closing(Folder.made(folder)) as it:
        writer = SegmentWriter(it.create(0.0, "b").descriptor, HEAD)
        for text in texts:
            block = len(text).to_bytes(4, "little") + text
            writer.append(StoredFrame(Kind.KEY, block, wall_ns=1))
        writer.close()
    done = run("--json", "--recording", folder)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "the recording ends after sample 7" in done.stderr


def changed(path: Path, values: Mapping[str, Any]) -> None:
    """Change fields of all headers of moments of a segment, with valid checksums."""
    data, base = b"", 0
    for frame in frames_in(path):
        header, payload = unpacked(frame), frame[HEADER_BYTES:]
        if header.kind == Kind.INDEX:
            break
        if header.kind != Kind.HEAD:
            header = header._replace(base=base and header.base and base, **values)
        one, base = packed(header, payload)
        data += one
    path.write_bytes(data)


@pytest.mark.parametrize("seconds", [math.inf, -math.inf, -1.0, 3e38, math.nan])
@pytest.mark.parametrize("cores", [math.inf, -3e38])
def test_impossible_times_of_headers_are_unknown(
    folder: Path, seconds: float, cores: float
) -> None:
    write(folder, frames_of(samples(5), LOOKUPS))
    (path,) = folder.glob(f"*{SUFFIX}")
    changed(path, {"usage": Usage(seconds, cores, cores, cores)})
    recording = read(folder)
    assert len(samples_of(recording)) == 5
    assert np.isnan(recording.timeline.interval_s).all()
    assert np.isnan(recording.timeline.busy).all()
    part = part_of(recording, None, None)
    assert part == Part(0, 4)
    report = report_of(recording, part, SECTIONS)
    timeline = columns_of(recording.timeline, part, 60)
    assert "<svg" in page(report, (timeline, timeline), gaps_of(recording, part), None)


def test_a_length_that_no_frame_has_is_not_read(
    folder: Path,
) -> None:
    """A file without blocks may claim to be as long as it likes."""
    write(folder, frames_of(samples(2), LOOKUPS))
    (path,) = folder.glob(f"*{SUFFIX}")
    offset = int(read(folder).index["offset"][1])
    data = bytearray(path.read_bytes()[: offset + HEADER_BYTES])
    data[offset + 8 : offset + 12] = (100 << 20).to_bytes(4, "little")
    path.write_bytes(data)
    os.truncate(path, offset + (200 << 20))
    # The header is none, and nothing after it is either.
    assert len(read(folder)) == 1
    os.truncate(path, 1 << 40)
    with pytest.raises(NoRecording, match="a segment is too large; remove it"):
        read(folder)


@pytest.mark.parametrize("options", [(), ("--json",), ("--html", "-"), ("--by=tree",)])
@pytest.mark.parametrize("left", [0, 1])
def test_a_report_of_damage_only_is_refused(
    folder: Path, options: tuple[str, ...], left: int
) -> None:
    write(folder, frames_of(samples(5), LOOKUPS))
    (path,) = folder.glob(f"*{SUFFIX}")
    data = bytearray(path.read_bytes())
    for offset in read(folder).index["offset"][left:].tolist():
        data[offset + HEADER_BYTES] ^= 0xFF
    path.write_bytes(data)
    done = run("report", folder, *options)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"montauk: {5 - left} samples of 5 damaged, and a report needs two; "
        "name another time with --from and --to\n"
    )


def frames_in(path: Path) -> Iterator[bytes]:
    data, at = path.read_bytes(), 0
    while data[at:].startswith(b"MTK1"):
        end = at + HEADER_BYTES + unpacked(data[at : at + HEADER_BYTES]).length
        yield data[at:end]
        at = end


def test_two_writers_that_took_turns_give_no_wrong_row(
    folder: Path, tmp_path: Path
) -> None:
    """Frame by frame in one file, as without the lock."""
    for name, first in (("a", 0), ("b", 100)):
        write(tmp_path / name, frames_of(samples(20, first), LOOKUPS))
    (one,), (other,) = (list((tmp_path / name).glob("*.mtk")) for name in "ab")
    both = zip(frames_in(one), frames_in(other), strict=True)
    folder.mkdir()
    (folder / one.name).write_bytes(b"".join(part for pair in both for part in pair))
    found = read(folder)
    assert len(found) == 40
    shown = run("--json", "--recording", folder)
    assert shown.returncode == 0
    assert shown.stderr == "montauk: 38 damaged samples of the recording left out\n"
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    # The two in full; every difference builds on a frame that is not the one before.
    assert len(lines) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="others own no folder of the kernel's")
def test_a_folder_that_takes_no_files_is_refused() -> None:
    with pytest.raises(CannotRecord, match=r"/sys: .*; name another folder with"):
        Folder.made(Path("/sys"))


def test_more_segments_than_files_may_be_open(folder: Path) -> None:
    """The soft limit is 1,024 on most systems, the hard one far above."""
    for at in range(50):
        write(folder, frames_of(samples(1, first=at), LOOKUPS))
    shown = subprocess.run(
        ["sh", "-c", 'ulimit -Sn 40; exec "$@"', "sh", sys.executable, "-m",
         "montauk_tui", "report", "--json", folder],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stderr == ""
    assert json.loads(shown.stdout)["intervals"] == 49


def test_a_part_that_cannot_be_read_leaves_the_rest(folder: Path) -> None:
    for first in (0, 10):
        write(folder, frames_of(samples(5, first), LOOKUPS))
    first_path = min(folder.glob(f"*{SUFFIX}"))
    first_path.write_bytes(first_path.read_bytes()[:40])
    recording = read(folder)
    assert len(samples_of(recording)) == 5
    assert recording.complaints == [f"{first_path.name}: a segment is empty"]
