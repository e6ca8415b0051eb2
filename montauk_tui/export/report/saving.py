"""Where a page goes: stdout, or a file that only its owner may read."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

from montauk_tui import streams
from montauk_tui.errors import MontaukError
from montauk_tui.export.output import write_stdout
from montauk_tui.files import NewFile
from montauk_tui.model.text import named

STDOUT: Final = "-"
_OTHER: Final = "name another with --html"


class Target:
    """A file that is made or, if that is wanted, replaced in one step."""

    def __init__(self, path: str, *, replace: bool) -> None:
        """Check that it can be written, before minutes are spent on its contents.

        Args:
            path: Of the file; `STDOUT` for stdout.
            replace: Whether a file of that name is replaced.

        Raises:
            MontaukError: There is a file and it is not to be replaced, or there is
                something else.
        """
        self._path, self._replace = path, replace
        if path == STDOUT:
            return
        try:
            mode = Path(path).lstat().st_mode
        except FileNotFoundError:
            self._check_folder()
            return
        except OSError as error:
            raise _failed(path, error) from error
        if not stat.S_ISREG(mode):
            raise MontaukError(f"{named(path)} is not a regular file", _OTHER)
        if not replace:
            raise MontaukError(f"{named(path)} exists", "--force replaces it")

    def _check_folder(self) -> None:
        try:
            Path(self._path).parent.stat()
        except OSError as error:
            raise _failed(self._path, error) from error

    def write(self, text: str) -> None:
        """Write it, and report that on stderr.

        Raises:
            MontaukError: It cannot be written; then nothing was changed.
        """
        if self._path == STDOUT:
            write_stdout(text.removesuffix("\n"))
            return
        data = text.encode("utf-8", "backslashreplace")
        try:
            self._write(data)
        except OSError as error:
            raise _failed(self._path, error) from error
        streams.complain(
            f"{named(self._path)}: {len(data) / 1024:,.0f} KiB; only you may read it, "
            "as arguments of processes may hold secrets"
        )

    def _write(self, data: bytes) -> None:
        path = f"{self._path}.{os.getpid()}" if self._replace else self._path
        file = NewFile(path)
        try:
            file.write(data)
            if self._replace:
                Path(path).replace(self._path)
        except OSError:
            file.remove()
            raise
        file.close()


def _failed(path: str, error: OSError) -> MontaukError:
    if error.errno == errno.EEXIST:
        return MontaukError(f"{named(path)} exists", "--force replaces it")
    return MontaukError(f"cannot write {named(path)}: {error.strerror}", _OTHER)
