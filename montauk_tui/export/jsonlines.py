"""One JSON object per frame on one line: the contract of docs/json.md."""

import json
import math
from typing import Any, Final

import numpy as np

from montauk_tui.engine.cells import start_time_s, state_letter
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame, Ledger
from montauk_tui.model.lookups import CMDLINE_BYTES
from montauk_tui.model.sample import CPU_FIELDS
from montauk_tui.model.schema import UNKNOWN, Ints

NOBODY: Final = np.empty(0, dtype=np.int64)

SCHEMA: Final = 1
"""Counts up when a field changes its meaning or goes; a new field does not count."""


def frame_json(frame: Frame, rows: Ints, ended: Ints = NOBODY) -> str:
    """Return `frame` with the live `rows` and those `ended` as one line of ASCII."""
    sample = frame.sample
    counters = sample.counters
    document = {
        "schema": SCHEMA,
        "time": round(sample.time_s, 3),
        "interval_s": _rounded(frame.interval_s, 6),
        "collector": {
            "name": frame.collector.name,
            "detail": frame.collector.detail,
            "lost": counters.lost,
            "lost_exits": counters.lost_exits,
        },
        "host": _host(frame),
        "counters": {
            "forks": counters.forks,
            "execs": counters.execs,
            "exits": counters.exits,
            "read_failures": counters.read_failures,
        },
        "ledger": _ledger(frame.ledger),
        "processes": _processes(frame, rows) + _ended(frame, ended),
    }
    return json.dumps(document, allow_nan=False)


def _host(frame: Frame) -> dict[str, Any]:
    host, memory = frame.sample.host, frame.sample.host.memory
    rates = frame.host_rates
    return {
        "hostname": host.hostname,
        "cpus": len(host.cpu_ids),
        "busy_pct": _rounded(rates.machine_busy * 100, 2),
        "busy_pct_by_cpu": [_rounded(float(pct), 2) for pct in rates.busy_share * 100],
        "cpu_pct_by_kind": {
            kind: _rounded(float(pct), 2)
            for kind, pct in zip(CPU_FIELDS, rates.machine_share * 100, strict=True)
        },
        "load": list(host.load),
        "uptime_s": host.uptime_s,
        "threads": host.threads,
        "running": host.running,
        "mem_total_bytes": memory.total,
        "mem_available_bytes": memory.available,
        "swap_total_bytes": memory.swap_total,
        "swap_free_bytes": memory.swap_free,
        "pressure": {
            resource: {"some_pct": pressure.some_pct, "full_pct": pressure.full_pct}
            for resource, pressure in host.pressure.items()
        },
    }


def _ledger(ledger: Ledger | None) -> dict[str, Any] | None:
    if ledger is None:
        return None
    return {
        "busy_s": _rounded(ledger.busy_s, 6),
        "live_s": _rounded(ledger.live_s, 6),
        "exited_s": _rounded(ledger.exited_s, 6),
        "interrupts_s": _rounded(ledger.interrupts_s, 6),
        "unexplained_s": _rounded(ledger.unexplained_s, 6),
    }


def _processes(frame: Frame, rows: Ints) -> list[dict[str, Any]]:
    table = frame.sample.processes
    hz = frame.sample.ticks_per_second
    cpu_pct = frame.rates.cpu_pct
    result: list[dict[str, Any]] = []
    for row in rows.tolist():
        identity = table.identity(row)
        uid = int(table.uid[row])
        cmdline = frame.lookups.cmdline(identity)
        letter = state_letter(int(table.state[row]))
        result.append({
            "pid": identity.pid,
            "ppid": _known(table.ppid[row]),
            "tgid": _known(table.tgid[row]),
            "start_time": _rounded(start_time_s(frame, row), 2),
            "alive": True,
            "state": None if letter == NOTHING_KNOWN else letter,
            "comm": table.comm[row].decode("utf-8", "backslashreplace"),
            "cmdline": None if cmdline is None else _argv_text(cmdline),
            "cmdline_cut": None if cmdline is None else _is_cut(cmdline),
            "uid": _known(uid),
            "user": None if uid == UNKNOWN else frame.lookups.user(uid),
            "cpu_pct": _rounded(float(cpu_pct[row]), 2),
            "utime_s": _seconds(table.utime[row], hz),
            "stime_s": _seconds(table.stime[row], hz),
            "rss_bytes": _known(table.rss_bytes[row]),
            "virt_bytes": _known(table.virt_bytes[row]),
            "threads": _known(table.threads[row]),
            "priority": _known(table.priority[row]),
            "nice": _known(table.nice[row]),
            "minflt": _known(table.minflt[row]),
            "majflt": _known(table.majflt[row]),
            "processor": _known(table.processor[row]),
            "exit_code": None,
            "exit_signal": None,
            "lifetime_s": None,
        })  # fmt: skip
    return result


def _ended(frame: Frame, ended: Ints) -> list[dict[str, Any]]:
    """Return the processes that ended, by their rows in the sample's exits."""
    exits = frame.sample.exits
    if exits is None:
        return []
    booted_at_s, hz = frame.sample.booted_at_s, frame.sample.user_hz
    result: list[dict[str, Any]] = []
    for row in ended.tolist():
        cmdline, length = exits.cmdline[row], int(exits.cmdline_bytes[row])
        uid, core = int(exits.uid[row]), _known(exits.core_dumped[row])
        result.append(
            {
                "pid": int(exits.pid[row]),
                "ppid": _known(exits.ppid[row]),
                "tgid": int(exits.pid[row]),
                "start_time": round(booted_at_s + int(exits.start_ticks[row]) / hz, 2),
                "alive": False,
                "state": None,
                "comm": exits.comm[row].decode("utf-8", "backslashreplace"),
                "cmdline": _argv_text(cmdline) if length else None,
                "cmdline_cut": length > len(cmdline) + 1 if length else None,
                "uid": _known(uid),
                "user": None if uid == UNKNOWN else frame.lookups.user(uid),
                "cpu_pct": _rounded(float(frame.rates.exit_cpu_pct[row]), 2),
                "utime_s": _seconds(exits.utime_ns[row], 10**9),
                "stime_s": _seconds(exits.stime_ns[row], 10**9),
                "rss_bytes": _known(exits.rss_bytes[row]),
                "peak_rss_bytes": _known(exits.peak_rss_bytes[row]),
                "read_bytes": _known(exits.read_bytes[row]),
                "write_bytes": _known(exits.write_bytes[row]),
                "cgroup_id": _known(exits.cgroup_id[row]),
                "threads": _known(exits.threads[row]),
                "exit_code": _known(exits.exit_code[row]),
                "exit_signal": _known(exits.exit_signal[row]),
                "core_dumped": None if core is None else bool(core),
                "lifetime_s": _seconds(exits.lifetime_ns[row], 10**9),
            }
        )
    return result


def _is_cut(raw: bytes) -> bool:
    return len(raw) >= CMDLINE_BYTES


def _argv_text(raw: bytes) -> str:
    return raw.rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "backslashreplace")


def _known(value: int | np.integer[Any]) -> int | None:
    return None if value == UNKNOWN else int(value)


def _seconds(ticks: int | np.integer[Any], hz: int) -> float | None:
    return None if ticks == UNKNOWN else round(int(ticks) / hz, 6)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or math.isnan(value) else round(value, digits)
