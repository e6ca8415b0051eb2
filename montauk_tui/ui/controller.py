"""Runs actions: shows the session they return, and performs their effects."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from functools import partial, singledispatchmethod
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.timer import Timer

from montauk_tui.config import Settings
from montauk_tui.errors import MontaukError, UsageError
from montauk_tui.host.base import Host, Past
from montauk_tui.pipeline.sampler import Sampler
from montauk_tui.session import effects
from montauk_tui.session.choices import Choices
from montauk_tui.session.state import Session
from montauk_tui.session.table import call_action, update_of
from montauk_tui.ui import themes
from montauk_tui.ui.ascii_only import draw_with_ascii
from montauk_tui.ui.driver import TerminalDriver
from montauk_tui.ui.keymap import bind, keymap
from montauk_tui.ui.screens.main import MainScreen, Scene

# Screens that only some actions need are imported by those: 25 ms of start-up.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from montauk_tui.ui.screens.details import DetailsScreen


QUIET_S = 0.3
"""Pause after which typed text counts as complete."""


class Controller:
    """The current session, and the screens that show it."""

    def __init__(
        self,
        app: App[None],
        sampler: Sampler,
        terminal: Callable[[], TerminalDriver | None],
        settings: Settings,
        theme: themes.Theme,
        host: Host,
    ) -> None:
        """Start with the initial session; nothing is shown before the first frame."""
        self.session = Session.start(settings, theme.name, host.actions, host.past)
        self._turn = host.turn_recording
        self.main = MainScreen()
        self._app = app
        self._sampler = sampler
        self._terminal = terminal
        self._details: DetailsScreen | None = None
        self._asks_later: Timer | None = None
        draw_with_ascii(app, wanted=settings.ascii)
        self._register_theme(theme)
        self._bind()

    # --- the session ------------------------------------------------------------------

    async def run_action(self, name: str, *args: Any) -> None:
        """Run an action by its name."""
        session = replace(
            self.session,
            page_rows=self.main.table.size.height,
            screen_lines=self.main.size.height,
        )
        await self.accept(call_action(session, name, *args))

    async def accept(self, update: effects.Update) -> None:
        """Adopt the session of an action, and perform its effects."""
        self.adopt(update.session)
        for effect in update.effects:
            done = self.perform(effect)
            if done is not None:
                await done

    def adopt(self, session: Session) -> None:
        """Adopt a session; the sampler and the screen follow."""
        before, self.session = self.session, session
        old, new = before.choices, session.choices
        is_put_off = self._asks_later is not None
        has_ended = before.is_typing and not session.is_typing
        is_other = old is not new
        if (is_other and old.needs != new.needs) or (
            is_put_off and (is_other or has_ended)
        ):
            self._need(QUIET_S if session.is_typing else 0.0)
        if old.pace != new.pace:
            self._sampler.configure(interval_s=new.pace.interval_s)
            if session.past is not None:
                session.past.play_at(new.pace.stride)
        if old.paused != new.paused:
            self._sampler.configure(paused=new.paused)
        if before.keys != session.keys:
            self._bind()
        if old.ascii != new.ascii:
            draw_with_ascii(self._app, wanted=new.ascii)
        terminal, mouse = self._terminal(), session.settings.mouse
        if terminal is not None and before.settings.mouse != mouse:
            terminal.use_mouse(wanted=mouse)
        self._follow(before)

    def choose(self, choices: Choices) -> None:
        """Adopt other choices."""
        self.adopt(self.session.apply(choices=choices))

    def _need(self, after_s: float = 0.0) -> None:
        """Pass the needs to the sampler, at once or after a pause in typing.

        It may then read thousands of files, which would delay the keys.
        """
        if self._asks_later is not None:
            self._asks_later.stop()
            self._asks_later = None
        if after_s:
            self._asks_later = self._app.set_timer(after_s, self._need)
        elif self._still is None:
            self._sampler.configure(needs=self.session.choices.needs)

    @property
    def _still(self) -> Past | None:
        """A recording that is paused: another sample of it would be a later one."""
        past = self.session.past
        is_still = past is not None and past.plays and self.session.choices.paused
        return past if is_still else None

    def _follow(self, before: Session) -> None:
        """Draw what changed."""
        now = self.session
        if _looks(before) != _looks(now):
            self.draw_session()
        elif before.selection != now.selection:
            self.main.select(now)

    def draw_session(self) -> None:
        """Draw the current frame."""
        if self.session.frame is not None:
            self.main.show_scene(Scene(self.session, self.theme))
            if self._details is not None:
                self._details.take(self.session, self.theme)

    def _bind(self) -> None:
        """Apply the configured keys."""
        self.keymap, _ = keymap(self.session.keys)
        bind(self._app, self.keymap.main)
        self.main.use(self.keymap.main)

    # --- colours ----------------------------------------------------------------------

    def _register_theme(self, theme: themes.Theme) -> None:
        self.theme = theme.limited_to(TerminalDriver.abilities.colors)
        self._app.register_theme(theme.to_textual())
        self._app.theme = theme.name

    def apply_theme(self, theme: themes.Theme) -> None:
        """Draw in the colours of a theme."""
        self._register_theme(theme)
        self.adopt(replace(self.session, theme=theme.name))

    def themes_found(self) -> dict[str, themes.Theme]:
        """Return the available themes; report each invalid one in one line."""
        found: dict[str, themes.Theme] = {}
        for name in themes.names(themes.folders()):
            try:
                found[name] = themes.load(name, themes.folders())
            except themes.ThemeError as error:
                self._app.notify(str(error), severity="warning", markup=False)
        return found

    def _choose_theme(self) -> None:
        """Offer every theme, with a live preview."""
        from montauk_tui.ui.screens.choose import ChooseScreen

        before, found = self.theme.name, self.themes_found()
        choices = [
            effects.Choice(name, name, theme.description)
            for name, theme in found.items()
        ]
        offer = effects.Choose("Theme", choices, before, lambda session, _: session)
        screen = ChooseScreen(offer, lambda name: self.apply_theme(found[name]))
        self._app.push_screen(
            screen, lambda name: self.apply_theme(found[name or before])
        )

    # --- effects ----------------------------------------------------------------------

    @singledispatchmethod
    def perform(self, effect: effects.Effect) -> Awaitable[None] | None:
        """Perform an effect; some are awaited."""
        raise NotImplementedError(effect)

    @perform.register
    def _say(self, effect: effects.Say) -> None:
        self._app.clear_notifications()
        if effect.text:
            self._app.notify(effect.text, severity=effect.severity, markup=False)

    def say(self, text: str, *, is_good: bool = False) -> None:
        """Show one line, in place of the previous one."""
        self.perform(effects.Say(text, "information" if is_good else "warning"))

    @perform.register
    def _copy(self, effect: effects.Copy) -> None:
        terminal = self._terminal()
        if terminal is None or not terminal.copy(effect.text):
            self.say("not copied: this terminal has no clipboard that programs can set")
        else:
            self.say(f"copied to the terminal's clipboard: {effect.what}", is_good=True)

    @perform.register
    def _choose(self, effect: effects.Choose) -> None:
        from montauk_tui.ui.screens.choose import ChooseScreen

        self._app.push_screen(ChooseScreen(effect), partial(self._answer, effect.then))

    @perform.register
    def _pick(self, effect: effects.Pick) -> None:
        from montauk_tui.ui.screens.pick import PickScreen

        self._app.push_screen(PickScreen(effect), partial(self._answer, effect.then))

    @perform.register
    def _toggle(self, effect: effects.Toggle) -> None:
        from montauk_tui.ui.screens.toggles import TogglesScreen

        self._app.push_screen(TogglesScreen(effect), partial(self._answer, effect.then))

    async def _answer(
        self, then: Callable[[Session, Any], effects.Result], answer: object
    ) -> None:
        """Apply the choice; a cancelled list changes nothing."""
        if answer is not None:
            await self.accept(
                update_of(self.session, partial(then, self.session, answer))
            )

    @perform.register
    async def _ask(self, effect: effects.Ask) -> None:
        from montauk_tui.ui.widgets.prompt import PromptBar

        # Keys that arrive meanwhile wait, and go to the prompt.
        await self.main.ask(PromptBar(*effect))

    @perform.register
    def _end_asking(self, _effect: effects.EndAsking) -> None:
        self.main.end_asking()

    @perform.register
    def _open(self, effect: effects.Open) -> None:
        is_free = self._app.screen is self.main
        if effect.screen == "help":
            from montauk_tui.ui.screens.help import HelpScreen

            self._app.push_screen(HelpScreen(self.keymap, self.theme))
        elif effect.screen == "themes":
            self._choose_theme()
        elif effect.screen == "setup" and is_free:
            from montauk_tui.ui.screens.setup import SetupScreen

            self._app.push_screen(SetupScreen(self))
        elif effect.screen == "commands" and is_free:
            from montauk_tui.ui.commands import Palette

            self._app.push_screen(Palette())

    @perform.register
    def _look_into(self, effect: effects.LookInto) -> None:
        if self._details is not None:
            return
        from montauk_tui.ui.screens.details import DetailsScreen

        self._details = DetailsScreen(*effect, self.keymap.look)
        self._app.push_screen(self._details, self._details_closed)
        self._details.take(self.session, self.theme)

    def _details_closed(self, _result: None) -> None:
        self._details = None

    @perform.register
    def _watch(self, effect: effects.Watch) -> None:
        from montauk_tui.ui.screens.output import OutputScreen

        screen = OutputScreen(*effect, self.theme, self.keymap.look)
        self._app.push_screen(screen)

    @perform.register
    def _sample(self, effect: effects.Sample) -> None:
        if self._still is None:
            self._sampler.sample_now()
        else:
            self._sampler.look(self._still.past_frame)
        if effect.anew:
            self.main.refresh(layout=True)
            if (terminal := self._terminal()) is not None:
                terminal.draw_anew()

    @perform.register
    def _go_to(self, effect: effects.GoTo) -> None:
        past = self.session.past
        if past is None:
            return
        try:
            past.go(effect.place)
        except UsageError as error:
            self.say(str(error))
        else:
            self._sampler.look(past.past_frame)

    @perform.register
    def _turn_recording(self, _effect: effects.TurnRecording) -> None:
        if self._turn is None:
            self.say("this is a recording: it is not recorded again")
            return
        try:
            self.say(self._turn(), is_good=True)
        except MontaukError as error:
            self.say(str(error))

    @perform.register
    def _scroll(self, effect: effects.Scroll) -> None:
        table = self.main.table
        if effect.rows:
            table.scroll_by(effect.rows)
        if effect.cells:
            table.shift_to(table.shift + effect.cells)

    @perform.register
    def _work(self, effect: effects.Work) -> None:
        self._app.run_worker(self._work_on(effect.steps), exit_on_error=False)

    async def _work_on(self, steps: effects.Steps) -> None:
        """Take one step after the other; a program that quits takes no more."""
        with closing(steps):
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    self.perform(end.value)
                    return
                # A key, a frame.
                await asyncio.sleep(0)

    @perform.register
    def _later(self, effect: effects.Later) -> None:
        self._app.set_timer(effect.after_s, partial(self.run_action, effect.action))


def _looks(session: Session) -> tuple[object, ...]:
    """Return what a screen depends on, except the selection."""
    return (
        id(session.frame), id(session.choices), session.theme, session.keys,
        session.pid_search.shown, session.cost,
    )  # fmt: skip
