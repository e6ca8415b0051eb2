"""The user's choices: flags over environment over the TOML file over defaults."""

from montauk_tui.config.changes import Change, changes
from montauk_tui.config.durations import parse_duration
from montauk_tui.config.readers import FIELD_OF_KEY, KNOWN, READERS, ROWS
from montauk_tui.config.reading import from_environment, from_file, load, parse
from montauk_tui.config.settings import (
    Settings,
    TabSettings,
    config_path,
    user_themes,
)

__all__ = [
    "FIELD_OF_KEY",
    "KNOWN",
    "READERS",
    "ROWS",
    "Change",
    "Settings",
    "TabSettings",
    "changes",
    "config_path",
    "from_environment",
    "from_file",
    "load",
    "parse",
    "parse_duration",
    "user_themes",
]
