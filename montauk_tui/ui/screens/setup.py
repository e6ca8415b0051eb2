"""The setup screen: pages on the left, the selected page on the right.

A change takes effect at once and lasts until montauk quits; only saving writes it.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import OptionList

from montauk_tui.config import config_path
from montauk_tui.model.text import cell_width, fit
from montauk_tui.session.actions.saving import shown_path
from montauk_tui.session.effects import Choice
from montauk_tui.ui.setup.chooser import ColumnsPage
from montauk_tui.ui.setup.find import FIND_S, Finder
from montauk_tui.ui.setup.host import SetupHost
from montauk_tui.ui.setup.keys import KeysPage
from montauk_tui.ui.setup.lists import LookPage, OptionsPage, TabsPage
from montauk_tui.ui.setup.meters import MetersPage
from montauk_tui.ui.setup.page import ItemList, Page, Panel, footer_key
from montauk_tui.ui.widgets.lines import LinesWidget, Run, spread
from montauk_tui.ui.widgets.status import KeyBar

_SAVE: Final = footer_key("f10", "save", "Save")
_LEAVE: Final = footer_key("escape", "leave", "Back")
_INTO: Final = footer_key("enter", "beside(1)", "Open")

_HINT: Final = "Enter or Right opens the page; type to find a line in any list"

_LEAST_HEIGHT: Final = 8
"""Least terminal height for the hint and the keys."""


_LEAST_WIDTH: Final = 60
"""Least terminal width for both the list of pages and a page."""


class _Entry(NamedTuple):
    """A line of the list of pages."""

    line: Choice
    page: Page
    prepare: Callable[[], None] | None = None


class SetupScreen(ModalScreen[None], inherit_bindings=False):
    """All settings that can change while the monitor runs."""

    BINDINGS = [
        Binding("escape", "cancel", show=False),
        Binding("f2", "leave", show=False),
        Binding("f10,ctrl+s", "save", show=False),
        Binding("backspace", "rub_out", show=False),
        Binding("left,shift+tab", "beside(-1)", show=False),
        Binding("right,tab", "beside(1)", show=False),
        Binding("space", "turn(0)", show=False),
        Binding("plus,equals_sign", "turn(1)", show=False),
        Binding("minus", "turn(-1)", show=False),
        Binding("f7,left_square_bracket", "move(-1)", show=False),
        Binding("f8,right_square_bracket", "move(1)", show=False),
        Binding("less_than_sign,comma", "widen(-1)", show=False),
        Binding("greater_than_sign,full_stop", "widen(1)", show=False),
        Binding("delete,f9", "remove", show=False),
        Binding("f5", "reset", show=False),
    ]

    def __init__(self, host: SetupHost) -> None:
        """Build the pages, which change the session of the host."""
        super().__init__()
        self.monitor = host
        self._title_line = LinesWidget(id="setup-title")
        self._hint = LinesWidget(id="setup-hint")
        self._keys = KeyBar([])
        self._columns = ColumnsPage()
        self._others = {
            "Meters": MetersPage(),
            "Tabs": TabsPage(),
            "Look": LookPage(),
            "Behaviour": OptionsPage("Behaviour"),
            "Keys": KeysPage(),
        }
        for page in (self._columns, *self._others.values()):
            page.monitor = host
        self._list = Panel("Pages", "pages")
        self._finder = Finder()
        self._entries: list[_Entry | None] = []
        self._at = -1
        """Which entry is shown."""

    def compose(self) -> ComposeResult:
        """Lay the parts out."""
        yield self._title_line
        with Horizontal(id="setup"):
            yield self._list
            yield self._columns
            yield from self._others.values()
        yield self._hint
        yield self._keys

    def on_mount(self) -> None:
        """Begin with the columns of the current tab."""
        self._list_pages()
        tabs = list(self.monitor.session.choices.tabs.every)
        self._list.list.select(1 + tabs.index(self.monitor.session.choices.tab))
        self._show_page()
        self.set_focus(self._list.list)

    def _list_pages(self) -> None:
        """List the columns of every tab below a heading, then the other pages."""
        lines: list[Text | str] = ["Columns"]
        self._entries = [None]
        for tab in self.monitor.session.choices.tabs.every.values():
            show = partial(self._columns.show_tab, tab.id)
            line = Choice(tab.id, tab.title, "")
            self._entries.append(_Entry(line, self._columns, show))
            lines.append(Text(f"  {tab.title}", no_wrap=True))
        for title, page in self._others.items():
            self._entries.append(_Entry(Choice("", title, ""), page))
            lines.append(Text(title, no_wrap=True))
        self._list.list.show(lines)

    # --- contents ---------------------------------------------------------------------

    @property
    def page(self) -> Page:
        """The current page."""
        return next(it for it in (self._columns, *self._others.values()) if it.display)

    def _show_page(self) -> None:
        at = self._list.list.highlighted
        entry = None if at is None else self._entries[at]
        if at is None or entry is None or at == self._at:
            return
        self._at = at
        for page in (self._columns, *self._others.values()):
            page.display = page is entry.page
        if entry.prepare is not None:
            entry.prepare()
        entry.page.draw()
        self.draw()

    def on_resize(self) -> None:
        """Draw once the parts have their new sizes."""
        for part in (self._hint, self._keys):
            part.display = self.size.height >= _LEAST_HEIGHT
        self.call_after_refresh(self.draw)

    def on_page_changed(self) -> None:
        """Show the number of unsaved changes."""
        self.draw()

    def on_descendant_focus(self) -> None:
        """Mark the focused list."""
        self.draw()

    def on_option_list_option_highlighted(self) -> None:
        """Show the selected page, or the description of the line."""
        self._show_page()
        self.draw()

    def draw(self) -> None:
        """Draw the parts around the lists."""
        if not self.is_mounted or self._at < 0:
            return
        theme, page, width = self.monitor.theme, self.page, self.size.width
        is_in_page = self.focused is not self._list.list
        self._list.display = width >= _LEAST_WIDTH or not is_in_page
        for panel in (self._list, *page.panels):
            panel.draw_heading()
        self._title_line.paint([self._title(width)])
        hint = self._finder.message(self._at_hand) or (
            page.hint if is_in_page else _HINT
        )
        self._hint.paint([((f" {hint}", theme.style("label")),)])
        keys = page.footer if is_in_page else (_INTO,)
        if self._keys.size.width:
            self._keys.use((*keys, _SAVE, _LEAVE))
            self._keys.show(theme, {})

    def _title(self, width: int) -> tuple[Run, ...]:
        theme = self.monitor.theme
        count = len(self.monitor.session.unsaved)
        message = (
            f"{count} unsaved change{'s' * (count != 1)}"
            if count
            else "no unsaved changes"
        )
        state: Run = (f"{message} ", theme.style("warm" if count else "label"))
        room = width - cell_width(f" Setup  {message}  ")
        path = shown_path(config_path(os.environ))
        if cell_width(path) > room:
            path = f"{fit(path, max(0, room - 1))}+" if room > 1 else ""
        left = ((" Setup  ", theme.style("title")), (path, theme.style("label")))
        return spread(left, (state,), width)

    # --- typing -----------------------------------------------------------------------

    @property
    def _lists(self) -> list[ItemList]:
        return [self._list.list, *(panel.list for panel in self.page.panels)]

    @property
    def _at_hand(self) -> ItemList:
        """The focused list."""
        return next((it for it in self._lists if it is self.focused), self._list.list)

    @property
    def _lines(self) -> Sequence[Choice | None]:
        if self._in_page():
            return self.page.lines
        return [entry and entry.line for entry in self._entries]

    def on_key(self, event: events.Key) -> None:
        """Find a line with any character that is not a key.

        It waits for the key look-up of the program, like all others, to keep the order
        of keys.
        """
        char, known = event.character, self._bindings.key_to_bindings
        is_held = event.key.startswith(("alt+", "ctrl+"))
        if event.is_printable and char and event.key not in known and not is_held:
            self._bindings.bind(event.key, f"find({char!r})", show=False)

    def action_find(self, char: str) -> None:
        """Select the line that matches the typed text."""
        self._finder.type(self._at_hand, self._lines, char)
        self._found()

    def action_rub_out(self) -> None:
        """Delete the last character."""
        self._finder.rub_out(self._at_hand, self._lines)
        self._found()

    def _found(self) -> None:
        self._show_page()
        self.draw()
        self.set_timer(FIND_S, self.draw)

    # --- keys -------------------------------------------------------------------------

    def action_beside(self, step: int) -> None:
        """Focus the list beside this one."""
        # The message of the last page change may still be queued.
        self._show_page()
        self._finder.forget()
        lists = self._lists
        at = lists.index(self._at_hand)
        # On a narrow screen it may be hidden, and cannot be focused.
        self._list.display = True
        self.set_focus(lists[max(0, min(at + step, len(lists) - 1))])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Handle a click."""
        if event.option_list is self._list.list:
            self._show_page()
            self.action_beside(1)
        else:
            self.page.turn(0)

    def _in_page(self) -> bool:
        return self.focused is not self._list.list

    def action_turn(self, step: int) -> None:
        """Change the selected line."""
        self._finder.forget()
        if self._in_page():
            self.page.turn(step)
        elif step == 0:
            self.action_beside(1)

    def action_move(self, step: int) -> None:
        """Move the selected line."""
        self._finder.forget()
        if self._in_page():
            self.page.move(step)

    def action_widen(self, step: int) -> None:
        """Make the selected column wider or narrower."""
        self._finder.forget()
        if self._in_page():
            self.page.widen(step)

    def action_remove(self) -> None:
        """Remove the selected line."""
        self._finder.forget()
        if self._in_page():
            self.page.take_out()

    def action_reset(self) -> None:
        """Reset the selected line to its default."""
        self._finder.forget()
        if self._in_page():
            self.page.reset()

    async def action_save(self) -> None:
        """Save changed settings to the settings file."""
        self._finder.forget()
        await self.app.run_action("save_settings")
        self.draw()

    def action_cancel(self) -> None:
        """Forget the typed text; without any, return to the table."""
        if self._finder.is_typing(self._at_hand):
            self._finder.forget()
            self.draw()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Return to the table."""
        self.dismiss()
