"""Readers of what only a flag can set, and names of columns elsewhere."""

import os

import pytest

from montauk_tui.config import readers
from montauk_tui.config.option import Flag
from montauk_tui.engine.columns import foreign
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.errors import UsageError


@pytest.mark.parametrize(
    ("written", "column", "descending"),
    [
        ("cpu", "cpu_pct", None),
        ("PERCENT_MEM", "mem_pct", None),
        ("m_resident", "rss_bytes", None),
        ("+PID", "pid", True),
        ("-nTH", "threads", False),
        (" %cpu ", "cpu_pct", None),
    ],
)
def test_a_column_by_a_name_of_htop_or_top(
    written: str,
    column: str,
    descending: bool | None,  # noqa: FBT001
) -> None:
    assert readers.sort_key(written) == column
    assert readers.sort_direction(written) == descending


def test_the_names_of_a_column_elsewhere() -> None:
    names = foreign.names_of(COLUMNS["virt_bytes"], foreign.HTOP)
    assert names == ["M_VIRT", "M_SIZE"]
    assert foreign.names_of(COLUMNS["killed_by"], foreign.TOP) == []


def test_a_user_by_name_by_number_or_oneself() -> None:
    assert readers.user("") == os.geteuid()
    assert readers.user("root") == 0
    assert readers.user("4294967294") == 4294967294
    for wrong in ("no-such-user", "4294967295", "-1", "\0", "9" * 11):
        with pytest.raises(UsageError, match="no user is called") as caught:
            readers.user(wrong)
        assert caught.value.remedy == "see getent passwd for the names"


def test_all_but_one_user_as_in_top_are_a_filter() -> None:
    with pytest.raises(UsageError) as caught:
        readers.user("!ro\x1bot")
    assert caught.value.remedy == r"write --filter 'not user = ro\x1bot'"


def test_pids_in_one_list_or_several() -> None:
    assert readers.pids(["1", "3, 2,1"]) == (1, 3, 2)
    for wrong in (["0"], ["1,"], ["x"], ["4194305"], ["²"]):
        with pytest.raises(UsageError, match="is not a PID"):
            readers.pids(wrong)
    with pytest.raises(UsageError, match="more than 1,000 PIDs"):
        readers.pids(map(str, range(1, 1002)))


def test_short_names_come_first() -> None:
    assert Flag("a", "", short="xy", aliases=("b",)).names == ("-x", "-y", "--a", "--b")
