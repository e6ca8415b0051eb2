"""How often a process's cgroups were throttled, on made-up trees."""

import math
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs.cgroup_file import cpu_folders
from montauk_tui.collectors.procfs.enrich import throttling as module
from montauk_tui.collectors.procfs.enrich.throttling import Throttling

V2 = b"0::/system.slice/a.service\n"


def stat(folder: Path, throttled: int | None = None, periods: int = 0) -> None:
    """Write a cpu.stat file; without a limit version 2 has no such lines."""
    folder.mkdir(parents=True, exist_ok=True)
    text = "usage_usec 5\nuser_usec 3\n"
    if throttled is not None:
        text += f"nr_periods {periods}\nnr_throttled {throttled}\nthrottled_usec 9\n"
    (folder / "cpu.stat").write_text(text)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return the folder of a cgroup without any limit."""
    own = tmp_path / "system.slice/a.service"
    for folder in (tmp_path, own.parent, own):
        stat(folder)
    return own


class Samples:
    """Asks for periods sample by sample."""

    def __init__(self, mount: Path) -> None:
        self.state, self.sample = Throttling(str(mount)), 0

    def next_sample(self) -> None:
        self.sample += 1

    def periods(self, raw: bytes) -> tuple[float, float]:
        return self.state.periods(raw, self.sample)


@pytest.fixture
def throttling(tmp_path: Path) -> Samples:
    return Samples(tmp_path)


def test_without_a_limit_nothing_is_throttled(own: Path, throttling: Samples) -> None:
    assert own.is_dir()
    assert throttling.periods(V2) == (0.0, 0.0)
    throttling.next_sample()
    assert throttling.periods(V2) == (0.0, 0.0)


def test_the_difference_of_two_readings(own: Path, throttling: Samples) -> None:
    stat(own, 100, 1000)
    assert all(map(math.isnan, throttling.periods(V2)))
    stat(own, 103, 1010)
    assert all(map(math.isnan, throttling.periods(V2))), "read once a sample"
    throttling.next_sample()
    assert throttling.periods(V2) == (3.0, 10.0)
    throttling.next_sample()
    assert throttling.periods(V2) == (0.0, 0.0)


def test_the_limit_may_be_above_and_the_worst_counts(
    own: Path, throttling: Samples
) -> None:
    stat(own, 0, 10)
    stat(own.parent, 0, 100)
    throttling.periods(V2)
    stat(own, 1, 20)
    stat(own.parent, 50, 200)
    throttling.next_sample()
    assert throttling.periods(V2) == (50.0, 100.0)
    assert throttling.periods(b"0::/system.slice\n") == (50.0, 100.0)
    stat(own, 11, 30)
    throttling.next_sample()
    assert throttling.periods(V2) == (10.0, 10.0)


def test_a_cgroup_made_anew_counts_from_nothing(own: Path, throttling: Samples) -> None:
    stat(own, 100, 1000)
    throttling.periods(V2)
    stat(own, 1, 2)
    throttling.next_sample()
    assert throttling.periods(V2) == (0.0, 0.0)
    stat(own, 2, 4)
    throttling.next_sample()
    assert throttling.periods(V2) == (1.0, 2.0)


@pytest.mark.parametrize(
    "raw", [b"", b"garbage", b"0::/nowhere/at/all\n", b"0::/../x\n", b"\xff\0::\n"]
)
def test_what_cannot_be_read_is_not_known(tmp_path: Path, raw: bytes) -> None:
    throttling = Samples(tmp_path)
    assert all(map(math.isnan, throttling.periods(raw)))


@pytest.mark.parametrize(
    "text",
    [
        "nr_periods x\nnr_throttled 1\n",
        "nr_periods -1\n" * 9,
        "nr_periods " + "9" * 50,
    ],
)
def test_garbage_is_not_known(tmp_path: Path, text: str) -> None:
    (tmp_path / "cpu.stat").write_text(text)
    assert all(map(math.isnan, Samples(tmp_path).periods(b"0::/\n")))


def test_folders_of_both_versions() -> None:
    assert cpu_folders(b"3:cpu,cpuacct:/docker/ab\n0::/x\n", "/m") == (
        "/m/cpu,cpuacct/docker/ab", "/m/cpu,cpuacct/docker", "/m/cpu,cpuacct",
    )  # fmt: skip
    assert cpu_folders(b"0::/a/b\n", "/m") == (
        "/m/a/b", "/m/a", "/m", "/m/unified/a/b", "/m/unified/a", "/m/unified",
    )  # fmt: skip
    assert cpu_folders(b"0::/\n1:name=systemd:/x\n", "/m") == ("/m", "/m/unified")
    assert len(cpu_folders(b"0::" + b"/a" * 2000 + b"\n", "/m")) == 64


def test_cgroups_that_nobody_asks_for_are_forgotten(
    own: Path, throttling: Samples
) -> None:
    stat(own, 1, 1)
    throttling.periods(V2)
    assert len(throttling.state) == 6
    throttling.sample += module._FORGOTTEN_AFTER  # noqa: SLF001
    throttling.periods(b"0::/\n")
    assert len(throttling.state) == 2
