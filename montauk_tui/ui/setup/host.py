"""What the setup screen knows of the program."""

from typing import Protocol

from montauk_tui.session.choices import Choices
from montauk_tui.session.state import Session
from montauk_tui.ui.keymap import Keymap
from montauk_tui.ui.themes import Theme


class SetupHost(Protocol):
    """The session at hand and how it is shown, and the ways to change that."""

    session: Session
    look: Theme
    keymap: Keymap

    def adopt(self, session: Session) -> None:
        """Go on with another session."""

    def choose(self, choices: Choices) -> None:
        """Adopt other choices."""

    def wear(self, theme: Theme) -> None:
        """Draw in the colours of a theme."""

    def themes_found(self) -> dict[str, Theme]:
        """Return the available themes; report each invalid one in one line."""

    def say(self, text: str, *, is_good: bool = False) -> None:
        """Show one line, in place of the one before."""
