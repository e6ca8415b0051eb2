"""What a process that montauk starts is given, and what it does first."""

import os
import signal
import subprocess
import sys

import pytest

from montauk_tui import children
from tests.support import heritage


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
