"""The final CPU time of zombies: processes that have not been reaped yet."""

import numpy as np

from montauk_tui.collectors.netlink.exit_joiner import JoinedExits
from montauk_tui.collectors.procfs.scan import ProcRoot
from montauk_tui.model.join import by_pid
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Ints


def final_run_ns(
    root: ProcRoot, exits: JoinedExits, now: ProcessTable, user_hz: int
) -> Ints:
    """Return the run time of each exit, updated for zombies.

    The files of a zombie have its final times: /proc/PID/schedstat that of its leader
    in nanoseconds, /proc/PID/stat that of all its threads in ticks.
    """
    run_ns: Ints = exits["run_ns"].copy()
    rows, found = by_pid(now.pid, exits["pid"])
    for end in np.flatnonzero(found & exits["is_zombie"] & exits["has_stats"]).tolist():
        row = rows[end]
        ticks = int(now.utime[row] + now.stime[row])
        exact = _leader_run_ns(root, int(exits["pid"][end]))
        run_ns[end] = max(int(run_ns[end]), ticks * (10**9 // user_hz), exact)
    return run_ns


def _leader_run_ns(root: ProcRoot, pid: int) -> int:
    try:
        word, *_ = root.read(f"{pid}/schedstat", 64).split()
    except (OSError, ValueError):
        return 0
    return int(word) if word.isdigit() else 0
