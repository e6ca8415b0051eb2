"""The paths of cgroups by their ids (Documentation/admin-guide/cgroup-v2.rst)."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from montauk_tui.model.text import clean

_AGAIN_S: Final = 5.0
"""A cgroup that is not found may be removed: the tree is not walked again at once."""

_SHOWN_S: Final = 0.005
"""How long a front end may wait for a walk: some 150 cgroups."""

_MOST: Final = 20_000


class Cgroups:
    """Walks the tree when it meets an id that it does not know; from any thread.

    A walk that a front end began and that takes longer is completed by `finish`.
    """

    def __init__(self, mount: Path = Path("/sys/fs/cgroup")) -> None:
        """Start without a path of `mount`, or of its folder `unified`.

        The trees of version 1 beside that have numbers of their own.
        """
        self._roots = mount, mount / "unified"
        self._paths: dict[int, str] = {}
        self._walked_s = -_AGAIN_S
        self._lock = threading.Lock()
        self._rest: Iterator[tuple[int, str]] | None = None
        """The rest of a walk that has begun."""
        self.at_once = False
        """Whether a walk is never interrupted."""

    def path(self, number: int) -> str:
        """Return the sanitised path below the root, or the number as text.

        Without `at_once` it may take until the next `finish` that the path is known.
        """
        known = self._paths.get(number)
        if known is not None:
            return known
        if self.at_once:
            with self._lock:
                self._begin()
                self._walk()
        elif self._lock.acquire(blocking=False):
            # Or else it is being walked.
            try:
                if self._begin():
                    self._walk(_SHOWN_S)
            finally:
                self._lock.release()
        return self._paths.get(number, f"cgroup {number}")

    def finish(self) -> None:
        """Complete the walk that has begun, if any; not for the thread that draws."""
        with self._lock:
            self._walk()

    def _begin(self) -> bool:
        """Begin a walk if it is time to; tell whether one was begun."""
        now_s = time.monotonic()
        if self._rest is not None or now_s - self._walked_s < _AGAIN_S:
            return False
        self._walked_s = now_s
        self._rest = self._folders()
        # Removed cgroups keep their names: their processes are still listed.
        self._paths = dict(list(self._paths.items())[-_MOST:])
        return True

    def _walk(self, most_s: float = float("inf")) -> None:
        """Continue the walk for some time."""
        began_s = time.monotonic()
        for number, path in self._rest or ():
            self._paths[number] = path
            if time.monotonic() - began_s >= most_s:
                return
        self._rest = None

    def _folders(self) -> Iterator[tuple[int, str]]:
        """Yield inode number, which is the cgroup's id, and path of every folder."""
        # Version 2 only has this file.
        tops = (top for top in self._roots if (top / "cgroup.controllers").exists())
        root = str(next(tops, ""))
        for count, (folder, _, _) in enumerate(os.walk(root)):
            if count == _MOST:
                break
            try:
                number = os.stat(folder).st_ino  # noqa: PTH116 - twice as fast
            except OSError:
                continue
            yield number, clean(os.fsencode(folder.removeprefix(root))) or "/"
