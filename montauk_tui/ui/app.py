"""The monitor: keys change the choices, frames arrive, the main screen draws both."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType

from montauk_tui.collectors.registry import Opened
from montauk_tui.config import Settings, parse_duration
from montauk_tui.engine.columns import COLUMNS
from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.model.frame import Frame
from montauk_tui.sampler import FrameSource, Sampler
from montauk_tui.ui import themes
from montauk_tui.ui.ascii_only import draw_with_ascii
from montauk_tui.ui.bindings import BINDINGS
from montauk_tui.ui.choices import Choices
from montauk_tui.ui.commands import KeyCommands
from montauk_tui.ui.driver import TerminalDriver, watch_signals
from montauk_tui.ui.finding import PID_SEARCH_S, PidSearch, next_match
from montauk_tui.ui.messages import FrameReady, SamplingFailed
from montauk_tui.ui.screens.main import MainScreen, Scene
from montauk_tui.ui.widgets.table_header import TableHeader

# The widgets that only some keys need are imported by those: 25 ms of start-up.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from montauk_tui.ui.widgets.prompt import PromptBar


class MontaukApp(App[None]):
    """The process monitor."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS: ClassVar[list[BindingType]] = list(BINDINGS)
    COMMANDS: ClassVar = {KeyCommands}
    TITLE = "montauk"
    ALLOW_SELECT = False

    def __init__(
        self,
        opened: Opened,
        settings: Settings,
        theme: themes.Theme,
        warnings: Sequence[str] = (),
        cpu_clock: Callable[[], float] = time.process_time,
    ) -> None:
        """Show what an open collector samples; `cpu_clock` tells what that costs."""
        super().__init__(
            driver_class=TerminalDriver,
            ansi_color=True if no_color() else None,
        )
        self.choices = Choices.from_settings(settings)
        self.failure: MontaukError | None = None
        self.main = MainScreen()
        self._warnings = warnings
        self._cpu_clock = cpu_clock
        self._cpu_at_frame_s: float | None = None
        self._cost = "-"
        self._look = theme
        self._frame: Frame | None = None
        self._pid_search = PidSearch()
        self._sampler = Sampler(
            FrameSource(opened), settings.interval_s, self._publish, self._give_up
        )
        draw_with_ascii(self, wanted=settings.ascii)
        self.register_theme(theme.to_textual())
        self.theme = theme.name

    def get_default_screen(self) -> MainScreen:
        """Start with the main screen."""
        return self.main

    # --- life -------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start sampling, and leave in order when told to by a signal."""
        if not self.is_headless:
            watch_signals(self)
        self._sampler.configure(needs=self.choices.needs)
        self._sampler.start()
        for warning in self._warnings:
            self.notify(warning, title="settings", severity="warning", markup=False)

    def on_unmount(self) -> None:
        """Stop sampling."""
        self._sampler.stop()

    def _publish(self, frame: Frame) -> None:
        self.post_message(FrameReady(frame))

    def _give_up(self, error: MontaukError) -> None:
        self.post_message(SamplingFailed(error))

    def on_frame_ready(self, message: FrameReady) -> None:
        """Draw a new frame."""
        now_s = self._cpu_clock()
        if self._cpu_at_frame_s is not None:
            self._cost = f"{(now_s - self._cpu_at_frame_s) * 1000:.0f} ms"
        self._cpu_at_frame_s = now_s
        self._frame = message.frame
        self._draw()

    def on_sampling_failed(self, message: SamplingFailed) -> None:
        """Leave, the reason on the terminal."""
        self.failure = message.error
        self.exit(return_code=1)

    def _draw(self) -> None:
        if self._frame is not None:
            pid_search = self._pid_search.text
            self.main.show(
                Scene(self._frame, self.choices, self._look, self._cost, pid_search)
            )

    def _choose(self, choices: Choices) -> None:
        """Take other choices: the frame at hand is drawn anew, nothing is lost."""
        before, self.choices = self.choices, choices
        if before.needs != choices.needs:
            self._sampler.configure(needs=choices.needs)
        if before.interval_s != choices.interval_s:
            self._sampler.configure(interval_s=choices.interval_s)
        if before.paused != choices.paused:
            self._sampler.configure(paused=choices.paused)
        self._draw()

    # --- what is shown ----------------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys."""
        from montauk_tui.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(BINDINGS, self._look))

    def action_command_palette(self) -> None:
        """Offer every action by its name."""
        from textual.command import CommandPalette

        if self.screen is self.main:
            self.push_screen(CommandPalette(placeholder="What it should do"))

    def action_tree(self) -> None:
        """Switch between tree and list."""
        view = self.choices.view
        self._choose(replace(self.choices, view=replace(view, tree=not view.tree)))

    def action_invert(self) -> None:
        """Turn the order round."""
        self._choose(self.choices.sorted_by(self.choices.view.sort))

    def action_sort(self, column_id: str) -> None:
        """Sort by a column in its usual direction."""
        column = COLUMNS[column_id]
        view = replace(self.choices.view, sort=column, descending=column.descending)
        self._choose(replace(self.choices, view=view))

    def action_kernel_threads(self) -> None:
        """Show or hide kernel threads."""
        view = self.choices.view
        view = replace(view, kernel_threads=not view.kernel_threads)
        self._choose(replace(self.choices, view=view))

    def action_user_threads(self) -> None:
        """Show or hide the threads of processes."""
        view = self.choices.view
        view = replace(view, user_threads=not view.user_threads)
        self._choose(replace(self.choices, view=view))

    def action_paths(self) -> None:
        """Show or hide the folders of programs."""
        self._choose(replace(self.choices, paths=not self.choices.paths))

    def action_scale(self) -> None:
        """Switch CPU% between one core and the machine."""
        machine_scale = not self.choices.machine_scale
        self._choose(replace(self.choices, machine_scale=machine_scale))

    def action_meters(self) -> None:
        """Show or hide the meters."""
        self._choose(replace(self.choices, meters=not self.choices.meters))

    def action_pause(self) -> None:
        """Stop or go on."""
        self._choose(replace(self.choices, paused=not self.choices.paused))

    def action_refresh_now(self) -> None:
        """Sample and draw everything now."""
        self._sampler.sample_now()
        self.main.refresh(layout=True)

    def on_table_header_clicked(self, message: TableHeader.Clicked) -> None:
        """Sort by the title that was clicked, or turn the order round."""
        self._choose(self.choices.sorted_by(message.column))

    # --- lists to choose from ---------------------------------------------------------

    def action_choose_sort(self) -> None:
        """Offer every column to sort by."""
        from montauk_tui.ui.screens.choose import Choice, ChooseScreen

        choices = [
            Choice(column.id, column.title, column.description)
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

        before = self._look.name
        found: dict[str, themes.Theme] = {}
        for name in themes.names(themes.folders()):
            try:
                found[name] = themes.load(name, themes.folders())
            except themes.ThemeError as error:
                self.notify(str(error), severity="warning", markup=False)
        choices = [
            Choice(name, name, theme.description) for name, theme in found.items()
        ]

        def preview(name: str) -> None:
            self._wear(found[name])

        def chosen(name: str | None) -> None:
            self._wear(found[name or before])

        self.push_screen(ChooseScreen("Theme", choices, before, preview), chosen)

    def _wear(self, theme: themes.Theme) -> None:
        self._look = theme
        self.register_theme(theme.to_textual())
        self.theme = theme.name
        self._draw()

    # --- typing -----------------------------------------------------------------------

    async def _ask(self, kind: str, text: str, hint: str) -> None:
        from montauk_tui.ui.widgets.prompt import PromptBar

        # Keys that come meanwhile wait, and then belong to the prompt.
        await self.main.ask(PromptBar(kind, text, hint))

    async def action_search(self) -> None:
        """Ask for a text to jump to."""
        await self._ask("search", "", "part of a command; F3 next, Enter stays there")

    async def action_filter(self) -> None:
        """Ask for a filter."""
        hint = "part of a command, a|b for either; Esc shows everything"
        await self._ask("filter", self.choices.filter_text, hint)

    async def action_interval(self) -> None:
        """Ask for the time between refreshes."""
        await self._ask("interval", f"{self.choices.interval_s:g}", "1.5, 2s or 500ms")

    def on_prompt_bar_typed(self, message: "PromptBar.Typed") -> None:
        """Filter and search while the text is typed."""
        if message.kind == "filter":
            self._choose(self.choices.with_filter(message.text))
        elif message.kind == "search":
            self._choose(replace(self.choices, search_text=message.text))
            self._find_next(from_here=True)

    def on_prompt_bar_again(self) -> None:
        """Jump to the next match."""
        self._find_next(from_here=False)

    def on_prompt_bar_ended(self, message: "PromptBar.Ended") -> None:
        """Take the text or leave it, and go back to the table."""
        if message.kind == "interval" and message.accepted:
            try:
                interval_s = parse_duration(message.text)
            except UsageError as error:
                self.notify(str(error), severity="error", markup=False)
                return
            self._choose(replace(self.choices, interval_s=interval_s))
        elif message.kind == "filter" and not message.accepted:
            self._choose(self.choices.with_filter(""))
        elif message.kind == "search":
            self._choose(replace(self.choices, search_text=""))
        self.main.end_asking()

    def _find_next(self, *, from_here: bool) -> None:
        text, projection = self.choices.search_text, self.main.projection
        if not text or projection is None or self._frame is None:
            return
        start = self.main.table.position + (0 if from_here else 1)
        position = next_match(self._frame, projection, text, start)
        if position is not None:
            self.main.table.select(position)

    def action_cancel(self) -> None:
        """Leave the filter."""
        if self.choices.filter_text:
            self._choose(self.choices.with_filter(""))

    def on_key(self, event: events.Key) -> None:
        """Jump to the process whose PID is typed."""
        digit = event.character or ""
        if not (digit.isascii() and digit.isdigit()) or self.screen is not self.main:
            return
        self._pid_search.type(digit)
        projection, frame = self.main.projection, self._frame
        if projection is not None and frame is not None:
            position = self._pid_search.position(frame, projection)
            if position is not None:
                self.main.table.select(position)
        self._draw()
        self.set_timer(PID_SEARCH_S, self._forget_pid)

    def _forget_pid(self) -> None:
        if self._pid_search.expire():
            self._draw()

    # --- moving -----------------------------------------------------------------------

    def action_move(self, rows: int) -> None:
        """Select a row further up or down."""
        self.main.table.select(self.main.table.position + rows)

    def action_move_page(self, pages: int) -> None:
        """Go up or down whole screens."""
        height = max(1, self.main.table.size.height - 1)
        self.main.table.select(self.main.table.position + pages * height)

    def action_first(self) -> None:
        """Go to the first row and stay there."""
        self.main.table.rest_on_first()

    def action_last(self) -> None:
        """Go to the last row."""
        self.main.table.select(self.main.table.row_count - 1)

    def action_shift(self, cells: int) -> None:
        """Scroll sideways."""
        self.main.table.shift_to(self.main.table.shift + cells)

    def action_shift_home(self) -> None:
        """Scroll to the start of the line."""
        self.main.table.shift_to(0)

    def action_shift_end(self) -> None:
        """Scroll to the end of the longest line."""
        self.main.table.shift_to(sys.maxsize)


def no_color() -> bool:
    """Tell whether the user wants no colours (an empty NO_COLOR does not count)."""
    if not os.environ.get("NO_COLOR"):
        # Textual would count the empty one.
        os.environ.pop("NO_COLOR", None)
        return False
    return True


def run(
    opened: Opened, settings: Settings, warnings: Sequence[str], *, strict_theme: bool
) -> int:
    """Run the monitor until the user leaves; return the exit code.

    Raises:
        ThemeError: With `strict_theme`, where the theme cannot be had.
        MontaukError: The collector failed on the way.
    """
    notes = list(warnings)
    try:
        theme = themes.load(settings.theme, themes.folders())
    except themes.ThemeError as error:
        if strict_theme:
            raise
        notes.append(f"{error}; using {themes.DEFAULT}")
        theme = themes.load(themes.DEFAULT, themes.folders())
    if no_color():
        theme = themes.load(themes.MONOCHROME, themes.folders())
    for note in notes:
        sys.stderr.write(f"montauk: {note}\n")
    app = MontaukApp(opened, settings, theme, notes)
    app.run(mouse=settings.mouse)
    if app.failure is not None:
        raise app.failure
    if app.return_code == 1:
        sys.stderr.write("montauk: that was a bug in montauk; please report it\n")
    return app.return_code or 0
