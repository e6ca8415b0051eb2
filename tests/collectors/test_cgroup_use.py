"""Rows of Groups of this machine: equal to the cgroup's files and to systemd-cgtop."""

import contextlib
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from montauk_tui.collectors import registry
from montauk_tui.collectors.procfs.cgroup_reader import read_cgroups
from montauk_tui.engine.columns.cells import command_text
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.groups.criteria import CRITERIA
from montauk_tui.engine.groups.rows import grouped
from montauk_tui.engine.interval.cgroup_rates import cgroup_rates
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.model.cgroups import CPU, NEEDS
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource
from tests.support.cgroups import OwnCgroup, cgroup_everywhere
from tests.support.patience import until

MIB: Final = 1 << 20
CGTOP: Final = shutil.which("systemd-cgtop")
NEEDED: Final = Need.CMDLINE | Need.IO | Need.AT_ONCE | Need.of("cgroup") | NEEDS

_WORKER: Final = """
import mmap, os, sys, time
block = mmap.mmap(-1, 1 << 20)
block.write(b"x" * len(block))
for line in sys.stdin:
    verb, number, *path = line.split()
    if verb == "spin":
        end_s = time.process_time() + float(number)
        while time.process_time() < end_s:
            pass
    else:
        # Past the page cache, which would write it later, in another cgroup.
        fd = os.open(*path, os.O_RDWR | os.O_CREAT | os.O_DIRECT)
        for _ in range(int(number)):
            os.write(fd, block)
        os.lseek(fd, 0, 0)
        for _ in range(int(number) // 2):
            os.readv(fd, [block])
        os.close(fd)
    print("done", flush=True)
"""
_TICKS_S: Final = 0.05
"""/proc/PID/stat has ticks: user and system time are rounded, before and after."""


class Worker:
    """A process in the cgroup that works as it is told, and sleeps between."""

    def __init__(self, own: OwnCgroup) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _WORKER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        own.take(self.process.pid)

    def begin(self, *words: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        self.process.stdin.flush()

    def do(self, *words: object) -> None:
        """Return when it has done that."""
        self.begin(*words)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if self.process.stdout.readline() != b"done\n":
            *_, why = self.process.stderr.read().decode().splitlines()
            pytest.skip(f"it cannot be done here: {why}")


class Use(NamedTuple):
    """What a cgroup used in an interval."""

    cpu_s: float
    read_bytes: float
    write_bytes: float


@pytest.fixture
def own() -> Iterator[OwnCgroup]:
    """Return a cgroup."""
    if os.geteuid():
        pytest.skip("only root can make cgroups")
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(cgroup_everywhere())
        except OSError as error:
            pytest.skip(f"no cgroup can be made here: {error}")


@pytest.fixture
def worker(own: OwnCgroup) -> Iterator[Worker]:
    """Return a process in it."""
    worker = Worker(own)
    with worker.process:
        yield worker
        worker.process.kill()


@contextlib.contextmanager
def frames(name: str) -> Iterator[FrameSource]:
    """Return a source of frames from one collector."""
    try:
        source = FrameSource(registry.open_collector(name))
    except CollectorUnavailable as error:
        pytest.skip(f"collector {name} does not work here: {error}")
    with contextlib.closing(source):
        yield source


def row_of(frame: Frame, own: OwnCgroup) -> tuple[Frame, int]:
    """Return the groups, and the row of the cgroup."""
    listed = grouped(frame, CRITERIA["cgroup"], tree=False)
    names = [command_text(listed, row) for row in range(len(listed.sample.processes))]
    return listed, names.index(own.path)


def by_processes(frame: Frame, own: OwnCgroup) -> Use:
    """Return the sums over its processes, of the columns of the tab."""
    listed, row = row_of(frame, own)
    cpu_pct, read, written = (
        float(COLUMNS[it].key(listed)[row])
        for it in ("cpu_pct", "io_read_rate", "io_write_rate")
    )
    seconds = frame.interval_s or 0.0
    return Use(cpu_pct * seconds / 100, read * seconds, written * seconds)


def by_kernel(before: Frame, frame: Frame, own: OwnCgroup) -> Use:
    """Return what the columns show that the kernel counts for the cgroup."""
    listed, row = row_of(frame, own)
    cpu_pct, read, written = (
        float(COLUMNS[it].key(listed)[row])
        for it in ("cgroup_cpu_pct", "cgroup_read_rate", "cgroup_write_rate")
    )
    first, last = before.sample.cgroups, frame.sample.cgroups
    seconds = last.figures[own.path].read_s - first.figures[own.path].read_s
    return Use(cpu_pct * seconds / 100, read * seconds, written * seconds)


def by_files(own: OwnCgroup) -> Use:
    """Return the counters in its files, read by other code than montauk's."""
    try:
        cpu_s = int(own.file("cpuacct/cpuacct.usage").read_text()) / 1e9
    except FileNotFoundError:
        words = own.file("cpu.stat").read_text().split()
        cpu_s = int(words[words.index("usage_usec") + 1]) / 1e6
    names = "blkio/blkio.throttle.io_service_bytes_recursive", "io.stat"
    words = own.file(*names).read_text().replace("=", " ").split()

    def bytes_of(*keys: str) -> int:
        return sum(int(number) for key, number in pairwise(words) if key in keys)

    return Use(cpu_s, bytes_of("Read", "rbytes"), bytes_of("Write", "wbytes"))


def grown(before: Use, after: Use) -> Use:
    return Use(*(last - first for first, last in zip(before, after, strict=True)))


def test_cpu_use_is_that_of_its_file(own: OwnCgroup, worker: Worker) -> None:
    """Whatever else the machine does: it sleeps when it is looked at."""
    worker.do("spin", 0.1)
    with frames("traditional") as source:
        first, before = source.next_frame(NEEDED), by_files(own)
        worker.do("spin", 1.0)
        last, after = source.next_frame(NEEDED), by_files(own)
    in_file = grown(before, after).cpu_s
    assert in_file >= 1.0
    assert by_kernel(first, last, own).cpu_s == pytest.approx(in_file, abs=_TICKS_S)
    assert by_processes(last, own).cpu_s == pytest.approx(in_file, abs=_TICKS_S)


@pytest.mark.privileged
def test_cpu_use_of_what_exited_is_in_it(own: OwnCgroup, worker: Worker) -> None:
    gone = Worker(own)
    used_s = exited_s = 0.0
    with gone.process, frames("netlink") as source:
        # What it takes to start Python belongs to the time before.
        gone.do("spin", 0.0)
        worker.do("spin", 0.0)
        source.next_frame(NEEDED)
        before = by_files(own)
        gone.do("spin", 0.5)
        worker.do("spin", 0.5)
        gone.process.kill()
        gone.process.wait()
        after = by_files(own)

        def is_reported() -> bool:
            nonlocal used_s, exited_s
            frame = source.next_frame(NEEDED)
            listed, row = row_of(frame, own)
            exited_pct = float(COLUMNS["short_pct"].key(listed)[row])
            exited_s += exited_pct * (frame.interval_s or 0.0) / 100
            used_s += by_processes(frame, own).cpu_s
            exits = frame.sample.exits
            return exits is not None and gone.process.pid in exits.pid.tolist()

        until(is_reported, "the exit")
    assert used_s == pytest.approx(grown(before, after).cpu_s, abs=_TICKS_S)
    assert exited_s == pytest.approx(0.5, abs=_TICKS_S)


def test_reads_and_writes_are_those_of_its_file(
    own: OwnCgroup, worker: Worker, tmp_path: Path
) -> None:
    with frames("traditional") as source:
        first, before = source.next_frame(NEEDED), by_files(own)
        worker.do("write", 4, tmp_path / "written")
        last, after = source.next_frame(NEEDED), by_files(own)
    in_file = grown(before, after)
    processes = by_processes(last, own)
    if not processes.write_bytes:
        pytest.skip(f"{tmp_path} is on no disk")
    assert processes.write_bytes == pytest.approx(4 * MIB, rel=0.05)
    assert processes.read_bytes == pytest.approx(2 * MIB, rel=0.05)
    if not in_file.write_bytes:
        kernel = by_kernel(first, last, own)
        assert math.isnan(kernel.write_bytes) or by_files(own).write_bytes
        return
    assert in_file.write_bytes >= 4 * MIB
    assert in_file.read_bytes >= 2 * MIB
    kernel = by_kernel(first, last, own)
    assert kernel.read_bytes == pytest.approx(in_file.read_bytes, abs=1.0)
    assert kernel.write_bytes == pytest.approx(in_file.write_bytes, abs=1.0)
    # The disk may get a block of the file system's own, in its name.
    assert processes.read_bytes == pytest.approx(in_file.read_bytes, rel=0.05)
    assert processes.write_bytes == pytest.approx(in_file.write_bytes, rel=0.05)


@pytest.mark.skipif(CGTOP is None, reason="needs systemd-cgtop, of the package systemd")
def test_cpu_use_is_that_of_systemd_cgtop(own: OwnCgroup, worker: Worker) -> None:
    worker.begin("spin", 3600)

    def agree() -> bool:
        assert CGTOP is not None
        command = [CGTOP, "--batch", "--raw", "--iterations=2", "--delay=1s"]
        first = read_cgroups([own.path], CPU)
        done = subprocess.run(
            [*command, "--depth=9"], capture_output=True, text=True, check=True
        )
        rates = cgroup_rates(first, read_cgroups([own.path], CPU))[own.path]
        lines = [line.split() for line in done.stdout.splitlines()]
        shown = [line[2] for line in lines if line[:1] == [own.path]]
        assert rates["cgroup_cpu_pct"] > 0
        if not shown or shown[-1] == "-":
            return False
        return float(shown[-1]) == pytest.approx(rates["cgroup_cpu_pct"], rel=0.1)

    # The two intervals are not quite the same, and the machine may give it less.
    until(agree, "the same as in systemd-cgtop")
