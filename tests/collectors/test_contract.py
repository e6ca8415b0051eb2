"""What every registered collector promises, checked on this host's processes."""

import ast
import math
import os
import platform
import pwd
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from montauk_tui.collectors import registry
from montauk_tui.collectors.base import Collector
from montauk_tui.errors import CollectorFailed
from montauk_tui.model import ioprio
from montauk_tui.model.join import same_process
from montauk_tui.model.lookups import Command
from montauk_tui.model.sample import CPU_FIELDS, Identity, Sample
from montauk_tui.model.schema import FIELDS, UNKNOWN, Need
from tests.support.needs import EVERYTHING

ALL_NEEDS = EVERYTHING
OWN_COMM = Path("/proc/self/comm").read_bytes().rstrip(b"\n")


def row_of(sample: Sample, pid: int) -> int | None:
    found = np.flatnonzero(sample.processes.pid == pid)
    return int(found[0]) if found.size else None


def must_row(sample: Sample, pid: int) -> int:
    row = row_of(sample, pid)
    assert row is not None, f"process {pid} is missing"
    return row


@contextmanager
def child(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program that echoes its input; it is reaped at the end."""
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        echo(process)
        yield process
    finally:
        process.kill()
        process.communicate()


def echo(process: subprocess.Popen[bytes]) -> None:
    """Wait for an answer: only then the exec is over and the arguments in place."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"here?\n")
    process.stdin.flush()
    assert process.stdout.read(6) == b"here?\n"


def burn_cpu(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        sum(range(1000))


@pytest.mark.parametrize("needs", [Need.NONE, ALL_NEEDS], ids=["nothing", "all"])
def test_columns_are_whole_and_frozen(collector: Collector, needs: Need) -> None:
    table = collector.sample(needs).processes
    assert np.all(np.diff(table.pid) > 0)
    assert len(table) > 0
    for name in FIELDS:
        column = getattr(table, name)
        assert column.dtype == np.int64, name
        assert column.shape == (len(table),), name
        assert not column.flags.writeable, name
    assert table.comm.shape == (len(table),)
    assert not table.comm.flags.writeable
    assert not np.any(table.start_ticks == UNKNOWN)


def test_this_process_is_seen_as_it_is(collector: Collector) -> None:
    sample = collector.sample(ALL_NEEDS)
    table, row = sample.processes, must_row(sample, os.getpid())
    assert table.tgid[row] == os.getpid()
    assert table.ppid[row] == os.getppid()
    assert table.uid[row] == os.geteuid()
    assert table.comm[row] == OWN_COMM
    assert table.session[row] in (os.getsid(0), UNKNOWN)
    assert table.rss_bytes[row] > 2**20
    assert not table.is_kernel[row]
    age_s = sample.boot_s - table.start_ticks[row] / sample.user_hz
    assert 0 <= age_s < sample.boot_s


def test_threads_have_rows_only_where_they_are_needed(collector: Collector) -> None:
    done, tids = threading.Event(), []
    started = threading.Barrier(2)

    def stay() -> None:
        tids.append(threading.get_native_id())
        started.wait()
        done.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    started.wait()
    plain, full = collector.sample(Need.NONE), collector.sample(Need.THREADS)
    done.set()
    thread.join()
    assert row_of(plain, tids[0]) is None
    assert np.all(plain.processes.is_process)
    row = must_row(full, tids[0])
    assert full.processes.tgid[row] == os.getpid()
    assert not full.processes.is_process[row]
    assert full.processes.uid[row] == os.geteuid()


def test_counters_only_grow(collector: Collector) -> None:
    earlier = collector.sample(Need.NONE)
    burn_cpu(0.1)
    later = collector.sample(Need.NONE)
    assert later.monotonic_s > earlier.monotonic_s
    assert later.boot_s > earlier.boot_s
    assert later.ticks_per_second == earlier.ticks_per_second
    join = same_process(earlier.processes, later.processes)
    assert np.any(join.found)
    for name in ("utime", "stime", "cutime", "cstime"):
        before = getattr(earlier.processes, name)[join.row[join.found]]
        now = getattr(later.processes, name)[join.found]
        known = (before != UNKNOWN) & (now != UNKNOWN)
        assert np.all(now[known] >= before[known]), name
    for name in ("forks", "execs", "exits", "lost"):
        before, now = getattr(earlier.counters, name), getattr(later.counters, name)
        assert (before is None) == (now is None), name
        assert now is None or now >= before >= 0, name


def test_cpu_time_used_is_cpu_time_counted(collector: Collector) -> None:
    def cpu_s(sample: Sample) -> float:
        row = must_row(sample, os.getpid())
        ticks = sample.processes.utime[row] + sample.processes.stime[row]
        return float(ticks) / sample.ticks_per_second

    before = collector.sample(Need.NONE)
    burn_cpu(0.1)
    after = collector.sample(Need.NONE)
    assert cpu_s(after) - cpu_s(before) >= 0.05
    assert cpu_s(after) <= time.process_time() + 0.05


def test_the_host_is_described(collector: Collector) -> None:
    earlier, later = collector.sample(Need.NONE).host, collector.sample(Need.NONE).host
    assert 1 <= len(earlier.cpu_ids) <= (os.cpu_count() or 1)
    assert earlier.cpu_ticks.shape == (len(earlier.cpu_ids), len(CPU_FIELDS))
    assert np.all(np.isfinite(earlier.cpu_ticks))
    assert later.uptime_s >= earlier.uptime_s > 0
    assert 0 < earlier.memory.available <= earlier.memory.total
    assert earlier.threads >= 1
    assert earlier.hostname
    user = CPU_FIELDS.index("user")
    if len(earlier.cpu_ids) == len(later.cpu_ids):
        assert np.all(later.cpu_ticks[:, user] >= earlier.cpu_ticks[:, user])


def test_devices_of_the_host_are_told_where_they_are_needed(
    collector: Collector,
) -> None:
    without = collector.sample(Need.NONE).host
    assert (without.devices.interfaces, without.devices.disks) == (None, None)
    assert (without.temperatures, without.frequencies) == (None, None)
    host = collector.sample(ALL_NEEDS).host
    assert host.temperatures is not None
    assert host.frequencies is not None
    # A container may hide both.
    assert (host.devices.interfaces is not None) == readable("/proc/net/dev")
    assert (host.devices.disks is not None) == readable("/proc/diskstats")


def readable(path: str) -> bool:
    try:
        Path(path).read_bytes()
    except OSError:
        return False
    return True


def test_a_child_appears_and_is_gone_once_it_is_reaped(collector: Collector) -> None:
    collector.sample(Need.NONE)
    with child("cat") as process:
        sample = collector.sample(Need.NONE)
        row = must_row(sample, process.pid)
        assert sample.processes.ppid[row] == os.getpid()
        identity = sample.processes.identity(row)
    sample = collector.sample(Need.NONE)
    left = sample.processes.row_of(identity)
    # A collector may still wait for the last of its CPU time.
    assert left is None or sample.processes.state[left] == ord("X")


def test_a_child_that_is_not_reaped_is_a_zombie(collector: Collector) -> None:
    with child("cat") as process:
        collector.sample(Need.NONE)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        sample = collector.sample(Need.NONE)
        assert sample.processes.state[must_row(sample, process.pid)] == ord("Z")


def test_an_exec_shows_the_new_program(collector: Collector) -> None:
    script = "read line; echo $line; read line; exec cat -u -"
    with child("sh", "-c", script) as process:

        def seen() -> tuple[Identity, bytes, Command]:
            sample = collector.sample(Need.CMDLINE)
            row = must_row(sample, process.pid)
            identity, comm = sample.processes.identity(row), sample.processes.comm[row]
            return identity, comm, collector.lookups.command(identity, comm)

        identity, comm, command = seen()
        assert (comm, command.text) == (b"sh", f"sh -c {script}")
        assert process.stdin is not None
        process.stdin.write(b"go on\n")
        echo(process)
        assert seen() == (identity, b"cat", Command("cat -u -", 0, 3))
        assert collector.lookups.cmdline(identity) == b"cat\0-u\0-\0"


def test_hostile_arguments_are_shown_as_text(collector: Collector) -> None:
    with child("cat", "-", "\x1b[2J[/red]\n\u202e") as process:
        sample = collector.sample(Need.CMDLINE)
        row = must_row(sample, process.pid)
        table = sample.processes
        command = collector.lookups.known_command(table.identity(row), table.comm[row])
        assert command.text == r"cat - \x1b[2J[/red]\n\u202e"


def test_kernel_threads_are_flagged(collector: Collector) -> None:
    try:
        name = Path("/proc/2/comm").read_bytes()
    except OSError:
        name = b""
    if name != b"kthreadd\n":
        pytest.skip("this container's /proc shows no kernel threads")
    table = collector.sample(Need.NONE).processes
    assert np.any(table.is_kernel[table.pid == 2])
    assert np.any(table.is_kernel[table.ppid == 2])
    assert not np.any(table.is_kernel[table.rss_bytes > 0])


def test_lookups_serve_another_thread(collector: Collector) -> None:
    sample = collector.sample(Need.NONE)
    row = must_row(sample, os.getpid())
    identity = sample.processes.identity(row)
    answers: dict[str, Any] = {}

    def look() -> None:
        lookups = collector.lookups
        answers["command"] = lookups.command(identity, OWN_COMM).text
        answers["known"] = lookups.known_command(identity, OWN_COMM).text
        answers["cmdline"] = lookups.cmdline(identity)
        answers["user"] = lookups.user(os.geteuid())
        answers["shared"] = lookups.shared_bytes(identity)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    raw = Path("/proc/self/cmdline").read_bytes()
    assert answers["cmdline"] == raw[: len(answers["cmdline"])] != b""
    assert answers["command"] == answers["known"] != ""
    assert 0 < answers["shared"] < sample.host.memory.total
    assert answers["user"] in (user_name(), str(os.geteuid()))


def user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def test_the_io_priority_is_that_of_the_process(collector: Collector) -> None:
    with child("ionice", "-c", "2", "-n", "6", "cat") as process:
        table = collector.sample(Need.NONE).processes
        row = int(np.flatnonzero(table.pid == process.pid)[0])
        value = collector.lookups.gauge("io_priority", table.identity(row))
        assert value == 2 << 13 | 6 or math.isnan(value)
        assert math.isnan(value) == (platform.machine() not in ioprio.CALLS)
        # Another process that had the PID.
        other = Identity(process.pid, 1)
        assert math.isnan(collector.lookups.gauge("io_priority", other))


def test_lookups_of_what_is_gone_are_unknown(collector: Collector) -> None:
    gone = Identity(os.getpid(), 1)
    assert collector.lookups.cmdline(gone) is None
    assert collector.lookups.known_command(gone, b"name").text == "name"
    assert math.isnan(collector.lookups.shared_bytes(gone))


def test_close_twice_and_open_again(collector: Collector) -> None:
    collector.sample(Need.NONE)
    for _ in range(2):
        collector.close()
    with pytest.raises(CollectorFailed):
        collector.sample(Need.NONE)
    collector.open()
    assert row_of(collector.sample(ALL_NEEDS), os.getpid()) is not None
    assert collector.lookups.user(os.geteuid())


@pytest.mark.parametrize("name", registry.names())
def test_a_collector_that_was_never_opened(name: str) -> None:
    made = registry.load(name)
    with pytest.raises(CollectorFailed):
        made.sample(Need.NONE)
    made.close()


AVAILABILITY = """
import os, sys, threading
from montauk_tui.collectors import registry
made = registry.load(sys.argv[1])
def traces():
    children = os.listdir("/proc/self/task")
    fds = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
           if os.path.exists(f"/proc/self/fd/{fd}")]
    try:
        offspring = open("/proc/thread-self/children").read()
    except OSError:
        offspring = ""
    return sorted(fds), children, offspring, threading.active_count()
made.availability()
before = traces()
states = [made.availability() for _ in range(3)]
print([before == traces(), states[0] == states[1] == states[2], tuple(states[0])])
"""


@pytest.mark.parametrize("name", registry.names())
def test_asking_for_availability_leaves_nothing_behind(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AVAILABILITY, name],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    unchanged, steady, (available, reason, remedy) = ast.literal_eval(done.stdout)
    assert unchanged
    assert steady
    for line in (reason, remedy):
        assert bool(line) != available
        assert "\n" not in line
        assert not line.endswith(".")
