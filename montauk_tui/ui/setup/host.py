"""What the setup screen knows of the program, and how it changes it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from montauk_tui.config import Change, Settings
from montauk_tui.session.choices import Choices
from montauk_tui.session.effects import Effect, Say
from montauk_tui.session.state import Session
from montauk_tui.ui import themes
from montauk_tui.ui.keymap import Keymap


class Program(Protocol):
    """The session at hand and how it is shown."""

    session: Session
    look: themes.Theme
    keymap: Keymap

    def adopt(self, session: Session) -> None:
        """Go on with another session."""

    def wear(self, theme: themes.Theme) -> None:
        """Draw in the colours of a theme."""

    def themes_found(self) -> dict[str, themes.Theme]:
        """Return the themes there are; one line is said of each that is wrong."""

    def perform(self, effect: Effect) -> object:
        """Do what an action asks for."""


class SetupHost:
    """The choices as they are, each with the way to change it."""

    def __init__(self, program: Program) -> None:
        """Change what a program shows."""
        self._program = program

    @property
    def _session(self) -> Session:
        return self._program.session

    @property
    def choices(self) -> Choices:
        """What the user chose to see."""
        return self._session.choices

    @property
    def settings(self) -> Settings:
        """What the program was started with, but for the mouse."""
        return self._session.settings

    @property
    def settings_now(self) -> Settings:
        """What would start the program as it is now."""
        return self._session.settings_now

    @property
    def unsaved(self) -> list[Change]:
        """What was changed since it was saved."""
        return self._session.unsaved

    @property
    def keys(self) -> Mapping[str, tuple[str, ...]]:
        """What `[keys]` says."""
        return self._session.keys

    @property
    def keymap(self) -> Keymap:
        """What each key does."""
        return self._program.keymap

    @property
    def look(self) -> themes.Theme:
        """The theme."""
        return self._program.look

    def choose(self, choices: Choices) -> None:
        """Take other choices."""
        self._program.adopt(self._session.apply(choices=choices))

    def use_mouse(self, *, wanted: bool) -> None:
        """Listen to the mouse, or leave it to the terminal."""
        settings = replace(self.settings, mouse=wanted)
        self._program.adopt(replace(self._session, settings=settings))

    def map_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Let keys do other things from now on."""
        self._program.adopt(replace(self._session, keys=keys))

    def themes_found(self) -> dict[str, themes.Theme]:
        """Return the themes there are; one line is said of each that is wrong."""
        return self._program.themes_found()

    def wear(self, theme: themes.Theme) -> None:
        """Draw in the colours of a theme."""
        self._program.wear(theme)

    def say(self, text: str, *, is_good: bool = False) -> None:
        """Show one line, in place of the one before."""
        self._program.perform(Say(text, "information" if is_good else "warning"))
