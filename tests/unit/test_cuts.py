"""How many command lines a filter cannot see whole, and that it is said."""

from typing import Any

import numpy as np
import pytest

from montauk_tui.engine.live_and_exited import beside_exited
from montauk_tui.engine.query import parse
from montauk_tui.engine.query.cuts import cut_commands, cut_records, cut_text
from montauk_tui.engine.rows.events import events
from montauk_tui.engine.rows.exited import exited_only, with_exited
from montauk_tui.engine.rows.exited_parents import with_exited_parents
from montauk_tui.engine.rows.kinds import key_of
from montauk_tui.engine.rows.spawners import spawners
from montauk_tui.export.cutnote import CutNote
from montauk_tui.export.process_values import exit_is_cut, is_cut
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from tests.support.builders import FakeLookups, Row, make_frame, make_sample
from tests.support.exits import make_exits
from tests.support.listing import LIVING, Life, end
from tests.support.starts import exec_, make_starts

LONG: dict[str, Any] = {"cmdline": b"x" * 300, "cmdline_bytes": 5000}
STARTED = make_sample([{"pid": 1}]).processes.start_ticks[0]


def cut_of(frame: Frame, *identities: tuple[int, int]) -> Frame:
    """Let the command lines of some be cut."""
    assert isinstance(frame.lookups, FakeLookups)
    frame.lookups.cut_commands = frozenset(map(Identity._make, identities))
    return frame


def count(listed: Frame, wanted: str = "needle") -> int:
    return cut_commands(listed, parse(wanted))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("", 0), ("cpu > 1", 0), ("needle", 3), ("not needle", 3), ("cpu > 1 or x", 3)],
)
def test_those_count_that_the_filter_asks_about(wanted: str, expected: int) -> None:
    exits = make_exits([end(2, **LONG), end(3, cmdline=b"true", cmdline_bytes=5)])
    table = make_sample(LIVING, exits=exits)
    frame = make_frame(None, table, FakeLookups())
    who = [tuple(table.processes.identity(row)) for row in (0, 2)]
    # The last one ended: it is forgotten later.
    frame = cut_of(frame, *who, (99, 1))  # type: ignore[arg-type]
    assert count(beside_exited(frame), wanted) == expected


def many(first: int, **values: Any) -> list[Row]:
    return [end(pid, comm=b"name%d" % pid, **values) for pid in range(first, first + 5)]


def test_what_a_list_shows_counts_and_each_row_once() -> None:
    life = Life()
    life.at(1.0, many(100, **LONG), [exec_(100, 10**14, **LONG)])
    frame = life.at(2.0, many(200, **LONG))
    who = frame.sample.processes.identity(0)
    frame = cut_of(frame, who, (100, STARTED))
    main = with_exited(frame, 5.0, frozenset())
    assert count(main) == 11
    assert count(with_exited_parents(frame, main, 5.0)) == 11
    assert count(with_exited(frame, 1.0, frozenset())) == 6
    assert count(with_exited(frame, 0.0, frozenset())) == 1
    assert count(exited_only(frame)) == 10
    assert count(events(frame)) == 11
    assert count(spawners(frame)) == 1
    assert count(beside_exited(frame)) == 6


def test_the_members_of_a_fold_count_where_they_are_listed() -> None:
    life = Life()
    frame = life.at(1.0, [end(pid, **LONG) for pid in range(100, 105)])
    folded = with_exited(frame, 5.0, frozenset())
    assert count(folded) == 0
    fold = key_of(folded, 0)
    assert count(with_exited(frame, 5.0, frozenset({fold}))) == 5


def test_events_count_as_many_as_they_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("montauk_tui.engine.rows.events._MOST", 4)
    frame = Life().at(
        1.0, many(100, **LONG), [exec_(pid, 10**14 + pid, **LONG) for pid in range(9)]
    )
    listed = events(frame)
    assert count(listed) == len(listed.sample.processes) == 8


def test_a_list_without_ends_counts_its_starts() -> None:
    frame = Life().at(1.0, None, [exec_(5, 10**14, **LONG), exec_(6, 10**14 + 9)])
    assert count(events(frame)) == 1


def test_exports_tell_the_same_of_each_row() -> None:
    exits = make_exits([end(100, **LONG), end(101, cmdline=b"x"), end(102)])
    lookups = FakeLookups({10: b"make", 11: b"sh"})
    frame = make_frame(None, make_sample(LIVING, exits=exits), lookups)
    frame = cut_of(frame, frame.sample.processes.identity(1))
    rows = np.arange(3)
    assert is_cut(frame, frame.sample.processes, rows) == [None, True, False]
    assert frame.sample.exits is not None
    assert exit_is_cut(frame, frame.sample.exits, rows) == [True, False, None]


def test_nothing_is_said_where_nothing_is_cut(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with CutNote() as note:
        note.at_least(0)
    assert capsys.readouterr().err == ""
    stopped = CutNote()
    stopped.at_least(2)
    stopped.at_least(1)
    stopped.__exit__(KeyboardInterrupt)
    assert capsys.readouterr().err == f"montauk: {cut_text(2)}\n"
    assert cut_text(1).startswith("1 command line is cut")


def test_cut_arguments_of_exits_and_starts_are_counted() -> None:
    exits = make_exits([end(2, **LONG), end(3, cmdline=b"true", cmdline_bytes=5)])
    starts = make_starts([exec_(4, 10, **LONG)])
    assert cut_records([exits, starts]) == 2
    assert cut_records([]) == 0
