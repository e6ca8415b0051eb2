"""One JSON object per frame on one line: the contract of docs/json.md."""

import json
from typing import Any, Final

import numpy as np

from montauk_tui.engine.cells import start_time_s, state_letter
from montauk_tui.engine.extra_cells import children_key
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.export.fields import (
    argv_text,
    flag,
    known,
    rounded,
    seconds,
    text,
)
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
        "interval_s": rounded(frame.interval_s, 6),
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
        "busy_pct": rounded(rates.machine_busy * 100, 2),
        "busy_pct_by_cpu": [rounded(float(pct), 2) for pct in rates.busy_share * 100],
        "cpu_pct_by_kind": {
            kind: rounded(float(pct), 2)
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
    busy_s, live_s, interrupts_s = (
        round(value, 6) for value in (ledger.busy_s, ledger.live_s, ledger.interrupts_s)
    )
    exited_s = rounded(ledger.exited_s, 6)
    # Of the rounded parts, so that they add up to the digit.
    unexplained_s = round(busy_s - live_s - (exited_s or 0.0) - interrupts_s, 6)
    return {
        "busy_s": busy_s,
        "live_s": live_s,
        "exited_s": exited_s,
        "interrupts_s": interrupts_s,
        "unexplained_s": unexplained_s,
    }


def _processes(frame: Frame, rows: Ints) -> list[dict[str, Any]]:
    table = frame.sample.processes
    hz = frame.sample.ticks_per_second
    cpu_pct, children_pct = frame.rates.cpu_pct, children_key(frame)
    result: list[dict[str, Any]] = []
    for row in rows.tolist():
        identity = table.identity(row)
        uid = int(table.uid[row])
        cmdline = frame.lookups.cmdline(identity)
        letter = state_letter(int(table.state[row]))
        result.append({
            "pid": identity.pid,
            "ppid": known(table.ppid[row]),
            "tgid": known(table.tgid[row]),
            "start_time": rounded(start_time_s(frame, row), 2),
            "alive": True,
            "state": None if letter == NOTHING_KNOWN else letter,
            "comm": text(table.comm[row]),
            "cmdline": None if cmdline is None else argv_text(cmdline),
            "cmdline_cut": None if cmdline is None else _is_cut(cmdline),
            "uid": known(uid),
            "user": None if uid == UNKNOWN else frame.lookups.user(uid),
            "cpu_pct": rounded(float(cpu_pct[row]), 2),
            "children_pct": rounded(float(children_pct[row]), 2),
            "utime_s": seconds(table.utime[row], hz),
            "stime_s": seconds(table.stime[row], hz),
            "rss_bytes": known(table.rss_bytes[row]),
            "virt_bytes": known(table.virt_bytes[row]),
            "threads": known(table.threads[row]),
            "priority": known(table.priority[row]),
            "nice": known(table.nice[row]),
            "minflt": known(table.minflt[row]),
            "majflt": known(table.majflt[row]),
            "processor": known(table.processor[row]),
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
        uid = int(exits.uid[row])
        result.append(
            {
                "pid": int(exits.pid[row]),
                "ppid": known(exits.ppid[row]),
                "tgid": int(exits.pid[row]),
                "start_time": round(booted_at_s + int(exits.start_ticks[row]) / hz, 2),
                "alive": False,
                "state": None,
                "comm": text(exits.comm[row]),
                "cmdline": argv_text(cmdline) if length else None,
                "cmdline_cut": length > len(cmdline) + 1 if length else None,
                "uid": known(uid),
                "user": None if uid == UNKNOWN else frame.lookups.user(uid),
                "cpu_pct": rounded(float(frame.rates.exit_cpu_pct[row]), 2),
                "children_pct": None,
                "utime_s": seconds(exits.utime_ns[row], 10**9),
                "stime_s": seconds(exits.stime_ns[row], 10**9),
                "rss_bytes": known(exits.rss_bytes[row]),
                "peak_rss_bytes": known(exits.peak_rss_bytes[row]),
                "read_bytes": known(exits.read_bytes[row]),
                "write_bytes": known(exits.write_bytes[row]),
                "cgroup_id": known(exits.cgroup_id[row]),
                "threads": known(exits.threads[row]),
                "exit_code": known(exits.exit_code[row]),
                "exit_signal": known(exits.exit_signal[row]),
                "core_dumped": flag(exits.core_dumped[row]),
                "lifetime_s": seconds(exits.lifetime_ns[row], 10**9),
            }
        )
    return result


def _is_cut(raw: bytes) -> bool:
    return len(raw) >= CMDLINE_BYTES
