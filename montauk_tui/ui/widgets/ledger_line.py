"""The ledger line: where the CPU time went, and rates of starts and exits."""

import math
from typing import Final

from montauk_tui.engine.interval.ledger import in_cores
from montauk_tui.engine.units import cores_text, rate_text
from montauk_tui.model.frame import Frame, Ledger
from montauk_tui.model.history import Churn
from montauk_tui.ui.widgets.graph import sparks
from montauk_tui.ui.widgets.lines import Line, Run, line_width, spread
from montauk_tui.ui.widgets.meters import MeterStyle

_PARTS: Final = (
    ("live", "live_s", "|", "bar_user"),
    ("exited", "exited_s", "x", "bar_nice"),
    ("irq", "interrupts_s", "*", "bar_irq"),
    ("unexplained", "unexplained_s", "?", "hot"),
)
"""Name, field of the ledger, character in the bar and role."""

_LONG, _SHORT, _SHORTEST = range(3)
_SHORTEST_NAMES: Final = {"irq": "", "unexplained": "rest "}

_LEAST_BAR: Final = 10
_MOST_BAR: Final = 40
_MOST_SPARKS: Final = 60


def draw_ledger(frame: Frame, look: MeterStyle) -> list[Line]:
    """Return the ledger line, without figures before the first interval.

    It is drawn from the start, so that nothing below moves under a click.

    On narrow screens the history is dropped first, then the bar, then words.
    """
    ledger = frame.ledger
    if ledger is None or not ledger.interval_s:
        return [((" Busy", look.theme.style("label")),)]
    churn = frame.history.churn
    for short in (_LONG, _SHORT, _SHORTEST):
        figures = _figures(ledger, look, short)
        gauge = _short_gauge(churn, look) if short else _gauge(churn, look)
        room = look.width - line_width((*figures, *gauge))
        if room >= 1:
            break
    bar: Line = ()
    if room > _LEAST_BAR:
        # The same width for the history, if both fit.
        wanted = room // 2 if room > 2 * _LEAST_BAR else room - 1
        bar = _bar(ledger, look, min(_MOST_BAR, wanted))
        room -= line_width(bar)
    sparks = _sparks(churn, look, room - 2)
    return [spread((*figures, *bar), (*sparks, *gauge), look.width)]


def _figures(ledger: Ledger, look: MeterStyle, short: int) -> Line:
    """Return the parts in cores: CPU-seconds a second. They add up."""
    ledger = in_cores(ledger)
    label, value = look.theme.style("label"), look.theme.style("value")
    runs: list[Run] = [(" Busy ", label)]
    runs += [(cores_text(ledger.busy_s), value), (" =", label)]
    for name, field, sign, role in _PARTS:
        if short and name == "irq" and not ledger.interrupts_s:
            continue
        message = (
            f"{name} " if short < _SHORTEST else _SHORTEST_NAMES.get(name, f"{name} ")
        )
        runs.append((f" {sign}" if short else f"  {sign} ", look.theme.style(role)))
        runs.append((message, label))
        runs.append((cores_text(getattr(ledger, field)), value))
    return tuple(runs)


def _bar(ledger: Ledger, look: MeterStyle, width: int) -> Line:
    inner = width - 4
    runs: list[Run] = [("  [", look.theme.style("bracket"))]
    filled, end_s = 0, 0.0
    is_known = not math.isnan(ledger.busy_s)
    for _, field, sign, role in _PARTS if is_known else ():
        # 0 first: max() returns it for NaN.
        end_s += max(0.0, getattr(ledger, field) or 0.0)
        end = min(inner, round(end_s / max(ledger.busy_s, 1e-9) * inner))
        runs.append((sign * (end - filled), look.theme.style(role)))
        filled = max(filled, end)
    runs.append((" " * (inner - filled), look.theme.style("bracket")))
    runs.append(("]", look.theme.style("bracket")))
    return tuple(runs)


def _gauge(churn: tuple[Churn, ...], look: MeterStyle) -> Line:
    """Return the rates of starts, exits and lost events."""
    last = churn[-1] if churn else None
    if last is None or last.exited is None or last.started is None:
        return ()
    label, value = look.theme.style("label"), look.theme.style("value")
    runs: list[Run] = [
        (rate_text(last.started / last.interval_s), value),
        ("/s started  ", label),
        (rate_text(last.exited / last.interval_s), value),
        ("/s exited ", label),
    ]
    return (*runs, *_lost(last, look))


def _short_gauge(churn: tuple[Churn, ...], look: MeterStyle) -> Line:
    """Return the same in fewer cells."""
    last = churn[-1] if churn else None
    if last is None or last.exited is None or last.started is None:
        return ()
    label, value = look.theme.style("label"), look.theme.style("value")
    started = rate_text(last.started / last.interval_s)
    ended = rate_text(last.exited / last.interval_s)
    runs: list[Run] = [(f"+{started} -{ended}", value), ("/s ", label)]
    return (*runs, *_lost(last, look))


def _lost(last: Churn, look: MeterStyle) -> Line:
    if not last.lost:
        return ()
    rate = rate_text(last.lost / last.interval_s)
    return ((f" {rate}/s lost ", look.theme.style("alert")),)


def _sparks(churn: tuple[Churn, ...], look: MeterStyle, room: int) -> Line:
    """Return the exits of the last minute, one cell per interval."""
    counts = [
        (one.exited or 0) / one.interval_s for one in churn[-min(room, _MOST_SPARKS) :]
    ]
    if len(counts) < 2 or room < _LEAST_BAR or churn[-1].exited is None:  # noqa: PLR2004
        return ()
    text = sparks(counts, max(*counts, 1.0), ascii_only=look.ascii)
    return ((text + " ", look.theme.style("faint")),)
