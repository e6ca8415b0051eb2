"""What is shown never adds up to more than there was."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.engine.folds import Folds
from montauk_tui.engine.history.update import remember
from montauk_tui.engine.live_and_exited import beside_exited, live_and_exited
from montauk_tui.engine.projection import View, project
from montauk_tui.engine.rows.events import events
from montauk_tui.engine.rows.exited import exited_only, with_exited
from montauk_tui.engine.rows.exited_parents import with_exited_parents
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import History
from montauk_tui.model.schema import UNKNOWN
from tests.support.builders import BOOT_S, Row, make_frame, make_sample
from tests.support.exits import make_exits
from tests.support.listing import LIVING, MS, Life, end

NS: Final = 10**9
CPUS: Final = 2
MOST_PCT: Final = CPUS * 100 + 1e-6


@dataclass
class Machine:
    """Two CPUs, all of whose time processes share that come and go."""

    alive: dict[int, int] = field(default_factory=lambda: {1: 0, 2: 0})
    """CPU time so far by pid."""
    held_back: list[Row] = field(default_factory=list)
    """Ends that are told with the next sample."""
    started: dict[int, int] = field(default_factory=dict)
    seconds: int = 0

    def second(self, choices: "Second") -> tuple[list[Row], list[Row]]:
        """Let a second pass; return the rows and the ends of its sample."""
        for _ in range(choices.new):
            pid = len(self.started) + 100
            self.started[pid] = int((BOOT_S + self.seconds + 0.5) * 100)
            self.alive[pid] = 0
        self.seconds += 1
        weights = [(pid * choices.salt) % 7 + 1 for pid in self.alive]
        for pid, weight in zip(self.alive, weights, strict=True):
            self.alive[pid] += CPUS * NS * weight // sum(weights)
        rows: list[Row] = []
        ends = self.held_back
        self.held_back = []
        for at, pid in enumerate(list(self.alive)):
            total = self.alive[pid]
            who: Row = {
                "pid": pid, "comm": b"p%d" % (pid % 2), "ppid": 1 if pid > 1 else 0,
                "start_ticks": self.started.get(pid, 1_000),
            }  # fmt: skip
            how = choices.how[at % len(choices.how)] if pid in self.started else "lives"
            told = {**who, "utime_ns": total, "end_ns": (pid + self.seconds) * NS}
            if how != "lives":
                del self.alive[pid]
            if how == "lives":
                rows.append({**who, "utime": total})
            elif how == "freed":
                ends.append(told)
            elif how == "zombie":
                rows.append({**who, "utime": total, "state": "Z"})
                ends.append(told)
            else:
                rows.append({**who, "utime": total, "state": "X"})
                self.held_back.append(told)
        return rows, ends


@dataclass(frozen=True)
class Second:
    """What happens in a second."""

    new: int
    how: list[str]
    salt: int


SECONDS = st.builds(
    Second,
    st.integers(0, 5),
    st.lists(st.sampled_from(["lives", "freed", "zombie", "waits"]), min_size=1),
    st.integers(1, 6),
)


def frames(seconds: list[Second]) -> Iterator[Frame]:
    machine, history = Machine(), History()
    first = [{"pid": pid, "utime": 0} for pid in machine.alive]
    previous = make_sample(first, ticks_per_second=NS, exits=make_exits([]))
    for at, chosen in enumerate(seconds, start=1):
        rows, ends = machine.second(chosen)
        sample = make_sample(
            rows, after_s=float(at), ticks_per_second=NS, exits=make_exits(ends)
        )
        frame = make_frame(previous, sample)
        history = remember(history, previous, sample, frame.rates)
        yield replace(frame, history=history)
        previous = sample


def shown_pct(listed: Frame, **choices: Any) -> float:
    """Return the sum of the column CPU% over the rows that a list shows."""
    view = View(COLUMNS["cpu_pct"], descending=True, kernel_threads=True, **choices)
    projection = project(listed, view)
    rates = projection.frame_of(listed).rates
    return float(np.nansum(rates.cpu_pct[projection.rows]))


@given(st.lists(SECONDS, min_size=1, max_size=6))
def test_cpu_use_of_all_rows_is_no_more_than_that_of_the_machine(
    seconds: list[Second],
) -> None:
    for frame in frames(seconds):
        main = with_exited(frame, 5.0, frozenset())
        assert shown_pct(main) <= MOST_PCT
        tree = with_exited_parents(frame, main, 5.0)
        assert shown_pct(tree, tree=True) <= MOST_PCT
        assert shown_pct(tree, tree=True, folds=Folds(everything=True)) <= MOST_PCT
        assert shown_pct(with_exited(frame, frame.interval_s or 0, frozenset())) <= (
            MOST_PCT
        )
        assert shown_pct(exited_only(frame)) <= MOST_PCT
        assert shown_pct(events(frame)) <= MOST_PCT


@given(st.lists(SECONDS, min_size=1, max_size=6))
def test_cpu_use_of_all_objects_is_no_more_than_that_of_the_machine(
    seconds: list[Second],
) -> None:
    view = View(COLUMNS["cpu_pct"], descending=True, kernel_threads=True)
    for frame in frames(seconds):
        live, ended = live_and_exited(beside_exited(frame), view, None)
        rates = frame.rates
        both = np.concatenate([rates.cpu_pct[live], rates.exit_cpu_pct[ended]])
        assert np.nansum(both) <= MOST_PCT


# --- by what they use now -------------------------------------------------------------

BUSY: Final = end(100, b"cc1", utime_ns=900 * MS, start_ticks=10_000_000)
MANY: Final = [end(200 + at, b"sh", utime_ns=100 * MS) for at in range(4)]


def value(frame: Frame, name: str, text: str) -> str:
    """Return what a column says in the row whose column PID says `text`."""
    rows = range(len(frame.sample.processes))
    (row,) = (row for row in rows if COLUMNS["pid"].text(frame, row) == text)
    return COLUMNS[name].text(frame, row)


def main(frame: Frame) -> Frame:
    return with_exited(frame, 5.0, frozenset())


def test_what_ended_has_cpu_use_in_the_sample_of_its_end_and_then_its_total() -> None:
    life = Life()
    ended = {**BUSY, "read_bytes": 4_096}
    first, second = main(life.at(1.0, [ended, *MANY])), main(life.at(2.0))
    assert [value(first, "cpu_pct", pid) for pid in ("100", "4x")] == ["90.0", "40.0"]
    assert [value(second, "cpu_pct", pid) for pid in ("100", "4x")] == ["0.0", "0.0"]
    assert value(first, "io_read_rate", "100") != value(second, "io_read_rate", "100")
    for listed in (first, second):
        assert value(listed, "cpu_time", "100") == "0:00.90"
        assert value(listed, "cpu_time", "4x") == "0:00.40"
        assert value(listed, "used_s", "4x") == "400ms"


def test_it_ranks_by_what_it_uses_now() -> None:
    life = Life([{"pid": 1, "ppid": 0}, {"pid": 11, "utime": 0}])
    life.at(1.0, [BUSY, *MANY])
    later = main(life.at(2.0, rows=[{"pid": 1, "ppid": 0}, {"pid": 11, "utime": 5}]))
    view = View(COLUMNS["cpu_pct"], descending=True)
    rows = project(later, view).rows.tolist()
    shown = [COLUMNS["pid"].text(later, row) for row in rows]
    # Before what does nothing either, so that it is seen.
    assert shown == ["11", "4x", "100", "1"]


def test_what_ended_has_no_memory_beside_what_lives() -> None:
    frame = Life().at(1.0, [{**BUSY, "rss_bytes": 1 << 30, "peak_rss_bytes": 1 << 30}])
    listed = main(frame)
    assert value(listed, "rss_bytes", "100") == "-"
    assert value(listed, "mem_pct", "100") == "-"
    assert value(listed, "peak_rss_bytes", "100") == "1.0G"
    table = listed.sample.processes
    assert (table.pid[table.rss_bytes == UNKNOWN] < 0).all()


def test_a_folded_branch_has_no_threads_of_what_ended() -> None:
    life = Life([*LIVING, {"pid": 12, "ppid": 10, "threads": 3}])
    frame = life.at(1.0, [{**BUSY, "ppid": 10, "threads": 1}])
    tree = with_exited_parents(frame, main(frame), 5.0)
    folds = Folds().toggled(tree.sample.processes.identity(2))
    view = View(COLUMNS["pid"], descending=False, tree=True, folds=folds)
    projection = project(tree, view)
    summed = projection.frame_of(tree)
    assert value(summed, "threads", "10") == pytest.approx("4")
