"""The note behind the command of a row that is not a live process."""

import math
from typing import Final

from montauk_tui.engine.rows.causes import cause
from montauk_tui.engine.rows.kinds import extra_value, kind_of
from montauk_tui.engine.units import exit_status_text, lifetime_text
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKind
from montauk_tui.model.text import clean

_MOST_ANCESTORS: Final = 6


def note(frame: Frame, row: int, arrow: str = "<", *, with_cause: bool = True) -> str:
    """Return the exit status, what a group stands for, or the parents of a spawner.

    Among exits and events it is why a signal killed the process, unless there is no
    need for that.
    """
    if "forks_rate" in frame.extra:
        return _ancestry(frame, row, arrow)
    match kind_of(frame, row):
        case RowKind.ORPHANS_PARENT:
            is_known = not math.isnan(extra_value(frame, "exit_status", row))
            how = _of_one(frame, row) if is_known else "exited"
            return f"{how}, its children live on"
        case RowKind.EXITED_GROUP:
            return _of_many(frame, row)
        case RowKind.EXITED if "window_s" in frame.extra:
            return _of_one(frame, row)
        case RowKind.EXITED | RowKind.EVENT if with_cause:
            return cause(frame, row)
    return ""


def _of_one(frame: Frame, row: int) -> str:
    if why := cause(frame, row):
        life = lifetime_text(extra_value(frame, "lifetime_s", row))
        return f"{why}; lived {life}"
    status = exit_status_text(extra_value(frame, "exit_status", row))
    life = lifetime_text(extra_value(frame, "lifetime_s", row))
    is_signal = "SIG" in status or "signal" in status
    return f"{'killed by' if is_signal else 'exited with'} {status} after {life}"


def _of_many(frame: Frame, row: int) -> str:
    failed, window_s, shortest, median, longest = (
        extra_value(frame, name, row)
        for name in ("failed", "window_s", "shortest_s", "lifetime_s", "longest_s")
    )
    # The spawner comes first: there may be no room for the rest.
    by = _name(frame, int(frame.sample.processes.ppid[row]))
    parts = [f"by {by}"] if by else []
    if failed > 0:
        parts.append(f"{failed:.0f} failed")
    parts.append(f"exited in {window_s:.0f} s")
    if not math.isnan(median):
        lifetimes = map(lifetime_text, (shortest, median, longest))
        parts.append(f"lived {'/'.join(lifetimes)}")
    return ", ".join(parts)


def _ancestry(frame: Frame, row: int, arrow: str) -> str:
    whole = frame.whole or frame
    table = whole.sample.processes
    parts: list[str] = []
    pid, seen = int(frame.sample.processes.ppid[row]), set[int]()
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
