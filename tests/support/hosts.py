"""The machine as files say that a test has made."""

import errno
from collections.abc import Callable

from montauk_tui.collectors.procfs import host as hosts
from montauk_tui.collectors.procfs.figures import Reasons
from montauk_tui.model.sample import HostSample


def read_from(files: dict[str, bytes]) -> Callable[[str], bytes]:
    """Return a reader of `files`, to which every other file is missing."""

    def read(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(errno.ENOENT, "gone", path)
        return files[path]

    return read


def read_host(files: dict[str, bytes]) -> HostSample:
    return hosts.read_host(read_from(files), Reasons())
