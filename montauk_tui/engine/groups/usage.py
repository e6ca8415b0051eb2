"""What groups of processes used in one interval, for sums over many."""

from typing import NamedTuple

import numpy as np

from montauk_tui.engine.groups.assigned import by_criterion
from montauk_tui.engine.groups.criteria import Criterion
from montauk_tui.engine.rows.build import is_failure, reported_now, sums_of
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
    table, exits = frame.sample.processes, frame.sample.exits
    names, living, exited = by_criterion(frame, criterion)
    is_process = table.is_process
    failed = is_failure(reported_now(exits or ExitTable.empty(), frame))
    sums = [
        np.nan_to_num(sums_of(values, group, len(names)))
        for values, group in (
            (frame.rates.cpu_s[is_process], living),
            (frame.rates.exit_cpu_s, exited),
            (np.ones(len(exited)), exited),
            (failed.astype(np.float64), exited),
            (as_floats(table.rss_bytes[is_process]), living),
        )
    ]
    return GroupUsage(names, *sums)
