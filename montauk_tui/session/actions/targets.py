"""Targets of an action: the tagged processes, else that of the selected row.

What has no target raises NotPossible with the reason.
"""

import math
from collections.abc import Callable, Sequence

from montauk_tui.engine.rows.kinds import kind_of, real_identity
from montauk_tui.host.base import Actions
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKey, RowKind
from montauk_tui.model.orphans import Kin, living_ancestors
from montauk_tui.model.outcome import Outcome, summary
from montauk_tui.model.outcome import Result as Done
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.text import clean
from montauk_tui.session.effects import Sample, Say, Update
from montauk_tui.session.state import NotPossible, Rows, Session


def actions(session: Session) -> Actions:
    """Return the actions on processes."""
    if session.choices.read_only:
        raise NotPossible("read-only mode: processes cannot be changed")
    if session.actions is None:
        raise NotPossible("this is a recording: its processes cannot be changed")
    if session.is_in_past:
        raise NotPossible("this is the past: Esc returns to now")
    return session.actions


def targets(session: Session) -> tuple[Session, list[Identity]]:
    """Return the target processes; the selected row stays selected."""
    actions(session)
    if session.choices.tags:
        return session, sorted(session.choices.tags)
    session, process = living(session)
    return session, [process]


def living(session: Session) -> tuple[Session, Identity]:
    """Return the live process or thread of the selected row.

    The process of an event may be alive. The row stays selected.
    """
    rows, place = selected(session)
    process = real_identity(rows.listed, place)
    if rows.frame.sample.processes.row_of(process) is None:
        raise NotPossible(why_no_process(rows.listed, place))
    return session.select_row(session.current), process


def selected(session: Session) -> tuple[Rows, int]:
    """Return the rows shown, and the index of the selected one in the listed frame."""
    if session.rows is None or session.place is None:
        raise NotPossible("no process is selected")
    return session.rows, session.place


def why_no_process(listed: Frame, row: int) -> str:
    """Return why a row has no live process."""
    kind, (pid, start_ticks) = kind_of(listed, row), real_identity(listed, row)
    if kind is RowKind.GROUP:
        return "this row is a group, not one process"
    if kind is RowKind.DEVICE:
        return "this row is a device, not a process"
    if kind is RowKind.EXITED_GROUP:
        return "this row is a group of exited processes"
    if start_ticks == UNKNOWN:
        return f"PID {pid} may have been reused: the start time of this row is unknown"
    if kind is RowKind.EVENT:
        return f"PID {pid} of this event has exited"
    name = clean(bytes(listed.sample.processes.comm[row]))
    return f"{name} {pid} has exited".lstrip()


def process_at(session: Session) -> Identity:
    """Return the live process of the selected row.

    For an exited process it is the nearest live ancestor.
    """
    rows, place = selected(session)
    process = real_identity(rows.listed, place)
    if rows.frame.sample.processes.row_of(process) is not None:
        return process
    above = parent_at(session)
    if above is None:
        raise NotPossible(why_no_process(rows.listed, place))
    return above


def parent_at(session: Session) -> Identity | None:
    """Return the live parent of the process of the selected row, or an ancestor."""
    rows, place = selected(session)
    frame, table = rows.frame, rows.frame.sample.processes
    exits = Kin.of(frame.history.exited_since(-math.inf).exits)
    child = Kin(*(it[place : place + 1] for it in Kin.of(rows.listed.sample.processes)))
    (pid,) = living_ancestors(child, Kin.of(table), exits).tolist()
    found = table.row_of_pid(pid)
    return None if found is None else table.identity(found)


def name_of(frame: Frame, process: Identity) -> str:
    """Return name and PID of a live process."""
    table = frame.sample.processes
    row = table.row_of(process)
    name = "" if row is None else clean(bytes(table.comm[row]))
    return f"{name} {process.pid}".lstrip()


def names(session: Session, whom: Sequence[Identity]) -> str:
    """Return the targets for display: name and PID of one, else their number."""
    rows = session.seen
    if len(whom) == 1:
        return name_of(rows.frame, whom[0])
    hidden = sum(rows.position_of(RowKey.of(one)) is None for one in whom)
    return f"{len(whom)} tagged" + (f", {hidden} not shown" if hidden else "")


def act(
    session: Session,
    label: str,
    verb: str,
    whom: Sequence[Identity],
    action: Callable[[Identity], Done],
) -> Update:
    """Act on each target, report the result, and take a new sample."""
    actions(session)
    results = [action(one) for one in whom]
    line = summary(label, verb, results, session.seen.frame.lookups.user)
    is_good = all(result.outcome is Outcome.DONE for result in results)
    message = Say(line, "information" if is_good else "warning")
    # While paused the table stays unchanged.
    return Update(session, message, *([] if session.choices.paused else [Sample()]))
