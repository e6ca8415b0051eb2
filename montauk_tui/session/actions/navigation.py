"""Switches tabs; the selection stays on its process."""

from dataclasses import replace

from montauk_tui.engine.rows.kinds import kind_of, real_identity
from montauk_tui.model.kinds import RowKey, RowKind
from montauk_tui.session.choices import Choices
from montauk_tui.session.state import Session, rows_with
from montauk_tui.session.tabs import DEVICES, GROUPS, PROCESSES


def show_tab(session: Session, tab_id: str) -> Session:
    """Show a tab with its own selection, or else that of the last tab."""
    if tab_id == session.choices.tab:
        return session
    session = _remembering(session)
    choices = session.choices.on_tab(tab_id)
    wanted = session.selection.on(_wanted(session, choices))
    return session.apply(choices=choices, selection=wanted)


def next_tab(session: Session, step: int) -> Session:
    """Show the tab beside this one."""
    choices = session.choices
    return show_tab(session, choices.tabs.next_to(choices.tab, step))


def group(session: Session) -> Session:
    """Show the groups, or group their rows or the spawners by the next thing."""
    if not session.choices.grouped_by:
        return show_tab(session, GROUPS)
    session = session.apply(choices=session.choices.grouped_next())
    return session.select_row(None)


def devices(session: Session) -> Session:
    """Show the disks, then the interfaces, then the file systems."""
    shown = session.choices.tab
    places = {tab_id: place + 1 for place, tab_id in enumerate(DEVICES)}
    return show_tab(session, DEVICES[places.get(shown, 0) % len(DEVICES)])


def lists(session: Session, choices: Choices, row: RowKey) -> bool:
    """Tell whether a row would be shown."""
    rows = rows_with(session.seen.frame, choices, session.rows)
    return rows.position_of(row) is not None


def _remembering(session: Session) -> Session:
    """Return the session with the selection remembered, before leaving a tab."""
    tab, row, rows = session.choices.tab_now, session.selection.row, session.rows
    place = session.place
    if rows is None or row is None or place is None:
        return replace(session, carried=()) if tab.rows == PROCESSES else session
    if kind_of(rows.listed, place) in (RowKind.GROUP, RowKind.DEVICE):
        # The number of a group of spawners is its position, which another may have
        # later. The process at hand is still that of the last list of processes.
        is_lasting = tab.rows == GROUPS or tab.is_of_devices
        kept = {**session.kept, tab.id: row} if is_lasting else session.kept
        return replace(session, kept=kept)
    carried = (row, RowKey.of(real_identity(rows.listed, place)))
    return replace(session, kept={**session.kept, tab.id: row}, carried=carried)


def _wanted(session: Session, choices: Choices) -> RowKey | None:
    """Return the row to select in another tab, None for the first."""
    own = session.kept.get(choices.tab)
    if choices.tab in session.kept and own is None:
        return None
    mine = () if own is None else (own,)
    others = session.carried if choices.tab_now.rows == PROCESSES else ()
    return next((row for row in (*mine, *others) if lists(session, choices, row)), None)
