import sys
from subprocess import check_output

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.model.join import is_in, same_process
from montauk_tui.model.sample import ProcessTable
from tests.support.builders import make_table

PROCESSES = st.dictionaries(st.integers(1, 12), st.integers(0, 3), max_size=12)


def table_of(starts: dict[int, int]) -> ProcessTable:
    return make_table(
        {"pid": pid, "start_ticks": start} for pid, start in starts.items()
    )


@given(PROCESSES, PROCESSES)
def test_exactly_the_same_identities_are_joined(
    earlier: dict[int, int], later: dict[int, int]
) -> None:
    """A reused pid is another process, whatever its neighbours are."""
    before, after = table_of(earlier), table_of(later)
    join = same_process(before, after)
    found = {
        (before.identity(int(join.row[row])), after.identity(row))
        for row in range(len(after))
        if join.found[row]
    }
    common = earlier.items() & later.items()
    assert found == {(identity, identity) for identity in common}


def test_a_reused_pid_finds_nothing() -> None:
    join = same_process(table_of({7: 100}), table_of({7: 101}))
    assert join.found.tolist() == [False]


def test_the_empty_table_has_nothing_in_common() -> None:
    assert same_process(ProcessTable.empty(), table_of({7: 1})).found.tolist() == [
        False
    ]
    assert same_process(table_of({7: 1}), ProcessTable.empty()).found.tolist() == []


@pytest.mark.parametrize(
    ("numbers", "wanted", "expected"),
    [
        ([5, 1, 9, 5], [9, 5, 5], [True, False, True, True]),
        ([2**63 + 1, 3], [2**63 + 1], [True, False]),
        ([4, 2], [], [False, False]),
        ([], [4], []),
    ],
)
def test_which_numbers_are_wanted(
    numbers: list[int], wanted: list[int], expected: list[bool]
) -> None:
    values = np.array(numbers, dtype=np.uint64), np.array(wanted, dtype=np.uint64)
    assert is_in(*values).tolist() == expected


def test_what_np_isin_would_import_is_not_imported() -> None:
    code = (
        "import sys, numpy as np; from montauk_tui.model.join import is_in; "
        "is_in(np.arange(9) << 40, np.arange(9)); print('numpy.ma' in sys.modules)"
    )
    assert check_output([sys.executable, "-c", code], text=True) == "False\n"
