"""The ledger line: where the CPU time went, and rates of forks and exits."""

import math
from typing import Final, NamedTuple

from montauk_tui.engine.interval.ledger import in_cores
from montauk_tui.engine.units import cores_text, counted, rate_text
from montauk_tui.model.frame import Frame, Ledger
from montauk_tui.model.history import Churn
from montauk_tui.ui.widgets.graph import sparks
from montauk_tui.ui.widgets.lines import Line, Run, line_width, spread
from montauk_tui.ui.widgets.meters import MeterStyle


class _Part(NamedTuple):
    """A part of the busy time."""

    long: str
    name: str
    short: str
    field: str
    sign: str
    """Character in the bar."""
    role: str


_PARTS: Final = (
    _Part("live", "live", "live", "live_s", "|", "bar_user"),
    _Part("exited", "exited", "exited", "exited_s", "x", "bar_nice"),
    _Part("irq", "irq", "irq", "interrupts_s", "*", "bar_irq"),
    _Part("unexplained", "unexplained", "rest", "unexplained_s", "?", "hot"),
)

_OUTSIDE: Final = _Part(
    "outside this PID namespace", "outside", "outside", "unexplained_s", ".", "label"
)
"""In a PID namespace, what is unexplained is mostly the rest of the machine."""

_FULL, _LONG, _SHORT, _SHORTEST = range(4)

_LEAST_FULL: Final = 110
"""Cells of a screen on which the words do not change with the figures."""
_LEAST_BAR: Final = 10
_MOST_BAR: Final = 40
_MOST_SPARKS: Final = 60
_HEADROOM: Final = 1.2

_MUCH_UNEXPLAINED: Final = 0.05
"""Share of the busy time from which on it is highlighted."""

_NOTHING: Final = "0.00"


def draw_ledger(frame: Frame, look: MeterStyle) -> list[Line]:
    """Return the ledger line, without figures before the first interval.

    It is drawn from the start, so that nothing below moves under a click.

    On narrow screens the history is dropped first, then the bar, then words.
    """
    ledger = frame.ledger
    if ledger is None or not ledger.interval_s:
        return [((" CPU", look.theme.style("label")),)]
    churn = frame.history.churn
    parts = _parts(frame, ledger)
    cpus = len(frame.sample.host.cpu_ids)
    first = _FULL if look.width >= _LEAST_FULL else _LONG
    for short in range(first, _SHORTEST + 1):
        figures = _figures(ledger, parts, cpus, look, short)
        gauge = _gauge(churn, look, short)
        room = look.width - line_width((*figures, *gauge))
        if room >= 1:
            break
    bar: Line = ()
    if room > _LEAST_BAR:
        # The same width for the history, if both fit.
        wanted = room // 2 if room > 2 * _LEAST_BAR else room - 1
        bar = _bar(ledger, parts, look, min(_MOST_BAR, wanted))
        room -= line_width(bar)
    sparks = _sparks(churn, look, room - 2)
    return [spread((*figures, *bar), (*sparks, *gauge), look.width)]


def _parts(frame: Frame, ledger: Ledger) -> tuple[_Part, ...]:
    """Return the parts; a little that is unexplained is no news."""
    last = _PARTS[-1]
    if not frame.sample.host.sees_every_process:
        last = _OUTSIDE
    elif not _is_much(ledger):
        last = last._replace(role="label")
    return (*_PARTS[:-1], last)


def _figures(
    ledger: Ledger, parts: tuple[_Part, ...], cpus: int, look: MeterStyle, short: int
) -> Line:
    """Return the parts in cores: CPU-seconds a second. They add up.

    Parts of nothing are left out, except live processes: `CPU 2.00 of 2 cores: live
    1.78, exited 0.22`.
    """
    ledger = in_cores(ledger)
    label, value = look.theme.style("label"), look.theme.style("value")
    cores = f" of {counted(cpus, 'core')}: "
    whole = (cores, cores, f" of {cpus}: ", ": ")[short]
    runs: list[Run] = [(" CPU ", label), (cores_text(ledger.busy_s), value)]
    runs.append((whole, label))
    for part in parts:
        text = cores_text(getattr(ledger, part.field))
        is_first = part is _PARTS[0]
        if text == _NOTHING and not is_first:
            continue
        name = (part.long, part.name, part.name, part.short)[short]
        runs.append(("" if is_first else ", ", label))
        runs += [(f"{name} ", look.theme.style(part.role)), (text, value)]
    return tuple(run for run in runs if run[0])


def _is_much(ledger: Ledger) -> bool:
    """Tell whether so much is unexplained that it is worth a colour."""
    return abs(ledger.unexplained_s) > _MUCH_UNEXPLAINED * ledger.busy_s


def _bar(
    ledger: Ledger, parts: tuple[_Part, ...], look: MeterStyle, width: int
) -> Line:
    inner = width - 4
    runs: list[Run] = [("  [", look.theme.style("bracket"))]
    filled, end_s = 0, 0.0
    is_known = not math.isnan(ledger.busy_s)
    for part in parts if is_known else ():
        # 0 first: max() returns it for NaN.
        end_s += max(0.0, getattr(ledger, part.field) or 0.0)
        end = min(inner, round(end_s / max(ledger.busy_s, 1e-9) * inner))
        runs.append((part.sign * (end - filled), look.theme.style(part.role)))
        filled = max(filled, end)
    runs.append((" " * (inner - filled), look.theme.style("bracket")))
    runs.append(("]", look.theme.style("bracket")))
    return tuple(runs)


def _gauge(churn: tuple[Churn, ...], look: MeterStyle, short: int) -> Line:
    """Return the rates of forks, exits and lost events."""
    last = churn[-1] if churn else None
    if last is None or last.exited is None or last.started is None:
        return ()
    label, value = look.theme.style("label"), look.theme.style("value")
    forks = rate_text(last.started / last.interval_s)
    exits = rate_text(last.exited / last.interval_s)
    runs: list[Run] = [(f" {forks}", value), (" forks/s ", label)]
    if short <= _LONG:
        runs += [(f" {exits}", value), (" exits/s ", label)]
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
    text = sparks(counts, _scale(max(counts)), ascii_only=look.ascii)
    return ((text + " ", look.theme.style("faint")),)


def _scale(most: float) -> float:
    """Return a round number well above a rate: a steady one does not fill its cells."""
    wanted = max(1.0, most * _HEADROOM)
    power = 10.0 ** math.floor(math.log10(wanted))
    return next(step for step in (1, 2, 5, 10) if step * power >= wanted) * power
