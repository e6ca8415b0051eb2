"""One JSON object per frame on one line: the contract of docs/json.md."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from montauk_tui.export.fields import known, rounded, whole
from montauk_tui.export.more_lists import JsonList
from montauk_tui.export.process_texts import ProcessTexts
from montauk_tui.model.frame import Frame, Ledger
from montauk_tui.model.sample import CPU_FIELDS
from montauk_tui.model.schema import Ints

NOBODY: Final = np.empty(0, dtype=np.int64)

SCHEMA: Final = 1
"""Increases when a field changes its meaning or is removed, not for a new field."""


def frame_json(
    frame: Frame,
    rows: Ints,
    exited: Ints = NOBODY,
    texts: ProcessTexts | None = None,
    more: Mapping[str, JsonList] = MappingProxyType({}),
) -> str:
    """Return a frame as one line of ASCII.

    Args:
        frame: The frame.
        rows: The live processes.
        exited: The exited processes.
        texts: Those of the frame before, if there was one.
        more: Further lists.
    """
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
            "lost_cpu_times": counters.lost_cpu_times,
            "lost_signals": counters.lost_signals,
            "lost_failed_execs": counters.lost_failed_execs,
        },
        "host": _host(frame),
        "counters": {
            "forks": counters.forks,
            "execs": counters.execs,
            "exits": counters.exits,
            "read_failures": counters.read_failures,
        },
        "ledger": _ledger(frame.ledger),
        **{name: its.of(frame) for name, its in more.items()},
    }
    head = json.dumps(document, allow_nan=False).removesuffix("}")
    objects = (texts or ProcessTexts()).of(frame, rows, exited) or [""]
    # Joined once: thousands of objects are a megabyte.
    objects[0] = f'{head}, "processes": [{objects[0]}'
    objects[-1] += "]}"
    return ", ".join(objects)


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
        "load": [rounded(load, 2) for load in host.load],
        "uptime_s": rounded(host.uptime_s, 2),
        "threads": known(host.threads),
        "running": known(host.running),
        "mem_total_bytes": whole(memory.total),
        "mem_available_bytes": whole(memory.available),
        "mem_available_is_estimate": memory.is_estimate,
        "swap_total_bytes": whole(memory.swap_total),
        "swap_free_bytes": whole(memory.swap_free),
        "pressure": {
            resource: {
                "some_pct": rounded(pressure.some_pct, 2),
                "full_pct": rounded(pressure.full_pct, 2),
            }
            for resource, pressure in host.pressure.items()
        },
        "unknown": [*host.unknown, *frame.sample.cgroups.unknown],
    }


def _ledger(ledger: Ledger | None) -> dict[str, Any] | None:
    if ledger is None:
        return None
    busy_s = rounded(ledger.busy_s, 6)
    live_s = round(ledger.live_s, 6)
    exited_s = rounded(ledger.exited_s, 6)
    interrupts_s = rounded(ledger.interrupts_s, 6)
    unexplained_s = None
    if busy_s is not None and interrupts_s is not None:
        # Of the rounded parts, so that they add up to the digit.
        unexplained_s = round(busy_s - live_s - (exited_s or 0.0) - interrupts_s, 6)
    return {
        "busy_s": busy_s,
        "live_s": live_s,
        "exited_s": exited_s,
        "interrupts_s": interrupts_s,
        "unexplained_s": unexplained_s,
        "interval_s": rounded(ledger.interval_s, 6),
    }
