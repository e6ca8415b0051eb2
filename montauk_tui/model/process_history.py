"""What every process used in the last intervals, in few bytes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from montauk_tui.model.orphans import codes
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Floats, Ints

SmallFloats = npt.NDArray[np.float32]


class Trace(NamedTuple):
    """One interval: equally long columns, NaN where a value is unknown."""

    code: Ints
    """Who it was (`lineage.codes`), ascending."""
    cpu_pct: SmallFloats
    rss_bytes: SmallFloats


class Past(NamedTuple):
    """One process over the intervals, the latest last; NaN where it was not there."""

    cpu_pct: Floats
    rss_bytes: Floats


def past_of(traces: Sequence[Trace], identity: Identity) -> Past:
    """Return what one process used; another that had its pid is another."""
    pid, start = (np.array([number], dtype=np.int64) for number in identity)
    code = codes(pid, start)[0]
    past = Past(np.full(len(traces), np.nan), np.full(len(traces), np.nan))
    for at, trace in enumerate(traces):
        row = int(np.searchsorted(trace.code, code))
        if row < len(trace.code) and trace.code[row] == code:
            past.cpu_pct[at] = trace.cpu_pct[row]
            past.rss_bytes[at] = trace.rss_bytes[row]
    return past
