"""The processes that a signal has killed lately, with the reason in a few words."""

import signal
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.causes import How, how, killer
from montauk_tui.engine.past import before_word
from montauk_tui.engine.units import exit_status_text
from montauk_tui.model.deaths import Death
from montauk_tui.model.frame import Frame
from montauk_tui.model.orphans import parent_row
from montauk_tui.model.text import clean

SHOWN_S: Final = 30.0
"""How long a killed process is news."""

_ASKED: Final = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGPIPE,
    signal.SIGALRM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
"""Signals that end a process in the normal course of things."""

_IS_NEWS: Final = np.ones(1 << 7, bool)
_IS_NEWS[[0, *_ASKED]] = False
"""By number of the signal; 0 is for those that called exit(2)."""

_REASONS: Final = {
    How.OOM: "out of memory",
    How.FAULT: "crashed",
    How.ABORT: "aborted",
    How.RLIMIT: "over its limit",
    How.SECCOMP: "forbidden system call",
}


MOST: Final = 64
"""Kills that are looked at: a storm of them must not cost more."""


class Killed(NamedTuple):
    """Processes of one name that were killed for one reason."""

    name: str
    pid: int
    """The last one's."""
    why: str
    when: str
    """Of the last one: `3s ago`, in the past `3s before`."""
    times: int
    parent: str
    """Name and PID of the live process that started the last one, if it is known."""


def killed_lately(frame: Frame) -> list[Killed]:
    """Return the processes that were killed in the last seconds, the latest first.

    Those that ran out of memory come before all others.
    """
    found: dict[tuple[str, str], Killed] = {}
    for one in islice(_each(frame), MOST):
        last = found.setdefault((one.name, one.why), one)
        found[one.name, one.why] = last._replace(times=last.times + 1)
    return sorted(found.values(), key=lambda one: one.why != _REASONS[How.OOM])


def _each(frame: Frame) -> Iterator[Killed]:
    """Yield them one by one, the latest first, with no `times` yet."""
    now_s = frame.sample.boot_s
    since_s = frame.sample.monotonic_s - SHOWN_S
    for part in reversed(frame.history.exited):
        if part.reported_s[0] < since_s:
            return
        exits = part.exits
        signals = np.clip(exits.exit_signal, 0, len(_IS_NEWS) - 1)
        rows = np.flatnonzero(_IS_NEWS[signals])
        for row in rows[np.argsort(-exits.end_ns[rows])].tolist():
            pid = int(exits.pid[row])
            death = exits.deaths.get((pid, int(exits.start_ticks[row])))
            yield Killed(
                clean(bytes(exits.comm[row])),
                pid,
                _why(int(signals[row]), death),
                _when(frame, now_s - int(exits.end_ns[row]) / 1e9),
                0,
                _parent(frame, int(exits.ppid[row]), int(exits.start_ticks[row])),
            )


def _when(frame: Frame, ago_s: float) -> str:
    if ago_s >= 1:
        return f"{ago_s:.0f}s {before_word(frame)}"
    return "just before" if frame.is_recorded else "just now"


def _parent(frame: Frame, pid: int, start_ticks: int) -> str:
    table = (frame.whole or frame).sample.processes
    row = parent_row(table, pid, start_ticks)
    return "" if row is None else f"{clean(bytes(table.comm[row]))} {pid}"


def _why(number: int, death: Death | None) -> str:
    """Return the reason; without a record of the signal it is the signal."""
    name = exit_status_text(number)
    if death is None:
        return name
    kind = how(death)
    if kind in _REASONS:
        signal_too = f" ({name})" if kind is How.FAULT else ""
        return _REASONS[kind] + signal_too
    found = None if death.is_own else killer(death)
    return name if found is None else f"{name} by {clean(found.comm)} {found.pid}"
