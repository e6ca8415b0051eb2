"""The inspected process: its open folder in /proc, and the errors of reading."""

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from montauk_tui.collectors.procfs.folder import Folder
from montauk_tui.collectors.procfs.stand_ins import (
    ITS_OWN,
    living_threads,
    needs_stand_in,
)
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.model.details import Amount, Datum, Unit, Value
from montauk_tui.model.names import state_letter
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.text import clean

TRACE: Final = "needs CAP_SYS_PTRACE or the same user"
"""What the kernel requires (PTRACE_MODE_READ in ptrace(2))."""

ADMIN: Final = "needs root (CAP_SYS_ADMIN)"

MISSING: Final = "not in this kernel"

NO_MEMORY: Final = "none: a kernel thread, or a zombie"

_OF_ALL_THREADS: Final = frozenset({"stat", "io", "task", "autogroup"})
"""Files that differ or are missing in the folder of a thread."""

_MOST_BYTES: Final = 1 << 16
_DIGITS: Final = 20
"""No number of the kernel has more."""


class ProcessFolder(Folder):
    """The open folder of one process: it never becomes that of another.

    The kernel ties an open /proc/PID to the process and not to its pid: after the exit
    every read fails with ESRCH, whichever process has the pid then.
    """

    def __init__(self, root: str, pid: int) -> None:
        """Open the folder of `pid` below `root`."""
        super().__init__(f"{root}/{pid}")
        self._process = self._fd

    def __enter__(self) -> Self:
        """Use the folder."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the folder."""
        if self._fd != self._process:
            os.close(self._fd)
        os.close(self._process)

    def stand_in(self, tid: int) -> None:
        """Read what belongs to a thread from the folder of the thread `tid`."""
        fd = self.open_below(f"task/{tid}")
        if self._fd != self._process:
            os.close(self._fd)
        self._fd = fd

    def _of(self, path: str) -> int:
        is_of_all = path.partition("/")[0] in _OF_ALL_THREADS
        return self._process if is_of_all else self._fd

    def read(self, name: str, limit: int = _MOST_BYTES) -> bytes:
        """Return the start of a file, at most `limit` bytes."""
        return self.read_lists(name, limit)

    def numbers(self, name: str) -> list[int]:
        """Return the numbers that are names in a folder, sorted."""
        return sorted(int(entry) for entry in self.names(name) if is_number(entry))


@dataclass(frozen=True, slots=True)
class Subject:
    """A process, with the data that several sections need."""

    folder: ProcessFolder
    identity: Identity
    root: str
    """Where /proc is."""
    stat: ProcessTable
    """One row."""
    status: Mapping[str, bytes]
    """The lines of /proc/PID/status by their names (proc_pid_status(5))."""
    user: Callable[[int], str]

    def number(self, field: str) -> int:
        """Return a column of the stat file."""
        return int(getattr(self.stat, field)[0])

    @property
    def state(self) -> str:
        """The state letter."""
        return state_letter(self.number("state")) or "?"

    @property
    def has_memory(self) -> bool:
        """Whether it is neither a kernel thread nor a zombie."""
        return not self.stat.is_kernel[0] and self.state not in "ZX"

    def status_text(self, name: str) -> str:
        """Return a line of the status file.

        Raises:
            OSError: There is no such line.
        """
        if name not in self.status:
            raise OSError(errno.ENOENT, name)
        return clean(self.status[name].replace(b"\t", b" "))

    def status_bytes(self, name: str) -> float:
        """Return a size in the status file.

        Raises:
            OSError: There is no such line.
            ValueError: It is no size.
        """
        return float(number(self.status_text(name).removesuffix(" kB")) * 1024)


def read_subject(
    folder: ProcessFolder, identity: Identity, root: str, user: Callable[[int], str]
) -> Subject | None:
    """Return the process in an open folder, None if it is another one.

    Raises:
        OSError: The process has exited.
    """
    table = parse_stats([(identity.pid, folder.read("stat"))])
    if len(table) != 1 or table.identity(0) != identity:
        return None
    if needs_stand_in(table)[0]:
        table = _with_stand_in(folder, table)
    status = fields(folder.read("status"))
    return Subject(folder, identity, root, table, status, user)


def _with_stand_in(folder: ProcessFolder, table: ProcessTable) -> ProcessTable:
    """Let `folder` read from a live thread; return the stat file with its columns."""
    for thread in living_threads(folder.numbers("task"), folder.read):
        try:
            folder.stand_in(int(thread.pid[0]))
        except OSError:
            continue
        return table.with_columns({name: getattr(thread, name) for name in ITS_OWN})
    return table


def fields(text: bytes) -> dict[str, bytes]:
    """Return the values of lines such as `Name: value`."""
    found: dict[str, bytes] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(b":")
        if colon:
            found.setdefault(clean(name), value.strip())
    return found


def is_number(text: str) -> bool:
    """Tell whether a text is a number as the kernel prints them."""
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def number(text: str) -> int:
    """Return a number that the kernel printed.

    Raises:
        ValueError: It is not a number.
    """
    if not is_number(text.removeprefix("-")):
        reason = f"{text[:20]!r} is not a number"
        raise ValueError(reason)
    return int(text)


def numbers(text: str) -> list[int]:
    """Return the numbers in a text.

    Raises:
        ValueError: A word is not a number.
    """
    return [number(word) for word in text.split()]


def why(error: Exception, need: str = TRACE, missing: str = MISSING) -> str:
    """Return in a few words why something could not be read."""
    if not isinstance(error, OSError):
        return "not understood"
    if error.errno in (errno.EACCES, errno.EPERM):
        return need
    if error.errno == errno.ESRCH:
        return "the process has exited"
    if error.errno == errno.ENOENT:
        return missing
    return os.strerror(error.errno or 0).lower()


def tried(
    label: str, read: Callable[[], Value | None], missing: str = MISSING
) -> Datum:
    """Return what `read` returns, or why it cannot.

    Args:
        label: What the value is called.
        read: Returns it, or raises OSError or ValueError.
        missing: What is said where there is no such file.
    """
    try:
        return Datum(label, read())
    except (OSError, ValueError) as error:
        return Datum(label, reason=why(error, missing=missing))


def size(label: str, read: Callable[[], float]) -> Datum:
    """Return a size that `read` returns, or why it cannot."""
    return tried(label, lambda: Amount(read(), Unit.BYTES))
