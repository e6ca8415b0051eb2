"""Moves the selection, and scrolls."""

import sys
from dataclasses import replace

from montauk_tui.session.effects import Scroll, Update
from montauk_tui.session.state import Session


def move(session: Session, rows: int) -> Session:
    """Select a row further up or down."""
    return session.select(session.selection.position + rows)


def move_page(session: Session, pages: int) -> Session:
    """Move up or down by screens."""
    return move(session, pages * max(1, session.page_rows - 1))


def first(session: Session) -> Session:
    """Select the first row, whichever process is on it."""
    kept = {**session.kept, session.choices.tab: None}
    return replace(session, kept=kept).select_row(None)


def last(session: Session) -> Session:
    """Select the last row."""
    return session.select(sys.maxsize)


def scroll(session: Session, rows: int) -> Update:
    """Scroll without moving the selection."""
    return Update(session, Scroll(rows=rows))


def shift(session: Session, cells: int) -> Update:
    """Scroll sideways."""
    return Update(session, Scroll(cells=cells))
