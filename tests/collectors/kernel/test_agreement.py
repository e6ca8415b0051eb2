"""What the task iterator says is what /proc says.

Everything moves on while it is read: /proc is read before and after, and a difference
counts where the same process differs in every one of several rounds.
"""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.procfs.collector import TraditionalCollector
from montauk_tui.model.join import same_process
from montauk_tui.model.sample import Identity, Sample
from montauk_tui.model.schema import UNKNOWN, Bools, Ints, Need
from tests.support.patience import until

pytestmark = pytest.mark.privileged

ROUNDS = 5
PAGE = os.sysconf("SC_PAGE_SIZE")
CPUS = os.sysconf("SC_NPROCESSORS_CONF")
RSS_SLACK = 3 * CPUS * max(32, 2 * CPUS) * PAGE
"""What per-CPU counters of three kinds of pages may hold back (percpu_counter.c)."""

STEADY = (
    "ppid", "tgid", "pgrp", "session", "tty", "uid", "threads", "priority", "nice",
    "rt_priority", "policy", "virt_bytes", "start_stack", "state",
)  # fmt: skip


class Reading(NamedTuple):
    """The rows of the processes that were there before and after."""

    before: Sample
    kernel: Sample
    after: Sample
    rows: tuple[Ints, Ints, Ints]
    missing: set[Identity]

    def columns(self, name: str) -> tuple[Ints, Ints, Ints]:
        before, kernel, after = (
            getattr(sample.processes, name)[rows]
            for sample, rows in zip(self[:3], self.rows, strict=True)
        )
        return before, kernel, after

    def identities(self, which: Bools) -> set[Identity]:
        table = self.kernel.processes
        return {table.identity(row) for row in self.rows[1][which].tolist()}


@pytest.fixture(scope="module")
def proc() -> Iterator[TraditionalCollector]:
    with TraditionalCollector() as opened:
        yield opened


def read(
    kernel: KernelCollector, proc: TraditionalCollector, needs: Need = Need.NONE
) -> Reading:
    samples = proc.sample(needs), kernel.sample(needs), proc.sample(needs)
    before, middle, after = samples
    both = same_process(before.processes, after.processes)
    after_rows = np.flatnonzero(both.found)
    seen = same_process(middle.processes, after.processes)
    # The threads of a process that the kernel hides from BPF are not to be seen.
    visible = np.isin(after.processes.tgid, kernel._iterator.read()["tgid"])  # noqa: SLF001
    lacking = both.found & ~seen.found & (visible | after.processes.is_process)
    missing = {
        after.processes.identity(row) for row in np.flatnonzero(lacking).tolist()
    }
    after_rows = after_rows[seen.found[after_rows]]
    rows = both.row[after_rows], seen.row[after_rows], after_rows
    return Reading(*samples, rows, missing)


def always(differing: Callable[[], set[Identity]]) -> set[Identity]:
    """Return who differs in every round."""
    found = differing()
    for _ in range(ROUNDS - 1):
        if not found:
            break
        found &= differing()
    return found


@contextmanager
def cast() -> Iterator[dict[str, int]]:
    """Run one process of each kind, and end them all."""
    keyboard, terminal = pty.openpty()
    sleep = ["sleep", "1000"]
    with ExitStack() as stack:

        def play(words: list[str], **options: Any) -> int:
            process = subprocess.Popen(words, **options)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process.pid

        stack.callback(os.close, keyboard)
        stack.callback(os.close, terminal)
        pids = {
            "terminal": play(["setsid", "--ctty", *sleep], stdin=terminal),
            "asleep": play(sleep),
            "nice": play(["nice", "-n", "7", *sleep]),
            "nobody": play(sleep, user=65534),
            "stopped": play(sleep),
            "busy": play([sys.executable, "-c", "while True: pass"]),
            "dead": play(["true"]),
        }
        for name in ("terminal", "asleep", "nice", "nobody", "stopped"):
            comm = Path(f"/proc/{pids[name]}/comm")
            until(partial(is_sleep, comm), "its exec")
        os.waitid(os.P_PID, pids["dead"], os.WEXITED | os.WNOWAIT)
        os.kill(pids["stopped"], signal.SIGSTOP)
        until(lambda: state_of(pids["stopped"]) == "T", "it to stop")
        yield pids


def is_sleep(comm: Path) -> bool:
    return comm.read_bytes() == b"sleep\n"


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]


@pytest.mark.parametrize("needs", [Need.NONE, Need.THREADS], ids=["", "threads"])
def test_the_same_processes(
    collector: KernelCollector, proc: TraditionalCollector, needs: Need
) -> None:
    def surplus() -> set[Identity]:
        reading = read(collector, proc, needs)
        table = reading.kernel.processes
        join = same_process(reading.before.processes, table)
        old = table.start_ticks < (reading.before.boot_s - 1) * reading.kernel.user_hz
        extra = np.flatnonzero(old & ~join.found & (table.state != ord("X")))
        return {table.identity(row) for row in extra.tolist()}

    with cast() as pids:
        assert always(lambda: read(collector, proc, needs).missing) == set()
        assert always(surplus) == set()
        known = set(collector.sample(needs).processes.pid.tolist())
        assert set(pids.values()) <= known


@pytest.mark.parametrize("needs", [Need.NONE, Need.THREADS], ids=["", "threads"])
def test_what_is_steady_is_equal(
    collector: KernelCollector, proc: TraditionalCollector, needs: Need
) -> None:
    def differing(name: str) -> set[Identity]:
        reading = read(collector, proc, needs)
        before, kernel, after = reading.columns(name)
        return reading.identities((before == after) & (kernel != before))

    with cast():
        for name in STEADY:
            assert always(partial(differing, name)) == set(), name


@pytest.mark.parametrize("needs", [Need.NONE, Need.THREADS], ids=["", "threads"])
def test_what_grows_lies_between(
    collector: KernelCollector, proc: TraditionalCollector, needs: Need
) -> None:
    def differing(name: str) -> set[Identity]:
        reading = read(collector, proc, needs)
        before, kernel, after = reading.columns(name)
        return reading.identities((kernel < before) | (kernel > after))

    with cast():
        for name in ("minflt", "majflt"):
            assert always(partial(differing, name)) == set(), name


@pytest.mark.parametrize("needs", [Need.NONE, Need.THREADS], ids=["", "threads"])
def test_what_was_read_and_written_lies_between(
    collector: KernelCollector, proc: TraditionalCollector, needs: Need
) -> None:
    def differing(name: str) -> set[Identity]:
        reading = read(collector, proc, needs | Need.IO)
        before, kernel, after = reading.columns(name)
        known = (before != UNKNOWN) & (after != UNKNOWN)
        assert known.any()
        return reading.identities(known & ((kernel < before) | (kernel > after)))

    with cast():
        for name in ("read_bytes", "write_bytes", "rchar", "wchar"):
            assert always(partial(differing, name)) == set(), name


@pytest.mark.parametrize("needs", [Need.NONE, Need.THREADS], ids=["", "threads"])
@pytest.mark.parametrize(
    "name", ["voluntary_switches", "involuntary_switches", "run_delay_ns"]
)
def test_what_proc_tells_of_single_threads_lies_between(
    collector: KernelCollector, proc: TraditionalCollector, needs: Need, name: str
) -> None:
    """Of a process that had several, /proc tells what its main thread did."""

    def differing() -> set[Identity]:
        reading = read(collector, proc, needs | Need.SWITCHES | Need.WAIT)
        before, kernel, after = reading.columns(name)
        known = (before != UNKNOWN) & (after != UNKNOWN)
        assert known.any()
        table = reading.after.processes
        is_alone = ~table.is_process[reading.rows[2]] | np.isin(
            table.pid[reading.rows[2]], list(pids.values())
        )
        too_much = is_alone & (kernel > after)
        return reading.identities(known & ((kernel < before) | too_much))

    with cast() as pids:
        assert always(differing) == set()


WRITER = """
import os, sys
fd = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
os.write(fd, bytes(1 << 20))
os.fsync(fd)
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
os.pread(fd, 1 << 20, 0)
print("done", flush=True)
sys.stdin.read()
"""


def test_a_process_that_writes_a_file_and_reads_it_from_storage(
    collector: KernelCollector, tmp_path: Path
) -> None:
    words = [sys.executable, "-c", WRITER, str(tmp_path / "file")]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        told = Path(f"/proc/{process.pid}/io").read_text("ascii").split()
        sample = collector.sample(Need.IO)
        process.communicate()
    known = dict(zip(told[::2], map(int, told[1::2]), strict=True))
    row = np.flatnonzero(sample.processes.pid == process.pid)[0]
    for name in ("read_bytes", "write_bytes", "rchar", "wchar"):
        assert getattr(sample.processes, name)[row] == known[f"{name}:"], name
    assert known["wchar:"] > 1 << 20
    if known["write_bytes:"] == 0:
        pytest.skip("the folder for temporary files is not on storage")
    assert sample.processes.write_bytes[row] >= 1 << 20


@pytest.mark.parametrize("needs", [Need.NONE, Need.THREADS], ids=["", "threads"])
@pytest.mark.parametrize("names", [("utime", "stime"), ("cutime",), ("cstime",)])
def test_cpu_times_lie_between(
    collector: KernelCollector,
    proc: TraditionalCollector,
    names: tuple[str, ...],
    needs: Need,
) -> None:
    """Within two ticks, for /proc rounds user and system time down to whole ones."""

    def differing() -> set[Identity]:
        reading = read(collector, proc, needs)
        tick_ns = 10**9 // reading.kernel.user_hz
        parts = [reading.columns(name) for name in names]
        before, kernel, after = (sum(values) for values in zip(*parts, strict=True))
        low, high = (before - 2) * tick_ns, (after + 2) * tick_ns
        return reading.identities(np.asarray((kernel < low) | (kernel > high)))

    with cast():
        assert always(differing) == set()


def test_memory_lies_between(
    collector: KernelCollector, proc: TraditionalCollector
) -> None:
    def differing() -> set[Identity]:
        reading = read(collector, proc)
        before, kernel, after = reading.columns("rss_bytes")
        low, high = np.minimum(before, after), np.maximum(before, after)
        wrong = (kernel < low - RSS_SLACK) | (kernel > high + RSS_SLACK)
        return reading.identities(wrong)

    assert always(differing) == set()


def test_names_are_equal(
    collector: KernelCollector, proc: TraditionalCollector
) -> None:
    """But for kernel threads: /proc puts what a worker does behind its name."""

    def differing() -> set[Identity]:
        reading = read(collector, proc)
        names = [
            sample.processes.comm[rows]
            for sample, rows in zip(reading[:3], reading.rows, strict=True)
        ]
        is_kernel = reading.kernel.processes.is_kernel[reading.rows[1]]
        wrong = (names[0] == names[2]) & (names[1] != names[0])
        return reading.identities(wrong & ~is_kernel)

    assert always(differing) == set()


def test_each_kind_is_what_it_is_meant_to_be(collector: KernelCollector) -> None:
    """So that equal to /proc does not mean equally nothing."""
    with cast() as pids:

        def value(player: str, name: str) -> int:
            table = collector.sample(Need.NONE).processes
            return int(getattr(table, name)[table.pid == pids[player]][0])

        assert value("terminal", "tty") != 0
        assert value("asleep", "tty") == value("nice", "tty")
        assert value("terminal", "session") == pids["terminal"]
        # `nice` adds to what the test itself runs with; 19 is the most there is.
        nice = min(os.getpriority(os.PRIO_PROCESS, 0) + 7, 19)
        assert value("nice", "nice") == nice
        assert value("nice", "priority") == 20 + nice
        assert value("nobody", "uid") == 65534
        assert value("stopped", "state") == ord("T")
        assert value("dead", "state") == ord("Z")
        until(lambda: value("asleep", "state") == ord("S"), "sleep")
        until(lambda: value("busy", "state") == ord("R"), "something to run")
        busy_before = value("busy", "utime")
        until(lambda: value("busy", "utime") > busy_before, "time to pass")
        assert value("asleep", "threads") == 1
        assert value("asleep", "ppid") == os.getpid()
