"""Pages that are one list: what can be switched or stepped, and the order of tabs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from rich.text import Text
from textual.binding import Binding

from montauk_tui.session.effects import Choice
from montauk_tui.session.tabs import MAIN
from montauk_tui.ui import themes
from montauk_tui.ui.setup.page import (
    DOWN,
    LESS,
    MORE,
    TURN,
    UP,
    Page,
    Panel,
    footer_key,
    moved,
)

_CHOOSE: Final = footer_key("enter", "turn(0)", "Choose")
_SHOW: Final = footer_key("space", "turn(0)", "Show or hide")

_ROWS: Final = {
    "processes": "Processes",
    "exited": "Processes that ended",
    "spawners": "Processes that start others",
    "events": "Forks, execs and exits",
}
"""What a tab lists."""

_INTERVALS_S: Final = (0.1, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)
_LINGERS_S: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Item:
    """One line: how it stands, and how it is changed."""

    title: str
    hint: str
    text: Callable[[], str]
    """Returns how it stands: a sign in brackets, or a value."""
    turn: Callable[[int], None]
    keys: tuple[Binding, ...] = (TURN,)
    id: str = ""
    """What settings call it."""


class ItemsPage(Page):
    """A list of things that are switched or stepped."""

    def __init__(self, heading: str) -> None:
        """Start without lines."""
        super().__init__(Panel(heading, "only"))

    def items(self) -> Sequence[Item]:
        """Return the lines."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw the list."""
        items = self.items()
        widest = max(len(item.title) for item in items)
        lines = []
        for item in items:
            said = item.text()
            sign, value = (said, "") if said.startswith(("[", "(")) else ("   ", said)
            line = f"{sign} {item.title:{widest}}  {value}".rstrip()
            lines.append(Text(line, no_wrap=True))
        self.panels[0].list.show(lines)

    @property
    def lines(self) -> Sequence[Choice]:
        """What the lines do."""
        return [Choice(item.id, item.title, item.hint) for item in self.items()]

    @property
    def footer(self) -> Sequence[Binding]:
        """The keys of the line."""
        return self.items()[self.at].keys

    def turn(self, step: int) -> None:
        """Change the line."""
        self.items()[self.at].turn(step)
        self.changed()


class LookPage(ItemsPage):
    """The theme, and ASCII."""

    def __init__(self) -> None:
        """Read no theme yet."""
        super().__init__("Look")
        self._themes: dict[str, themes.Theme] = {}

    def items(self) -> Sequence[Item]:
        """Return the switch and every theme that can be had."""
        monitor = self.monitor
        items = [
            Item(
                "ASCII only", "No lines, arrows or blocks beyond ASCII",
                lambda: _sign(on=monitor.choices.ascii),
                lambda _: monitor.draw_ascii(wanted=not monitor.choices.ascii),
            )
        ]  # fmt: skip
        return [*items, *map(self._item, self._found().values())]

    def _item(self, theme: themes.Theme) -> Item:
        monitor = self.monitor
        return Item(
            theme.name,
            f"Theme: {theme.description}",
            lambda: "(*)" if monitor.look.name == theme.name else "( )",
            lambda _: monitor.wear(theme),
            (_CHOOSE,),
        )

    def _found(self) -> dict[str, themes.Theme]:
        if not self._themes:
            self._themes = self.monitor.themes_found()
        return self._themes


class BehaviourPage(ItemsPage):
    """How the program behaves."""

    def __init__(self) -> None:
        """Begin at the first line."""
        super().__init__("Behaviour")

    def items(self) -> Sequence[Item]:
        """Return the steps and switches."""
        return (
            self._seconds("Refresh every", "The time between two looks at the machine",
                          "interval_s", _INTERVALS_S),
            self._seconds("Ended processes stay for",
                          "How long processes that ended stay in the table",
                          "linger_s", _LINGERS_S),
            self._choice("CPU% of the whole machine",
                         "Off: 100 % is one core kept busy", "machine_scale"),
            self._view("Kernel threads", "Show the threads of the kernel",
                       "kernel_threads"),
            self._view("Threads of processes", "Show each thread as a row of its own",
                       "user_threads"),
            self._choice("Folders of programs", "Show the paths of programs", "paths"),
            self._choice("Panel", "Tell about the selected process where there is room",
                         "panel"),
            Item("Tree in Main", "Start with the tree rather than with the list",
                 lambda: _sign(on=MAIN in self.monitor.choices.trees),
                 lambda _: self._turn_tree()),
            Item("Read-only", self._read_only_hint,
                 lambda: _sign(on=self.monitor.choices.read_only),
                 lambda _: self._turn_read_only()),
            Item("Mouse", "Off: the terminal selects text as it always does",
                 lambda: _sign(on=self.monitor.settings.mouse),
                 lambda _: self.monitor.use_mouse(
                     wanted=not self.monitor.settings.mouse)),
        )  # fmt: skip

    def _seconds(
        self, title: str, hint: str, field: str, steps: Sequence[float]
    ) -> Item:
        def turn(step: int) -> None:
            now = getattr(self.monitor.choices, field)
            value = stepped(steps, now, step)
            self._choose(field, value)

        return Item(
            title,
            hint,
            lambda: f"{getattr(self.monitor.choices, field):g} s",
            turn,
            (LESS, MORE),
            id=field,
        )

    def _choice(self, title: str, hint: str, field: str) -> Item:
        def turn(_step: int) -> None:
            self._choose(field, not getattr(self.monitor.choices, field))

        return Item(
            title,
            hint,
            lambda: _sign(on=getattr(self.monitor.choices, field)),
            turn,
            id=field,
        )

    def _view(self, title: str, hint: str, field: str) -> Item:
        def turn(_step: int) -> None:
            view = self.monitor.choices.view
            turned: dict[str, Any] = {field: not getattr(view, field)}
            self._choose("view", replace(view, **turned))

        return Item(
            title,
            hint,
            lambda: _sign(on=getattr(self.monitor.choices.view, field)),
            turn,
            id=field,
        )

    def _choose(self, field: str, value: Any) -> None:
        chosen: dict[str, Any] = {field: value}
        self.monitor.choose(replace(self.monitor.choices, **chosen))

    def _turn_tree(self) -> None:
        choices, here = self.monitor.choices, self.monitor.choices.tab
        wanted = MAIN not in choices.trees
        choices = choices.on_tab(MAIN).with_tree(wanted=wanted).on_tab(here)
        self.monitor.choose(choices)

    @property
    def _read_only_hint(self) -> str:
        if self.monitor.settings.read_only:
            return "Started so; it stays on until you leave"
        return "Keys that act on processes do nothing"

    def _turn_read_only(self) -> None:
        choices = self.monitor.choices
        if not self.monitor.settings.read_only:
            self.monitor.choose(replace(choices, read_only=not choices.read_only))


class TabsPage(ItemsPage):
    """Which tabs there are, in which order."""

    def __init__(self) -> None:
        """Begin at the first tab."""
        super().__init__("Tabs")

    def _ids(self) -> tuple[str, ...]:
        tabs = self.monitor.choices.tabs
        return tuple(dict.fromkeys((*tabs.order, *tabs.every)))

    def items(self) -> Sequence[Item]:
        """Return the tabs that are shown in their order, then the others."""
        return [self._item(tab_id) for tab_id in self._ids()]

    def _item(self, tab_id: str) -> Item:
        tabs = self.monitor.choices.tabs
        tab = tabs.every[tab_id]
        hint = _ROWS[tab.rows] + (f" that match {tab.query}" if tab.query else "")
        keys = (UP, DOWN) if tab_id in tabs.order else ()
        if tab_id == MAIN:
            hint += "; it is always shown"
        else:
            keys = (_SHOW, *keys)
        return Item(
            tab.title,
            hint,
            lambda: _sign(on=tab_id in tabs.order),
            lambda _: self._turn(tab_id),
            keys,
            id=tab_id,
        )

    def _turn(self, tab_id: str) -> None:
        order = list(self.monitor.choices.tabs.order)
        if tab_id in order:
            order.remove(tab_id)
        else:
            order.append(tab_id)
        self._put(order)
        self.panels[0].list.select(self._ids().index(tab_id))

    def move(self, step: int) -> None:
        """Move a tab that is shown."""
        order = moved(self.monitor.choices.tabs.order, self.at, step)
        if order is not None:
            at = self.at + step
            self._put(order)
            self.changed()
            self.panels[0].list.select(at)

    def _put(self, order: Sequence[str]) -> None:
        choices = self.monitor.choices
        self.monitor.choose(choices.with_tabs(choices.tabs.ordered(order)))


def _sign(*, on: bool) -> str:
    return "[x]" if on else "[ ]"


def stepped(steps: Sequence[float], now: float, step: int) -> float:
    """Return the next larger or smaller step; with 0 the next, round the end."""
    if step < 0:
        return max((it for it in steps if it < now), default=steps[0])
    following = [it for it in steps if it > now]
    if following:
        return following[0]
    return steps[0] if step == 0 else now
