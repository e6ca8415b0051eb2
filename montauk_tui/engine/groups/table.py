"""Rows of groups, by their names, and what stands in each cell."""

from collections.abc import Mapping, Sequence

import numpy as np

from montauk_tui.engine.rows.build import frame_of
from montauk_tui.engine.rows.kinds import all_of
from montauk_tui.engine.rows.named import NameLookups, numbers_of
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import Extra
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import COMM_BYTES, NO_START, UNKNOWN, Floats, Ints


def group_frame(
    frame: Frame,
    names: Sequence[str],
    columns: Mapping[str, Ints],
    cpu_pct: Floats,
    extra: Extra,
    cgroups: Sequence[str],
) -> Frame:
    """Return a frame with a row for each name, and the cgroup that contains it.

    Args:
        frame: What the collector saw.
        names: Of the groups, each once.
        columns: In the order of the names, as the next two.
        cpu_pct: CPU use.
        extra: More columns.
        cgroups: The innermost cgroup that contains all of each; empty for unknown.
    """
    pid = numbers_of(names)
    order = np.argsort(pid)
    rank = np.empty(len(names))
    rank[np.argsort(np.array(names, dtype=object))] = np.arange(len(names))
    every = {
        "pid": pid,
        "tgid": pid,
        "start_ticks": np.full(len(names), NO_START),
        "flags": np.zeros(len(names), dtype=np.int64),
        # Names of their own: the kernel's numbers are positive.
        "cgroup_id": np.where(np.array(cgroups, dtype=object) == "", UNKNOWN, pid),
        **columns,
    }
    raw = [names[place].encode() for place in order.tolist()]
    table = ProcessTable(
        np.array(raw, dtype=f"S{COMM_BYTES}"),
        {name: values[order] for name, values in every.items()},
    )
    kind = all_of(RowKind.GROUP, len(names))
    wanted = {"kind": kind, "name_rank": rank, **extra}
    return frame_of(
        frame,
        table,
        cpu_pct[order],
        {name: values[order] for name, values in wanted.items()},
        NameLookups(
            frame.lookups, table.pid, raw, dict(zip(pid.tolist(), cgroups, strict=True))
        ),
    )
