"""Groups of processes with sums over live and exited ones.

Every process and every exit belongs to one group, so that the groups add up to the
rows of Main.
"""

from collections.abc import Iterator, Sequence
from os.path import commonpath
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.groups.criteria import (
    KERNEL,
    KTHREADD,
    ROOT,
    Criterion,
    cgroups_of,
    own_cgroups,
)
from montauk_tui.engine.groups.members import Members
from montauk_tui.engine.groups.table import group_frame
from montauk_tui.engine.interval.cgroup_rates import NAMES, PLACE
from montauk_tui.engine.rows.build import common_of, per_s_extra, sums_of
from montauk_tui.engine.rows.named import numbers_of
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import Extra
from montauk_tui.model.schema import UNKNOWN, Floats, Ints

_HELD: Final = ("rss_bytes", "threads")

_MOST_LEVELS: Final = 32
"""Of nested groups: deeper ones are below the last of them."""


class _Groups(NamedTuple):
    """The groups, and which members each sums up."""

    names: list[str]
    of: Ints
    """The group of each member."""
    of_forks: Ints
    """The group in which each fork was."""
    parts: Ints
    """A group, once for itself and once for each that contains it..."""
    holders: Ints
    """... and the one that sums it up."""
    above: Ints
    """The group that contains each, or -1."""

    def sums(self, values: Floats, of: Ints | None = None) -> Floats:
        """Return the sum of the known values in each group, NaN if there are none."""
        own = sums_of(values, self.of if of is None else of, len(self.names))
        return sums_of(own[self.parts], self.holders, len(self.names))


def grouped(frame: Frame, criterion: Criterion, *, tree: bool) -> Frame:
    """Return a row for each group.

    In the tree a group that contains others has their sums too.
    """
    members = Members.of(frame)
    paths = cgroups_of(members) if criterion.need else []
    names = [
        KERNEL if is_kernel else name
        for name, is_kernel in zip(
            criterion.names(members, paths), members.are_kernel.tolist(), strict=True
        )
    ]
    forks = [names[it] if it >= 0 else criterion.unknown for it in members.forks]
    groups = _groups(names, forks, nested=tree and criterion.nests)
    extra = {
        **_events(frame, members, groups),
        **per_s_extra(
            {name: groups.sums(members.per_s(name)) for name in frame.rates.per_s}
        ),
    }
    if groups.above.max(initial=-1) >= 0:
        pids = numbers_of(groups.names).astype(np.float64)
        extra["hangs_from"] = np.where(groups.above >= 0, pids[groups.above], np.nan)
    own = own_cgroups(criterion, groups.names, paths)
    extra |= _of_kernel(frame, own)
    columns = {name: _whole(groups.sums(members.held(name))) for name in _HELD}
    columns["uid"] = common_of(members.common("uid"), groups.of, len(groups.names))
    is_kernel = np.array(groups.names, dtype=object) == KERNEL
    columns["ppid"] = np.where(is_kernel, KTHREADD, UNKNOWN)
    return group_frame(
        frame, groups.names, columns, groups.sums(members.cpu_pct), extra,
        _containing(groups, paths),
    )  # fmt: skip


def _of_kernel(frame: Frame, own: Sequence[str]) -> Extra:
    """Return what the kernel counts for the cgroup that each group is."""
    if not frame.cgroups:
        return {}
    places = {path: float(place) for place, path in enumerate(frame.cgroups)}
    rows = [frame.cgroups.get(path, {}) for path in own]
    return {
        PLACE: np.array([places.get(path, np.nan) for path in own]),
        **{name: np.array([row.get(name, np.nan) for row in rows]) for name in NAMES},
    }


def _containing(groups: _Groups, paths: Sequence[str]) -> list[str]:
    """Return the innermost cgroup that contains all of each group."""
    inside: list[set[str]] = [set() for _ in groups.names]
    for place, path in zip(groups.of.tolist(), paths, strict=False):
        inside[place].add(path)
    return [
        name if name.startswith(ROOT) and not them else _common(them)
        for name, them in zip(groups.names, inside, strict=True)
    ]


def _common(paths: set[str]) -> str:
    """Return the path that contains all of these, empty where there is none."""
    known = all(path.startswith(ROOT) for path in paths)
    return commonpath(paths) if paths and known else ""


def _whole(sums: Floats) -> Ints:
    """Return sums of integers, UNKNOWN where there are none."""
    known = np.isfinite(sums)
    return np.where(known, np.nan_to_num(sums).astype(np.int64), UNKNOWN)


def _events(frame: Frame, members: Members, groups: _Groups) -> Extra:
    """Return the number of processes, and what starts and exits a second."""
    size, seconds, sums = len(groups.names), members.seconds, groups.sums
    forks = np.nan_to_num(sums(np.ones(len(members.forks)), groups.of_forks)) / seconds
    exits = np.nan_to_num(sums(members.of_exits()))
    used_s, unknown = members.exited.cpu_s, np.full(size, np.nan)
    is_known = not len(used_s) or bool(np.isfinite(used_s).any())
    short = sums(members.exited_pct)
    events = {
        "live": np.nan_to_num(sums(members.lives)),
        "count": exits,
        "forks_rate": forks,
        "ends_rate": exits / seconds,
        "failures_rate": np.nan_to_num(sums(members.failures)) / seconds,
        "short_pct": np.nan_to_num(short) if is_known else unknown,
    }
    if frame.sample.starts is None:
        events["forks_rate"] = unknown
    if frame.sample.exits is None:
        for name in ("count", "ends_rate", "failures_rate", "short_pct"):
            events[name] = unknown
    return events


def _groups(names: Sequence[str], forks: Sequence[str], *, nested: bool) -> _Groups:
    """Return the groups of members and of forks; nested ones with all above them."""
    index: dict[str, int] = {}
    of = _places(names, index)
    of_forks = _places(forks, index)
    parts, holders, above = [], [], []
    for name in _with_those_above(index) if nested else index:
        chain = list(_above(name)) if nested else []
        here = index[name]
        for holder in (name, *chain):
            parts.append(here)
            holders.append(index[holder])
        above.append(index[chain[-1]] if chain else -1)
    as_ints = (np.array(it, dtype=np.int64) for it in (parts, holders, above))
    return _Groups(list(index), of, of_forks, *as_ints)


def _places(names: Sequence[str], index: dict[str, int]) -> Ints:
    """Return the place of each name; new ones are added."""
    places = [index.setdefault(name, len(index)) for name in names]
    return np.array(places, dtype=np.int64)


def _with_those_above(index: dict[str, int]) -> list[str]:
    """Add the groups that contain others, and return all."""
    for name in list(index):
        for holder in _above(name):
            index.setdefault(holder, len(index))
    return list(index)


def _above(path: str) -> Iterator[str]:
    """Yield the paths above another, the root first; a name in brackets has none."""
    if not path.startswith(ROOT) or path == ROOT:
        return
    yield ROOT
    at = path.find("/", 1)
    for _ in range(_MOST_LEVELS):
        if at < 0:
            return
        yield path[:at]
        at = path.find("/", at + 1)
