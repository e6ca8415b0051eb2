"""The current choices as settings."""

from collections.abc import Mapping
from dataclasses import replace

from montauk_tui.config import Settings, TabSettings
from montauk_tui.config.options import preferences_of
from montauk_tui.engine.columns.column import Column
from montauk_tui.session.choices import Choices
from montauk_tui.session.tabs import BUILT_IN, MAIN, Tab, usual_of


def settings_now(
    settings: Settings,
    choices: Choices,
    theme: str,
    keys: Mapping[str, tuple[str, ...]],
) -> Settings:
    """Return the settings that would start the program in its current state.

    Args:
        settings: Settings that do not change at run time.
        choices: The current choices.
        theme: The name of the theme.
        keys: The entries of `[keys]`.
    """
    main = choices.tabs.every[MAIN]
    column, descending = choices.order_of(MAIN)
    return replace(
        settings,
        **preferences_of(choices),
        theme=theme,
        columns=main.columns,
        meters=tuple(one.entry for one in choices.chosen_meters),
        sort=column.id,
        descending=_unusual(column, descending=descending),
        filter=choices.filter_text,
        tree=MAIN in choices.trees,
        tab_order=choices.tabs.chosen_order,
        keys=keys,
        tabs=_tabs_now(settings, choices),
    )


def _unusual(column: Column, *, descending: bool) -> bool | None:
    return None if descending == column.descending else descending


def _tabs_now(settings: Settings, choices: Choices) -> tuple[TabSettings, ...]:
    """Return the tab settings: given ones, and those that differ from the default."""
    given = {tab.id: tab for tab in settings.tabs}
    return tuple(
        now
        for tab in choices.tabs.every.values()
        if tab.id != MAIN
        and (now := _tab_now(tab, given.get(tab.id), choices)) != TabSettings(now.name)
    )


def _tab_now(tab: Tab, given: TabSettings | None, choices: Choices) -> TabSettings:
    before = given or TabSettings(tab.title if tab.id not in BUILT_IN else tab.id)
    usual = usual_of(before)
    column, descending = choices.order_of(tab.id)
    tree = tab.id in choices.trees
    direction = _unusual(column, descending=descending)
    return replace(
        before,
        columns=None if tab.columns == usual.columns else tab.columns,
        sort=None if column.id == usual.sort else column.id,
        descending=direction,
        tree=tree or None,
    )
