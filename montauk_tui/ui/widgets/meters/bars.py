"""Bars of CPUs, memory and swap, and the heat strip of many CPUs."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from rich.style import Style

from montauk_tui.engine.units import bytes_text, percent_text
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import CPU_FIELDS
from montauk_tui.ui.widgets.graph import graph, sparks
from montauk_tui.ui.widgets.lines import Line, Run, line_width
from montauk_tui.ui.widgets.meters.style import (
    LEAST_BAR,
    LEAST_HISTORY,
    MOST_BAR,
    MeterStyle,
    filled,
    pair,
)

_STRIP_LABEL: Final = 5

_KINDS: Final = (
    ("user", ("user",), "|", "bar_user"),
    ("nice", ("nice",), ":", "bar_nice"),
    ("system", ("system",), "#", "bar_system"),
    ("interrupts", ("irq", "softirq"), "*", "bar_irq"),
    ("steal", ("steal",), "~", "bar_steal"),
)
"""Parts of a CPU bar: name, kinds of /proc/stat, sign and role. The sign tells them
apart where colours do not."""


# --- many bars ------------------------------------------------------------------------


def columns_of_bars(bars: int, width: int, most_rows: int) -> int:
    """Return the number of bars side by side, 0 if they do not fit.

    About four lines, and no gap in the last column, look best.
    """
    fitting = {
        rows: math.ceil(bars / rows)
        for rows in range(1, most_rows + 1)
        if math.ceil(bars / rows) * LEAST_BAR <= width
    }
    if not fitting:
        return 0
    best = min(fitting, key=lambda rows: abs(rows - 4) + 3 * (bars % rows > 0))
    return fitting[best]


def cpu_bars(frame: Frame, look: MeterStyle, columns: int, width: int) -> list[Line]:
    """Return a bar for each CPU, the first column filled first.

    A single column of them has the history of the machine beside it.
    """
    if columns == 1 and width >= MOST_BAR + LEAST_HISTORY:
        lines = cpu_bars(frame, look, 1, MOST_BAR)
        past = [moment.cpu for moment in frame.history.moments]
        return _with_history(lines, past, "bar_user", look, width)
    bars = [
        partial(_cpu_bar, frame, look, index)
        for index in range(len(frame.sample.host.cpu_ids))
    ]
    return _grid(bars, columns, width)


def _grid(
    bars: Sequence[Callable[[int], Line]], columns: int, width: int
) -> list[Line]:
    rows = math.ceil(len(bars) / columns)
    lines: list[Line] = []
    for row in range(rows):
        line: Line = ()
        for column, bar in enumerate(bars[row::rows]):
            cells = width * (column + 1) // columns - width * column // columns
            line = (*line, *bar(cells))
        lines.append(filled(line, width))
    return lines


def strip_lines(cpus: int, width: int) -> int:
    """Return the number of lines of a heat strip."""
    return math.ceil(cpus / max(1, width - _STRIP_LABEL))


def heat_strip(frame: Frame, look: MeterStyle, width: int) -> list[Line]:
    """Return a cell for each CPU, in the order of their numbers.

    The last line ends with the number of its last CPU and the busiest one, if there is
    room.
    """
    room = max(1, width - _STRIP_LABEL)
    busy = frame.host_rates.busy_share.tolist()
    ids = frame.sample.host.cpu_ids.tolist()
    label = look.theme.style("label")
    lines: list[Line] = []
    for start in range(0, len(busy), room):
        runs: list[Run] = [(f"{ids[start]:>4} ", label)]
        for role, group in groupby(busy[start : start + room], key=_heat_role):
            text = sparks(group, 1.0, ascii_only=look.ascii)
            runs.append((text, look.theme.style(role)))
        if start + room >= len(busy):
            runs += _strip_end(busy, ids, look, start + room - len(busy))
        lines.append(filled(tuple(runs), width))
    return lines


def _strip_end(
    busy: Sequence[float], ids: Sequence[int], look: MeterStyle, room: int
) -> list[Run]:
    """Return the number of the last CPU and the busiest one in at most `room` cells."""
    known = [share for share in busy if not math.isnan(share)]
    label, most = look.theme.style("label"), max(known, default=math.nan)
    runs: list[Run] = [(f" {ids[-1]}", label)]
    if known:
        runs.append((f"  busiest {ids[busy.index(most)]}: ", label))
        runs.append((f"{percent_text(most * 100)}%", look.theme.style("value")))
    while runs and line_width(runs) > room:
        runs = runs[:1] if len(runs) > 1 else []
    return runs


def _heat_role(share: float) -> str:
    if share >= 0.9:  # noqa: PLR2004
        return "hot"
    if share >= 0.5:  # noqa: PLR2004
        return "warm"
    return "notice" if share >= 0.05 else "faint"  # noqa: PLR2004


def _with_history(
    lines: Sequence[Line],
    past: Sequence[float],
    role: str,
    look: MeterStyle,
    width: int,
) -> list[Line]:
    """Return bars with a history of shares beside them, as high as they are."""
    cells = width - MOST_BAR - 1
    drawn = graph(past, 1.0, (cells, len(lines)), ascii_only=look.ascii)
    style = look.theme.style(role)
    return [
        (*line, (" ", Style.null()), (text, style))
        for line, text in zip(lines, drawn, strict=True)
    ]


# --- one bar --------------------------------------------------------------------------


def _cpu_bar(frame: Frame, look: MeterStyle, index: int, width: int) -> Line:
    shares = frame.host_rates.cpu_share[index]
    text = percent_text(float(frame.host_rates.busy_share[index]) * 100) + "%"
    label = str(int(frame.sample.host.cpu_ids[index]))
    return _bar(look, label, _cpu_parts(shares.tolist()), text, width)


def average_bar(frame: Frame, look: MeterStyle, width: int) -> Line:
    """Return the mean of the CPUs."""
    text = percent_text(frame.host_rates.machine_busy * 100) + "%"
    parts = _cpu_parts(frame.host_rates.machine_share.tolist())
    return _bar(look, "CPU", parts, text, width)


def _cpu_parts(shares: Sequence[float]) -> list[tuple[float, str, str]]:
    return [
        (sum(shares[CPU_FIELDS.index(kind)] for kind in kinds), sign, role)
        for _, kinds, sign, role in _KINDS
    ]


def memory_bar(frame: Frame, look: MeterStyle, width: int) -> Line:
    """Return used memory, buffers and cache; beside a wide bar the history of it."""
    if width >= MOST_BAR + LEAST_HISTORY:
        line = memory_bar(frame, look, MOST_BAR)
        past = [moment.memory for moment in frame.history.moments]
        return _with_history([line], past, "mem_used", look, width)[0]
    memory = frame.sample.host.memory
    total = max(memory.total, 1.0)
    parts = [
        (memory.used / total, "|", "mem_used"),
        (memory.buffers / total, "#", "mem_buffers"),
        (memory.cache / total, ".", "mem_cache"),
    ]
    text = f"{bytes_text(memory.used)}/{bytes_text(memory.total)}"
    return _bar(look, "Mem", parts, text, width)


def swap_bar(frame: Frame, look: MeterStyle, width: int) -> Line:
    """Return used swap space; beside a wide bar the history of it."""
    if width >= MOST_BAR + LEAST_HISTORY:
        line = swap_bar(frame, look, MOST_BAR)
        past = [moment.swap for moment in frame.history.moments]
        return _with_history([line], past, "swap_used", look, width)[0]
    memory = frame.sample.host.memory
    used = memory.swap_used
    parts = [(used / max(memory.swap_total, 1.0), "|", "swap_used")]
    text = f"{bytes_text(used)}/{bytes_text(memory.swap_total)}"
    return _bar(look, "Swp", parts, text, width)


def _bar(
    look: MeterStyle,
    label: str,
    parts: Sequence[tuple[float, str, str]],
    text: str,
    width: int,
) -> Line:
    """Return ` label[||||##   text]`: parts as (share of 0 to 1, sign, role)."""
    inner = width - 6
    if inner < len(text):
        line = pair(look, label.rjust(4), text[: max(0, width - 5)])
        return filled(line, width)
    runs: list[Run] = [(label.rjust(4), look.theme.style("label"))]
    runs.append(("[", look.theme.style("bracket")))
    # The text lies over the right end.
    room, end, filled_to = inner - len(text), 0.0, 0
    for share, sign, role in parts:
        end += 0.0 if math.isnan(share) else share * inner
        past = min(room, round(end))
        if past > filled_to:
            runs.append((sign * (past - filled_to), look.theme.style(role)))
            filled_to = past
    if room > filled_to:
        runs.append((" " * (room - filled_to), look.theme.style("bracket")))
    runs.append((text, look.theme.style("label")))
    runs.append(("]", look.theme.style("bracket")))
    return tuple(runs)
