"""Why processes were killed, each way once, as the kernel collector reports it."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from montauk_tui.collectors.kernel import memory_events
from montauk_tui.collectors.kernel.collector import KernelCollector
from montauk_tui.engine.causes import (
    How,
    fault_address,
    forbidden_call,
    how,
    killer,
    sentence,
)
from montauk_tui.model.deaths import Death
from montauk_tui.model.schema import Need
from tests.support.cgroups import limit_memory, own_group
from tests.support.lives import spawn, wait
from tests.support.patience import until

pytestmark = pytest.mark.privileged

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _is_recorded(collector: KernelCollector) -> None:
    if not collector.sample(Need.NONE).sees_signals:
        pytest.skip("this kernel does not let signals be traced")


def deaths_of(collector: KernelCollector, pids: set[int]) -> dict[int, Death]:
    """Return the deaths of these processes, once all of them have exited."""
    exited: set[int] = set()
    found: dict[int, Death] = {}

    def all_exited() -> bool:
        exits = collector.sample(Need.NONE).exits
        assert exits is not None
        exited.update(exits.pid.tolist())
        found.update((pid, death) for (pid, _), death in exits.deaths.items())
        return pids <= exited

    until(all_exited, f"the exits of {pids}")
    return {pid: found[pid] for pid in pids if pid in found}


def death_of(collector: KernelCollector, pid: int) -> Death:
    return deaths_of(collector, {pid})[pid]


def run(collector: KernelCollector, *arguments: str) -> Death:
    pid = spawn(*arguments)
    assert os.WIFSIGNALED(wait(pid))
    return death_of(collector, pid)


def said(death: Death) -> str:
    return sentence(death, {0: "root"}.get)  # type: ignore[arg-type]


def asleep() -> int:
    """Start a sleep, and return once it runs."""
    pid = spawn("sleep", "1000")
    until(lambda: Path(f"/proc/{pid}/comm").read_bytes() == b"sleep\n", "its exec")
    return pid


def test_kill(collector: KernelCollector) -> None:
    """kill(1) is gone in a millisecond; its command line is in our records."""
    pid = asleep()
    killing = spawn("env", "kill", "-KILL", str(pid))
    wait(killing)
    wait(pid)
    death = death_of(collector, pid)
    found = killer(death)
    assert how(death) is How.KILL
    assert found is not None
    assert (found.pid, found.comm, found.uid) == (killing, b"kill", 0)
    assert found.cmdline is not None
    assert found.cmdline.rstrip(b"\0").split(b"\0") == [
        b"kill", b"-KILL", b"%d" % pid,
    ]  # fmt: skip
    assert said(death) == f"SIGKILL by kill {killing} (root)"


def test_a_signal_to_itself(collector: KernelCollector) -> None:
    death = run(collector, "sh", "-c", "kill -KILL $$")
    assert (how(death), said(death)) == (How.KILL, "SIGKILL by itself")


def test_timeout(collector: KernelCollector, dying: str) -> None:
    command = ["timeout", "0.2", dying, "wait"]
    timeout = os.posix_spawnp(
        "timeout", command, os.environ, setsigdef=[signal.SIGTERM]
    )
    wait(timeout)
    found: list[Death] = []

    def is_there() -> bool:
        exits = collector.sample(Need.NONE).exits
        assert exits is not None
        rows = np.flatnonzero(exits.ppid == timeout).tolist()
        identities = zip(exits.pid.tolist(), exits.start_ticks.tolist(), strict=True)
        whose = list(identities)
        found.extend(exits.deaths[whose[row]] for row in rows)
        return bool(found)

    until(is_there, "the exit of its child")
    by = killer(found[0])
    assert how(found[0]) is How.KILL
    assert by is not None
    assert (by.pid, by.comm) == (timeout, b"timeout")


def test_sigterm_first(collector: KernelCollector, dying: str) -> None:
    """A program that handles SIGTERM, and is killed for it."""
    command = [dying, "handle-sigterm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        process.kill()
    death = death_of(collector, process.pid)
    assert death.request is not None
    assert death.request.sender.pid == os.getpid()
    assert 0 < death.request.before_ns < 60 * 10**9
    assert " after SIGTERM from " in said(death)


def test_cgroup_kill(collector: KernelCollector) -> None:
    try:
        made = own_group()
    except OSError as error:
        pytest.skip(str(error))
    with made as folder:
        if not (folder / "cgroup.kill").exists():
            pytest.skip("no cgroup.kill before Linux 5.14")
        pids = {asleep(), asleep()}
        for pid in pids:
            (folder / "cgroup.procs").write_text(str(pid))
        writer = spawn("sh", "-c", f"echo 1 >{folder}/cgroup.kill")
        wait(writer)
        for pid in pids:
            wait(pid)
        deaths = deaths_of(collector, pids)
        assert deaths.keys() == pids
        for death in deaths.values():
            assert how(death) is How.CGROUP
            found = killer(death)
            assert found is not None
            assert found.pid == writer
            assert said(death) == f"cgroup.kill by sh {writer} (root)"


def test_a_parent_that_exits(collector: KernelCollector, dying: str) -> None:
    with subprocess.Popen([dying, "parent"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
    death = death_of(collector, pid)
    assert how(death) is How.PARENT
    assert said(death) == f"SIGTERM: parent dying {process.pid} exited"


THREAD: Final = """
import ctypes, os, signal, sys, threading, time

def run():
    read, write = os.pipe()
    if not os.fork():
        ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)
        os.write(1, b"%d\\n" % os.getpid())
        os.write(write, b"x")
        time.sleep(99)
    os.read(read, 1)

thread = threading.Thread(target=run)
thread.start()
thread.join()
sys.stdin.read()
"""


def test_a_thread_of_the_parent_that_exits(collector: KernelCollector) -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", THREAD]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        death = death_of(collector, pid)
        process.communicate()
    assert how(death) is How.PARENT
    assert said(death).startswith("SIGTERM: the thread of ")
    assert said(death).endswith(f" {process.pid} that started it exited")


def test_the_oom_killer(
    collector: KernelCollector, dying: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that ran is the victim itself: it asked for too much."""
    monkeypatch.setattr(memory_events, "_PAUSE", 0)
    try:
        made = own_group(of_memory=True)
    except OSError as error:
        pytest.skip(f"no cgroup that limits memory: {error}")
    with made as folder:
        limit_memory(folder, 20 * MIB)
        pid = spawn("sh", "-c", f'echo $$ >{folder}/cgroup.procs; exec "$0" oom', dying)
        assert os.WTERMSIG(wait(pid)) == signal.SIGKILL
        death = death_of(collector, pid)
        assert (how(death), killer(death)) == (How.OOM, None)
        found = death.out_of_memory
        assert found is not None
        if found.rss_bytes is not None:
            assert 5 * MIB < found.rss_bytes < 40 * MIB
        assert (found.cgroup, found.limit_bytes) == (folder.name.encode(), 20 * MIB)
        assert found.used_bytes is not None
        assert 15 * MIB < found.used_bytes <= 20 * MIB
        assert found.events is not None
        assert found.events["oom_kill"] == 1
        assert said(death).startswith(
            f"out of memory: cgroup limit 20M of {folder.name}"
        )


@pytest.mark.parametrize(
    ("mode", "number", "kind", "text"),
    [
        ("segv", signal.SIGSEGV, How.FAULT, "segfault at 0x10"),
        ("bus", signal.SIGBUS, How.FAULT, "bus error at 0x"),
        ("ill", signal.SIGILL, How.FAULT, "illegal instruction at 0x"),
        ("abort", signal.SIGABRT, How.ABORT, "abort()"),
        ("pipe", signal.SIGPIPE, How.PIPE, "SIGPIPE: broken pipe"),
        ("cpu", signal.SIGKILL, How.RLIMIT, "SIGKILL: CPU time limit"),
        ("size", signal.SIGXFSZ, How.RLIMIT, "SIGXFSZ: file size limit"),
        ("alarm", signal.SIGALRM, How.TIMER, "SIGALRM by a timer"),
        ("timer", signal.SIGUSR1, How.TIMER, "SIGUSR1 by a timer"),
        ("seccomp", signal.SIGSYS, How.SECCOMP, "seccomp: syscall getppid"),
    ],
)
def test_a_death_of_its_own(
    collector: KernelCollector, dying: str,
    mode: str, number: int, kind: How, text: str,
) -> None:  # fmt: skip
    death = run(collector, dying, mode)
    assert (death.signal, how(death)) == (number, kind)
    assert said(death).startswith(text)
    assert killer(death) is None
    assert (fault_address(death) is None) == (kind is not How.FAULT)
    assert (forbidden_call(death) is None) == (kind is not How.SECCOMP)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="others divide by zero")
def test_a_division_by_zero(collector: KernelCollector, dying: str) -> None:
    death = run(collector, dying, "fpe")
    assert how(death) is How.FAULT
    assert said(death).startswith("arithmetic error at 0x")


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_terminal(collector: KernelCollector, dying: str, *, is_closed: bool) -> None:
    """The task that runs is a kernel thread, or whoever closed the other side."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execl(dying, dying, "wait")  # noqa: S606
    try:
        assert os.read(terminal, 5) == b"ready"
        if not is_closed:
            os.write(terminal, b"\x03")
            wait(pid)
    finally:
        os.close(terminal)
    if is_closed:
        wait(pid)
    death = death_of(collector, pid)
    assert death.signal == (signal.SIGHUP if is_closed else signal.SIGINT)
    assert (how(death), killer(death)) == (How.TTY, None)


def test_the_init_of_a_pid_namespace(collector: KernelCollector) -> None:
    probe = subprocess.run(["unshare", "-pf", "true"], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"no pid namespaces: {probe.stderr.decode().strip()}")
    outer = spawn("unshare", "-pf", "sh", "-c", "sleep 1000 & exit 0")
    wait(outer)
    found: list[Death] = []

    def is_there() -> bool:
        exits = collector.sample(Need.NONE).exits
        assert exits is not None
        found.extend(it for it in exits.deaths.values() if how(it) is How.INIT)
        return bool(found)

    until(is_there, "the death inside the namespace")
    assert said(found[0]).startswith("SIGKILL: sh ")


def test_of_many_threads_one_faults(
    collector: KernelCollector, lives: str, tmp_path: Path
) -> None:
    """The others are killed without a signal that could be traced."""
    pid = spawn("sh", "-c", 'cd "$1"; ulimit -c 0; exec "$0" crash-among-threads 3',
                lives, str(tmp_path))  # fmt: skip
    wait(pid)
    death = death_of(collector, pid)
    assert (death.signal, how(death)) == (signal.SIGABRT, How.ABORT)


FLOOD = """
import os, signal, sys
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.signal(signal.SIGUSR2, signal.SIG_IGN)
me = os.getpid()
for _ in range(int(sys.argv[1])):
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGURG, signal.SIGCHLD,
                   signal.SIGWINCH, signal.SIGCONT):
        os.kill(me, number)
"""


def test_signals_that_kill_nobody_are_not_in_the_log(
    collector: KernelCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200,000 of them, handled, ignored or harmless."""
    logged: list[int] = []
    log = collector._logs.deaths  # noqa: SLF001
    read = log.read

    def reading() -> object:
        records = read()
        logged.extend(records["pid"].tolist())
        return records

    monkeypatch.setattr(log, "read", reading)
    pid = spawn(sys.executable, "-S", "-E", "-c", FLOOD, str(200_000 // 6 + 1))
    assert wait(pid) == 0
    dead = asleep()
    os.kill(dead, signal.SIGKILL)
    wait(dead)
    death_of(collector, dead)
    assert dead in logged
    assert pid not in logged
    assert log.lost == 0
