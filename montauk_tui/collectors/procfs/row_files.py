"""Files of the processes on the screen, kept open from sample to sample.

To read an open file costs a fifth of opening, reading and closing it. The rows on the
screen are few and mostly the same. An open file belongs to one process for ever: once
that has exited, reading fails (ESRCH), whoever has its pid.
"""

import errno
import os
import resource
import threading
import weakref
from collections.abc import Iterable
from typing import Final

from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.sample import Identity

_MOST: Final = 256
"""Files that are kept open at most: two for each row of a high screen."""

_Key = tuple[Identity, str]
"""A process and the path of a file."""

_SHARE: Final = 8
"""Part of the files that may be open (ulimit -n)."""


class RowFiles:
    """Reads files below a /proc; of a copy of one no file is kept.

    Every method may be called by any thread.
    """

    def __init__(self, root: ProcRoot) -> None:
        """Read below `root`."""
        self._root = root
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit == resource.RLIM_INFINITY:
            limit = _MOST * _SHARE
        self._most = min(_MOST, limit // _SHARE) if root.path == "/proc" else 0
        self._kept: dict[_Key, int] = {}
        self._used: set[_Key] = set()
        # A descriptor that is closed while it is read may be another file by then.
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._kept)

    def read(self, identity: Identity, name: str, limit: int) -> bytes:
        """Return the start of a file of a process as it is now, at most `limit` bytes.

        Raises:
            OSError: The process has exited, or reading is not permitted.
        """
        path = f"{self._root.folder(identity.pid)}/{name}"
        key = identity, path
        with self._lock:
            file = self._kept.get(key)
            if file is None:
                return self._read_new(key, limit)
            self._used.add(key)
            try:
                return os.pread(file, limit, 0)
            except OSError:
                self._drop(key)
                raise

    def read_kept(
        self, whose: Iterable[Identity], name: str, limit: int
    ) -> dict[Identity, bytes]:
        """Return the start of the files that are kept open, of some processes.

        The file of a process that has exited is closed.
        """
        found: dict[Identity, bytes] = {}
        with self._lock:
            for identity in whose:
                key = identity, f"{self._root.folder(identity.pid)}/{name}"
                file = self._kept.get(key)
                if file is None:
                    continue
                try:
                    found[identity] = os.pread(file, limit, 0)
                    self._used.add(key)
                except OSError:
                    self._drop(key)
        return found

    def keep(self, whose: Iterable[Identity], name: str) -> None:
        """Keep files open that need not be read in this sample."""
        with self._lock:
            for identity in whose:
                key = identity, f"{self._root.folder(identity.pid)}/{name}"
                if key in self._kept:
                    self._used.add(key)

    def _read_new(self, key: _Key, limit: int) -> bytes:
        """Read a file that is not open, and keep it open if it may be.

        Raises:
            OSError: As above; or another process has the pid by now.
        """
        identity, path = key
        file = self._root.open(path)
        is_kept = False
        try:
            data = os.pread(file, limit, 0)
            # Only then it is certain not to belong to a later holder of the pid.
            if not self._root.is_alive(identity):
                raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
            if len(self._kept) < self._most:
                self._kept[key] = file
                self._used.add(key)
                is_kept = True
        finally:
            if not is_kept:
                os.close(file)
        return data

    def _drop(self, key: _Key) -> None:
        os.close(self._kept.pop(key))
        self._used.discard(key)

    def next_sample(self) -> None:
        """Close the files that were not read since the previous sample."""
        with self._lock:
            # Those that were used are kept.
            if len(self._used) < len(self._kept):
                for key in self._kept.keys() - self._used:
                    self._drop(key)
            self._used.clear()

    def __len__(self) -> int:
        """Return how many files are open."""
        return len(self._kept)


def _close(kept: dict[_Key, int]) -> None:
    for file in kept.values():
        os.close(file)
    kept.clear()
