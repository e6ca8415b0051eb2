"""A file of metrics for node_exporter's textfile collector."""

import os
import time
from contextlib import suppress
from typing import Final

from montauk_tui import streams
from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.model.text import named, quoted

_FOLDER: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MODE: Final = 0o644
"""node_exporter is another user."""

_SUFFIX: Final = ".prom"

_COMPLAINTS_S: Final = 600.0
"""A disk that stays full is reported so often."""


class TextFile:
    """Replaced in one step: no reader finds a part of it. Removed at the end."""

    def __init__(self, path: str) -> None:
        """Open its folder.

        Raises:
            UsageError: node_exporter would not read a file of that name.
            MontaukError: There is no such folder.
        """
        self.path = path
        folder, self._name = os.path.split(path)
        if not self._name.endswith(_SUFFIX) or self._name == _SUFFIX:
            raise UsageError(
                f"--textfile: {quoted(self._name)} does not end in {_SUFFIX}",
                f"node_exporter reads files called NAME{_SUFFIX}",
            )
        self._new = f".{self._name}.new"
        try:
            self._folder = os.open(folder or ".", _FOLDER)
        except OSError as error:
            raise MontaukError(
                f"{named(path)}: cannot be written: {error.strerror}",
                "make the folder first",
            ) from error
        self._failure = ""
        self._told_s = 0.0
        self._file: int | None = None
        """The file as last written, open: its inode is not reused meanwhile."""

    def write(self, data: bytes) -> None:
        """Replace the file; a failure is reported, and may pass."""
        try:
            self._replace(data)
        except OSError as error:
            self._complain(error.strerror or str(error))
            return
        if self._failure:
            streams.complain(f"{named(self.path)}: written again")
        self._failure = ""

    def _replace(self, data: bytes) -> None:
        here = self._folder
        # What a program left that was killed.
        with suppress(FileNotFoundError):
            os.unlink(self._new, dir_fd=here)
        descriptor = os.open(self._new, _NEW, _MODE, dir_fd=here)
        try:
            os.fchmod(descriptor, _MODE)
            left = memoryview(data)
            while left:
                left = left[os.write(descriptor, left) :]
            os.replace(self._new, self._name, src_dir_fd=here, dst_dir_fd=here)
        except OSError:
            os.close(descriptor)
            with suppress(OSError):
                os.unlink(self._new, dir_fd=here)
            raise
        if self._file is not None:
            os.close(self._file)
        self._file = descriptor

    def _complain(self, failure: str) -> None:
        now_s = time.monotonic()
        if not self._failure or now_s > self._told_s + _COMPLAINTS_S:
            streams.complain(f"{named(self.path)}: cannot be written: {failure}")
            self._told_s = now_s
        self._failure = failure

    def close(self) -> None:
        """Remove the file if it is still this one: its values would stay for ever."""
        if self._file is not None:
            with suppress(OSError):
                now = os.stat(self._name, dir_fd=self._folder, follow_symlinks=False)
                if os.path.samestat(now, os.fstat(self._file)):
                    os.unlink(self._name, dir_fd=self._folder)
            os.close(self._file)
        os.close(self._folder)
