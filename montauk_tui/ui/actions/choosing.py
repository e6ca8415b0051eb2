"""Lists to choose from: the sort column, the colours."""

from dataclasses import replace

from montauk_tui.engine.column import Column
from montauk_tui.engine.columns import COLUMNS
from montauk_tui.ui import themes
from montauk_tui.ui.actions.base import Actions

# The lists are imported by the keys that need them: 25 ms of start-up.
# ruff: noqa: PLC0415


def _note(column: Column) -> str:
    """Return what a column costs and needs, a line each."""
    costs = f"costs {column.cost}" if column.cost else ""
    needs = f"needs {column.privilege}" if column.privilege else ""
    return "\n".join(filter(None, (costs, needs)))


class ChoosingActions(Actions):
    """Actions that offer a list."""

    def action_sort(self, column_id: str) -> None:
        """Sort by a column in its usual direction."""
        column = COLUMNS[column_id]
        view = replace(self.choices.view, sort=column, descending=column.descending)
        self.choose(replace(self.choices, view=view))

    def action_choose_sort(self) -> None:
        """Offer every column to sort by."""
        from montauk_tui.ui.screens.choose import Choice, ChooseScreen

        choices = [
            Choice(column.id, column.title, column.description, _note(column))
            for column in COLUMNS.values()
            if column.id != "ncpu_pct"
        ]

        def chosen(column_id: str | None) -> None:
            if column_id is not None:
                self.action_sort(column_id)

        screen = ChooseScreen("Sort by", choices, self.choices.view.sort.id)
        self.push_screen(screen, chosen)

    def action_choose_theme(self) -> None:
        """Offer every theme, seen as one moves."""
        from montauk_tui.ui.screens.choose import Choice, ChooseScreen

        before = self.look.name
        found = self.themes_found()
        choices = [
            Choice(name, name, theme.description) for name, theme in found.items()
        ]

        def preview(name: str) -> None:
            self.wear(found[name])

        def chosen(name: str | None) -> None:
            self.wear(found[name or before])

        self.push_screen(ChooseScreen("Theme", choices, before, preview), chosen)

    def themes_found(self) -> dict[str, themes.Theme]:
        """Return the themes there are; one line is said of each that is wrong."""
        found: dict[str, themes.Theme] = {}
        for name in themes.names(themes.folders()):
            try:
                found[name] = themes.load(name, themes.folders())
            except themes.ThemeError as error:
                self.notify(str(error), severity="warning", markup=False)
        return found

    def wear(self, theme: themes.Theme) -> None:
        """Draw in the colours of a theme."""
        self.look = theme
        self.register_theme(theme.to_textual())
        self.theme = theme.name
        self.draw_scene()
