"""This machine."""

from collections.abc import Callable, Collection
from typing import Final

from montauk_tui import shortage
from montauk_tui.actions import io_priority, priority, signals
from montauk_tui.actions.autogroup import AutogroupNice
from montauk_tui.host.base import CannotWatch, Past, Program, Watchable
from montauk_tui.model.outcome import Result
from montauk_tui.model.sample import Identity
from montauk_tui.pipeline.frames import FrameSource


class LocalActions:
    """Acts by system calls and files of /proc."""

    def send_signal(self, identity: Identity, number: int) -> Result:
        """Send a signal."""
        return signals.send(identity, number)

    def add_nice(self, identity: Identity, step: int) -> Result:
        """Add to the nice value."""
        return priority.add_nice(identity, step)

    def set_nice(self, identity: Identity, value: int) -> Result:
        """Set the nice value."""
        return priority.set_nice(identity, value)

    def autogroup_adder(self, step: int) -> Callable[[Identity], Result]:
        """Return what adds to the nice value of an autogroup, once for each group."""
        return AutogroupNice(step).add

    def io_priority(self, identity: Identity) -> tuple[str, int]:
        """Return I/O class and level."""
        return io_priority.current(identity.pid)

    def set_io_priority(self, identity: Identity, name: str, level: int) -> Result:
        """Set I/O class and level."""
        return io_priority.put(identity, name, level)

    def affinity(self, identity: Identity) -> frozenset[int]:
        """Return the CPUs that it may run on."""
        return priority.affinity(identity.pid)

    def set_affinity(self, identity: Identity, cpus: Collection[int]) -> Result:
        """Set the CPUs that it may run on."""
        return priority.set_affinity(identity, cpus)

    def policy(self, identity: Identity) -> str:
        """Return the name of the scheduling policy."""
        return priority.policy(identity.pid)

    def set_policy(self, identity: Identity, name: str, priority_: int) -> Result:
        """Set the scheduling policy."""
        return priority.set_policy(identity, name, priority_)

    def watch(self, what: Watchable, identity: Identity) -> Program:
        """Start strace, eu-stack or gdb.

        Raises:
            CannotWatch: None is installed, or the process may not be stopped.
        """
        # Only some keys need what runs programs.
        from montauk_tui.actions import tracing  # noqa: PLC0415

        tools = tracing.TRACE if what == "system calls" else tracing.BACKTRACE
        tool = tracing.find(tools)
        if tool is None:
            raise CannotWatch(tracing.missing(tools))
        refused = tracing.why_not(identity)
        if refused is not None:
            raise CannotWatch("", refused)
        try:
            return tracing.Running(identity, tool)
        except (OSError, RuntimeError, MemoryError) as error:
            raise CannotWatch(f"{shortage.of(error) or error}") from error


class LocalHost(FrameSource):
    """Frames from the collectors of this machine, and actions on its processes."""

    is_live: Final = True
    actions = LocalActions()
    turn_recording: Callable[[], str] | None = None
    """Turns recording on or off, if there is such a thing."""

    @property
    def past(self) -> Past | None:
        """None: nothing is remembered."""
        return None
