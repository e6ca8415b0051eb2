"""A cache of compiled probes, in a folder that only root can write.

Its files are loaded into the kernel, so a folder or a file that others could have
written is not used, nor is a file that is incomplete or was made for something else.
Stdlib only: the loader runs this under the distribution's Python.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time
from collections.abc import Iterable
from typing import Any

from montauk_tui.trust import ROOT, foreign

try:
    # hashlib loads OpenSSL: 1.4 MiB for one checksum.
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

MOST_FILES = 8
"""A file for each kernel, pid namespace and version of the probes."""
_MOST_BYTES = 1 << 20
_DIGEST_BYTES = 32
_DIGEST = 2 * _DIGEST_BYTES
_STALE_S = 60.0
"""No file takes longer to write."""


def key(parts: Iterable[bytes]) -> str:
    """Return a name for everything that the compiled probes depend on."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


class Refused(Exception):
    """The folder or the file may have been written by another user."""


class Cache:
    """One folder of compiled probes."""

    def __init__(self, folder: str) -> None:
        """Open the folder, or make it.

        Raises:
            Refused: Others could write there, or above.
            OSError: It cannot be made or opened.
        """
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, 0o700)  # noqa: PTH102 - the loader is light
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        self._folder = os.open(folder, flags)
        try:
            self._check(folder)
        except BaseException:
            os.close(self._folder)
            raise

    def _check(self, folder: str) -> None:
        found = os.fstat(self._folder)
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise Refused(f"{folder} is not for its owner alone")
        why = foreign(folder, [os.geteuid()])
        # If this holds, only trusted users could have moved it meanwhile.
        if why or not os.path.samestat(found, os.stat(folder)):  # noqa: PTH116
            raise Refused(why or f"{folder} was moved")

    def close(self) -> None:
        """Close the folder."""
        os.close(self._folder)

    def read(self, name: str) -> Any:
        """Return what was stored under this key, None if there is nothing valid."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(name, flags, dir_fd=self._folder)
        except OSError:
            return None
        try:
            found = os.fstat(descriptor)
            is_own = found.st_uid in (ROOT, os.geteuid())
            if not (stat.S_ISREG(found.st_mode) and is_own) or found.st_mode & 0o022:
                return None
            raw = (
                b"" if found.st_size > _MOST_BYTES else os.read(descriptor, _MOST_BYTES)
            )
            stored, text = raw[:_DIGEST], raw[_DIGEST:]
            if stored != digest(name, text):
                return None
            # The oldest are removed first: a file in use is not old.
            with contextlib.suppress(OSError):
                os.utime(descriptor)
            return json.loads(text)
        except (OSError, ValueError):
            return None
        finally:
            os.close(descriptor)

    def write(self, name: str, data: Any) -> None:
        """Store it completely or not at all, and remove the least recently used.

        Raises:
            OSError: It cannot be written.
        """
        text = json.dumps(data).encode()
        partial = f".{name}.{os.getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(partial, flags, 0o600, dir_fd=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(digest(name, text) + text)
            os.rename(partial, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except OSError:
            self.remove(partial)
            raise
        self._prune()

    def remove(self, name: str) -> None:
        """Remove what is stored under this key, if there is something."""
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=self._folder)

    def _prune(self) -> None:
        ages = []
        for name in os.listdir(self._folder):  # noqa: PTH208 - of a descriptor
            with contextlib.suppress(OSError):
                found = os.stat(name, dir_fd=self._folder, follow_symlinks=False)
                ages.append((time.time() - found.st_mtime, name))
        whole = sorted(entry for entry in ages if not entry[1].startswith("."))
        partial = [(age, it) for age, it in ages if it[0] == "." and age > _STALE_S]
        for _, name in (*whole[MOST_FILES:], *partial):
            self.remove(name)


def digest(name: str, text: bytes) -> bytes:
    """Return a checksum over text and key, so that no file is used for another key."""
    keyed = name.encode() + b"\n" + text
    return blake2b(keyed, digest_size=_DIGEST_BYTES).hexdigest().encode()
