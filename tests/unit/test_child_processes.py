"""What a process that montauk starts is given, and what it does first."""

import ast
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from montauk_tui import children
from tests.support import heritage
from tests.support.patience import until


def test_nothing_of_the_environment_but_what_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("LD_PRELOAD", "/nowhere.so")
    monkeypatch.setenv("PATH", ".")
    monkeypatch.delenv("LC_ALL", raising=False)
    given = children.environment("LANG", "LC_ALL")
    assert given.keys() == {"PATH", "LANG"}
    assert all(path.startswith("/") for path in given["PATH"].split(":"))


CLEAN = """
import signal
from montauk_tui import children
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    try:
        signal.signal(number, signal.SIG_IGN)
    except OSError:
        pass
children.clean_signals([signal.SIGTERM])
for line in open("/proc/self/status"):
    if line.startswith(("SigBlk", "SigIgn", "SigCgt")):
        print(int(line.split()[1], 16))
"""


def test_every_signal_is_as_in_a_fresh_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLEAN], capture_output=True, text=True, check=True
    )
    blocked, ignored, caught = map(int, done.stdout.split())
    assert blocked == 1 << signal.SIGTERM - 1
    assert (heritage.named(ignored), caught) == (0, 0)


ENDS = """
import os, signal, sys
from montauk_tui import children
print(children.end_with(int(sys.argv[1]), signal.SIGTERM))
"""


@pytest.mark.parametrize("lives", [True, False])
def test_a_parent_that_is_gone_by_then_is_told(*, lives: bool) -> None:
    parent = os.getpid() if lives else 4_194_305  # More than any PID.
    done = subprocess.run(
        [sys.executable, "-c", ENDS, str(parent)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{lives}\n"


JOB = """
import subprocess, threading, time
from montauk_tui import children

def start_programs():
    while True:
        with children.stops_blocked():
            program = subprocess.Popen(["true"], start_new_session=True)
        program.wait()

threading.Thread(target=start_programs, daemon=True).start()
print("started", flush=True)
while True:
    time.sleep(1)
"""


def test_a_job_that_starts_programs_stops_and_continues() -> None:
    """Without the block, one of fifteen stops came between vfork and exec."""
    with subprocess.Popen(
        [sys.executable, "-c", JOB], stdout=subprocess.PIPE, process_group=0
    ) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == b"started\n"
        try:
            for at in range(100):
                time.sleep(at % 10 / 1000)
                os.killpg(job.pid, signal.SIGTSTP)
                until(lambda: has_stopped(job.pid), "a stop that is reported")
                os.killpg(job.pid, signal.SIGCONT)
        finally:
            os.killpg(job.pid, signal.SIGKILL)


def has_stopped(child: int) -> bool:
    """Tell whether the kernel reports a stop, once for each (wait(2))."""
    return os.waitid(os.P_PID, child, os.WSTOPPED | os.WNOHANG) is not None


def test_every_start_of_a_program_blocks_stops() -> None:
    """The guard is in a session of its own, which Ctrl-Z does not reach."""
    for path in Path(children.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text())
        safe = {
            call
            for block in ast.walk(tree)
            if isinstance(block, ast.With)
            and "children.stops_blocked()" in map(ast.unparse, block.items)
            for call in ast.walk(block)
        }
        starts = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and "subprocess." in ast.unparse(node.func)
        ]
        if path.name != "guard.py":
            assert safe.issuperset(starts), path
