"""How processes end, each way as the parent's wait tells it."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from montauk_tui.collectors.base import Collector
from tests.support.lives import End, Watch, spawn, wait
from tests.support.patience import until

RUNS = 100


def has_argv(end: End, collector: Collector, *argv: str) -> bool:
    """Tell whether the arguments are right; netlink may be too late for them."""
    was_late = collector.name == "netlink" and end.argv_bytes == 0
    return was_late or end.argv == tuple(map(str.encode, argv))


def check(end: End, status: int) -> None:
    """The record says of the end what the parent was told."""
    if os.WIFSIGNALED(status):
        assert (end.code, end.signal) == (None, os.WTERMSIG(status))
    else:
        assert (end.code, end.signal) == (os.WEXITSTATUS(status), None)
    assert end.core == os.WCOREDUMP(status)


def test_an_exit_code(collector: Collector, watch: Watch) -> None:
    before_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    pid = spawn("sh", "-c", "sleep 0.3; exit 7")
    assert os.WEXITSTATUS(wait(pid)) == 7
    after_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    end = watch.end_of(pid)
    assert (end.code, end.signal, end.core) == (7, None, False)
    assert has_argv(end, collector, "sh", "-c", "sleep 0.3; exit 7")
    assert (end.comm, end.ppid, end.uid) == (b"sh", os.getpid(), os.getuid())
    assert end.threads == 1
    assert 0.3 <= end.lifetime_s <= after_s - before_s + 0.01
    assert before_s - 0.01 <= end.start_ticks / 100 <= after_s


def test_a_kill(watch: Watch) -> None:
    pid = spawn("sleep", "1000")
    os.kill(pid, signal.SIGKILL)
    wait(pid)
    end = watch.end_of(pid)
    assert (end.code, end.signal, end.core) == (None, signal.SIGKILL, False)


def test_ends_of_every_signal(watch: Watch) -> None:
    deadly: list[signal.Signals] = [
        signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM,
    ]  # fmt: skip
    pids = {spawn("sleep", "1000"): number for number in deadly}
    for pid, number in pids.items():
        _once_asleep(pid, lambda pid=pid, number=number: os.kill(pid, number))  # type: ignore[misc]
        assert os.WTERMSIG(wait(pid)) == number
    assert {e.pid: e.signal for e in watch.until_ended(pids)} == pids


def _once_asleep(pid: int, action: Callable[[], None]) -> None:
    until(lambda: Path(f"/proc/{pid}/comm").read_bytes() == b"sleep\n", "its exec")
    action()


def test_a_crash_with_its_core(watch: Watch, tmp_path: Path) -> None:
    """Whether it leaves one is the machine's business: the parent's wait tells."""
    limit = resource.getrlimit(resource.RLIMIT_CORE)
    process = subprocess.Popen(
        ["sh", "-c", "ulimit -S -c $(ulimit -H -c); kill -SEGV $$"], cwd=tmp_path
    )
    status = wait(process.pid)
    process.returncode = status
    assert os.WTERMSIG(status) == signal.SIGSEGV
    check(watch.end_of(process.pid), status)
    assert resource.getrlimit(resource.RLIMIT_CORE) == limit


def test_a_crash_that_may_leave_no_core(watch: Watch) -> None:
    pid = spawn("sh", "-c", "ulimit -c 0; kill -SEGV $$")
    status = wait(pid)
    assert not os.WCOREDUMP(status)
    check(watch.end_of(pid), status)


def test_a_crash_of_one_thread_among_many(
    watch: Watch, lives: str, tmp_path: Path
) -> None:
    """Who leaves the core is not always the last to go."""
    script = "cd $1; ulimit -S -c $(ulimit -H -c); exec $0 crash-among-threads $2"
    statuses = {}
    for number in range(8):
        pid = spawn("sh", "-c", script, lives, str(tmp_path), str(number))
        statuses[pid] = wait(pid)
        assert os.WTERMSIG(statuses[pid]) == signal.SIGABRT
    for end in watch.until_ended(statuses):
        check(end, statuses[end.pid])


@pytest.mark.parametrize("mode", ["leader-first", "leader-first-group"])
def test_a_leader_that_ends_first(
    collector: Collector, watch: Watch, lives: str, mode: str
) -> None:
    pid = spawn(lives, mode, "6")
    _, status, usage = os.wait4(pid, 0)
    end = watch.end_of(pid)
    check(end, status)
    assert has_argv(end, collector, lives, mode, "6")
    ticks_s = max(0.01, 2 / watch.last.ticks_per_second)
    assert end.cpu_s == pytest.approx(usage.ru_utime + usage.ru_stime, abs=ticks_s)
    assert end.comm == b"lives"


def test_a_leader_that_ended_long_ago_is_no_end_yet(watch: Watch, lives: str) -> None:
    """Its event has come; its last thread lives on, for many samples."""
    pid = spawn(lives, "leader-first-waiting")
    until(lambda: state_of(pid) == "Z", "the end of the leader")
    for _ in range(10):
        watch.sample()
    assert watch.of([pid]) == []
    table = watch.last.processes
    assert table.pid.tolist().count(pid) == 1
    os.kill(pid, signal.SIGTERM)
    status = wait(pid)
    assert os.WTERMSIG(status) == signal.SIGTERM
    check(watch.end_of(pid), status)
    until_another_ended(watch)
    assert len(watch.of([pid])) == 1


def test_a_process_whose_first_thread_ended_is_no_end_to_come(
    watch: Watch, lives: str
) -> None:
    """`montauk events` would wait for it, and call it pending."""
    with subprocess.Popen(
        [lives, "leader-first-holding", "1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        # The first takes the event, the next knows what it means.
        for _ in range(2):
            sample = watch.sample()
        assert sample.ending is not None
        assert process.pid not in sample.ending
        (row,) = (sample.processes.pid == process.pid).nonzero()[0]
        assert sample.processes.leader_exited[row]
        process.kill()
    assert watch.end_of(process.pid).signal == signal.SIGKILL


def test_an_exec_in_another_thread_is_no_end(
    collector: Collector, watch: Watch, lives: str
) -> None:
    """The thread takes over the pid: one process, the same before and after."""
    pid = spawn(lives, "exec-thread")
    status = wait(pid)
    assert os.WEXITSTATUS(status) == 4
    end = watch.end_of(pid)
    check(end, status)
    assert has_argv(end, collector, lives, "exit", "4")
    assert end.ppid == os.getpid()
    until_another_ended(watch)
    assert len(watch.of([pid])) == 1


def test_many_execs_in_threads_are_one_end_each(watch: Watch, lives: str) -> None:
    pids = [spawn(lives, "exec-thread") for _ in range(RUNS)]
    statuses = {pid: wait(pid) for pid in pids}
    ends = watch.until_ended(pids)
    until_another_ended(watch)
    assert sorted(end.pid for end in watch.of(pids)) == sorted(pids)
    for end in ends:
        check(end, statuses[end.pid])


def test_a_zombie_ends_once(watch: Watch) -> None:
    pid = spawn("sh", "-c", "exit 9")
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    end = watch.end_of(pid)
    assert end.code == 9
    assert end.cpu_s > 0
    table = watch.last.processes
    assert table.state[table.pid == pid].tolist() == [ord("Z")]
    for _ in range(5):
        watch.sample()
    wait(pid)
    until_another_ended(watch)
    assert watch.of([pid]) == [end]


def test_a_daemon_outlives_its_parents(watch: Watch, tmp_path: Path) -> None:
    """Forked twice: whoever adopted it is its parent at the end."""
    told, fifo = tmp_path / "pid", tmp_path / "fifo"
    os.mkfifo(fifo)
    pipe = os.open(fifo, os.O_RDWR)
    try:
        daemon = f"read line <{fifo}; exit 5"
        script = f'(sh -c "{daemon}" & echo $! >{told}); exit 0'
        shell = spawn("setsid", "sh", "-c", script)
        assert wait(shell) == 0
        pid = int(told.read_text())
        parent = int(stat_of(pid)[1])
        assert parent not in (shell, os.getpid())
        os.write(pipe, b"go\n")
        end = watch.end_of(pid)
    finally:
        os.close(pipe)
    assert (end.code, end.ppid) == (5, parent)


def test_another_pid_namespace(watch: Watch) -> None:
    """Its end bears the pid that this namespace knows it by."""
    script = "sh -c 'exit 3' montauk-inner; exit 4"
    probe = subprocess.run(["unshare", "-pf", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"no pid namespaces: {probe.stderr.decode().strip()}")
    with subprocess.Popen(["unshare", "-pf", "sh", "-c", script]) as process:
        process.wait()
    assert process.returncode == 4
    watch.until_ended([process.pid])

    def inner() -> list[End]:
        watch.sample()
        return [end for end in watch.ends if b"montauk-inner" in end.argv]

    until(lambda: bool(inner()), "the end inside the namespace")
    (end,) = inner()
    (shell,) = (e for e in watch.ends if e.ppid == process.pid)
    assert end.ppid == shell.pid
    assert end.code == 3
    assert shell.code == 4
    assert shell.pid > 1 < end.pid


def test_all_threads_are_in_the_cpu_time_of_their_process(
    watch: Watch, lives: str
) -> None:
    """They die together, or before: which of them is last is a matter of luck."""
    truth_s = {}
    for _ in range(RUNS):
        pid = spawn(lives, "dying-threads", "15")
        _, status, usage = os.wait4(pid, 0)
        assert status == 0
        truth_s[pid] = usage.ru_utime + usage.ru_stime
    ends = watch.until_ended(truth_s)
    assert len(ends) == RUNS
    told_s = sum(end.cpu_s for end in ends)
    assert told_s == pytest.approx(sum(truth_s.values()), rel=0.05)
    # Each of two threads may be a tick behind in taskstats; a forgotten one is 15 ms.
    assert max(truth_s[end.pid] - end.cpu_s for end in ends) < 0.012


def test_threads_that_end_all_at_once(watch: Watch, lives: str) -> None:
    pids = [spawn(lives, "exit-together") for _ in range(RUNS)]
    statuses = {pid: wait(pid) for pid in pids}
    ends = watch.until_ended(pids)
    assert sorted(end.pid for end in ends) == sorted(pids), "each exactly once"
    for end in ends:
        check(end, statuses[end.pid])
        assert end.code == 3


def until_another_ended(watch: Watch) -> None:
    """What ends later is told later: a second end would have come by then."""
    later = spawn("true")
    wait(later)
    watch.until_ended([later])


def stat_of(pid: int) -> list[str]:
    """Return the words behind the name, the state first."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()


def state_of(pid: int) -> str:
    return stat_of(pid)[0]
