"""CPU time whose sum is exact and whose split into user and system is not."""

import numpy as np

from montauk_tui.model.schema import UNKNOWN, Bools, Ints


def split_run_time(run: Ints, utime: Ints, stime: Ints) -> tuple[Ints, Ints]:
    """Return user and system time that add up to the exact run time.

    The ticks that were counted give the proportion (cputime_adjust in
    kernel/sched/cputime.c); without any tick all of it is user time.
    """
    ticks = utime + stime
    share = np.divide(stime, ticks, out=np.zeros(len(ticks)), where=ticks > 0)
    system = (run * share).astype(np.int64)
    return run - system, system


def whole_life(lived: Ints, run: Ints, had_one_thread: Bools) -> Ints:
    """Return the lifetime of processes, given the time until the hook at their exit.

    After the hook they free resources and leave their CPU, which `run` includes. A
    thread cannot run longer than its lifetime. The two clocks differ a little, too.
    """
    is_short = had_one_thread & (lived != UNKNOWN)
    return np.where(is_short, np.maximum(lived, run), lived)
