"""Which group each process and each exit of an interval belongs to."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine import query
from montauk_tui.engine.groups.criteria import KERNEL, Criterion, cgroups_of
from montauk_tui.engine.groups.members import Members
from montauk_tui.engine.query import Query
from montauk_tui.engine.rows.build import only, reported_now
from montauk_tui.engine.rows.exited import exited_in_sample
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Ints

OTHER: Final = "other"
"""The group of all that belong to no group of their own."""


class Assigned(NamedTuple):
    """The groups, and the place of that of each process and exit."""

    names: list[str]
    """Each once."""
    living: Ints
    """Of each process of the table, without threads."""
    exits: Ints
    """Of each exit of the sample."""


Assign = Callable[[Frame], Assigned]


def by_criterion(frame: Frame, criterion: Criterion) -> Assigned:
    """Return the groups of a criterion; kernel threads are one group."""
    exits = frame.sample.exits
    exited = reported_now(ExitTable.empty() if exits is None else exits, frame)
    if exits is None:
        exited = exited.select(np.zeros(0, dtype=np.bool_))
    is_process = frame.sample.processes.is_process
    living = only(frame, is_process, {})
    no_forks = np.zeros(0, dtype=np.int64)
    members = Members(living, exited, exited, no_forks, frame.interval_s or 0.0)
    names = criterion.names(members, cgroups_of(members) if criterion.need else [])
    of_kernel = members.are_kernel.tolist()
    every = (
        KERNEL if kernel else name
        for name, kernel in zip(names, of_kernel, strict=True)
    )
    return _assigned(every, int(is_process.sum()))


def by_queries(frame: Frame, queries: Mapping[str, Query]) -> Assigned:
    """Return the groups of named queries: the first that matches, else `OTHER`."""
    table, exits = frame.sample.processes, frame.sample.exits
    names = [*queries, OTHER]
    living = _first_matches(frame, queries.values())[table.is_process]
    if exits is None or not len(exits):
        return Assigned(names, living, np.zeros(0, dtype=np.int64))
    # The last exit is the first row.
    exited = _first_matches(exited_in_sample(frame, exits), queries.values())[::-1]
    return Assigned(names, living, exited)


def _first_matches(frame: Frame, queries: Iterable[Query]) -> Ints:
    """Return the number of the first query that matches each row, or how many."""
    every = list(queries)
    first = np.full(len(frame.sample.processes), len(every))
    for number in reversed(range(len(every))):
        first[query.matching(every[number], frame)] = number
    return first


def _assigned(names: Iterable[str], count: int) -> Assigned:
    """Return the groups of `count` processes and of exits, by their names."""
    index: dict[str, int] = {}
    places = [index.setdefault(name, len(index)) for name in names]
    of = np.array(places, dtype=np.int64)
    return Assigned(list(index), of[:count], of[count:])
