"""Meters that are graphs of the last minutes."""

import math
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
from rich.style import Style

from montauk_tui.engine.meters import METERS
from montauk_tui.engine.units import bytes_text, hertz_text, load_text, percent_text
from montauk_tui.model.frame import Frame
from montauk_tui.model.history import Moment
from montauk_tui.ui.widgets.graph import graph
from montauk_tui.ui.widgets.lines import Line, Run
from montauk_tui.ui.widgets.meters.figures import FIGURES, arrows
from montauk_tui.ui.widgets.meters.style import MeterStyle, filled

LEAST_GRAPH: Final = 30
"""Cells: label, value and half a minute."""

_GUTTER: Final = 13
"""Cells for the label, the newest value and the scale."""

_LEAST_CELLS: Final = 4

_LEAST_BESIDE: Final = 40
"""Least width of two graphs side by side; text needs less."""


class Series(NamedTuple):
    """One series of a graph."""

    values: list[float]
    full: float
    """The top of the graph; 0 for the highest value shown."""
    text: Callable[[float], str]
    role: str
    sign: str = ""
    is_heat: bool = False
    """Whether high values are highlighted."""


def draw_graph(
    meter: str, frame: Frame, look: MeterStyle, size: tuple[int, int]
) -> list[Line]:
    """Return the graph of a meter in a given size."""
    width, lines = size
    series = _SERIES[meter](frame, look)
    if len(series) == 1:
        return _panel(METERS[meter].title, series[0], look, size)
    first, second = series
    if lines == 1 and width < _LEAST_BESIDE:
        return [FIGURES[meter][0](frame, look, width)]
    if lines == 1:
        half = width // 2
        return [
            (
                *_panel(METERS[meter].title, first, look, (half, 1))[0],
                *_panel("", second, look, (width - half, 1))[0],
            )
        ]
    above = (lines + 1) // 2
    return [
        *_panel(METERS[meter].title, first, look, (width, above)),
        *_panel("", second, look, (width, lines - above), hanging=True),
    ]


def _panel(
    title: str,
    series: Series,
    look: MeterStyle,
    size: tuple[int, int],
    *,
    hanging: bool = False,
) -> list[Line]:
    """Return label and newest value, the graph beside them, the scale below them."""
    width, lines = size
    theme = look.theme
    cells = width - _GUTTER - 1
    if cells < _LEAST_CELLS:
        cells = 0
    per_cell = 1 if look.ascii else 2
    shown = series.values[-per_cell * cells :] if cells else []
    most = float(np.nanmax([series.full, *shown]))
    drawn = graph(shown, most, (cells, lines), ascii_only=look.ascii, hanging=hanging)
    now = series.values[-1] if series.values else math.nan
    value = series.text(now).rjust(_GUTTER - 6 - len(series.sign))
    head: Line = (
        (f"{title:>4} ", theme.style("label")),
        (series.sign, theme.style(series.role)),
        (value, theme.style("value")),
    )
    panel: list[Line] = []
    for line, text in enumerate(drawn):
        gutter: Line = ((" " * _GUTTER, Style.null()),)
        if line == 0:
            gutter = filled(head, _GUTTER)
        elif line == 1 and not series.full and most > 0:
            scale = f"max {series.text(most)} "
            gutter = filled(((scale.rjust(_GUTTER), theme.style("faint")),), _GUTTER)
        role = _line_role(series, line, lines)
        # Not `filled`: it would measure every character.
        rest = width - _GUTTER - cells
        if rest < 0:
            panel.append(filled(gutter, width))
            continue
        runs: list[Run] = [(text, theme.style(role)), (" " * rest, Style.null())]
        panel.append((*gutter, *runs))
    return panel


def _line_role(series: Series, line: int, lines: int) -> str:
    """Return the role of a line: the upper ones of heat are warm and hot."""
    below = (lines - 1 - line) / lines
    if not series.is_heat or below < 0.5:  # noqa: PLR2004
        return series.role
    return "hot" if below >= 0.75 else "warm"  # noqa: PLR2004


# --- contents -------------------------------------------------------------------------


def _past(frame: Frame, field: Callable[[Moment], float]) -> list[float]:
    return [field(moment) for moment in frame.history.moments]


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else percent_text(share * 100) + "%"


def _cpu(frame: Frame, _look: MeterStyle) -> list[Series]:
    past = _past(frame, lambda moment: moment.cpu)
    return [Series(past, 1.0, _percent, "bar_user", is_heat=True)]


def _memory(frame: Frame, _look: MeterStyle) -> list[Series]:
    past = _past(frame, lambda moment: moment.memory)
    return [Series(past, 1.0, _percent, "mem_used")]


def _swap(frame: Frame, _look: MeterStyle) -> list[Series]:
    past = _past(frame, lambda moment: moment.swap)
    return [Series(past, 1.0, _percent, "swap_used")]


def _network(frame: Frame, look: MeterStyle) -> list[Series]:
    came, went = arrows(look)
    received = _past(frame, lambda moment: moment.received)
    sent = _past(frame, lambda moment: moment.sent)
    return [
        Series(received, 0.0, bytes_text, "bar_user", came),
        Series(sent, 0.0, bytes_text, "bar_nice", went),
    ]


def _disk(frame: Frame, _look: MeterStyle) -> list[Series]:
    read = _past(frame, lambda moment: moment.read)
    written = _past(frame, lambda moment: moment.written)
    return [
        Series(read, 0.0, bytes_text, "bar_user", "r"),
        Series(written, 0.0, bytes_text, "bar_nice", "w"),
    ]


def _temperature(frame: Frame, look: MeterStyle) -> list[Series]:
    limits = [one.critical for one in frame.sample.host.temperatures or ()]
    full = max((limit for limit in limits if limit > 0), default=100.0)
    past = _past(frame, lambda moment: moment.celsius)
    unit = "C" if look.ascii else "°C"
    return [Series(past, full, lambda c: _degrees(c, unit), "bar_user", is_heat=True)]


def _degrees(celsius: float, unit: str) -> str:
    return "-" if math.isnan(celsius) else f"{celsius:.0f}{unit}"


def _frequency(frame: Frame, _look: MeterStyle) -> list[Series]:
    limits = [one.most_hz for one in frame.sample.host.frequencies or ()]
    full = max((limit for limit in limits if limit > 0), default=0.0)
    past = _past(frame, lambda moment: moment.hz)
    return [Series(past, full, hertz_text, "bar_user")]


def _load(frame: Frame, _look: MeterStyle) -> list[Series]:
    past = _past(frame, lambda moment: moment.load)
    full = float(np.nanmax([len(frame.sample.host.cpu_ids), *past]))
    return [Series(past, full, load_text, "bar_user")]


_SERIES: Final[Mapping[str, Callable[[Frame, MeterStyle], list[Series]]]] = {
    "cpu": _cpu,
    "memory": _memory,
    "swap": _swap,
    "network": _network,
    "disk": _disk,
    "temperature": _temperature,
    "frequency": _frequency,
    "load": _load,
}
