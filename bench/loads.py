"""Processes to measure beside; run by path as `loads.py KIND COUNT`.

Everything is a fork of this one small process, so that ten thousand take two seconds.
It writes `ready` when all run, and ends them when its standard input is closed: nothing
is left over, whatever happens to who started it. Standard library only.
"""

import math
import os
import select
import signal
import sys
import time

# Not threading: what it does after each fork takes three times as long as the fork.
from _thread import stack_size, start_new_thread
from collections.abc import Callable
from functools import partial
from typing import Final, NoReturn

_BUSY: Final = 100
"""One of so many processes is busy."""

_BUSY_EVERY_S: Final = 0.2
_BUSY_S: Final = 0.001
_TURN_S: Final = 10.0
_TURN_CPU_S: Final = 0.0002
_THREADS: Final = 40
_STACK_BYTES: Final = 64 * 1024
_FOREVER_S: Final = 1e6
_STEP_S: Final = 0.01
_TRUE: Final = "/bin/true"


def fork(work: Callable[[], object]) -> int:
    """Start a process that works until it is killed; return its PID."""
    if pid := os.fork():
        return pid
    while True:
        work()


def idle(count: int) -> list[int]:
    """Start processes that sleep."""
    return [fork(signal.pause) for _ in range(count)]


def busy(count: int) -> list[int]:
    """Start processes of which one in a hundred needs 1 ms of CPU each 0.2 s."""
    return [fork(_work if at % _BUSY == 0 else signal.pause) for at in range(count)]


def _work() -> None:
    end = time.process_time() + _BUSY_S
    while time.process_time() < end:
        pass
    time.sleep(_BUSY_EVERY_S)


def waking(count: int) -> list[int]:
    """Start processes that wake every ten seconds, so a tenth of them each second."""
    begun_s = time.monotonic()
    firsts_s = [begun_s + at / count * _TURN_S for at in range(count)]
    return [fork(partial(_sleep_until_turn, first_s)) for first_s in firsts_s]


def _sleep_until_turn(first_s: float) -> None:
    turns = math.ceil(max(0.0, time.monotonic() - first_s) / _TURN_S + 1e-9)
    time.sleep(max(0.0, first_s + turns * _TURN_S - time.monotonic()))
    end = time.process_time() + _TURN_CPU_S
    while time.process_time() < end:
        pass


def threads(count: int) -> list[int]:
    """Start processes with 40 sleeping threads each."""
    reader, writer = os.pipe()
    pids = [fork(lambda: _sleep_in_threads(writer)) for _ in range(count)]
    waiting = len(pids)
    while waiting:
        waiting -= len(os.read(reader, waiting))
    return pids


def _sleep_in_threads(writer: int) -> NoReturn:
    stack_size(_STACK_BYTES)
    for _ in range(_THREADS - 1):
        start_new_thread(time.sleep, (_FOREVER_S,))
    os.write(writer, b".")
    while True:
        signal.pause()


def churn(count: int) -> list[int]:
    """Start a process that starts and reaps so many others a second."""
    return [fork(lambda: _start_and_reap(count))]


def _start_and_reap(a_second: int) -> NoReturn:
    begun_s, done = time.monotonic(), 0
    while True:
        due = int((time.monotonic() - begun_s) * a_second)
        # What a pause delayed is not made up for: that would be a storm.
        done = max(done, due - a_second // 10)
        pids = [os.posix_spawn(_TRUE, [_TRUE], {}) for _ in range(due - done)]
        done = due
        for pid in pids:
            os.waitpid(pid, 0)
        time.sleep(_STEP_S)


KINDS: Final = {
    "idle": idle,
    "busy": busy,
    "threads": threads,
    "churn": churn,
    "waking": waking,
}


def main() -> None:
    """Run until the standard input is closed; print `ready`, or what is missing."""
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    try:
        pids = KINDS[sys.argv[1]](int(sys.argv[2]))
    except OSError as error:
        print(f"{error}; see ulimit -u and pid_max", flush=True)
        os.killpg(0, signal.SIGKILL)
    print("ready", flush=True)
    while select.select([0], [], [])[0] and os.read(0, 1):
        pass
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
