"""Running before others: what the kernel tells must be read while there is room."""

import os
from typing import Final

_RT_PRIORITY: Final = 1
_NICE: Final = -10


def hasten(thread: int = 0) -> None:
    """Let a thread, by default the calling one, run first, as far as that is permitted.

    What it starts does not inherit that. Nice values are compared within a session only
    where autogroups are (sched(7)).
    """
    try:
        param = os.sched_param(_RT_PRIORITY)
        os.sched_setscheduler(thread, os.SCHED_RR | os.SCHED_RESET_ON_FORK, param)
    except OSError:
        try:
            os.setpriority(os.PRIO_PROCESS, thread, _NICE)
        except OSError:
            return
