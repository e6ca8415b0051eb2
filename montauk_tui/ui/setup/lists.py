"""Pages of one list: switches and steps, and the order of tabs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from rich.text import Text
from textual.binding import Binding

from montauk_tui.config.option import Option
from montauk_tui.config.options import OPTIONS
from montauk_tui.config.readers import ROWS
from montauk_tui.session.effects import Choice
from montauk_tui.session.tabs import MAIN
from montauk_tui.ui import themes
from montauk_tui.ui.setup.host import SetupHost
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


@dataclass(frozen=True, slots=True)
class Item:
    """One line: its state, and how to change it."""

    title: str
    hint: str
    text: str
    """Its state: a sign in brackets, or a value."""
    turn: Callable[[int], None]
    keys: tuple[Binding, ...] = (TURN,)
    id: str = ""
    """Its id in the settings."""


class ItemsPage(Page):
    """A list of switches and steps."""

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
            is_sign = item.text.startswith(("[", "("))
            sign, value = (item.text, "") if is_sign else ("   ", item.text)
            line = f"{sign} {item.title:{widest}}  {value}".rstrip()
            lines.append(Text(line, no_wrap=True))
        self.panels[0].list.show(lines)

    @property
    def lines(self) -> Sequence[Choice]:
        """The lines."""
        return [Choice(item.id, item.title, item.hint) for item in self.items()]

    @property
    def footer(self) -> Sequence[Binding]:
        """The keys of the line."""
        return self.items()[self.at].keys

    def turn(self, step: int) -> None:
        """Change the line."""
        self.items()[self.at].turn(step)
        self.changed()


class OptionsPage(ItemsPage):
    """The settings of a page, from the table of options."""

    def items(self) -> Sequence[Item]:
        """Return the switches and steps."""
        now, heading = self.monitor.session.settings_now, self.panels[0].heading
        return [
            self._option(option, getattr(now, option.attribute))
            for option in OPTIONS
            if option.title and option.page == heading
        ]

    def _option(self, option: Option, now: Any) -> Item:
        def turn(step: int) -> None:
            value = stepped(option.steps, now, step) if option.steps else not now
            CHANGES.get(option.attribute, _prefer)(
                self.monitor, option.attribute, value
            )

        hint = option.hint
        if option.attribute == "read_only" and self.monitor.session.settings.read_only:
            hint = "Set at start; it stays on until montauk quits"
        text = f"{now:g} s" if option.steps else _sign(on=now)
        keys = (LESS, MORE) if option.steps else (TURN,)
        return Item(option.title, hint, text, turn, keys, id=option.attribute)


def _prefer(monitor: SetupHost, field: str, value: Any) -> None:
    chosen: dict[str, Any] = {field: value}
    monitor.choose(replace(monitor.session.choices, **chosen))


def _prefer_tree(monitor: SetupHost, _field: str, value: Any) -> None:
    choices, here = monitor.session.choices, monitor.session.choices.tab
    choices = choices.on_tab(MAIN).with_tree(wanted=value).on_tab(here)
    monitor.choose(choices)


def _prefer_mouse(monitor: SetupHost, _field: str, value: Any) -> None:
    settings = replace(monitor.session.settings, mouse=value)
    monitor.adopt(replace(monitor.session, settings=settings))


def _prefer_read_only(monitor: SetupHost, field: str, value: Any) -> None:
    if not monitor.session.settings.read_only:
        _prefer(monitor, field, value)


CHANGES: Final[dict[str, Callable[[SetupHost, str, Any], None]]] = {
    "mouse": _prefer_mouse,
    "read_only": _prefer_read_only,
    "tree": _prefer_tree,
}
"""How settings that are not mere preferences are changed, by attribute."""


class LookPage(OptionsPage):
    """The theme, and ASCII."""

    def __init__(self) -> None:
        """Read no theme yet."""
        super().__init__("Look")
        self._themes: dict[str, themes.Theme] = {}

    def items(self) -> Sequence[Item]:
        """Return the switch and every available theme."""
        self._themes = self._themes or self.monitor.themes_found()
        return [*super().items(), *map(self._item, self._themes.values())]

    def _item(self, theme: themes.Theme) -> Item:
        monitor = self.monitor
        return Item(
            theme.name,
            f"Theme: {theme.description}",
            "(*)" if monitor.theme.name == theme.name else "( )",
            lambda _: monitor.apply_theme(theme),
            (_CHOOSE,),
        )


class TabsPage(ItemsPage):
    """The tabs, and their order."""

    def __init__(self) -> None:
        """Begin at the first tab."""
        super().__init__("Tabs")

    def _ids(self) -> tuple[str, ...]:
        tabs = self.monitor.session.choices.tabs
        return tuple(dict.fromkeys((*tabs.order, *tabs.every)))

    def items(self) -> Sequence[Item]:
        """Return the tabs that are shown in their order, then the others."""
        return [self._item(tab_id) for tab_id in self._ids()]

    def _item(self, tab_id: str) -> Item:
        tabs = self.monitor.session.choices.tabs
        tab = tabs.every[tab_id]
        hint = ROWS[tab.rows] + (f" that match {tab.query}" if tab.query else "")
        keys = (UP, DOWN) if tab_id in tabs.order else ()
        if tab_id == MAIN:
            hint += "; always shown"
        else:
            keys = (_SHOW, *keys)
        return Item(
            tab.title,
            hint,
            _sign(on=tab_id in tabs.order),
            lambda _: self._turn(tab_id),
            keys,
            id=tab_id,
        )

    def _turn(self, tab_id: str) -> None:
        order = list(self.monitor.session.choices.tabs.order)
        if tab_id in order:
            order.remove(tab_id)
        else:
            order.append(tab_id)
        self._put(order)
        self.panels[0].list.select(self._ids().index(tab_id))

    def move(self, step: int) -> None:
        """Move a tab that is shown."""
        order = moved(self.monitor.session.choices.tabs.order, self.at, step)
        if order is not None:
            at = self.at + step
            self._put(order)
            self.changed()
            self.panels[0].list.select(at)

    def _put(self, order: Sequence[str]) -> None:
        choices = self.monitor.session.choices
        self.monitor.choose(choices.with_tabs(choices.tabs.ordered(order)))


def _sign(*, on: bool) -> str:
    return "[x]" if on else "[ ]"


def stepped(steps: Sequence[float], now: float, step: int) -> float:
    """Return the next larger or smaller step; with 0 the next, wrapping around."""
    if step < 0:
        return max((it for it in steps if it < now), default=steps[0])
    following = [it for it in steps if it > now]
    if following:
        return following[0]
    return steps[0] if step == 0 else now
