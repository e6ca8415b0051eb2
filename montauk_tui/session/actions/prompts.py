"""Prompts: search, filter, interval; and PIDs typed as digits."""

from contextlib import suppress
from dataclasses import replace

from montauk_tui.config import parse_duration
from montauk_tui.errors import QueryError, UsageError
from montauk_tui.host.base import Place
from montauk_tui.session.actions.copying import write_view
from montauk_tui.session.actions.replaying import go_end, gone_to
from montauk_tui.session.effects import (
    Ask,
    EndAsking,
    Later,
    Result,
    Say,
    Update,
)
from montauk_tui.session.finding import PID_SEARCH_S, next_match
from montauk_tui.session.state import Session


def search(session: Session) -> Update:
    """Ask for a text to jump to."""
    hint = "part of a command; F3 next, Shift-F3 previous, Enter accepts"
    return Update(session, Ask("search", "", hint))


def ask_filter(session: Session) -> Update:
    """Ask for a filter."""
    hint = "text, a|b or cpu > 10 and user = root; Esc clears"
    return Update(session, Ask("filter", session.choices.filter_text, hint))


def ask_interval(session: Session) -> Update:
    """Ask for the time between refreshes."""
    now = f"{session.choices.interval_s:g}"
    return Update(session, Ask("interval", now, "1.5, 2s or 500ms"))


def prompt_typed(session: Session, kind: str, text: str) -> Session:
    """Filter and search while the text is typed."""
    session = replace(session, is_typing=kind in ("filter", "search"))
    if kind == "filter":
        # While it is invalid, the last valid one stays in effect.
        with suppress(QueryError):
            return session.apply(choices=session.choices.with_filter(text))
    elif kind == "search":
        choices = replace(session.choices, search_text=text)
        return prompt_again(session.apply(choices=choices), 0)
    return session


def prompt_again(session: Session, step: int) -> Session:
    """Select the next match (1), the previous (-1), or the first from here (0)."""
    text, rows = session.choices.search_text, session.rows
    if not text or rows is None:
        return session
    position = next_match(
        rows.listed, rows.projection, text, session.selection.position + step,
        step=step or 1, merged=session.choices.merged,
    )  # fmt: skip
    return session if position is None else session.select(position)


def prompt_ended(session: Session, kind: str, text: str, accepted: bool) -> Update:  # noqa: FBT001 - the signature of the message
    """Accept or discard the text, and return to the table."""
    choices = session.choices
    if kind == "write" and accepted and text.strip():
        return write_view(session, text)
    if kind == "time" and accepted and text.strip():
        update = gone_to(session, Place(time=text))
        return Update(update.session, EndAsking(), *update.effects)
    if kind == "interval" and accepted:
        try:
            choices = replace(choices, interval_s=parse_duration(text))
        except UsageError as error:
            return Update(session, Say(str(error), "error"))
    elif kind == "filter" and not accepted:
        choices = choices.with_filter("")
    elif kind == "search":
        choices = replace(choices, search_text="")
    session = replace(session.apply(choices=choices), is_typing=False)
    return Update(session, EndAsking())


def cancel(session: Session) -> Result:
    """Return from the past, or else clear the filter."""
    if session.is_in_past:
        return go_end(session, 1)
    if not session.choices.filter_text:
        return session
    return session.apply(choices=session.choices.with_filter(""))


def type_digit(session: Session, digit: str) -> Result:
    """Jump to the process whose PID is typed."""
    search = session.pid_search.typed(digit, session.selection.row)
    rows = session.rows
    if rows is not None:
        search, position = search.found(rows.listed, rows.projection)
        if position is not None:
            session = session.select(position)
        elif session.selection.row != search.origin:
            # It was on a process whose PID is a prefix of this one.
            session = session.select_row(search.origin)
    later = Later(PID_SEARCH_S, "forget_pid")
    return Update(replace(session, pid_search=search), later)


def forget_pid(session: Session) -> Session:
    """Forget a PID that was typed a while ago."""
    return replace(session, pid_search=session.pid_search.expired())
