"""The header: who the machine is, how busy its CPUs are, how full its memory is.

With few CPUs each has a bar beside the memory's; with more the bars take the whole
width; with very many each CPU is one cell of a heat strip.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Final

import numpy as np
from rich.style import Style

from montauk_tui.engine.units import bytes_text, duration_text, percent_text
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import CPU_FIELDS
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line, Run, line_width

_LEAST_BAR: Final = 17
"""Narrowest bar with its label that still says something."""

_LEAST_GAUGE: Final = 25
"""Narrowest bar with two sizes in it."""

_LEAST_GAUGES: Final = 3
"""CPUs, memory and swap; pressure may be left out."""

_STRIP_LINES_PER_LINE: Final = 2
"""A heat strip may be so much higher than bars would be before it is left out."""

_HEAT: Final = "▁▂▃▄▅▆▇█"
_HEAT_ASCII: Final = "_.-~=+*#"

Bar = Callable[[int], Line]
"""Draws itself in a number of cells."""

_KINDS: Final = (
    ("user", ("user",), "|", "bar_user"),
    ("nice", ("nice",), ":", "bar_nice"),
    ("system", ("system",), "#", "bar_system"),
    ("interrupts", ("irq", "softirq"), "*", "bar_irq"),
    ("steal", ("steal",), "~", "bar_steal"),
)
"""Parts of a CPU bar: name, kinds of /proc/stat, sign and role. The sign tells them
apart where colours do not."""


@dataclass(frozen=True, slots=True)
class MeterLook:
    """How the header is drawn, and how much room it has."""

    theme: Theme
    ascii: bool
    width: int
    rows: int
    """Most lines for the CPUs."""


def draw_meters(frame: Frame, look: MeterLook) -> list[Line]:
    """Return the lines of the header, the title line first."""
    return [draw_title(frame, look), *_draw_bars(frame, look)]


# --- title ----------------------------------------------------------------------------


def draw_title(frame: Frame, look: MeterLook) -> Line:
    """Return host, uptime, load and task counts, as much as fits."""
    host, table = frame.sample.host, frame.sample.processes
    kernel = int(np.count_nonzero(table.is_kernel))
    is_user = table.is_process & ~table.is_kernel
    threads = int(table.threads[is_user].clip(min=0).sum())
    load = " ".join(f"{value:.2f}" for value in host.load)
    parts = (
        _pair(look, "", host.hostname),
        _pair(look, "up", duration_text(host.uptime_s)),
        _pair(look, "load", load),
        _pair(look, "tasks", str(int(np.count_nonzero(is_user)))),
        _pair(look, "threads", str(threads)),
        _pair(look, "running", str(host.running)),
        _pair(look, "kernel", str(kernel)),
    )
    line: Line = ((" montauk", look.theme.style("title")),)
    for part in parts:
        if line_width(line) + 2 + line_width(part) > look.width:
            break
        line = (*line, ("  ", Style.null()), *part)
    return line


def _pair(look: MeterLook, label: str, value: str) -> Line:
    shown: Run = (value, look.theme.style("value"))
    return ((label + " ", look.theme.style("label")), shown) if label else (shown,)


# --- layout ---------------------------------------------------------------------------


def _draw_bars(frame: Frame, look: MeterLook) -> list[Line]:
    cpus = [
        partial(_cpu_bar, frame, look, index)
        for index in range(len(frame.sample.host.cpu_ids))
    ]
    gauges = _gauges(frame, look)
    half = look.width // 2
    columns = _columns(len(cpus), half, look.rows)
    if columns and len(gauges) <= max(look.rows, 1):
        left = _grid(cpus, columns, half)
        right = _grid(gauges, 1, look.width - half)
        blank = ((" " * half, Style.null()),)
        left += [blank] * (len(right) - len(left))
        right += [()] * (len(left) - len(right))
        return [(*start, *end) for start, end in zip(left, right, strict=True)]
    columns = _columns(len(cpus), look.width, look.rows)
    if columns:
        lines = _grid(cpus, columns, look.width)
    else:
        lines = _heat_strip(frame, look)
        if len(lines) > _STRIP_LINES_PER_LINE * look.rows:
            lines = []
        gauges = [partial(_average_bar, frame, look), *gauges]
    return [*lines, *_gauge_lines(gauges, look)]


def _gauge_lines(gauges: Sequence[Bar], look: MeterLook) -> list[Line]:
    """Return gauges on one line, or on more where that has no room for the memory's."""
    fitting = max(1, look.width // _LEAST_GAUGE)
    least = min(_LEAST_GAUGES, len(gauges))
    rows = 1 if fitting >= least else min(look.rows, math.ceil(least / fitting))
    shown = gauges[: fitting * rows]
    return _grid(shown, math.ceil(len(shown) / rows), look.width)


def _columns(bars: int, width: int, most_rows: int) -> int:
    """Return how many bars stand side by side, 0 where they do not fit.

    About four lines, and no gap in the last column, look best.
    """
    fitting = {
        rows: math.ceil(bars / rows)
        for rows in range(1, most_rows + 1)
        if math.ceil(bars / rows) * _LEAST_BAR <= width
    }
    if not fitting:
        return 0
    best = min(fitting, key=lambda rows: abs(rows - 4) + 3 * (bars % rows > 0))
    return fitting[best]


def _grid(bars: Sequence[Bar], columns: int, width: int) -> list[Line]:
    """Return the lines of bars that stand in columns, the first column filled first."""
    rows = math.ceil(len(bars) / columns)
    lines: list[Line] = []
    for row in range(rows):
        line: Line = ()
        for column, bar in enumerate(bars[row::rows]):
            cells = width * (column + 1) // columns - width * column // columns
            line = (*line, *bar(cells))
        missing = width - line_width(line)
        lines.append((*line, (" " * missing, Style.null())) if missing > 0 else line)
    return lines


# --- bars -----------------------------------------------------------------------------


def _cpu_bar(frame: Frame, look: MeterLook, index: int, width: int) -> Line:
    shares = frame.host_rates.cpu_share[index]
    text = percent_text(float(frame.host_rates.busy_share[index]) * 100) + "%"
    label = str(int(frame.sample.host.cpu_ids[index]))
    return _bar(look, label, _cpu_parts(shares.tolist()), text, width)


def _average_bar(frame: Frame, look: MeterLook, width: int) -> Line:
    text = percent_text(frame.host_rates.machine_busy * 100) + "%"
    parts = _cpu_parts(frame.host_rates.machine_share.tolist())
    return _bar(look, "CPU", parts, text, width)


def _cpu_parts(shares: Sequence[float]) -> list[tuple[float, str, str]]:
    return [
        (sum(shares[CPU_FIELDS.index(kind)] for kind in kinds), sign, role)
        for _, kinds, sign, role in _KINDS
    ]


def _gauges(frame: Frame, look: MeterLook) -> list[Bar]:
    gauges: list[Bar] = [
        partial(_memory_bar, frame, look),
        partial(_swap_bar, frame, look),
    ]
    if frame.sample.host.pressure:
        gauges.append(partial(_pressure, frame, look))
    return gauges


def _memory_bar(frame: Frame, look: MeterLook, width: int) -> Line:
    memory = frame.sample.host.memory
    total = max(1, memory.total)
    cache = max(0, memory.cached - memory.shared)
    used = max(0, memory.total - memory.free - memory.buffers - cache)
    parts = [
        (used / total, "|", "mem_used"),
        (memory.buffers / total, "#", "mem_buffers"),
        (cache / total, ".", "mem_cache"),
    ]
    text = f"{bytes_text(used)}/{bytes_text(memory.total)}"
    return _bar(look, "Mem", parts, text, width)


def _swap_bar(frame: Frame, look: MeterLook, width: int) -> Line:
    memory = frame.sample.host.memory
    used = memory.swap_total - memory.swap_free
    parts = [(used / max(1, memory.swap_total), "|", "swap_used")]
    text = f"{bytes_text(used)}/{bytes_text(memory.swap_total)}"
    return _bar(look, "Swp", parts, text, width)


def _bar(
    look: MeterLook,
    label: str,
    parts: Sequence[tuple[float, str, str]],
    text: str,
    width: int,
) -> Line:
    """Return ` label[||||##   text]`: parts as (share of 0 to 1, sign, role)."""
    inner = width - 6
    if inner < len(text):
        return _pair(look, label.rjust(4), text[: max(0, width - 5)])
    cells: list[tuple[str, str]] = []
    end = 0.0
    for share, sign, role in parts:
        end += 0.0 if math.isnan(share) else share * inner
        cells += [(sign, role)] * (min(inner, round(end)) - len(cells))
    cells += [(" ", "bracket")] * (inner - len(cells))
    cells[inner - len(text) :] = [(char, "label") for char in text]
    runs: list[Run] = [(label.rjust(4), look.theme.style("label"))]
    runs.append(("[", look.theme.style("bracket")))
    for role, group in groupby(cells, key=lambda cell: cell[1]):
        runs.append(("".join(sign for sign, _ in group), look.theme.style(role)))
    runs.append(("]", look.theme.style("bracket")))
    return tuple(runs)


def _pressure(frame: Frame, look: MeterLook, width: int) -> Line:
    """Return how much of the last 10 s work had to wait (PSI)."""
    pressure = frame.sample.host.pressure
    line: Line = ((" PSI", look.theme.style("label")), (" ", Style.null()))
    for name, resource in (("cpu", "cpu"), ("mem", "memory"), ("io", "io")):
        if resource in pressure:
            share = pressure[resource].some_pct
            role = "hot" if share >= 20 else "warm" if share >= 5 else "value"  # noqa: PLR2004
            value = (f"{percent_text(share)}%  ", look.theme.style(role))
            pair = ((f"{name} ", look.theme.style("label")), value)
            if line_width(line) + line_width(pair) <= width:
                line = (*line, *pair)
    return (*line, (" " * (width - line_width(line)), Style.null()))


def _heat_strip(frame: Frame, look: MeterLook) -> list[Line]:
    """Return a cell for each CPU, in the order of their numbers."""
    signs = _HEAT_ASCII if look.ascii else _HEAT
    room = max(1, look.width - 5)
    busy = frame.host_rates.busy_share.tolist()
    lines: list[Line] = []
    for start in range(0, len(busy), room):
        label = str(int(frame.sample.host.cpu_ids[start])).rjust(4) + " "
        runs: list[Run] = [(label, look.theme.style("label"))]
        for role, group in groupby(busy[start : start + room], key=_heat_role):
            text = "".join(_heat_sign(share, signs) for share in group)
            runs.append((text, look.theme.style(role)))
        lines.append(tuple(runs))
    return lines


def _heat_sign(share: float, signs: str) -> str:
    return (
        " "
        if math.isnan(share)
        else signs[min(len(signs) - 1, int(share * len(signs)))]
    )


def _heat_role(share: float) -> str:
    if share >= 0.9:  # noqa: PLR2004
        return "hot"
    if share >= 0.5:  # noqa: PLR2004
        return "warm"
    return "notice" if share >= 0.05 else "faint"  # noqa: PLR2004
