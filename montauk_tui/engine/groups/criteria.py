"""What processes are grouped by: the name of the group of each, and how to find it."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from montauk_tui.engine.columns.containers import container_of, unit_of
from montauk_tui.engine.columns.gauge_cells import cgroups, is_readable
from montauk_tui.engine.groups.members import Members
from montauk_tui.engine.query import quoted
from montauk_tui.model.schema import UNKNOWN, Need
from montauk_tui.model.text import clean

KERNEL: Final = "(kernel threads)"
"""The group of all kernel threads, whatever the criterion."""
ROOT: Final = "/"
NO_CGROUP: Final = "(cgroup not known)"

KTHREADD: Final = 2
"""PID of the parent of all kernel threads (kernel/kthread.c)."""


class Criterion(NamedTuple):
    """One thing by which processes are grouped."""

    id: str
    names: Callable[[Members, list[str]], list[str]]
    """Returns the group of each member; also takes the path of the cgroup of each."""
    unknown: str
    """The group of processes of which it is not known."""
    none: str = ""
    """The group of processes that have none."""
    field: str = ""
    """Of queries, if that is not the id."""
    need: Need = Need.NONE
    nests: bool = False
    """Whether the names are paths, so that groups contain others."""
    whose: Callable[[str], str] | None = None
    """Returns the group of a cgroup, if groups are made by cgroup."""

    def query(self, name: str, *, nested: bool) -> str:
        """Return the filter for the processes of a group, or of those in it too."""
        field = self.field or self.id
        if name == KERNEL:
            return f"pid = {KTHREADD} or ppid = {KTHREADD}"
        if name == self.unknown:
            return f'not {"cgroup" if self.need else field} ~ "."'
        if name == self.none:
            return f'cgroup ~ "." and not {field} ~ "."'
        exact = f"{field} = {quoted(name)}"
        if not (self.nests and nested):
            return exact
        below = "^/" if name == ROOT else f"^{re.escape(name)}/"
        return f"{exact} or {field} ~ {quoted(below)}"


def cgroups_of(members: Members) -> list[str]:
    """Return the path of the cgroup of each; empty for unknown."""
    living, exits = members.living, members.exited.exits
    lookups, own = living.lookups, living.sample.processes.cgroup_id.tolist()
    numbers = {*own, *exits.cgroup_id.tolist()} - {UNKNOWN}
    named = {number: lookups.cgroup(number) for number in numbers}
    paths = cgroups(living)
    # On a host with version 1 all are at the root of version 2.
    is_v1 = any(
        named.get(number) == ROOT and is_readable(path)
        for number, path in zip(own, paths, strict=True)
    )
    if is_v1:
        named = {number: path for number, path in named.items() if path != ROOT}
    whose = zip(exits.pid.tolist(), exits.start_ticks.tolist(), strict=True)
    seen = lookups.known_labels("cgroup", whose)
    of_exits = [named.get(number, "") for number in exits.cgroup_id.tolist()]
    return paths + [
        path if is_readable(path) else before or path
        for path, before in zip(of_exits, seen, strict=True)
    ]


def own_cgroups(
    criterion: Criterion, names: Sequence[str], paths: Iterable[str]
) -> list[str]:
    """Return the cgroup that each group is; empty if it is not one cgroup.

    Args:
        criterion: What the groups are made by.
        names: Of the groups.
        paths: Of the cgroups of their members.
    """
    if criterion.nests:
        return [name if name.startswith(ROOT) else "" for name in names]
    if criterion.whose is None:
        return [""] * len(names)
    tops: dict[str, set[str]] = {}
    for path in set(paths):
        name = criterion.whose(path)
        tops.setdefault(name, set()).add(_top(criterion.whose, name, path))
    found = (tops.get(name, set()) for name in names)
    return [next(iter(them)) if len(them) == 1 else "" for them in found]


def _top(whose: Callable[[str], str], name: str, path: str) -> str:
    """Return the first cgroup on the way to a path that is in the same group."""
    at = path.find("/", 1)
    while at >= 0 and whose(path[:at]) != name:
        at = path.find("/", at + 1)
    return path if at < 0 else path[:at]


def _by_cgroup(_members: Members, paths: list[str]) -> list[str]:
    return [path or NO_CGROUP for path in paths]


def _made_of(
    make: Callable[[str], str], nothing: str
) -> Callable[[Members, list[str]], list[str]]:
    """Return names made from the path of the cgroup."""

    def names(_members: Members, paths: list[str]) -> list[str]:
        made = {path: make(path) or nothing for path in set(paths)}
        return [made[path] if path else NO_CGROUP for path in paths]

    return names


def _by_user(members: Members, _paths: list[str]) -> list[str]:
    uids = members.common("uid").tolist()
    user = members.living.lookups.user
    names = {uid: _NO_USER if uid == UNKNOWN else user(uid) for uid in set(uids)}
    return [names[uid] for uid in uids]


def _by_program(members: Members, _paths: list[str]) -> list[str]:
    comms = members.living.sample.processes.comm.tolist()
    comms += members.exited.exits.comm.tolist()
    names = {comm: clean(comm) or _NO_NAME for comm in set(comms)}
    return [names[comm] for comm in comms]


_NO_UNIT: Final = "(no unit)"
_NO_CONTAINER: Final = "(in no container)"
_NO_USER: Final = "(user not known)"
_NO_NAME: Final = "(name not known)"
_READ: Final = Need.of("cgroup")

_TABLE: Final = (
    Criterion("cgroup", _by_cgroup, NO_CGROUP, need=_READ, nests=True),
    Criterion(
        "unit", _made_of(unit_of, _NO_UNIT), NO_CGROUP, _NO_UNIT, need=_READ,
        whose=unit_of,
    ),
    Criterion(
        "container", _made_of(container_of, _NO_CONTAINER), NO_CGROUP, _NO_CONTAINER,
        need=_READ, whose=container_of,
    ),
    Criterion("user", _by_user, _NO_USER),
    Criterion("program", _by_program, _NO_NAME, field="name"),
)  # fmt: skip

CRITERIA: Final = {criterion.id: criterion for criterion in _TABLE}
"""By id, in the order in which a key goes through them."""
