"""The paths of cgroups by their numbers, on made-up trees."""

from pathlib import Path

import pytest

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
