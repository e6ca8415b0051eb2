"""Who may change a file that root runs or compiles."""

import errno
import grp
import os
import pwd
import stat
from collections.abc import Iterator
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


class Accounts:
    """Makes the databases of users and groups say what a test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
        self._set = monkeypatch.setattr
        self.path, self.uid = path, path.stat().st_uid
        self.belongs_to(4242)

    def belongs_to(self, gid: int) -> None:
        """Give the file to a group, to write, of which anna is alone."""
        self.gid = gid
        mode = stat.S_IFREG | 0o664
        self.found = os.stat_result((mode, 0, 0, 1, self.uid, gid, *[0] * 4))
        self.users()
        self.group("anna")

    def users(self, *others: int) -> None:
        """Let the owner be anna, and others have her group as their first."""
        anna = self._user("anna", self.uid)
        everybody = [anna, *(self._user(f"user{uid}", uid) for uid in others)]
        self._set(pwd, "getpwuid", lambda _: anna)
        self._set(pwd, "getpwall", lambda: everybody)
        trust._whose_first.cache_clear()  # noqa: SLF001 - of the accounts before

    def _user(self, name: str, uid: int) -> pwd.struct_passwd:
        return pwd.struct_passwd((name, "x", uid, self.gid, "", "/", "sh"))

    def group(self, name: str, *members: str) -> None:
        made = grp.struct_group((name, "x", self.gid, list(members)))
        self._set(grp, "getgrgid", lambda _: made)

    def why(self) -> str:
        return trust.foreign_entry(str(self.path), self.found, [self.uid])


@pytest.fixture
def accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Accounts]:
    yield Accounts(monkeypatch, tree(tmp_path))
    trust._whose_first.cache_clear()  # noqa: SLF001 - of what was made up


def test_a_group_counts_unless_it_is_the_owners_alone(accounts: Accounts) -> None:
    assert accounts.why() == ""
    accounts.group("anna", "anna")
    assert accounts.why() == ""
    accounts.group("anna", "anna", "bert")
    assert f"group {accounts.gid}" in accounts.why()
    accounts.group("users")
    assert f"group {accounts.gid}" in accounts.why()


def test_a_group_counts_that_is_the_first_of_another_user(accounts: Accounts) -> None:
    """The group does not list those whose first one it is (getgrent(3))."""
    accounts.users(4711)
    assert f"group {accounts.gid}" in accounts.why()


def test_the_group_of_root_counts(accounts: Accounts) -> None:
    """Some systems put administrators into it."""
    accounts.belongs_to(0)
    assert "group 0" in accounts.why()


def test_an_access_control_list_counts(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getxattr", lambda *_: b"list")
    assert f"group {accounts.gid}" in accounts.why()


@pytest.mark.parametrize(
    ("number", "is_fine"),
    [(errno.ENODATA, True), (errno.ENOTSUP, True), (errno.EACCES, False)],
)
def test_a_file_that_may_have_such_a_list_counts_too(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, number: int, *, is_fine: bool
) -> None:
    def fails(*_: object) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "getxattr", fails)
    assert (accounts.why() == "") is is_fine


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
