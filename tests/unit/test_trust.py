"""Who may change a file that root runs or compiles."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from montauk_tui import trust

ME = os.geteuid()
ME_ONLY = [ME]


def tree(folder: Path) -> Path:
    """Return a file in a folder in a folder, for its owner to write."""
    inner = folder / "outer" / "inner"
    inner.mkdir(parents=True)
    path = inner / "file"
    path.write_text("")
    for each in (path, inner, inner.parent):
        each.chmod(0o755)
    return path


def test_what_only_its_owner_may_write(tmp_path: Path) -> None:
    path = tree(tmp_path)
    assert trust.foreign(str(path), ME_ONLY) == ""
    assert trust.foreign_below(str(path.parent.parent), ME_ONLY) == ""


@pytest.mark.parametrize("level", [0, 1, 2])
def test_what_everybody_may_write(tmp_path: Path, level: int) -> None:
    """The file, its folder, or one above: there it can be moved away."""
    path = tree(tmp_path)
    open_to_all = [path, *path.parents][level]
    open_to_all.chmod(0o757)
    why = f"{open_to_all} may be written by everybody"
    assert trust.foreign(str(path), ME_ONLY) == why


def test_a_sticky_folder_above_is_fine_and_one_that_is_meant_is_not(
    tmp_path: Path,
) -> None:
    path = tree(tmp_path)
    path.parent.parent.chmod(0o1777)
    assert trust.foreign(str(path), ME_ONLY) == ""
    path.parent.chmod(0o1777)
    assert trust.foreign(str(path), ME_ONLY) == ""
    assert "everybody" in trust.foreign(str(path.parent), ME_ONLY)


def test_something_in_a_folder(tmp_path: Path) -> None:
    path = tree(tmp_path)
    path.chmod(0o666)
    assert trust.foreign(str(path.parent), ME_ONLY) == ""
    assert str(path) in trust.foreign_below(str(path.parent.parent), ME_ONLY)


def test_links_lead_to_what_counts(tmp_path: Path) -> None:
    path = tree(tmp_path)
    link = tmp_path / "link"
    link.symlink_to(path)
    assert trust.foreign(str(link), ME_ONLY) == ""
    path.chmod(0o666)
    assert "everybody" in trust.foreign(str(link), ME_ONLY)


def test_a_group_counts_unless_it_is_the_owners_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tree(tmp_path)
    path.chmod(0o664)
    found = path.stat()
    owner = pwd.struct_passwd(("anna", "x", found.st_uid, found.st_gid, "", "/", "sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: owner)

    def group(name: str, *members: str) -> None:
        made = grp.struct_group((name, "x", found.st_gid, list(members)))
        monkeypatch.setattr(grp, "getgrgid", lambda _: made)

    group("anna")
    assert trust.foreign(str(path), ME_ONLY) == ""
    group("anna", "anna")
    assert trust.foreign(str(path), ME_ONLY) == ""
    group("anna", "anna", "bert")
    assert f"group {found.st_gid}" in trust.foreign(str(path), ME_ONLY)
    group("users")
    assert f"group {found.st_gid}" in trust.foreign(str(path), ME_ONLY)


def test_a_group_that_nobody_knows_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(number: int) -> None:
        raise KeyError(number)

    path = tree(tmp_path)
    path.chmod(0o664)
    monkeypatch.setattr(grp, "getgrgid", unknown)
    assert "group" in trust.foreign(str(path), ME_ONLY)


@pytest.mark.privileged
@pytest.mark.skipif(ME != 0, reason="only root gives files away")
@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_owner_counts_too(tmp_path: Path, level: int) -> None:
    path = tree(tmp_path)
    given = [path, *path.parents][level]
    os.chown(given, 4242, 4242)
    assert trust.foreign(str(path), []) == f"{given} belongs to user 4242"
    assert trust.foreign(str(path), [4242]) == ""
    if level:
        given.chmod(0o1777)
        assert "belongs to user 4242" in trust.foreign(str(path), [])


def test_what_vanishes_meanwhile_is_no_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tree(tmp_path)
    scandir = os.scandir

    def late(folder: str) -> object:
        entries = scandir(folder)
        if Path(folder) == path.parent:
            path.unlink(missing_ok=True)
        return entries

    monkeypatch.setattr(os, "scandir", late)
    assert trust.foreign_below(str(path.parent.parent), ME_ONLY) == ""
