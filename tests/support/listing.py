"""Frames that follow one another, with what ended and what started."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from montauk_tui.engine.history.update import remember
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import History
from montauk_tui.model.sample import Counters, Sample
from tests.support.builders import FakeLookups, Row, make_frame, make_sample
from tests.support.exits import make_exits
from tests.support.starts import make_starts

MS: Final = 1_000_000
LIVING: Final = ({"pid": 1, "ppid": 0}, {"pid": 10, "comm": b"make"}, {"pid": 11})


class Life:
    """Makes a frame of each sample, and remembers as the program does."""

    def __init__(self, rows: Iterable[Row] = LIVING) -> None:
        self.rows = list(rows)
        self.history = History()
        self.last: Sample | None = None
        self.begin()

    def begin(self) -> Frame:
        return self.at(0.0)

    def at(
        self,
        after_s: float,
        ends: Iterable[Row] | None = (),
        starts: Iterable[Row] | None = (),
        **values: Any,
    ) -> Frame:
        """Return the frame of that moment; None is a collector that cannot see."""
        sample = make_sample(
            values.pop("rows", self.rows),
            after_s=after_s,
            exits=None if ends is None else make_exits(ends),
            starts=None if starts is None else make_starts(starts),
            **{"counters": Counters(0, 0, 0), **values},
        )
        frame = make_frame(self.last, sample, FakeLookups())
        self.history = remember(self.history, self.last, sample, frame.rates)
        self.last = sample
        return replace(frame, history=self.history)


def end(pid: int, comm: bytes = b"sh", **values: Any) -> Row:
    """Return the end of a process that started when sampling did; 5 ms, all CPU."""
    usual = {
        "ppid": 1, "start_ticks": 10_000_000 + pid, "lifetime_ns": 5 * MS,
        "utime_ns": 5 * MS, "end_ns": 10**14 + pid * MS,
    }  # fmt: skip
    return {"pid": pid, "comm": comm, **usual, **values}


def real_pids(frame: Frame) -> list[int]:
    """Return the pids of processes and of those that ended; 0 for rows of many."""
    pids = frame.sample.processes.pid
    real = frame.extra.get("real_pid", np.full(len(pids), np.nan))
    shown = np.where(pids >= 0, pids, np.nan_to_num(real))
    found: list[int] = shown.astype(int).tolist()
    return found
