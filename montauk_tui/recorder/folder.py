"""The folder of recordings: who may write there, names of segments, one writer."""

import errno
import fcntl
import os
import stat
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple, Self

import platformdirs

from montauk_tui.errors import MontaukError
from montauk_tui.model.text import named

SUFFIX: Final = ".mtk"
_LOCK: Final = "lock"
_BESIDE: Final = ".new"
"""Added to the name of a segment: what is to take its place."""
_NAME: Final = "%Y%m%dT%H%M%S"

_ELSEWHERE: Final = (
    "name another folder with --dir of montauk record, or --record of the monitor"
)
_ATTEMPTS: Final = 5
_PAUSE_S: Final = 0.02

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = (
    os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
)
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class CannotRecord(MontaukError):
    """A folder that cannot take recordings, with the remedy."""


class Stored(NamedTuple):
    """A segment in the folder."""

    name: str
    size: int
    modified_ns: int


SERVICE_PATH: Final = Path("/var/lib/montauk/recordings")
"""Where the service montauk-recorder records, for root only."""


def default_path() -> Path:
    """Return the folder of this user's recordings, below XDG_STATE_HOME."""
    return platformdirs.user_state_path("montauk") / "recordings"


def path_to_read() -> Path:
    """Return the folder of this user's recordings, or else that of the service.

    The former if both have recordings, or neither has.
    """
    own = default_path()
    return SERVICE_PATH if not _has_any(own) and _has_any(SERVICE_PATH) else own


def _has_any(path: Path) -> bool:
    """Tell whether a folder can be read and has a segment."""
    try:
        return any(name.endswith(SUFFIX) for name in os.listdir(path))  # noqa: PTH208
    except OSError:
        return False


class Created(NamedTuple):
    """A segment that is new."""

    name: str
    descriptor: int


class Folder:
    """An open folder; nobody can put another one in its place."""

    def __init__(self, path: Path, descriptor: int) -> None:
        """Take an open descriptor."""
        self.path = path
        self._descriptor = descriptor
        self._lock = -1

    @classmethod
    def opened(cls, path: Path) -> Self:
        """Return the folder at a path.

        Raises:
            CannotRecord: There is none, or it cannot be opened.
        """
        try:
            return cls(path, os.open(path, _FOLDER))
        except FileNotFoundError as error:
            makes = "montauk record makes one, or name another folder"
            raise CannotRecord(_why(path, error), makes) from error
        except OSError as error:
            raise CannotRecord(_why(path, error), "name another folder") from error

    @classmethod
    def made(cls, path: Path) -> Self:
        """Return the folder at a path, made if it is missing; only we may write there.

        Raises:
            CannotRecord: It cannot be made, belongs to somebody else, others may write
                there, or somebody records there.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise CannotRecord(_why(path, error), _ELSEWHERE) from error
        folder = cls.opened(path)
        try:
            folder.check_ours()
            folder.take_lock()
            folder.clean()
        except BaseException:
            folder.close()
            raise
        return folder

    def check_ours(self) -> None:
        """Check that only we can put segments there.

        Raises:
            CannotRecord: It belongs to somebody else, or others may write there.
        """
        status = os.fstat(self._descriptor)
        if status.st_uid != os.geteuid():
            raise CannotRecord(
                f"{named(self.path)} belongs to user {status.st_uid}",
                "name a folder of your own",
            )
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise CannotRecord(
                f"others may write to {named(self.path)}",
                f"chmod go-w {named(self.path)}",
            )

    def take_lock(self) -> None:
        """Be the only writer until it is closed.

        Raises:
            CannotRecord: Somebody else is.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            self._lock = os.open(_LOCK, flags, 0o600, dir_fd=self._descriptor)
            self._try_lock()
        except BlockingIOError as error:
            raise CannotRecord(
                f"another montauk records to {named(self.path)}",
                f"stop it, or {_ELSEWHERE}",
            ) from error
        except OSError as error:
            raise CannotRecord(_why(self.path, error), _ELSEWHERE) from error

    def _try_lock(self) -> None:
        """Take the lock; `is_locked` may hold it for a moment."""
        for attempt in reversed(range(_ATTEMPTS)):
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not attempt:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return

    def is_locked(self) -> bool:
        """Tell whether somebody records there."""
        try:
            descriptor = os.open(_LOCK, _READ, dir_fd=self._descriptor)
        except OSError:
            return False  # Nobody ever did, or somebody whose lock we may not see.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return False

    def segments(self) -> list[Stored]:
        """Return the segments, oldest first; what else is there is left alone."""
        found = []
        # Not by path: that may be another folder by now.
        for name in sorted(os.listdir(self._descriptor)):  # noqa: PTH208
            if not name.endswith(SUFFIX):
                continue
            try:
                status = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            except OSError:
                continue  # Removed meanwhile.
            if stat.S_ISREG(status.st_mode):
                found.append(Stored(name, status.st_size, status.st_mtime_ns))
        return found

    def create(self, wall_s: float, boot_id: str) -> Created:
        """Return a new segment that only its owner may read.

        Raises:
            OSError: There is no room for it.
        """
        start = datetime.fromtimestamp(wall_s, UTC).strftime(_NAME)
        for attempt in range(1000):
            name = f"{start}.{attempt:03}-{boot_id[:8]}{SUFFIX}"
            try:
                return Created(name, self._create(name))
            except FileExistsError:
                continue
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    def _create(self, name: str) -> int:
        return os.open(name, _NEW, 0o600, dir_fd=self._descriptor)

    def create_beside(self, name: str) -> int:
        """Return the descriptor of a new file that is to take a segment's place.

        Raises:
            OSError: There is no room for it.
        """
        return self._create(name + _BESIDE)

    def replace(self, name: str) -> None:
        """Put the file of `create_beside` in the place of its segment.

        A reader that has the old file open goes on with it.

        Raises:
            OSError: One of them is not there.
        """
        os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        where = self._descriptor
        os.rename(name + _BESIDE, name, src_dir_fd=where, dst_dir_fd=where)

    def discard(self, name: str) -> None:
        """Remove the file of `create_beside`, if there is one.

        Raises:
            OSError: It cannot be removed.
        """
        self.remove(name + _BESIDE)

    def clean(self) -> None:
        """Remove what a crash left of files that were to take a segment's place."""
        for name in os.listdir(self._descriptor):  # noqa: PTH208
            if name.endswith(SUFFIX + _BESIDE):
                with suppress(OSError):
                    self.remove(name)

    def open(self, name: str) -> int:
        """Return a descriptor of a segment.

        Raises:
            OSError: It cannot be opened, or is no regular file.
        """
        descriptor = os.open(name, _READ, dir_fd=self._descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "it is no regular file")
        return descriptor

    def remove(self, name: str) -> None:
        """Remove a segment, if it is still there.

        Raises:
            OSError: It cannot be removed.
        """
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)

    @property
    def descriptors(self) -> tuple[int, int]:
        """The folder and its lock, for a process that works in it; -1 for no lock."""
        return self._descriptor, self._lock

    def close(self) -> None:
        """Release the folder, and with it the lock."""
        for descriptor in (self._lock, self._descriptor):
            if descriptor >= 0:
                os.close(descriptor)
        self._lock = self._descriptor = -1


def _why(path: Path, error: OSError) -> str:
    """Return why a folder cannot be used; a symbolic link has its own words."""
    if error.errno in (errno.ELOOP, errno.ENOTDIR) and path.is_symlink():
        return f"{named(path)} is a symbolic link"
    return f"{named(path)}: {error.strerror}"
