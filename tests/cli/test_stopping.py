"""Commands that run until they are stopped end by any signals at any time."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

from montauk_tui.export.stopping import Stop
from montauk_tui.export.waiter import Waiter
from tests.support.patience import until

ROUNDS = 400
LONG_S = 60.0


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


def stopped_elsewhere() -> threading.Thread:
    """Let another thread get a signal: what this one waits in is not interrupted.

    So is what begins to wait just after the signal came.
    """

    def interrupt_nothing() -> None:
        # The first thread waits by then. If not, the test passes without a cause.
        time.sleep(0.1)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

    other = threading.Thread(target=interrupt_nothing)
    other.start()
    return other


def test_a_signal_that_interrupts_nothing_ends_it() -> None:
    with closing(Stop()) as stop, stop.on_signals():
        other = stopped_elsewhere()
        began_s = time.monotonic()
        stop.wait(LONG_S)
        assert stop.is_set
        assert time.monotonic() - began_s < LONG_S
        other.join()


def test_a_signal_that_interrupts_nothing_ends_the_wait_for_events() -> None:
    with closing(Waiter(prints=False)) as waiter:
        other = stopped_elsewhere()
        began_s = time.monotonic()
        waiter.wait_until(began_s + LONG_S)
        assert waiter.is_stopped
        assert time.monotonic() - began_s < LONG_S
        other.join()


def test_it_takes_more_signals_than_a_pipe_holds() -> None:
    with closing(Stop()) as stop:
        for _ in range(70_000):
            stop.set()
        assert stop.is_set


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
