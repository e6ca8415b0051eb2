"""Forks and execs as the probes recorded them."""

import numpy as np

from montauk_tui.collectors.kernel.exit_records import argument_bytes, cut_arguments
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import EXEC
from montauk_tui.model.schema import COMM_BYTES
from montauk_tui.model.starts import EXEC as EXEC_KIND
from montauk_tui.model.starts import FORK, StartTable


def start_table(lifecycle: Records, forks: Records, user_hz: int) -> StartTable:
    """Return the forks and the execs among the lifecycle records."""
    execs = lifecycle[lifecycle["kind"] == EXEC]
    if not len(execs) and not len(forks):
        return StartTable.empty()
    tick_ns = 10**9 // user_hz
    columns = {
        name: np.concatenate([forks[name], execs[name]]).astype(np.int64)
        for name in ("time_ns", "pid", "ppid", "uid")
    }
    start_ns = np.concatenate([forks["start_ns"], execs["start_ns"]])
    columns["start_ticks"] = (start_ns // tick_ns).astype(np.int64)
    columns["kind"] = np.repeat([FORK, EXEC_KIND], [len(forks), len(execs)])
    arguments = cut_arguments(execs)
    columns["cmdline_bytes"] = np.concatenate(
        [np.zeros(len(forks), dtype=np.int64), argument_bytes(execs, arguments)]
    )
    none = np.zeros(len(forks), dtype=arguments.dtype)
    comm = np.concatenate([forks["comm"], execs["comm"]]).astype(f"S{COMM_BYTES}")
    exe = np.concatenate([np.zeros(len(forks), dtype=execs["exe"].dtype), execs["exe"]])
    return StartTable(comm, np.concatenate([none, arguments]), columns, exe)
