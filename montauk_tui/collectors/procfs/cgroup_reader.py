"""Reads what the kernel counts for the cgroups of the processes, at a bounded cost."""

import time
from collections.abc import Iterable
from typing import Final

from montauk_tui.collectors.procfs.cgroup_figures import Trees
from montauk_tui.collectors.procfs.cgroup_file import MOUNT
from montauk_tui.model.cgroups import (
    NEEDS,
    NO_CGROUPS,
    ROOT,
    CgroupFigures,
    CgroupSample,
)
from montauk_tui.model.schema import Need

MOST_CGROUPS: Final = 256
"""Read in a sample: about two files for each need, 0.1 ms for the usual needs."""
_MOST_S: Final = 0.1
"""CPU time: the kernel may have to sum up the counts of many CPUs for a file."""
_MOST_LEVELS: Final = 32


def read_cgroups(paths: Iterable[str], needs: Need, mount: str = MOUNT) -> CgroupSample:
    """Return the figures of cgroups and of all above them, as far as needed.

    Users make cgroups below their own: if there are too many, those near the root are
    read.

    Args:
        paths: Of the cgroups, as they are shown; other texts are ignored.
        needs: Those of `NEEDS` are met.
        mount: Where the trees are.
    """
    if not needs & NEEDS:
        return NO_CGROUPS
    leaves = sorted({path for path in paths if _is_path(path)}, key=_depth)
    wanted = set(leaves[:MOST_CGROUPS])
    for path in leaves[:MOST_CGROUPS]:
        wanted |= _above(path)
    trees = Trees(mount)
    began_s = time.thread_time()
    figures: dict[str, CgroupFigures] = {}
    for path in sorted(wanted, key=_depth)[:MOST_CGROUPS]:
        if time.thread_time() - began_s > _MOST_S:
            break
        figures[path] = trees.read(path, needs, time.monotonic())
    missing = len(wanted.union(leaves)) - len(figures)
    if not missing:
        return CgroupSample(figures)
    reason = f"cgroups: {missing} of {missing + len(figures)} not read"
    limit = f"at most {MOST_CGROUPS} in {_MOST_S} s a refresh"
    return CgroupSample(figures, (f"{reason}: {limit}",))


def _is_path(path: str) -> bool:
    return path.startswith(ROOT) and ".." not in path.split("/")


def _depth(path: str) -> tuple[int, str]:
    return (0 if path == ROOT else path.count("/")), path


def _above(path: str) -> set[str]:
    """Return the paths above another, of a deep one the first ones."""
    parts = path.split("/")[1:-1][:_MOST_LEVELS]
    return {ROOT, *("/" + "/".join(parts[: n + 1]) for n in range(len(parts)))}
