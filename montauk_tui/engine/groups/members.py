"""The processes that groups sum up: live ones, and those that exited lately."""

from dataclasses import dataclass

import numpy as np

from montauk_tui.engine.rows.build import by_now, is_failure, only
from montauk_tui.engine.rows.exited import is_passing
from montauk_tui.engine.rows.window import exited_lately, starts_lately, window_s
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import ExitedBatch
from montauk_tui.model.join import by_pid, find
from montauk_tui.model.kthreads import kernel_flags
from montauk_tui.model.names import DEAD
from montauk_tui.model.schema import PF_KTHREAD, Bools, Floats, Ints, as_floats
from montauk_tui.model.starts import FORK


@dataclass(frozen=True, slots=True)
class Members:
    """All live processes, then all exits of the window: the order of every array."""

    living: Frame
    """Without threads: the row of a process has all of its threads."""
    exited: ExitedBatch
    """Those of the window."""
    now: ExitedBatch
    """The same with the rates of the last interval, 0 for those that have a row."""
    forks: Ints
    """The member that did each fork of the window; -1 where it is not known."""
    seconds: float
    """Length of the window."""

    @classmethod
    def of(cls, frame: Frame) -> "Members":
        """Return the processes of a frame."""
        table, exited = frame.sample.processes, exited_lately(frame)
        living = only(frame, table.is_process & ~is_passing(frame), {})
        has_row = find(table, exited.exits.pid, exited.exits.start_ticks).found
        # Those that have a row are by_now as if they had been reported before.
        reported_s = np.where(has_row, -np.inf, exited.reported_s)
        now = by_now(exited._replace(reported_s=reported_s), frame.sample.monotonic_s)
        forks = _forks(frame, living, exited)
        return cls(living, exited, now, forks, window_s(frame))

    @property
    def are_kernel(self) -> Bools:
        """Tell which are kernel threads."""
        table, exits = self.living.sample.processes, self.exited.exits
        flags = kernel_flags(table, exits.ppid, exits.cmdline_bytes > 0)
        return np.concatenate([table.is_kernel, (flags & PF_KTHREAD) != 0])

    @property
    def lives(self) -> Floats:
        """1 for a live process, else 0."""
        is_live = self.living.sample.processes.state != DEAD
        return np.concatenate([is_live, np.zeros(len(self.exited.exits))])

    @property
    def cpu_pct(self) -> Floats:
        """CPU use in the last interval."""
        return np.concatenate([self.living.rates.cpu_pct, self.now.cpu_pct])

    @property
    def exited_pct(self) -> Floats:
        """The part of `cpu_pct` that exited processes used."""
        is_dead = self.living.sample.processes.state == DEAD
        own = np.where(is_dead, self.living.rates.cpu_pct, 0.0)
        return np.concatenate([own, self.now.cpu_pct])

    def of_exits(self, values: Floats | None = None) -> Floats:
        """Return a value of each exit, 0 for the live ones; None: 1 of each."""
        some = np.ones(len(self.exited.exits)) if values is None else values
        return np.concatenate([np.zeros(len(self.living.sample.processes)), some])

    @property
    def failures(self) -> Floats:
        """1 for an exit with a status other than 0, else 0."""
        return self.of_exits(is_failure(self.exited).astype(np.float64))

    def held(self, name: str) -> Floats:
        """Return a column of live processes; an exited process holds nothing."""
        table = self.living.sample.processes
        values = as_floats(getattr(table, name))
        return np.concatenate([values, np.full(len(self.exited.exits), np.nan)])

    def common(self, name: str) -> Ints:
        """Return a column of live and exited processes."""
        table, exits = self.living.sample.processes, self.exited.exits
        return np.concatenate([getattr(table, name), getattr(exits, name)])

    def per_s(self, name: str) -> Floats:
        """Return the growth of a counter a second."""
        size, living = len(self.living.sample.processes), self.living.rates.per_s
        exited, count = self.now.per_s, len(self.exited.exits)
        return np.concatenate(
            [
                living.get(name, np.full(size, np.nan)),
                exited.get(name, np.full(count, np.nan)),
            ]
        )


def _forks(frame: Frame, living: Frame, exited: ExitedBatch) -> Ints:
    """Return the member that did each fork, by its pid."""
    starts, pids = starts_lately(frame), living.sample.processes.pid
    parent = starts.ppid[starts.kind == FORK]
    live = by_pid(pids, parent)
    order = np.argsort(exited.exits.pid, kind="stable")
    dead = by_pid(exited.exits.pid[order], parent)
    places = np.full(len(parent), -1)
    places[dead.found] = len(pids) + order[dead.row[dead.found]]
    places[live.found] = live.row[live.found]
    return places
