"""What the kernel counts for one cgroup: small files of either version.

A controller is in a tree of version 1 or in that of version 2, never in both.
"""

import errno
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

from montauk_tui.collectors.procfs.figures import decimal, without_cut_word
from montauk_tui.model.cgroups import (
    CPU,
    IO,
    MEMORY,
    NO_LIMIT,
    PRESSURE,
    ROOT,
    TASKS,
    CgroupFigures,
)
from montauk_tui.model.schema import Need

_FILE_BYTES: Final = 1 << 14
"""How much of a file is read; io.stat has a line for each device."""
_MOST: Final = 1.9e19
"""2**64: larger numbers do not fit into the kernel's."""
_NO_LIMIT_BYTES: Final = float(1 << 62)
"""Version 1 has no word for no limit: PAGE_COUNTER_MAX pages (mm/memcontrol-v1.c)."""

_OFF: Final = "this controller is not on for this cgroup"
_ELSEWHERE: Final = "this controller has no such cgroup"
_OF_ROOT: Final = "the root cgroup has none"
_NO_TREE: Final = "this controller is not mounted"
_NOT_COUNTED: Final = "the kernel counts I/O only where a device has a limit"
_NO_PRESSURE: Final = "the kernel keeps no pressure (psi=0)"
_ODD: Final = "{} is not as expected"

Parse = Callable[[bytes], Mapping[str, float]]
"""Returns the figures of a file; raises ValueError where it is not as expected."""


def _number(word: bytes) -> float:
    number = decimal(word)
    if not number <= _MOST:
        raise ValueError(word)
    return number


def _one(name: str, scale: float = 1.0) -> Parse:
    return lambda text: {name: _number(text.strip()) * scale}


def _most(name: str) -> Parse:
    """Return the parser of a limit: a number, `max`, or -1 in version 1."""

    def parse(text: bytes) -> Mapping[str, float]:
        word = text.strip()
        return {name: NO_LIMIT if word in (b"max", b"-1") else _number(word)}

    return parse


def _memory_limit_v1(text: bytes) -> Mapping[str, float]:
    limit = _number(text.strip())
    return {"memory_limit_bytes": NO_LIMIT if limit >= _NO_LIMIT_BYTES else limit}


def _cpu_max(text: bytes) -> Mapping[str, float]:
    quota, _, period = text.strip().partition(b" ")
    return {**_most("quota_us")(quota), "period_us": _number(period)}


def _pairs(**names: tuple[str, float]) -> Parse:
    """Return the parser of `key number` lines; by key the figure and its unit."""

    def parse(text: bytes) -> Mapping[str, float]:
        words = without_cut_word(text).split()
        known = dict(zip(words[::2], words[1::2], strict=False))
        return {
            name: _number(known[key.encode()]) * unit
            for key, (name, unit) in names.items()
            if key.encode() in known
        }

    return parse


def _pressure(name: str) -> Parse:
    def parse(text: bytes) -> Mapping[str, float]:
        for line in text.splitlines():
            if line.startswith(b"some avg10="):
                return {name: _number(line.split()[1].removeprefix(b"avg10="))}
        raise ValueError(text)

    return parse


def _io_stat(text: bytes) -> Mapping[str, float]:
    """Return the bytes of all devices; a cgroup that did no I/O has no lines."""
    sums = {b"rbytes": 0.0, b"wbytes": 0.0}
    for word in without_cut_word(text).split():
        key, _, value = word.partition(b"=")
        if key in sums:
            sums[key] += _number(value)
    return {"read_bytes": sums[b"rbytes"], "write_bytes": sums[b"wbytes"]}


def _io_v1(text: bytes) -> Mapping[str, float]:
    """Return the same from lines `8:0 Read 4096`."""
    sums = {b"Read": 0.0, b"Write": 0.0}
    for line in without_cut_word(text).splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in sums:  # noqa: PLR2004
            sums[words[1]] += _number(words[2])
    return {"read_bytes": sums[b"Read"], "write_bytes": sums[b"Write"]}


class File(NamedTuple):
    """A file of a cgroup."""

    need: Need
    name: str
    figures: tuple[str, ...]
    parse: Parse
    controller: str = ""
    """The tree of version 1 that it is in; empty for version 2."""


_LIMIT: Final = ("memory_limit_bytes",)
_SPENT: Final = ("cpu_s", "periods", "throttled", "throttled_s")
_BYTES: Final = ("read_bytes", "write_bytes")

_IO_V1: Final = "blkio.throttle.io_service_bytes_recursive"

_V2: Final = (
    File(MEMORY, "memory.current", ("memory_bytes",), _one("memory_bytes")),
    File(MEMORY, "memory.max", _LIMIT, _most(*_LIMIT)),
    File(CPU, "cpu.stat", _SPENT, _pairs(
        usage_usec=("cpu_s", 1e-6), nr_periods=("periods", 1.0),
        nr_throttled=("throttled", 1.0), throttled_usec=("throttled_s", 1e-6),
    )),
    File(CPU, "cpu.max", ("quota_us", "period_us"), _cpu_max),
    *(File(PRESSURE, f"{it}.pressure", (name := f"{it}_pressure_pct",), _pressure(name))
      for it in ("cpu", "memory", "io")),
    File(IO, "io.stat", _BYTES, _io_stat),
    File(TASKS, "pids.current", ("tasks",), _one("tasks")),
    File(TASKS, "pids.max", ("tasks_limit",), _most("tasks_limit")),
)  # fmt: skip

_V1: Final = (
    File(MEMORY, "memory.usage_in_bytes", ("memory_bytes",), _one("memory_bytes"),
         "memory"),
    File(MEMORY, "memory.limit_in_bytes", _LIMIT, _memory_limit_v1, "memory"),
    File(CPU, "cpuacct.usage", ("cpu_s",), _one("cpu_s", 1e-9), "cpuacct"),
    File(CPU, "cpu.stat", _SPENT[1:], _pairs(
        nr_periods=("periods", 1.0), nr_throttled=("throttled", 1.0),
        throttled_time=("throttled_s", 1e-9),
    ), "cpu"),
    File(CPU, "cpu.cfs_quota_us", ("quota_us",), _most("quota_us"), "cpu"),
    File(CPU, "cpu.cfs_period_us", ("period_us",), _one("period_us"), "cpu"),
    File(IO, _IO_V1, _BYTES, _io_v1, "blkio"),
    File(TASKS, "pids.current", ("tasks",), _one("tasks"), "pids"),
    File(TASKS, "pids.max", ("tasks_limit",), _most("tasks_limit"), "pids"),
)  # fmt: skip


class Trees:
    """The mounted trees, and which files are where."""

    def __init__(self, mount: str) -> None:
        """Look below `mount`."""
        tops = (mount, f"{mount}/unified")
        # Version 2 only has this file.
        self._unified = next(filter(_is_unified, tops), "")
        of_v1 = {it.controller: f"{mount}/{it.controller}" for it in _V1}
        self._v1 = {c: top for c, top in of_v1.items() if _is_tree(top)}
        old = Need.union(it.need for it in _V1 if it.controller in self._v1)
        self._files = [it for it in _V1 if it.need in old]
        self._files += [it for it in _V2 if it.need not in old]

    def read(self, path: str, needs: Need, now_s: float) -> CgroupFigures:
        """Return what is needed of a cgroup; one file, or a few, for each need."""
        values: dict[str, float] = {}
        why: dict[str, str] = {}
        for file in self._wanted(needs):
            top = self._v1.get(file.controller, "") if file.controller else (
                self._unified
            )  # fmt: skip
            reason = _NO_TREE
            if top:
                reason = _read_into(values, file, f"{top}{path}", path)
            for name in file.figures:
                if name not in values:
                    why[name] = reason or _missing(path)
        if not any(values.get(name, 1) for name in _BYTES) and not self._counts_io:
            for name in _BYTES:
                del values[name]
                why[name] = _NOT_COUNTED
        return CgroupFigures(now_s, values, why)

    @cached_property
    def _counts_io(self) -> bool:
        """Whether the tree of version 1 counts for any device.

        The counters are those of throttling (block/blk-throttle.c), which new kernels
        start with the first limit of a device; until then no cgroup has lines.
        """
        try:
            with Path(self._v1["blkio"], _IO_V1).open("rb") as file:
                return b" Read " in file.read(_FILE_BYTES)
        except (KeyError, OSError):
            return True

    def _wanted(self, needs: Need) -> Iterator[File]:
        return (file for file in self._files if file.need in needs)


def _is_unified(top: str) -> bool:
    return os.access(f"{top}/cgroup.controllers", os.F_OK)


def _is_tree(top: str) -> bool:
    return os.access(f"{top}/cgroup.procs", os.F_OK)


def _read_into(values: dict[str, float], file: File, folder: str, path: str) -> str:
    """Add the figures of a file; return why there are none, if so."""
    try:
        fd = os.open(f"{folder.rstrip('/')}/{file.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            values.update(file.parse(os.read(fd, _FILE_BYTES)))
        finally:
            os.close(fd)
    except FileNotFoundError:
        if path == ROOT:
            return _OF_ROOT
        return _OFF if os.access(folder, os.F_OK) else _ELSEWHERE
    except OSError as error:
        is_off = error.errno == errno.EOPNOTSUPP
        return _NO_PRESSURE if is_off else error.strerror or type(error).__name__
    except ValueError:
        return _ODD.format(file.name)
    return ""


def _missing(path: str) -> str:
    """Return why a file lacks a line: without a controller it has only some."""
    return _OF_ROOT if path == ROOT else _OFF
