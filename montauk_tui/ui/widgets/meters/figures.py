"""Meters as text, in the longest wording that fits."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

from montauk_tui.engine.meters import METERS
from montauk_tui.engine.units import (
    bytes_text,
    clock_second_text,
    count_text,
    duration_text,
    hertz_text,
    load_text,
    percent_text,
)
from montauk_tui.model.devices import Temperature
from montauk_tui.model.frame import Frame, Throughput
from montauk_tui.ui.widgets.lines import Line, Run, line_width
from montauk_tui.ui.widgets.meters.style import MeterStyle, filled, heat_role
from montauk_tui.ui.widgets.meters.title import task_counts

Part = tuple[str, str]
"""Text and role."""

Wording = Sequence[Part]

Draw = Callable[[Frame, MeterStyle, int], Line]

_MUCH_WAITING: Final = 20.0
_SOME_WAITING: Final = 5.0

_PRESSURE: Final = "Pressure"
_LEAST_FOR_WORD: Final = 40
"""Cells from which on there is room for the kernel's word instead of PSI."""

_PRESSURES: Final = (("cpu", "cpu"), ("mem", "memory"), ("io", "io"))


def arrows(look: MeterStyle) -> tuple[str, str]:
    """Return the arrows for incoming and outgoing."""
    return ("v", "^") if look.ascii else ("↓", "↑")


def _fitting(
    look: MeterStyle,
    meter: str,
    wordings: Iterable[Wording],
    width: int,
    title: str = "",
) -> Line:
    """Return the first wording that fits after the title; else the last, truncated."""
    title = title or METERS[meter].title
    label: Run = (title.rjust(4) + " ", look.theme.style("label"))
    line: Line = (label,)
    for wording in wordings:
        line = (label, *((text, look.theme.style(role)) for text, role in wording))
        # One cell is left for what may follow.
        if line_width(line) < width:
            break
    return filled(line, width)


def _unknown(reason: str) -> list[Wording]:
    return [[("-  ", "value"), (reason, "faint")], [("-", "value")]]


def _pressure(frame: Frame, look: MeterStyle, width: int) -> Line:
    """Return the share of the last 10 s in which work waited (PSI)."""
    pressure = frame.sample.host.pressure
    if not pressure:
        return _fitting(look, "pressure", _unknown("not in this kernel"), width)
    shares = [
        (name, pressure[key].some_pct) for name, key in _PRESSURES if key in pressure
    ]
    # The first one mostly fits.
    wordings = (
        _waiting(shares[:count], text, gap)
        for count in range(len(shares), 0, -1)
        for text, gap in ((percent_text, "  "), (_whole, " "))
    )
    is_wide = width >= _LEAST_FOR_WORD
    return _fitting(look, "pressure", wordings, width, _PRESSURE if is_wide else "")


def _waiting(
    shares: Sequence[tuple[str, float]], text: Callable[[float], str], gap: str
) -> Wording:
    parts: list[Part] = []
    for name, share in shares:
        role = "hot" if share >= _MUCH_WAITING else "warm"
        role = role if share >= _SOME_WAITING else "value"
        parts += [(f"{name} ", "label"), (f"{text(share)}%{gap}", role)]
    # Nothing follows the last gap.
    last, role = parts[-1]
    return [*parts[:-1], (last.rstrip(), role)]


def _whole(share: float) -> str:
    return "-" if math.isnan(share) else f"{share:.0f}"


def _network(frame: Frame, look: MeterStyle, width: int) -> Line:
    interfaces = frame.sample.host.devices.interfaces
    if not interfaces:
        reason = "no interface" if interfaces is not None else "cannot be read"
        return _fitting(look, "network", _unknown(reason), width)
    flows = frame.host_rates.network
    came, went = bytes_text(flows.total.in_bytes), bytes_text(flows.total.out_bytes)
    incoming, outgoing = arrows(look)
    short: list[Part] = [
        (incoming, "bar_user"), (f"{came:<5}", "value"),
        (outgoing, "bar_nice"), (went, "value"),
    ]  # fmt: skip
    words: list[Part] = [
        (f"{incoming} ", "bar_user"), (f"{came:>5}", "value"), ("/s in  ", "label"),
        (f"{outgoing} ", "bar_nice"), (f"{went:>5}", "value"), ("/s out", "label"),
    ]  # fmt: skip
    busiest = max(flows.each, key=_moved, default=None) if len(flows.each) > 1 else None
    named = [*words, (f"  {busiest.name}", "faint")] if busiest else words
    signs = [*words[:2], ("/s  ", "label"), *words[3:5], ("/s", "label")]
    return _fitting(look, "network", [named, words, signs, short], width)


def _disk(frame: Frame, look: MeterStyle, width: int) -> Line:
    disks = frame.sample.host.devices.disks
    if not disks:
        reason = "no disk" if disks is not None else "cannot be read"
        return _fitting(look, "disk", _unknown(reason), width)
    flows = frame.host_rates.disks
    total = flows.total
    read, written = bytes_text(total.in_bytes), bytes_text(total.out_bytes)
    busy, role = (
        f"{_whole(total.busy_share * 100)}%",
        heat_role(total.busy_share, "value"),
    )
    short: list[Part] = [
        ("r", "bar_user"), (f"{read:<5}", "value"),
        ("w", "bar_nice"), (written, "value"),
    ]  # fmt: skip
    with_busy = [*short[:3], (f"{written:<5}", "value"), (f"{busy:>4}", role)]
    words: list[Part] = [
        ("r ", "bar_user"), (f"{read:>5}", "value"), ("/s  ", "label"),
        ("w ", "bar_nice"), (f"{written:>5}", "value"), ("/s  ", "label"),
        ("busy ", "label"), (f"{busy:>4}", role),
    ]  # fmt: skip
    busiest = max(flows.each, key=_work, default=None)
    named = [*words, (f"  {busiest.name}", "faint")] if busiest else words
    signs: list[Part] = [
        ("r", "bar_user"), (f"{read:>5}", "value"), ("/s ", "label"),
        ("w", "bar_nice"), (f"{written:>5}", "value"), ("/s ", "label"),
        ("busy ", "label"), (f"{busy:>4}", role),
    ]  # fmt: skip
    wordings = [named, words, signs, with_busy, short]
    return _fitting(look, "disk", wordings, width)


def _moved(flow: Throughput) -> float:
    moved = flow.in_bytes + flow.out_bytes
    return -1.0 if math.isnan(moved) else moved


def _work(flow: Throughput) -> float:
    return -1.0 if math.isnan(flow.busy_share) else flow.busy_share


def hottest(sensors: Sequence[Temperature]) -> Temperature:
    """Return the sensor nearest to its critical temperature."""
    return max(sensors, key=lambda one: one.celsius)


def _temperature(frame: Frame, look: MeterStyle, width: int) -> Line:
    sensors = frame.sample.host.temperatures
    if not sensors:
        return _fitting(look, "temperature", _unknown("no CPU sensor"), width)
    hot = hottest(sensors)
    unit = "C" if look.ascii else "°C"
    limit = hot.critical if hot.critical > 0 else 100.0
    value: Part = (f"{hot.celsius:.0f}{unit}", heat_role(hot.celsius / limit, "value"))
    where: Part = (f"  {hot.label}", "label")
    wordings: list[Wording] = [[value, where], [value]]
    if hot.critical > 0:
        wordings.insert(
            0, [value, where, (f"  limit {hot.critical:.0f}{unit}", "faint")]
        )
    return _fitting(look, "temperature", wordings, width)


def _frequency(frame: Frame, look: MeterStyle, width: int) -> Line:
    clocks = frame.sample.host.frequencies
    if not clocks:
        return _fitting(look, "frequency", _unknown("no cpufreq"), width)
    mean = math.fsum(one.now_hz for one in clocks) / len(clocks)
    value: Part = (hertz_text(mean), "value")
    highest: list[Part] = [
        ("  highest ", "label"),
        (hertz_text(max(one.now_hz for one in clocks)), "value"),
    ]
    most = max((one.most_hz for one in clocks if one.most_hz > 0), default=math.nan)
    limit: list[Part] = [("  limit ", "label"), (hertz_text(most), "faint")]
    wordings: list[Wording] = [[value, *highest, *limit], [value, *highest], [value]]
    return _fitting(look, "frequency", wordings, width)


def _memory(frame: Frame, look: MeterStyle, width: int) -> Line:
    memory = frame.sample.host.memory
    total: Part = (f"of {bytes_text(memory.total)}", "label")
    used = _amount("used", memory.used, "mem_used", last="  ")
    word = "available about" if memory.is_estimate else "available"
    free = _amount(word, memory.available, "notice", last="  ")
    split = [
        *used,
        *_amount("shared", memory.shared, "value", last="  "),
        *_amount("buffers", memory.buffers, "mem_buffers", last="  "),
        *_amount("cache", memory.cache, "mem_cache", last="  "),
        *free,
    ]
    short = f"{bytes_text(memory.used)}/{bytes_text(memory.total)}"
    wordings = [
        [*split, total],
        [*used, *free, total],
        [*used, total],
        [(short, "value")],
    ]
    return _fitting(look, "memory", wordings, width)


def _swap(frame: Frame, look: MeterStyle, width: int) -> Line:
    memory = frame.sample.host.memory
    used, total = bytes_text(memory.swap_used), bytes_text(memory.swap_total)
    words = [
        *_amount("used", memory.swap_used, "swap_used", last="  "),
        *_amount("cached", memory.swap_cached, "value", last="  "),
        (f"of {total}", "label"),
    ]
    return _fitting(look, "swap", [words, [(f"{used}/{total}", "value")]], width)


def _amount(word: str, count: float, role: str, *, last: str) -> list[Part]:
    return [(f"{word} ", "label"), (bytes_text(count) + last, role)]


def _load(frame: Frame, look: MeterStyle, width: int) -> Line:
    cpus = max(1, len(frame.sample.host.cpu_ids))
    # Warm: as many as CPUs.
    averages = [
        (f"{load_text(value)} ", heat_role(value / cpus / 2, "value"))
        for value in frame.sample.host.load
    ]
    wordings = [[*averages, (f" of {cpus}", "faint")], averages, averages[:1]]
    return _fitting(look, "load", wordings, width)


def _tasks(frame: Frame, look: MeterStyle, width: int) -> Line:
    processes, threads, _ = task_counts(frame)
    parts: list[list[Part]] = [
        [(str(processes), "value")],
        [("  threads ", "label"), (str(threads), "value")],
        [("  running ", "label"), (count_text(frame.sample.host.running), "value")],
    ]
    wordings = [[*chain.from_iterable(parts[:count])] for count in (3, 2, 1)]
    return _fitting(look, "tasks", wordings, width)


def _uptime(frame: Frame, look: MeterStyle, width: int) -> Line:
    text = duration_text(frame.sample.host.uptime_s)
    return _fitting(look, "uptime", [[(text, "value")]], width)


def _clock(frame: Frame, look: MeterStyle, width: int) -> Line:
    text = clock_second_text(frame.sample.time_s)
    return _fitting(look, "clock", [[(text, "value")]], width)


FIGURES: Final[Mapping[str, tuple[Draw, int]]] = {
    "memory": (_memory, 16),
    "swap": (_swap, 16),
    "pressure": (_pressure, 26),
    "network": (_network, 18),
    "disk": (_disk, 22),
    "temperature": (_temperature, 12),
    "frequency": (_frequency, 13),
    "load": (_load, 20),
    "tasks": (_tasks, 18),
    "uptime": (_uptime, 16),
    "clock": (_clock, 14),
}
"""Drawing function and least useful width of each."""
