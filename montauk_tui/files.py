"""Files named by others: read up to a size limit, or written where there is none."""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui import trust

MOST_BYTES: Final = 1 << 20
"""Size limit of a file written by hand."""

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_FOLDER: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC

_KINDS: Final = {
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


_AS_ROOT: Final = "and montauk runs as root"

_MOST_PLACES: Final = 1_000
"""Links on the way to a file; the kernel follows 40 (path_resolution(7))."""


class Contents(NamedTuple):
    """A file as it was at one moment."""

    data: bytes
    status: os.stat_result


def read_regular(path: str | os.PathLike[str], most: int = MOST_BYTES) -> Contents:
    """Return the contents of a regular file.

    Raises:
        OSError: It cannot be read, is not a regular file, or is larger than `most`
            bytes; `strerror` has the reason.
    """
    # Opening a device may have an effect: rewind a tape, start a watchdog.
    check_regular(path)
    descriptor = os.open(path, _FLAGS)
    try:
        status = os.fstat(descriptor)
        _check_regular(status)
        data = bytearray()
        # The reported size of a file of /proc or FUSE may be wrong.
        while part := os.read(descriptor, most + 1 - len(data)):
            data += part
            if len(data) > most:
                raise OSError(errno.EFBIG, f"it is larger than {most // 1024:,} KiB")
        return Contents(bytes(data), status)
    finally:
        os.close(descriptor)


class NewFile:
    """A new file that only its owner may read, to be closed or removed."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Create the file.

        Raises:
            OSError: There is something of that name, a symbolic link too, or no file
                can be created there.
        """
        folder, self._name = os.path.split(os.fspath(path))
        # Nobody can put another folder in place of an open one.
        self._above = os.open(folder or ".", _FOLDER)
        try:
            self._file = os.open(self._name, _NEW, 0o600, dir_fd=self._above)
        except BaseException:
            os.close(self._above)
            raise

    def write(self, data: bytes) -> None:
        """Append data.

        Raises:
            OSError: It cannot be written.
        """
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left) :]

    def close(self) -> None:
        """Keep the file as it is."""
        os.close(self._file)
        os.close(self._above)

    def remove(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            os.unlink(self._name, dir_fd=self._above)
        self.close()


class DistrustedError(PermissionError):
    """Others may change a file, and montauk runs as root; `strerror` names them."""


def read_trusted(
    path: str | os.PathLike[str], environment: Mapping[str, str]
) -> Contents:
    """Return the contents of a regular file that root may trust.

    Raises:
        DistrustedError: Others may change it.
        OSError: As `read_regular`.
    """
    if why := distrust(path, environment):
        # A missing file is reported as missing.
        check_regular(path)
        raise DistrustedError(errno.EACCES, why)
    read = read_regular(path)
    if why := distrust_read(path, read, environment):
        raise DistrustedError(errno.EACCES, why)
    return read


def check_regular(path: str | os.PathLike[str]) -> None:
    """Check without opening it that there is a regular file.

    Raises:
        OSError: There is none; `strerror` has the reason.
    """
    _check_regular(Path(path).stat())


def _check_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "something else")
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file")


def distrust(path: str | os.PathLike[str], environment: Mapping[str, str]) -> str:
    """Return why root should neither read nor write a file; empty if it may.

    The file and all folders and links on the way belong to root, or to the user who
    became root by sudo(8) or pkexec(1), and nobody else may change them.
    """
    if os.geteuid() != trust.ROOT:
        return ""
    trusted = _callers(environment)
    here = Path(path).absolute()
    for place in _way_to(here):
        try:
            status = place.lstat()
        except OSError:
            continue
        # In a sticky folder (/tmp) users cannot remove files of others.
        is_sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        if is_sticky and status.st_uid in {trust.ROOT, *trusted}:
            continue
        if why := trust.foreign_entry(str(place), status, trusted):
            return f"{why}, {_AS_ROOT}"
    return ""


def distrust_read(
    path: str | os.PathLike[str], read: Contents, environment: Mapping[str, str]
) -> str:
    """Return the same for a file that was read: it may have been replaced meanwhile.

    Without the folders and links on the way.
    """
    if os.geteuid() != trust.ROOT:
        return ""
    why = trust.foreign_entry(os.fspath(path), read.status, _callers(environment))
    return why and f"{why}, {_AS_ROOT}"


def _callers(environment: Mapping[str, str]) -> set[int]:
    """Return the user ids that became root by sudo(8) or pkexec(1)."""
    callers = (environment.get(name, "") for name in ("SUDO_UID", "PKEXEC_UID"))
    return {int(uid) for uid in callers if uid.isascii() and uid.isdigit()}


def _way_to(path: Path) -> Iterator[Path]:
    """Yield a path, the folders above it, and the same for link targets."""
    waiting, seen = [path], set[Path]()
    while waiting and len(seen) < _MOST_PLACES:
        last = waiting.pop()
        for place in (last, *last.parents):
            if place in seen:
                continue
            seen.add(place)
            yield place
            with suppress(OSError):
                target = place.parent / place.readlink() / last.relative_to(place)
                waiting.append(Path(os.path.normpath(target)))
