"""The monitor app: life cycle, and the path from a key to its action."""

import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual._compositor import CompositorUpdate
from textual.actions import parse
from textual.app import App
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from montauk_tui import streams
from montauk_tui.config import Settings, config_path
from montauk_tui.errors import MontaukError
from montauk_tui.host.base import Host
from montauk_tui.model.frame import Frame
from montauk_tui.model.text import clean_text
from montauk_tui.pipeline.sampler import Sampler
from montauk_tui.session import tabs
from montauk_tui.session.actions.saving import shown_path
from montauk_tui.session.actions.tagging import take_frame
from montauk_tui.session.state import Session
from montauk_tui.session.table import ACTIONS
from montauk_tui.ui import themes
from montauk_tui.ui.bindings import BINDINGS
from montauk_tui.ui.commands import KeyCommands
from montauk_tui.ui.controller import Controller
from montauk_tui.ui.driver import TerminalDriver
from montauk_tui.ui.keymap import keymap
from montauk_tui.ui.messages import FrameReady, SamplingFailed
from montauk_tui.ui.screens.main import MainScreen
from montauk_tui.ui.terminal import abilities

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
        host: Host,
        settings: Settings,
        theme: themes.Theme,
        warnings: Sequence[str] = (),
        cpu_clock: Callable[[], float] = time.process_time,
    ) -> None:
        """Show the frames of a host; `cpu_clock` measures the cost."""
        super().__init__(
            driver_class=TerminalDriver,
            ansi_color=True if no_color() else None,
        )
        self.failure: MontaukError | None = None
        self._warnings = warnings
        self._cpu_clock = cpu_clock
        self._cpu_at_frame_s: float | None = None
        self._sampler = Sampler(
            host,
            settings.interval_s,
            self._publish,
            self._give_up,
        )
        self.controller = Controller(
            self, self._sampler, self._terminal, settings, theme, host
        )

    @property
    def session(self) -> Session:
        """The current session."""
        return self.controller.session

    def get_default_screen(self) -> MainScreen:
        """Start with the main screen."""
        return self.controller.main

    # --- life cycle -------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start sampling."""
        self._sampler.configure(needs=self.session.choices.needs)
        try:
            self._sampler.start()
        except MontaukError as error:
            self._give_up(error)
        for warning in self._warnings:
            self.notify(f"settings: {warning}", severity="warning", markup=False)

    def on_unmount(self) -> None:
        """Stop sampling."""
        self._sampler.stop()

    def _terminal(self) -> TerminalDriver | None:
        driver = self._driver
        return driver if isinstance(driver, TerminalDriver) else None

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Let the driver draw: Textual would send whole lines at once."""
        terminal = self._terminal()
        if terminal is None:
            super()._display(screen, renderable)
            return
        if isinstance(renderable, CompositorUpdate) and self._running:
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            terminal.draw(renderable, cursor)
        self.post_display_hook()

    def action_suspend_process(self) -> None:
        """Suspend the program until the shell resumes it."""
        terminal = self._terminal()
        if terminal is not None:
            terminal.suspend_job()

    def _publish(self, frame: Frame) -> None:
        self.post_message(FrameReady(frame))

    def _give_up(self, error: MontaukError) -> None:
        self.post_message(SamplingFailed(error))

    def _fatal_error(self) -> None:
        """Exit, and print the traceback of the first error.

        Without local variables, which Textual adds: they hold every process.
        """
        if self._exception is not None and not self._exit_renderables:
            lines = "".join(traceback.format_exception(self._exception)).splitlines()
            text = "\n".join(map(clean_text, lines))
            self.panic(Text(text, no_wrap=True, overflow="ignore"))

    # --- messages ---------------------------------------------------------------------

    async def on_frame_ready(self, message: FrameReady) -> None:
        """Draw a new frame, once the terminal has taken the last one."""
        terminal = self._terminal()
        if terminal is not None and not terminal.is_drained:
            terminal.when_drained(partial(self._publish, message.frame))
            return
        now_s, session = self._cpu_clock(), self.session
        if self._cpu_at_frame_s is not None:
            cost = f"{(now_s - self._cpu_at_frame_s) * 1000:.0f} ms"
            session = replace(session, cost=cost)
        self._cpu_at_frame_s = now_s
        with terminal.at_once() if terminal is not None else nullcontext():
            await self.controller.accept(take_frame(session, message.frame))
        if message.frame.remark:
            self.controller.say(message.frame.remark)

    def on_sampling_failed(self, message: SamplingFailed) -> None:
        """Exit, and print the reason."""
        self.failure = message.error
        self.exit(return_code=1)

    async def run_action(
        self,
        action: str | tuple[str, str, tuple[Any, ...]],
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action of `session.table` by its name; Textual runs all others."""
        target, name, args = parse(action) if isinstance(action, str) else action
        is_own = target == "app" or (not target and default_namespace in (None, self))
        if not is_own or name not in ACTIONS:
            return await super().run_action(action, default_namespace, namespaces)
        await self.controller.run_action(name, *args)
        return True

    async def on_key(self, event: events.Key) -> None:
        """Jump to the process whose PID is typed."""
        digit = event.character or ""
        if digit.isascii() and digit.isdigit() and self.screen is self.controller.main:
            await self.controller.run_action("type_digit", digit)

    async def on_prompt_bar_typed(self, message: "PromptBar.Typed") -> None:
        """Filter and search while the text is typed."""
        await self.controller.run_action("prompt_typed", message.kind, message.text)

    async def on_prompt_bar_again(self, message: "PromptBar.Again") -> None:
        """Jump to the next or previous match."""
        await self.controller.run_action("prompt_again", message.step)

    async def on_prompt_bar_ended(self, message: "PromptBar.Ended") -> None:
        """Take the text or leave it, and go back to the table."""
        args = message.kind, message.text, message.accepted
        await self.controller.run_action("prompt_ended", *args)

    async def on_cursor_position(self, event: events.CursorPosition) -> None:
        """Handle Shift-F3.

        xterm encodes Shift-F3 as the cursor-position report; montauk never requests
        one.
        """
        for prompt in self.screen.query("PromptBar"):
            if (event.x, event.y) == (1, 0):
                await prompt.run_action("again(-1)")


def no_color() -> bool:
    """Tell whether the user wants no colours (an empty NO_COLOR does not count)."""
    if not os.environ.get("NO_COLOR"):
        # Textual would honour the empty one.
        os.environ.pop("NO_COLOR", None)
        return False
    return True


def no_cursor() -> MontaukError:
    """Return the error for a terminal without cursor positioning."""
    reason = "this terminal cannot place a cursor (TERM is unset, dumb or no ANSI)"
    return MontaukError(reason, "set TERM, or use --once or --json")


def validate(settings: Settings) -> list[str]:
    """Return a line for each invalid setting that only the screen can check."""
    path = shown_path(config_path(os.environ))
    problems = [*keymap(settings.keys)[1], *tabs.validate(settings)]
    return [f"{path}: {line}" for line in problems]


def fitted(settings: Settings) -> Settings:
    """Return the settings for what the terminal can do.

    Raises:
        MontaukError: It cannot place a cursor.
    """
    able = TerminalDriver.abilities = abilities.find(
        os.environ, streams.screen().fileno()
    )
    if not able.places_cursor:
        raise no_cursor()
    if not able.colors:
        os.environ["NO_COLOR"] = "TERM has no colours"
    return replace(settings, ascii=True) if able.ascii_only else settings


def run(
    host: Host,
    settings: Settings,
    warnings: Sequence[str],
    *,
    strict_theme: bool,
    served: bool = False,
) -> int:
    """Run the monitor until the user leaves; return the exit code.

    With `served` the screen goes to textual-serve, which shows it in a browser.

    Raises:
        ThemeError: With `strict_theme`, if the theme cannot be loaded.
        MontaukError: The collector failed.
    """
    notes = [*warnings, *validate(settings)]
    settings = settings if served else fitted(settings)
    if strict_theme:
        theme, why_not = themes.load(settings.theme, themes.folders()), ""
    else:
        theme, why_not = themes.load_or_default(settings.theme)
    notes += [why_not] if why_not else []
    if no_color():
        theme = themes.load(themes.MONOCHROME, themes.shipped())
    for note in notes:
        streams.complain(note)
    app = MontaukApp(host, settings, theme, notes)
    if served:
        from montauk_tui.ui.served import ServedDriver  # noqa: PLC0415 - 3 ms

        app.driver_class = ServedDriver
    app.run(mouse=settings.mouse)
    if app.failure is not None:
        raise app.failure
    if app.return_code == 1:
        streams.complain("this is a bug in montauk; please report it")
    return app.return_code or 0
