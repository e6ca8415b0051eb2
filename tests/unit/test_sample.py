import itertools
from collections.abc import Callable

import numpy as np
import pytest

from montauk_tui.model.sample import Counters, Identity, ProcessTable
from montauk_tui.model.schema import FIELDS, PF_KTHREAD, UNKNOWN, Need, as_floats
from tests.support.builders import make_table
from tests.support.needs import CONSTANTS


def test_columns_cannot_be_written() -> None:
    table = make_table([{"pid": 1}])
    for column in (table.pid, table.comm, table.rss_bytes):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 7


def test_a_column_made_up_later_cannot_be_written_either() -> None:
    table = ProcessTable(np.array([b"a"]), {"pid": np.array([1])})
    with pytest.raises(ValueError, match="read-only"):
        table.nice[0] = 7


def test_a_column_that_is_not_in_the_schema_is_refused() -> None:
    with pytest.raises(ValueError, match="'colour' is not in the schema"):
        ProcessTable(np.array([b"a"]), {"pid": np.array([1]), "colour": np.array([1])})


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="'nice' has 2 rows, not 1"):
        ProcessTable(np.array([b"a"]), {"pid": np.array([1]), "nice": np.array([1, 2])})


@pytest.mark.parametrize("pids", [[2, 1], [1, 1], [1, 3, 2]])
def test_pids_that_do_not_ascend_are_refused(pids: list[int]) -> None:
    with pytest.raises(ValueError, match="ascending"):
        ProcessTable(np.array([b"a"] * len(pids)), {"pid": np.array(pids)})


def test_a_column_that_was_not_given_is_unknown() -> None:
    table = ProcessTable(np.array([b"a", b"b"]), {"pid": np.array([1, 2])})
    assert table.rss_bytes.tolist() == [UNKNOWN, UNKNOWN]


def test_a_name_outside_the_schema_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="colour"):
        _ = make_table([]).colour


def test_an_empty_table_has_every_column() -> None:
    table = ProcessTable.empty()
    assert len(table) == 0
    assert all(len(getattr(table, name)) == 0 for name in FIELDS)


def test_columns_are_added_in_a_copy() -> None:
    table = make_table([{"pid": 1, "uid": 5}])
    changed = table.with_columns({"uid": np.array([6])})
    assert (table.uid[0], changed.uid[0]) == (5, 6)
    assert changed.comm[0] == table.comm[0]


def test_a_row_is_found_by_pid_and_start() -> None:
    table = make_table([{"pid": pid, "start_ticks": 100 + pid} for pid in (3, 5, 9)])
    assert table.row_of(Identity(5, 105)) == 1
    assert table.row_of(Identity(9, 109)) == 2


@pytest.mark.parametrize("identity", [(5, 104), (4, 104), (1, 101), (10, 110)])
def test_another_process_is_not_found(identity: tuple[int, int]) -> None:
    table = make_table([{"pid": pid, "start_ticks": 100 + pid} for pid in (3, 5, 9)])
    assert table.row_of(Identity(*identity)) is None


def test_nothing_is_found_in_an_empty_table() -> None:
    assert ProcessTable.empty().row_of(Identity(1, 1)) is None


def test_a_row_knows_its_identity() -> None:
    table = make_table([{"pid": 3, "start_ticks": 77}])
    assert table.identity(0) == Identity(3, 77)
    assert table.row_of(table.identity(0)) == 0


def test_a_thread_is_no_process() -> None:
    table = make_table([{"pid": 3}, {"pid": 4, "tgid": 3}])
    assert table.is_process.tolist() == [True, False]


def test_kernel_threads_are_told_by_their_flag() -> None:
    flags = [0, PF_KTHREAD, PF_KTHREAD | 0x40, 0x40, None]
    table = make_table(
        {"pid": pid, "flags": flag} for pid, flag in enumerate(flags, start=1)
    )
    assert table.is_kernel.tolist() == [False, True, True, False, False]


def test_nothing_is_lost_or_counted_until_a_collector_says_so() -> None:
    assert Counters() == Counters(forks=None, execs=None, exits=None, lost=0)


def test_needs_are_apart_and_none_is_none() -> None:
    assert not Need.NONE
    assert Need.NONE in Need.IO
    assert Need.IO | Need.of("oom") not in Need.IO
    assert (Need.IO | Need.of("oom")) - Need.IO == Need.of("oom")
    apart = [need for name, need in CONSTANTS.items() if name != "NONE"]
    assert len(apart) == 12
    for one, other in itertools.permutations(apart, 2):
        assert not one & other


def test_unknown_becomes_nan() -> None:
    floats = as_floats(np.array([0, UNKNOWN, -3]))
    assert floats[0] == 0.0
    assert np.isnan(floats[1])
    assert floats[2] == -3.0


@pytest.mark.parametrize("others", [[1], [3], [1, 3, 6], [9]])
def test_rows_of_two_tables_are_in_the_order_of_their_pids(others: list[int]) -> None:
    """What one of them lacks is unknown there; nobody may change the result."""
    own = make_table([{"pid": pid, "comm": b"own", "nice": 5} for pid in (2, 5, 8)])
    other = make_table([{"pid": pid, "comm": b"other"} for pid in others])
    both = own.merged(other.without(["nice"]))
    assert both.pid.tolist() == sorted([2, 5, 8, *others])
    rows = zip(both.pid.tolist(), both.comm.tolist(), both.nice.tolist(), strict=True)
    for pid, comm, nice in rows:
        assert (comm, nice) == ((b"other", UNKNOWN) if pid in others else (b"own", 5))
    with pytest.raises(ValueError, match="read-only"):
        both.nice[0] = 1


def test_a_pid_in_both_tables_is_an_error() -> None:
    table = make_table([{"pid": 2}, {"pid": 5}])
    changes: tuple[Callable[[], ProcessTable], ...] = (
        lambda: table.merged(make_table([{"pid": 5}])),
        lambda: table.with_columns({"pid": np.array([5, 2])}),
        lambda: table.with_columns({"nice": np.array([1])}),
    )
    for change in changes:
        with pytest.raises(ValueError, match=r"ascending|rows"):
            change()


def test_rows_are_replaced_by_those_of_another_table() -> None:
    old = make_table([{"pid": 1, "comm": b"a"}, {"pid": 2, "comm": b"b", "nice": 3}])
    new = make_table([{"pid": 2, "comm": b"c", "nice": 5}])
    both = old.replaced(np.array([1]), new)
    assert both.comm.tolist() == [b"a", b"c"]
    assert both.nice.tolist() == [old.nice[0], 5]
    assert old.comm.tolist() == [b"a", b"b"]
