"""Rows of groups, by their names: numbers that last, and what stands in each cell."""

from collections.abc import Mapping, Sequence

import numpy as np

from montauk_tui.engine.rows.build import RowLookups, frame_of
from montauk_tui.engine.rows.kinds import all_of
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import Extra
from montauk_tui.model.kinds import NUMBERS, RowKind, numbers
from montauk_tui.model.lookups import Command, Lookups
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import COMM_BYTES, NO_START, UNKNOWN, Floats, Ints
from montauk_tui.model.text import clean


class NameLookups(RowLookups):
    """Strings of rows that have a name instead of a command line."""

    def __init__(
        self,
        base: Lookups,
        pids: Ints,
        names: Sequence[bytes],
        cgroups: Mapping[int, str],
    ) -> None:
        """Take the names of rows and the paths of their cgroups, by number."""
        super().__init__(base, pids, names)
        self._cgroups = cgroups

    def cgroup(self, number: int) -> str:
        """Return the path of a cgroup, also of a row."""
        own = self._cgroups.get(number)
        return super().cgroup(number) if own is None else own

    def command(self, identity: Identity, comm: bytes) -> Command:
        """Return the name; of a path the last part is the program's own name."""
        raw = self._raw(identity)
        if raw is None:
            return super().command(identity, comm)
        text = clean(raw)
        return Command(text, text.rfind("/", 0, len(text) - 1) + 1, len(text))

    known_command = command


def numbers_of(names: Sequence[str]) -> Ints:
    """Return a number for each name, the same in every frame of this run.

    It is a hash with a secret key (SipHash): names may be an attacker's choice. Each is
    exact as float64.
    """
    first, end = NUMBERS[RowKind.GROUP]
    step = end >> 53
    most = (end - first) // step - 1
    values = [(hash(name) % most + 1) * step for name in names]
    return numbers(RowKind.GROUP, np.array(values, dtype=np.int64))


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
