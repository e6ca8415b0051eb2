import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from montauk_tui.engine.order import sort_rows, text_rank

KEYS = st.lists(
    st.one_of(st.just(math.nan), st.sampled_from((0.0, -0.0, 1.0, 7.5, -3.0, math.inf)))
)


@given(key=KEYS, descending=st.booleans())
def test_every_row_once_in_order_unknown_last_ties_by_pid(
    *, key: list[float], descending: bool
) -> None:
    rows = sort_rows(np.array(key, dtype=np.float64), descending=descending).tolist()
    assert sorted(rows) == list(range(len(key)))
    for first, second in pairwise(rows):
        one, other = key[first], key[second]
        if math.isnan(other):
            assert not math.isnan(one) or first < second
        elif one == other:
            assert first < second
        else:
            assert one > other if descending else one < other


@pytest.mark.parametrize(
    ("descending", "rows"), [(False, [3, 0, 4, 2, 1]), (True, [2, 0, 4, 3, 1])]
)
def test_both_directions(*, descending: bool, rows: list[int]) -> None:
    key = np.array([5.0, math.nan, 9.0, 1.0, 5.0])
    assert sort_rows(key, descending=descending).tolist() == rows


@given(st.lists(st.text(max_size=3)))
def test_text_ranks_are_in_the_order_of_the_texts(texts: list[str]) -> None:
    rank = text_rank(texts)
    for one, first in zip(texts, rank, strict=True):
        for other, second in zip(texts, rank, strict=True):
            assert (first < second) == (one.lower() < other.lower())


def test_case_does_not_count() -> None:
    assert text_rank(["Xorg", "bash", "BASH"]).tolist() == [1.0, 0.0, 0.0]
