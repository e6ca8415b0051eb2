"""Whether what is searched for exited."""

from montauk_tui.engine import query
from montauk_tui.engine.query import Query
from montauk_tui.engine.rows.exited import exited_in_sample
from montauk_tui.model.frame import Frame


def exits_match(wanted: Query, frame: Frame) -> bool:
    """Tell whether a process that matches exited in the interval of a frame."""
    exits = frame.sample.exits
    if exits is None or not len(exits):
        return False
    return bool(query.matching(wanted, exited_in_sample(frame, exits)).any())
