"""Workloads of a few processes: what the kernel does for them, and threads.

Each function runs until a moment of CLOCK_MONOTONIC and returns how many processes it
started. It imports nothing of montauk.
"""

import ctypes
import hashlib
import mmap
import os
import platform
import socket
import threading
import time
from collections.abc import Callable
from typing import Final, NoReturn

Work = Callable[[float], int | None]
"""Works until a moment; returns how many further processes it started, if any."""

_PAIRS: Final = 2
_SLEEPERS: Final = 4
_SLEEP_S: Final = 50e-6
_WORK_S: Final = 50e-6
_DATAGRAM: Final = b"x" * 1400
_AT_ONCE: Final = 64
_LEADERLESS_S: Final = 0.25
_FAULT_BYTES: Final = 1 << 22

_EXIT: Final = {"x86_64": 60, "aarch64": 93, "riscv64": 93}
"""Number of exit(2), which exits the calling thread only."""


def network(end: float) -> int:
    """Send datagrams through the loopback, which softirqs deliver."""
    return _run([_send_to_oneself] * _PAIRS, end)


def _send_to_oneself(end: float) -> None:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.settimeout(0)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(receiver.getsockname())
    while time.monotonic() < end:
        for _ in range(_AT_ONCE):
            sender.send(_DATAGRAM)
        try:
            while receiver.recv(len(_DATAGRAM)):
                pass
        except BlockingIOError:
            continue


def timers(end: float) -> int:
    """Sleep for 50 us again and again, in four threads: a timer interrupt each."""
    return _run([_in_four_threads], end)


def _in_four_threads(end: float) -> None:
    crew = [threading.Thread(target=_nap, args=(end,)) for _ in range(_SLEEPERS)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()


def _nap(end: float) -> None:
    while time.monotonic() < end:
        time.sleep(_SLEEP_S)


def short_threads(end: float) -> int:
    """Run one thread after the other that works for 50 us and exits."""
    return _run([_start_short_threads] * _PAIRS, end)


def _start_short_threads(end: float) -> None:
    while time.monotonic() < end:
        thread = threading.Thread(
            target=spin, args=(time.thread_time, time.thread_time() + _WORK_S)
        )
        thread.start()
        thread.join()


def spin(clock: Callable[[], float], end: float) -> None:
    """Use the CPU until `clock` says `end`; of the threads of Python one at a time."""
    while clock() < end:
        pass


def burn(clock: Callable[[], float], end: float) -> None:
    """Use the CPU until `clock` says `end`, in several threads at once."""
    while clock() < end:
        # About 0.5 ms, without the lock of the interpreter.
        hashlib.pbkdf2_hmac("sha256", b"", b"", 1000)


def leaderless(end: float) -> int:
    """Run processes whose first thread exits while two others continue."""
    count = 0
    while time.monotonic() < end:
        count += _run([_without_leader], time.monotonic() + _LEADERLESS_S)
    return count


def _without_leader(end: float) -> None:
    for _ in range(2):
        threading.Thread(target=burn, args=(time.monotonic, end), daemon=True).start()
    number = _EXIT.get(platform.machine())
    if number is None:
        time.sleep(max(0.0, end - time.monotonic()))
        return
    ctypes.CDLL(None).syscall(ctypes.c_long(number), ctypes.c_long(0))


def stress(end: float) -> int:
    """Use CPUs, pipes, memory, files, signals and forks at once, as stress-ng does."""
    kinds: list[Work] = [_burn, _ping, _fault, _write, _signal, _fork]
    return _run(kinds, end)


def _burn(end: float) -> None:
    burn(time.monotonic, end)


def _ping(end: float) -> int:
    """Send a byte back and forth between two processes: a switch each."""
    there, back = os.pipe(), os.pipe()
    if (pid := os.fork()) == 0:
        os.close(there[1])
        while os.read(there[0], 1):
            os.write(back[1], b"x")
        os._exit(0)
    while time.monotonic() < end:
        os.write(there[1], b"x")
        os.read(back[0], 1)
    os.close(there[1])
    os.waitpid(pid, 0)
    return 1


def _fault(end: float) -> None:
    while time.monotonic() < end:
        with mmap.mmap(-1, _FAULT_BYTES) as memory:
            for start in range(0, _FAULT_BYTES, mmap.PAGESIZE):
                memory[start] = 1


def _write(end: float) -> None:
    file = os.memfd_create("stress")
    while time.monotonic() < end:
        os.pwrite(file, _DATAGRAM * _AT_ONCE, 0)
        os.ftruncate(file, 0)
    os.close(file)


def _signal(end: float) -> None:
    """Work with a timer signal every 100 us."""
    import signal  # noqa: PLC0415 - here, so that no other workload has a handler

    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 100e-6, 100e-6)
    burn(time.monotonic, end)
    signal.setitimer(signal.ITIMER_REAL, 0)


def _fork(end: float) -> int:
    """Fork children that exit at once, one after the other."""
    count = 0
    while time.monotonic() < end:
        if (pid := os.fork()) == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        count += 1
    return count


def _run(works: list[Work], end: float) -> int:
    """Run each in a separate process, wait for all, return their number."""
    running: dict[int, int] = {}
    for work in works:
        reader, writer = os.pipe()
        if (pid := os.fork()) == 0:
            _work_and_leave(work, end, writer)
        os.close(writer)
        running[pid] = reader
    total = len(running)
    for pid, reader in running.items():
        with os.fdopen(reader, "rb") as output:
            total += int(output.read() or b"0")
        os.waitpid(pid, 0)
    return total


def _work_and_leave(work: Work, end: float, writer: int) -> NoReturn:
    try:
        os.write(writer, b"%d" % (work(end) or 0))
    finally:
        os._exit(0)
