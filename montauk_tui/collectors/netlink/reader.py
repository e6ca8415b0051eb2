"""The process that reads arguments at execs, and what it has read."""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui import children
from montauk_tui.collectors.netlink import reader_main
from montauk_tui.collectors.netlink.connector import KIND_AT, TIME_AT, EventSocket, Kind
from montauk_tui.collectors.urgency import hasten
from montauk_tui.descriptors import lower_limit_of

_PIPE_BYTES: Final = 1 << 20
"""What every user may have (pipe(7)): the arguments of some 8,000 execs."""
_CHUNK_BYTES: Final = 1 << 16
_PATIENCE_S: Final = 0.5
"""How long it may take to exit; signals that the caller ignores are inherited."""
_BEHIND_S: Final = 0.005
"""How long it is waited for; it is a tenth of a millisecond behind."""


class Argv(NamedTuple):
    """The arguments after an exec, and when they had been read."""

    raw: bytes
    read_ns: int
    """CLOCK_MONOTONIC; 0 if they could not be read in time."""


Exec = tuple[int, int]
"""A process, and the CLOCK_MONOTONIC time of its exec."""

UNREAD: Final = Argv(b"", 0)


class ArgumentReader:
    """Runs `reader_main.py` with a subscription of its own."""

    def __init__(self, buffer_bytes: int) -> None:
        """Start it.

        Raises:
            OSError: There is no room for one more process.
        """
        self.has_exited = False
        """Whether the process has exited: nothing is read any more."""
        self._read = b""
        self._upto_ns = 0
        with contextlib.ExitStack() as undo:
            # Ours as well, to end the subscription with.
            events = EventSocket(Kind.EXEC, buffer_bytes)
            undo.callback(events.close)
            self._offset_ns = events.offset_ns
            self._pipe, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            undo.callback(os.close, self._pipe)
            with contextlib.ExitStack() as ours:
                ours.callback(os.close, writing)
                with contextlib.suppress(OSError):
                    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
                self._process = _start(events, writing)
            self._resources = undo.pop_all()

    def drain(self, upto_ns: int) -> dict[Exec, Argv]:
        """Return the arguments read since the last call.

        Args:
            upto_ns: Time of an exec that must be included, unless the reader is behind.
        """
        found: dict[Exec, Argv] = {}
        ready = select.poll()
        ready.register(self._pipe, select.POLLIN)
        end_s = time.monotonic() + _BEHIND_S
        while True:
            self.has_exited = self._read_pipe()
            self._unpack(found)
            left_s = end_s - time.monotonic()
            if self.has_exited or self._upto_ns >= upto_ns or left_s <= 0:
                return found
            ready.poll(left_s * 1000)

    def _read_pipe(self) -> bool:
        """Read everything available; tell whether the process has exited."""
        parts = [self._read]
        try:
            while part := os.read(self._pipe, _CHUNK_BYTES):
                parts.append(part)
        except BlockingIOError:
            return False
        finally:
            self._read = b"".join(parts)
        return True

    def _unpack(self, found: dict[Exec, Argv]) -> None:
        text, at, size = self._read, 0, reader_main.RECORD.size
        while at + size <= len(text):
            pid, length, exec_ns, read_ns = reader_main.RECORD.unpack_from(text, at)
            if at + size + length > len(text):
                break
            at += size
            exec_ns += self._offset_ns
            found[pid, exec_ns] = Argv(text[at : at + length], read_ns)
            at += length
            self._upto_ns = max(self._upto_ns, exec_ns)
        self._read = text[at:]

    def close(self) -> None:
        """End it, and the subscription."""
        self._resources.close()
        # SIGKILL would be news on the screen. Somebody may have stopped it.
        for number in (signal.SIGTERM, signal.SIGCONT):
            self._process.send_signal(number)
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _start(events: EventSocket, writing: int) -> "subprocess.Popen[bytes]":
    """Start the process; it exits when the pipe is closed.

    It gets nothing from whoever started the monitor: no folder, no environment, no
    signal of its terminal.
    """
    socket = events.receiver.sock.fileno()
    layout = (Kind.EXEC, KIND_AT, TIME_AT, events.tgid_at)
    script = str(Path(reader_main.__file__))
    with children.stops_blocked():
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", script, *map(str, (socket, writing, *layout))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            pass_fds=(socket, writing),
            start_new_session=True,
        )
    hasten(process.pid)
    lower_limit_of(process.pid)
    return process
