"""The user's choices: flags over environment over the TOML file over defaults."""

from montauk_tui.config.changes import Change, changes
from montauk_tui.config.durations import parse_duration
from montauk_tui.config.options import Preferences, Settings, TabSettings
from montauk_tui.config.paths import config_path, user_themes
from montauk_tui.config.reading import from_environment, from_file, load, parse

__all__ = [
    "Change",
    "Preferences",
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
