"""The note beside the command of a row that is not a live process."""

import math
from typing import Final, NamedTuple

from montauk_tui.engine.rows.causes import cause, error_text
from montauk_tui.engine.rows.devices import WHY
from montauk_tui.engine.rows.kinds import extra_value, kind_of
from montauk_tui.engine.units import exit_status_text, lifetime_text, rate_text
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.text import clean

_MOST_ANCESTORS: Final = 6

_SIGNALS: Final = ("SIG", "signal")
"""How the status of a process begins that a signal killed."""


class Note(NamedTuple):
    """What explains a row: in front of its command, and behind it."""

    front: str = ""
    """How one process exited, the status first: `exit 1, 0.2s`."""
    behind: str = ""
    is_failure: bool = False
    """Whether it exited with another status than 0."""
    is_past: bool = False
    """Whether it is an exited process among living ones."""
    failed: str = ""
    """How many failed, as a part of `behind`."""

    def around(self, command: str) -> str:
        """Return a command with the note beside it."""
        front = f"[{self.front}] " if self.front else ""
        return f"{front}{command}" + (f"  {self.behind}" if self.behind else "")


NO_NOTE: Final = Note()


def note(frame: Frame, row: int, arrow: str = "<", *, with_cause: bool = True) -> Note:
    """Return the exit status, what a group stands for, or the parents of a spawner.

    Among exits and events it is why a signal killed the process, unless there is no
    need for that, or why an exec failed.
    """
    if "forks_rate" in frame.extra:
        return Note(behind=_ancestry(frame, row, arrow))
    match kind_of(frame, row):
        case RowKind.ORPHANS_PARENT:
            is_known = not math.isnan(extra_value(frame, "exit_status", row))
            one = _of_one(frame, row) if is_known else Note("exited", is_past=True)
            return one._replace(front=f"{one.front}, its children live on")
        case RowKind.EXITED_GROUP | RowKind.DEVICE as kind:
            is_group = kind is RowKind.EXITED_GROUP
            return (_of_many if is_group else _of_device)(frame, row)
        case RowKind.EXITED if "window_s" in frame.extra:
            return _of_one(frame, row)
        case RowKind.EXITED | RowKind.EVENT:
            why = error_text(frame, row) or (cause(frame, row) if with_cause else "")
            return Note(why, is_failure=True)
    return NO_NOTE


def _of_one(frame: Frame, row: int) -> Note:
    status = extra_value(frame, "exit_status", row)
    front = exit_note(status, extra_value(frame, "lifetime_s", row))
    return Note(front, cause(frame, row), status > 0, is_past=True)


def _of_device(frame: Frame, row: int) -> Note:
    """Return why something of a device is unknown."""
    why = frame.texts[WHY][row]
    return Note(behind=f"- ({why})" if why else "")


def exit_note(status: float, lifetime_s: float) -> str:
    """Return how a process exited and how long it lived: `exit 1, 0.2s`."""
    text = exit_status_text(status)
    how = text if text.startswith(_SIGNALS) else f"exit {text}"
    return f"{how}, {lifetime_text(lifetime_s)}"


def _of_many(frame: Frame, row: int) -> Note:
    """Return the rate, the failures and the parent: `13/s, 3 failed, by make 21`."""
    count, failed, window_s = (
        extra_value(frame, name, row) for name in ("count", "failed", "window_s")
    )
    text = f"{rate_text(count / max(window_s, 1.0))}/s"
    failures = ""
    if failed > 0:
        failures = "all failed" if failed == count else f"{failed:.0f} failed"
        text += f", {failures}"
    by = _name(frame, int(frame.sample.processes.ppid[row]))
    text = f"{text}{',' * (failed > 0)} by {by}" if by else text
    return Note(behind=text, failed=failures)


def _ancestry(frame: Frame, row: int, arrow: str) -> str:
    whole = frame.whole or frame
    table = whole.sample.processes
    parts: list[str] = []
    pid, seen = int(frame.sample.processes.ppid[row]), set[int]()
    if kind_of(frame, row) is RowKind.GROUP:
        return ""
    while pid > 0 and pid not in seen and len(parts) < _MOST_ANCESTORS:
        seen.add(pid)
        name = _name(whole, pid)
        if not name:
            break
        parts.append(f"{arrow} {name}")
        pid = int(table.ppid[table.pid.searchsorted(pid)])
    return " ".join(parts)


def _name(frame: Frame, pid: int) -> str:
    """Return name and pid of a live process, empty where it is not listed."""
    table = frame.sample.processes
    row = table.row_of_pid(pid)
    if row is None:
        return ""
    return f"{clean(bytes(table.comm[row]))} {pid}"
