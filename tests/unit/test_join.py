from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.model.join import same_process
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
