"""The cost of columns that are read per process.

Run as `python -m bench.gauges`: for each such column what drawing 50 rows of it takes,
and how much CPU time a sample takes more while the table is sorted by it.
"""

import time
from contextlib import closing
from typing import Final

import numpy as np

from bench.crowd import crowd
from montauk_tui.collectors import registry
from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.table import COLUMNS
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.frames import FrameSource

_PROCESSES: Final = 1_000
_ROWS: Final = 50
_SAMPLES: Final = 8


def _sample_ms(source: FrameSource, need: Need) -> tuple[float, float]:
    """Return the CPU time of the first sample and the least of the others."""
    taken: list[float] = []
    for _ in range(_SAMPLES):
        started = time.thread_time()
        source.next_frame(need)
        taken.append((time.thread_time() - started) * 1e3)
        time.sleep(0.1)
    return taken[0], min(taken[1:])


def _measure(source: FrameSource, column: Column, usual_ms: float) -> str:
    # Values to sort by are known: rows are read again in the next frame.
    frame = source.next_frame(Need.NONE)
    user = np.flatnonzero(~frame.sample.processes.is_kernel)[-_ROWS:].tolist()
    started = time.perf_counter()
    for row in user:
        column.text(frame, row)
    drawn_ms = (time.perf_counter() - started) * 1e3
    first_ms, later_ms = (ms - usual_ms for ms in _sample_ms(source, column.need))
    return (
        f"{column.title:9}  {len(user)} rows {drawn_ms:5.1f} ms   "
        f"sorted +{first_ms:5.1f} ms first, +{later_ms:5.1f} ms later"
    )


def main() -> None:
    """Print a line for each column, with the traditional collector."""
    with (
        crowd(_PROCESSES) as count,
        closing(FrameSource(registry.open_collector("traditional"))) as source,
    ):
        _, usual_ms = _sample_ms(source, Need.NONE)
        print(f"{count} processes, {usual_ms:.1f} ms a sample without any of these")
        for column in COLUMNS.values():
            if column.cost:
                print(_measure(source, column, usual_ms))


if __name__ == "__main__":
    main()
