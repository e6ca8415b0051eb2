"""What rows stand for, and their numbers."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.rows.exited import exited_only
from montauk_tui.engine.rows.kinds import is_living, key_of, kind_of
from montauk_tui.model.kinds import NUMBERS, RowKey, RowKind, numbers
from montauk_tui.model.sample import Identity
from montauk_tui.session.tabs import GROUPINGS, LISTINGS, Shown, rows_of
from tests.support.churn import churning_collector
from tests.support.desk import Desk

KINDS = st.sampled_from(sorted(NUMBERS))


@given(KINDS, KINDS, st.integers(0, 1), st.integers(0, 1), st.data())
def test_no_two_kinds_share_a_number(
    one: RowKind, other: RowKind, low: int, high: int, data: st.DataObject
) -> None:
    def allotted(kind: RowKind, edge: int) -> int:
        first, end = NUMBERS[kind]
        most = end - first - 1
        value = data.draw(st.integers(1, most) if edge else st.sampled_from([1, most]))
        return int(numbers(kind, np.array([value]))[0])

    mine, its = allotted(one, low), allotted(other, high)
    assert mine < 0
    assert its < 0
    assert one == other or mine != its


def test_the_numbers_of_kinds_do_not_overlap_anywhere() -> None:
    for (first, end), (other, its_end) in combinations(NUMBERS.values(), 2):
        assert end <= other or its_end <= first
    assert max(end for _, end in NUMBERS.values()) < 1 << 63
    assert {*NUMBERS} == {*RowKind} - {RowKind.PROCESS, RowKind.THREAD}


@pytest.mark.parametrize("value", [0, -1, 1 << 39])
def test_a_number_that_would_be_another_kinds_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="too many"):
        numbers(RowKind.EXITED, np.array([value]))


@pytest.mark.parametrize("rows", [*LISTINGS])
@pytest.mark.parametrize("grouping", [*GROUPINGS])
def test_every_row_of_a_list_has_a_number_of_its_kind(rows: str, grouping: str) -> None:
    desk = Desk(churning_collector())
    shown = Shown(rows, 5.0, frozenset(), grouping, exited_parents=True)
    listed = rows_of(desk.frame, shown)
    pids = listed.sample.processes.pid.tolist()
    assert pids
    for row, pid in enumerate(pids):
        kind = kind_of(listed, row)
        assert is_living(listed)[row] == (pid > 0)
        if pid < 0:
            first, end = NUMBERS[kind]
            assert first < -pid < end


def test_the_key_of_a_row_names_its_process_only_while_that_lives() -> None:
    desk = Desk(churning_collector())
    assert desk.session.current is not None
    process = desk.session.current.process
    assert process is not None
    assert RowKey.of(process) == desk.session.current
    assert key_of(exited_only(desk.frame), 0).process is None
    assert RowKey(RowKind.THREAD, 7, 8).process == Identity(7, 8)
