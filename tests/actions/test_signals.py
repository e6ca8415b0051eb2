"""Signals reach the process that was meant, and no other."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from montauk_tui.actions import signals
from montauk_tui.model.outcome import Outcome
from montauk_tui.model.sample import Identity
from montauk_tui.model.signals import NAMES, meaning
from tests.support.children import child, ended_by, identity_of, zombie
from tests.support.sight import others_are_seen

CHECKOUT = Path(__file__).parents[2]

AS_NOBODY = """
import sys
from montauk_tui.actions import signals
from montauk_tui.model.signals import NAMES, meaning
from montauk_tui.model.sample import Identity
result = signals.send(Identity(int(sys.argv[1]), int(sys.argv[2])), 15)
print(result.outcome.value, result.why({0: "root"}.get), sep="|")
"""

TAKEN_PID = """
import os, signal, time
from pathlib import Path
from montauk_tui.actions import io_priority, pid_owner, priority, signals
from montauk_tui.model.outcome import Outcome
from montauk_tui.model.signals import NAMES, meaning
from montauk_tui.model.sample import Identity

LIMIT = Path("/proc/sys/kernel/pid_max")

def fork():
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    return pid

def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

LIMIT.write_text("400")
# Below 300 a PID is given away once only (RESERVED_PIDS in kernel/pid.c).
while (pid := fork()) < 310:
    end(pid)
meant = Identity(pid, pid_owner.holder(pid).start_ticks)
assert signals.send(meant, 0).outcome is Outcome.DONE
end(pid)
assert signals.send(meant, signal.SIGKILL).outcome is Outcome.EXITED
time.sleep(0.05)
while (other := fork()) != pid:
    end(other)
now = Identity(other, pid_owner.holder(other).start_ticks)
nice, cpus = os.getpriority(os.PRIO_PROCESS, other), os.sched_getaffinity(other)
print("taken over", other == meant.pid and now != meant)
print("signal", signals.send(meant, signal.SIGKILL).outcome.value)
print("nice", priority.add_nice(meant, 5).outcome.value)
print("affinity", priority.set_affinity(meant, {0}).outcome.value)
print("policy", priority.set_policy(meant, "batch").outcome.value)
print("ionice", io_priority.put(meant, "idle").outcome.value)
print("unharmed", os.waitpid(other, os.WNOHANG) == (0, 0)
    and os.getpriority(os.PRIO_PROCESS, other) == nice
    and os.sched_getaffinity(other) == cpus
    and os.sched_getscheduler(other) == os.SCHED_OTHER
    and io_priority.current(other)[0] != "idle")
print("its own", signals.send(now, signal.SIGKILL).outcome.value)
print("killed", os.waitstatus_to_exitcode(os.waitpid(other, 0)[1]))
"""


def test_a_signal_reaches_its_process() -> None:
    with child() as (process, identity):
        assert signals.send(identity, signal.SIGTERM).outcome is Outcome.DONE
        assert ended_by(process) is signal.SIGTERM


def test_a_process_that_ended_is_gone() -> None:
    with child() as (process, identity):
        process.kill()
        process.wait()
        assert signals.send(identity, signal.SIGTERM).outcome is Outcome.EXITED


def test_a_zombie_is_refused_with_the_reason() -> None:
    with zombie() as identity:
        result = signals.send(identity, signal.SIGKILL)
        assert result.outcome is Outcome.REFUSED
        assert "only its parent can reap it" in result.reason


@pytest.mark.parametrize("ticks", [-1, 1, 1000])
def test_another_start_time_is_another_process(ticks: int) -> None:
    with child() as (process, identity):
        other = Identity(identity.pid, identity.start_ticks + ticks)
        assert signals.send(other, signal.SIGKILL).outcome is Outcome.EXITED
        assert process.poll() is None


def test_a_number_that_is_no_signal_is_refused() -> None:
    with child() as (process, identity):
        assert signals.send(identity, 99).outcome is Outcome.REFUSED
        assert process.poll() is None


def test_a_thread_is_refused() -> None:
    code = "import threading, time; t = threading.Thread(target=time.sleep, args=[600])"
    code += "; t.start(); print(t.native_id, flush=True); t.join()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        thread = identity_of(int(process.stdout.readline()))
        result = signals.send(thread, signal.SIGKILL)
        assert process.poll() is None
        process.kill()
    assert (result.outcome, result.reason) == (
        Outcome.REFUSED,
        "a thread gets no signal of its own",
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSYS, "no pidfd (Linux 5.3)"), (errno.EPERM, "is forbidden here")],
)
def test_without_pidfd_nothing_is_sent(
    monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(_pid: int) -> int:
        raise OSError(number, os.strerror(number))

    with child() as (process, identity):
        monkeypatch.setattr(os, "pidfd_open", refuse)
        result = signals.send(identity, signal.SIGKILL)
        assert result.outcome is Outcome.REFUSED
        assert words in result.reason
        monkeypatch.delattr(os, "pidfd_open")
        assert signals.send(identity, signal.SIGKILL).outcome is Outcome.REFUSED
        assert process.poll() is None


def test_no_descriptor_stays_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with child() as (_, identity):
        for _ in range(5):
            signals.send(identity, 0)
            signals.send(Identity(identity.pid, 1), 0)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_every_signal_has_its_name() -> None:
    assert NAMES[9] == "SIGKILL"
    assert NAMES[int(signal.SIGRTMIN) + 2] == "SIGRTMIN+2"
    assert set(signal.Signals) <= set(NAMES)
    assert list(NAMES) == sorted(NAMES)
    assert meaning(9) == "Kill at once; cannot be caught"
    assert all(meaning(it) for it in signal.Signals)
    assert meaning(int(signal.SIGRTMIN) + 2) == ""


@pytest.mark.privileged
@others_are_seen
def test_without_permission_it_says_whose_it_is() -> None:
    if os.geteuid():
        pytest.skip("needs root, to become somebody else")
    with child() as (process, identity):
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             sys.executable, "-c", AS_NOBODY, *map(str, identity)],
            capture_output=True, text=True, check=False, cwd=CHECKOUT,
        )  # fmt: skip
        assert done.stdout.strip() == (
            "not permitted|owned by root: run as root, or with CAP_KILL"
        ), done.stderr
        assert process.poll() is None


@pytest.mark.privileged
def test_whoever_took_the_pid_over_gets_nothing() -> None:
    release = tuple(map(int, os.uname().release.split(".")[:2]))
    if os.geteuid():
        pytest.skip("needs root, to make a PID namespace")
    if release < (6, 14):
        pytest.skip("before Linux 6.14 pid_max belongs to the whole machine")
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c"]
    before = Path("/proc/sys/kernel/pid_max").read_text()
    done = subprocess.run(
        [*command, TAKEN_PID], capture_output=True, text=True, check=False,
        cwd=CHECKOUT, timeout=120,
    )  # fmt: skip
    if "unshare:" in done.stderr:
        pytest.skip(f"no PID namespace here: {done.stderr.strip()}")
    assert done.stdout.splitlines() == [
        "taken over True", "signal had exited", "nice had exited",
        "affinity had exited", "policy had exited", "ionice had exited",
        "unharmed True", "its own done", "killed -9",
    ], done.stderr  # fmt: skip
    assert Path("/proc/sys/kernel/pid_max").read_text() == before
