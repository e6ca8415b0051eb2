"""Rows of `exits` and `execs`, as numpy columns."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from montauk_tui.engine.causes import how, killer
from montauk_tui.export.fleet.commands import (
    Texts,
    as_texts,
    clean_name,
    cmdlines_as_text,
)
from montauk_tui.export.fleet.rows import Columns, Names, micros
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.kthreads import kernel_flags
from montauk_tui.model.records import RecordTable, cut_lines
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import PF_KTHREAD, UNKNOWN, Floats, Ints, as_floats
from montauk_tui.model.starts import EXEC, StartTable

Values = tuple[npt.NDArray[Any], ...]

_OF_ALL: Final = dict.fromkeys(("pid", "start_ticks", "ppid", "uid", "cmdline_bytes"))
_OF_EXITS: Final = _OF_ALL | dict.fromkeys((
    "exit_code", "exit_signal", "core_dumped", "rss_bytes", "peak_rss_bytes", "threads",
    "read_bytes", "write_bytes", "cgroup_id",
)) | {
    "end_ns": "boot_ns", "lifetime_ns": "lifetime_s", "utime_ns": "utime_s",
    "stime_ns": "stime_s",
}  # fmt: skip
_OF_STARTS: Final = _OF_ALL | {"time_ns": "boot_ns"}
"""Columns of tables, with the names that others have here."""
_IN_NS: Final = frozenset({"lifetime_s", "utime_s", "stime_s"})
"""Columns that are collected in ns."""


class _Records:
    """Collects tables of events."""

    picked: Callable[[Any], Values]
    """Returns columns of a table."""
    names: tuple[str, ...]
    """What these are called, and those that are added to them."""

    def __init__(self) -> None:
        self._start_part()

    def _start_part(self) -> None:
        self._parts: list[Values] = []
        self._comm: list[bytes] = []
        self._cmdlines: list[bytes] = []
        self._exe: list[bytes] = []
        self._of: list[tuple[float, float, int]] = []
        self.count = 0
        """Rows collected since the last call of `taken`."""

    def _add(self, sample: Sample, table: RecordTable, *more: npt.NDArray[Any]) -> None:
        """Add events, and further columns of them."""
        self.count += len(table)
        self._of.append((sample.time_s, sample.booted_at_s, len(table)))
        self._comm += table.comm.tolist()
        self._cmdlines += table.cmdline.tolist()
        self._exe += table.exe.tolist()
        self._parts.append((*self.picked(table), *more))

    def taken(self, names: Names) -> Columns:
        """Return the rows since the last call as columns."""
        if not self._parts:
            return {}
        parts = zip(*self._parts, strict=True)
        columns = dict(zip(self.names, map(np.concatenate, parts), strict=True))
        length = columns.pop("cmdline_bytes")
        columns["time"] = self._times(columns.pop("boot_ns"))
        cut = cut_lines(self._cmdlines, length).astype(np.int64)
        columns |= {
            "user": names.users(columns["uid"]),
            "comm": as_texts([*map(clean_name, self._comm)]),
            # Those of an exit may be as long as 128 KiB.
            "cmdline": as_texts(cmdlines_as_text(self._cmdlines)),
            "cmdline_cut": np.where(length > 0, cut, UNKNOWN),
            "exe": as_texts([*map(clean_name, self._exe)]),
        }
        for name in _IN_NS & columns.keys():
            columns[name] = as_floats(columns[name]) / 1e9
        if "cgroup_id" in columns:
            columns |= names.places(columns.pop("cgroup_id"))
        self._start_part()
        return columns

    def _times(self, boot_ns: Ints) -> Ints:
        """Return wall clocks by times since boot; of an unknown one the sample's."""
        times_s, booted_s, counts = (
            np.array(them) for them in zip(*self._of, strict=True)
        )
        at_s = np.repeat(booted_s, counts) + as_floats(boot_ns) / 1e9
        return micros(np.where(np.isnan(at_s), np.repeat(times_s, counts), at_s))


def _named(columns: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(name or column for column, name in columns.items())


class ExitRows(_Records):
    """Collects exits."""

    picked = attrgetter(*_OF_EXITS)
    names = (*_named(_OF_EXITS), "kernel_thread", "cpu_s", "killed_by", "killer")

    def take(self, sample: Sample, cpu_s: Floats) -> None:
        """Add those of a sample, with the CPU time that no row of `samples` has."""
        exits = sample.exits
        if exits is None or not len(exits):
            return
        flags = kernel_flags(sample.processes, exits.ppid, exits.cmdline_bytes > 0)
        self._add(sample, exits, flags // PF_KTHREAD, cpu_s, *_causes(exits))


@lru_cache(maxsize=64)
def _no_texts(count: int) -> Texts:
    """Return empty texts, which most exits share."""
    return as_texts([""] * count)


def _causes(exits: ExitTable) -> tuple[Texts, Texts]:
    """Return how each was killed, and by whom; few of them were."""
    kinds = killers = _no_texts(len(exits))
    if exits.deaths:
        kinds, killers = kinds.copy(), killers.copy()
        whose = zip(exits.pid.tolist(), exits.start_ticks.tolist(), strict=True)
        for row, who in enumerate(whose):
            death = exits.deaths.get(who)
            if death is not None:
                kinds[row] = how(death).value
                task = killer(death)
                killers[row] = "" if task is None else clean_name(task.comm)
    return kinds, killers


class ExecRows(_Records):
    """Collects execs."""

    picked = attrgetter(*_OF_STARTS)
    names = _named(_OF_STARTS)

    def take(self, sample: Sample) -> None:
        """Add those of a sample."""
        starts = sample.starts
        if starts is None:
            return
        execs: StartTable = starts.only(starts.kind == EXEC)
        if len(execs):
            self._add(sample, execs)
