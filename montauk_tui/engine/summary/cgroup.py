"""What the kernel counts for the cgroup of a group, with the reason where it does not.

What no column needs is not read, and is left out.
"""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.columns.extra_cells import fill_of, stall_of
from montauk_tui.engine.interval.cgroup_rates import PLACE
from montauk_tui.engine.rows.kinds import extra_value
from montauk_tui.engine.summary.items import Fact, Group
from montauk_tui.engine.units import (
    NOTHING_KNOWN,
    byte_rate_text,
    bytes_text,
    cores_text,
    or_none,
    percent_text,
    whole_text,
)
from montauk_tui.model.cgroups import CgroupFigures
from montauk_tui.model.frame import Frame

_Read = Callable[[str], float]


def kernel_facts(listed: Frame, row: int) -> Group:
    """Return the facts of a group that is one cgroup."""
    place = extra_value(listed, PLACE, row)
    if math.isnan(place):
        return ()
    path = list(listed.cgroups)[int(place)]
    figures = listed.sample.cgroups.figures[path]

    def read(name: str) -> float:
        return extra_value(listed, f"cgroup_{name}", row)

    facts = (_fact(line, read, figures) for line in _LINES)
    return tuple(fact for fact in facts if fact is not None)


class _Line(NamedTuple):
    label: str
    figure: str
    """The first of those that it is made from."""
    text: Callable[[_Read], str]
    level: Callable[[_Read], Level] = lambda _: Level.PLAIN


def _fact(line: _Line, read: _Read, figures: CgroupFigures) -> Fact | None:
    if why := figures.why.get(line.figure):
        return Fact(line.label, f"{NOTHING_KNOWN} ({why})", Level.FAINT, joint=" ")
    if line.figure not in figures.values:
        return None
    return Fact(line.label, line.text(read), line.level(read), joint=" ")


def _memory(read: _Read) -> str:
    used, limit = read("memory_bytes"), read("limit_bytes")
    if not limit < math.inf:
        return f"{bytes_text(used)}, limit {or_none(bytes_text)(limit)}"
    share = percent_text(read("memory_pct"))
    return f"{bytes_text(used)} of {bytes_text(limit)}, {share} %"


def _quota(read: _Read) -> str:
    quota = read("quota")
    return "none" if quota == math.inf else f"{cores_text(quota)} cores"


def _throttled(read: _Read) -> str:
    periods = percent_text(read("throttled_pct"))
    return f"{periods} % of periods, {cores_text(read('throttled_rate'))} s/s"


def _pressure(read: _Read) -> str:
    return ", ".join(
        f"{name} {percent_text(read(f'{name}_pressure_pct'))} %"
        for name in ("cpu", "memory", "io")
    )


def _storage(read: _Read) -> str:
    return (
        f"read {byte_rate_text(read('read_rate'))}, "
        f"written {byte_rate_text(read('write_rate'))}"
    )


def _tasks(read: _Read) -> str:
    limit = or_none(whole_text)(read("tasks_limit"))
    return f"{whole_text(read('tasks'))}, limit {limit}"


def _fill(read: _Read) -> Level:
    share = read("memory_pct")
    return Level.PLAIN if math.isnan(share) else fill_of(share)


def _stalls(read: _Read) -> Level:
    return stall_of(read("throttled_pct"))


_LINES: Final = (
    _Line("Charged", "memory_bytes", _memory, _fill),
    _Line("All CPU", "cpu_s", lambda read: f"{percent_text(read('cpu_pct'))} %"),
    _Line("CPU limit", "quota_us", _quota),
    _Line("Throttled", "periods", _throttled, _stalls),
    _Line("Pressure", "cpu_pressure_pct", _pressure),
    _Line("Devices", "read_bytes", _storage),
    _Line("Tasks", "tasks", _tasks),
)  # fmt: skip
