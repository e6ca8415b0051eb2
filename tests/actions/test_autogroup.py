"""The nice value of autogroups, of real processes and of a made-up /proc."""

from pathlib import Path

import pytest

from montauk_tui.actions.autogroup import AutogroupNice
from montauk_tui.model.outcome import Outcome
from montauk_tui.model.sample import Identity
from tests.support.children import child


def made_up(tmp_path: Path, pid: int, text: str) -> Path:
    folder = tmp_path / str(pid)
    folder.mkdir(exist_ok=True)
    file = folder / "autogroup"
    file.write_text(text)
    return file


def test_a_group_is_changed_once_however_many_of_it_are_tagged(tmp_path: Path) -> None:
    with child() as (_, one), child() as (_, two):
        files = [
            made_up(tmp_path, it.pid, "/autogroup-7 nice 3\n") for it in (one, two)
        ]
        group = AutogroupNice(1, str(tmp_path))
        results = [group.add(it) for it in (one, two)]
    assert [it.outcome for it in results] == [Outcome.DONE] * 2
    assert {it.reason for it in results} == {"autogroup-7 has 4 now"}
    # The kernel takes what is written as a number of its own, not as a part of a file.
    assert files[0].read_text().endswith("4\n")
    assert files[1].read_text() == "/autogroup-7 nice 3\n"


@pytest.mark.parametrize(("step", "value"), [(1, 19), (-1, -20)])
def test_there_are_limits(tmp_path: Path, step: int, value: int) -> None:
    with child() as (_, one):
        made_up(tmp_path, one.pid, f"/autogroup-7 nice {value}\n")
        result = AutogroupNice(step, str(tmp_path)).add(one)
    assert result.outcome is Outcome.REFUSED
    assert result.reason == f"autogroup-7 has {value} already"


def test_who_is_in_none_is_refused(tmp_path: Path) -> None:
    with child() as (_, one):
        made_up(tmp_path, one.pid, "")
        result = AutogroupNice(1, str(tmp_path)).add(one)
    assert result.outcome is Outcome.REFUSED
    assert "no autogroup" in result.reason


def test_where_autogroups_are_off_the_switch_is_named(tmp_path: Path) -> None:
    switch = tmp_path / "sys" / "kernel" / "sched_autogroup_enabled"
    switch.parent.mkdir(parents=True)
    switch.write_text("0\n")
    with child() as (_, one):
        made_up(tmp_path, one.pid, "/autogroup-7 nice 0\n")
        result = AutogroupNice(1, str(tmp_path)).add(one)
    assert "sysctl kernel.sched_autogroup_enabled=1" in result.reason


def test_a_kernel_without_autogroups_is_told(tmp_path: Path) -> None:
    with child() as (_, one):
        result = AutogroupNice(1, str(tmp_path)).add(one)
    assert "CONFIG_SCHED_AUTOGROUP" in result.reason


def test_who_took_the_pid_is_left_alone(tmp_path: Path) -> None:
    with child() as (_, one):
        file = made_up(tmp_path, one.pid, "/autogroup-7 nice 0\n")
        other = Identity(one.pid, one.start_ticks - 1)
        result = AutogroupNice(1, str(tmp_path)).add(other)
    assert result.outcome is Outcome.EXITED
    assert file.read_text() == "/autogroup-7 nice 0\n"
