"""The monitor: keys change the choices, frames arrive, the main screen draws both."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual.binding import BindingType
from textual.screen import Screen
from textual.timer import Timer

from montauk_tui import streams
from montauk_tui.actions.signals import DEFAULT as DEFAULT_SIGNAL
from montauk_tui.collectors.registry import Opened
from montauk_tui.config import Settings, config_path
from montauk_tui.errors import MontaukError
from montauk_tui.model.frame import Frame
from montauk_tui.pipeline.frames import FrameSource
from montauk_tui.pipeline.sampler import Sampler
from montauk_tui.ui import tabs, themes
from montauk_tui.ui.actions.acting import SignalActions
from montauk_tui.ui.actions.folding import FoldingActions
from montauk_tui.ui.actions.moving import MovingActions
from montauk_tui.ui.actions.saving import SavingActions, shown_path
from montauk_tui.ui.actions.tagging import TaggingActions
from montauk_tui.ui.actions.tracing import TracingActions
from montauk_tui.ui.actions.tuning import TuningActions
from montauk_tui.ui.actions.typing import TypingActions
from montauk_tui.ui.ascii_only import draw_with_ascii
from montauk_tui.ui.bindings import BINDINGS
from montauk_tui.ui.choices import Choices
from montauk_tui.ui.commands import KeyCommands
from montauk_tui.ui.driver import TerminalDriver
from montauk_tui.ui.finding import PidSearch
from montauk_tui.ui.keymap import bind, keymap
from montauk_tui.ui.messages import FrameReady, SamplingFailed
from montauk_tui.ui.screens.main import MainScreen, Scene
from montauk_tui.ui.terminal import abilities
from montauk_tui.ui.widgets.table_header import TableHeader

# The widgets that only some keys need are imported by those: 25 ms of start-up.
# ruff: noqa: PLC0415

QUIET_S = 0.3
"""After so long without a key what is typed is taken for complete."""


class MontaukApp(
    MovingActions,
    TypingActions,
    SavingActions,
    SignalActions,
    TaggingActions,
    TuningActions,
    TracingActions,
    FoldingActions,
):
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
        self.settings = settings
        self.keys = settings.keys
        self.keymap, _ = keymap(settings.keys)
        self.last_signal = DEFAULT_SIGNAL
        self.failure: MontaukError | None = None
        bind(self, self.keymap.main)
        self.main = MainScreen()
        self.main.keys.use(self.keymap.main)
        self._warnings = warnings
        self._cpu_clock = cpu_clock
        self._cpu_at_frame_s: float | None = None
        self._cost = "-"
        self.look = theme
        self.frame_now: Frame | None = None
        self.pid_search = PidSearch()
        self.kept, self.carried = {}, ()
        self._asks_later: Timer | None = None
        self._sampler = Sampler(
            FrameSource(opened), settings.interval_s, self._publish, self._give_up
        )
        draw_with_ascii(self, wanted=settings.ascii)
        self.register_theme(theme.to_textual())
        self.theme = theme.name
        self.saved = self.settings_now

    def get_default_screen(self) -> MainScreen:
        """Start with the main screen."""
        return self.main

    # --- life -------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start sampling."""
        self._sampler.configure(needs=self.choices.needs)
        try:
            self._sampler.start()
        except MontaukError as error:
            self._give_up(error)
        for warning in self._warnings:
            self.notify(warning, title="settings", severity="warning", markup=False)

    def on_unmount(self) -> None:
        """Stop sampling."""
        self._sampler.stop()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Let the driver draw; Textual itself would send whole lines, and at once."""
        driver = self._driver
        if not isinstance(driver, TerminalDriver):
            super()._display(screen, renderable)
            return
        if isinstance(renderable, CompositorUpdate) and self._running:
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            driver.draw(renderable, cursor)
        self.post_display_hook()

    def action_suspend_process(self) -> None:
        """Stop until the shell continues the program."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.suspend_job()

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
        self.frame_now = message.frame
        self.forget_gone(message.frame)
        self.draw_scene()

    def on_sampling_failed(self, message: SamplingFailed) -> None:
        """Leave, the reason on the terminal."""
        self.failure = message.error
        self.exit(return_code=1)

    def draw_scene(self) -> None:
        """Draw the frame at hand."""
        if self.frame_now is not None:
            self.stop_following_another()
            pid_search = self.pid_search.shown
            self.main.show(
                Scene(self.frame_now, self.choices, self.look, self._cost, pid_search)
            )
            self.draw_closer_look()

    def choose(self, choices: Choices, *, typing: bool = False) -> None:
        """Take other choices: the frame at hand is drawn anew, nothing is lost.

        What must be sampled for them is asked for at once, or, with `typing`, when no
        key has come for a while: to read thousands of files would hold the keys up.
        """
        before, self.choices = self.choices, choices
        if before.needs != choices.needs or self._asks_later is not None:
            self._need(QUIET_S if typing else 0.0)
        if before.interval_s != choices.interval_s:
            self._sampler.configure(interval_s=choices.interval_s)
        if before.paused != choices.paused:
            self._sampler.configure(paused=choices.paused)
        self.draw_scene()

    def typing_ended(self) -> None:
        """Ask for what was put off."""
        if self._asks_later is not None:
            self._need(0.0)

    def _need(self, after_s: float) -> None:
        """Tell the sampler what is needed, which it then looks for at once."""
        if self._asks_later is not None:
            self._asks_later.stop()
            self._asks_later = None
        if after_s:
            self._asks_later = self.set_timer(after_s, self.typing_ended)
        else:
            self._sampler.configure(needs=self.choices.needs)

    # --- what is shown ----------------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys."""
        from montauk_tui.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.keymap.every, self.look))

    def action_command_palette(self) -> None:
        """Offer every action by its name."""
        from textual.command import CommandPalette

        if self.screen is self.main:
            self.push_screen(CommandPalette(placeholder="What it should do"))

    def action_tree(self) -> None:
        """Switch between tree and list."""
        self.choose(self.choices.with_tree(wanted=not self.choices.view.tree))

    def action_invert(self) -> None:
        """Turn the order round."""
        self.choose(self.choices.sorted_by(self.choices.view.sort))

    def action_kernel_threads(self) -> None:
        """Show or hide kernel threads."""
        view = self.choices.view
        view = replace(view, kernel_threads=not view.kernel_threads)
        self.choose(replace(self.choices, view=view))

    def action_user_threads(self) -> None:
        """Show or hide the threads of processes."""
        view = self.choices.view
        view = replace(view, user_threads=not view.user_threads)
        self.choose(replace(self.choices, view=view))

    def action_paths(self) -> None:
        """Show or hide the folders of programs."""
        self.choose(replace(self.choices, paths=not self.choices.paths))

    def action_merged(self) -> None:
        """Show or hide names that are not those of programs."""
        self.choose(replace(self.choices, merged=not self.choices.merged))

    def action_containers(self) -> None:
        """Show or hide processes in containers."""
        view = self.choices.view
        view = replace(view, containers=not view.containers)
        self.choose(replace(self.choices, view=view))

    def action_scale(self) -> None:
        """Switch CPU% between one core and the machine."""
        machine_scale = not self.choices.machine_scale
        self.choose(replace(self.choices, machine_scale=machine_scale))

    def action_meters(self) -> None:
        """Show or hide the meters."""
        self.choose(replace(self.choices, meters=not self.choices.meters))

    def action_panel(self) -> None:
        """Show or hide the panel about the selected process."""
        self.choose(replace(self.choices, panel=not self.choices.panel))

    def action_ended(self) -> None:
        """Show or hide processes that ended."""
        self.choose(replace(self.choices, ended=not self.choices.ended))

    def action_pause(self) -> None:
        """Stop or go on."""
        self.choose(replace(self.choices, paused=not self.choices.paused))

    def action_refresh_now(self) -> None:
        """Sample and draw everything now."""
        self._sampler.sample_now()
        self.main.refresh(layout=True)
        if isinstance(self._driver, TerminalDriver):
            self._driver.draw_anew()

    def sample_soon(self) -> None:
        """Sample now, unless the picture is to stay as it is."""
        if not self.choices.paused:
            self._sampler.sample_now()

    def on_table_header_clicked(self, message: TableHeader.Clicked) -> None:
        """Sort by the title that was clicked, or turn the order round."""
        self.choose(self.choices.sorted_by(message.column))


def no_color() -> bool:
    """Tell whether the user wants no colours (an empty NO_COLOR does not count)."""
    if not os.environ.get("NO_COLOR"):
        # Textual would count the empty one.
        os.environ.pop("NO_COLOR", None)
        return False
    return True


def no_cursor() -> MontaukError:
    """Return what to say of a terminal that shows text alone."""
    reason = "this terminal cannot place a cursor (TERM is unset, dumb or no ANSI)"
    return MontaukError(reason, "set TERM, or use --once or --json")


def mistakes(settings: Settings) -> list[str]:
    """Return a line for each setting that only the screen can tell to be wrong."""
    path = shown_path(config_path(os.environ))
    said = [*keymap(settings.keys)[1], *tabs.mistakes(settings)]
    return [f"{path}: {line}" for line in said]


def run(
    opened: Opened, settings: Settings, warnings: Sequence[str], *, strict_theme: bool
) -> int:
    """Run the monitor until the user leaves; return the exit code.

    Raises:
        ThemeError: With `strict_theme`, where the theme cannot be had.
        MontaukError: The collector failed on the way.
    """
    notes = [*warnings, *mistakes(settings)]
    able = TerminalDriver.abilities = abilities.find(
        os.environ, streams.screen().fileno()
    )
    if not able.places_cursor:
        raise no_cursor()
    if not able.colors:
        os.environ["NO_COLOR"] = "TERM has no colours"
    if able.ascii_only:
        settings = replace(settings, ascii=True)
    if strict_theme:
        theme, why_not = themes.load(settings.theme, themes.folders()), ""
    else:
        theme, why_not = themes.worn(settings.theme)
    notes += [why_not] if why_not else []
    if no_color():
        theme = themes.load(themes.MONOCHROME, themes.shipped())
    for note in notes:
        streams.complain(note)
    app = MontaukApp(opened, settings, theme, notes)
    app.run(mouse=settings.mouse)
    if app.failure is not None:
        raise app.failure
    if app.return_code == 1:
        streams.complain("that was a bug in montauk; please report it")
    return app.return_code or 0
