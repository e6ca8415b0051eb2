"""Folds the tree; without a tree these actions do nothing."""

from montauk_tui.engine.folds import UNFOLDED, Folds
from montauk_tui.engine.rows.kinds import real_identity
from montauk_tui.session.state import NotPossible, Rows, Session


def fold(session: Session) -> Session:
    """Fold or unfold the selected branch."""
    position = session.selection.position
    if not _foldable(session).projection.is_branch(position):
        return session
    return _toggled(session, position)


def fold_all(session: Session) -> Session:
    """Fold every branch, or unfold all where any is folded."""
    _foldable(session)
    folds = UNFOLDED if session.choices.view.folds else Folds(everything=True)
    return session.apply(choices=session.choices.with_folds(folds))


def fold_parent(session: Session) -> Session:
    """Fold the enclosing branch and go to its parent."""
    parent = _foldable(session).projection.parent_of(session.selection.position)
    return session if parent is None else _toggled(session.select(parent), parent)


def _foldable(session: Session) -> Rows:
    """Return the rows if they can be folded: a filter unfolds everything."""
    choices, rows = session.choices, session.rows
    is_open = choices.shown_view.query or choices.view.uid is not None
    if not choices.in_tree or is_open or rows is None or not len(rows.projection.rows):
        raise NotPossible
    return rows


def _toggled(session: Session, position: int) -> Session:
    rows = _foldable(session)
    root = real_identity(rows.listed, int(rows.projection.rows[position]))
    folds = session.choices.view.folds.toggled(root)
    return session.apply(choices=session.choices.with_folds(folds))
