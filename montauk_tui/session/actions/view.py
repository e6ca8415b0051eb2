"""Display options and sort order."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from montauk_tui.engine.columns.column import Column
from montauk_tui.engine.columns.table import COLUMNS, id_of
from montauk_tui.session.choices import LEAST_WIDTH_FOR_PATHS, Choices
from montauk_tui.session.effects import Choice, Choose, Result, Sample, Say, Update
from montauk_tui.session.state import Session


def turn(field: str) -> Callable[[Session], Session]:
    """Return the action that toggles a choice."""

    def action(session: Session) -> Session:
        turned: dict[str, Any] = {field: not getattr(session.choices, field)}
        return session.apply(choices=replace(session.choices, **turned))

    return action


def user_threads(session: Session) -> Result:
    """Show or hide threads; say so where a moment of the past has none."""
    turned = turn("user_threads")(session)
    frame = session.frame
    if frame is None or not frame.is_recorded or not turned.choices.user_threads:
        return turned
    if not frame.sample.processes.is_process.all():
        return turned
    return Update(
        turned, Say("threads are shown where they were recorded", "information")
    )


def paths(session: Session) -> Update:
    """Show or hide the folders of programs, which a narrow column has no room for."""
    session = turn("paths")(session)
    shown = f"shown where the command has {LEAST_WIDTH_FOR_PATHS} cells"
    message = shown if session.choices.paths else "hidden"
    return Update(session, Say(f"folders of programs: {message}", "information"))


def containers(session: Session) -> Session:
    """Show or hide processes in containers."""
    return viewing(session, containers=not session.choices.view.containers)


def viewing(session: Session, **changes: Any) -> Session:
    """Return the session with another view."""
    return session.apply(choices=with_view(session.choices, **changes))


def with_view(choices: Choices, **changes: Any) -> Choices:
    """Return choices with another view."""
    return replace(choices, view=replace(choices.view, **changes))


def tree(session: Session) -> Session:
    """Switch between tree and list."""
    wanted = not session.choices.view.tree
    return session.apply(choices=session.choices.with_tree(wanted=wanted))


def siblings(session: Session) -> Session:
    """Order siblings by start time or by a column."""
    return session.apply(choices=session.choices.siblings_next())


def invert(session: Session) -> Session:
    """Reverse the sort order."""
    return sort_or_invert(session, session.choices.view.sort.id)


def sort_or_invert(session: Session, column_id: str) -> Session:
    """Sort by a column; again: reverse the order."""
    return session.apply(choices=session.choices.sorted_by(COLUMNS[column_id]))


def sort(session: Session, column_id: str) -> Session:
    """Sort by a column in its default direction."""
    column = COLUMNS[column_id]
    return viewing(session, sort=column, descending=column.descending)


def choose_sort(session: Session) -> Update:
    """Offer every column to sort by, those of the tab first."""
    shown = map(id_of, session.choices.shown_columns)
    choices = [
        Choice(column.id, column.title, column.description, _note(column))
        for column in map(COLUMNS.__getitem__, dict.fromkeys((*shown, *COLUMNS)))
        if column.id != "ncpu_pct"
    ]
    current = session.choices.view.sort.id
    return Update(session, Choose("Sort by", choices, current, sort))


def _note(column: Column) -> str:
    """Return cost and privilege of a column, a line each."""
    costs = f"costs {column.cost}" if column.cost else ""
    needs = f"needs {column.privilege}" if column.privilege else ""
    return "\n".join(filter(None, (costs, needs)))


def refresh_now(session: Session) -> Update:
    """Refresh and redraw now."""
    return Update(session, Sample(anew=True))
