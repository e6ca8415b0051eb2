"""The first line: host name and totals."""

import numpy as np
from rich.style import Style

from montauk_tui.engine.units import count_text, duration_text, load_text
from montauk_tui.model.frame import Frame
from montauk_tui.ui.widgets.lines import Line, line_width
from montauk_tui.ui.widgets.meters.style import MeterStyle, pair


def draw_title(frame: Frame, look: MeterStyle) -> Line:
    """Return host, uptime, load and task counts, as much as fits."""
    host = frame.sample.host
    processes, threads, kernel = task_counts(frame)
    load = " ".join(map(load_text, host.load))
    parts = (
        pair(look, "", host.hostname),
        pair(look, "up", duration_text(host.uptime_s)),
        pair(look, "load", load),
        pair(look, "tasks", str(processes)),
        pair(look, "threads", str(threads)),
        pair(look, "running", count_text(host.running)),
        pair(look, "kernel threads", str(kernel)),
    )
    line: Line = ((" montauk", look.theme.style("title")),)
    for part in parts:
        if line_width(line) + 2 + line_width(part) > look.width:
            break
        line = (*line, ("  ", Style.null()), *part)
    return line


def task_counts(frame: Frame) -> tuple[int, int, int]:
    """Return processes, their threads, and kernel threads."""
    table = frame.sample.processes
    is_user = table.is_process & ~table.is_kernel
    threads = int(np.maximum(table.threads[is_user], 0).sum())
    kernel = int(np.count_nonzero(table.is_kernel))
    return int(np.count_nonzero(is_user)), threads, kernel
