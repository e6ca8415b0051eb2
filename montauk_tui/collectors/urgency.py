"""Threads that must read kernel events before buffers overflow."""

import os
import threading
from collections.abc import Callable
from typing import Final

COLLECT_S: Final = 0.25
"""Buffers are read this often, however long the interval between samples."""

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


class Collecting:
    """Calls a function in its own thread, until it is closed or the function fails."""

    def __init__(self, collect: Callable[[], None], name: str) -> None:
        """Start the thread.

        Raises:
            RuntimeError: The limit of threads is reached.
        """
        self.failure: Exception | None = None
        """Why nothing is collected any more."""
        self._closing = threading.Event()
        self.thread = threading.Thread(
            target=self._run, args=(collect,), name=name, daemon=True
        )
        self.thread.start()

    def _run(self, collect: Callable[[], None]) -> None:
        hasten()
        try:
            collect()
            while not self._closing.wait(COLLECT_S):
                collect()
        except Exception as error:  # noqa: BLE001
            # A thread that died unnoticed would look like a machine without processes.
            self.failure = error

    def close(self) -> None:
        """End the thread and wait for it."""
        self._closing.set()
        self.thread.join()
