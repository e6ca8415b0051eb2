"""Folding the tree, and the order of siblings in it."""

from montauk_tui.engine.extra_cells import real_identity
from montauk_tui.engine.folds import UNFOLDED, Folds
from montauk_tui.engine.projection import Projection
from montauk_tui.ui.actions.base import Actions


class FoldingActions(Actions):
    """Actions that only the tree has; elsewhere they do nothing."""

    def action_siblings(self) -> None:
        """Order siblings by start or by a column."""
        self.choose(self.choices.siblings_next())

    def action_fold(self) -> None:
        """Fold or unfold the selected branch."""
        position = self.main.table.position
        projection = self._foldable()
        if projection is not None and projection.is_branch(position):
            self._fold(projection, position)

    def on_process_table_mark_clicked(self) -> None:
        """Unfold the branch whose mark was clicked."""
        self.action_fold()

    def action_fold_all(self) -> None:
        """Fold every branch, or unfold all where any is folded."""
        if self._foldable() is not None:
            folds = self.choices.view.folds
            self.choose(
                self.choices.with_folds(UNFOLDED if folds else Folds(everything=True))
            )

    def action_fold_parent(self) -> None:
        """Fold the branch around the selected row, and go to its parent."""
        projection = self._foldable()
        if projection is None:
            return
        parent = projection.parent_of(self.main.table.position)
        if parent is not None:
            self.main.table.select(parent)
            self._fold(projection, parent)

    def _foldable(self) -> Projection | None:
        """Return what is shown where it can be folded: a filter opens everything."""
        if (
            not self.choices.in_tree
            or self.choices.shown_view.query
            or self.choices.view.uid is not None
        ):
            return None
        projection = self.main.projection
        return projection if projection is not None and len(projection.rows) else None

    def _fold(self, projection: Projection, position: int) -> None:
        if self.main.listed is None:
            return
        root = real_identity(self.main.listed, int(projection.rows[position]))
        self.choose(self.choices.with_folds(self.choices.view.folds.toggled(root)))
