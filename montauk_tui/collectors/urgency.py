"""Priority for threads that must read kernel events before buffers overflow."""

import os
from typing import Final

_RT_PRIORITY: Final = 1
_NICE: Final = -10


def hasten(thread: int = 0) -> None:
    """Let a thread, by default the calling one, run first, as far as that is permitted.

    Its children do not inherit that. With autogroups nice values are compared within a
    session only (sched(7)).
    """
    try:
        param = os.sched_param(_RT_PRIORITY)
        os.sched_setscheduler(thread, os.SCHED_RR | os.SCHED_RESET_ON_FORK, param)
    except OSError:
        try:
            os.setpriority(os.PRIO_PROCESS, thread, _NICE)
        except OSError:
            return
