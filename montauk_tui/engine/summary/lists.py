"""Processes that have to do with a row: its children, and the exits below it.

Everything is in the frame; no file is read.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.rows.build import status_of
from montauk_tui.engine.rows.notes import exit_note
from montauk_tui.engine.summary.items import Entry, Fact, Listing
from montauk_tui.engine.summary.relatives import branch_of
from montauk_tui.engine.units import bytes_text, counted, percent_text
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import ExitedBatch
from montauk_tui.model.join import is_in
from montauk_tui.model.lookups import (
    Command,
    command_from_cmdline,
    command_from_comm,
)
from montauk_tui.model.orphans import Kin, living_ancestors
from montauk_tui.model.schema import UNKNOWN, Bools, Bytes, Floats, Ints

_MOST_ENTRIES: Final = 16
"""More than a panel has lines for."""
_SEARCHED_S: Final = 60.0
_MOST_SEARCHED: Final = 4096
"""Exits: the time for them is 1 ms."""


class _Recent(NamedTuple):
    """The last exits, in the order in which they were reported."""

    parts: tuple[ExitedBatch, ...]
    pid: Ints
    ancestor: Ints
    """The nearest live ancestor of each."""
    since_s: float
    """CLOCK_MONOTONIC of the start of the first interval."""


def family(frame: Frame, row: int, *, machine_scale: bool) -> tuple[Listing, ...]:
    """Return the children of a process, the busiest first, and the exits below it."""
    branch = branch_of(frame, row)
    scale = len(frame.sample.host.cpu_ids) if machine_scale else 1
    heads: tuple[Fact, ...] = (Fact("Children", "none", Level.FAINT),)
    if len(branch.children):
        whole = counted(branch.processes, "process", "processes")
        sums = f"{whole}, {percent_text(branch.cpu_pct / scale)} % CPU, "
        sums += bytes_text(branch.rss_bytes)
        heads = (Fact("Children", str(len(branch.children))), Fact("Subtree", sums))
    children = living(frame, heads, branch.children, scale)
    return (children, *_exits_below(frame, branch.inside))


def living(
    frame: Frame, heads: tuple[Fact, ...], rows: Ints, scale: float = 1
) -> Listing:
    """Return a list of live processes, the busiest first, then the largest."""
    table = frame.sample.processes
    cpu = np.nan_to_num(frame.rates.cpu_pct[rows], nan=-1.0)
    order = np.lexsort((-table.rss_bytes[rows], -cpu))[:_MOST_ENTRIES]
    entries = []
    for row in rows[order].tolist():
        identity = table.identity(row)
        command = frame.lookups.known_command(identity, table.comm[row])
        share = float(frame.rates.cpu_pct[row]) / scale
        level = Level.PLAIN if share > 0 else Level.FAINT
        entries.append(_entry(percent_text(share), str(identity.pid), command, level))
    return Listing(heads, tuple(entries), len(rows))


def exits_of_group(listed: Frame, row: int) -> tuple[Listing, ...]:
    """Return the last exits of one name and ancestor: those of a folded row."""
    table, whole = listed.sample.processes, listed.whole or listed
    recent = _recent(whole)
    if not recent.parts:
        return ()
    comm: Bytes = np.concatenate([part.exits.comm for part in recent.parts])
    same = (comm == table.comm[row]) & (recent.ancestor == table.ppid[row])
    entries = _latest(recent, np.flatnonzero(same))
    return (Listing((Fact("Exited", "the latest first"),), entries, len(entries)),)


def _recent(frame: Frame) -> _Recent:
    """Return the exits of the last minute; the latest if there are very many."""
    parts: list[ExitedBatch] = []
    least_s = frame.sample.monotonic_s - _SEARCHED_S
    left = _MOST_SEARCHED
    for part in reversed(frame.history.exited):
        left -= len(part.exits)
        if part.reported_s[0] < least_s or (parts and left < 0):
            break
        parts.append(part)
    if not parts:
        none = np.empty(0, dtype=np.int64)
        return _Recent((), none, none, frame.sample.monotonic_s)
    parts.reverse()
    since_s = float(parts[0].reported_s[0] - np.nan_to_num(parts[0].interval_s[0]))
    columns = zip(*(Kin.of(part.exits) for part in parts), strict=True)
    kin = Kin(*map(np.concatenate, columns))
    ancestor = living_ancestors(kin, Kin.of(frame.sample.processes), kin)
    return _Recent(tuple(parts), kin.pid, ancestor, since_s)


def _exits_below(frame: Frame, inside: Bools) -> tuple[Listing, ...]:
    """Return the last exits of descendants; nothing if there are none."""
    recent = _recent(frame)
    below = is_in(recent.ancestor, frame.sample.processes.pid[inside])
    places = np.flatnonzero(below)
    if not places.size:
        return ()
    code, signal = (_joined(recent, it)[places] for it in ("exit_code", "exit_signal"))
    failed = int(np.count_nonzero((code > 0) | (signal > 0)))
    window_s = max(1.0, frame.sample.monotonic_s - recent.since_s)
    text = f"{len(places)} below in {window_s:.0f} s"
    text += f", {failed} failed" if failed else ""
    head = Fact("Exited", text, Level.WARM if failed else Level.PLAIN)
    return (Listing((head,), _latest(recent, places), len(places)),)


def _latest(recent: _Recent, places: Ints) -> tuple[Entry, ...]:
    """Return the exits at some places, the latest first."""
    ends = np.cumsum([len(part.exits) for part in recent.parts])
    status: dict[int, Floats] = {}
    entries = []
    for place in places[: -_MOST_ENTRIES - 1 : -1].tolist():
        at = int(ends.searchsorted(place, side="right"))
        exits = recent.parts[at].exits
        if at not in status:
            status[at] = status_of(exits)
        row = place - int(ends[at]) + len(exits)
        entries.append(_exit(exits, row, float(status[at][row])))
    return tuple(entries)


def _joined(recent: _Recent, name: str) -> Ints:
    return np.concatenate([getattr(part.exits, name) for part in recent.parts])


def _exit(exits: ExitTable, row: int, status: float) -> Entry:
    raw, comm = bytes(exits.cmdline[row]), bytes(exits.comm[row])
    command = (
        command_from_cmdline(raw) if raw else command_from_comm(comm, bracketed=False)
    )
    lifetime_ns = int(exits.lifetime_ns[row])
    lifetime_s = math.nan if lifetime_ns == UNKNOWN else lifetime_ns / 1e9
    level = Level.WARM if status > 0 else Level.FAINT
    return _entry(f"[{exit_note(status, lifetime_s)}]", "", command, level)


def _entry(front: str, number: str, command: Command, level: Level) -> Entry:
    """Return an entry; the folder of the program is left out."""
    start, end = command.name_start, command.name_end
    return Entry(front, number, command.text[start:end], command.text[end:], level)
