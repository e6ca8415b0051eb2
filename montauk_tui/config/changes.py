"""Differences between two sets of settings, as entries of the settings file."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from montauk_tui.config.option import Option
from montauk_tui.config.options import IN_FILE, TAB_OPTIONS, Settings, TabSettings

_TOGETHER: Final = frozenset({"sort", "descending"})
"""A direction alone would reverse whichever column the file sorts by."""


class Change(NamedTuple):
    """One entry of the settings file to change."""

    path: tuple[str, ...]
    """`("theme",)`, `("keys", "act.kill")` or `("tabs", "exited", "columns")`."""
    value: Any
    """The new value; None removes the entry."""
    name: str = ""
    """Name of a tab that has no table yet."""

    def __str__(self) -> str:
        """Return a readable name: `theme`, `key act.kill`, `tab Exited`."""
        kind, *rest = self.path
        if kind == "keys":
            return f"key {rest[0]}"
        return f"tab {self.name}" if kind == "tabs" else kind


def changes(before: Settings, now: Settings) -> list[Change]:
    """Return the entries for `now` that differ from `before`."""
    found = [
        Change((option.id,), None if value == () else plain(value))
        for option in _differing(IN_FILE, before, now)
        for value in (getattr(now, option.attribute),)
    ]
    found += [
        Change(("keys", action), plain(now.keys.get(action)))
        for action in dict.fromkeys((*before.keys, *now.keys))
        if before.keys.get(action) != now.keys.get(action)
    ]
    return [*found, *_tab_changes(before, now)]


def _differing(
    options: Iterable[Option], before: Settings | TabSettings, now: object
) -> list[Option]:
    ids = {
        option.id
        for option in options
        if getattr(before, option.attribute) != getattr(now, option.attribute)
    }
    if ids & _TOGETHER:
        ids |= _TOGETHER
    return [option for option in options if option.id in ids]


def _tab_changes(before: Settings, now: Settings) -> Iterator[Change]:
    old = {tab.id: tab for tab in before.tabs}
    new = {tab.id: tab for tab in now.tabs}
    for tab_id in dict.fromkeys((*old, *new)):
        blank = TabSettings((new.get(tab_id) or old[tab_id]).name)
        was, becomes = old.get(tab_id, blank), new.get(tab_id, blank)
        for option in _differing(TAB_OPTIONS.values(), was, becomes):
            value = plain(getattr(becomes, option.attribute))
            yield Change(("tabs", tab_id, option.id), value, becomes.name)


def plain(value: Any) -> Any:
    """Return a value as TOML has it."""
    return list(value) if isinstance(value, tuple) else value
