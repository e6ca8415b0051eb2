"""The key map: the default bindings with the user's keys.

Textual's keymap is not used: it has no bindings without a key, removes all keys of a
binding that loses one, and detects a clash only when a key is pressed.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys, _character_to_key

from montauk_tui.errors import MOST_COMPLAINTS, UsageError, did_you_mean, few
from montauk_tui.model.text import quoted
from montauk_tui.ui.bindings import (
    BINDINGS,
    KEY_NAMES,
    LOOK_BINDINGS,
    key_name,
)

Chosen = Mapping[str, Sequence[str]]
"""Keys by binding id, as written in the file."""

_ALIASES: Final = {
    **{name.lower(): key for key, name in KEY_NAMES.items() if len(name) > 1},
    "pgdown": "pagedown", "return": "enter", "spacebar": "space", "del": "delete",
    "ins": "insert", "ctrl+i": "tab", "ctrl+m": "enter",
}  # fmt: skip

_WRITTEN: Final = re.compile(r"((?:(?:alt|ctrl|shift)[-+])*)(.+)", re.IGNORECASE)
"""A key with its modifiers."""

_NAMED: Final = frozenset(
    key.value for key in Keys if len(key.value) > 1 and key.value[0] != "<"
)

_FIXED: Final = {
    "ctrl+c": "it always quits montauk",
    "ctrl+q": "it always quits montauk",
    **dict.fromkeys("0123456789", "digits jump to a PID"),
}
"""Reserved keys, and why."""

_INTERRUPT: Final = "program.interrupt"


class Keymap(NamedTuple):
    """The bindings in effect."""

    main: tuple[Binding, ...] = tuple(BINDINGS)
    look: tuple[Binding, ...] = tuple(LOOK_BINDINGS)
    """Of the process details page."""

    @property
    def every(self) -> tuple[Binding, ...]:
        """All of them."""
        return (*self.main, *self.look)


def read_key(text: str) -> str:
    """Return Textual's name of a key, given its label or that name.

    Raises:
        UsageError: The key is unknown or reserved.
    """
    stripped = text.strip()
    key = _character_to_key(stripped) if len(stripped) == 1 else _named(stripped)
    if key is None or (len(stripped) == 1 and not stripped.isprintable()):
        reason = f"unknown key {quoted(text)}"
        raise UsageError(reason, "write for example F9, k, Ctrl-X, PgUp or ?")
    if key in _FIXED:
        reason = f"{key_name(key)} is reserved: {_FIXED[key]}"
        raise UsageError(reason, "choose another key")
    return key


def _named(text: str) -> str | None:
    """Return the name of a key that is written with more than one character."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        return None
    # Textual has them in alphabetical order.
    held = sorted({held.lower() for held in re.split("[-+]", match[1]) if held})
    modifiers, name = "".join(f"{one}+" for one in held), match[2]
    if len(name) == 1:
        plain = _character_to_key(name.lower() if "ctrl" in held else name)
        return _ALIASES.get(modifiers + plain, modifiers + plain)
    name = _ALIASES.get(name.lower(), name.lower())
    known = name in _NAMED or name in KEY_NAMES or key_name(name) != name.capitalize()
    return modifiers + name if known else None


def keymap(chosen: Chosen) -> tuple[Keymap, list[str]]:
    """Return the bindings with the configured keys, and a line for each error.

    A key assigned to one action is removed from the action that has it by default.
    """
    scopes = (tuple(BINDINGS), tuple(LOOK_BINDINGS))
    known = {binding.id or "" for scope in scopes for binding in scope}
    unknown = [name for name in chosen if name not in known]
    problems = [
        f"[keys]: unknown action {quoted(name)}; "
        + (did_you_mean(name, known) or "docs/keys.md and F1 list them")
        for name in unknown[:MOST_COMPLAINTS]
    ]
    problems += [""] * (len(unknown) - len(problems))
    mapped: list[tuple[Binding, ...]] = []
    for scope in scopes:
        bindings, wrong = _mapped(scope, chosen)
        mapped.append(bindings)
        problems += wrong
    return Keymap(*mapped), few(problems)


def _mapped(
    bindings: Sequence[Binding], chosen: Chosen
) -> tuple[tuple[Binding, ...], list[str]]:
    """Return the bindings of one screen with the configured keys."""
    problems: list[str] = []
    owners: dict[str, str] = {}
    given: dict[str, list[str]] = {}
    for binding_id in (name for name in chosen if name in {b.id for b in bindings}):
        good: list[str] = []
        for text in chosen[binding_id]:
            try:
                key = _free_key(text, binding_id, owners)
            except UsageError as error:
                problems.append(f"[keys]: {binding_id!r}: {error}")
            else:
                owners[key] = binding_id
                good.append(key)
        if binding_id == _INTERRUPT:
            problems.append(
                f"[keys]: {binding_id!r}: Ctrl-C always quits; remove this entry"
            )
        elif good or not chosen[binding_id]:
            given[binding_id] = good
    return tuple(_with_keys(binding, given, owners) for binding in bindings), problems


def _free_key(text: str, binding_id: str, owners: Mapping[str, str]) -> str:
    key = read_key(text)
    owner = owners.get(key, binding_id)
    if owner != binding_id:
        reason = f"{key_name(key)} is already bound to {owner!r}"
        raise UsageError(reason, "choose another key for one of them")
    return key


def _with_keys(
    binding: Binding, given: Mapping[str, list[str]], owners: Mapping[str, str]
) -> Binding:
    binding_id = binding.id or ""
    keys: Iterable[str] = given.get(binding_id) or ()
    if binding_id not in given:
        usual = binding.key.split(",")
        keys = [key for key in usual if owners.get(key, binding_id) == binding_id]
    return replace(binding, key=",".join(dict.fromkeys(keys)))


def bind(node: App[Any] | DOMNode, bindings: Sequence[Binding]) -> None:
    """Replace the bindings of an app or a screen by those with the same ids."""
    ids = {binding.id for binding in bindings}
    table = node._bindings.key_to_bindings  # noqa: SLF001 - there is no public way
    for key, bound in list(table.items()):
        table[key] = [binding for binding in bound if binding.id not in ids]
    for binding in bindings:
        for key in filter(None, binding.key.split(",")):
            table[key] = [replace(binding, key=key), *table.get(key, ())]
    for key in [key for key, bound in table.items() if not bound]:
        del table[key]


def given_key(
    chosen: Mapping[str, tuple[str, ...]], binding_id: str, keys: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return the configured keys after an action gets these keys exclusively.

    Raises:
        UsageError: The key of this action is fixed.
    """
    if binding_id == _INTERRUPT:
        raise UsageError("Ctrl-C always quits montauk", "choose another action")
    scopes = (BINDINGS, LOOK_BINDINGS)
    ids = next(
        ids for scope in scopes if binding_id in (ids := {one.id for one in scope})
    )
    others = {
        name: tuple(key for key in held if name not in ids or not _is_among(key, keys))
        for name, held in chosen.items()
    }
    return {**others, binding_id: tuple(map(_written, keys))}


def _is_among(text: str, keys: Sequence[str]) -> bool:
    try:
        return read_key(text) in keys
    except UsageError:
        return False


def _written(key: str) -> str:
    """Return a key in its most readable form."""
    name = key_name(key)
    try:
        return name if read_key(name) == key else key
    except UsageError:
        return key
