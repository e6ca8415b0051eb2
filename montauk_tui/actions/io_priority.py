"""I/O class and priority of processes and threads (ioprio_set(2))."""

import errno
import platform
from typing import Final

from montauk_tui.actions import pid_owner, priority
from montauk_tui.model.ioprio import CLASS_SHIFT, GET, LEVELS, SET, WHO_PROCESS, call
from montauk_tui.model.outcome import Outcome, Result
from montauk_tui.model.sample import Identity

CLASSES: Final = {"none": 0, "realtime": 1, "best-effort": 2, "idle": 3}
"""Classes by name; the second and the third have levels."""


def current(pid: int) -> tuple[str, int]:
    """Return class and level of a process or thread; `none` where not known."""
    try:
        value = call(GET, WHO_PROCESS, pid_owner.first_thread(pid))
    except OSError:
        return "none", 0
    names = {number: name for name, number in CLASSES.items()}
    return names.get(value >> CLASS_SHIFT, "none"), value & LEVELS[-1]


def put(identity: Identity, name: str, level: int = 0) -> Result:
    """Set the class of every thread and, for classes with levels, a level of 0 to 7."""
    if name not in CLASSES or level not in LEVELS:
        return Result(identity, Outcome.REFUSED, "there is no such I/O priority")
    value = CLASSES[name] << CLASS_SHIFT | level

    def task(thread: int) -> None:
        call(SET, WHO_PROCESS, thread, value)

    hints = {errno.ENOSYS: f"not known how on {platform.machine()}"}
    return priority.change(identity, task, hints)
