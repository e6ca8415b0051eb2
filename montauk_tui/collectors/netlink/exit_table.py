"""Joined exits as the rows of an `ExitTable`."""

from collections.abc import Sequence

import numpy as np

from montauk_tui.collectors.argvectors import kept_and_whole
from montauk_tui.collectors.cputime import split_run_time, whole_life
from montauk_tui.collectors.netlink.exit_joiner import JoinedExits
from montauk_tui.collectors.netlink.streams import ARGV_BYTES
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Ints


def exit_table(
    exits: JoinedExits,
    run_ns: Ints,
    uid: Ints,
    cmdlines: Sequence[bytes],
    offset_ns: int,
) -> ExitTable:
    """Return the exits with their CPU time, owner and arguments (empty for unknown).

    `offset_ns` is CLOCK_BOOTTIME less CLOCK_MONOTONIC.
    """
    has = exits["has_stats"]
    code = exits["code"]
    number = code & 0x7F
    user, system = split_run_time(run_ns, exits["utime_us"], exits["stime_us"])
    known = {
        "exit_code": np.where(number == 0, code >> 8 & 0xFF, UNKNOWN),
        "exit_signal": np.where(number == 0, UNKNOWN, number),
        "core_dumped": code >> 7 & 1,
    }
    kept, cmdline_bytes = kept_and_whole(cmdlines, ARGV_BYTES - 1, ARGV_BYTES)
    columns: dict[str, Ints] = {
        "pid": exits["pid"].copy(),
        "ppid": np.where(exits["ppid"] > 0, exits["ppid"], UNKNOWN),
        "uid": uid,
        "start_ticks": exits["start_ticks"].copy(),
        "end_ns": np.where(exits["has_event"], exits["time_ns"] + offset_ns, UNKNOWN),
        "lifetime_ns": whole_life(
            np.where(
                exits["elapsed_us"] == UNKNOWN, UNKNOWN, exits["elapsed_us"] * 1000
            ),
            run_ns,
            has & ~exits["is_group"],
        ),
        "utime_ns": np.where(has, user, UNKNOWN),
        "stime_ns": np.where(has, system, UNKNOWN),
        "peak_rss_bytes": np.where(
            has & (exits["peak_rss_bytes"] > 0), exits["peak_rss_bytes"], UNKNOWN
        ),
        "threads": np.where(has & ~exits["is_group"], 1, UNKNOWN),
        "cmdline_bytes": cmdline_bytes,
    }
    for name, values in known.items():
        columns[name] = np.where(exits["code_is_known"], values, UNKNOWN)
    # Another process may have written the cancelled bytes (task_io_accounting.h).
    io = {
        "read_bytes": exits["read_bytes"],
        "write_bytes": (exits["write_bytes"] - exits["cancelled_bytes"]).clip(0),
    }
    for name, values in io.items():
        columns[name] = np.where(has & exits["io_is_known"], values, UNKNOWN)
    return ExitTable(exits["comm"].astype(f"S{COMM_BYTES}"), kept, columns)
