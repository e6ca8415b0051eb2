"""The interface of the program to the setup screen."""

from typing import Protocol

from montauk_tui.session.choices import Choices
from montauk_tui.session.state import Session
from montauk_tui.ui.keymap import Keymap
from montauk_tui.ui.themes import Theme


class SetupHost(Protocol):
    """The current session and its display, and methods to change them."""

    session: Session
    theme: Theme
    keymap: Keymap

    def adopt(self, session: Session) -> None:
        """Adopt another session."""

    def choose(self, choices: Choices) -> None:
        """Adopt other choices."""

    def apply_theme(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""

    def themes_found(self) -> dict[str, Theme]:
        """Return the available themes; report each invalid one in one line."""

    def say(self, text: str, *, is_good: bool = False) -> None:
        """Show one line, in place of the previous one."""
