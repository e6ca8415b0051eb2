"""The signals that ended the exited processes among the rows of a frame."""

import math
from typing import Final

from montauk_tui.engine.causes import how, killer, sentence
from montauk_tui.engine.rows.kinds import extra_value, real_identity
from montauk_tui.model.deaths import Death
from montauk_tui.model.frame import Frame
from montauk_tui.model.starts import error_name
from montauk_tui.model.text import clean

_CORE: Final = 0x80
_SIGNAL: Final = 0x7F


def death_of(frame: Frame, row: int) -> Death | None:
    """Return the signal that ended a process, None for unknown."""
    if not frame.deaths or not _is_by_signal(frame, row):
        return None
    return frame.deaths.get(real_identity(frame, row))


def _is_by_signal(frame: Frame, row: int) -> bool:
    status = extra_value(frame, "exit_status", row)
    return not math.isnan(status) and bool(int(status) & _SIGNAL)


def cause(frame: Frame, row: int) -> str:
    """Return why a process was killed in one sentence, empty for unknown."""
    death = death_of(frame, row)
    if death is None:
        return ""
    is_dumped = bool(int(extra_value(frame, "exit_status", row)) & _CORE)
    return sentence(death, frame.lookups.user, core_dumped=is_dumped)


def error_text(frame: Frame, row: int) -> str | None:
    """Return the name of the error of an exec that failed, None for another row."""
    number = extra_value(frame, "errno", row)
    return None if math.isnan(number) else error_name(int(number))


def why_unknown(frame: Frame, row: int) -> str:
    """Return why the cause of an exit by a signal is unknown; empty for others."""
    if not _is_by_signal(frame, row) or death_of(frame, row):
        return ""
    if extra_value(frame, "exited_parent", row) > 0:
        return "no longer kept"
    if frame.sample.sees_signals:
        return "its signal was not recorded"
    return f"{frame.collector.name} does not see who sends signals"


def how_text(frame: Frame, row: int) -> str | None:
    """Return how it was killed in one word, None for unknown."""
    death = death_of(frame, row)
    return None if death is None else how(death).value


def killer_name(frame: Frame, row: int) -> str | None:
    """Return the name of the process that killed it, None for no process."""
    death = death_of(frame, row)
    found = None if death is None else killer(death)
    return None if found is None else clean(found.comm)
