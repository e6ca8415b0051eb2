"""An event as a line of text, or as a JSON object: docs/json.md describes it."""

import json
import math
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from montauk_tui.engine.interval.events import EXIT, NAMES, SHORT_NAMES
from montauk_tui.engine.units import NOTHING_KNOWN, exit_status_text, lifetime_text
from montauk_tui.export.fields import argv_text, flag, known, seconds, text
from montauk_tui.export.jsonlines import SCHEMA
from montauk_tui.export.killed_by import killed_by, sentence_of
from montauk_tui.model.exits import ExitTable
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.starts import EXEC_FAILED, StartTable, error_name, tried
from montauk_tui.model.text import cell_width, clean

_NS: Final = 10**9
_COLUMNS: Final = (
    ("TIME", -12), ("EVENT", -5), ("PID", 7), ("PPID", 7), ("USER", -8),
    ("STATUS", -12), ("LIFE", 6), ("CPU", 6), ("COMMAND", 0),
)  # fmt: skip
"""Titles and widths, below 0 where a column is aligned to the left."""

_OF_ENDS: Final = (
    "rss_bytes", "peak_rss_bytes", "read_bytes", "write_bytes", "cgroup_id", "threads",
)  # fmt: skip

UserName = Callable[[int], str]


class Event(NamedTuple):
    """One event of a sample."""

    sample: Sample
    kind: int
    row: int
    time_ns: int

    @property
    def table(self) -> StartTable | ExitTable:
        """The table that has its row."""
        table = self.sample.exits if self.kind == EXIT else self.sample.starts
        assert table is not None  # noqa: S101 - there is a row of it
        return table

    @property
    def end(self) -> ExitTable | None:
        """The same if it is an exit."""
        return self.sample.exits if self.kind == EXIT else None

    def moment_ns(self) -> float:
        """Sort key: an event without a time comes last."""
        return math.inf if self.time_ns == UNKNOWN else self.time_ns

    @property
    def time_s(self) -> float | None:
        """The wall-clock time, None if unknown."""
        if self.time_ns == UNKNOWN:
            return None
        return self.sample.booted_at_s + self.time_ns / _NS

    @property
    def cmdline(self) -> bytes | None:
        """The arguments as far as known."""
        table = self.table
        return bytes(table.cmdline[self.row]) if table.cmdline_bytes[self.row] else None

    @property
    def is_cut(self) -> bool:
        """Whether some of the arguments are missing."""
        table = self.table
        return int(table.cmdline_bytes[self.row]) > len(table.cmdline[self.row]) + 1

    @property
    def error(self) -> str | None:
        """The name of the error of an exec that failed."""
        starts = self.sample.starts
        if self.kind != EXEC_FAILED or starts is None:
            return None
        return error_name(int(starts.errno[self.row]))

    def json(self, user: UserName) -> str:
        """Return it as a JSON object on a line of ASCII."""
        table, row, time_s = self.table, self.row, self.time_s
        comm, cmdline, uid = bytes(table.comm[row]), self.cmdline, int(table.uid[row])
        start_s = seconds(table.start_ticks[row], self.sample.user_hz)
        booted_at_s = self.sample.booted_at_s
        document = {
            "schema": SCHEMA,
            "time": None if time_s is None else round(time_s, 6),
            "event": NAMES[self.kind],
            "pid": int(table.pid[row]),
            "ppid": known(table.ppid[row]),
            "start_time": None if start_s is None else round(booted_at_s + start_s, 2),
            "start_boot_s": start_s,
            "uid": known(uid),
            "user": None if uid == UNKNOWN else user(uid),
            "comm": text(comm) if comm else None,
            "cmdline": None if cmdline is None else argv_text(cmdline),
            "cmdline_cut": None if cmdline is None else self.is_cut,
            "exe": text(bytes(table.exe[row])) or None,
            "error": self.error,
            **_end_fields(self.end, row),
            "killed_by": self._killed_by(user),
        }
        return json.dumps(document, allow_nan=False)

    def line(self, user: UserName) -> str:
        """Return it as a line below the titles."""
        table, row, end = self.table, self.row, self.end
        uid, cpu_s = int(table.uid[row]), _cpu_s(end, row)
        ppid = known(table.ppid[row])
        cells = [
            _clock(self.time_s),
            SHORT_NAMES[self.kind],
            str(int(table.pid[row])),
            NOTHING_KNOWN if ppid is None else str(ppid),
            NOTHING_KNOWN if uid == UNKNOWN else user(uid),
            (self.error or NOTHING_KNOWN) if end is None else _status(end, row),
            NOTHING_KNOWN if end is None else lifetime_text(_life_s(end, row)),
            NOTHING_KNOWN if cpu_s is None else lifetime_text(cpu_s),
            self._command(user),
        ]
        return aligned(cells)

    def _killed_by(self, user: UserName) -> dict[str, Any] | None:
        end = self.end
        return None if end is None else killed_by(self.sample, end, self.row, user)

    def _command(self, user: UserName) -> str:
        why = "" if self.end is None else sentence_of(self.end, self.row, user)
        return self._arguments() + (f"  ({why})" if why else "")

    def _arguments(self) -> str:
        cmdline = self.cmdline
        if self.kind == EXEC_FAILED:
            exe = bytes(self.table.exe[self.row])
            cmdline = tried(exe, cmdline or b"", 0)[0] or None
        if cmdline is None:
            return clean(bytes(self.table.comm[self.row])) or NOTHING_KNOWN
        shown = clean(cmdline.rstrip(b"\0").replace(b"\0", b" "))
        return f"{shown}..." if self.is_cut else shown


def title() -> str:
    """Return the line above the first event."""
    return aligned([name for name, _ in _COLUMNS])


def aligned(cells: list[str]) -> str:
    """Return the cells aligned with their titles; a long one shifts the rest."""
    padded = []
    for cell, (_, width) in zip(cells, _COLUMNS, strict=True):
        space = " " * (abs(width) - cell_width(cell))
        padded.append(space + cell if width > 0 else cell + space)
    return " ".join(padded).rstrip()


def _end_fields(end: ExitTable | None, row: int) -> dict[str, Any]:
    """Return the fields of exits, null for other events."""
    if end is None:
        names = ("exit_code", "exit_signal", "core_dumped", "lifetime_s", "utime_s")
        return dict.fromkeys((*names, "stime_s", *_OF_ENDS))
    return {
        "exit_code": known(end.exit_code[row]),
        "exit_signal": known(end.exit_signal[row]),
        "core_dumped": flag(end.core_dumped[row]),
        "lifetime_s": seconds(end.lifetime_ns[row], _NS),
        "utime_s": seconds(end.utime_ns[row], _NS),
        "stime_s": seconds(end.stime_ns[row], _NS),
        **{name: known(getattr(end, name)[row]) for name in _OF_ENDS},
    }


def _cpu_s(end: ExitTable | None, row: int) -> float | None:
    if end is None or UNKNOWN in (end.utime_ns[row], end.stime_ns[row]):
        return None
    return int(end.utime_ns[row] + end.stime_ns[row]) / _NS


def _life_s(end: ExitTable, row: int) -> float:
    life_s = seconds(end.lifetime_ns[row], _NS)
    return float("nan") if life_s is None else life_s


def _status(end: ExitTable, row: int) -> str:
    code, number = known(end.exit_code[row]), known(end.exit_signal[row])
    if number is None:
        return NOTHING_KNOWN if code is None else str(code)
    return exit_status_text(number | (0x80 if flag(end.core_dumped[row]) else 0))


def _clock(time_s: float | None) -> str:
    if time_s is None:
        return NOTHING_KNOWN
    whole, milliseconds = divmod(int(time_s * 1000), 1000)
    return f"{time.strftime('%H:%M:%S', time.localtime(whole))}.{milliseconds:03d}"
