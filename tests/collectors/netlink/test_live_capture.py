"""Short-lived processes: each is there once, with all of its CPU time."""

import os
import signal
import subprocess
from collections import Counter

import pytest

from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.collectors.netlink.collector import NetlinkCollector
from montauk_tui.collectors.netlink.reader import ArgumentReader, Argv, Exec
from montauk_tui.errors import CollectorUnavailable
from tests.collectors.netlink.support import opened
from tests.support.lives import (
    Watch,
    arguments_of_loops,
    grown,
    run_loops,
    spawn,
    spawn_loop,
    until_children_ended,
    wait,
)
from tests.support.patience import until

pytestmark = pytest.mark.privileged

SLOW = 5
NOT_CAUGHT = (b"",)


def test_arguments_are_right_or_counted_as_unknown(watch: Watch) -> None:
    loops = run_loops(watch)
    ends = [end for ends in loops.values() for end in ends]
    caught = Counter(end.argv for end in ends if end.argv != NOT_CAUGHT)
    assert caught.keys() <= arguments_of_loops()
    assert set(caught.values()) <= {1}
    failures = grown(watch).read_failures
    assert failures is not None
    assert failures >= len(ends) - caught.total()
    assert failures <= sum(end.argv == NOT_CAUGHT for end in watch.ends)
    assert all((end.argv_bytes == 0) == (end.argv == NOT_CAUGHT) for end in watch.ends)


@pytest.fixture
def read_at_exec(monkeypatch: pytest.MonkeyPatch) -> dict[int, bytes]:
    """Return where the arguments come that were read at an exec, by pid."""
    argv: dict[int, bytes] = {}
    real = ArgumentReader.drain

    def recorded(reader: ArgumentReader, upto_ns: int) -> dict[Exec, Argv]:
        found = real(reader, upto_ns)
        argv.update({pid: read.raw for (pid, _), read in found.items() if read.raw})
        return found

    monkeypatch.setattr(ArgumentReader, "drain", recorded)
    return argv


def test_arguments_of_who_stays_a_while_are_caught(
    read_at_exec: dict[int, bytes],
) -> None:
    """With no sample while they live, nothing else can tell them."""
    with opened() as collector:
        watch = Watch(collector)
        pids = {spawn("sleep", "1000", f"0.{n}"): n for n in range(1, SLOW)}
        until(lambda: pids.keys() <= read_at_exec.keys(), "the arguments to be read")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            wait(pid)
        argv = {end.pid: end.argv for end in watch.until_ended(pids)}
    assert argv == {p: (b"sleep", b"1000", b"0.%d" % n) for p, n in pids.items()}


def test_a_fork_without_an_exec_has_the_arguments_of_its_parent(
    watch: Watch, read_at_exec: dict[int, bytes]
) -> None:
    script = "read line; (exit 3); exit 0"
    command = ["sh", "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as shell:
        until(lambda: shell.pid in read_at_exec, "the arguments to be read")
        shell.communicate(b"go on\n")
    until_children_ended(watch, shell.pid, 1)
    (inner,) = (end for end in watch.ends if end.ppid == shell.pid)
    assert inner.code == 3
    assert inner.argv == (b"sh", b"-c", script.encode())


def test_the_kernel_collector_tells_the_same(collector: NetlinkCollector) -> None:
    runs = 1_000
    kernel = KernelCollector()
    try:
        kernel.open()
    except CollectorUnavailable as refusal:
        pytest.skip(f"nothing to compare with: {refusal}")
    with kernel:
        both = Watch(collector), Watch(kernel)
        shell = spawn_loop("both", runs)
        wait(shell)
        for watch in both:
            until_children_ended(watch, shell, runs)
    here, there = (
        {end.pid: end for end in watch.ends if end.ppid == shell} for watch in both
    )
    assert len(here) == len(there) == runs
    assert here.keys() == there.keys()
    for pid, end in here.items():
        # The event of a fork comes after the start and before the process runs: on a
        # busy machine some ticks may lie in between.
        lived_ticks = there[pid].lifetime_s * os.sysconf("SC_CLK_TCK")
        assert 0 <= end.start_ticks - there[pid].start_ticks <= lived_ticks + 1
        assert end.code == there[pid].code
    cpu_s = sum(end.cpu_s for end in here.values())
    assert cpu_s == pytest.approx(sum(e.cpu_s for e in there.values()), rel=0.05)


def test_another_listener_hears_the_same_and_leaves_alone() -> None:
    with opened() as first:
        watch = Watch(first)
        with opened() as second:
            other = Watch(second)
            pid = spawn("sh", "-c", "exit 3")
            wait(pid)
            assert [watch.end_of(pid).code, other.end_of(pid).code] == [3, 3]
        later = spawn("sh", "-c", "exit 4")
        wait(later)
        assert watch.end_of(later).code == 4
        assert watch.last.counters.lost == 0
