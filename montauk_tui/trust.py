"""Checks who may change a file: root runs and compiles only its own.

Stdlib only, Python 3.9: the loader of the probes uses it as well.
"""

from __future__ import annotations

import errno
import functools
import grp
import os
import pwd
import stat
from collections.abc import Collection, Iterator

ROOT = 0


def foreign(path: str, trusted: Collection[int]) -> str:
    """Return why an untrusted user may change what is at `path`, or "".

    Checks the target of `path` and every folder above. A folder above may be writable
    by all if it is sticky, as /tmp is: users cannot remove files of others there.

    Args:
        path: A file or a folder; links are followed.
        trusted: User ids of those who may write; root always may.
    """
    path = os.path.realpath(path)
    why = foreign_entry(path, os.stat(path), trusted)  # noqa: PTH116
    while not why and path != "/":
        path = os.path.dirname(path)  # noqa: PTH120 - strings are ten times as fast
        found = os.stat(path)  # noqa: PTH116 - likewise
        if found.st_mode & stat.S_ISVTX and found.st_uid in {ROOT, *trusted}:
            continue
        why = foreign_entry(path, found, trusted)
    return why


def foreign_below(folder: str, trusted: Collection[int]) -> str:
    """Return the same for a folder and everything in it; links are not followed."""
    why = foreign(folder, trusted)
    entries = _below(os.path.realpath(folder))
    return why or next(
        filter(None, (foreign_entry(*entry, trusted) for entry in entries)), ""
    )


def foreign_entry(path: str, found: os.stat_result, trusted: Collection[int]) -> str:
    """Return the same for one file or folder, without those above it."""
    if found.st_uid not in {ROOT, *trusted}:
        return f"{path} belongs to user {found.st_uid}"
    if stat.S_ISLNK(found.st_mode):
        return ""
    if found.st_mode & stat.S_IWOTH:
        return f"{path} may be written by everybody"
    if found.st_mode & stat.S_IWGRP and not _is_private(path, found):
        return f"{path} may be written by group {found.st_gid}"
    return ""


def _is_private(path: str, found: os.stat_result) -> bool:
    """Tell whether the group is the private group of its owner.

    Distributions give each user such a group, and new files are then group-writable.
    The mask of an access control list is in the same bits: such a file may let others
    write.
    """
    if found.st_gid == ROOT or _has_acl(path):
        return False
    try:
        owner, group = pwd.getpwuid(found.st_uid), grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    is_own = owner.pw_gid == group.gr_gid and owner.pw_name == group.gr_name
    others = {*group.gr_mem} - {owner.pw_name}
    return is_own and not others and _whose_first(group.gr_gid) <= {found.st_uid}


@functools.lru_cache(maxsize=64)
def _whose_first(gid: int) -> frozenset[int]:
    """Return the ids of users whose primary group it is: it does not list them."""
    return frozenset(one.pw_uid for one in pwd.getpwall() if one.pw_gid == gid)


def _has_acl(path: str) -> bool:
    """Tell whether a file has an access control list, or may have one."""
    try:
        os.getxattr(path, "system.posix_acl_access")
    except OSError as error:
        return error.errno not in (errno.ENODATA, errno.ENOTSUP, errno.ENOENT)
    return True


def _below(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                yield entry.path, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    yield from _below(entry.path)
            except FileNotFoundError:
                continue  # Python replaces files in __pycache__ at any time.
