"""Selects processes: tags, the processes of one user, following one."""

from dataclasses import replace

import numpy as np

from montauk_tui.engine.rows.kinds import real_identity
from montauk_tui.engine.subtree import with_descendants
from montauk_tui.engine.units import counted
from montauk_tui.model.frame import Frame
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.session.actions.targets import living
from montauk_tui.session.actions.view import viewing
from montauk_tui.session.effects import Choice, Choose, Say, Update
from montauk_tui.session.state import NotPossible, Session

_ALL_USERS = "all users"


def tag(session: Session) -> Session:
    """Tag or untag the selected process, and move to the next row."""
    session, row = living(session)
    session = _tagged(session, session.choices.tags ^ {row})
    return session.select(session.selection.position + 1)


def tag_subtree(session: Session) -> Session:
    """Tag the selected process and all its descendants."""
    session, row = living(session)
    family = with_descendants(session.seen.frame.sample.processes, [row])
    return _tagged(session, session.choices.tags | {*family})


def tag_all(session: Session) -> Update:
    """Tag every live process shown."""
    rows = session.seen
    table = rows.frame.sample.processes
    places = rows.projection.rows.tolist()
    shown = {real_identity(rows.listed, place) for place in places}
    live = frozenset(one for one in shown if table.row_of(one) is not None)
    if not live:
        raise NotPossible("no live process is shown")
    session = _tagged(session, session.choices.tags | live)
    message = f"{counted(len(live), 'process', 'processes')} shown, all tagged"
    return Update(session, Say(message, "information"))


def untag(session: Session) -> Session:
    """Untag all."""
    return _tagged(session, frozenset())


def _tagged(session: Session, tags: frozenset[Identity]) -> Session:
    return session.apply(choices=replace(session.choices, tags=tags))


def choose_user(session: Session) -> Update:
    """Offer all users that have processes."""
    frame = session.seen.frame
    table, user = frame.sample.processes, frame.lookups.user
    uids, counts = np.unique(table.uid[table.is_process], return_counts=True)
    by_name = sorted(
        (user(uid), uid, count)
        for uid, count in zip(uids.tolist(), counts.tolist(), strict=True)
        if uid != UNKNOWN
    )
    choices = [Choice(_ALL_USERS, _ALL_USERS, "")] + [
        Choice(str(uid), name, counted(count, "process", "processes"))
        for name, uid, count in by_name
    ]
    uid = session.choices.view.uid
    current = _ALL_USERS if uid is None else str(uid)
    return Update(session, Choose("Processes of", choices, current, _of_user))


def _of_user(session: Session, who: str) -> Session:
    return viewing(session, uid=None if who == _ALL_USERS else int(who))


def follow(session: Session) -> Session:
    """Follow the selected process, or stop following."""
    if session.choices.following is not None:
        return _following(session, None)
    session, row = living(session)
    if session.current is None or row != session.current.process:
        raise NotPossible(f"PID {row.pid} is not in this list; Enter goes to it")
    return _following(session, row)


def _following(session: Session, row: Identity | None) -> Session:
    return session.apply(choices=replace(session.choices, following=row))


def take_frame(session: Session, frame: Frame) -> Update:
    """Show a new frame; drop tags of exited processes, and stop following one.

    In the past other processes run, so that there both stay.
    """
    if frame.ago_s is not None:
        return Update(session.apply(frame=frame))
    table, choices = frame.sample.processes, session.choices
    tags = frozenset(tag for tag in choices.tags if table.row_of(tag) is not None)
    if tags != choices.tags:
        choices = replace(choices, tags=tags)
    followed = choices.following
    if followed is None or table.row_of(followed) is not None:
        return Update(session.apply(choices=choices, frame=frame))
    choices = replace(choices, following=None)
    message = Say(f"followed PID {followed.pid} has exited")
    return Update(session.apply(choices=choices, frame=frame), message)
