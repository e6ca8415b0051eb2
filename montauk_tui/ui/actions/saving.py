"""Saving what was changed, and the screen on which most of it can be."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from montauk_tui.config import Change, Settings, changes, config_path
from montauk_tui.errors import MontaukError
from montauk_tui.model.text import named
from montauk_tui.ui.actions.choosing import ChoosingActions
from montauk_tui.ui.actions.targets import TargetActions
from montauk_tui.ui.ascii_only import draw_with_ascii
from montauk_tui.ui.chosen import settings_now
from montauk_tui.ui.driver import TerminalDriver
from montauk_tui.ui.keymap import bind, keymap

# The screen and the writer are imported by the keys that need them.
# ruff: noqa: PLC0415


class SavingActions(TargetActions, ChoosingActions):
    """Actions about settings; nothing is written but by these."""

    settings: Settings
    """What the program was started with."""
    saved: Settings
    """What the settings file and the program agreed on last."""
    keys: Mapping[str, tuple[str, ...]]
    """What `[keys]` says."""

    @property
    def settings_now(self) -> Settings:
        """What the user has chosen by now."""
        return settings_now(self.settings, self.choices, self.look.name, self.keys)

    @property
    def unsaved(self) -> list[Change]:
        """What was changed since the start, or since it was saved."""
        return changes(self.saved, self.settings_now)

    def map_keys(self, keys: Mapping[str, tuple[str, ...]]) -> None:
        """Let keys do other things from now on."""
        self.keys = keys
        self.keymap, _ = keymap(keys)
        bind(self, self.keymap.main)
        self.main.keys.use(self.keymap.main)
        self.draw_scene()

    def draw_ascii(self, *, wanted: bool) -> None:
        """Draw with ASCII characters only, or with all of them."""
        draw_with_ascii(self, wanted=wanted)
        self.choose(replace(self.choices, ascii=wanted))

    def use_mouse(self, *, wanted: bool) -> None:
        """Listen to the mouse, or leave it to the terminal."""
        self.settings = replace(self.settings, mouse=wanted)
        if isinstance(self._driver, TerminalDriver):
            self._driver.use_mouse(wanted=wanted)

    def action_save_settings(self) -> None:
        """Write what was changed into the settings file, and say what that was."""
        from montauk_tui.config.writing import save, summary

        wanted = self.unsaved
        path = config_path(os.environ)
        if not wanted:
            self.say(f"nothing was changed: {shown_path(path)} is as it was")
            return
        try:
            saved = save(path, wanted)
        except MontaukError as error:
            self.say(f"not saved: {error}")
            return
        self.saved = self.settings_now
        self.say(summary(saved, shown_path(path)), is_good=True)

    def action_setup(self) -> None:
        """Show what can be set up."""
        from montauk_tui.ui.screens.setup import SetupScreen

        if self.screen is self.main:
            self.push_screen(SetupScreen())


def shown_path(path: Path) -> str:
    """Return a path as one writes it, the home folder as `~`."""
    home = os.environ.get("HOME", "")
    text = str(path)
    if home and text.startswith(f"{home}/"):
        text = f"~{text[len(home) :]}"
    return named(text)
