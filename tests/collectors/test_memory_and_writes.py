"""What processes hold and write, beside what the kernel tells elsewhere."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from montauk_tui.collectors.base import Collector
from montauk_tui.collectors.kernel.btf import Btf, BtfError
from montauk_tui.model.sample import Identity, Sample
from montauk_tui.model.schema import UNKNOWN, Need
from tests.support.patience import until

KIB, MIB = 1 << 10, 1 << 20
NEAR = 64 * KIB


@contextlib.contextmanager
def program(code: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run Python code that says `ready` and goes on when its input says so."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        expect(process, b"ready\n")
        yield process
        process.kill()


def expect(process: subprocess.Popen[bytes], line: bytes) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == line


def go_on(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()


def row_of(sample: Sample, pid: int) -> int:
    (row,) = np.flatnonzero(sample.processes.pid == pid).tolist()
    return int(row)


# --- resident memory ------------------------------------------------------------------


def size_in(text: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    assert found is not None, name
    return int(found[1]) * KIB


def resident(pid: int) -> int:
    """Return what the page tables say, with which no counter can disagree."""
    return size_in(Path(f"/proc/{pid}/smaps_rollup").read_text("ascii"), "Rss")


def must_be_exact(name: str, pids: list[int]) -> None:
    """Skip where the kernel does not tell this collector the exact size."""
    if name == "kernel":
        with contextlib.suppress(OSError, BtfError):
            field = Btf().field("mm_struct", "rss_stat")
            if field is not None and field.size > 0:
                return
        pytest.skip("the kernel does not tell how it counts")
    page = os.sysconf("SC_PAGE_SIZE")
    for pid in pids:
        words = Path(f"/proc/{pid}/statm").read_text("ascii").split()
        if abs(int(words[1]) * page - resident(pid)) > NEAR:
            pytest.skip("statm of this kernel leaves out what the CPUs keep back")


MOVE_AND_TOUCH = """
import mmap, os, sys
memory = mmap.mmap(-1, 200 * 4096)
for page in range(200):
    os.sched_setaffinity(0, {sorted(cpus)[page % len(cpus)]} if page else (
        cpus := os.sched_getaffinity(0)))
    memory[page * 4096] = 1
print("ready", flush=True)
sys.stdin.readline()
for page in range(0, 200):
    memory.madvise(mmap.MADV_DONTNEED, page * 4096, 4096)
print("less", flush=True)
sys.stdin.readline()
"""
"""Each CPU in turn touches a page: each keeps some of them back."""


def test_resident_memory_is_what_the_page_tables_say(collector: Collector) -> None:
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(program(MOVE_AND_TOUCH)) for _ in range(4)]
        pids = [process.pid for process in processes]
        must_be_exact(collector.name, pids)
        # Nothing but the second sample would show what was not read again.
        for needs in (Need.NONE, Need.SHARED, Need.SHARED):
            table = collector.sample(needs).processes
            rows = np.searchsorted(table.pid, pids)
            assert table.pid[rows].tolist() == pids
            off = table.rss_bytes[rows] - [resident(pid) for pid in pids]
            assert np.abs(off).max() <= NEAR
        assert np.all(table.shared_bytes <= table.rss_bytes)
        assert np.all(table.shared_bytes[rows] > 0)
        for process in processes:
            go_on(process)
            expect(process, b"less\n")
        table = collector.sample(Need.NONE).processes
        rows = np.searchsorted(table.pid, pids)
        off = table.rss_bytes[rows] - [resident(pid) for pid in pids]
        assert np.abs(off).max() <= NEAR


# --- the peak -------------------------------------------------------------------------

BIG_PARENT = """
import os, sys
memory = bytearray(200 << 20)
print("ready", flush=True)
sys.stdin.readline()
small = os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", ""], {})
os.waitpid(small, 0)
forked = os.fork()
if not forked:
    more = bytearray(30 << 20)
    os._exit(0)
os.waitpid(forked, 0)
print(small, forked, flush=True)
sys.stdin.readline()
"""


def test_the_peak_is_that_of_the_program_not_of_who_started_it(
    collector: Collector,
) -> None:
    if collector.sample(Need.NONE).exits is None:
        pytest.skip("it sees no ends")
    peaks: dict[int, int] = {}
    with program(BIG_PARENT) as parent:
        go_on(parent)
        assert parent.stdout is not None
        small, forked = map(int, parent.stdout.readline().split())

        def has_ended() -> bool:
            exits = collector.sample(Need.NONE).exits
            assert exits is not None
            peaks.update(
                zip(exits.pid.tolist(), exits.peak_rss_bytes.tolist(), strict=True)
            )
            return {small, forked} <= peaks.keys()

        until(has_ended, "two ends")
    if peaks[small] == UNKNOWN:
        pytest.skip("it does not know the memory of who has ended")
    assert MIB < peaks[small] < 100 * MIB
    assert 220 * MIB < peaks[forked] < 400 * MIB


# --- cancelled writes -----------------------------------------------------------------

WRITE_AND_CANCEL = """
import os, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
written = 0
def write():
    os.ftruncate(file, 0)
    os.pwrite(file, bytes(8 << 20), 0)
def counts():
    text = open("/proc/self/io").read()
    words = dict(line.split(": ") for line in text.splitlines())
    return int(words["write_bytes"]), int(words["cancelled_write_bytes"])
print("ready", flush=True)
while sys.stdin.readline():
    for _ in range(3):
        write()
    os.ftruncate(file, 0)
    print(*counts(), flush=True)
"""


def test_writes_that_were_cancelled_are_not_counted(
    collector: Collector, tmp_path: Path
) -> None:
    with program(WRITE_AND_CANCEL, str(tmp_path / "file")) as process:
        who = Identity(process.pid, 0)
        for _ in range(2):
            go_on(process)
            assert process.stdout is not None
            written, cancelled = map(int, process.stdout.readline().split())
            if not cancelled:
                pytest.skip("this file system does not count what is written")
            sample = collector.sample(Need.IO)
            row = row_of(sample, process.pid)
            assert sample.processes.write_bytes[row] == max(0, written - cancelled)
            who = sample.processes.identity(row)
        details = collector.lookups.details(who)
        assert details is not None
        assert details.write_bytes == max(0, written - cancelled)
        if collector.name != "kernel":
            return
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
        told: list[int] = []

        def has_ended() -> bool:
            exits = collector.sample(Need.NONE).exits
            assert exits is not None
            told.extend(exits.write_bytes[exits.pid == process.pid].tolist())
            return bool(told)

        until(has_ended, "the end")
        assert told == [max(0, written - cancelled)]
