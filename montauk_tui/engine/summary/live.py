"""The summary of a live process or thread."""

import math
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from montauk_tui.engine.columns import cells
from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.gauge_cells import of_cgroup
from montauk_tui.engine.columns.rate_cells import rate_at
from montauk_tui.engine.past import before_text
from montauk_tui.engine.summary.graphs import cpu_graph, ends_of, memory_graph
from montauk_tui.engine.summary.items import Fact, Group, Summary
from montauk_tui.engine.summary.lists import family
from montauk_tui.engine.summary.relatives import (
    PEOPLE,
    ancestors,
    ancestry_text,
)
from montauk_tui.engine.units import (
    NOTHING_KNOWN,
    byte_rate_text,
    cpu_time_text,
    percent_text,
)
from montauk_tui.model.frame import Frame
from montauk_tui.model.lookups import Command
from montauk_tui.model.names import POLICIES, STATES
from montauk_tui.model.orphans import codes
from montauk_tui.model.process_history import SeriesReader
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN

_ZOMBIE: Final = "Z"
_USUAL_POLICY: Final = 0
_LEAST_TO_SPLIT_S: Final = 0.1
"""Ticks split the time into user and system: below this the split is chance."""
_LEAST_POINTS: Final = 2
_READER: Final = SeriesReader()
"""The process of the panel is mostly the same as in the previous frame."""


def living(frame: Frame, row: int, *, machine_scale: bool) -> Summary:
    """Return the summary of a row of the sample."""
    table = frame.sample.processes
    identity = table.identity(row)
    is_thread = not table.is_process[row]
    has_command = not (is_thread or table.is_kernel[row])
    return Summary(
        name=cells.name_text(frame, row),
        number=str(identity.pid),
        said=_state(frame, row),
        level=cells.state_level(frame, row),
        command=_command(frame, row) if has_command else None,
        groups=(
            _origin(frame, row),
            use_of(frame, identity, row, machine_scale=machine_scale),
            _setup(frame, row),
        ),
        lists=() if is_thread else family(frame, row, machine_scale=machine_scale),
    )


def _command(frame: Frame, row: int) -> Command | None:
    """Return the command line, None if it is no more than the name."""
    table, name = frame.sample.processes, cells.name_text(frame, row)
    command = frame.lookups.command(table.identity(row), table.comm[row])
    return None if command.text in (name, f"[{name}]") else command


def _state(frame: Frame, row: int) -> str:
    table = frame.sample.processes
    letter = cells.state_text(frame, row)
    words = STATES.get(letter, NOTHING_KNOWN)
    if letter == _ZOMBIE:
        words = "zombie: exited, not reaped yet"
    if table.is_kernel[row]:
        return f"{words}, kernel thread"
    if not table.is_process[row]:
        return f"{words}, thread of {table.tgid[row]}"
    return words


def _origin(frame: Frame, row: int) -> Group:
    table = frame.sample.processes
    ppid = int(table.ppid[row] if table.is_process[row] else table.tgid[row])
    code = int(codes(table.pid[row : row + 1], table.start_ticks[row : row + 1])[0])
    people = ancestry_text(ancestors(frame, code, ppid))
    started_s = cells.start_time_s(frame, row)
    started = NOTHING_KNOWN
    if not math.isnan(started_s):
        started = moment_text(started_s, frame.sample.time_s)
        started += f", {before_text(frame, frame.sample.time_s - started_s)}"
    return (
        Fact("User", cells.user_text(frame, row)),
        Fact("Parents", people or "none", joint=PEOPLE),
        Fact("Started", started),
    )


def moment_text(moment_s: float, now_s: float) -> str:
    """Return a local time to the second, with the date if it is not today's."""
    if math.isnan(moment_s):
        return NOTHING_KNOWN
    moment, now = time.localtime(moment_s), time.localtime(now_s)
    if moment[:3] == now[:3]:
        return time.strftime("%H:%M:%S", moment)
    is_this_year = moment.tm_year == now.tm_year
    return time.strftime("%b %d %H:%M" if is_this_year else "%Y-%m-%d", moment)


def use_of(
    frame: Frame, identity: Identity, row: int | None, *, machine_scale: bool
) -> Group:
    """Return CPU and memory with their history.

    Args:
        frame: With the living.
        identity: Whose.
        row: Its row; None if it has exited: then there is only a history.
        machine_scale: Whether 100 % is the whole machine.
    """
    if frame.since_s is not None:
        return _summed(frame, row, machine_scale=machine_scale)
    series = _READER.read(frame.history.intervals, identity)
    ends = ends_of(frame)
    cpu = series.cpu_pct / (len(frame.sample.host.cpu_ids) if machine_scale else 1)
    group: Group = ()
    if row is not None or np.isfinite(cpu).sum() >= _LEAST_POINTS:
        now = math.nan
        if row is not None:
            now = float(frame.rates.cpu_pct[row])
            now /= len(frame.sample.host.cpu_ids) if machine_scale else 1
        group += (cpu_graph(cpu, now, ends),)
    if row is not None:
        group += _cpu_time(frame, row)
    if row is not None or np.isfinite(series.rss_bytes).sum() >= _LEAST_POINTS:
        text = "" if row is None else _memory_text(frame, row)
        group += (memory_graph(text, series.rss_bytes, ends),)
    if row is not None:
        virtual = cells.size_text("virt_bytes")(frame, row)
        shared = cells.shared_text(frame, row)
        group += (Fact("Virtual", f"{virtual}, shared {shared}"),)
        group += _storage(frame, row)
    return group


def _summed(frame: Frame, row: int | None, *, machine_scale: bool) -> Group:
    """Return the same of a sum, which is one interval and has no history."""
    if row is None:
        return ()
    mean = float(frame.rates.cpu_pct[row])
    mean /= len(frame.sample.host.cpu_ids) if machine_scale else 1
    return (
        Fact("CPU%", f"{percent_text(mean)} on average"),
        *_cpu_time(frame, row),
        Fact("Memory", f"{_memory_text(frame, row)} at its end"),
        *_storage(frame, row),
    )


def _storage(frame: Frame, row: int) -> Group:
    read = rate_at(frame, row, "read_bytes")
    written = rate_at(frame, row, "write_bytes")
    if math.isnan(read) or math.isnan(written):
        return ()
    text = f"read {byte_rate_text(read)}, written {byte_rate_text(written)}"
    level = Level.PLAIN if read + written > 0 else Level.FAINT
    return (Fact("Storage", text, level),)


def _cpu_time(frame: Frame, row: int) -> Group:
    table, hz = frame.sample.processes, frame.sample.ticks_per_second
    utime, stime = int(table.utime[row]), int(table.stime[row])
    if UNKNOWN in (utime, stime):
        return (Fact("CPU time", NOTHING_KNOWN, Level.FAINT),)
    return (Fact("CPU time", split_text(cpu_time_text, utime / hz, stime / hz)),)


def split_text(write: Callable[[float], str], user_s: float, system_s: float) -> str:
    """Return a CPU time with the share spent in user mode."""
    both_s = user_s + system_s
    share = (
        f", {user_s / both_s * 100:.0f} % user" if both_s >= _LEAST_TO_SPLIT_S else ""
    )
    return write(both_s) + share


def _memory_text(frame: Frame, row: int) -> str:
    share = cells.mem_pct_text(frame, row)
    text = cells.size_text("rss_bytes")(frame, row)
    return text + (f", {share} %" if share != NOTHING_KNOWN else "")


def _setup(frame: Frame, row: int) -> Group:
    table = frame.sample.processes
    group: Group = ()
    if table.is_process[row]:
        group += (Fact("Threads", cells.integer_text("threads")(frame, row)),)
    group += (
        Fact("Nice", _scheduling(frame, row), cells.nonzero_level("nice")(frame, row)),
    )
    cgroup = of_cgroup().text(frame, row)
    if cgroup != NOTHING_KNOWN:
        group += (Fact("Cgroup", cgroup),)
    return group


def _scheduling(frame: Frame, row: int) -> str:
    table = frame.sample.processes
    text = cells.integer_text("nice")(frame, row)
    policy, level = int(table.policy[row]), int(table.rt_priority[row])
    if policy in (UNKNOWN, _USUAL_POLICY):
        return text
    name = POLICIES.get(policy, str(policy))
    return f"{text}, policy {name}" + (f" {level}" if level > 0 else "")
