"""The processes that /proc lists, read with one file each.

Hot path: open, read and close cost 7 us a process in the kernel; nothing else here
costs as much.
"""

import errno
import os
import re
import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from montauk_tui.collectors.procfs.folder import Folder
from montauk_tui.collectors.procfs.stat import RawStat
from montauk_tui.model.sample import Identity

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_STATM: Final = re.compile(rb"\s*\S+\s+([0-9]{1,12})\s+([0-9]{1,12})(?:\s|$)")
"""Bytes of pages with more digits may not fit into an int64."""

STAT_BYTES = 2048
"""More than 52 numbers of 20 digits; a longer name than a kworker's does not exist."""

STATM_BYTES = 256
"""More than 7 numbers of 20 digits."""


_START_WORD = 19
"""Position of the start time behind the name (proc_pid_stat(5))."""


_SHORT: Final = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class ProcRoot(Folder):
    """An open /proc.

    It is closed with the last object that refers to it: the look-ups of a frame outlive
    the collector that made it.
    """

    def __init__(self, path: str = "/proc") -> None:
        """Open the folder `path`."""
        super().__init__(path)
        self.path = path
        self.stand_ins: Mapping[int, int] = {}
        """A live thread of each process whose leader has exited."""
        self._kept: dict[str, int] = {}
        weakref.finalize(self, _close, self._fd, self._kept)

    def pids(self) -> list[str]:
        """Return the names of the process folders, as the kernel lists them."""
        return [name for name in os.listdir(self._fd) if name.isdigit()]  # noqa: PTH208

    def open(self, path: str) -> int:
        """Return the descriptor of a file."""
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._fd)

    def read(self, path: str, limit: int = 1 << 18) -> bytes:
        """Return the start of a file, at most `limit` bytes.

        The default holds the lines of 3,000 CPUs in /proc/stat.
        """
        fd = self.open(path)
        try:
            return os.read(fd, limit)
        finally:
            os.close(fd)

    def read_kept(self, path: str, limit: int = 1 << 18) -> bytes:
        """Return the same of a file that is read in every sample: it stays open.

        That takes one system call instead of three. Files of a copy of /proc may be
        replaced: those are opened each time.
        """
        fd = self._kept.get(path)
        if fd is not None:
            try:
                return os.pread(fd, limit, 0)
            except OSError:
                # What made the file may have been replaced (lxcfs).
                os.close(self._kept.pop(path))
        if self.path != "/proc":
            return self.read(path, limit)
        self._kept[path] = fd = self.open(path)
        return os.pread(fd, limit, 0)

    def close_kept(self) -> None:
        """Close the files that stayed open."""
        while self._kept:
            os.close(self._kept.popitem()[1])

    def folder(self, pid: int) -> str:
        """Return the folder in which a process has its memory and open files.

        An exited leader has released both: a live thread still has them.
        """
        tid = self.stand_ins.get(pid)
        return str(pid) if tid is None else f"{pid}/task/{tid}"

    def owner(self, pid: int) -> int:
        """Return the effective uid of a process.

        The folder belongs to it even where its files belong to root because the process
        may not be dumped (task_dump_owner in fs/proc/base.c).

        Raises:
            OSError: The process has exited.
        """
        return os.stat(str(pid), dir_fd=self._fd).st_uid

    def resident(self, pid: int) -> tuple[int, int]:
        """Return resident memory, and how much of it is shared (proc_pid_statm(5)).

        Raises:
            OSError: The process has exited, or the file has another format.
        """
        return resident_of(self.read(f"{self.folder(pid)}/statm", STATM_BYTES))

    def is_alive(self, identity: Identity) -> bool:
        """Tell whether the pid still belongs to the process it was read for."""
        try:
            text = self.read(f"{identity.pid}/stat", STAT_BYTES)
        except OSError:
            return False
        words = text.rpartition(b")")[2].split(None, _START_WORD + 1)
        start = words[_START_WORD] if len(words) > _START_WORD else b""
        return start == b"%d" % identity.start_ticks

    def stats(self, pids: Iterable[str]) -> Iterator[RawStat]:
        """Yield the stat file of each process that still exists.

        Raises:
            OSError: One cannot be read because something is short.
        """
        for pid in pids:
            try:
                yield int(pid), self.read(f"{pid}/stat", STAT_BYTES)
            except OSError as error:
                if is_shortage(error):
                    raise

    def threads(self, pids: Iterable[int]) -> dict[int, int]:
        """Return the process of each thread but the leader of processes, by its id.

        Raises:
            OSError: They cannot be listed because something is short.
        """
        found: dict[int, int] = {}
        for pid in pids:
            try:
                tids = self.names(f"{pid}/task")
            except OSError as error:
                if is_shortage(error):
                    raise
                continue
            found |= dict.fromkeys(map(int, tids), pid)
            found.pop(pid, None)
        return found


def _close(folder: int, kept: Mapping[str, int]) -> None:
    for fd in (folder, *kept.values()):
        os.close(fd)


def is_shortage(error: OSError) -> bool:
    """Tell whether reading failed because something is short, most often descriptors.

    It says nothing about the process, which must not be taken for exited.
    """
    return error.errno in _SHORT


def resident_of(statm: bytes) -> tuple[int, int]:
    """Return resident memory and how much of it is shared, from a statm file.

    Raises:
        OSError: The file has another format.
    """
    found = _STATM.match(statm)
    if found is None:
        raise OSError(errno.EINVAL, "not a statm file")
    rss, shared = int(found[1]) * _PAGE_BYTES, int(found[2]) * _PAGE_BYTES
    return rss, min(rss, shared)
