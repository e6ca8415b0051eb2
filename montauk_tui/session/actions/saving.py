"""Saves changed settings."""

import os
from dataclasses import replace
from pathlib import Path

from montauk_tui.config import config_path
from montauk_tui.errors import MontaukError
from montauk_tui.model.text import named
from montauk_tui.session.effects import Say, Update
from montauk_tui.session.state import NotPossible, Session


def save_settings(session: Session) -> Update:
    """Save changed settings to the settings file, and report them."""
    # 20 ms of start-up.
    from montauk_tui.config.writing import save, summary  # noqa: PLC0415

    wanted, path = session.unsaved, config_path(os.environ)
    if not wanted:
        raise NotPossible(f"nothing to save: {shown_path(path)} is up to date")
    try:
        saved = save(path, wanted)
    except MontaukError as error:
        raise NotPossible(f"not saved: {error}") from error
    message = Say(summary(saved, shown_path(path)), "information")
    return Update(replace(session, saved=session.settings_now), message)


def shown_path(path: Path) -> str:
    """Return a path for display, the home folder as `~`."""
    home = os.environ.get("HOME", "")
    text = str(path)
    if home and text.startswith(f"{home}/"):
        text = f"~{text[len(home) :]}"
    return named(text)
