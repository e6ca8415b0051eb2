"""The nearest live ancestor of a process, through exited parents."""

from montauk_tui.model import orphans
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Ints


def living_ancestors(frame: Frame, ppid: Ints, exits: ExitTable) -> Ints:
    """Return the pid of the nearest live ancestor; 0 for unknown.

    Args:
        frame: The frame with the live processes.
        ppid: Parents to start from.
        exits: Exited processes to search through.
    """
    living = frame.sample.processes.pid
    return orphans.living_ancestors(ppid, living, exits.pid, exits.ppid)
