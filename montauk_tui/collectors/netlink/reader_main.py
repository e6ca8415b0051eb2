"""Reads the arguments of programs as soon as they start: a separate program.

Run by `reader.py`, with the standard library alone. A program such as `true` exits
half a millisecond after its exec event. A thread of the monitor would wait for
the lock of the interpreter, which another thread may hold while it has no CPU; this
process has a lock of its own, and `reader.py` lets it run before other processes.

For each exec it writes RECORD and the arguments into a pipe, without blocking. It exits
when the reading end of the pipe is closed.
"""

import os
import select
import socket
import struct
import sys
import time
from collections.abc import Sequence
from typing import Final

RECORD: Final = struct.Struct("=IHqq")
"""Process, bytes of arguments behind this, CLOCK_MONOTONIC of the exec (ns) and of when
the arguments had been read; 0 for the latter if they were not."""

MOST_BYTES: Final = select.PIPE_BUF - RECORD.size
"""Of arguments: more could be written in parts."""

_SHARE: Final = 0.2
"""Of one CPU's time goes into reading, at 30 to 120 us each, waking up included."""

_SAVED_S: Final = 1.0
"""The most that is saved up for when many programs start at once."""

_PAUSE_S: Final = 0.05
_MESSAGE_BYTES: Final = 256


class Budget:
    """A budget of CPU time, saved up to a limit while little is used."""

    def __init__(self) -> None:
        """Start with the full budget."""
        self._left_s = _SAVED_S
        self._looked_s = time.monotonic()
        self._used_s = time.thread_time()

    def is_spent(self) -> bool:
        """Account for what was used since the last call; tell whether to pause."""
        now_s, used_s = time.monotonic(), time.thread_time()
        self._left_s += _SHARE * (now_s - self._looked_s) - (used_s - self._used_s)
        self._left_s = min(self._left_s, _SAVED_S)
        self._looked_s, self._used_s = now_s, used_s
        return self._left_s < 0


def arguments_of(pid: int) -> bytes:
    """Return the arguments of a process, empty if it has exited or has none."""
    try:
        file = os.open(f"/proc/{pid}/cmdline", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(file, MOST_BYTES)
    except OSError:
        return b""
    finally:
        os.close(file)


def next_message(events: socket.socket) -> bytes | None:
    """Return the next message of the kernel, None where none waits."""
    while True:
        try:
            message, (sender, _) = events.recvfrom(_MESSAGE_BYTES)
        except BlockingIOError:
            return None
        except OSError:  # ENOBUFS: some were dropped
            continue
        if sender == 0:
            return bytes(message)


class Reader:
    """The socket, the pipe, and the offsets in a message."""

    def __init__(self, events: int, pipe: int, layout: Sequence[int]) -> None:
        """Take the descriptors; `layout` is of `reader.py`."""
        kind, self._kind_at, self._time_at, self._pid_at = layout
        self._events = socket.socket(fileno=events)
        self._pipe = pipe
        self._kind = struct.pack("=I", kind)
        self._budget = Budget()

    def run(self) -> None:
        """Read until the pipe is closed."""
        ready = select.poll()
        ready.register(self._events, select.POLLIN)
        ready.register(self._pipe, 0)
        # A socket whose buffer was full reports an error, which reading clears.
        while not any(file == self._pipe for file, _ in ready.poll()):
            if self._budget.is_spent():
                time.sleep(_PAUSE_S)
                self._empty(reading=False)
            else:
                self._empty(reading=True)

    def _empty(self, *, reading: bool) -> None:
        """Read for each waiting exec, or skip it, until the budget is spent."""
        while message := next_message(self._events):
            if message[self._kind_at : self._kind_at + 4] != self._kind:
                continue
            (pid,) = struct.unpack_from("=I", message, self._pid_at)
            (exec_ns,) = struct.unpack_from("=q", message, self._time_at)
            raw = arguments_of(pid) if reading else b""
            read_ns = time.monotonic_ns() if raw else 0
            try:
                os.write(self._pipe, RECORD.pack(pid, len(raw), exec_ns, read_ns) + raw)
            except BlockingIOError:
                continue
            if reading and self._budget.is_spent():
                return


def main() -> None:
    """Read for the descriptors and offsets of the command line."""
    events, pipe, *layout = map(int, sys.argv[1:])
    reader = Reader(events, pipe, layout)
    try:
        reader.run()
    except (BrokenPipeError, KeyboardInterrupt):
        return


if __name__ == "__main__":
    main()
