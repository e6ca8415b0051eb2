"""The main screen: meters, table, status and keys, drawn from frame and choices."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from montauk_tui.engine.columns.table import pick
from montauk_tui.model.frame import Frame
from montauk_tui.session.choices import LEAST_WIDTH_FOR_PATHS, Choices
from montauk_tui.session.state import Session
from montauk_tui.ui.bindings import BINDINGS
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.columns import Layout, RowStyle, fit_columns
from montauk_tui.ui.widgets.ledger_line import draw_ledger
from montauk_tui.ui.widgets.lines import LinesWidget, SizedLines
from montauk_tui.ui.widgets.meters import MeterStyle, draw_meters
from montauk_tui.ui.widgets.process_table import ProcessTable
from montauk_tui.ui.widgets.status import KeyBar, draw_status_line
from montauk_tui.ui.widgets.table_header import TableHeader
from montauk_tui.ui.widgets.timeline import TimelineBar, timeline_lines
from montauk_tui.ui.widgets.view_line import ViewLine

if TYPE_CHECKING:
    from montauk_tui.engine.summary.items import Summary
    from montauk_tui.ui.widgets.panel import MadeLines
    from montauk_tui.ui.widgets.prompt import PromptBar

_LEAST_HEIGHT: Final = {
    "header": 3,
    "keys": 6,
    "view": 8,
    "meters": 10,
    "status": 12,
    "panel": 16,
    "timeline": 16,
    "ledger": 16,
}
"""Least terminal height for each part beside the table."""


_LINES_PER_CPU_LINE: Final = 6
"""The CPUs take at most this fraction of the screen's height."""

_MOST_CPU_LINES: Final = 8

_LINES_PER_METER_LINE: Final = 3
"""The whole header takes at most this fraction."""

_LEAST_METER_LINES: Final = 2


_LEAST_WIDTH_FOR_PANEL: Final = 150
"""Cells of the screen; the table keeps a hundred."""

_PANEL_SHARE: Final = 0.28
_LEAST_PANEL: Final = 44
_MOST_PANEL: Final = 56


class Scene(NamedTuple):
    """Everything that the screen is drawn from."""

    session: Session
    theme: Theme


class MainScreen(Screen[None], inherit_bindings=False):
    """Draws a scene, again when the terminal changes its size."""

    def __init__(self) -> None:
        """Build the parts, empty."""
        super().__init__()
        self.meters = LinesWidget(id="meters")
        self.timeline = TimelineBar()
        self.view_line = ViewLine()
        self.header = TableHeader()
        self.table = ProcessTable()
        self.panel = SizedLines(id="panel")
        self.status = LinesWidget(id="status")
        self.keys = KeyBar(BINDINGS)
        self.used: Sequence[Binding] = BINDINGS
        """The bindings in effect."""
        self.scene: Scene | None = None
        self._prompting = False
        self.layout_now: Layout | None = None
        self._table_width = 0
        """Width of the table as of the last drawing, before the layout knows it."""
        self.panel_made: MadeLines | None = None
        """The lines of the panel; None until it was drawn."""
        self._drawn: dict[str, tuple[object, ...]] = {}
        """By part: what it was last drawn from."""

    def compose(self) -> ComposeResult:
        """Stack the parts."""
        yield self.meters
        yield self.timeline
        yield self.view_line
        with Horizontal(id="body"):
            with Vertical(id="list"):
                yield self.header
                yield self.table
            yield self.panel
        yield self.status
        yield self.keys

    def on_mount(self) -> None:
        """Focus the table."""
        self.table.focus()

    def on_resize(self) -> None:
        """Draw the scene once the parts have their new sizes."""
        self._place_parts()
        self.call_after_refresh(self.draw)

    def on_process_table_scrolled(self) -> None:
        """Keep the titles aligned with their columns."""
        self._draw_header()

    def on_sized_lines_resized(self) -> None:
        """Draw panel and timeline for their new sizes."""
        self._draw_panel()
        self._draw_timeline()

    def on_process_table_selected(self) -> None:
        """Draw the panel for another row."""
        self._draw_panel()

    def show_scene(self, scene: Scene) -> None:
        """Draw a scene."""
        self.scene = scene
        self._place_parts()
        self.draw()

    def select(self, session: Session) -> None:
        """Move the selection; the rest of the scene is unchanged."""
        if self.scene is not None:
            self.scene = self.scene._replace(session=session)
            self.table.select(session.selection)

    def draw(self) -> None:
        """Draw the current scene, if there is one."""
        scene = self.scene
        rows = scene and scene.session.rows
        if scene is None or rows is None:
            return
        session, theme = scene.session, scene.theme
        choices = session.choices
        width, height = self.size
        self._table_width = width - self._panel_width(width, height)
        self.layout_now = self._fit(rows.listed, choices)
        self._draw_meters(scene, rows.frame, (width, height))
        self._draw_timeline()
        self.view_line.show(rows, choices, session.pid_search.shown, theme)
        self._draw_header()
        self.table.show(session, self.layout_now, self._row_style(scene))
        self._draw_panel()
        line = draw_status_line(
            rows.frame, choices.interval_s, session.cost, theme, width
        )
        self.status.paint([line])
        self._draw_keys(session, theme)

    def _draw_keys(self, session: Session, theme: Theme) -> None:
        choices = session.choices
        labels = {
            "tree": "List" if choices.view.tree else "Tree",
            "pause": "Resume" if choices.paused else "Pause",
        }
        read_only = not session.can_act
        depends = theme, tuple(labels.values()), read_only
        if self._is_new("keys", self.used, self.keys.size, *depends):
            self.keys.show(theme, labels, read_only=read_only)

    def _is_new(self, part: str, *depends: object) -> bool:
        """Tell whether a part was last drawn from something else."""
        is_new = self._drawn.get(part) != depends
        self._drawn[part] = depends
        return is_new

    def use(self, bindings: Sequence[Binding]) -> None:
        """Show other keys at the next drawing."""
        self.used = bindings
        self.keys.use(bindings)

    async def ask(self, prompt: "PromptBar") -> None:
        """Show a prompt in place of the key bar and any other prompt, and focus it.

        A widget's own `focus` would come after keys that are already queued.
        """
        await self.query("PromptBar").remove()
        self._prompting = True
        self._place_parts()
        await self.mount(prompt)
        self.set_focus(prompt.input)

    def end_asking(self) -> None:
        """Show the key bar again."""
        self.set_focus(self.table)
        self.query("PromptBar").remove()
        self._prompting = False
        self._place_parts()
        # The key bar has a width again once it is laid out; no frame may follow.
        self.call_after_refresh(self.draw)

    # --- parts ------------------------------------------------------------------------

    def _draw_meters(self, scene: Scene, frame: Frame, size: tuple[int, int]) -> None:
        width, height = size
        rows = min(_MOST_CPU_LINES, max(1, height // _LINES_PER_CPU_LINE))
        has_ledger = height >= _LEAST_HEIGHT["ledger"]
        # One line is the title, one the ledger.
        room = height // _LINES_PER_METER_LINE - 1 - has_ledger
        look = MeterStyle(
            scene.theme,
            scene.session.choices.ascii,
            width,
            rows,
            max(_LEAST_METER_LINES, room),
            scene.session.choices.chosen_meters,
        )
        lines = draw_meters(frame, look)
        if has_ledger:
            lines += draw_ledger(frame, look)
        if self._is_new("height of meters", len(lines)):
            self.meters.styles.height = len(lines)
            self._lay_out()
        self.meters.paint(lines)

    def _draw_timeline(self) -> None:
        session = self.scene and self.scene.session
        if session is None or session.frame is None or session.past is None:
            return
        if self.scene is not None and self.timeline.display:
            self.timeline.show(session, self.scene.theme)

    def _draw_header(self) -> None:
        if self.scene is not None and self.layout_now is not None:
            look, width = self._row_style(self.scene), self._table_width
            depends = self.layout_now, look, self.table.shift, width
            if self._is_new("header", self.header.size, *depends):
                self.header.show(*depends)

    def _panel_width(self, width: int, height: int) -> int:
        """Return the width of the panel on a screen, 0 if none is shown."""
        is_wanted = self.scene is None or self.scene.session.choices.panel
        if not is_wanted or height < _LEAST_HEIGHT["panel"]:
            return 0
        if width < _LEAST_WIDTH_FOR_PANEL:
            return 0
        return int(min(_MOST_PANEL, max(_LEAST_PANEL, width * _PANEL_SHARE)))

    def _draw_panel(self) -> None:
        width, height = self.panel.size
        if self.scene is None or not width:
            return
        # 10 ms of start-up that a narrow screen does not need.
        from montauk_tui.ui.widgets.panel import (  # noqa: PLC0415
            MadeLines,
            PanelStyle,
            draw_panel,
        )

        scene = self.scene
        look = PanelStyle(scene.theme, scene.session.choices.ascii, width, height)
        self.panel_made = self.panel_made or MadeLines()
        summary = self._summary(scene.session)
        self.panel.paint(draw_panel(summary, look, self.panel_made))

    def _summary(self, session: Session) -> "Summary | None":
        """Return the summary of the selected row, None if there is none."""
        from montauk_tui.engine.summary.subject import summarize  # noqa: PLC0415

        rows, row = session.rows, session.place
        if rows is None or row is None:
            return None
        scale = session.choices.machine_scale
        return summarize(rows.listed, row, machine_scale=scale)

    def _row_style(self, scene: Scene) -> RowStyle:
        choices = scene.session.choices
        room = 0
        if self.layout_now is not None:
            room = self.layout_now.last_width(self._table_width - 1)
        paths = choices.paths and room >= LEAST_WIDTH_FOR_PATHS
        return RowStyle(
            scene.theme,
            choices.ascii,
            paths,
            choices.search_text.lower(),
            choices.tags,
            choices.merged,
            heading=choices.heading,
        )

    def _fit(self, frame: Frame, choices: Choices) -> Layout:
        """Return the columns that fit; the same object until something changes."""
        view, scale = choices.view, choices.machine_scale
        room, digits = self._table_width - 1, len(str(_largest_pid(frame)))
        order = view.sort, view.descending
        depends = choices.shown_columns, scale, room, digits, *order
        if self.layout_now is not None and not self._is_new("columns", *depends):
            return self.layout_now
        wanted = pick(choices.shown_columns, machine_scale=scale)
        columns, widths = fit_columns(wanted, room, digits)
        sort = pick([view.sort.id], machine_scale=scale)[0]
        return Layout(columns, widths, sort.id, view.descending)

    def _place_parts(self) -> None:
        choices = self.scene and self.scene.session.choices
        wants_meters = choices is None or choices.meters
        wants_panel = choices is None or choices.panel
        wants_timeline = self._wants_timeline()
        depends = self.size, wants_meters, wants_panel, wants_timeline, self._prompting
        if not self._is_new("places", *depends):
            return
        height = self.size.height
        for part in (self.meters, self.view_line, self.header, self.status, self.keys):
            fits = height >= _LEAST_HEIGHT[part.id or ""]
            shown = fits and not (
                (part is self.meters and not wants_meters)
                or (part is self.keys and self._prompting)
            )
            if part.display != shown:
                part.display = shown
                self._lay_out()
        self.timeline.styles.height = timeline_lines(height)
        if self.timeline.display != wants_timeline:
            self.timeline.display = wants_timeline
            self._lay_out()
        self._place_panel()

    def _wants_timeline(self) -> bool:
        if self.scene is None or self.scene.session.past is None:
            return False
        choices, height = self.scene.session.choices, self.size.height
        return choices.shows_timeline(height) and height >= _LEAST_HEIGHT["timeline"]

    def _place_panel(self) -> None:
        width = self._panel_width(*self.size)
        if self.panel.display == bool(width) and self.panel.size.width == width:
            return
        self.panel.display = bool(width)
        self.panel.styles.width = width
        self._lay_out()

    def _lay_out(self) -> None:
        """Ask for a layout now: a changed part asks for it a message later.

        Until then lines would be drawn in places that are no longer theirs.
        """
        self.refresh(layout=True)


def _largest_pid(frame: Frame) -> int:
    """Return a number as long as the longest PID or count of a row."""
    pids = (frame.whole or frame).sample.processes.pid
    # They are ascending.
    largest = int(pids[-1]) if len(pids) else 0
    # A count is followed by `x`.
    for name, factor in (("real_pid", 1), ("count", 10)):
        if name in frame.extra:
            values = np.nan_to_num(frame.extra[name])
            largest = max(largest, int(values.max(initial=0)) * factor)
    return largest
