"""Keeps a folder within its limits: old segments are thinned, and later removed."""

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui import children
from montauk_tui.descriptors import lower_limit_of
from montauk_tui.errors import MontaukError
from montauk_tui.recorder import thinner
from montauk_tui.recorder.aging import Clock
from montauk_tui.recorder.folder import Folder, Stored
from montauk_tui.recorder.layout import THINNED
from montauk_tui.recorder.plain import read_json
from montauk_tui.recorder.segment import Segment

_NS_PER_S: Final = 10**9
_NEARLY: Final = 0.8
"""Share of the size from which all segments are thinned, the oldest first."""

_FUTURE_NS: Final = 30 * 86_400 * _NS_PER_S
"""How far ahead of the wall clock a segment is from the future: a clock may be behind
by hours until it is set, as one in local time."""

_NOT_STARTED: Final = -1

_GRACE_S: Final = 5.0
"""How long to wait for a thread that is to end: a disk may hang."""


class Limits(NamedTuple):
    """What a folder keeps."""

    age_s: float = 7 * 86_400.0
    size_bytes: int = 2 << 30
    """Of all segments, the one being written included."""
    full_s: float = 86_400.0
    """Age from which one moment a minute is kept, with all events."""


def excess(
    segments: list[Stored],
    limits: Limits,
    needed_bytes: int,
    now_ns: int,
    wall_ns: int,
) -> list[str]:
    """Return the segments to remove, in this order.

    The oldest go first, but for those from the future. Such a segment was recorded by
    a clock that was ahead: it would never be too old, and every later one would have to
    go before it.

    Args:
        segments: Those that there are, oldest first.
        limits: What is kept.
        needed_bytes: The room that is needed.
        now_ns: The time by which they age.
        wall_ns: The wall clock, which `AgeClock` may doubt.
    """
    oldest_ns = now_ns - int(limits.age_s * _NS_PER_S)
    latest_ns = wall_ns + _FUTURE_NS
    removed = [one for one in segments if one.modified_ns < oldest_ns]
    left = [one for one in segments if one.modified_ns >= oldest_ns]
    left.sort(key=lambda one: one.modified_ns <= latest_ns)
    total = sum(one.size for one in left)
    for one in left:
        if total + needed_bytes <= limits.size_bytes:
            break
        removed.append(one)
        total -= one.size
    return [one.name for one in removed]


def to_thin(segments: list[Stored], limits: Limits, now_ns: int) -> list[str]:
    """Return the segments to thin, oldest first; all of them where room gets short."""
    total = sum(one.size for one in segments)
    oldest_ns = now_ns - int(limits.full_s * _NS_PER_S)
    is_short = total > limits.size_bytes * _NEARLY
    return [one.name for one in segments if is_short or one.modified_ns < oldest_ns]


class Retention:
    """Applies limits to a folder, for the one who writes there.

    Segments are thinned by a niced process, one after the other, which a thread waits
    for. Whoever takes samples waits for one rename at most.
    """

    def __init__(self, folder: Folder, limits: Limits, clock_ns: Clock) -> None:
        """Take a folder that is ours, and the clock by which segments age."""
        self._folder, self._limits, self._clock_ns = folder, limits, clock_ns
        self._lock = threading.Lock()
        """Held to rename and to remove: what is removed must not come back."""
        self._current = ""
        """The segment that is being written."""
        self._is_due = False
        """Whether to look for old segments again."""
        self._settled: set[str] = set()
        """Segments that are thinned, or cannot be."""
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def make_room(self, needed_bytes: int) -> None:
        """Remove segments that are too old, and the oldest until `needed_bytes` fit.

        Raises:
            OSError: One cannot be removed.
        """
        with self._lock:
            segments, now_ns = self._folder.segments(), self._clock_ns()
            wall_ns = time.time_ns()
            for name in excess(segments, self._limits, needed_bytes, now_ns, wall_ns):
                self._folder.remove(name)

    def thin_old(self, current: str) -> None:
        """Thin old segments from now on, except the one that is being written."""
        with self._lock:
            self._current, self._is_due = current, True
            if self._thread is not None:
                return
            self._thread = thread = threading.Thread(
                target=self._work, name="montauk-thin", daemon=True
            )
        try:
            thread.start()
        except RuntimeError:
            # Without a thread the segments stay as they are for now.
            self._thread = None

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until everything that is old has been thinned."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def close(self) -> None:
        """Stop; what is being thinned stays as it was."""
        self._is_closed = True
        if self._process is not None:
            self._process.kill()
        self.wait(_GRACE_S)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._is_due or self._is_closed:
                    self._thread = None
                    return
                self._is_due = False
            self._thin_all()

    def _thin_all(self) -> None:
        while not self._is_closed and (name := self._next()):
            try:
                if not self._is_thinned(name) and not self._thin(name):
                    return
            except (OSError, MontaukError):
                pass  # It was removed meanwhile, or is no segment.
            self._settled.add(name)

    def _next(self) -> str | None:
        try:
            segments, now_ns = self._folder.segments(), self._clock_ns()
        except OSError:
            return None
        kept = self._settled | {self._current}
        old = to_thin(segments, self._limits, now_ns)
        return next((name for name in old if name not in kept), None)

    def _thin(self, name: str) -> bool:
        """Thin a segment; tell whether there is nothing to try again later."""
        try:
            code = self._rewritten(name)
            if code == os.EX_OK:
                with self._lock:
                    self._folder.replace(name)
        finally:
            with suppress(OSError):
                self._folder.discard(name)
        return code >= 0 and code != thinner.NO_ROOM

    def _is_thinned(self, name: str) -> bool:
        segment = Segment(self._folder.open(name))
        try:
            head = read_json(segment.head_payload)
        finally:
            segment.close()
        return isinstance(head, dict) and head.get(THINNED) is True

    def _rewritten(self, name: str) -> int:
        """Let a process write the small form of a segment; return its exit code.

        Below 0 if it was killed, or could not be started.

        It exits with this thread, holds the lock of the folder until then, and gets
        nothing else from whoever started montauk.
        """
        folder, lock = self._folder.descriptors
        command = [
            sys.executable, "-I", "-S", str(Path(thinner.__file__)),
            str(os.getpid()), str(folder), name,
        ]  # fmt: skip
        try:
            process = self._started(command, folder, lock)
        except OSError:
            return _NOT_STARTED
        lower_limit_of(process.pid)
        if self._is_closed:
            process.kill()
        return process.wait()

    def _started(
        self, command: list[str], *descriptors: int
    ) -> "subprocess.Popen[bytes]":
        paths = os.pathsep.join(filter(os.path.isabs, sys.path))
        with children.stops_blocked():
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={thinner.PATHS: paths},
                pass_fds=[one for one in descriptors if one >= 0],
                start_new_session=True,
            )
        return self._process
