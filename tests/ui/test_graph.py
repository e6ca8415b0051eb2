"""Graphs of several lines, and sparks of one."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.ui.widgets.graph import SPARKS, SPARKS_ASCII, graph, sparks

VALUES = st.lists(st.one_of(st.floats(0, 1e12), st.just(math.nan)), max_size=120)


def test_two_values_in_a_cell_and_four_steps_a_line() -> None:
    assert graph([0, 1, 2, 3], 3, (2, 1), ascii_only=False) == ["⣠⣾"]
    assert graph([1, 1], 1, (1, 2), ascii_only=False) == ["⣿", "⣿"]
    assert graph([0.5, 0], 1, (1, 2), ascii_only=False) == [" ", "⣇"]


def test_what_hangs_grows_downwards() -> None:
    assert graph([0, 3], 3, (1, 1), ascii_only=False, hanging=True) == ["⢹"]
    assert graph([1, 0], 1, (1, 2), ascii_only=False, hanging=True) == ["⡏", "⡇"]


def test_the_newest_stand_on_the_right() -> None:
    assert graph([3, 3], 3, (3, 1), ascii_only=False) == ["  ⣿"]
    assert graph([9, 9, 0, 0], 9, (1, 1), ascii_only=False) == ["⣀"]
    assert graph([1, 1, 0], 1, (2, 2), ascii_only=True) == ["| ", "|."]


def test_nothing_is_told_from_what_is_not_known() -> None:
    assert graph([math.nan, 0], 1, (1, 1), ascii_only=False) == ["⢀"]
    assert sparks([math.nan, 0, 1], 1, ascii_only=True) == " _#"


@pytest.mark.parametrize(
    ("signs", "ascii_only"), [(SPARKS, False), (SPARKS_ASCII, True)]
)
def test_sparks_have_eight_steps(signs: str, *, ascii_only: bool) -> None:
    values = [step / 7 for step in range(8)]
    assert sparks(values, 1.0, ascii_only=ascii_only) == signs
    assert sparks([5.0], 0.0, ascii_only=ascii_only) == signs[0]


@given(
    values=VALUES,
    cells=st.integers(-1, 60),
    lines=st.integers(0, 6),
    ascii_only=st.booleans(),
    hanging=st.booleans(),
)
def test_a_graph_has_the_size_that_was_asked_for(
    *,
    values: list[float],
    cells: int,
    lines: int,
    ascii_only: bool,
    hanging: bool,
) -> None:
    most = max([value for value in values if not math.isnan(value)], default=0.0)
    drawn = graph(values, most, (cells, lines), ascii_only=ascii_only, hanging=hanging)
    assert len(drawn) == lines
    assert {len(line) for line in drawn} <= {max(0, cells)}
    if ascii_only:
        assert all(line.isascii() for line in drawn)
