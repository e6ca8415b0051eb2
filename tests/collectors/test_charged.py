"""CPU time of all tasks as cgroups add it up: version 1, version 2, and neither."""

import os
import time
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs import charged
from montauk_tui.collectors.procfs.charged import Charged, ChargedTime


class Machine:
    """Folders as of /proc and /sys, in the initial cgroup namespace."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proc, self.sys = folder / "proc", folder / "sys"
        self.cgroups = self.sys / "fs/cgroup"
        namespace = self.proc / "self/ns/cgroup"
        namespace.parent.mkdir(parents=True)
        namespace.touch()
        inode = namespace.stat().st_ino
        monkeypatch.setattr(charged, "_INITIAL_CGROUP_NAMESPACE", inode)

    def write(self, path: str, text: str) -> None:
        (self.cgroups / path).parent.mkdir(parents=True, exist_ok=True)
        (self.cgroups / path).write_text(text)

    def group(self, name: str, usage_us: int) -> None:
        self.write(f"{name}/cpu.stat", f"usage_usec {usage_us}\nuser_usec 0\n")

    def reader(self) -> Charged:
        return Charged(str(self.proc), str(self.sys))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_version_1_has_it_in_its_root(machine: Machine) -> None:
    machine.write("cpuacct/cpuacct.usage", "2500000000\n")
    machine.write("unified/cgroup.controllers", "")
    assert machine.reader().read() == ChargedTime(2.5, has_kernel_threads=True)


def grown(machine: Machine, reader: Charged) -> float:
    before = reader.read()
    assert before is not None
    machine.group("system.slice", 3_000_000)
    machine.group("new.slice", 250_000)
    now = reader.read()
    assert now is not None
    assert not now.has_kernel_threads
    return now.seconds - before.seconds


@pytest.mark.parametrize("root", ["", "unified/"])
def test_version_2_has_it_below_its_root(machine: Machine, root: str) -> None:
    machine.cgroups /= root
    machine.write("cgroup.controllers", "cpu memory\n")
    machine.write("cpu.stat", "usage_usec 99000000\n")
    machine.group("system.slice", 2_000_000)
    machine.group("gone.slice", 5_000_000)
    machine.cgroups = machine.sys / "fs/cgroup" / root
    reader = machine.reader()
    assert grown(machine, reader) == pytest.approx(1.25)
    # One that is removed takes nothing back; made again it begins at nothing.
    (machine.cgroups / "gone.slice/cpu.stat").unlink()
    (machine.cgroups / "gone.slice").rmdir()
    before = reader.read()
    machine.group("gone.slice", 500_000)
    now = reader.read()
    assert before is not None
    assert now is not None
    assert now.seconds - before.seconds == pytest.approx(0.5)


def test_a_group_made_again_between_two_readings(machine: Machine) -> None:
    machine.write("cgroup.controllers", "")
    machine.group("a", 9_000_000)
    reader = machine.reader()
    before = reader.read()
    machine.group("a", 1_000_000)
    now = reader.read()
    assert before is not None
    assert now is not None
    assert now.seconds - before.seconds == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["", "many\n", "usage_usec\n"])
def test_what_makes_no_sense_is_unknown(machine: Machine, text: str) -> None:
    machine.write("cgroup.controllers", "")
    machine.write("a/cpu.stat", text)
    assert machine.reader().read() in (None, ChargedTime(0.0, has_kernel_threads=False))
    machine.write("cpuacct/cpuacct.usage", text)
    assert machine.reader().read() is None


def test_without_cgroups_or_in_a_namespace_of_them_nothing_is_known(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert machine.reader().read() is None
    machine.write("cpuacct/cpuacct.usage", "1\n")
    monkeypatch.setattr(charged, "_INITIAL_CGROUP_NAMESPACE", 1)
    assert machine.reader().read() is None


def test_this_machine_charges_what_a_process_uses() -> None:
    reader = Charged()
    before = reader.read()
    if before is None or not before.has_kernel_threads:
        pytest.skip("no cgroup of this machine has all tasks in it")
    used_s = -time.process_time()
    while time.process_time() + used_s < 0.2:
        os.getppid()
    now = reader.read()
    assert now is not None
    # A running task is brought up to date at ticks.
    assert now.seconds - before.seconds >= 0.15
