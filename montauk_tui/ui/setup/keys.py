"""The page that assigns keys to actions."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from montauk_tui.errors import UsageError
from montauk_tui.session.effects import Choice
from montauk_tui.ui.bindings import EVERY_BINDING, SECTIONS, key_name, key_names
from montauk_tui.ui.keymap import given_key, read_key
from montauk_tui.ui.setup.page import Page, Panel, footer_key

_FOOTER: Final = (
    footer_key("enter", "turn(0)", "Set"),
    footer_key("plus", "turn(1)", "Add"),
    footer_key("delete", "remove", "No key"),
    footer_key("f5", "reset", "Default"),
)


_KEYS_WIDTH: Final = 11
"""Width of the keys of most actions."""

_WIDE: Final = 90
"""Least width of a page that shows all keys of every action."""


class PressScreen(ModalScreen[str | None], inherit_bindings=False):
    """Returns the pressed key, None for Esc."""

    def __init__(self, heading: str) -> None:
        """Ask for the key of an action."""
        super().__init__()
        self._heading = heading

    def compose(self) -> ComposeResult:
        """Ask."""
        box = Static("Press the new key, or Esc to cancel.", id="box", markup=False)
        box.border_title = Content(self._heading)
        yield box

    def on_key(self, event: events.Key) -> None:
        """Take it."""
        event.stop()
        self.dismiss(None if event.key == "escape" else event.key)


class KeysPage(Page):
    """Every action with its keys."""

    def __init__(self) -> None:
        """Begin at the first action."""
        super().__init__(Panel("Keys", "only actions"))

    def _lines(self) -> list[Binding | str]:
        """Return the headings of the help, and below each its actions."""
        now = {binding.id: binding for binding in self.monitor.keymap.every}
        lines: list[Binding | str] = []
        for section, heading in SECTIONS.items():
            lines.append(heading)
            lines += [
                now[binding.id]
                for binding in EVERY_BINDING
                if (binding.id or "").startswith(f"{section}.")
            ]
        return lines

    def draw(self) -> None:
        """Draw the list; `*` marks custom keys."""
        shown: list[Text | str] = []
        chosen, lines = self.monitor.session.keys, self._lines()
        actions = [line for line in lines if not isinstance(line, str)]
        widest = max(len(action.description) for action in actions)
        room = _KEYS_WIDTH
        if self.size.width >= _WIDE:
            room = max(room, *(len(" ".join(key_names(it))) for it in actions))
        for line in lines:
            if isinstance(line, str):
                shown.append(line)
                continue
            sign = "*" if line.id in chosen else " "
            keys = " ".join(key_names(line)) or "none"
            text = f"{sign} {line.description:{widest}}  {keys:{room}}  {line.tooltip}"
            shown.append(Text(text, no_wrap=True))
        self.panels[0].list.show(shown)

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.draw()

    @property
    def _binding(self) -> Binding | None:
        line = self._lines()[self.at]
        return None if isinstance(line, str) else line

    @property
    def lines(self) -> Sequence[Choice | None]:
        """The actions; None for headings."""
        return [
            None
            if isinstance(line, str)
            else Choice(line.id or "", line.description, line.tooltip)
            for line in self._lines()
        ]

    @property
    def hint(self) -> str:
        """The description of the action, and its id in the settings file."""
        binding = self._binding
        if binding is None:
            return ""
        whose = ", custom" if binding.id in self.monitor.session.keys else ""
        return f"{binding.tooltip} ({binding.id}{whose})"

    @property
    def footer(self) -> Sequence[Binding]:
        """The keys of this page."""
        return _FOOTER

    def turn(self, step: int) -> None:
        """Ask for a key that replaces the others, or an additional one."""
        binding = self._binding
        if binding is None or step < 0:
            self.take_out()
            return
        verb = "Additional key" if step else "Key"
        screen = PressScreen(f"{verb} for: {binding.description}")
        self.app.push_screen(screen, partial(self._pressed, binding, more=bool(step)))

    def _pressed(self, binding: Binding, key: str | None, *, more: bool) -> None:
        if key is None:
            return
        try:
            key = read_key(key)
        except UsageError as error:
            self.monitor.say(str(error))
            return
        held = binding.key.split(",") if more and binding.key else []
        self._give(binding, list(dict.fromkeys([*held, key])))

    def _give(self, binding: Binding, keys: Sequence[str]) -> None:
        monitor = self.monitor
        try:
            wanted = given_key(monitor.session.keys, binding.id or "", keys)
        except UsageError as error:
            monitor.say(str(error))
            return
        before = monitor.keymap
        monitor.adopt(replace(monitor.session, keys=wanted))
        lost = [
            f"{key_name(key)} from {old.description}"
            for old, new in zip(before.every, monitor.keymap.every, strict=True)
            for key in old.key.split(",")
            if key in keys and old.id != binding.id and key not in new.key.split(",")
        ]
        if lost:
            monitor.say(f"removed: {', '.join(lost)}", is_good=True)
        self.changed()

    def take_out(self) -> None:
        """Remove all keys of the action."""
        if self._binding is not None:
            self._give(self._binding, [])

    def reset(self) -> None:
        """Reset the keys of the action to the default."""
        binding = self._binding
        if binding is not None:
            keys = {
                it: key
                for it, key in self.monitor.session.keys.items()
                if it != binding.id
            }
            self.monitor.adopt(replace(self.monitor.session, keys=keys))
            self.changed()
