"""Going to another time: of a recording, or of the last minutes."""

from dataclasses import replace
from functools import partial

from montauk_tui.engine.exit_search import exits_match
from montauk_tui.engine.units import clock_second_text
from montauk_tui.host.base import Past, Place, Sought
from montauk_tui.model.recording import Mark
from montauk_tui.session.choices import SPEEDS
from montauk_tui.session.effects import (
    Ask,
    Choice,
    Choose,
    GoTo,
    Say,
    TurnRecording,
    Update,
)
from montauk_tui.session.state import NotPossible, Session

_END_S = 1e12

_DIRECTIONS = {"previous": -1, "next": 1}


def go(session: Session, samples: int) -> Update:
    """Go forward by samples, or back."""
    return gone_to(session, Place(samples=samples))


def go_s(session: Session, seconds: float) -> Update:
    """Go forward by seconds, or back."""
    return gone_to(session, Place(seconds=seconds))


def go_to(session: Session, wall_s: float) -> Update:
    """Go to the last moment at or before a wall clock."""
    return gone_to(session, Place(wall_s=wall_s))


def go_end(session: Session, side: int) -> Update:
    """Go to the first moment, or to the last one, which may be the present."""
    return go_s(session, side * _END_S)


def ask_time(session: Session) -> Update:
    """Ask for a time to go to."""
    _check(session)
    return Update(session, Ask("time", "", "14:03:07, -90s, 3m ago, 2026-11-30T14:03"))


def gone_to(session: Session, place: Place) -> Update:
    """Return the session that shows another time.

    A recording pauses there, and would play on otherwise.
    """
    if _check(session).plays:
        session = session.apply(choices=replace(session.choices, paused=True))
    return Update(session, GoTo(place))


def mark_begin(session: Session) -> Update:
    """Let the moment that is shown be the begin of a sum."""
    _check(session)
    begin_s = session.seen.frame.sample.time_s
    session = replace(session, sum_from_s=begin_s)
    message = f"a sum begins at {clock_second_text(begin_s)}; ) ends it"
    return Update(session, Say(message, "information"))


def sum_up(session: Session) -> Update:
    """Sum up from the begin that was marked to the moment that is shown."""
    _check(session)
    if session.sum_from_s is None:
        raise NotPossible("no begin is marked: ( marks one")
    update = gone_to(session, Place(since_s=session.sum_from_s))
    # What ( said has been done.
    return Update(update.session, Say("", "information"), *update.effects)


def seek(session: Session) -> Update:
    """Offer what to search the time for."""
    _check(session)
    query = session.choices.shown_view.query
    exits = "exit that matches" if session.choices.filter_text else "exit"
    named = {
        "exit": Sought(exits, matches=partial(exits_match, query)),
        "failure": Sought("failure", Mark.FAILED),
        "spike": Sought("spike of busy cores"),
        "oom": Sought("out-of-memory kill", Mark.OOM),
        "loss": Sought("lost event", Mark.LOST),
        "collector": Sought("change of collector", Mark.COLLECTOR),
    }
    choices = [
        Choice(f"{where}-{key}", f"{where} {sought.name}", "")
        for where in _DIRECTIONS
        for key, sought in named.items()
    ]

    def then(session: Session, picked: str) -> Update:
        where, _, key = picked.partition("-")
        session = replace(session, last_sought=picked)
        return gone_to(session, Place(_DIRECTIONS[where], sought=named[key]))

    last = session.last_sought or "previous-exit"
    return Update(session, Choose("Go to", choices, last, then))


def speed(session: Session) -> Update:
    """Play a recording at the next speed."""
    if not _check(session).plays:
        raise NotPossible("only a recording plays: this is live")
    choices = session.choices
    faster = [it for it in SPEEDS if it > choices.speed]
    choices = replace(choices, speed=faster[0] if faster else SPEEDS[0], paused=False)
    message = f"playing {choices.speed} times as fast as it was recorded"
    return Update(session.apply(choices=choices), Say(message, "information"))


def record(session: Session) -> Update:
    """Begin or end recording."""
    is_on = session.frame is not None and session.frame.recording
    if session.choices.read_only and not is_on:
        raise NotPossible("read-only mode: nothing is recorded")
    return Update(session, TurnRecording())


def timeline(session: Session) -> Session:
    """Show or hide the timeline."""
    choices = session.choices
    wanted = "off" if choices.shows_timeline(session.screen_lines) else "on"
    return session.apply(choices=replace(choices, timeline=wanted))


def _check(session: Session) -> Past:
    if session.past is None:
        raise NotPossible("nothing is remembered: the setting remember is 0")
    return session.past
