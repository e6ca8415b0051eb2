"""Short-lived processes: each is there once, with all of its CPU time."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from bench.accuracy.cgroup import group
from montauk_tui.collectors.kernel import exit_records, sizes
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.kernel.log import Log, Records
from montauk_tui.collectors.kernel.records import FINAL
from montauk_tui.collectors.kernel.wakes import Wakes
from tests.collectors.kernel.support import opened
from tests.support.lives import Watch, grown, spawn, spawn_loop, wait
from tests.support.patience import until

pytestmark = pytest.mark.privileged


def test_what_its_parent_reaps_at_once_is_counted_once(
    collector: KernelCollector, lives: str
) -> None:
    """The parent may add up its time while it still leaves its CPU."""
    watch = Watch(collector)
    loop = 'n=0; while [ $n -lt 120 ]; do "$0" burn 25; n=$((n+1)); done'
    shells = [spawn("sh", "-c", loop, lives) for _ in range(2)]
    for pid in shells:
        wait(pid)
    watch.until_ended(shells)
    ends = [end for end in watch.ends if end.ppid in shells]
    assert len(ends) == 240
    # One thread: it cannot have run for longer than it lived.
    assert max(end.cpu_s - end.lifetime_s for end in ends) <= 0


def test_threads_that_die_together_leave_all_their_cpu_time(
    collector: KernelCollector, lives: str
) -> None:
    """A thread may be counted out and its time not yet in the sum of its process.

    Which of them is last is a matter of luck, so there are many runs.
    """
    watch = Watch(collector)
    truth_s = {}
    for _ in range(300):
        pid = spawn(lives, "dying-threads", "2")
        _, status, usage = os.wait4(pid, 0)
        assert status == 0
        truth_s[pid] = usage.ru_utime + usage.ru_stime
    ends = watch.until_ended(truth_s)
    short_s = [truth_s[end.pid] - end.cpu_s for end in ends]
    # Half of what one thread used; more would be a thread that was forgotten.
    assert max(short_s) < 0.001


def test_threads_that_live_shorter_than_a_tick_leave_all_their_cpu_time(
    collector: KernelCollector, lives: str
) -> None:
    """The kernel's sum has each as of its last tick; the cgroup has all there was."""
    watch = Watch(collector)
    with group() as cgroup:
        if cgroup is None:
            pytest.skip("no cgroup can be made here")
        enter = (
            f"echo 0 >{cgroup.folder}/cgroup.procs; exec {lives} short-threads 10000"
        )
        pid, row_s = spawn("sh", "-c", enter), 0.0
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            table = watch.sample().processes
            row = np.flatnonzero((table.pid == pid) & (table.comm == b"lives"))
            if row.size:
                row_s = float(table.utime[row[0]] + table.stime[row[0]]) / 1e9
        end = watch.end_of(pid)
        truth_s = cgroup.cpu_s()
    # The shell was not in the cgroup from its first moment on. 5 ms were lost once.
    assert 0 < end.cpu_s - truth_s < 0.1
    assert 0 < row_s <= end.cpu_s


def test_the_last_of_a_process_is_told_whichever_thread_is_last(
    collector: KernelCollector, lives: str
) -> None:
    """The record of its CPU time is that of all its threads, and there is one."""
    watch = Watch(collector)
    modes = (
        "exec-thread", "leader-first", "leader-first-group", "exit-together",
        "crash-among-threads", "dying-threads", "exit",
    )  # fmt: skip
    pids = [spawn(lives, mode, "3") for mode in modes for _ in range(20)]
    for pid in pids:
        wait(pid)
    ends = watch.until_ended(pids)
    assert Counter(end.pid for end in ends) == Counter(pids)
    before, now = watch.before.counters, watch.last.counters
    assert now.lost_cpu_times == before.lost_cpu_times


FORKER = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
for line in sys.stdin:
    number = ctypes.c_int(int(line))
    words = [0] * 4 + [signal.SIGCHLD] + [0] * 3 + [ctypes.addressof(number), 1]
    arguments = (ctypes.c_uint64 * len(words))(*words)
    made = libc.syscall(435, arguments, ctypes.sizeof(arguments))
    if made == 0:
        os._exit(0)
    if made > 0:
        os.waitpid(made, 0)
    print(ctypes.get_errno() if made < 0 else 0, flush=True)
"""
"""Forks processes that end at once, each with a given pid (clone3(2), Linux 5.5).

In a program without other threads: one of those could have the lock of the interpreter,
which the child of a bare system call would wait for without an end.
"""


def test_a_reused_pid_has_nothing_of_the_process_before(
    collector: KernelCollector, lives: str
) -> None:
    """The kernel likes to give away the memory of a process again as well."""
    watch = Watch(collector)
    with subprocess.Popen(
        [sys.executable, "-c", FORKER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    ) as forker:  # fmt: skip
        assert forker.stdin is not None
        assert forker.stdout is not None
        for _ in range(8):
            pid = spawn(lives, "dying-threads", "30")
            wait(pid)
            assert watch.end_of(pid).cpu_s > 0.03
            watch.ends.clear()
            # The memory is free after an RCU grace period; sooner there is another.
            time.sleep(0.1)
            forker.stdin.write(f"{pid}\n")
            if error := int(forker.stdout.readline()):
                pytest.skip(
                    f"no process with a pid of one's choice: {os.strerror(error)}"
                )
            assert watch.end_of(pid).cpu_s < 0.03
            watch.ends.clear()


@dataclass
class Reading:
    """How many records a log wrote, and how many its reader got."""

    written: int = 0
    read: int = 0


def spy(monkeypatch: pytest.MonkeyPatch, log: Log) -> Reading:
    reading, real = Reading(), log.read

    def read() -> Records:
        before = log._position.sum()  # noqa: SLF001 - the log's own idea is tested
        records = real()
        reading.written += int(log._position.sum() - before)  # noqa: SLF001
        reading.read += len(records)
        return records

    monkeypatch.setattr(log, "read", read)
    return reading


@contextlib.contextmanager
def asleep(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let nobody read the logs between samples."""
    ending = threading.Event()

    def wait(_: Wakes) -> bool:
        ending.wait()
        return False

    monkeypatch.setattr(Wakes, "wait", wait)
    monkeypatch.setattr(Wakes, "end", lambda _: ending.set())
    yield


def test_a_log_that_is_too_small_counts_what_it_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slots, runs = 64, 500
    monkeypatch.setattr(sizes, "_MOST_SLOTS", slots)
    monkeypatch.setattr(sizes, "_LEAST_SLOTS", slots)
    with asleep(monkeypatch), opened() as small:
        lifecycle = spy(monkeypatch, small._logs.lifecycle)  # noqa: SLF001
        forks = spy(monkeypatch, small._logs.forks)  # noqa: SLF001
        watch = Watch(small)
        # Others may have filled the logs before they were watched.
        earlier = watch.before.counters.lost
        lost = lifecycle.written + forks.written - lifecycle.read - forks.read
        assert earlier >= lost
        earlier -= lost
        written = lifecycle.written
        wait(spawn_loop("tiny", runs))
        watch.sample()
        lost = watch.last.counters.lost - earlier
        assert lost == lifecycle.written + forks.written - lifecycle.read - forks.read
        cpus = os.sysconf("SC_NPROCESSORS_CONF")
        assert lost >= 3 * runs - cpus * (slots + 2 * slots)
        counted = grown(watch)
        assert counted.execs is not None
        assert counted.exits is not None
        assert counted.execs + counted.exits == lifecycle.written - written >= 2 * runs

        def is_told() -> bool:
            wait(spawn("true", "still here"))
            watch.sample()
            return any(end.argv == (b"true", b"still here") for end in watch.ends)

        # What was not overwritten is still told. Others may overwrite any of these.
        until(is_told, "a later end")


def test_an_end_without_the_record_of_its_cpu_time_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exit_records, "_PATIENCE_NS", 0)
    with opened() as made:
        lost = np.empty(0, dtype=FINAL)
        monkeypatch.setattr(made._logs.finals, "read", lambda: lost)  # noqa: SLF001
        watch = Watch(made)
        pid = spawn("true")
        wait(pid)
        watch.until_ended([pid])
        assert watch.last.counters.lost_cpu_times > 0
