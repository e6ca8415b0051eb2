"""A frame as plain text: a summary and one line per process."""

import time
from collections.abc import Sequence

import numpy as np

from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.plain import PlainTable
from montauk_tui.engine.interval.ledger import in_cores
from montauk_tui.engine.units import (
    bytes_text,
    cores_text,
    count_text,
    counted,
    duration_text,
    load_text,
    percent_text,
    rate_text,
)
from montauk_tui.export.output import cut_at
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Ints


def frame_table(
    frame: Frame, rows: Ints, columns: Sequence[Column], width: int | None = None
) -> list[str]:
    """Return the lines of a report, truncated at `width` cells if given."""
    table = PlainTable(frame, columns)
    lines = [*_summary(frame), "", table.titles, *map(table.row, rows.tolist())]
    return [cut_at(line.rstrip(), width) for line in lines]


def _summary(frame: Frame) -> list[str]:
    frame = frame.whole or frame
    sample, host = frame.sample, frame.sample.host
    table = sample.processes
    kernel = int(np.count_nonzero(table.is_kernel))
    processes = int(np.count_nonzero(table.is_process)) - kernel
    tasks = counted(processes, "task"), counted(kernel, "kernel thread")
    busy = percent_text(frame.host_rates.machine_busy * 100)
    used = bytes_text(host.memory.total - host.memory.available)
    about = "about " if host.memory.is_estimate else ""
    load = " ".join(map(load_text, host.load))
    machine = [
        host.hostname,
        time.strftime("%H:%M:%S", time.localtime(sample.time_s)),
        f"up {duration_text(host.uptime_s)}",
        f"load {load}",
        f"{', '.join(tasks)}, {count_text(host.running)} running",
    ]
    use = [
        f"CPU {busy}% of {len(host.cpu_ids)} cores",
        f"Mem {about}{used}/{bytes_text(host.memory.total)}",
        f"Swp {bytes_text(host.memory.swap_used)}/{bytes_text(host.memory.swap_total)}",
        f"collector {frame.collector.name} ({frame.collector.detail})",
    ]
    unknown = [f"- {reason}" for reason in host.unknown]
    return ["  ".join(machine), "  ".join(use), *_ledger_lines(frame), *unknown]


def _ledger_lines(frame: Frame) -> list[str]:
    """Return the ledger in cores, and the rates of starts and exits."""
    ledger, interval_s = frame.ledger, frame.interval_s
    if ledger is None or not interval_s:
        return []
    cores = in_cores(ledger)
    rest = "unexplained" if frame.sample.host.sees_every_process else "outside"
    busy, *parts = (
        f"{name} {cores_text(amount)}"
        for name, amount in (
            ("busy", cores.busy_s),
            ("live", cores.live_s),
            ("exited", cores.exited_s),
            ("irq", cores.interrupts_s),
            (rest, cores.unexplained_s),
        )
    )
    line = f"{busy.capitalize()} cores = {', '.join(parts)}"
    last = frame.history.churn[-1] if frame.history.churn else None
    if last is not None and last.started is not None and last.exited is not None:
        started, exited = last.started / interval_s, last.exited / interval_s
        line += f"; {rate_text(started)}/s started, {rate_text(exited)}/s exited"
        line += f", {last.lost} lost"
    return [line]
