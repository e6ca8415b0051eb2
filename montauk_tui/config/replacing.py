"""Replaces a file atomically.

The new file has no name until it is complete (O_TMPFILE in open(2)), so a kill leaves
nothing behind. On file systems without O_TMPFILE, and between its two names, it is
locked: an unlocked one is a leftover, and is removed.
"""

import errno
import fcntl
import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from montauk_tui.files import Contents, read_regular

_ACL: Final = "system.posix_acl_access"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDWR | os.O_CLOEXEC
_NO_UNNAMED: Final = frozenset(
    {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT}
)


def read(target: Path) -> Contents | None:
    """Return a file that may be replaced, None if there is none.

    Raises:
        OSError: It is not a regular file, or cannot be read.
    """
    try:
        return read_regular(target)
    except FileNotFoundError:
        return None


def replace(target: Path, old: Contents | None, data: bytes) -> tuple[str, ...] | None:
    """Replace the contents of a file.

    Args:
        target: Its path, without links.
        old: Its contents as read before.
        data: The new contents.

    Returns:
        What the new file lacks of the old one; None, and nothing was written, if the
        file changed since it was read.

    Raises:
        OSError: The file is unchanged.
    """
    # rename(2) ignores the mode of the file, and access(2) allows root everything.
    if old is not None and not (
        old.status.st_mode & 0o222 and os.access(target, os.W_OK)
    ):
        raise PermissionError(errno.EACCES, "it is read-only")
    _make_folders(target.parent)
    folder = os.open(target.parent, _FOLDER)
    try:
        _remove_left_behind(folder, target.name)
        return _replace(folder, target, old, data)
    finally:
        os.close(folder)


def _replace(
    folder: int, target: Path, old: Contents | None, data: bytes
) -> tuple[str, ...] | None:
    descriptor, name = _open_new(folder, target.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            lost = _take_after(descriptor, folder, target, old)
            os.fsync(descriptor)
            if _signature(read(target)) != _signature(old):
                return None
            if not name:
                name = _new_name(target.name)
                # Only this way linkat(2) follows the magic link of a descriptor.
                os.link(f"/proc/self/fd/{descriptor}", name,
                        src_dir_fd=folder, dst_dir_fd=folder)  # fmt: skip
            os.replace(name, target.name, src_dir_fd=folder, dst_dir_fd=folder)
            name = ""
    finally:
        if name:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
    with suppress(OSError):
        os.fsync(folder)
    return lost


def _new_name(target: str) -> str:
    return f".{target}.{secrets.token_hex(4)}.new"


def _open_new(folder: int, target: str) -> tuple[int, str]:
    """Return a locked file open for writing, and its name if it needs one."""
    name = ""
    try:
        descriptor = os.open(".", _FILE | os.O_TMPFILE, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno not in _NO_UNNAMED:
            raise
        name = _new_name(target)
        flags = _FILE | os.O_CREAT | os.O_EXCL
        descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return descriptor, name


def _remove_left_behind(folder: int, target: str) -> None:
    """Remove new files of programs that were killed."""
    pattern = re.compile(rf"\.{re.escape(target)}\.[0-9a-f]{{8}}\.new")
    for name in filter(pattern.fullmatch, os.listdir(folder)):
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with suppress(OSError):
            descriptor = os.open(name, flags, dir_fd=folder)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name, dir_fd=folder)
            finally:
                os.close(descriptor)


def _make_folders(folder: Path) -> None:
    """Create missing folders; as root with the owner of the parent."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if missing and os.geteuid() == 0:
        status = missing[-1].parent.stat()
        for place in missing:
            os.chown(place, status.st_uid, status.st_gid, follow_symlinks=False)


def _signature(contents: Contents | None) -> tuple[bytes, int] | None:
    return None if contents is None else (contents.data, contents.status.st_ino)


def _take_after(
    descriptor: int, folder: int, target: Path, old: Contents | None
) -> tuple[str, ...]:
    """Copy owner, mode and attributes of the old file; return what was lost."""
    if old is None:
        if os.geteuid() == 0:
            place = os.fstat(folder)
            os.fchown(descriptor, place.st_uid, place.st_gid)
        return ()
    before = old.status
    for owner, group in ((before.st_uid, before.st_gid), (-1, before.st_gid)):
        with suppress(PermissionError):
            os.fchown(descriptor, owner, group)
            break
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
    now = os.fstat(descriptor)
    lost = [
        what
        for what, is_kept in (
            ("its owner", now.st_uid == before.st_uid),
            ("its group", now.st_gid == before.st_gid),
            ("its other hard links", before.st_nlink <= 1),
        )
        if not is_kept
    ]
    return (*lost, *_take_attributes(descriptor, target))


def _take_attributes(descriptor: int, target: Path) -> list[str]:
    """Copy extended attributes, ACLs included; return those that were lost."""
    try:
        wanted = {name: os.getxattr(target, name) for name in os.listxattr(target)}
    except OSError:
        # The file system does not support them.
        return []
    if _ACL not in wanted:
        # The default ACL of the folder would let others read it.
        with suppress(OSError):
            os.removexattr(descriptor, _ACL)
    lost = []
    for name, value in wanted.items():
        try:
            os.setxattr(descriptor, name, value)
        except OSError:
            lost.append("its ACL" if name == _ACL else f"its attribute {name}")
    return lost
