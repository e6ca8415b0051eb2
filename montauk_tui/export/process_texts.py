"""The objects of processes as JSON, from frame to frame.

Hot path: most processes sleep. Their values are compared by column, and only the rows
in which one changed are encoded.
"""

import json
from collections.abc import Hashable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from montauk_tui.engine.columns.extra_cells import children_key
from montauk_tui.export.processes import FIELDS, values_of
from montauk_tui.model.frame import Frame
from montauk_tui.model.join import find
from montauk_tui.model.lookups import MOST_AGE_S, Lookups
from montauk_tui.model.sample import Identity, ProcessTable
from montauk_tui.model.schema import UNKNOWN, Bools, Floats, Ints

ASLEEP_AGE_S: Final = 60.0
"""How old the command line of a process that has not run since may be. Only another
process that shares its memory, or traces it, can change it meanwhile."""

_Objects = npt.NDArray[np.object_]


class _Known(NamedTuple):
    """What texts were made from: an element for each process, ascending by pid."""

    context: tuple[Hashable, ...]
    """What all rows depend on."""
    lookups: Lookups
    users: dict[int, str]
    table: ProcessTable
    floats: tuple[Floats, ...]
    """The values that are not in the table."""
    texts: _Objects
    argv: _Objects
    cut: Bools
    changed_s: Floats
    """When a value changed last, by the clock of `Sample.monotonic_s`."""
    asked_s: Floats
    """When the command line was looked up last."""


class ProcessTexts:
    """The objects of processes, kept from one frame to the next."""

    def __init__(self) -> None:
        """Know nothing."""
        self._encode = json.JSONEncoder(allow_nan=False).encode
        self._names = [field.name for field in FIELDS]
        self._known: _Known | None = None

    def of(self, frame: Frame, live: Ints, exited: Ints) -> list[str]:
        """Return the objects of live rows of a frame, then of rows of its exits."""
        rows = np.sort(live)
        known = self._of_live(frame, rows)
        texts: list[str] = known.texts[np.searchsorted(rows, live)].tolist()
        return texts + self._objects(frame, exited, alive=False)

    def _of_live(self, frame: Frame, rows: Ints) -> _Known:
        """Return the texts of ascending rows, and keep what they were made from."""
        now = _nothing_known(frame, rows)
        before = self._known
        if before is None or before.context != now.context or not len(before.table):
            changed = np.ones(len(rows), dtype=np.bool_)
        else:
            join = find(before.table, now.table.pid, now.table.start_ticks)
            changed = ~join.found | _differ(before, now, join.row)
            now = _with_texts(now, before, join.row, changed)
        now, other_line = _with_lines(frame, rows, now)
        changed |= other_line
        now.texts[changed] = self._objects(frame, rows[changed], alive=True)
        self._known = now
        return now

    def _objects(self, frame: Frame, rows: Ints, *, alive: bool) -> list[str]:
        return [
            self._encode(dict(zip(self._names, values, strict=True)))
            for values in values_of(frame, rows, alive=alive)
        ]


def _nothing_known(frame: Frame, rows: Ints) -> _Known:
    """Return the inputs of these rows, as if they were changed and not looked up."""
    sample = frame.sample
    table = sample.processes
    if len(rows) < len(table):
        table = table.only(rows)
    uids = set(table.uid.tolist()) - {UNKNOWN}
    rates, count = frame.rates, len(rows)
    return _Known(
        context=(
            sample.ticks_per_second, sample.user_hz, sample.booted_at_s, table.names
        ),
        lookups=frame.lookups,
        users={uid: frame.lookups.user(uid) for uid in uids},
        table=table,
        floats=tuple(
            values[rows] for values in (rates.cpu_s, rates.cpu_pct, children_key(frame))
        ),
        texts=np.full(count, None, dtype=object),
        argv=np.full(count, None, dtype=object),
        cut=np.zeros(count, dtype=np.bool_),
        changed_s=np.full(count, sample.monotonic_s),
        asked_s=np.zeros(count),
    )  # fmt: skip


def _differ(before: _Known, now: _Known, row: Ints) -> Bools:
    """Tell which rows have another value than their `row` before."""
    differ: Bools = before.table.comm[row] != now.table.comm
    for name in now.table.names:
        differ |= getattr(before.table, name)[row] != getattr(now.table, name)
    for old, new in zip(before.floats, now.floats, strict=True):
        # As bits, since NaN is unequal to itself.
        differ |= old[row].view(np.int64) != new.view(np.int64)
    renamed = [uid for uid, name in now.users.items() if before.users.get(uid) != name]
    if renamed:
        differ |= np.isin(now.table.uid, renamed)
    return differ


def _with_texts(now: _Known, before: _Known, row: Ints, changed: Bools) -> _Known:
    """Return `now` with the texts of the same processes before."""
    is_same_source = before.lookups is now.lookups
    return now._replace(
        texts=before.texts[row],
        argv=before.argv[row],
        cut=before.cut[row],
        changed_s=np.where(changed, now.changed_s, before.changed_s[row]),
        asked_s=before.asked_s[row] if is_same_source else now.asked_s,
    )


def _with_lines(frame: Frame, rows: Ints, known: _Known) -> tuple[_Known, Bools]:
    """Return the command lines of the rows, and which of them are others than before.

    A process that has not run has the arguments that it had. The time it ran is exact
    in ns only: of others every line is looked up.
    """
    sample, table = frame.sample, known.table
    now_s, lookups = sample.monotonic_s, frame.lookups
    # What is looked up is up to MOST_AGE_S old: older than the change, at first.
    asked = known.asked_s < known.changed_s + MOST_AGE_S
    # By pid, so that not all become old at once.
    turn = [(at_s + table.pid) // ASLEEP_AGE_S for at_s in (known.asked_s, now_s)]
    asked |= turn[0] != turn[1]
    if sample.ticks_per_second == sample.user_hz:
        asked[:] = True
    asked |= (table.utime == UNKNOWN) | (table.stime == UNKNOWN)
    argv, differ = known.argv, np.zeros(len(rows), dtype=np.bool_)
    pids, starts = table.pid[asked].tolist(), table.start_ticks[asked].tolist()
    places = np.flatnonzero(asked).tolist()
    for place, identity in zip(places, map(Identity, pids, starts), strict=True):
        raw = lookups.cmdline(identity)
        if raw != argv[place]:
            argv[place], differ[place] = raw, True
    cut = lookups.cut_rows(sample.processes)[rows]
    asked_s = np.where(asked, now_s, known.asked_s)
    return known._replace(cut=cut, asked_s=asked_s), differ | (cut != known.cut)
