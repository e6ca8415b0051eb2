"""The folder of recordings: whose it is, and how much it keeps."""

import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from montauk_tui.recorder import folder as storing
from montauk_tui.recorder.folder import (
    SUFFIX,
    CannotRecord,
    Folder,
    Stored,
    default_path,
    path_to_read,
)
from montauk_tui.recorder.retention import Limits, Retention, excess, to_thin

DAY_S = 86_400.0
DAY_NS = 86_400 * 10**9


def test_it_is_made_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b"
    with closing(Folder.made(path)):
        assert path.stat().st_mode & 0o777 == 0o700
    with closing(Folder.made(path)) as again:
        assert again.segments() == []


def test_the_default_is_in_the_state_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_path() == tmp_path / "montauk" / "recordings"


@pytest.mark.parametrize(
    ("own", "of_service", "chosen"),
    [
        (True, True, "own"), (True, False, "own"),
        (False, True, "service"), (False, False, "own"),
    ],
)  # fmt: skip
def test_who_has_no_recording_reads_that_of_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, own: bool, of_service: bool,
    chosen: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    paths = {"own": default_path(), "service": tmp_path / "service"}
    monkeypatch.setattr(storing, "SERVICE_PATH", paths["service"])
    for path, has_one in zip(paths.values(), (own, of_service), strict=True):
        path.mkdir(parents=True)
        if has_one:
            (path / f"x{SUFFIX}").touch()
    assert path_to_read() == paths[chosen]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with closing(Folder.made(tmp_path / "it")):
        with pytest.raises(CannotRecord, match="another montauk records to"):
            Folder.made(tmp_path / "it")
        # Readers need no lock.
        Folder.opened(tmp_path / "it").close()
    Folder.made(tmp_path / "it").close()


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "link").symlink_to("it")
    for open_folder in (Folder.made, Folder.opened):
        with pytest.raises(CannotRecord, match="is a symbolic link; name another"):
            open_folder(tmp_path / "link")


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_one_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "it").chmod(mode)
    with pytest.raises(CannotRecord, match=r"others may write to .*; chmod go-w"):
        Folder.made(tmp_path / "it")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_is_refused(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    os.chown(tmp_path / "it", 65534, -1)
    with pytest.raises(CannotRecord, match="belongs to user 65534; name a folder"):
        Folder.made(tmp_path / "it")


def test_a_file_and_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotRecord, match="File exists; name another folder with"):
        Folder.made(tmp_path / "file")
    with pytest.raises(CannotRecord, match="directory; montauk record makes one"):
        Folder.opened(tmp_path / "nothing")


def test_a_lock_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir(mode=0o700)
    (tmp_path / "it" / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotRecord, match="symbolic links"):
        Folder.made(tmp_path / "it")
    assert not (tmp_path / "elsewhere").exists()


def test_only_segments_are_segments(tmp_path: Path) -> None:
    with closing(Folder.made(tmp_path / "it")) as folder:
        for _ in range(2):
            os.close(folder.create(0.0, "abcdefgh-1").descriptor)
        (tmp_path / "it" / "notes.txt").touch()
        (tmp_path / "it" / "folder.mtk").mkdir()
        (tmp_path / "it" / "link.mtk").symlink_to("notes.txt")
        subprocess.run(["mkfifo", tmp_path / "it" / "pipe.mtk"], check=True)
        names = [one.name for one in folder.segments()]
        assert names == [
            "19700101T000000.000-abcdefgh.mtk", "19700101T000000.001-abcdefgh.mtk",
        ]  # fmt: skip
        for name in ("link.mtk", "pipe.mtk"):
            with pytest.raises(OSError, match=r"regular|symbolic"):
                folder.open(name)
        folder.remove(names[0])
        folder.remove(names[0])
        assert len(folder.segments()) == 1


SEGMENTS = [Stored(str(age), 100, -age * DAY_NS) for age in (9, 5, 3, 0)]


@pytest.mark.parametrize(
    ("age_s", "size", "gone"),
    [
        (10 * DAY_S, 500, []),
        (7 * DAY_S, 500, ["9"]),
        (10 * DAY_S, 499, ["9"]),
        (10 * DAY_S, 300, ["9", "5"]),
        (4 * DAY_S, 1_000, ["9", "5"]),
        (10 * DAY_S, 10, ["9", "5", "3", "0"]),
    ],
)
def test_the_oldest_go_first(age_s: float, size: int, gone: list[str]) -> None:
    assert excess(SEGMENTS, Limits(age_s, size), 100, 0, 0) == gone


def test_what_a_clock_that_was_ahead_has_recorded_goes_before_the_rest() -> None:
    """It has the last names, and would never be too old."""
    ahead = [Stored(f"ahead{day}", 100, day * DAY_NS) for day in (900, 901)]
    segments, names = [*SEGMENTS, *ahead], ["9", "ahead900", "ahead901", "5"]
    for count in range(5):
        limits = Limits(7 * DAY_S, 600 - 100 * count)
        assert excess(segments, limits, 0, 0, 0) == names[: max(count, 1)]
    # One that was set forward a moment ago is doubted, but not what it records.
    now_ns = 901 * DAY_NS
    assert excess(segments, Limits(1e9, 300), 0, 0, now_ns) == ["9", "5", "3"]


@pytest.mark.parametrize(
    ("full_s", "size", "small"),
    [
        (10 * DAY_S, 500, []),
        (4 * DAY_S, 501, ["9", "5"]),
        (10 * DAY_S, 499, ["9", "5", "3", "0"]),
    ],
)
def test_the_old_are_thinned_and_all_where_room_gets_short(
    full_s: float, size: int, small: list[str]
) -> None:
    assert to_thin(SEGMENTS, Limits(1e9, size, full_s), now_ns=0) == small


def test_room_is_made(tmp_path: Path) -> None:
    with closing(Folder.made(tmp_path / "it")) as folder:
        for second in range(3):
            descriptor = folder.create(float(second), "boot").descriptor
            os.ftruncate(descriptor, 1_000)
            os.close(descriptor)
        Retention(folder, Limits(1e9, 3_500), lambda: 0).make_room(1_000)
        assert [one.name[:15] for one in folder.segments()] == [
            "19700101T000001", "19700101T000002",
        ]  # fmt: skip
