"""Counts of out-of-memory events of a cgroup (Documentation/admin-guide/cgroup-v2.rst).

Version 1 has `oom_kill` in memory.oom_control since Linux 4.13.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PAUSE: Final = 20
"""A cgroup that is not found may be removed: the tree is not walked again for so many
times as long as that took."""
_MOST: Final = 20_000
_NAMES: Final = ("oom", "oom_kill", "oom_group_kill")


class MemoryEvents:
    """Finds cgroups by their inode numbers; walks the tree for one it does not know."""

    def __init__(self, mount: Path = Path("/sys/fs/cgroup")) -> None:
        """Start without a path."""
        tops = mount, mount / "unified"
        # Version 2 only has this file.
        second = [top for top in tops if (top / "cgroup.controllers").exists()]
        self._roots = mount / "memory", *second
        self._known: dict[int, str] = {}
        self._walk_again_s = 0.0

    def read(self, number: int) -> Mapping[str, int] | None:
        """Return the counts of a cgroup, None if it is not there."""
        now_s = time.monotonic()
        if number not in self._known and now_s >= self._walk_again_s:
            self._walk()
            ended_s = time.monotonic()
            self._walk_again_s = ended_s + _PAUSE * (ended_s - now_s)
        known = self._known.get(number)
        if known is None:
            return None
        for name in ("memory.events", "memory.oom_control"):
            try:
                return _counts(Path(known, name).read_text("ascii"))
            except (OSError, ValueError):
                continue
        return None

    def _walk(self) -> None:
        """Learn the numbers of the folders that have a controller of memory."""
        self._known = {}
        for root in self._roots:
            for folder, _, names in os.walk(root):
                if "memory.events" in names or "memory.oom_control" in names:
                    try:
                        number = os.stat(folder).st_ino  # noqa: PTH116 - twice as fast
                    except OSError:
                        continue
                    self._known.setdefault(number, folder)
                if len(self._known) >= _MOST:
                    return


def _counts(text: str) -> Mapping[str, int]:
    """Return the counts of a file of lines with a name and a number.

    Raises:
        ValueError: It is something else.
    """
    found = dict(line.split() for line in text.splitlines())
    return {name: int(found[name]) for name in _NAMES if name in found}
