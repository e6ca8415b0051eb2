"""File systems: made-up mounts, ones that do not answer, and those of this machine."""

import errno
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from montauk_tui.collectors.procfs import filesystems as module
from montauk_tui.collectors.procfs.figures import Reasons
from montauk_tui.collectors.procfs.filesystems import (
    MOST_MOUNTS,
    MOST_STUCK,
    FileSystems,
)
from montauk_tui.model.devices import Listed
from tests.support.patience import until

MIB = 1 << 20


def mount(
    path: str, device: str = "8:1", kind: str = "ext4", options: str = "rw"
) -> str:
    """Return a line of /proc/self/mountinfo."""
    return f"36 35 {device} / {path} {options} shared:1 - {kind} /dev/{device} rw\n"


def answer(blocks: int = 1000) -> os.statvfs_result:
    """Return what statvfs says of blocks of 4 KiB, of which 300 are free."""
    free, for_users, files, free_files = 300, 200, 1000, 900
    return os.statvfs_result(
        (4096, 4096, blocks, free, for_users, files, free_files, free_files, 0, 255)
    )


class Machine:
    """Answers for mounts, except those that hang."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.hanging: set[bytes] = set()
        self.free = threading.Event()
        self.files = FileSystems(self._statvfs)
        self.reasons = Reasons()

    def _statvfs(self, path: bytes) -> os.statvfs_result:
        self.asked.append(path)
        if path in self.hanging:
            self.free.wait()
        if path.startswith(b"/error"):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return answer(0 if path.startswith(b"/proc") else 1000)

    def read(self, *lines: str) -> dict[str, Listed]:
        text = "".join(lines).encode("latin-1")
        return self.files.read(text, self.reasons, is_patient=True)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setattr(module, "_PATIENT_S", 60.0)
    machine = Machine()
    yield machine
    machine.free.set()


def test_a_file_system(machine: Machine) -> None:
    assert machine.read(mount("/home")) == {
        "/home": Listed(
            {
                "size_bytes": 1000 * 4096, "used_bytes": 700 * 4096,
                "free_bytes": 200 * 4096, "inodes": 1000, "free_inodes": 900,
            },
            {"fs_type": "ext4", "fs_source": "/dev/8:1", "fs_mode": "rw"},
        )
    }  # fmt: skip


def test_those_without_blocks_are_left_out_as_by_df(machine: Machine) -> None:
    assert [*machine.read(mount("/proc", kind="proc"), mount("/", "8:2"))] == ["/"]


def test_of_several_mounts_of_a_device_the_shortest_is_listed(machine: Machine) -> None:
    lines = [mount("/srv/data"), mount("/data"), mount("/bind/data"), "garbage\n"]
    assert [*machine.read(*lines)] == ["/data"]
    assert machine.asked == [b"/data"]


def test_of_several_mounts_at_a_place_the_last_is_seen(machine: Machine) -> None:
    found = machine.read(mount("/x", "8:1"), mount("/x", "8:2", "xfs", "ro"))
    assert found["/x"].texts == {
        "fs_type": "xfs", "fs_source": "/dev/8:2", "fs_mode": "ro",
    }  # fmt: skip


def test_hostile_mount_points_are_written_out_and_asked_for(machine: Machine) -> None:
    path = "/a\\040b\\012\\033[2J\\134x"
    assert [*machine.read(mount(path))] == [r"/a b\n\x1b[2J\x"]
    assert machine.asked == [b"/a b\n\x1b[2J\\x"]


def test_what_may_mount_is_not_asked(machine: Machine) -> None:
    assert machine.read(mount("/net", kind="autofs")) == {}
    assert machine.asked == []


def test_why_one_cannot_be_asked(machine: Machine) -> None:
    (one,) = machine.read(mount("/error", kind="fuse.x")).values()
    assert one == Listed({}, one.texts, "Permission denied")


def test_of_5_000_mounts_some_are_asked_and_it_is_said(machine: Machine) -> None:
    lines = [mount(f"/m/{number:04}", f"0:{number}") for number in range(5_000)]
    assert len(machine.read(*lines)) == MOST_MOUNTS == len(machine.asked)
    assert machine.reasons.lines == [
        "self/mountinfo: 4488 of 5000 file systems are not listed"
    ]


def test_one_that_does_not_answer_costs_nothing_but_its_own_row(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENT_S", 0.05)
    lines = [
        mount("/nfs", "0:9", "nfs4"),
        mount("/", "8:1"),
        mount("/z", "0:8", "fuse"),
    ]
    machine.hanging = {b"/nfs"}
    until(lambda: machine.read(*lines)["/z"].values, "others are asked")
    found = machine.read(*lines)
    assert found["/"].values
    assert found["/nfs"].values == {}
    assert found["/nfs"].why.startswith("no answer for ")
    assert machine.asked.count(b"/nfs") == 1, "no further thread waits for it"
    machine.free.set()
    until(lambda: machine.read(*lines)["/nfs"].values, "it answers again")


def test_what_was_not_asked_yet_has_a_reason(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENT_S", 0.0)
    machine.hanging = {b"/n1"}
    found = machine.read(mount("/n1", "0:1", "nfs"), mount("/n2", "0:2", "nfs"))
    assert found["/n2"].why == "not asked yet: others do not answer"


def test_only_so_many_threads_wait(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENT_S", 0.05)
    paths = [f"/n{number}" for number in range(MOST_STUCK + 3)]
    machine.hanging = {path.encode() for path in paths}
    lines = [mount(path, f"0:{number}", "nfs") for number, path in enumerate(paths)]

    def is_full() -> bool:
        machine.read(*lines)
        return len(machine.asked) == MOST_STUCK

    until(is_full)
    for _ in range(5):
        machine.read(*lines)
    assert len(machine.asked) == MOST_STUCK


def test_without_another_thread_the_last_answers_stay(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = machine.read(mount("/"))

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert machine.read(mount("/")) == before


def test_an_unmounted_one_is_forgotten(machine: Machine) -> None:
    machine.read(mount("/a", "0:1"), mount("/b", "0:2"))
    assert [*machine.read(mount("/b", "0:2"))] == ["/b"]


def test_the_sizes_are_those_of_df() -> None:
    text = Path("/proc/self/mountinfo").read_bytes()
    found = FileSystems().read(text, Reasons(), is_patient=True)
    columns = "--output=target,size,used,avail,itotal"
    command = ["df", "--block-size=1", columns, "/"]

    def agree() -> bool:
        nonlocal found
        found = FileSystems().read(text, Reasons(), is_patient=True)
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        *_, size, used, free, inodes = done.stdout.splitlines()[1].split()
        ours = found["/"].values
        return [float(it) for it in (size, used, free)] == [
            ours["size_bytes"], ours["used_bytes"], ours["free_bytes"],
        ] and inodes in ("-", f"{ours['inodes']:.0f}")  # fmt: skip

    if "/" not in found:
        pytest.skip("the root of this machine has no blocks, or another mount point")
    # Others write to it meanwhile.
    until(agree, "the same as df")
