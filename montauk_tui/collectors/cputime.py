"""CPU time that is known more exactly in sum than by mode."""

import numpy as np

from montauk_tui.model.schema import UNKNOWN, Bools, Ints


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


def whole_life(lived: Ints, run: Ints, had_one_thread: Bools) -> Ints:
    """Return how long processes lived, given how long until the hook of their end.

    After that they free what they hold and leave their CPU: `run` has that. One thread
    cannot run for longer than it lives. The clocks of the two differ by a little, too.
    """
    is_short = had_one_thread & (lived != UNKNOWN)
    return np.where(is_short, np.maximum(lived, run), lived)
