"""Who is behind a process when its parent is gone as well."""

from typing import Final

import numpy as np

from montauk_tui.model.exits import ExitTable
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Ints

_LONGEST_CHAIN: Final = 64


def living_ancestors(frame: Frame, ppid: Ints, exits: ExitTable) -> Ints:
    """Return the pid of the nearest ancestor that lives; 0 where none is known.

    Args:
        frame: With the living.
        ppid: Parents to start from.
        exits: The dead, through which the way leads.
    """
    living = frame.sample.processes.pid
    order = np.argsort(exits.pid, kind="stable")
    dead, parents = exits.pid[order], exits.ppid[order]
    wanted = ppid.copy()
    for _ in range(_LONGEST_CHAIN):
        lost = np.flatnonzero((wanted > 0) & ~np.isin(wanted, living))
        if not lost.size:
            break
        # The last of a pid that came back.
        place = np.searchsorted(dead, wanted[lost], side="right") - 1
        known = (place >= 0) & (dead[place] == wanted[lost])
        wanted[lost] = np.where(known, parents[place], 0)
    return wanted.clip(0)
