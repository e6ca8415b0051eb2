"""The paths of cgroups by their numbers, on made-up trees."""

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from montauk_tui.collectors import cgroups as module
from montauk_tui.collectors.cgroups import Cgroups


@pytest.mark.parametrize("below", ["", "unified"])
def test_a_number_is_that_of_a_folder_of_version_2(tmp_path: Path, below: str) -> None:
    top = tmp_path / below
    own = top / "system.slice" / "a\x1b.service"
    own.mkdir(parents=True)
    (top / "cgroup.controllers").touch()
    other = tmp_path / "memory" / "x"
    other.mkdir(parents=True)
    cgroups = Cgroups(tmp_path)
    assert cgroups.path(own.stat().st_ino) == r"/system.slice/a\x1b.service"
    assert cgroups.path(top.stat().st_ino) == "/"
    number = other.stat().st_ino
    if below:
        assert cgroups.path(number) == f"cgroup {number}"


def test_without_version_2_there_are_only_numbers(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    number = tmp_path.stat().st_ino
    assert Cgroups(tmp_path).path(number) == f"cgroup {number}"


class SlowTree:
    """A tree of ten folders, each of which takes a millisecond to look at."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch) -> None:
        self.now_s, self.looked_at, self.path = 100.0, 0, path
        self._stat = os.stat
        (path / "cgroup.controllers").touch()
        for number in range(9):
            (path / f"a{number}.scope").mkdir()
        fake = SimpleNamespace(walk=os.walk, fsencode=os.fsencode, stat=self._look)
        patch.setattr(module, "os", fake)
        patch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now_s))

    def _look(self, path: str) -> os.stat_result:
        self.looked_at += 1
        self.now_s += 0.001
        return self._stat(path)

    @property
    def numbers(self) -> list[int]:
        return [self._stat(path).st_ino for path in self.path.glob("*.scope")]


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SlowTree:
    return SlowTree(tmp_path, monkeypatch)


def known(cgroups: Cgroups, tree: SlowTree) -> int:
    return sum(cgroups.path(number).startswith("/a") for number in tree.numbers)


def test_who_draws_waits_5_ms_and_the_sampling_thread_does_the_rest(
    slow: SlowTree,
) -> None:
    cgroups = Cgroups(slow.path)
    for _ in range(3):
        assert known(cgroups, slow) < 5
    assert slow.looked_at == 5
    cgroups.finish()
    assert known(cgroups, slow) == 9
    assert slow.looked_at == 10
    cgroups.finish()
    assert slow.looked_at == 10


def test_an_export_waits_for_all_of_it(slow: SlowTree) -> None:
    cgroups = Cgroups(slow.path)
    cgroups.at_once = True
    assert known(cgroups, slow) == 9


def test_an_unknown_number_is_not_looked_for_again_at_once(slow: SlowTree) -> None:
    cgroups = Cgroups(slow.path)
    cgroups.at_once = True
    for _ in range(3):
        assert cgroups.path(1) == "cgroup 1"
    assert slow.looked_at == 10
    slow.now_s += 5.0
    cgroups.path(1)
    assert slow.looked_at == 20


def test_a_removed_cgroup_keeps_its_name(slow: SlowTree) -> None:
    cgroups = Cgroups(slow.path)
    cgroups.at_once = True
    number = (slow.path / "a3.scope").stat().st_ino
    assert cgroups.path(number) == "/a3.scope"
    (slow.path / "a3.scope").rmdir()
    slow.now_s += 5.0
    cgroups.path(1)
    assert cgroups.path(number) == "/a3.scope"


def test_who_draws_does_not_wait_while_another_thread_walks(
    slow: SlowTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    cgroups = Cgroups(slow.path)
    cgroups.path(1)
    walking, done = threading.Event(), threading.Event()
    look = slow._look  # noqa: SLF001 - as the walk does

    def wait(path: str) -> os.stat_result:
        walking.set()
        done.wait()
        return look(path)

    monkeypatch.setattr(f"{module.__name__}.os.stat", wait)
    thread = threading.Thread(target=cgroups.finish)
    thread.start()
    walking.wait()
    assert cgroups.path(1) == "cgroup 1"
    done.set()
    thread.join()
    assert slow.looked_at == 10
