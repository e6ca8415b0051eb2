"""Moments of a stream as samples of the engine, with what CPU times need of them."""

import math
from typing import Final

import numpy as np

from montauk_tui.engine.interval.rates import is_exited
from montauk_tui.model.sample import (
    CPU_FIELDS,
    Counters,
    HostSample,
    Memory,
    ProcessTable,
    Sample,
)
from montauk_tui.model.schema import Floats, known_sum
from montauk_tui.recorder.layout import BadFrame
from montauk_tui.recorder.stream import Step

_NEEDED: Final = (
    "pid", "tgid", "ppid", "start_ticks", "utime", "stime", "state", "threads",
)  # fmt: skip

_NO_HOST: Final = HostSample(
    "", np.zeros(1, dtype=np.int64), np.zeros((1, len(CPU_FIELDS))),
    Memory(*(math.nan,) * 9), (math.nan,) * 3, math.nan, 0, 0, {},
)  # fmt: skip
_NO_COUNTERS: Final = Counters()


def sample_of(step: Step) -> Sample:
    """Return a sample without its host, and with a part of the columns.

    Raises:
        BadFrame: The processes are no table.
    """
    matrix, clocks = step.processes, step.clocks
    columns = {name: matrix.column(name) for name in _NEEDED}
    try:
        table = ProcessTable(matrix.comm, columns)
    except ValueError as error:
        raise BadFrame(f"a frame has a damaged table: {error}") from error
    return Sample(
        clocks.time_s, clocks.monotonic_s, clocks.boot_s, clocks.booted_at_s,
        clocks.ticks_per_second, clocks.user_hz, table, _NO_HOST, _NO_COUNTERS,
        step.exits, 0, 0.0, starts=step.starts,
    )  # fmt: skip


def live_seconds(step: Step, sample: Sample, cpu_s: Floats) -> float:
    """Return the CPU time of live processes, as the ledger counts it."""
    table = sample.processes
    is_live = table.is_process
    # Else what exited processes used is not known apart.
    if not math.isnan(step.usage.exited):
        is_live &= ~is_exited(table)
    return known_sum(cpu_s[is_live])
