"""Cells that say why a signal killed a process."""

from montauk_tui.engine.columns.cells import Level
from montauk_tui.engine.order import known_rank
from montauk_tui.engine.rows.causes import cause, death_of
from montauk_tui.engine.units import NOTHING_KNOWN
from montauk_tui.model.frame import Frame
from montauk_tui.model.schema import Floats


def cause_text(frame: Frame, row: int) -> str:
    """Return the sentence, or that it is unknown."""
    return cause(frame, row) or NOTHING_KNOWN


def causes(frame: Frame) -> list[str]:
    """Return the sentence of each row, empty for unknown."""
    rows = range(len(frame.sample.processes))
    return [cause(frame, row) for row in rows] if frame.deaths else [""] * len(rows)


def cause_key(frame: Frame) -> Floats:
    """Sort by the sentence, unknown last."""
    return known_rank(causes(frame))


def cause_level(frame: Frame, row: int) -> Level:
    """Return a level that is FAINT for unknown."""
    return Level.PLAIN if death_of(frame, row) else Level.FAINT
