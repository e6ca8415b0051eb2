"""What is written is a regular file, and what it loses on the way is told."""

import errno
import os
import signal
import socket
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from montauk_tui.config import Change
from montauk_tui.config.writing import SaveFailed, save, summary

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
DUNE = Change(("theme",), "dune")
TEXT = '# mine\ntheme = "fjord"\n'
ACL = "system.posix_acl_access"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    return path


def device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("needs root, and devices are permitted here")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(path))


@pytest.mark.parametrize("make", [device, pipe, listening])
@pytest.mark.parametrize("by_link", [False, True])
def test_what_is_no_regular_file_is_not_replaced(
    tmp_path: Path, make: Callable[[Path], None], *, by_link: bool
) -> None:
    path = tmp_path / "null"
    make(path)
    before = path.stat()
    named = path
    if by_link:
        named = tmp_path / "config.toml"
        named.symlink_to(path)
    with pytest.raises(SaveFailed, match="not a regular file"):
        save(named, [DUNE])
    after = path.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert after.st_rdev == before.st_rdev


def test_a_file_that_became_a_device_meanwhile_stays_one(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        if file.is_file():
            file.unlink()
            os.mkfifo(file)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(SaveFailed, match="not a regular file"):
        save(file, [DUNE])
    assert file.is_fifo()


def test_a_file_without_end_is_not_read_to_its_end(file: Path) -> None:
    with file.open("r+b") as sparse:
        sparse.truncate(1 << 40)
    with pytest.raises(SaveFailed, match="larger than"):
        save(file, [DUNE])
    assert file.stat().st_size == 1 << 40


@ROOT
def test_root_heeds_that_a_file_is_read_only(file: Path) -> None:
    file.chmod(0o444)
    with pytest.raises(SaveFailed, match="it is read-only"):
        save(file, [DUNE])
    assert file.read_text() == TEXT


def test_other_hard_links_are_told_of(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.hardlink_to(file)
    saved = save(file, [DUNE])
    assert summary(saved, "x") == "saved theme in x; not kept: its other hard links"
    assert other.read_text() == TEXT
    assert "dune" in file.read_text()


def acl_of(user: int) -> bytes:
    """Return an access control list that lets one more user read (acl(5))."""
    none = 0xFFFFFFFF
    entries = [
        (0x01, 6, none), (0x02, 4, user), (0x04, 4, none), (0x10, 4, none),
        (0x20, 0, none),
    ]  # fmt: skip
    return struct.pack("<I", 2) + b"".join(
        struct.pack("<HHI", *entry) for entry in entries
    )


def put_attribute(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EPERM):
            raise
        pytest.skip(f"this file system has no {name}")


@pytest.mark.parametrize(
    ("name", "value"), [("user.note", b"mine"), (ACL, acl_of(12345))]
)
def test_attributes_stay(file: Path, name: str, value: bytes) -> None:
    put_attribute(file, name, value)
    mode = file.stat().st_mode
    assert save(file, [DUNE]).lost == ()
    assert os.getxattr(file, name) == value
    assert file.stat().st_mode == mode


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("user.note", b"mine", "its attribute user.note"),
        (ACL, acl_of(12345), "its ACL"),
    ],
)
def test_attributes_that_cannot_stay_are_told(
    file: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: bytes, told: str
) -> None:
    put_attribute(file, name, value)

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no")

    monkeypatch.setattr(os, "setxattr", refuse)
    assert save(file, [DUNE]).lost == (told,)


def test_a_folder_gives_nobody_access_to_the_new_file(
    file: Path, tmp_path: Path
) -> None:
    put_attribute(tmp_path, "system.posix_acl_default", acl_of(12345))
    file.chmod(0o644)
    save(file, [DUNE])
    assert ACL not in os.listxattr(file)


@ROOT
@pytest.mark.parametrize("change", [(12345, -1), (0, 12345)])
def test_an_owner_that_cannot_stay_is_told(
    file: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[int, int]
) -> None:
    monkeypatch.setenv("SUDO_UID", "12345")
    os.chown(file, *change)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(os, "fchown", refuse)
    lost = save(file, [DUNE]).lost
    assert lost == (("its owner",) if change[1] < 0 else ("its group",))


@ROOT
def test_what_root_makes_belongs_to_whose_place_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_UID", "12345")
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 12345, 12346)
    path = home / ".config" / "montauk" / "config.toml"
    save(path, [DUNE])
    for place in (path, path.parent, path.parent.parent):
        assert (place.stat().st_uid, place.stat().st_gid) == (12345, 12346)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@ROOT
@pytest.mark.parametrize("place", ["config.toml", ".", "link.toml"])
def test_root_writes_nothing_where_others_lead_it(tmp_path: Path, place: str) -> None:
    target = tmp_path / "config.toml"
    target.write_text(TEXT)
    link = tmp_path / "link.toml"
    link.symlink_to(target)
    os.chown(tmp_path / place, 12345, 12345, follow_symlinks=False)
    with pytest.raises(SaveFailed, match="belongs to user 12345"):
        save(link, [DUNE])
    assert target.read_text() == TEXT


def killed_at(step: str, file: Path, *, unnamed: bool) -> None:
    """Save in another process, which is killed at a step."""

    def dying() -> None:
        real_open = os.open

        def open_(*given: object, **named: object) -> int:
            if given[1] & os.O_TMPFILE == os.O_TMPFILE and not unnamed:  # type: ignore[operator]
                raise OSError(errno.EOPNOTSUPP, "no unnamed files")
            return real_open(*given, **named)  # type: ignore[arg-type]

        os.open = open_
        setattr(os, step, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        save(file, [DUNE])

    child = os.fork()
    if not child:
        try:
            dying()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("step", ["fdopen", "fchmod", "fsync", "link"])
def test_a_kill_leaves_nothing_behind(file: Path, tmp_path: Path, step: str) -> None:
    killed_at(step, file, unnamed=True)
    assert [*tmp_path.iterdir()] == [file]
    assert file.read_text() == TEXT


@pytest.mark.parametrize(
    ("step", "unnamed"),
    [("replace", True), ("replace", False), ("fdopen", False), ("fsync", False)],
)
def test_what_a_kill_left_behind_is_removed_when_saving(
    file: Path, tmp_path: Path, step: str, *, unnamed: bool
) -> None:
    others = tmp_path / ".config.toml.20240101"
    others.touch()
    killed_at(step, file, unnamed=unnamed)
    assert len([*tmp_path.iterdir()]) == 3
    assert file.read_text() == TEXT
    save(file, [DUNE])
    assert {*tmp_path.iterdir()} == {file, others}
    assert "dune" in file.read_text()


def test_a_new_file_of_a_program_that_saves_too_stays(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, inner = os.replace, [True]

    def replace_(*given: object, **named: object) -> None:
        if inner:
            inner.clear()
            # Another one, which sees the new name of this one.
            save(file, [Change(("tree",), value=True)])
        real(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "replace", replace_)
    save(file, [DUNE])
    assert "dune" in file.read_text()


def test_without_unnamed_files_it_is_saved_as_well(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "O_TMPFILE", os.O_DIRECTORY)
    save(file, [DUNE])
    assert "dune" in file.read_text()
    assert [*tmp_path.iterdir()] == [file]


def test_a_folder_that_takes_no_new_file_is_reported(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse(path: str, flags: int, *more: int, **named: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EACCES, "Permission denied")
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SaveFailed, match="Permission denied"):
        save(file, [DUNE])
    assert file.read_text() == TEXT


def test_without_extended_attributes_nothing_is_lost(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> list[str]:
        raise OSError(errno.EOPNOTSUPP, "no")

    monkeypatch.setattr(os, "listxattr", refuse)
    assert save(file, [DUNE]).lost == ()
    assert "dune" in file.read_text()


def test_a_new_file_of_a_user_is_not_given_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    monkeypatch.setattr(os, "fchown", lambda *owner: given.append(owner))
    save(tmp_path / "config.toml", [DUNE])
    assert given == []
