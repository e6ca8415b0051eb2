"""Tables of things that happened."""

import numpy as np
import pytest

from montauk_tui.model.exits import ExitTable
from montauk_tui.model.records import RecordTable
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.starts import StartTable
from tests.support.exits import make_exits
from tests.support.starts import exec_, failed, fork, make_starts

TABLES = [make_exits([{"pid": 1}, {"pid": 2}]), make_starts([fork(1, 5), fork(2, 6)])]
EITHER = pytest.mark.parametrize("table", TABLES, ids=["exits", "starts"])


@EITHER
def test_what_was_not_given_is_unknown_and_nothing_can_be_written(
    table: RecordTable,
) -> None:
    bare = type(table)(table.comm, table.cmdline, {"pid": table.pid})
    assert bare.uid.tolist() == [UNKNOWN, UNKNOWN]
    for column in (table.pid, table.comm, table.cmdline):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]


@EITHER
def test_a_column_that_does_not_exist_is_an_error(table: RecordTable) -> None:
    with pytest.raises(AttributeError, match="colour"):
        _ = table.colour
    with pytest.raises(ValueError, match="'colour' is not in the schema"):
        type(table)(table.comm, table.cmdline, {"colour": table.pid})


@EITHER
def test_a_column_of_another_length_is_an_error(table: RecordTable) -> None:
    with pytest.raises(ValueError, match="'pid' has 1 rows, not 2"):
        type(table)(table.comm, table.cmdline, {"pid": np.array([1])})
    with pytest.raises(ValueError, match="'cmdline' has 1 rows, not 2"):
        type(table)(table.comm, table.cmdline[:1], {})


@EITHER
def test_some_of_the_rows_by_number_and_by_flag(table: RecordTable) -> None:
    assert table.only(np.array([1])).pid.tolist() == [2]
    assert table.only(np.array([1, 0])).pid.tolist() == [2, 1]
    assert table.only(np.array([True, False])).pid.tolist() == [1]
    assert len(table.only(np.array([], dtype=np.int64))) == 0


@EITHER
def test_without_a_column_it_is_unknown(table: RecordTable) -> None:
    assert table.without([]) is table
    without = table.without(["uid"])
    assert without.uid.tolist() == [UNKNOWN, UNKNOWN]
    assert without.pid.tolist() == [1, 2]


@EITHER
def test_several_tables_one_after_the_other(table: RecordTable) -> None:
    both = type(table).joined([table, type(table).empty(), table.only(np.array([0]))])
    assert both.pid.tolist() == [1, 2, 1]
    assert both.comm.tolist() == [b"prog"] * 3
    assert type(table).joined([table]) is table
    assert len(type(table).joined([])) == 0


def test_the_longest_arguments_decide_how_wide_a_joined_column_is() -> None:
    tables = [make_exits([{"pid": 1, "cmdline": raw}]) for raw in (b"a", b"a\0longer")]
    assert ExitTable.joined(tables).cmdline.tolist() == [b"a", b"a\0longer"]


def test_an_empty_table_has_every_column() -> None:
    for kind in (ExitTable, StartTable):
        for name in kind.FIELDS:
            assert len(getattr(kind.empty(), name)) == 0


def test_events_of_a_kind_that_is_not_known_here_are_left_out() -> None:
    known = make_starts([fork(1, 5), exec_(1, 6), failed(1, 7)])
    assert known.of_known_kinds() is known
    newer = make_starts([fork(1, 5), {**exec_(1, 6), "kind": 77}, failed(1, 7)])
    assert newer.of_known_kinds().time_ns.tolist() == [5, 7]
