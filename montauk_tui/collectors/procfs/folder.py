"""An open folder of /proc, so that all reads refer to the same mount or process."""

import os
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK: Final = 1 << 16


class Folder:
    """Reads by paths relative to a folder.

    Every method raises OSError where the process has exited, or reading is not
    permitted.
    """

    def __init__(self, path: str) -> None:
        """Open the folder `path`."""
        self._fd = os.open(path, _FOLDER)

    def _of(self, path: str) -> int:  # noqa: ARG002 - of use to a subclass
        """Return the open folder in which a path is looked up."""
        return self._fd

    def open_below(self, path: str) -> int:
        """Return the descriptor of a folder in it."""
        return os.open(path, _FOLDER, dir_fd=self._of(path))

    def read_lists(self, path: str, limit: int = 1 << 20) -> bytes:
        """Return a file that the kernel makes record by record, up to `limit` bytes.

        One read returns a page of it at most (seq_read_iter in fs/seq_file.c).
        """
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._of(path))
        parts: list[bytes] = []
        try:
            while limit > 0 and (part := os.read(fd, min(limit, _CHUNK))):
                parts.append(part)
                limit -= len(part)
        finally:
            os.close(fd)
        return b"".join(parts)

    def link(self, path: str) -> bytes:
        """Return the target of a symbolic link."""
        return os.readlink(os.fsencode(path), dir_fd=self._of(path))

    def stat(self, path: str) -> os.stat_result:
        """Return the attributes of a file or folder, or of the target of a link."""
        return os.stat(path, dir_fd=self._of(path))

    def names(self, path: str) -> list[str]:
        """Return the names in a folder."""
        fd = self.open_below(path)
        try:
            return os.listdir(fd)  # noqa: PTH208 - of a descriptor
        finally:
            os.close(fd)
