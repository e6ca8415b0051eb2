"""Ends as the rows of an `ExitTable`."""

from collections.abc import Sequence

import numpy as np

from montauk_tui.collectors.argvectors import kept_and_whole
from montauk_tui.collectors.cputime import split_run_time, whole_life
from montauk_tui.collectors.netlink.exit_joiner import EndArray
from montauk_tui.collectors.netlink.streams import ARGV_BYTES
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.schema import COMM_BYTES, UNKNOWN, Ints


def exit_table(
    ends: EndArray,
    run_ns: Ints,
    uid: Ints,
    cmdlines: Sequence[bytes],
    offset_ns: int,
) -> ExitTable:
    """Return the ends with their CPU time, owner and arguments (empty for unknown).

    `offset_ns` is CLOCK_BOOTTIME less CLOCK_MONOTONIC.
    """
    has = ends["has_stats"]
    code = ends["code"]
    number = code & 0x7F
    user, system = split_run_time(run_ns, ends["utime_us"], ends["stime_us"])
    known = {
        "exit_code": np.where(number == 0, code >> 8 & 0xFF, UNKNOWN),
        "exit_signal": np.where(number == 0, UNKNOWN, number),
        "core_dumped": code >> 7 & 1,
    }
    kept, cmdline_bytes = kept_and_whole(cmdlines, ARGV_BYTES - 1, ARGV_BYTES)
    columns: dict[str, Ints] = {
        "pid": ends["pid"].copy(),
        "ppid": np.where(ends["ppid"] > 0, ends["ppid"], UNKNOWN),
        "uid": uid,
        "start_ticks": ends["start_ticks"].copy(),
        "end_ns": np.where(ends["has_event"], ends["time_ns"] + offset_ns, UNKNOWN),
        "lifetime_ns": whole_life(
            np.where(ends["elapsed_us"] == UNKNOWN, UNKNOWN, ends["elapsed_us"] * 1000),
            run_ns,
            has & ~ends["is_group"],
        ),
        "utime_ns": np.where(has, user, UNKNOWN),
        "stime_ns": np.where(has, system, UNKNOWN),
        "peak_rss_bytes": np.where(
            has & (ends["peak_rss_bytes"] > 0), ends["peak_rss_bytes"], UNKNOWN
        ),
        "threads": np.where(has & ~ends["is_group"], 1, UNKNOWN),
        "cmdline_bytes": cmdline_bytes,
    }
    for name, values in known.items():
        columns[name] = np.where(ends["code_is_known"], values, UNKNOWN)
    # What is cancelled may have been written by another (task_io_accounting.h).
    io = {
        "read_bytes": ends["read_bytes"],
        "write_bytes": (ends["write_bytes"] - ends["cancelled_bytes"]).clip(0),
    }
    for name, values in io.items():
        columns[name] = np.where(has & ends["io_is_known"], values, UNKNOWN)
    return ExitTable(
        ends["comm"].astype(f"S{COMM_BYTES}"),
        kept,
        columns,
    )
