"""The order of rows by a key: stable, unknown last."""

from collections.abc import Iterable, Sequence

import numpy as np

from montauk_tui.model.schema import Floats, Ints


def sort_rows(key: Floats, *, descending: bool, ties: Floats | None = None) -> Ints:
    """Return the rows of a table sorted by pid, ordered by `key`.

    Rows of equal key are in the order of `ties`, or else stay in the table's order, by
    pid. NaN comes last either way.
    """
    signed = -key if descending else key
    if ties is None:
        return np.argsort(signed, kind="stable")
    return np.lexsort((ties, signed))


def text_rank(texts: Sequence[str]) -> Floats:
    """Return numbers in the order of `texts`, equal where they differ in case only."""
    rank = {
        text: index for index, text in enumerate(sorted(set(map(str.lower, texts))))
    }
    return np.array([rank[text.lower()] for text in texts], dtype=np.float64)


def known_rank(texts: Iterable[str]) -> Floats:
    """Return `text_rank`, NaN for an empty text, which is unknown."""
    every = list(texts)
    known = np.array([bool(text) for text in every], dtype=np.bool_)
    return np.where(known, text_rank(every), np.nan)
