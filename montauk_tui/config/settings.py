"""What the user can choose, and where it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from montauk_tui.engine import columns, meters


@dataclass(frozen=True, slots=True)
class TabSettings:
    """What is chosen for one tab; None leaves what is usual for it."""

    name: str
    columns: tuple[str, ...] | None = None
    sort: str | None = None
    descending: bool | None = None
    filter: str | None = None
    tree: bool | None = None
    rows: str | None = None
    """Which rows it lists, one of `ROWS`."""

    @property
    def id(self) -> str:
        """What it is called wherever case does not count."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the user can choose before the program starts."""

    collector: str | None = None
    """Forced collector; None takes the best that opens."""
    interval_s: float = 1.0
    theme: str = "montauk-dark"
    columns: tuple[str, ...] = columns.DEFAULT
    """Of the tab Main: ids, or `id:width`."""
    meters: tuple[str, ...] = meters.DEFAULT
    """Entries as engine.meters.parse takes them."""
    sort: str = "cpu_pct"
    descending: bool | None = None
    """None takes the sort column's usual direction."""
    filter: str = ""
    tree: bool = False
    kernel_threads: bool = False
    user_threads: bool = False
    paths: bool = True
    """Whether the folders of programs are shown."""
    machine_scale: bool = False
    """Whether CPU% is of the whole machine rather than of one core."""
    ascii: bool = False
    """Whether to draw with ASCII characters only."""
    mouse: bool = True
    linger_s: float = 5.0
    """How long a process that ended stays in the table; 0 for not at all."""
    panel: bool = True
    """Whether the selected process is told about where there is room."""
    read_only: bool = False
    """Whether keys that act on processes do nothing."""
    tab_order: tuple[str, ...] = ()
    """Ids of the tabs that are shown; empty for all of them."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By the id of a binding: its keys, as they were written."""
    tabs: tuple[TabSettings, ...] = ()
    """What is chosen for tabs other than Main, and further tabs."""


def config_path(environment: Mapping[str, str]) -> Path:
    """Return the settings file: `MONTAUK_CONFIG`, or the one below the XDG folder."""
    if chosen := environment.get("MONTAUK_CONFIG"):
        return Path(chosen)
    return platformdirs.user_config_path("montauk") / "config.toml"


def user_themes() -> Path:
    """Return the folder of the user's own themes."""
    return platformdirs.user_config_path("montauk") / "themes"
