"""Saving: the file is what it was or what it is to be, whatever happens."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from montauk_tui.config import Change, from_file, replacing
from montauk_tui.config.writing import SaveFailed, save, summary

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
DUNE = Change(("theme",), "dune")
TEXT = '# mine\ntheme = "fjord" # blue\nnewer = 1\n'


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """Return a settings file; nothing may be left beside it."""
    path = tmp_path / "config.toml"
    path.write_text(TEXT)
    yield path
    assert left_behind(tmp_path) == []


def left_behind(folder: Path) -> list[Path]:
    """Return what is neither a settings file nor a folder for one."""
    return [it for it in folder.rglob("*") if it.name.startswith(".")]


def test_what_is_wanted_is_written_and_told(file: Path) -> None:
    done = save(file, [DUNE])
    assert file.read_text() == TEXT.replace("fjord", "dune")
    assert (done.written, done.unknown) == ((DUNE,), ("newer",))
    assert summary(done, "~/x.toml") == (
        "saved theme in ~/x.toml; kept unknown keys: newer"
    )


def test_what_the_file_says_is_not_written_again(file: Path) -> None:
    before = file.stat()
    done = save(file, [Change(("theme",), "fjord"), Change(("tree",), value=False)])
    assert done.written == ()
    assert file.stat() == before
    assert summary(done, "x") == "nothing to save: x is up to date"


def test_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "config.toml"
    save(path, [DUNE])
    assert path.read_text() == 'theme = "dune"\n'
    assert from_file(path)[0].theme == "dune"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_the_mode_stays(file: Path, mode: int) -> None:
    file.chmod(mode)
    save(file, [DUNE])
    assert stat.S_IMODE(file.stat().st_mode) == mode


@ROOT
def test_the_owner_stays(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(file, 12345, 12346)
    monkeypatch.setenv("SUDO_UID", "12345")
    save(file, [DUNE])
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346)


def test_a_link_stays_one(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "config.toml"
    link.parent.mkdir()
    link.symlink_to("../config.toml")
    save(link, [DUNE])
    assert link.is_symlink()
    assert "dune" in file.read_text()


def test_a_link_that_leads_nowhere_gets_its_file(tmp_path: Path) -> None:
    link = tmp_path / "config.toml"
    link.symlink_to("dotfiles/montauk.toml")
    save(link, [DUNE])
    assert link.is_symlink()
    assert (tmp_path / "dotfiles" / "montauk.toml").read_text() == 'theme = "dune"\n'


@pytest.mark.parametrize(
    "text",
    ["tabs = 3\n", 'tabs = [{name = "Foo"}, {name = "Bar"}]\n'],
)
def test_valid_toml_that_cannot_be_edited_is_not_called_wrong(
    file: Path, text: str
) -> None:
    """tomlkit cannot add to a list of tables in braces."""
    file.write_text(text)
    with pytest.raises(SaveFailed) as caught:
        save(file, [Change(("tabs", "web", "sort"), "pid", "Web")])
    why = "its format cannot be edited safely"
    assert caught.value.reason.startswith(f"{file}: {why}")
    assert caught.value.remedy == (
        "write its tables as [keys] and [[tabs]], then save again"
    )
    assert file.read_text() == text


@pytest.mark.parametrize(
    "data",
    [b"theme\n", b"a = 1\na = 2\n", b'theme = "\xff"\n', b"a = " + b"[" * 50_000],
    ids=["no TOML", "twice", "no text", "deep"],
)
def test_what_is_no_toml_is_left_alone(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with pytest.raises(SaveFailed, match="not TOML") as caught:
        save(file, [DUNE])
    assert file.read_bytes() == data
    assert str(file) in str(caught.value)
    assert "fix or move" in caught.value.remedy
    assert str(caught.value).isprintable()


def refuse(number: int) -> Callable[..., Any]:
    def refusing(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return refusing


class Full:
    """A file on a disk that is full after some bytes."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        self._file.write(data[:5])
        self._file.flush()
        refuse(errno.ENOSPC)()


@pytest.mark.parametrize(
    ("where", "name", "number"),
    [
        (replacing, "_open_new", errno.EROFS),
        (replacing, "_open_new", errno.EACCES),
        (os, "fsync", errno.EIO),
        (os, "fchmod", errno.EPERM),
        (os, "replace", errno.EBUSY),
        (os, "replace", errno.ENOSPC),
    ],
)
def test_a_step_that_fails_loses_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, number: int
) -> None:
    monkeypatch.setattr(where, name, refuse(number))
    with pytest.raises(SaveFailed) as caught:
        save(file, [DUNE])
    monkeypatch.undo()
    assert file.read_text() == TEXT
    assert os.strerror(number) in str(caught.value)
    assert "writable" in caught.value.remedy


def test_a_full_disk_loses_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.fdopen
    monkeypatch.setattr(os, "fdopen", lambda *given: Full(real(*given)))
    with pytest.raises(SaveFailed, match=os.strerror(errno.ENOSPC)):
        save(file, [DUNE])
    assert file.read_text() == TEXT


def test_an_interruption_loses_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(file, [DUNE])
    assert file.read_text() == TEXT


def test_a_file_that_may_not_be_written_is_left_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SaveFailed, match="read-only"):
        save(file, [DUNE])
    assert file.read_text() == TEXT


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(file: Path) -> None:
    file.parent.chmod(0o500)
    try:
        with pytest.raises(SaveFailed, match="Permission denied"):
            save(file, [DUNE])
    finally:
        file.parent.chmod(0o700)
    assert file.read_text() == TEXT


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(SaveFailed, match="Is a directory"):
        save(tmp_path, [DUNE])


def test_a_path_through_a_file(file: Path) -> None:
    with pytest.raises(SaveFailed, match="Not a directory"):
        save(file / "config.toml", [DUNE])


def test_what_another_program_writes_meanwhile_stays(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, others = os.fsync, iter([f"{TEXT}tree = true\n"])

    def fsync(descriptor: int) -> None:
        real(descriptor)
        for text in others:
            file.write_text(text)

    monkeypatch.setattr(os, "fsync", fsync)
    save(file, [DUNE])
    assert file.read_text() == TEXT.replace("fjord", "dune") + "tree = true\n"


def test_a_file_that_never_rests_is_left_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def fsync(_: int) -> None:
        written.append(f"{TEXT}# {len(written)}\n")
        file.write_text(written[-1])

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(SaveFailed, match="keeps changing"):
        save(file, [DUNE])
    assert file.read_text() == written[-1]


def test_a_hostile_key_is_told_of_safely(file: Path) -> None:
    file.write_text('"a\\u001b[2J" = 1\n')
    assert summary(save(file, [DUNE]), "x").isprintable()
