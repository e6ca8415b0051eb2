"""The stat files of processes, kept open from sample to sample.

Hot path: to read an open file costs half of opening, reading and closing it. An open
one takes 4.3 KiB of the kernel's memory. It belongs to one process for ever: once that
has exited, reading fails (ESRCH), whoever has its pid.
"""

import errno
import os
import resource
import weakref
from collections.abc import Iterable
from typing import Final

from montauk_tui.collectors.procfs.scan import STAT_BYTES, ProcRoot
from montauk_tui.collectors.procfs.stat import RawStat

_MOST: Final = 16_384
"""Files that are kept open at most, and half of those that may be open (ulimit -n)."""

_open: Final[set[int]] = set()
"""Those of all collectors: two are open while one takes over from the other."""

_NO_MORE: Final = (errno.EMFILE, errno.ENFILE)


class StatFiles:
    """Reads the stat file of each process; of copies of a /proc no file is kept."""

    def __init__(self, root: ProcRoot) -> None:
        """Read below `root`."""
        self._root = root
        self._kept: dict[int, int] = {}
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit == resource.RLIM_INFINITY:
            limit = 2 * _MOST
        self._most = min(_MOST, limit // 2) if root.path == "/proc" else 0
        weakref.finalize(self, _close, self._kept, None)

    def read(self, pids: Iterable[str]) -> dict[int, RawStat]:
        """Return the stat file of each process that exists, by its id.

        Raises:
            OSError: Too many files are open, also without those that are kept.
        """
        files: dict[int, RawStat] = {}
        for name in pids:
            pid = int(name)
            try:
                files[pid] = pid, self._text(pid)
            except OSError as error:
                if error.errno in _NO_MORE:
                    raise
        _close(self._kept, self._kept.keys() - files.keys())
        return files

    def _text(self, pid: int) -> bytes:
        """Return the text of a file, which is open or kept open if it may be.

        Raises:
            OSError: The process has exited.
        """
        kept = self._kept
        file = kept.get(pid)
        if file is not None:
            try:
                return os.pread(file, STAT_BYTES, 0)
            except OSError:
                # Another process may have the pid by now.
                _close(kept, [pid])
        file = self._open(f"{pid}/stat")
        if len(_open) < self._most:
            kept[pid] = file
            _open.add(file)
            return os.read(file, STAT_BYTES)
        try:
            return os.read(file, STAT_BYTES)
        finally:
            os.close(file)

    def _open(self, path: str) -> int:
        try:
            return self._root.open(path)
        except OSError as error:
            if error.errno not in _NO_MORE or not self._kept:
                raise
        # Others need them more: a process that is not read would look as if it exited.
        self._most = 0
        self.close()
        return self._root.open(path)

    def close(self) -> None:
        """Close all of them."""
        _close(self._kept, None)


def _close(kept: dict[int, int], pids: Iterable[int] | None) -> None:
    for pid in list(kept) if pids is None else pids:
        file = kept.pop(pid)
        _open.discard(file)
        os.close(file)
