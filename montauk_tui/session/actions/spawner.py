"""Goes to the process that started another."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Final, NamedTuple

from montauk_tui.engine.rows.window import WINDOW_S
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKey
from montauk_tui.model.sample import Identity
from montauk_tui.session.actions.navigation import lists, show_tab
from montauk_tui.session.actions.targets import name_of, parent_at
from montauk_tui.session.actions.view import with_view
from montauk_tui.session.choices import Choices
from montauk_tui.session.effects import Say, Update
from montauk_tui.session.state import NotPossible, Session
from montauk_tui.session.tabs import MAIN, SPAWNERS, rows_of


class Lift(NamedTuple):
    """A restriction that hides processes: how to lift it, and the message."""

    lift: Callable[[Choices], Choices]
    message: str


LIFTS: Final = {
    "filter": Lift(lambda choices: choices.with_filter(""), "filter cleared"),
    "user": Lift(lambda it: with_view(it, uid=None), "all users are shown"),
    "containers": Lift(
        lambda it: with_view(it, containers=True), "containers are shown"
    ),
    "kernel": Lift(
        lambda it: replace(it, kernel_threads=True), "kernel threads are shown"
    ),
}
"""Restrictions that `S` lifts to show its target, as few as needed."""


def _lifted(choices: Choices, names: Iterable[str]) -> Choices:
    for name in names:
        choices = LIFTS[name].lift(choices)
    return choices


def spawner(session: Session) -> Update:
    """Show the process that started that of the selected row.

    Select its row in Spawners, else that of an ancestor there, else its row in Main.
    Restrictions that hide it are lifted, and a line says so.
    """
    frame = session.seen.frame
    if session.place is None:
        raise NotPossible
    parent = parent_at(session)
    if parent is None:
        raise NotPossible("unknown parent")
    spawners = replace(session.choices.on_tab(SPAWNERS), grouping="parent")
    message = f"started by {name_of(frame, parent)}"
    if rows_of(frame, spawners.shown).sample.processes.row_of(parent) is not None:
        return _arrive(session, spawners, parent, message)
    message += _why_no_spawner(frame)
    above = _above(frame, parent)
    found = next(
        (one for one in above if lists(session, spawners, RowKey.of(one))), None
    )
    if found is None:
        main = session.choices.on_tab(MAIN)
        return _arrive(session, main, parent, f"{message}; shown in Main")
    message = f"{message}; selected its ancestor {name_of(frame, found)}"
    return _arrive(session, spawners, found, message)


def _arrive(
    session: Session, there: Choices, process: Identity, message: str
) -> Update:
    """Show a process in another tab, and report what was lifted.

    Args:
        session: The session before.
        there: The choices on that tab.
        process: The process to select.
        message: The message if the target is not the expected one.
    """
    found = _showing(session, there, process)
    if found is None:
        raise NotPossible(f"{message}, which is hidden in {there.tab_now.title}")
    lifted, shown = found
    was_there = session.choices.tab == there.tab
    session = session.apply(choices=_lifted(session.choices, lifted))
    session = show_tab(session, there.tab)
    choices = replace(session.choices, grouping=shown.grouping)
    session = session.apply(choices=choices).select_row(RowKey.of(process))
    suffix = "".join(f"; {LIFTS[name].message}" for name in lifted)
    is_reported = suffix or was_there or ";" in message
    return Update(session, *([Say(message + suffix)] if is_reported else []))


def _showing(
    session: Session, there: Choices, process: Identity
) -> tuple[tuple[str, ...], Choices] | None:
    """Return the fewest restrictions to lift to show a process, and the choices."""
    active = [name for name, lift in LIFTS.items() if lift.lift(there) != there]
    for count in range(len(active) + 1):
        for names in combinations(active, count):
            shown = _lifted(there, names)
            if lists(session, shown, RowKey.of(process)):
                return names, shown
    return None


def _why_no_spawner(frame: Frame) -> str:
    """Return why a process is not in Spawners, to append to its name."""
    if frame.sample.starts is None:
        return f"; collector {frame.collector.name} does not report forks"
    return f", which started nothing in the last {WINDOW_S:g} s"


def _above(frame: Frame, identity: Identity) -> Iterator[Identity]:
    """Yield a live process and its ancestors, the nearest first."""
    table, seen = frame.sample.processes, set[int]()
    row = table.row_of(identity)
    while row is not None and row not in seen:
        seen.add(row)
        yield table.identity(row)
        row = table.row_of_pid(int(table.ppid[row]))
