"""Folders of a BPF file system that only root can have made.

A name is opened once, without following links, and everything else is asked of the
descriptor: nobody can exchange what was checked.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
import sys
from typing import Final

from montauk_tui.collectors.kernel.records import ABI
from montauk_tui.errors import CollectorUnavailable
from montauk_tui.trust import ROOT

BPFFS: Final = "/sys/fs/bpf"
PREFIX: Final = "montauk-"
READ: Final = "read_"
"""What the names of the iterators over a map begin with."""

_BPF_FS_MAGIC: Final = 0xCAFE4A11
_FLAGS: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_libc: Final = ctypes.CDLL(None, use_errno=True)


class Untrusted(CollectorUnavailable):
    """What lies there may be another user's."""


def name_of(abi: int = ABI) -> str:
    """Return the name of the folder of pins."""
    return f"{PREFIX}{abi}"


def is_bpffs(descriptor: int) -> bool:
    """Tell whether a file is of a BPF file system (statfs(2))."""
    buffer = ctypes.create_string_buffer(256)
    if _libc.fstatfs(descriptor, buffer):
        return False
    word = 4 if os.uname().machine == "s390x" else ctypes.sizeof(ctypes.c_long)
    return int.from_bytes(buffer.raw[:word], sys.byteorder) == _BPF_FS_MAGIC


def open_above(place: str) -> int:
    """Return a descriptor of the folder that has our folder.

    Raises:
        FileNotFoundError: There is none.
        Untrusted: Others may exchange what is in it.
        OSError: It cannot be opened.
    """
    descriptor = _open(place, place)
    found = os.fstat(descriptor)
    is_shared = found.st_mode & 0o022 and not found.st_mode & stat.S_ISVTX
    if found.st_uid == ROOT and not is_shared:
        return descriptor
    os.close(descriptor)
    remedy = f"make it root's, and sticky: chown root {place}; chmod +t {place}"
    raise Untrusted(_whose(place, found), remedy)


def open_inside(above: int, name: str, path: str) -> int:
    """Return a descriptor of a folder of pins in `above`; it may not be readable.

    Raises:
        FileNotFoundError: There is none.
        Untrusted: It is not a folder of root's in a BPF file system.
        OSError: It cannot be opened.
    """
    descriptor = _open(name, path, above)
    found = os.fstat(descriptor)
    is_roots = found.st_uid == ROOT and not found.st_mode & 0o022
    if is_roots and is_bpffs(descriptor):
        return descriptor
    os.close(descriptor)
    remedy = f"find out who made it, then remove it: sudo rm -r {path}"
    what = f"{path} is not in a BPF file system" if is_roots else _whose(path, found)
    raise Untrusted(what, remedy)


def open_pin(folder: int, name: str, path: str) -> int:
    """Return an O_PATH descriptor of a pin.

    Raises:
        Untrusted: It is something else, or not root's.
        OSError: It cannot be opened.
    """
    descriptor = os.open(name, _FLAGS, dir_fd=folder)
    found = os.fstat(descriptor)
    if found.st_uid != ROOT or not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        what = _whose(f"{path}/{name}", found)
        raise Untrusted(what, "load the probes again: sudo montauk probes load")
    return descriptor


def group_name(gid: int) -> str:
    """Return the name of a group, or its number."""
    # 1.5 ms of a start that nothing else needs.
    import grp  # noqa: PLC0415

    with contextlib.suppress(KeyError):
        return grp.getgrgid(gid).gr_name
    return str(gid)


def _open(name: str, path: str, above: int | None = None) -> int:
    try:
        return os.open(name, _FLAGS | os.O_DIRECTORY, dir_fd=above)
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            remedy = f"find out who made it, then remove it: sudo rm {path}"
            raise Untrusted(f"{path} is a link or a file", remedy) from error
        raise


def _whose(path: str, found: os.stat_result) -> str:
    if found.st_uid != ROOT:
        return f"{path} belongs to user {found.st_uid}"
    if stat.S_ISLNK(found.st_mode):
        return f"{path} is a link"
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        return f"{path} is neither a file nor a folder"
    return f"{path} may be written by others than root"
