import numpy as np
import pytest

from montauk_tui.model.exits import EXIT_FIELDS, ExitTable
from montauk_tui.model.schema import UNKNOWN
from tests.support.exits import make_exits


def test_a_table_of_nobody() -> None:
    table = ExitTable.empty()
    assert len(table) == 0
    for name in EXIT_FIELDS:
        assert len(getattr(table, name)) == 0


def test_what_was_not_given_is_unknown() -> None:
    table = ExitTable(
        np.array([b"a", b"b"]), np.array([b"", b""]), {"pid": np.array([3, 4])}
    )
    assert table.pid.tolist() == [3, 4]
    assert table.exit_code.tolist() == [UNKNOWN, UNKNOWN]
    assert len(table) == 2


def test_columns_are_frozen() -> None:
    table = make_exits([{"pid": 1}])
    for values in (table.pid, table.comm, table.cmdline):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = values[0]


def test_a_column_of_another_name() -> None:
    nobody = np.empty(0, dtype="S1")
    with pytest.raises(ValueError, match="nonsense"):
        ExitTable(nobody, nobody, {"nonsense": np.empty(0, dtype=np.int64)})
    with pytest.raises(AttributeError, match="nonsense"):
        _ = ExitTable.empty().nonsense


@pytest.mark.parametrize("short", ["pid", "cmdline"])
def test_a_column_of_another_length(short: str) -> None:
    two, one = np.array([b"a", b"b"]), np.array([b"a"])
    with pytest.raises(ValueError, match=f"'{short}' has 1 rows, not 2"):
        ExitTable(
            two,
            one if short == "cmdline" else two,
            {"pid": np.arange(1 if short == "pid" else 2)},
        )
