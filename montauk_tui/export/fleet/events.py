"""Rows of `exits` and `execs`, as numpy columns."""

from typing import Any, Final

import numpy as np

from montauk_tui.engine.causes import how, killer
from montauk_tui.export.fleet.commands import as_texts, clean_name, cmdlines_as_text
from montauk_tui.export.fleet.rows import Columns, Names, micros
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.kthreads import kernel_flags
from montauk_tui.model.records import RecordTable, cut_lines
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import PF_KTHREAD, UNKNOWN, Floats, Ints, as_floats
from montauk_tui.model.starts import EXEC, StartTable

_OF_EXITS: Final = (
    "pid", "start_ticks", "ppid", "uid", "exit_code", "exit_signal", "core_dumped",
    "rss_bytes", "peak_rss_bytes", "threads", "read_bytes", "write_bytes",
)  # fmt: skip
_IN_NS: Final = frozenset({"lifetime_s", "utime_s", "stime_s"})
"""Columns that are collected in ns."""
_OF_STARTS: Final = ("pid", "start_ticks", "ppid", "uid")


class _Records:
    """Collects tables of events."""

    def __init__(self) -> None:
        self._start_part()

    def _start_part(self) -> None:
        self._parts: dict[str, list[Any]] = {}
        self._comm: list[bytes] = []
        self._cmdlines: list[bytes] = []
        self._exe: list[bytes] = []
        self._of: list[tuple[float, float, int]] = []
        self.count = 0
        """Rows collected since the last call of `taken`."""

    def _add(self, sample: Sample, table: RecordTable, values: Columns) -> None:
        """Add events; `boot_ns` of `values` is when they were."""
        self.count += len(table)
        self._of.append((sample.time_s, sample.booted_at_s, len(table)))
        self._comm += table.comm.tolist()
        self._cmdlines += table.cmdline.tolist()
        self._exe += table.exe.tolist()
        values |= {"cmdline_bytes": table.cmdline_bytes}
        for name, column in values.items():
            self._parts.setdefault(name, []).append(column)

    def taken(self, names: Names) -> Columns:
        """Return the rows since the last call as columns."""
        columns = {name: np.concatenate(them) for name, them in self._parts.items()}
        if not columns:
            return {}
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


class ExitRows(_Records):
    """Collects exits."""

    def take(self, sample: Sample, cpu_s: Floats) -> None:
        """Add those of a sample, with the CPU time that no row of `samples` has."""
        exits = sample.exits
        if exits is None or not len(exits):
            return
        flags = kernel_flags(sample.processes, exits.ppid, exits.cmdline_bytes > 0)
        self._add(
            sample,
            exits,
            {name: getattr(exits, name) for name in _OF_EXITS}
            | _causes(exits)
            | {
                "boot_ns": exits.end_ns,
                "cgroup_id": exits.cgroup_id,
                "kernel_thread": flags // PF_KTHREAD,
                "lifetime_s": exits.lifetime_ns,
                "cpu_s": cpu_s,
                "utime_s": exits.utime_ns,
                "stime_s": exits.stime_ns,
            },
        )


def _causes(exits: ExitTable) -> Columns:
    """Return how each was killed, and by whom; few of them were."""
    kinds, killers = (as_texts([""] * len(exits)) for _ in range(2))
    if exits.deaths:
        whose = zip(exits.pid.tolist(), exits.start_ticks.tolist(), strict=True)
        for row, who in enumerate(whose):
            death = exits.deaths.get(who)
            if death is not None:
                kinds[row] = how(death).value
                task = killer(death)
                killers[row] = "" if task is None else clean_name(task.comm)
    return {"killed_by": kinds, "killer": killers}


class ExecRows(_Records):
    """Collects execs."""

    def take(self, sample: Sample) -> None:
        """Add those of a sample."""
        starts = sample.starts
        if starts is None:
            return
        execs: StartTable = starts.only(starts.kind == EXEC)
        if len(execs):
            values = {name: getattr(execs, name) for name in _OF_STARTS}
            self._add(sample, execs, values | {"boot_ns": execs.time_ns})
