"""The cells of the process table: text, meaning and sort key.

What a meaning looks like is the front end's choice.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final

import numpy as np

from montauk_tui.engine.interval.rates import cpu_seconds
from montauk_tui.engine.order import known_rank, text_rank
from montauk_tui.engine.units import (
    NOTHING_KNOWN,
    bytes_text,
    clock_text,
    cpu_time_text,
    duration_text,
    percent_text,
)
from montauk_tui.model.frame import Frame
from montauk_tui.model.names import POLICIES, state_letter, tty_name
from montauk_tui.model.schema import NO_START, UNKNOWN, Floats, as_floats
from montauk_tui.model.text import clean


class Level(Enum):
    """What a value means to the reader."""

    PLAIN = "plain"
    FAINT = "faint"
    """Nothing of interest: zero, the default, unknown."""
    NOTICE = "notice"
    """Worth a glance."""
    WARM = "warm"
    HOT = "hot"
    """Likely the value the user is looking for."""


Key = Callable[[Frame], Floats]
"""A number for each row; NaN, which comes last, where it is unknown."""
Text = Callable[[Frame, int], str]
Meaning = Callable[[Frame, int], Level]

_WARM_OF_MACHINE: Final = 0.25
_HOT_OF_MACHINE: Final = 0.5
_WARM_OF_CORE_PCT: Final = 90.0


def plain(_frame: Frame, _row: int) -> Level:
    return Level.PLAIN


# --- sort keys ------------------------------------------------------------------------


def number(field: str) -> Key:
    return lambda frame: as_floats(getattr(frame.sample.processes, field))


def cpu_pct_key(frame: Frame) -> Floats:
    return frame.rates.cpu_pct


def cpu_time_key(frame: Frame) -> Floats:
    """Return the CPU time so far, of exited processes to the nanosecond."""
    coarse, exact = cpu_seconds(frame.sample), frame.extra.get("used_s")
    return coarse if exact is None else np.where(np.isnan(exact), coarse, exact)


def name_key(frame: Frame) -> Floats:
    return known_rank(map(clean, frame.sample.processes.comm.tolist()))


def start_key(frame: Frame) -> Floats:
    """Return when each process started; unknown for groups."""
    start_ticks = frame.sample.processes.start_ticks
    return np.where(start_ticks == NO_START, np.nan, as_floats(start_ticks))


def age_key(frame: Frame) -> Floats:
    return -start_key(frame)


def user_key(frame: Frame) -> Floats:
    distinct, inverse = np.unique(frame.sample.processes.uid, return_inverse=True)
    names = [frame.lookups.user(uid) for uid in distinct.tolist() if uid != UNKNOWN]
    rank = text_rank(names)
    # Unknown is the smallest number, and comes last.
    return (rank if len(names) == len(distinct) else np.insert(rank, 0, np.nan))[
        inverse
    ]


def command_key(frame: Frame) -> Floats:
    return known_rank(frame.lookups.known_texts(frame.sample.processes))


# --- texts ----------------------------------------------------------------------------


def integer_text(field: str, write: Callable[[int], str] = str) -> Text:
    def text(frame: Frame, row: int) -> str:
        value = getattr(frame.sample.processes, field)[row]
        return NOTHING_KNOWN if value == UNKNOWN else write(value)

    return text


def size_text(field: str) -> Text:
    return integer_text(field, lambda value: bytes_text(float(value)))


def ticks_text(field: str) -> Text:
    def text(frame: Frame, row: int) -> str:
        value = getattr(frame.sample.processes, field)[row]
        if value == UNKNOWN:
            return NOTHING_KNOWN
        return cpu_time_text(float(value) / frame.sample.ticks_per_second)

    return text


def user_text(frame: Frame, row: int) -> str:
    uid = int(frame.sample.processes.uid[row])
    return NOTHING_KNOWN if uid == UNKNOWN else frame.lookups.user(uid)


def priority_text(frame: Frame, row: int) -> str:
    value = int(frame.sample.processes.priority[row])
    if value == UNKNOWN:
        return NOTHING_KNOWN
    return "rt" if value <= -100 else str(value)


def state_text(frame: Frame, row: int) -> str:
    return state_letter(int(frame.sample.processes.state[row])) or NOTHING_KNOWN


def shared_bytes(frame: Frame, row: int) -> float:
    """Return the resident shared memory of a row, looked up if the sample has none."""
    table = frame.sample.processes
    value = int(table.shared_bytes[row])
    if value != UNKNOWN:
        return float(value)
    shared = frame.lookups.shared_bytes(table.identity(row))
    # It is looked up a moment later, and belongs to the resident memory at that time.
    resident = int(table.rss_bytes[row])
    return shared if resident == UNKNOWN else min(shared, float(resident))


def shared_text(frame: Frame, row: int) -> str:
    return bytes_text(shared_bytes(frame, row))


def cpu_pct_text(frame: Frame, row: int) -> str:
    return percent_text(float(frame.rates.cpu_pct[row]))


def ncpu_pct_text(frame: Frame, row: int) -> str:
    cpus = len(frame.sample.host.cpu_ids)
    return percent_text(float(frame.rates.cpu_pct[row]) / cpus)


def mem_pct_text(frame: Frame, row: int) -> str:
    return percent_text(mem_pct(frame, row))


def mem_pct(frame: Frame, row: int) -> float:
    rss = int(frame.sample.processes.rss_bytes[row])
    total = frame.sample.host.memory.total
    return float("nan") if rss == UNKNOWN or not total else rss / total * 100.0


def cpu_time_cell(frame: Frame, row: int) -> str:
    table = frame.sample.processes
    utime, stime = int(table.utime[row]), int(table.stime[row])
    if UNKNOWN in (utime, stime):
        return NOTHING_KNOWN
    return cpu_time_text((utime + stime) / frame.sample.ticks_per_second)


def start_time_s(frame: Frame, row: int) -> float:
    """Return when a process started, in seconds since the epoch, NaN where unknown."""
    sample = frame.sample
    start_ticks = int(sample.processes.start_ticks[row])
    if start_ticks in (UNKNOWN, NO_START):
        return float("nan")
    return sample.booted_at_s + start_ticks / sample.user_hz


def start_text(frame: Frame, row: int) -> str:
    return clock_text(start_time_s(frame, row), frame.sample.time_s)


def elapsed_text(frame: Frame, row: int) -> str:
    # max() returns its first argument where that is NaN.
    return duration_text(max(frame.sample.time_s - start_time_s(frame, row), 0.0))


def tty_text(frame: Frame, row: int) -> str:
    device = int(frame.sample.processes.tty[row])
    if device in (UNKNOWN, 0):
        return NOTHING_KNOWN
    return tty_name(device)


def policy_text(frame: Frame, row: int) -> str:
    return POLICIES.get(int(frame.sample.processes.policy[row]), NOTHING_KNOWN)


def name_text(frame: Frame, row: int) -> str:
    """Return the name; that of an exited process may be unknown."""
    return clean(bytes(frame.sample.processes.comm[row])) or NOTHING_KNOWN


def command_text(frame: Frame, row: int) -> str:
    """Return the command line or what stands in for it."""
    table = frame.sample.processes
    command = frame.lookups.command(table.identity(row), table.comm[row])
    return command.text or NOTHING_KNOWN


# --- meanings -------------------------------------------------------------------------


def level_of(value: float, *, hot: float, warm: float, least: float) -> Level:
    """Return the level of a value by three thresholds; an unknown one is FAINT."""
    if value >= hot:
        return Level.HOT
    if value >= warm:
        return Level.WARM
    return Level.PLAIN if value >= least else Level.FAINT


def core_level(pct: float) -> Level:
    """Return the level of a share of one core."""
    return level_of(pct, hot=50, warm=10, least=0.05)


def above_zero(value: Callable[[Frame, int], float], above: Level) -> Meaning:
    """Return a level that is FAINT for zero and unknown."""
    return lambda frame, row: above if value(frame, row) > 0 else Level.FAINT


def cpu_level(frame: Frame, row: int) -> Level:
    return machine_level(frame, float(frame.rates.cpu_pct[row]))


def machine_level(frame: Frame, pct: float) -> Level:
    """Return the level of CPU use, of which 100 is one core.

    It is the share of the machine that is scarce; but a core kept busy is warm.
    """
    machine = 100.0 * max(1, len(frame.sample.host.cpu_ids))
    warm = min(_WARM_OF_MACHINE * machine, _WARM_OF_CORE_PCT)
    return level_of(pct, hot=_HOT_OF_MACHINE * machine, warm=warm, least=0.05)


def mem_level(frame: Frame, row: int) -> Level:
    return level_of(mem_pct(frame, row), hot=20, warm=5, least=0.05)


def size_level(field: str) -> Meaning:
    def level(frame: Frame, row: int) -> Level:
        value = getattr(frame.sample.processes, field)[row]
        if value <= 0:
            return Level.FAINT
        return Level.PLAIN

    return level


def nonzero_level(field: str) -> Meaning:
    def level(frame: Frame, row: int) -> Level:
        value = getattr(frame.sample.processes, field)[row]
        return Level.FAINT if value in (0, UNKNOWN) else Level.PLAIN

    return level


_STATE_LEVELS: Final = {
    "R": Level.NOTICE,
    "D": Level.HOT,
    "Z": Level.HOT,
    "T": Level.WARM,
}


def state_level(frame: Frame, row: int) -> Level:
    return _STATE_LEVELS.get(state_text(frame, row), Level.FAINT)


def user_level(frame: Frame, row: int) -> Level:
    return Level.FAINT if frame.sample.processes.uid[row] == 0 else Level.PLAIN


def priority_level(frame: Frame, row: int) -> Level:
    usual = frame.sample.processes.priority[row] == 20
    return Level.FAINT if usual else Level.PLAIN


def faint(_frame: Frame, _row: int) -> Level:
    return Level.FAINT
