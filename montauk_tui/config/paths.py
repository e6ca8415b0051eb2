"""Where settings and themes are kept."""

from collections.abc import Mapping
from pathlib import Path

import platformdirs


def config_path(environment: Mapping[str, str]) -> Path:
    """Return the settings file: `MONTAUK_CONFIG`, or the one below the XDG folder."""
    if chosen := environment.get("MONTAUK_CONFIG"):
        return Path(chosen)
    return platformdirs.user_config_path("montauk") / "config.toml"


def user_themes() -> Path:
    """Return the folder of custom themes."""
    return platformdirs.user_config_path("montauk") / "themes"
