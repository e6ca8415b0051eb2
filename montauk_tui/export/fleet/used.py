"""Moments of a stream as samples of the engine, with what CPU times need of them."""

import math
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.interval.rates import is_exited, reports_exit_time
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


class Used(NamedTuple):
    """CPU-seconds of an interval, as the ledger counts them."""

    live_s: float
    exited_s: float
    """NaN where it is not known apart."""


def used_by(step: Step, sample: Sample, cpu_s: Floats, exit_cpu_s: Floats) -> Used:
    """Return the CPU time of live and exited processes.

    Where exits have it, it is the sum of theirs, as in `exits`. The header has that of
    the recorder: of a thinned moment the sum over its samples, in which a process was
    alive until its last one.
    """
    table, known_s = sample.processes, step.usage.exited * step.usage.interval_s
    if math.isnan(known_s):
        return Used(known_sum(cpu_s[table.is_process]), known_s)
    # Most have used none.
    rows = np.flatnonzero(table.is_process & (cpu_s != 0))
    has_exited, used_s = is_exited(table)[rows], cpu_s[rows]
    live_s = known_sum(used_s[~has_exited])
    if reports_exit_time(sample):
        rows_s = known_sum(used_s[has_exited])
        known_s = known_sum(exit_cpu_s) + rows_s
    return Used(live_s, known_s)
