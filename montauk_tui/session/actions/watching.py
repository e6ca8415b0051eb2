"""System calls and backtraces of a process, by external programs."""

from montauk_tui.engine.subtree import processes_of
from montauk_tui.host.base import CannotWatch, Watchable
from montauk_tui.model.text import clean
from montauk_tui.session.actions.targets import actions, living
from montauk_tui.session.effects import Update, Watch
from montauk_tui.session.state import NotPossible, Session


def watch(session: Session, what: Watchable) -> Update:
    """Show what an external program reports about the selected process."""
    by = actions(session)
    session, row = living(session)
    frame = session.seen.frame
    table = frame.sample.processes
    (process,) = processes_of(table, [row])
    place = table.row_of(process)
    name = "" if place is None else clean(bytes(table.comm[place]))
    try:
        return Update(session, Watch(by.watch(what, process), name))
    except CannotWatch as refusal:
        why = str(refusal)
        if (refused := refusal.refused) is not None:
            parts = (refused.outcome.value, refused.why(frame.lookups.user))
            why = f"PID {process.pid} {': '.join(filter(None, parts))}"
        raise NotPossible(f"{what}: {why}") from refusal
