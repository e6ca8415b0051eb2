"""Commands that run until they are stopped end by any signals at any time."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

from montauk_tui.export.stopping import Stop
from tests.support.patience import until

ROUNDS = 400


def stopped_by(first: signal.Signals, second: signal.Signals, gap_s: float) -> bool:
    """Send two signals to a process that waits; tell whether it ends."""
    ready, told = os.pipe()
    pid = os.fork()
    if not pid:
        stop = Stop()
        with stop.on_signals():
            os.write(told, b"x")
            stop.wait()
            os._exit(0)
    os.read(ready, 1)
    os.close(ready)
    os.close(told)
    os.kill(pid, first)
    due_s = time.perf_counter() + gap_s
    while time.perf_counter() < due_s:
        pass
    os.kill(pid, second)
    try:
        until(lambda: os.waitpid(pid, os.WNOHANG)[0], "a process that was stopped")
    except AssertionError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return False
    return True


def test_two_signals_at_once_end_it() -> None:
    """The handler of the second may interrupt that of the first anywhere.

    In a program of its own, as those that fork here have no other threads then.
    """
    rounds = f"import {__name__} as it; it.end_by_two()"
    subprocess.run([sys.executable, "-c", rounds], check=True)


def end_by_two() -> None:
    """Send two signals again and again, with other times between them."""
    for number in range(ROUNDS):
        assert stopped_by(signal.SIGTERM, signal.SIGHUP, number * 0.4e-6)


def test_it_waits_for_a_time_or_for_another_thread() -> None:
    with closing(Stop()) as stop:
        stop.wait(0.0)
        stop.wait(0.01)
        assert not stop.is_set
        timer = threading.Timer(0.01, stop.set)
        timer.start()
        stop.wait(100 * 365 * 86_400.0)
        assert stop.is_set
        timer.join()
