"""Further lists of `--json --with`: one table of fields for each.

docs/json.md has these tables, made from here.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from montauk_tui.errors import UsageError, did_you_mean
from montauk_tui.export.fields import rounded, whole
from montauk_tui.model.cgroups import NEEDS
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Need
from montauk_tui.model.text import quoted

Row = Mapping[str, Any]


class ListField(NamedTuple):
    """One field of the objects of a list."""

    name: str
    unit: str
    meaning: str
    value: Callable[[Row], Any]
    null: str


class JsonList(NamedTuple):
    """A list beside `processes`."""

    need: Need
    rows: Callable[[Frame], Iterable[Row]]
    fields: tuple[ListField, ...]

    def of(self, frame: Frame) -> list[dict[str, Any]]:
        """Return the objects of a frame."""
        return [
            {field.name: field.value(row) for field in self.fields}
            for row in self.rows(frame)
        ]


def _same(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name]


def _count(name: str) -> Callable[[Row], Any]:
    return lambda row: whole(row.get(name, math.nan))


def _decimal(name: str, digits: int = 2) -> Callable[[Row], Any]:
    return lambda row: rounded(row.get(name, math.nan), digits)


def _limit(value: Callable[[Row], Any], name: str) -> Callable[[Row], Any]:
    """Return a limit; the word of the kernel for none."""
    return lambda row: "max" if row.get(name) == math.inf else value(row)


def _cgroups(frame: Frame) -> Iterable[Row]:
    figures = frame.sample.cgroups.figures
    for path, values in frame.cgroups.items():
        yield {"path": path, "unknown": dict(figures[path].why), **values}


def _share(name: str, meaning: str, null: str) -> ListField:
    return ListField(name, "%", meaning, _decimal(f"cgroup_{name}"), null)


_OFF: Final = "see `unknown`"
_FIRST: Final = "first seen, or unknown"

CGROUPS: Final = JsonList(
    NEEDS,
    _cgroups,
    (
        ListField("path", "string", "from the root, sanitised", _same("path"), "never"),
        ListField("memory_bytes", "bytes", "memory, with the page cache",
                  _count("cgroup_memory_bytes"), _OFF),
        ListField("memory_limit_bytes", 'bytes or `"max"`', "its own limit",
                  _limit(_count("cgroup_limit_bytes"), "cgroup_limit_bytes"), _OFF),
        ListField("cpu_pct", "%, 100 is one core", "CPU use, exited processes too",
                  _decimal("cgroup_cpu_pct"), _FIRST),
        ListField("cpu_limit_cores", 'cores or `"max"`', "its own CPU limit",
                  _limit(_decimal("cgroup_quota", 4), "cgroup_quota"), _OFF),
        _share("throttled_pct", "share of periods in which it was throttled", _FIRST),
        ListField("throttled_s_per_s", "s/s", "time in which CPUs were throttled",
                  _decimal("cgroup_throttled_rate", 4), _FIRST),
        _share("cpu_pressure_pct", "of 10 s some task waited for a CPU", _OFF),
        _share("memory_pressure_pct", "the same for memory", _OFF),
        _share("io_pressure_pct", "the same for I/O", _OFF),
        ListField("read_bytes_per_s", "bytes/s", "read from devices",
                  _count("cgroup_read_rate"), _FIRST),
        ListField("write_bytes_per_s", "bytes/s", "written to devices",
                  _count("cgroup_write_rate"), _FIRST),
        ListField("tasks", "integer", "processes and threads",
                  _count("cgroup_tasks"), _OFF),
        ListField("tasks_limit", 'integer or `"max"`', "how many it may have",
                  _limit(_count("cgroup_tasks_limit"), "cgroup_tasks_limit"), _OFF),
        ListField("unknown", "object of strings", "why figures were not read",
                  _same("unknown"), "never"),
    ),
)  # fmt: skip

LISTS: Final = {"cgroups": CGROUPS}
"""By the name in `--with`, which is that of the field in the sample."""


def chosen(names: str) -> dict[str, JsonList]:
    """Return the lists that were asked for.

    Raises:
        UsageError: A name is unknown.
    """
    found: dict[str, JsonList] = {}
    for name in (it.strip() for it in names.split(",")):
        if name not in LISTS:
            remedy = did_you_mean(name, LISTS) or f"use some of: {', '.join(LISTS)}"
            raise UsageError(f"no list is called {quoted(name)}", remedy)
        found[name] = LISTS[name]
    return found
