"""Asking for a text: search, filter, interval, and PIDs typed as digits."""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import events

from montauk_tui.config import parse_duration
from montauk_tui.errors import QueryError, UsageError
from montauk_tui.model.sample import Identity
from montauk_tui.ui.actions.base import Actions
from montauk_tui.ui.finding import PID_SEARCH_S, PidSearch, next_match

# The prompt is imported by the keys that need it: 25 ms of start-up.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from montauk_tui.ui.widgets.prompt import PromptBar


class TypingActions(Actions):
    """Actions that take a text."""

    pid_search: PidSearch

    async def _ask(self, kind: str, text: str, hint: str) -> None:
        from montauk_tui.ui.widgets.prompt import PromptBar

        # Keys that come meanwhile wait, and then belong to the prompt.
        await self.main.ask(PromptBar(kind, text, hint))

    async def action_search(self) -> None:
        """Ask for a text to jump to."""
        await self._ask(
            "search",
            "",
            "part of a command; F3 next, Shift-F3 before, Enter stays there",
        )

    async def action_filter(self) -> None:
        """Ask for a filter."""
        hint = "a text, a|b or cpu > 10 and user = root; Esc shows everything"
        await self._ask("filter", self.choices.filter_text, hint)

    async def action_interval(self) -> None:
        """Ask for the time between refreshes."""
        await self._ask("interval", f"{self.choices.interval_s:g}", "1.5, 2s or 500ms")

    def on_prompt_bar_typed(self, message: "PromptBar.Typed") -> None:
        """Filter and search while the text is typed."""
        if message.kind == "filter":
            # While it means nothing, the last one that did goes on.
            with suppress(QueryError):
                choices = self.choices.with_filter(message.text)
                self.choose(choices, typing=True)
        elif message.kind == "search":
            choices = replace(self.choices, search_text=message.text)
            self.choose(choices, typing=True)
            self._find_next(0)

    def on_prompt_bar_again(self, message: "PromptBar.Again") -> None:
        """Jump to the next match, or to the one before."""
        self._find_next(message.step)

    async def on_cursor_position(self, event: events.CursorPosition) -> None:
        """Take Shift-F3 for what it is.

        xterm sends for it what a terminal answers that is asked for its cursor, and
        that is not asked.
        """
        for prompt in self.screen.query("PromptBar"):
            if (event.x, event.y) == (1, 0):
                await prompt.run_action("again(-1)")

    def on_prompt_bar_ended(self, message: "PromptBar.Ended") -> None:
        """Take the text or leave it, and go back to the table."""
        if message.kind == "interval" and message.accepted:
            try:
                interval_s = parse_duration(message.text)
            except UsageError as error:
                self.notify(str(error), severity="error", markup=False)
                return
            self.choose(replace(self.choices, interval_s=interval_s))
        elif message.kind == "filter" and not message.accepted:
            self.choose(self.choices.with_filter(""))
        elif message.kind == "search":
            self.choose(replace(self.choices, search_text=""))
        self.typing_ended()
        self.main.end_asking()

    def _find_next(self, step: int) -> None:
        """Select the next match, with -1 the one before, with 0 the first from here."""
        text, projection = self.choices.search_text, self.main.projection
        listed = self.main.listed
        if not text or projection is None or listed is None:
            return
        start, merged = self.main.table.position + step, self.choices.merged
        position = next_match(
            listed, projection, text, start, step=step or 1, merged=merged
        )
        if position is not None:
            self.main.table.select(position)

    def action_cancel(self) -> None:
        """Leave the filter."""
        if self.choices.filter_text:
            self.choose(self.choices.with_filter(""))

    def on_key(self, event: events.Key) -> None:
        """Jump to the process whose PID is typed."""
        digit = event.character or ""
        if not (digit.isascii() and digit.isdigit()) or self.screen is not self.main:
            return
        table, search = self.main.table, self.pid_search
        search.begin(table.selected)
        search.type(digit)
        projection, frame = self.main.projection, self.main.listed
        if projection is not None and frame is not None:
            position = search.position(frame, projection)
            if position is not None:
                table.select(position)
            elif table.selected != search.origin:
                # It was on one whose PID is the first digits of this.
                self._go_back(search.origin)
        self.draw_scene()
        self.set_timer(PID_SEARCH_S, self._forget_pid)

    def _go_back(self, origin: Identity | None) -> None:
        if origin is None:
            self.main.table.rest_on_first()
        else:
            self.main.table.select_identity(origin)

    def _forget_pid(self) -> None:
        if self.pid_search.expire():
            self.draw_scene()
