"""The lines of /proc/PID/cgroup (cgroups(7)): versions 1 and 2, and both at once.

A line is `number:controllers:path`; version 2 has neither, and systemd's own tree of
version 1 is called `name=systemd`.
"""

import os
from functools import lru_cache
from typing import Final

CGROUP_BYTES: Final = 1 << 14
"""How much of the file is read; it has a line for each hierarchy."""

MOUNT: Final = "/sys/fs/cgroup"

_SYSTEMD: Final = b"name=systemd"
_MOST_LEVELS: Final = 32


def _paths(raw: bytes) -> dict[bytes, bytes]:
    """Return the path by controllers; that of version 2 has none."""
    lines = (line.split(b":", 2) for line in raw.splitlines())
    return {line[1]: line[2] for line in lines if len(line) > 2}  # noqa: PLR2004


@lru_cache(maxsize=1024)
def main_path(raw: bytes) -> bytes:
    """Return the most specific path, empty for none.

    It is that of systemd's tree, where every manager of containers works, or of version
    2. If the process is at the root of that tree, it is the longest path.
    """
    paths = _paths(raw)
    for name in (_SYSTEMD, b""):
        if paths.get(name, b"/") != b"/":
            return paths[name]
    return max(paths.values(), key=len, default=b"")


@lru_cache(maxsize=1024)
def cpu_folders(raw: bytes, mount: str = MOUNT) -> tuple[str, ...]:
    """Return the folders of the cgroup that limits CPU time and of those above it.

    The nearest come first; there are none where the cgroup is not to be seen from here
    (cgroup_namespaces(7)).
    """
    paths = _paths(raw)
    for controllers, path in paths.items():
        if b"cpu" in controllers.split(b","):
            # Mounted under both names, or one is a link to the other.
            return _folders(path, (f"{mount}/{os.fsdecode(controllers)}",))
    if b"" not in paths:
        return ()
    return _folders(paths[b""], (mount, f"{mount}/unified"))


def _folders(path: bytes, tops: tuple[str, ...]) -> tuple[str, ...]:
    parts = [part for part in os.fsdecode(path).split("/") if part]
    if ".." in parts:
        return ()
    lengths = range(len(parts), max(-1, len(parts) - _MOST_LEVELS), -1)
    return tuple("/".join((top, *parts[:length])) for top in tops for length in lengths)
