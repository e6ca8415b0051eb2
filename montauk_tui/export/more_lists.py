"""Further lists of `--json --with`: one table of fields for each.

docs/json.md has these tables, made from here.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from montauk_tui.errors import UsageError, did_you_mean
from montauk_tui.export.fields import rounded, whole
from montauk_tui.model.cgroups import NEEDS
from montauk_tui.model.devices import DISKS, FILESYSTEMS, INTERFACES, Listed
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


def _devices(kind: str) -> Callable[[Frame], Iterable[Row]]:
    """Return what yields the devices of a kind."""

    def rows(frame: Frame) -> Iterable[Row]:
        listed: Mapping[str, Listed] = getattr(frame.sample.host.lists, kind) or {}
        for name, values in frame.host_rates.lists.get(kind, {}).items():
            one = listed[name]
            yield {"name": name, "unknown": one.why or None, **one.texts, **values}

    return rows


def _text(name: str) -> Callable[[Row], Any]:
    return lambda row: row.get(name) or None


_NAMED: Final = ListField("name", "string", "name, sanitised", _same("name"), "never")
_REASON: Final = ListField(
    "unknown", "string", "why something is null", _same("unknown"), "nothing to say"
)
_NOT: Final = "unknown"

DISK_LIST: Final = JsonList(
    DISKS,
    _devices("disks"),
    (
        _NAMED,
        ListField("busy_pct", "%", "share of time in which it worked",
                  _decimal("disk_busy_pct"), _FIRST),
        ListField("reads_per_s", "1/s", "completed reads",
                  _decimal("disk_reads"), _FIRST),
        ListField("writes_per_s", "1/s", "completed writes",
                  _decimal("disk_writes"), _FIRST),
        ListField("read_bytes_per_s", "bytes/s", "read",
                  _count("disk_read_rate"), _FIRST),
        ListField("write_bytes_per_s", "bytes/s", "written",
                  _count("disk_write_rate"), _FIRST),
        ListField("await_s", "s", "mean time of a read or write",
                  _decimal("disk_await_s", 6), "none was completed"),
        ListField("queue", "number", "mean number of incomplete requests",
                  _decimal("disk_queue", 3), _FIRST),
        ListField("size_bytes", "bytes", "size", _count("disk_size_bytes"), _NOT),
        _REASON,
    ),
)  # fmt: skip

INTERFACE_LIST: Final = JsonList(
    INTERFACES,
    _devices("interfaces"),
    (
        _NAMED,
        ListField("state", "string", "`operstate` of the kernel",
                  _text("net_state"), _NOT),
        ListField("speed_bits_per_s", "bits/s", "speed of the link",
                  _count("net_speed"), "down, or none"),
        ListField("in_bytes_per_s", "bytes/s", "received",
                  _count("net_in_rate"), _FIRST),
        ListField("out_bytes_per_s", "bytes/s", "sent",
                  _count("net_out_rate"), _FIRST),
        *(ListField(f"{way}_{what}_per_s", "1/s", meaning,
                    _decimal(f"net_{way}_{what}"), _FIRST)
          for what, meanings in (
              ("packets", ("packets received", "packets sent")),
              ("errors", ("receive errors", "send errors")),
              ("drops", ("received packets dropped", "packets dropped, not sent")),
          )
          for way, meaning in zip(("in", "out"), meanings, strict=True)),
        _REASON,
    ),
)  # fmt: skip

FILESYSTEM_LIST: Final = JsonList(
    FILESYSTEMS,
    _devices("filesystems"),
    (
        ListField("mount_point", "string", "where it is mounted, sanitised",
                  _same("name"), "never"),
        ListField("type", "string", "type", _same("fs_type"), "never"),
        ListField("source", "string", "device or server", _text("fs_source"), "empty"),
        ListField("mode", "string", "`rw`, or `ro` for read-only",
                  _same("fs_mode"), "never"),
        ListField("size_bytes", "bytes", "size", _count("fs_size_bytes"), _OFF),
        ListField("used_bytes", "bytes", "in use", _count("fs_used_bytes"), _OFF),
        ListField("free_bytes", "bytes", "what users may still use",
                  _count("fs_free_bytes"), _OFF),
        ListField("used_pct", "%", "in use, of what users may use",
                  _decimal("fs_used_pct"), _OFF),
        ListField("inodes", "integer", "inodes", _count("fs_inodes"), _OFF),
        ListField("inodes_pct", "%", "inodes in use", _decimal("fs_inodes_pct"),
                  "it has no inodes"),
        _REASON,
    ),
)  # fmt: skip

LISTS: Final = {
    "cgroups": CGROUPS,
    "disks": DISK_LIST,
    "interfaces": INTERFACE_LIST,
    "filesystems": FILESYSTEM_LIST,
}
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
