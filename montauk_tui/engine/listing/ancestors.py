"""Who is behind a process when its parent is gone as well."""

from montauk_tui.model import orphans
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Ints


def living_ancestors(frame: Frame, ppid: Ints, exits: ExitTable) -> Ints:
    """Return the pid of the nearest ancestor that lives; 0 where none is known.

    Args:
        frame: With the living.
        ppid: Parents to start from.
        exits: The dead, through which the way leads.
    """
    living = frame.sample.processes.pid
    return orphans.living_ancestors(ppid, living, exits.pid, exits.ppid)
