"""Rows of `samples`: processes of one sample after the other, as numpy columns."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from montauk_tui.engine.columns.containers import container_of, unit_of
from montauk_tui.export.fleet.commands import Commands, Texts, as_texts
from montauk_tui.model.join import distinct
from montauk_tui.model.schema import PF_KTHREAD, UNKNOWN, Floats, Ints, as_floats
from montauk_tui.recorder.stream import Step

Columns = dict[str, npt.NDArray[Any]]
"""Equally long columns of a table, named as in `schema`; those of texts are empty, and
those of flags UNKNOWN, where a value is unknown."""

_COPIED: Final = (
    "pid", "start_ticks", "ppid", "uid", "rss_bytes", "virt_bytes", "threads", "nice",
    "minflt", "majflt", "read_bytes", "write_bytes",
)  # fmt: skip
_OTHERS: Final = ("state", "utime", "stime", "flags", "cgroup_id")
_TAKEN: Final = _COPIED + _OTHERS
NEEDED: Final = frozenset((*_TAKEN, "tgid"))
"""Columns of the process table; a row in which one changed is written."""

_LETTERS: Final = as_texts(
    [chr(code) if chr(code).isalpha() else "" for code in range(128)]
)

_LAST_US: Final = 253_402_300_799_000_000
"""The end of the year 9999: no engine takes a later time."""


def micros(seconds: Floats) -> Ints:
    """Return wall clocks in µs, as far as they are times of a calendar."""
    found: Ints = np.clip(np.nan_to_num(seconds) * 1e6, 0, _LAST_US).astype(np.int64)
    return found


class Names:
    """Names of users and cgroups that a recording has mentioned so far."""

    def __init__(self) -> None:
        """Start without one."""
        self._users: dict[int, str] = {}
        self._cgroups: dict[int, str] = {}

    def take(self, step: Step) -> None:
        """Add those of a moment."""
        self._users.update(step.users)
        self._cgroups.update(step.cgroups)

    def users(self, uids: Ints) -> Texts:
        """Return the name of each user, or else the number; empty for unknown."""
        each, at = _distinct(uids)
        names = [self._users.get(uid, str(uid)) for uid in each]
        return _texts_of(each, names)[at]

    def places(self, numbers: Ints) -> Columns:
        """Return cgroup, unit and container by the numbers of cgroups."""
        each, at = _distinct(numbers)
        paths = [self._cgroups.get(number, "") for number in each]
        return {
            "cgroup": _texts_of(each, paths)[at],
            "unit": _texts_of(each, map(unit_of, paths))[at],
            "container": _texts_of(each, map(container_of, paths))[at],
        }


def _distinct(numbers: Ints) -> tuple[list[int], Ints]:
    """Return each number once, and the place of every number among them."""
    # Neighbours are often equal, and few differ: sorting those is enough.
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 1))
    each = distinct(numbers[starts])
    lengths = np.diff(starts, append=len(numbers))
    return each.tolist(), np.repeat(each.searchsorted(numbers[starts]), lengths)


def _texts_of(numbers: list[int], texts: Iterable[str]) -> Texts:
    """Return the texts of numbers, empty for unknown."""
    return as_texts(
        [
            "" if number == UNKNOWN else text
            for number, text in zip(numbers, texts, strict=True)
        ]
    )


class SampleRows:
    """Collects the processes that changed, and all of a moment in full."""

    def __init__(self) -> None:
        """Start without a sample."""
        self._commands = Commands()
        self._start_part()

    def _start_part(self) -> None:
        self._taken: list[Ints] = []
        self._codes: list[Ints] = []
        self._cpu_s: list[Floats] = []
        self._of: list[tuple[float, float, bool, int]] = []
        self.count = 0
        """Rows collected since the last call of `taken`."""

    def skip(self, step: Step) -> None:
        """Add no rows of a moment, but follow what processes are called."""
        self._commands.follow(step)

    def take(
        self, step: Step, cpu_s: Floats, interval_s: float, *, is_first: bool
    ) -> None:
        """Add the rows of a moment.

        Args:
            step: The moment.
            cpu_s: The CPU time of each process in the interval.
            interval_s: The length of the interval.
            is_first: Whether it is the first one: all processes are rows of it.
        """
        codes = self._commands.follow(step)
        is_key = step.is_key or is_first
        matrix, clocks = step.processes, step.clocks
        pid, tgid = matrix.column("pid"), matrix.column("tgid")
        rows = np.arange(len(pid)) if is_key else np.flatnonzero(step.changed)
        rows = rows[pid[rows] == tgid[rows]]
        self._taken.append(matrix.rows(_TAKEN, rows))
        self._codes.append(codes[rows])
        self._cpu_s.append(cpu_s[rows])
        self._of.append((clocks.time_s, interval_s, is_key, clocks.ticks_per_second))
        self.count += len(rows)

    def taken(self, names: Names) -> Columns:
        """Return the rows since the last call as columns."""
        counts = [len(part) for part in self._codes]
        if not counts:
            return {}
        values = dict(zip(_TAKEN, np.concatenate(self._taken, axis=1), strict=True))
        times, intervals, keys, hertz = (
            np.repeat(np.array(column), counts)
            for column in zip(*self._of, strict=True)
        )
        columns: Columns = {name: values[name] for name in _COPIED}
        columns |= self._commands.columns(np.concatenate(self._codes))
        columns |= names.places(values["cgroup_id"])
        columns |= {
            "time": micros(times),
            "interval_s": intervals,
            "key": keys.astype(np.int64),
            "user": names.users(values["uid"]),
            "kernel_thread": _kernel_flag(values["flags"]),
            "state": _LETTERS[np.clip(values["state"], 0, len(_LETTERS) - 1)],
            "cpu_s": np.concatenate(self._cpu_s),
            "utime_s": as_floats(values["utime"]) / hertz,
            "stime_s": as_floats(values["stime"]) / hertz,
        }
        self._start_part()
        return columns


def _kernel_flag(flags: Ints) -> Ints:
    return np.where(flags == UNKNOWN, UNKNOWN, (flags & PF_KTHREAD) // PF_KTHREAD)
