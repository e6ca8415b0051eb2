"""How processes end, each way as the parent's wait tells it."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.lives import End, Watch, spawn, wait
from tests.support.patience import until

pytestmark = pytest.mark.privileged

RUNS = 100


def check(end: End, status: int) -> None:
    """The record says of the end what the parent was told."""
    if os.WIFSIGNALED(status):
        assert (end.code, end.signal) == (None, os.WTERMSIG(status))
    else:
        assert (end.code, end.signal) == (os.WEXITSTATUS(status), None)
    assert end.core == os.WCOREDUMP(status)


def test_an_exit_code(watch: Watch) -> None:
    pid = spawn("sh", "-c", "exit 7")
    assert os.WEXITSTATUS(wait(pid)) == 7
    end = watch.end_of(pid)
    assert (end.code, end.signal, end.core) == (7, None, False)
    assert end.argv == (b"sh", b"-c", b"exit 7")
    assert (end.comm, end.ppid, end.uid) == (b"sh", os.getpid(), os.geteuid())
    assert end.threads == 1


def test_a_kill(watch: Watch) -> None:
    pid = spawn("sleep", "1000")
    os.kill(pid, signal.SIGKILL)
    wait(pid)
    end = watch.end_of(pid)
    assert (end.code, end.signal, end.core) == (None, signal.SIGKILL, False)


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


@pytest.mark.parametrize("mode", ["leader-first", "leader-first-group"])
def test_a_leader_that_ends_first(watch: Watch, lives: str, mode: str) -> None:
    pid = spawn(lives, mode, "6")
    _, status, usage = os.wait4(pid, 0)
    end = watch.end_of(pid)
    check(end, status)
    assert end.argv == (lives.encode(), mode.encode(), b"6")
    assert end.cpu_s == pytest.approx(usage.ru_utime + usage.ru_stime, abs=0.01)
    assert end.comm == b"lives"


def test_an_exec_in_another_thread(watch: Watch, lives: str) -> None:
    """The thread takes over the pid: one process, the same before and after."""
    pid = spawn(lives, "exec-thread")
    status = wait(pid)
    assert os.WEXITSTATUS(status) == 4
    end = watch.end_of(pid)
    check(end, status)
    assert end.argv == (lives.encode(), b"exit", b"4")
    assert end.ppid == os.getpid()


def test_a_zombie_ends_once(watch: Watch) -> None:
    before_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    pid = spawn("sh", "-c", "exit 9")
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    end = watch.end_of(pid)
    assert end.code == 9
    assert end.start_ticks >= int(before_s * 100)
    table = watch.last.processes
    assert table.state[table.pid == pid].tolist() == [ord("Z")]
    wait(pid)
    # What ends after it is told after it: a second end would have come by then.
    later = spawn("true")
    wait(later)
    watch.until_ended([later])
    assert watch.of([pid]) == [end]


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
        parent = parent_of(pid)
        assert parent != shell
        os.write(pipe, b"go\n")
        end = watch.end_of(pid)
    finally:
        os.close(pipe)
    assert (end.code, end.ppid) == (5, parent)


def parent_of(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return int(stat.rsplit(") ", 1)[1].split()[1])


def test_two_threads_that_end_all_at_once(watch: Watch, lives: str) -> None:
    pids = [spawn(lives, "exit-together") for _ in range(RUNS)]
    statuses = {pid: wait(pid) for pid in pids}
    ends = watch.until_ended(pids)
    assert sorted(end.pid for end in ends) == sorted(pids), "each exactly once"
    for end in ends:
        check(end, statuses[end.pid])
        assert end.code == 3


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
