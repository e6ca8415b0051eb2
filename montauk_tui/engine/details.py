"""The details of one process: its values as text, and their history."""

import math
import time
from collections import deque
from dataclasses import replace
from typing import Final

import numpy as np

from montauk_tui.engine.history.process_history import MOST_INTERVALS
from montauk_tui.engine.summary.graphs import (
    NO_ENDS,
    cpu_graph,
    ends_of,
    io_graph,
    memory_graph,
)
from montauk_tui.engine.summary.items import Graph
from montauk_tui.engine.units import (
    NOTHING_KNOWN,
    byte_rate_text,
    bytes_text,
    cpu_time_text,
    duration_text,
    lifetime_text,
)
from montauk_tui.model.details import (
    USER_TASKS,
    Amount,
    Datum,
    Details,
    Section,
    Unit,
    Value,
)
from montauk_tui.model.frame import Frame
from montauk_tui.model.process_history import Series, series_of
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN, Floats

_MINUTE_S: Final = 60.0


def value_text(value: Value | None) -> str:
    """Return a value as people read it; use and limit as `8 of 1024 (1 %)`."""
    if value is None:
        return NOTHING_KNOWN
    if isinstance(value, str):
        return value
    if math.isnan(value.limit):
        return _number_text(value.number, value.unit)
    most = "unlimited"
    if not math.isinf(value.limit):
        most = _number_text(value.limit, value.unit)
    if math.isnan(value.number):
        return most if math.isinf(value.limit) else f"at most {most}"
    used = _number_text(value.number, value.unit)
    if math.isinf(value.limit):
        return f"{used} of {most}"
    share = value.number / value.limit * 100 if value.limit else math.nan
    return f"{used} of {most}" + ("" if math.isnan(share) else f" ({share:.0f} %)")


def _number_text(number: float, unit: Unit) -> str:
    if math.isnan(number):
        return NOTHING_KNOWN
    if unit is Unit.BYTES:
        return bytes_text(number)
    if unit is Unit.SECONDS:
        return cpu_time_text(number)
    if unit is Unit.DURATION:
        return lifetime_text(number) if number < _MINUTE_S else duration_text(number)
    if unit is Unit.MOMENT:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(number))
    return str(int(number)) if abs(number) < 1e18 else "many"  # noqa: PLR2004 - digits


def with_user_tasks(details: Details, frame: Frame) -> Details:
    """Return the details with the number of the user's tasks, which a limit counts.

    Only where the frame's users are real users: an effective one is close enough.
    """
    table = frame.sample.processes
    own = table.is_process & (table.uid == details.uid) & (table.threads != UNKNOWN)
    tasks = float(np.sum(table.threads[own]))

    def filled(datum: Datum) -> Datum:
        value = datum.value
        if datum.label != USER_TASKS or not isinstance(value, Amount):
            return datum
        note = "of the user, threads too"
        return replace(datum, value=replace(value, number=tasks), note=note)

    def section(part: Section) -> Section:
        if part.id != "limits":
            return part
        return replace(part, data=tuple(map(filled, part.data)))

    return replace(details, sections=tuple(map(section, details.sections)))


class ProcessHistory:
    """CPU use and memory of a process in past intervals; I/O since it was opened."""

    def __init__(self, identity: Identity) -> None:
        """Start empty."""
        self.identity = identity
        self.cpu_pct: deque[float] = deque(maxlen=MOST_INTERVALS)
        self.rss_bytes: deque[float] = deque(maxlen=MOST_INTERVALS)
        self.read_rate: deque[float] = deque(maxlen=MOST_INTERVALS)
        """Bytes a second."""
        self.write_rate: deque[float] = deque(maxlen=MOST_INTERVALS)
        self._ends = NO_ENDS
        self._last_ends = NO_ENDS
        """With the clock of the last frame that it was in."""
        self._at_s = math.nan
        """CLOCK_MONOTONIC of that frame."""
        self._last: Details | None = None

    def take_frame(self, frame: Frame) -> bool:
        """Add the values of a frame; tell whether the process is in it."""
        frame = frame.whole or frame
        row = frame.sample.processes.row_of(self.identity)
        # Not the number of the frame: a moment of the past may be shown again.
        last_s, now_s = self._at_s, frame.sample.monotonic_s
        is_first = math.isnan(last_s)
        if row is not None or is_first:
            self._at_s, self._last_ends = now_s, ends_of(frame, is_over=True)
        self._ends = self._last_ends if row is None else ends_of(frame)
        if frame.since_s is not None:
            # A sum is one interval: it has no history.
            return row is not None
        if is_first and frame.history.intervals:
            self._take_series(series_of(frame.history.intervals, self.identity))
        elif row is not None and now_s != last_s:
            rss = int(frame.sample.processes.rss_bytes[row])
            self.cpu_pct.append(float(frame.rates.cpu_pct[row]))
            self.rss_bytes.append(math.nan if rss == UNKNOWN else float(rss))
        return row is not None

    def _take_series(self, series: Series) -> None:
        """Add the series of past intervals, from when the process was first seen."""
        seen = np.flatnonzero(
            np.isfinite(series.cpu_pct) | np.isfinite(series.rss_bytes)
        )
        first = seen[0] if seen.size else len(series.cpu_pct)
        self.cpu_pct.extend(series.cpu_pct[first:].tolist())
        self.rss_bytes.extend(series.rss_bytes[first:].tolist())
        # So that values above one another are of the same time.
        unknown = [math.nan] * (len(series.cpu_pct) - int(first))
        self.read_rate.extend(unknown)
        self.write_rate.extend(unknown)

    def take_details(self, details: Details) -> None:
        """Add the counters of a reading; two make a rate."""
        last, self._last = self._last, details
        if last is None or details.monotonic_s <= last.monotonic_s:
            return
        elapsed_s = details.monotonic_s - last.monotonic_s
        read = (details.read_bytes - last.read_bytes) / elapsed_s
        written = (details.write_bytes - last.write_bytes) / elapsed_s
        self.read_rate.append(read if math.isnan(read) else max(0.0, read))
        self.write_rate.append(written if math.isnan(written) else max(0.0, written))

    def graphs(self, machine_cpus: int) -> tuple[Graph, Graph, Graph]:
        """Return the last 60 intervals of CPU use, memory and I/O.

        Args:
            machine_cpus: Number of CPUs that are 100 %, 0 for one.
        """
        cpu = np.array(self.cpu_pct, dtype=np.float64) / max(1, machine_cpus)
        rss = np.array(self.rss_bytes, dtype=np.float64)
        read, written = np.array(self.read_rate), np.array(self.write_rate)
        return (
            cpu_graph(cpu, _latest(cpu), self._ends),
            memory_graph(bytes_text(_latest(rss)), rss, self._ends),
            io_graph(_io_text(read, written), _both(read, written), self._ends),
        )


def _io_text(read: Floats, written: Floats) -> str:
    return f"r {byte_rate_text(_latest(read))}  w {byte_rate_text(_latest(written))}"


def _both(read: Floats, written: Floats) -> Floats:
    """Return the sums of what is known: one of the two may not be."""
    unknown = np.isnan(read) & np.isnan(written)
    sums: Floats = np.nan_to_num(read) + np.nan_to_num(written)
    return np.where(unknown, np.nan, sums)


def _latest(points: Floats) -> float:
    return float(points[-1]) if len(points) else math.nan
