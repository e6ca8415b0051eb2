"""Opens a row: the details of a process, or the processes of a group."""

from dataclasses import replace

from montauk_tui.engine.columns import cells
from montauk_tui.engine.groups.criteria import CRITERIA, KERNEL
from montauk_tui.engine.query import quoted
from montauk_tui.engine.rows.exited import exited_one
from montauk_tui.engine.rows.kinds import extra_value, kind_of, real_identity
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKey, RowKind
from montauk_tui.model.sample import Identity
from montauk_tui.model.text import clean
from montauk_tui.session.actions.navigation import lists, show_tab
from montauk_tui.session.actions.targets import (
    name_of,
    process_at,
    selected,
    why_no_process,
)
from montauk_tui.session.actions.view import with_view
from montauk_tui.session.effects import LookInto, Result, Say, Update
from montauk_tui.session.state import NotPossible, Session
from montauk_tui.session.tabs import EXITED, GROUPS, MAIN, PROCESSES

_OF_EXITED = "command"
"""The section that the details of an exited process have, too."""


def look(session: Session, section: str) -> Update:
    """Show the details of the process of the selected row, at a section.

    An exited one has arguments of its own; files are those of an ancestor.
    """
    rows, place = selected(session)
    process = real_identity(rows.listed, place)
    if section == _OF_EXITED and exited_one(rows.frame, process) is not None:
        return _look_into(session, process, section)
    return _look_into(session, process_at(session), section)


def _look_into(session: Session, process: Identity, section: str = "") -> Update:
    """Show the details of a live process, or of an exited one that is known."""
    rows, place = selected(session)
    table = rows.frame.sample.processes
    row = table.row_of(process)
    if row is None:
        exited = exited_one(rows.frame, process)
        if exited is None:
            raise NotPossible(why_no_process(rows.listed, place))
        name = clean(bytes(exited.sample.processes.comm[0]))
        return Update(session, LookInto(process, name, section))
    if not table.is_process[row]:
        # A thread shares nearly all details with its process.
        row = table.row_of_pid(int(table.tgid[row]))
        if row is None:
            raise NotPossible
    name = clean(bytes(table.comm[row]))
    return Update(session, LookInto(table.identity(row), name, section))


def enter(session: Session) -> Result:
    """Show process details or open a group; in other tabs go to a live process."""
    rows, row, place = session.rows, session.current, session.place
    if rows is None or row is None or place is None:
        return session
    kind = kind_of(rows.listed, place)
    if session.choices.tab_now.rows == GROUPS:
        return _open_group(session, rows.listed, place)
    if kind is RowKind.EXITED_GROUP:
        return session.apply(choices=session.choices.toggled(row))
    if kind is RowKind.GROUP:
        return _enter_group(session, rows.listed, place)
    process = real_identity(rows.listed, place)
    lives = rows.frame.sample.processes.row_of(process) is not None
    if session.choices.tab_now.rows == PROCESSES or (
        not lives and exited_one(rows.frame, process) is not None
    ):
        return _look_into(session, process)
    return _go_to_process(session)


def _open_group(session: Session, listed: Frame, place: int) -> Update:
    """Show the live and exited processes of a group in Main, whatever hides them."""
    choices = session.choices
    name = cells.command_text(listed, place)
    wanted = CRITERIA[choices.criterion].query(name, nested=choices.in_tree)
    choices = replace(
        with_view(choices, uid=None, containers=True),
        kernel_threads=choices.kernel_threads or name == KERNEL,
        exited=True,
    )
    session = show_tab(session.apply(choices=choices.with_filter(wanted)), MAIN)
    message = f"processes of {name}; Esc clears the filter"
    return Update(session.select_row(None), Say(message))


def _enter_group(session: Session, listed: Frame, place: int) -> Update:
    """Show the processes of a group by program or cgroup."""
    is_cgroup = session.choices.grouping == "cgroup"
    field = "cgroup" if is_cgroup else "name"
    # The cell shows an unknown name as '-', which may also be a program's name.
    name = clean(bytes(listed.sample.processes.comm[place]))
    label = cells.command_text(listed, place) if is_cgroup else name
    if not label or (is_cgroup and not label.startswith("/")):
        raise NotPossible(f"{field} of the group is unknown")
    has_ended = extra_value(listed, "count", place) > 0
    choices = session.choices.with_filter(f"{field} = {quoted(label)}")
    session = show_tab(session.apply(choices=choices), EXITED if has_ended else MAIN)
    what = "exited processes" if has_ended else "live processes"
    message = Say(f"{what} of {label}; Esc clears the filter")
    return Update(session.select_row(None), message)


def _go_to_process(session: Session) -> Session:
    """Go to the process of a row of another list."""
    process = process_at(session)
    row = RowKey.of(process)
    there = session.choices.on_tab(MAIN)
    if lists(session, there, row):
        return show_tab(session, MAIN).select_row(row)
    name, title = name_of(session.seen.frame, process), there.tab_now.title
    if there.filter_text and lists(session, there.with_filter(""), row):
        raise NotPossible(f"the filter hides {name} in {title}")
    raise NotPossible(f"{name} is hidden in {title}")
