"""Threads that must read kernel events before buffers overflow."""

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

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


if TYPE_CHECKING:
    # To make such a class takes 0.5 ms of a start.
    class Wakes(Protocol):
        """When there is something to collect, however long the interval of samples."""

        def wait(self) -> bool:
            """Sleep until there is; tell whether to go on."""
            ...

        def end(self) -> None:
            """Let `wait` return for good."""
            ...


class Periodic:
    """Wakes one thread at intervals."""

    def __init__(self, interval_s: float) -> None:
        """Sleep for so long each time."""
        self._interval_s = interval_s
        self._ending = threading.Event()

    def wait(self) -> bool:
        """Sleep, or until `end`; tell whether to go on."""
        return not self._ending.wait(self._interval_s)

    def end(self) -> None:
        """Let `wait` return for good."""
        self._ending.set()

    def close(self) -> None:
        """Release nothing."""


class Collecting:
    """Calls a function in its own thread, until it is closed or the function fails."""

    def __init__(self, collect: Callable[[], None], name: str, wakes: "Wakes") -> None:
        """Start the thread, which calls `collect` whenever `wakes` wakes it.

        Raises:
            RuntimeError: The limit of threads is reached.
        """
        self.failure: Exception | None = None
        """Why nothing is collected any more."""
        self.wake_ups = 0
        """How often the thread woke: not at all while little happens."""
        self._wakes = wakes
        self.thread = threading.Thread(
            target=self._run, args=(collect,), name=name, daemon=True
        )
        self.thread.start()

    def _run(self, collect: Callable[[], None]) -> None:
        hasten()
        try:
            while self._wakes.wait():
                self.wake_ups += 1
                collect()
        except Exception as error:  # noqa: BLE001
            # A thread that died unnoticed would look like a machine without processes.
            self.failure = error

    def close(self) -> None:
        """End the thread and wait for it."""
        self._wakes.end()
        self.thread.join()
