"""Copying what is selected, and writing the view to a file."""

import os
import stat
from pathlib import Path

import pytest

from montauk_tui.config import Settings
from montauk_tui.session.actions import copying
from montauk_tui.session.effects import Ask, Choose, Copy, EndAsking, Say, Work
from tests.support.acting import Children, desk_of
from tests.support.desk import Desk


def offered(desk: Desk) -> dict[str, str]:
    """Return what can be copied, and its beginning."""
    desk.run("copy")
    (effect,) = desk.effects
    assert isinstance(effect, Choose)
    return {choice.id: choice.description for choice in effect.choices}


def copied(desk: Desk, name: str) -> Copy:
    desk.run("copy")
    desk.answer(name)
    (effect,) = desk.effects
    assert isinstance(effect, Copy)
    return effect


def test_command_pid_or_row(family: Children) -> None:
    pids = [identity.pid for _, identity in family]
    desk = desk_of(family)
    desk.run("move(1)")
    assert [*offered(desk)] == ["command line", "PID", "row"]
    assert copied(desk, "PID") == Copy(
        str(pids[1]), f"PID, {len(str(pids[1]))} characters"
    )
    row = copied(desk, "row").text
    assert row.split()[:2] == [str(pids[1]), "root"]
    assert row.endswith(copied(desk, "command line").text)
    assert "\n" not in row
    desk.run("first", "tag", "tag")
    assert copied(desk, "tagged PIDs").text == f"{pids[0]} {pids[1]}"


def test_what_is_too_long_is_not_copied(
    family: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(family)
    monkeypatch.setattr(copying, "_MOST_BYTES", 2)
    desk.run("copy")
    desk.answer("row")
    assert desk.effects != ()
    assert desk.said == "row not copied: it is longer than 0 KiB"


def test_without_a_row_there_is_nothing_to_copy() -> None:
    desk = Desk(settings=Settings(filter="no such command"))
    desk.run("copy")
    assert desk.said == "no process is selected"


# --- writing --------------------------------------------------------------------------


def test_the_rows_are_written_to_a_new_file_of_ones_own(tmp_path: Path) -> None:
    desk = Desk(settings=Settings(filter="not nginx"))
    desk.run("write")
    (effect,) = desk.effects
    assert isinstance(effect, Ask)
    assert effect.text.startswith("montauk-")
    path = tmp_path / "view.txt"
    desk.run(f"prompt_ended('write', {str(path)!r}, True)")
    count = len(desk.shown_pids)
    assert desk.said == f"wrote {count} rows to {path}"
    assert EndAsking() in desk.effects
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    heading, titles, *rows = path.read_text().splitlines()
    assert heading.endswith('Main  filter not "nginx"')
    assert titles.split()[:2] == ["PID", "USER"]
    assert [int(row.split()[0]) for row in rows] == desk.shown_pids


@pytest.mark.parametrize(
    ("tab", "titles"),
    [
        ("main", ["Command"]),
        ("groups", ["Cgroup", "Unit", "Container", "User", "Program", "Cgroup"]),
        ("spawners", ["Command", "Executable", "Cgroup", "Command"]),
        ("filesystems", ["Mounted on"]),
    ],
)
def test_the_title_above_names_says_what_they_are(
    tmp_path: Path, tab: str, titles: list[str]
) -> None:
    desk = Desk(settings=Settings())
    desk.run(f"tab({tab!r})")
    for at, title in enumerate(titles):
        path = tmp_path / str(at)
        desk.run(f"prompt_ended('write', {str(path)!r}, True)")
        assert path.read_text().splitlines()[1].endswith(f" {title}")
        desk.run("group")


def test_the_tree_is_indented(tmp_path: Path, family: Children) -> None:
    desk = desk_of(family, tree=True)
    path = tmp_path / "tree"
    desk.run(f"prompt_ended('write', {str(path)!r}, True)")
    rows = path.read_text().splitlines()[2:]
    assert [" child" in row and "   child" in row for row in rows] == [
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("kind", ["file", "link", "dangling", "pipe", "folder"])
def test_nothing_that_is_there_is_touched(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "there", tmp_path / "other"
    other.write_text("kept")
    if kind == "file":
        path.write_text("kept")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(other if kind == "link" else tmp_path / "none")
    desk = Desk()
    desk.run(f"prompt_ended('write', {str(path)!r}, True)")
    assert desk.said == f"{path} exists; choose another name"
    assert EndAsking() not in desk.effects
    assert other.read_text() == "kept"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [("none/x", "No such file"), ("a\0b", "null"), ("x" * 300, "too long")],
)
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str, why: str) -> None:
    desk = Desk()
    desk.run(f"prompt_ended('write', {f'{tmp_path}/{name}'!r}, True)")
    assert why in desk.said
    assert desk.said.isprintable()


def test_a_full_disk_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    desk, path = Desk(), tmp_path / "view"
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        desk.run(f"prompt_ended('write', {str(path)!r}, True)")
    assert desk.said == f"{path} not written: No space left on device"
    assert not path.exists()


def test_many_rows_are_written_in_steps_and_a_stopped_one_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_ROWS_A_STEP", 2)
    desk, path = Desk(), tmp_path / "view"
    update = copying.write_view(desk.session, str(path))
    end, said, work = update.effects
    assert isinstance(end, EndAsking)
    assert isinstance(said, Say)
    assert said.text == f"writing {len(desk.shown_pids)} rows to {path}"
    assert isinstance(work, Work)
    for count in (1, 2, 3):
        next(work.steps)
        assert len(path.read_text().splitlines()) == 2 * count
    work.steps.close()
    assert not path.exists()


def test_read_only_writes_nothing(tmp_path: Path) -> None:
    desk, path = Desk(settings=Settings(read_only=True)), tmp_path / "view"
    for action in ("write", f"prompt_ended('write', {str(path)!r}, True)"):
        desk.said = ""
        desk.run(action)
        assert desk.said == "read-only mode: no file is written"
    assert not path.exists()
