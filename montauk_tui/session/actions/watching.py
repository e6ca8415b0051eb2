"""System calls and backtraces of a process, by the programs for that."""

from typing import TYPE_CHECKING

from montauk_tui import shortage
from montauk_tui.engine.subtree import processes_of
from montauk_tui.model.text import clean
from montauk_tui.session.actions.targets import living, not_read_only
from montauk_tui.session.effects import Update, Watch
from montauk_tui.session.state import NotPossible, Session

# What runs these programs is imported by the keys that need it.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from montauk_tui.actions.tracing import Tool


def trace(session: Session) -> Update:
    """Show the system calls that the selected process makes."""
    from montauk_tui.actions import tracing

    return _run(session, "system calls", tracing.TRACE)


def backtrace(session: Session) -> Update:
    """Show where the threads of the selected process are."""
    from montauk_tui.actions import tracing

    return _run(session, "backtrace", tracing.BACKTRACE)


def _run(session: Session, label: str, tools: "tuple[Tool, ...]") -> Update:
    from montauk_tui.actions import tracing

    not_read_only(session)
    session, row = living(session)
    frame = session.seen.frame
    table = frame.sample.processes
    (process,) = processes_of(table, [row])
    tool = tracing.find(tools)
    if tool is None:
        raise NotPossible(f"{label}: {tracing.missing(tools)}")
    refused = tracing.why_not(process)
    if refused is not None:
        why = refused.why(frame.lookups.user)
        said = f"{refused.outcome.value}: {why}" if why else refused.outcome.value
        raise NotPossible(f"{label}: PID {process.pid} {said}")
    place = table.row_of(process)
    name = "" if place is None else clean(bytes(table.comm[place]))
    try:
        running = tracing.Running(process, tool)
    except (OSError, RuntimeError, MemoryError) as error:
        raise NotPossible(f"{label}: {shortage.of(error) or error}") from error
    return Update(session, Watch(running, name))
