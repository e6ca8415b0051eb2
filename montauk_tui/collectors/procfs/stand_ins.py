"""Processes whose leader has exited while other threads run.

Under the pid of such a process /proc shows a zombie, without memory, files and
arguments (exit_mm and exit_files in kernel/exit.c): a live thread still has them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np

from montauk_tui.collectors.procfs.scan import STAT_BYTES, ProcRoot
from montauk_tui.collectors.procfs.stat import parse_stats
from montauk_tui.model.names import DEAD, ZOMBIE
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.schema import Bools

_EXITED: Final = (ZOMBIE, DEAD)
ITS_OWN: Final = (
    "state", "virt_bytes", "rss_bytes", "start_stack", "priority", "nice",
    "rt_priority", "policy", "processor",
)  # fmt: skip
"""Columns that are taken from the live thread."""


def with_stand_ins(root: ProcRoot, table: ProcessTable) -> ProcessTable:
    """Return `table` with the columns of a live thread where the leader has exited.

    These threads are set in `root`, so that it finds their other files. It costs a
    folder and a file for each such process, and nothing for others.
    """
    led = np.flatnonzero(needs_stand_in(table) & table.is_process)
    found: dict[int, int] = {}
    columns = {name: getattr(table, name).copy() for name in ITS_OWN if len(led)}
    for row in led.tolist():
        pid = int(table.pid[row])
        thread = _living_thread(root, pid)
        if thread is None:
            continue
        found[pid] = int(thread.pid[0])
        for name, column in columns.items():
            column[row] = getattr(thread, name)[0]
    root.stand_ins = found
    return table.with_columns(columns) if found else table


def needs_stand_in(table: ProcessTable) -> Bools:
    """Tell which rows show a leader that has exited before other threads."""
    exited: Bools = np.isin(table.state, _EXITED) & (table.threads > 1)
    return exited


def living_threads(
    tids: Iterable[int], read: Callable[[str], bytes]
) -> Iterator[ProcessTable]:
    """Yield each live thread of a process as a table of one row.

    Args:
        tids: The threads.
        read: Reads a file in the folder of the process; OSError if it has exited.
    """
    for tid in tids:
        try:
            text = read(f"task/{tid}/stat")
        except OSError:
            continue
        thread = parse_stats([(tid, text)])
        if len(thread) == 1 and thread.state[0] not in _EXITED:
            yield thread


def _living_thread(root: ProcRoot, pid: int) -> ProcessTable | None:
    try:
        tids = sorted(map(int, filter(str.isdigit, root.names(f"{pid}/task"))))
    except OSError:
        return None
    threads = living_threads(tids, lambda name: root.read(f"{pid}/{name}", STAT_BYTES))
    return next(threads, None)
