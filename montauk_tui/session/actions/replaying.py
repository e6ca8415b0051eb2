"""Going to another time of a recording."""

from dataclasses import replace

from montauk_tui.session.effects import Ask, GoTo, Update
from montauk_tui.session.state import NotPossible, Session


def go(session: Session, samples: int) -> Update:
    """Go forward by samples, or back."""
    return paused_at(session, GoTo(samples=samples))


def go_s(session: Session, seconds: float) -> Update:
    """Go forward by seconds, or back."""
    return paused_at(session, GoTo(seconds=seconds))


def ask_time(session: Session) -> Update:
    """Ask for a time to go to."""
    _check(session)
    return Update(session, Ask("time", "", "14:03:07, -90s, 3m ago, 2026-11-30T14:03"))


def paused_at(session: Session, place: GoTo) -> Update:
    """Return the session paused, so that the sample that is gone to stays."""
    _check(session)
    return Update(session.apply(choices=replace(session.choices, paused=True)), place)


def _check(session: Session) -> None:
    if session.actions is not None:
        raise NotPossible("only a recording has other times: montauk record makes one")
