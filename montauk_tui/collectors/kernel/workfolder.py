"""The folder in which root makes and unmakes pins: for one command at a time.

It is for root only, and has what a killed command left: the next one removes it.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from montauk_tui.collectors.kernel import pinfolder
from montauk_tui.collectors.kernel.pinfolder import PREFIX
from montauk_tui.errors import MontaukError

_WORK: Final = f"{PREFIX}work"
_NEW: Final = "new"
_PATIENCE_S: Final = 60.0
_STEP_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Work:
    """The open folders of one command."""

    place: str
    above: int
    """The root of the BPF file system."""
    inside: int
    """Our folder in it, locked."""

    def new(self) -> int:
        """Return a descriptor of a new folder that nobody else can see."""
        os.mkdir(_NEW, 0o700, dir_fd=self.inside)
        return os.open(_NEW, os.O_RDONLY | os.O_DIRECTORY, dir_fd=self.inside)

    def publish(self, name: str) -> None:
        """Give the new folder its name, in place of the one that has it.

        Raises:
            OSError: The file system refuses; the old one remains.
        """
        is_replaced = self.retire(name)
        try:
            os.rename(_NEW, name, src_dir_fd=self.inside, dst_dir_fd=self.above)
        except OSError:
            if is_replaced:
                os.rename(name, name, src_dir_fd=self.inside, dst_dir_fd=self.above)
            raise

    def retire(self, name: str) -> bool:
        """Take a folder away from its readers; tell whether there was one."""
        try:
            os.rename(name, name, src_dir_fd=self.above, dst_dir_fd=self.inside)
        except FileNotFoundError:
            return False
        return True

    def clear(self) -> None:
        """Remove everything in the folder."""
        for name in os.listdir(self.inside):  # noqa: PTH208 - of a descriptor
            shutil.rmtree(name, dir_fd=self.inside)


@contextlib.contextmanager
def working(place: str) -> Iterator[Work]:
    """Lock the folder, and remove it afterwards with everything left in it.

    Raises:
        MontaukError: It cannot be made or locked, with the reason and the remedy.
    """
    with contextlib.ExitStack() as stack:
        try:
            above = _readable(pinfolder.open_above(place))
            stack.callback(os.close, above)
            _check_mounted(place, above)
            inside = _locked(place, above)
        except FileNotFoundError as error:
            raise _not_mounted(place) from error
        except OSError as error:
            reason = f"{place}: {error.strerror}"
            raise MontaukError(reason, "let root write there") from error
        stack.callback(os.close, inside)
        work = Work(place, above, inside)
        try:
            work.clear()
            yield work
        finally:
            work.clear()
            os.rmdir(_WORK, dir_fd=above)


def _check_mounted(place: str, above: int) -> None:
    if not pinfolder.is_bpffs(above):
        raise _not_mounted(place)


def _not_mounted(place: str) -> MontaukError:
    reason = f"no BPF file system is mounted at {place}"
    return MontaukError(reason, f"mount it: sudo mount -t bpf bpf {place}")


def _locked(place: str, above: int) -> int:
    """Return a descriptor of the folder, which no other command has."""
    limit_s = time.monotonic() + _PATIENCE_S
    while True:
        with contextlib.suppress(FileExistsError):
            os.mkdir(_WORK, 0o700, dir_fd=above)
        try:
            path = f"{place}/{_WORK}"
            inside = _readable(pinfolder.open_inside(above, _WORK, path))
        except FileNotFoundError:
            continue
        if _lock(inside) and _is_named(inside, above):
            return inside
        os.close(inside)
        if time.monotonic() > limit_s:
            reason = "another montauk probes command is running"
            raise MontaukError(reason, "wait until it is done")
        time.sleep(_STEP_S)


def _readable(folder: int) -> int:
    """Return another descriptor of a folder, and close that of O_PATH."""
    try:
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno != errno.EWOULDBLOCK:
            raise
        return False
    return True


def _is_named(descriptor: int, above: int) -> bool:
    """Tell whether the folder is still there: who had the lock has removed it."""
    try:
        named = os.stat(_WORK, dir_fd=above, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))
