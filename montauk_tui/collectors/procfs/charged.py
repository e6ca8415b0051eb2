"""How long the CPUs ran tasks, from the sums that cgroups keep.

The scheduler charges each task, live or exited, and every cgroup above it, by one clock
(cgroup_account_cputime in include/linux/cgroup.h). `/proc/stat` only samples.
"""

import os
from pathlib import Path
from typing import Final, NamedTuple

_INITIAL_CGROUP_NAMESPACE: Final = 0xEFFFFFFB
"""Its inode number (include/linux/proc_ns.h); in others the root is not that of all."""

_MOST_GROUPS: Final = 200
"""Cgroups below the root: a machine of systemd has some ten."""


class ChargedTime(NamedTuple):
    """CPU time since the reader was made, in seconds."""

    seconds: float
    has_kernel_threads: bool
    """Whether kernel threads are included. In version 2 they are in the root, which
    has no sum."""


class Charged:
    """Reads the sum of the whole machine, where a cgroup has it."""

    def __init__(self, proc: str = "/proc", sys: str = "/sys") -> None:
        """Look for the cgroups that are mounted below `sys`."""
        self._seen: dict[str, int] = {}
        self._total_us = 0
        self._usage: Path | None = None
        self._root: Path | None = None
        namespace = Path(proc, "self/ns/cgroup")
        try:
            if namespace.stat().st_ino != _INITIAL_CGROUP_NAMESPACE:
                return
        except OSError:
            return
        folder = Path(sys, "fs/cgroup")
        usage = folder / "cpuacct/cpuacct.usage"
        # Version 2 only has this file.
        files = (folder / "cgroup.controllers", folder / "unified/cgroup.controllers")
        roots = (file.parent for file in files if file.exists())
        if usage.exists():
            self._usage = usage
        else:
            self._root = next(roots, None)

    def read(self) -> ChargedTime | None:
        """Return the time charged so far, None where no cgroup has it."""
        try:
            if self._usage is not None:
                ns = int(self._usage.read_bytes())
                return ChargedTime(ns / 1e9, has_kernel_threads=True)
            if self._root is not None:
                self._add_growth(_below(self._root))
                return ChargedTime(self._total_us / 1e6, has_kernel_threads=False)
        except (OSError, ValueError):
            pass
        return None

    def _add_growth(self, now: dict[str, int]) -> None:
        """Add the growth of each cgroup; a new one counts from its creation."""
        before, self._seen = self._seen, now
        for name, usage_us in now.items():
            grown_us = usage_us - before.get(name, 0)
            # One that was removed and made again begins anew.
            self._total_us += grown_us if grown_us >= 0 else usage_us


def _below(root: Path) -> dict[str, int]:
    """Return the CPU time of each cgroup below the root, in us, with all below it."""
    usage_us: dict[str, int] = {}
    with os.scandir(root) as entries:
        names = [one.name for one in entries if one.is_dir(follow_symlinks=False)]
    for name in names[:_MOST_GROUPS]:
        try:
            first, number = (root / name / "cpu.stat").read_bytes().split()[:2]
        except OSError:
            continue
        if first == b"usage_usec":
            usage_us[name] = int(number)
    return usage_us
