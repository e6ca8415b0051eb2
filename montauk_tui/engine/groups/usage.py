"""What groups of processes used in one interval, for sums over many."""

from typing import NamedTuple

import numpy as np

from montauk_tui.engine.groups.criteria import KERNEL, Criterion, cgroups_of
from montauk_tui.engine.groups.members import Members
from montauk_tui.engine.rows.build import is_failure, only, reported_now, sums_of
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Floats, as_floats


class GroupUsage(NamedTuple):
    """What each group used: equally long columns."""

    names: list[str]
    live_s: Floats
    """CPU-seconds of live processes."""
    exited_s: Floats
    """CPU-seconds of exited processes that no row of a live one was charged with."""
    exits: Floats
    failures: Floats
    """Exits with a status other than 0."""
    rss_bytes: Floats
    """Resident memory of the live processes at the end of the interval."""


def usage_of_groups(frame: Frame, criterion: Criterion) -> GroupUsage:
    """Return what the groups of a criterion used in the interval of a frame.

    The CPU-seconds add up to `live_s` and `exited_s` of the ledger. Values that are not
    known count as 0.
    """
    table = frame.sample.processes
    exits = frame.sample.exits
    exited = reported_now(ExitTable.empty() if exits is None else exits, frame)
    if exits is None:
        exited = exited.select(np.zeros(0, dtype=np.bool_))
    is_process = table.is_process
    living = only(frame, is_process, {})
    no_forks = np.zeros(0, dtype=np.int64)
    members = Members(living, exited, exited, no_forks, frame.interval_s or 0.0)
    names = criterion.names(members, cgroups_of(members) if criterion.need else [])
    of_kernel = members.are_kernel.tolist()
    every = [
        KERNEL if kernel else name
        for name, kernel in zip(names, of_kernel, strict=True)
    ]
    groups, of = np.unique(np.array(every, dtype=object), return_inverse=True)
    count, left = int(is_process.sum()), of[: int(is_process.sum())]
    right = of[count:]
    sums = [
        np.nan_to_num(sums_of(values, group, len(groups)))
        for values, group in (
            (frame.rates.cpu_s[is_process], left),
            (frame.rates.exit_cpu_s, right),
            (np.ones(len(right)), right),
            (is_failure(exited).astype(np.float64), right),
            (as_floats(table.rss_bytes[is_process]), left),
        )
    ]
    return GroupUsage(groups.tolist(), *sums)
