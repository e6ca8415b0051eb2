"""Saving: only what is to be different changes in the file, the rest stays as it is.

The new file is written beside the old one and takes its place in one step, so that
whoever reads meanwhile, or loses power, has the one or the other whole.
"""

import os
import stat
import tempfile
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.config.changes import Change
from montauk_tui.config.editing import edited, says
from montauk_tui.config.readers import KNOWN, one_line
from montauk_tui.errors import MontaukError

_ATTEMPTS: Final = 5
"""How often to start over where somebody else writes at the same time."""


class SaveFailed(MontaukError):  # noqa: N818 - named for what it says
    """The settings could not be saved; the file is as it was."""


class Saved(NamedTuple):
    """What came of saving."""

    path: Path
    written: tuple[Change, ...]
    """What the file did not say before."""
    unknown: tuple[str, ...]
    """Keys that this version does not know; they stay."""


class _Read(NamedTuple):
    """A file as it was at one moment."""

    data: bytes
    status: os.stat_result | None
    """None where there is none yet."""


def save(path: Path, wanted: Sequence[Change]) -> Saved:
    """Make a file say what is wanted, and nothing else that it did not say.

    A symbolic link stays one: what it leads to is written.

    Raises:
        SaveFailed: The file is as it was.
    """
    name = one_line(path)
    try:
        target = Path(os.path.realpath(path))
        for _ in range(_ATTEMPTS):
            read = _read(target)
            document = tomllib.loads(read.data.decode())
            written = [change for change in wanted if not says(document, change)]
            unknown = tuple(one_line(key) for key in document if key not in KNOWN)
            done = Saved(path, tuple(written), unknown)
            if not written or _replace(target, read, edited(read.data, written)):
                return done
    except OSError as error:
        reason = f"{name}: cannot be written: {error.strerror or error}"
        raise SaveFailed(
            one_line(reason), "make file and folder writable, or set MONTAUK_CONFIG"
        ) from error
    except (ValueError, RecursionError) as error:
        reason = f"{name}: is not TOML: {one_line(error)}"
        raise SaveFailed(reason, "mend or move the file, then save again") from error
    reason = f"{name}: another program keeps writing it"
    raise SaveFailed(reason, "save again later")


def _read(target: Path) -> _Read:
    try:
        with target.open("rb") as file:
            return _Read(file.read(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return _Read(b"", None)


def _replace(target: Path, read: _Read, data: bytes) -> bool:
    """Put `data` in the place of what was read; False where that has changed since."""
    if read.status is not None and not os.access(target, os.W_OK):
        # A rename would not ask.
        raise PermissionError(0, "it is read-only")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            _take_after(file.fileno(), read.status)
            os.fsync(file.fileno())
        if _signature(_read(target)) != _signature(read):
            return False
        Path(name).replace(target)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
    _sync_folder(target.parent)
    return True


def _signature(read: _Read) -> tuple[bytes, int | None]:
    return read.data, None if read.status is None else read.status.st_ino


def _take_after(descriptor: int, status: os.stat_result | None) -> None:
    """Give a file the owner and the mode of the one before it."""
    if status is not None:
        with suppress(PermissionError):
            os.fchown(descriptor, status.st_uid, status.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make sure that the new name outlives a loss of power, where the kernel can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def summary(saved: Saved, shown: str) -> str:
    """Return what was saved in one line; `shown` is the path as the reader knows it."""
    if not saved.written:
        return f"nothing to save: {shown} says all of it"
    said = ", ".join(dict.fromkeys(map(str, saved.written)))
    if not saved.unknown:
        return f"saved {said} in {shown}"
    kept = ", ".join(saved.unknown)
    return f"saved {said} in {shown}; kept what this version does not know: {kept}"
