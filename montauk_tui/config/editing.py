"""Changes entries of a TOML text and nothing around them."""

import tomllib
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, Final

from montauk_tui.config.changes import Change, plain
from montauk_tui.config.option import Option
from montauk_tui.config.options import BY_ID, TAB_OPTIONS
from montauk_tui.errors import UsageError

_UNSAFE: Final = "its format cannot be edited safely"


class NotEditable(ValueError):
    """A TOML file that is written in a way that cannot be changed."""


def says(document: Mapping[str, Any], change: Change) -> bool:
    """Tell whether a file already has the value of a change, by entry or default."""
    kind, *rest = change.path
    if kind == "keys":
        return _key_says(document.get("keys"), rest[0], change.value)
    if kind == "tabs":
        table = _tab_of(document.get("tabs"), rest[0])
        raw = None if table is None else table.get(rest[1])
        return bool(_means(TAB_OPTIONS[rest[1]], raw) == change.value)
    default = BY_ID[kind].default
    meant = _means(BY_ID[kind], document[kind]) if kind in document else default
    wanted = default if change.value is None else change.value
    return bool(plain(meant) == plain(wanted))


def edited(data: bytes, changes: Sequence[Change]) -> bytes:
    """Return a TOML text with these entries changed, and nothing else.

    Raises:
        NotEditable: It cannot be changed safely.
        ValueError: It is not TOML.
    """
    # 20 ms of start-up.
    import tomlkit  # noqa: PLC0415
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    before = tomllib.loads(data.decode())
    try:
        document = tomlkit.parse(data.decode())
        for change in changes:
            _apply(document, change)
        text = document.as_string()
    except (TOMLKitError, AttributeError, KeyError, TypeError) as error:
        reason = f"{_UNSAFE} ({error})"
        raise NotEditable(reason) from error
    try:
        after = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotEditable(_UNSAFE) from error
    kept = {change.path[0] for change in changes}
    if not all(says(after, change) for change in changes) or any(
        before.get(key) != after.get(key) for key in {*before, *after} - kept
    ):
        raise NotEditable(_UNSAFE)
    return text.encode()


def _apply(document: Any, change: Change) -> None:
    import tomlkit  # noqa: PLC0415 - see above

    kind, *rest = change.path
    if kind == "keys":
        if "keys" not in document:
            document["keys"] = tomlkit.table()
        table, name = _home(document["keys"], rest[0])
        _put(table, name, change.value)
    elif kind == "tabs":
        tab = _tab_of(document.get("tabs"), rest[0])
        if tab is None:
            if change.value is None:
                return
            if not document.get("tabs"):
                document["tabs"] = tomlkit.aot()
            fresh = tomlkit.table()
            fresh["name"] = change.name
            fresh.trivia.indent = "\n"
            document["tabs"].append(fresh)
            tab = _tab_of(document["tabs"], rest[0])
        _put(tab, rest[1], change.value)
    else:
        _put(document, kind, change.value)


def _put(table: Any, key: str, value: Any) -> None:
    if value is None:
        table.pop(key, None)
    else:
        table[key] = _item(value, table.get(key))


def _item(value: Any, old: Any) -> Any:
    """Return a value for tomlkit; a list stays on several lines if it was."""
    import tomlkit  # noqa: PLC0415 - see above

    if not isinstance(value, list):
        return value
    item = tomlkit.array()
    item.extend(value)
    was_in_lines = old is not None and "\n" in getattr(old, "as_string", str)()
    return item.multiline(multiline=was_in_lines)


def _home(table: MutableMapping[str, Any], name: str) -> tuple[Any, str]:
    """Return the table and key of `act.kill`: `act` may be a table itself."""
    if name not in table:
        first, _, rest = name.partition(".")
        if rest and isinstance(table.get(first), MutableMapping):
            return _home(table[first], rest)
    return table, name


def _key_says(table: Any, name: str, wanted: Any) -> bool:
    if not isinstance(table, Mapping):
        return wanted is None
    home, rest = _home(dict(table), name)
    written = home.get(rest)
    items = written if isinstance(written, list | None) else [written]
    return bool(items == wanted)


def _tab_of(tabs: Any, tab_id: str) -> Any:
    """Return the table of a tab, None if there is none."""
    for table in tabs if isinstance(tabs, list) else ():
        name = table.get("name") if isinstance(table, Mapping) else None
        if isinstance(name, str) and " ".join(name.split()).lower() == tab_id:
            return table
    return None


def _means(option: Option, raw: Any) -> Any:
    """Return the parsed value of an entry; None if it is invalid."""
    try:
        return None if raw is None else plain(option.read(raw))
    except UsageError:
        return None
