"""The status line (collector, losses, cost) and the key bar."""

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.binding import Binding

from montauk_tui.engine.killed import MOST, Killed, killed_lately
from montauk_tui.model.frame import RECORDING, Frame
from montauk_tui.model.sample import LOST, Counters
from montauk_tui.model.text import cell_width, clean, fit
from montauk_tui.ui.bindings import FIRST_MINUTE, is_acting, key_names
from montauk_tui.ui.themes import Theme
from montauk_tui.ui.widgets.lines import Line, LinesWidget, Run, line_width, spread

_MORE: Final = "..."
_RANKS: Final = {
    name: rank
    for rank, name in enumerate(
        (*FIRST_MINUTE, "program.setup", "program.pause", "sort.invert")
    )
}
_KILLED: Final = " killed: "
_BETWEEN: Final = "; "
_PAIR: Final = {"act.nice_lower", "act.nice_higher"}
"""Keys of which one alone is of no use."""
_MOST_BESIDE_COLLECTOR: Final = 2
"""Killed processes for which the collector gives way."""
_ROOM_BESIDE_DETAIL: Final = 60
"""Cells for what is off from which on the collector's detail is shown beside it."""


def draw_status_line(
    frame: Frame, interval_s: float, cost: str, theme: Theme, width: int
) -> Line:
    """Return what is off, and collector and refresh cost at the right.

    What is off are losses, figures that the machine does not tell, processes that a
    signal killed lately, and why a better collector is unavailable. On narrow screens
    the collector's detail is dropped first, then the reason is truncated, then the
    collector gives way to a process; losses are always shown.
    """
    collector, faint = frame.collector, theme.style("faint")
    lost = (*_recording(frame.recording, theme), *_lost(frame.sample.counters, theme))
    unknown = (*frame.sample.host.unknown, *frame.sample.cgroups.unknown)
    refusals = collector.refusals
    killed = killed_lately(frame)
    is_off = bool(lost or unknown or refusals or killed)
    # A moment of the past is shown once.
    cost = " " if frame.is_recorded else f"  every {interval_s:g} s costs {cost} "
    detailed = f"collector {collector.name} ({collector.detail}){cost}"
    whole = f"collector {collector.name}{cost}"
    news = line_width(lost) + _news(killed, theme)
    if width - cell_width(detailed) >= max(news, _ROOM_BESIDE_DETAIL if is_off else 1):
        whole = detailed
    elif killed and width - cell_width(whole) < news:
        whole = ""
    room = width - line_width(lost) - cell_width(whole)
    left = (*lost, *_unknown(unknown, room - 1, theme)) if unknown else lost
    room = width - cell_width(whole) - line_width(left)
    left = (*left, *_fitting(killed, room, theme))
    if refusals:
        room = width - cell_width(whole) - line_width(left) - 4
        left = (*left, *_refusal(refusals[0], room, theme))
    return spread(left, ((whole, faint),), width)


def _recording(state: str, theme: Theme) -> Line:
    """Return that it is being recorded, or why not."""
    if not state:
        return ()
    style = "label" if state == RECORDING else "alert"
    return ((f" {clean(state.encode())} ", theme.style(style)),)


def _killed(one: Killed, theme: Theme) -> Line:
    """Return a process that was killed, and why: `cc1 812 out of memory 3s ago`."""
    more = "+" if one.times == MOST else ""
    times = f"{one.times}{more} times, " if one.times > 1 else ""
    if times and not one.when.startswith("just"):
        times += "last "
    return (
        (f"{one.name} {one.pid}", theme.style("value")),
        (f" {one.why}", theme.style("warm")),
        (f" {times}{one.when}", theme.style("label")),
    )


def _news(killed: Sequence[Killed], theme: Theme) -> int:
    """Return the cells for which the collector gives way."""
    first = killed[:_MOST_BESIDE_COLLECTOR]
    cells = sum(len(_KILLED) + line_width(_killed(one, theme)) for one in first)
    return cells + sum(cell_width(_child_of(one)) for one in first[:1])


def _child_of(one: Killed) -> str:
    return f", child of {one.parent}" if one.parent else ""


def _fitting(killed: Sequence[Killed], room: int, theme: Theme) -> Line:
    """Return as many as fit, the first one in any case, each with its parent if so."""
    label = theme.style("label")
    runs: list[Run] = []
    for one in killed:
        more: Line = ((_BETWEEN if runs else _KILLED, label), *_killed(one, theme))
        room -= line_width(more)
        if runs and room < 0:
            break
        parent = _child_of(one)
        if cell_width(parent) <= room:
            more = (*more, (parent, label))
            room -= cell_width(parent)
        runs += more
    return tuple(runs)


def _lost(counters: Counters, theme: Theme) -> Line:
    """Return lost events, final CPU times and signals, if there are any."""
    runs: list[Run] = []
    for name, what in LOST.items():
        if count := getattr(counters, name):
            runs.append((f" {what}s lost ", theme.style("label")))
            runs.append((f"{count} ", theme.style("alert")))
    return tuple(runs)


def _unknown(reasons: Sequence[str], room: int, theme: Theme) -> Line:
    """Return why figures of the machine are `-`: one reason, and how many more.

    Without room, whole words are dropped from the end.
    """
    more = f" (+{len(reasons) - 1})" if len(reasons) > 1 else ""
    words = reasons[0].split(" ")
    while words and cell_width(text := f"  -: {' '.join(words)}{more} ") > room:
        words.pop()
    return ((text, theme.style("warm")),) if words else ()


def _refusal(refusal: str, room: int, theme: Theme) -> Line:
    """Return why a better collector is unavailable, truncated if too long."""
    refusal = clean(refusal.encode("utf-8", "backslashreplace"))
    if cell_width(refusal) > room:
        refusal = refusal.replace(": unavailable:", ":", 1)
    shown = _cut(refusal, room)
    return (("  " + shown, theme.style("faint")),) if shown else ()


def _cut(text: str, room: int) -> str:
    """Return a text or its first words followed by `...`."""
    if cell_width(text) <= room:
        return text
    kept = fit(text, max(0, room - len(_MORE))).rstrip()
    if not text[len(kept) :].startswith(" "):
        kept = kept.rpartition(" ")[0]
    return f"{kept}{_MORE}" if kept else ""


def _rank(binding: Binding) -> int:
    """Return the place of a key among those that a narrow bar keeps."""
    name = binding.id or ""
    return _RANKS.get(name, len(_RANKS))


class KeyBar(LinesWidget):
    """The function keys, made from the bindings; a click is a key press."""

    def __init__(self, bindings: Sequence[Binding]) -> None:
        """Show the bindings for the bar."""
        super().__init__(id="keys")
        self.use(bindings)
        self._spans: list[tuple[int, int, str]] = []

    def use(self, bindings: Sequence[Binding]) -> None:
        """Show other bindings at the next drawing."""
        self._keys = [binding for binding in bindings if binding.show and binding.key]

    def show(
        self, theme: Theme, labels: dict[str, str], *, read_only: bool = False
    ) -> None:
        """Draw the bar; `labels` replaces labels by action.

        With `read_only`, action keys are hidden.

        The last binding quits the program: it is always shown.
        """
        width = self.size.width
        runs: list[Run] = []
        self._spans = []
        at = 0
        keys = [it for it in self._keys if not (read_only and is_acting(it))]
        for binding in self._fitting(keys, labels, width):
            key, text = (
                key_names(binding)[0],
                labels.get(binding.action, binding.description),
            )
            runs += [
                (key, theme.style("key")),
                (f" {text} ", theme.style("key_label")),
            ]
            end = at + self._width_of(binding, labels)
            self._spans.append((at, end, binding.action))
            at = end
        runs.append((" " * max(0, width - at), theme.style("key_label")))
        self.paint([tuple(runs)])

    def _fitting(
        self, keys: Sequence[Binding], labels: dict[str, str], width: int
    ) -> list[Binding]:
        """Return the keys that fit, the most important ones, in their order.

        The last one is always among them.
        """
        kept: list[Binding] = []
        room = width
        for binding in (*keys[-1:], *sorted(keys[:-1], key=_rank)):
            room -= self._width_of(binding, labels)
            if kept and room < 0:
                break
            kept.append(binding)
        ids = {binding.id for binding in kept}
        alone = ids & _PAIR if not ids >= _PAIR else set()
        return [it for it in keys if it in kept and it.id not in alone]

    def _width_of(self, binding: Binding, labels: dict[str, str]) -> int:
        text = labels.get(binding.action, binding.description)
        return 2 + len(key_names(binding)[0]) + len(text)

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the clicked key."""
        for start, end, action in self._spans:
            if start <= event.x < end:
                await self.app.run_action(action)
