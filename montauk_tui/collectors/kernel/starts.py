"""Forks and execs as the probes recorded them."""

from typing import Final

import numpy as np

from montauk_tui.collectors.argvectors import whole_bytes
from montauk_tui.collectors.kernel.exit_records import argument_bytes, cut_arguments
from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.records import EXEC
from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Bytes, Ints
from montauk_tui.model.starts import EXEC as EXEC_KIND
from montauk_tui.model.starts import EXEC_FAILED, FORK, StartTable

_CUT: Final = 2
"""That much longer than what is kept is too long for a missing zero at the end."""


def start_table(
    lifecycle: Records, forks: Records, attempts: Records, user_hz: int
) -> StartTable:
    """Return the forks, the execs among lifecycle records, and those that failed."""
    execs = lifecycle[lifecycle["kind"] == EXEC]
    parts = forks, execs, attempts
    sizes = list(map(len, parts))
    if not any(sizes):
        return StartTable.empty()

    def joined(name: str) -> Ints:
        return np.concatenate([part[name].astype(np.int64) for part in parts])

    columns = {name: joined(name) for name in ("time_ns", "pid", "ppid", "uid")}
    columns["start_ticks"] = joined("start_ns") // (10**9 // user_hz)
    columns["kind"] = np.repeat([FORK, EXEC_KIND, EXEC_FAILED], sizes)
    columns["errno"] = np.full(sum(sizes), UNKNOWN)
    columns["errno"][sizes[0] + sizes[1] :] = attempts["error"]
    arguments, tried = cut_arguments(execs), cut_arguments(attempts)
    columns["cmdline_bytes"] = np.concatenate(
        [
            np.zeros(len(forks), dtype=np.int64),
            argument_bytes(execs, arguments),
            _tried_bytes(attempts, tried),
        ]
    )
    none = np.zeros(len(forks), dtype="S1")
    comm = np.concatenate([part["comm"] for part in parts]).astype(f"S{COMM_BYTES}")
    exe = np.concatenate([none, execs["exe"], attempts["exe"]])
    return StartTable(comm, np.concatenate([none, arguments, tried]), columns, exe)


def _tried_bytes(attempts: Records, kept: Bytes) -> Ints:
    """Return the length of arguments; where some are missing it is not known."""
    length = attempts["argv_bytes"].astype(np.int64)
    whole = whole_bytes(kept, length, attempts["argv"].dtype.itemsize)
    is_cut = (attempts["is_cut"] > 0) & (length > 0)
    return np.where(is_cut, length + _CUT, whole)
