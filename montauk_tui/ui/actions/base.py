"""What all actions have at hand."""

from textual.app import App

from montauk_tui.model.frame import Frame
from montauk_tui.ui.choices import Choices
from montauk_tui.ui.keymap import Keymap
from montauk_tui.ui.screens.main import MainScreen
from montauk_tui.ui.themes import Theme


class Actions(App[None]):
    """The parts of the monitor that actions read and change."""

    choices: Choices
    main: MainScreen
    look: Theme
    frame_now: Frame | None
    keymap: Keymap
    """What each key does."""

    def choose(self, choices: Choices, *, typing: bool = False) -> None:
        """Take other choices: the frame at hand is drawn anew, nothing is lost."""
        raise NotImplementedError

    def typing_ended(self) -> None:
        """Ask for what choices need that were taken while something was typed."""
        raise NotImplementedError

    def draw_scene(self) -> None:
        """Draw the frame at hand."""
        raise NotImplementedError

    def sample_soon(self) -> None:
        """Look at the processes anew, unless the picture is to stay as it is."""
        raise NotImplementedError

    def say(self, text: str, *, is_good: bool = False) -> None:
        """Show one line, in place of the one before."""
        self.clear_notifications()
        self.notify(
            text, severity="information" if is_good else "warning", markup=False
        )
