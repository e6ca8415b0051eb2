"""I/O priorities of threads, which no file contains (ioprio_get(2))."""

from montauk_tui.collectors.procfs.enrich.base import Process, Value
from montauk_tui.model import own_proc
from montauk_tui.model.ioprio import GET, WHO_PROCESS, call


class IoPriority:
    """Reads class and level as one number (`model.ioprio`), only on this machine."""

    def __init__(self) -> None:
        """Start without knowing whose processes these are."""
        self._is_ours: bool | None = None

    def __call__(self, of: Process) -> tuple[Value, ...]:
        """Return the priority; hot path: 1 us.

        Raises:
            OSError: The thread has exited, is of another machine or PID namespace, or
                the system call has no known number.
        """
        if self._is_ours is None:
            # The system call is for processes of this machine.
            self._is_ours = of.root.path == "/proc" and not own_proc.is_foreign()
        if not self._is_ours:
            raise OSError
        # An exited thread has released its own (exit_io_context).
        tid = of.root.stand_ins.get(of.pid, of.pid)
        return (float(call(GET, WHO_PROCESS, tid)),)
