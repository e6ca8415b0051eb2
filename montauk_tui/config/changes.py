"""What differs between two sets of choices, as entries of the settings file."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final, NamedTuple

from montauk_tui.config.readers import FIELD_OF_KEY, READERS, TAB_READERS
from montauk_tui.config.settings import Settings, TabSettings

_TOGETHER: Final = frozenset({"sort", "descending"})
"""A direction alone would turn round whichever column the file sorts by."""


class Change(NamedTuple):
    """One entry of the settings file that is to be different."""

    path: tuple[str, ...]
    """`("theme",)`, `("keys", "act.kill")` or `("tabs", "exited", "columns")`."""
    value: Any
    """What the entry is to say; None takes it out."""
    name: str = ""
    """How a tab is written that has no table yet."""

    def __str__(self) -> str:
        """Return what a person calls it: `theme`, `key act.kill`, `tab Exited`."""
        kind, *rest = self.path
        if kind == "keys":
            return f"key {rest[0]}"
        return f"tab {self.name}" if kind == "tabs" else kind


def changes(before: Settings, now: Settings) -> list[Change]:
    """Return what a file must say for `now`, where it differs from `before`."""
    differing = {
        key
        for key in READERS
        if getattr(before, _field(key)) != getattr(now, _field(key))
    }
    if differing & _TOGETHER:
        differing |= _TOGETHER
    found = [
        Change((key,), None if value == () else _plain(value))
        for key, value in ((key, getattr(now, _field(key))) for key in READERS)
        if key in differing
    ]
    return [*found, *_key_changes(before, now), *_tab_changes(before, now)]


def _field(key: str) -> str:
    return FIELD_OF_KEY.get(key, key)


def _key_changes(before: Settings, now: Settings) -> Iterator[Change]:
    for action in dict.fromkeys((*before.keys, *now.keys)):
        if before.keys.get(action) != now.keys.get(action):
            yield Change(("keys", action), _plain(now.keys.get(action)))


def _tab_changes(before: Settings, now: Settings) -> Iterator[Change]:
    old = {tab.id: tab for tab in before.tabs}
    new = {tab.id: tab for tab in now.tabs}
    for tab_id in dict.fromkeys((*old, *new)):
        blank = TabSettings((new.get(tab_id) or old[tab_id]).name)
        was, becomes = old.get(tab_id, blank), new.get(tab_id, blank)
        names = [field.name for field in fields(TabSettings) if field.name != "name"]
        differing = {
            name for name in names if getattr(was, name) != getattr(becomes, name)
        }
        if differing & _TOGETHER:
            differing |= _TOGETHER
        for name in TAB_READERS:
            if name in differing:
                value = _plain(getattr(becomes, name))
                yield Change(("tabs", tab_id, name), value, becomes.name)


def _plain(value: Any) -> Any:
    """Return a value as TOML has it."""
    return list(value) if isinstance(value, tuple) else value
