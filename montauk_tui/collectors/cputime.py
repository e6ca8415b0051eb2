"""CPU time that is known more exactly in sum than by mode."""

import numpy as np

from montauk_tui.model.schema import Ints


def split_run_time(run: Ints, utime: Ints, stime: Ints) -> tuple[Ints, Ints]:
    """Return user and system time that add up to the exact run time.

    The ticks that were counted give the proportion (cputime_adjust in
    kernel/sched/cputime.c); without any tick all of it is user time.
    """
    ticks = utime + stime
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(ticks > 0, stime / ticks, 0.0)
    system = (run * share).astype(np.int64)
    return run - system, system
