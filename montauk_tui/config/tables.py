"""The tables of the settings file: `[keys]` and `[[tabs]]`.

An invalid entry costs that entry and one line, not the table.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from montauk_tui.config.options import TAB_OPTIONS, TabSettings
from montauk_tui.config.readers import (
    filter_text,
    group_name,
    tab_name,
    text,
    unknown_keys,
)
from montauk_tui.errors import UsageError, followed
from montauk_tui.model.text import quoted

_MOST_KEYS: Final = 1_000
_MOST_TABS: Final = 50
_MOST_GROUPS: Final = 200


def read_keys(value: Any) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Return the keys of actions by id, and a line for each invalid entry.

    Raises:
        UsageError: It is not a table.
    """
    if not isinstance(value, Mapping):
        reason = "it is not a table"
        raise UsageError(reason, 'write [keys], and below it "act.kill" = ["f9", "k"]')
    keys: dict[str, tuple[str, ...]] = {}
    problems: list[str] = []
    for name, written in islice(entries(value), _MOST_KEYS):
        try:
            items = written if isinstance(written, list) else [written]
            keys[name] = tuple(text(item) for item in items)
        except UsageError as error:
            problems.append(f"[keys]: {quoted(name)}: {error}; using the default")
    return keys, problems


def read_groups(value: Any) -> tuple[dict[str, str], list[str]]:
    """Return the queries of groups by name, and a line for each invalid entry.

    Raises:
        UsageError: It is not a table.
    """
    if not isinstance(value, Mapping):
        reason = "it is not a table"
        raise UsageError(reason, 'write [groups], and below it web = "name = nginx"')
    groups: dict[str, str] = {}
    problems: list[str] = []
    if len(value) > _MOST_GROUPS:
        problems.append(f"[groups]: more than {_MOST_GROUPS}; ignoring the rest")
    for name, written in islice(value.items(), _MOST_GROUPS):
        try:
            groups[group_name(name)] = filter_text(written)
        except UsageError as error:
            problems.append(f"[groups]: {quoted(name)}: {error}; ignoring this group")
    return groups, problems


def entries(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the entries of a table; `act.kill` is the same with and without quotes."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from entries(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def read_tabs(value: Any) -> tuple[tuple[TabSettings, ...], list[str]]:
    """Return the tabs, and a line for each error.

    Raises:
        UsageError: It is not a list of tables.
    """
    if not isinstance(value, list) or not all(isinstance(it, Mapping) for it in value):
        reason = "it is not a list of tables"
        raise UsageError(reason, 'write [[tabs]], and below it name = "..."')
    tabs: dict[str, TabSettings] = {}
    problems: list[str] = []
    if len(value) > _MOST_TABS:
        problems.append(f"[[tabs]]: more than {_MOST_TABS}; ignoring the rest")
    for table in value[:_MOST_TABS]:
        try:
            tab = _tab(table, problems)
        except UsageError as error:
            problems.append(f"[[tabs]]: {error}; ignoring this tab")
            continue
        if tab.id in tabs:
            problems.append(
                f"[[tabs]]: two are called {tab.name!r}; rename one; using the first"
            )
        tabs.setdefault(tab.id, tab)
    return tuple(tabs.values()), problems


def _tab(table: Mapping[str, Any], problems: list[str]) -> TabSettings:
    if "name" not in table:
        raise UsageError("a tab has no name", 'add name = "..."')
    name = tab_name(table["name"])
    if name.lower() == "main":
        reason = "settings of the tab 'main' belong outside [[tabs]]"
        raise UsageError(reason, "set columns, sort, descending and tree there")
    where = f"[[tabs]] {name!r}"
    unknown = unknown_keys(table, ["name", *TAB_OPTIONS], len(problems))
    problems += [f"{where}: {line}" for line in unknown]
    values: dict[str, Any] = {}
    for key in (key for key in table if key in TAB_OPTIONS):
        try:
            values[key] = TAB_OPTIONS[key].read(table[key])
        except UsageError as error:
            reason = f"{where}: bad value for {key!r}: {error}"
            problems.append(followed(reason, "using the default"))
    return TabSettings(name, **values)
