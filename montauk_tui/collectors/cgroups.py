"""The paths of cgroups by their ids (Documentation/admin-guide/cgroup-v2.rst)."""

import os
import threading
import time
from pathlib import Path
from typing import Final

from montauk_tui.model.text import clean

_AGAIN_S: Final = 5.0
"""A cgroup that is not found may be removed: the tree is not walked again at once."""

_MOST: Final = 20_000


class Cgroups:
    """Walks the tree when it meets an id that it does not know; from any thread."""

    def __init__(self, mount: Path = Path("/sys/fs/cgroup")) -> None:
        """Start without a path of `mount`, or of its folder `unified`.

        The trees of version 1 beside that have numbers of their own.
        """
        self._roots = mount, mount / "unified"
        self._paths: dict[int, str] = {}
        self._walked_s = -_AGAIN_S
        self._lock = threading.Lock()

    def path(self, number: int) -> str:
        """Return the sanitised path below the root, or the number as text."""
        known = self._paths.get(number)
        if known is not None:
            return known
        with self._lock:
            if time.monotonic() - self._walked_s >= _AGAIN_S:
                self._walk()
                self._walked_s = time.monotonic()
        return self._paths.get(number, f"cgroup {number}")

    def _walk(self) -> None:
        """Learn the inode number of every folder, which is the cgroup's id."""
        found: dict[int, str] = {}
        # Version 2 only has this file.
        tops = (top for top in self._roots if (top / "cgroup.controllers").exists())
        root = str(next(tops, ""))
        for folder, _, _ in os.walk(root):
            try:
                number = os.stat(folder).st_ino  # noqa: PTH116 - twice as fast
            except OSError:
                continue
            below = os.fsencode(folder.removeprefix(root))
            found[number] = clean(below) or "/"
            if len(found) >= _MOST:
                break
        # Removed cgroups keep their names: their processes are still listed.
        self._paths = {**dict(list(self._paths.items())[-_MOST:]), **found}
