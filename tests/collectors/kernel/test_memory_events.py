"""Counts of out-of-memory events, of files made by hand."""

from pathlib import Path

import pytest

from montauk_tui.collectors.kernel import memory_events
from montauk_tui.collectors.kernel.memory_events import MemoryEvents


@pytest.fixture(autouse=True)
def _version_2(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("memory\n")


def make(folder: Path, name: str, text: str) -> int:
    folder.mkdir(parents=True)
    (folder / name).write_text(text)
    return folder.stat().st_ino


def test_both_versions(tmp_path: Path) -> None:
    text = "low 0\nhigh 1\nmax 9\noom 4\noom_kill 3\noom_group_kill 2\n"
    second = make(tmp_path / "api.slice" / "a", "memory.events", text)
    text = "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n"
    first = make(tmp_path / "memory" / "b", "memory.oom_control", text)
    events = MemoryEvents(tmp_path)
    assert events.read(second) == {"oom": 4, "oom_kill": 3, "oom_group_kill": 2}
    assert events.read(first) == {"oom_kill": 7}


def test_a_cgroup_that_is_removed_or_damaged(tmp_path: Path) -> None:
    number = make(tmp_path / "a", "memory.events", "oom_kill x\n")
    events = MemoryEvents(tmp_path)
    assert events.read(number) is None
    (tmp_path / "a" / "memory.events").unlink()
    assert events.read(number) is None


@pytest.mark.parametrize(("pause", "is_found"), [(10**9, False), (0, True)])
def test_the_tree_is_not_walked_again_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: int, *, is_found: bool
) -> None:
    monkeypatch.setattr(memory_events, "_PAUSE", pause)
    events = MemoryEvents(tmp_path)
    assert events.read(1) is None
    number = make(tmp_path / "late", "memory.events", "oom_kill 1\n")
    assert (events.read(number) == {"oom_kill": 1}) is is_found
