"""The line above the table: the tabs, and the state of the current one."""

from typing import Final, NamedTuple

from rich.style import Style
from textual import events

from montauk_tui.engine.columns.table import id_of
from montauk_tui.engine.past import past_text, paused_text
from montauk_tui.engine.query.cuts import cut_commands
from montauk_tui.engine.query.nodes import leaves
from montauk_tui.engine.units import counted
from montauk_tui.model.text import clean
from montauk_tui.session.choices import Choices
from montauk_tui.session.state import Rows
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line, LinesWidget, Run, line_width, spread

_CPU: Final = {"cpu_pct", "ncpu_pct"}
_GAP: Run = (" ", Style.null())


class _Seen(NamedTuple):
    """What the line shows of the rows."""

    rows: int
    hidden_kernel_threads: int
    hidden_in_containers: int | None
    cut: int
    """Command lines that the filter sees cut."""
    user: str
    cpus: int
    past: str
    """The time that is shown, unless it is now."""
    paused: str


class ViewLine(LinesWidget):
    """One line; a click on a tab shows it."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="view")
        self._spans: list[tuple[int, int, str]] = []
        self._drawn: tuple[object, ...] = ()
        """What it was last drawn from."""

    def show(self, rows: Rows, choices: Choices, pid_search: str, theme: Theme) -> None:
        """Draw the tabs, the number of rows, and the sort order.

        On narrow screens the counts are dropped first, then the order, then other tabs.
        """
        frame, projection, width = rows.listed, rows.projection, self.size.width
        uid = choices.view.uid
        seen = _Seen(
            len(projection.rows),
            projection.hidden_kernel_threads,
            projection.hidden_in_containers,
            # A tab may have its own filter.
            cut_commands(frame, rows.view.query),
            "" if uid is None else frame.lookups.user(uid),
            len(frame.sample.host.cpu_ids),
            past_text(rows.frame),
            paused_text(rows.frame) if choices.paused else "",
        )
        depends = choices, pid_search, theme, width, seen
        if depends == self._drawn:
            return
        self._drawn = depends
        tabs = self._tabs(choices, theme)
        alerts = _alerts(seen, choices, pid_search, theme)
        if line_width((*tabs, *alerts)) > width:
            tabs = self._tabs(choices, theme, only_chosen=True)
        shown, hidden = _counts(seen, theme)
        order = _order(seen, choices, theme)
        left: Line = (*tabs, *alerts)
        for part in (shown, hidden):
            if line_width((*left, *part, *order)) < width:
                left = (*left, *part)
        self.paint([spread(left, order, width)])

    def _tabs(
        self, choices: Choices, theme: Theme, *, only_chosen: bool = False
    ) -> Line:
        runs: list[Run] = [_GAP]
        self._spans = []
        at = 1
        tabs = choices.tabs
        # An action may show a tab that is not in the tab line.
        offered = dict.fromkeys((*tabs.order, choices.tab))
        for tab in map(tabs.every.__getitem__, offered):
            is_chosen = tab.id == choices.tab
            if only_chosen and not is_chosen:
                continue
            # Brackets, so that it does not depend on colour.
            text = f"[{tab.title}]" if is_chosen else f" {tab.title} "
            runs.append((text, theme.style("title" if is_chosen else "label")))
            self._spans.append((at, at + len(text), tab.id))
            at += len(text)
        return tuple(runs)

    async def on_click(self, event: events.Click) -> None:
        """Show the tab under the pointer."""
        for start, end, tab_id in self._spans:
            if start <= event.x < end:
                await self.app.run_action(f"tab({tab_id!r})")


def _alerts(seen: _Seen, choices: Choices, pid_search: str, theme: Theme) -> Line:
    """Return the alerts."""
    label, warm = theme.style("label"), theme.style("warm")
    pace = "" if choices.speed == 1 else f"{choices.speed} x"
    loud = filter(None, (seen.past, seen.paused or pace))
    runs = [run for text in loud for run in (_GAP, (f" {text} ", theme.style("alert")))]
    if choices.only:
        count = len([*leaves(choices.only.root)])
        runs += [("  only ", label), (counted(count, "PID"), warm)]
    if choices.filter_text:
        runs += [("  filter ", label), (clean(choices.filter_text.encode()), warm)]
    if seen.cut:
        runs.append((f" ({seen.cut} cut)", warm))
    if choices.view.uid is not None:
        runs += [("  user ", label), (seen.user, warm)]
    if choices.tags:
        runs += [("  ", label), (str(len(choices.tags)), warm), (" tagged", label)]
    if choices.following is not None:
        runs += [("  following ", label), (str(choices.following.pid), warm)]
    if choices.read_only:
        runs.append(("  read-only", label))
    if pid_search:
        runs += [("  PID ", label), (pid_search, warm)]
    return tuple(runs)


def _counts(seen: _Seen, theme: Theme) -> tuple[Line, Line]:
    """Return the number of rows shown and hidden."""
    label, count = theme.style("label"), str(seen.rows)
    shown: Line = (("  ", label), (count, theme.style("value")), (" shown", label))
    hidden: list[str] = []
    if seen.hidden_kernel_threads:
        hidden.append(counted(seen.hidden_kernel_threads, "kernel thread"))
    if seen.hidden_in_containers is not None:
        hidden.append(f"{seen.hidden_in_containers} in containers")
    message = " and ".join(hidden)
    return shown, ((f", {message} hidden", label),) if message else ()


def _order(seen: _Seen, choices: Choices, theme: Theme) -> Line:
    label, value = theme.style("label"), theme.style("value")
    scale = f"machine of {seen.cpus}" if choices.machine_scale else "one core"
    grouped = choices.grouped_by
    of: Line = ()
    if grouped:
        of = (("by ", label), (grouped, value))
    elif _CPU & {*map(id_of, choices.shown_columns)}:
        of = (("CPU% of ", label), (scale, value))
    return (
        *of,
        ("  tree by " if choices.in_tree else "  sort ", label),
        (choices.view.sort.title, value),
        _GAP,
    )
