"""The output of a program that traces a process, as it is written."""

from collections.abc import Sequence

from textual.binding import Binding

from montauk_tui.host.base import Program
from montauk_tui.model.text import clean
from montauk_tui.ui.bindings import LOOK_BINDINGS
from montauk_tui.ui.screens.searching import SearchableScreen, general_keys
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line, Run
from montauk_tui.ui.widgets.output_view import OutputView

_FOLLOW = "screen.follow"

_OWN = [
    Binding("left,alt+h", "screen.shift(-8)", show=False),
    Binding("right,alt+l", "screen.shift(8)", show=False),
]
_FOLLOWING = Binding("f8,f,Z", _FOLLOW, "Follow", show=True)

_LOOK_S = 0.1
"""How often it checks for new lines."""


class OutputScreen(SearchableScreen):
    """Shows the output, and ends the program when closed.

    It follows continuous output, or shows it paused. Output of a program that finishes
    is shown from its beginning.
    """

    def __init__(
        self,
        running: Program,
        name: str,
        theme: Theme,
        bindings: Sequence[Binding] = LOOK_BINDINGS,
    ) -> None:
        """Show the output of a program about the process `name`."""
        self.view = OutputView()
        keys = [*_OWN, _FOLLOWING] if running.lasts else _OWN
        super().__init__(self.view, [*keys, *general_keys(bindings)])
        self.running = running
        self.following = True
        self._name = name
        self._theme = theme
        self._lines: Sequence[bytes] = ()
        self._drawn: tuple[object, ...] = ()
        self._shown_total = 0

    def on_mount(self) -> None:
        """Check for new lines periodically."""
        self.set_interval(_LOOK_S, self._look_again)

    def on_unmount(self) -> None:
        """End the program."""
        self.running.stop()

    def _look_again(self) -> None:
        total, exit_code = self.running.output.total, self.running.exit_code
        if (total, exit_code, self.following) != self._drawn:
            self._drawn = (total, exit_code, self.following)
            self.draw()

    def draw(self) -> None:
        """Draw the lines, the newest visible if followed."""
        if not self.size.width:
            return
        output = self.running.output
        if self.following:
            self._shown_total, self._lines = output.total, output.lines()
        at_end = self.following and self.running.lasts
        self.view.show(self._lines, self._theme, at_end=at_end)
        self.title_line.paint([self._title()])
        if self.keys.size.width:
            label = "Pause" if self.following else "Follow"
            self.keys.show(self._theme, {_FOLLOW: label})

    def _title(self) -> Line:
        theme = self._theme
        command = clean(" ".join(self.running.command).encode())
        runs: list[Run] = [
            (f" {self._name} ", theme.style("title")),
            (f" {command} ", theme.style("label")),
        ]
        exit_code = self.running.exit_code
        if exit_code is not None:
            message = " done " if exit_code == 0 else f" exit status {exit_code} "
            runs.append((message, theme.style("alert" if exit_code else "faint")))
        elif not self.running.output.total:
            runs.append((" waiting for output ... ", theme.style("faint")))
        if not self.following:
            more = self.running.output.total - self._shown_total
            runs.append((" PAUSED ", theme.style("alert")))
            if more:
                runs.append((f" {more} more lines ", theme.style("label")))
        return tuple(runs)

    # --- keys -------------------------------------------------------------------------

    def action_follow(self) -> None:
        """Follow the output, or pause it."""
        self._set_following(wanted=not self.following)

    def _set_following(self, *, wanted: bool) -> None:
        self.following = wanted or not self.running.lasts
        self._look_again()

    def action_move(self, where: str) -> None:
        """Scroll; upwards pauses, the end follows again."""
        super().action_move(where)
        if where in ("up", "page_up", "home", "end"):
            self._set_following(wanted=where == "end")

    def on_mouse_scroll_up(self) -> None:
        """Pause the output."""
        self._set_following(wanted=False)

    def action_shift(self, cells: int) -> None:
        """Scroll sideways."""
        self.view.shift_by(cells)

    async def action_search(self) -> None:
        """Pause, and search."""
        self._set_following(wanted=False)
        await super().action_search()
