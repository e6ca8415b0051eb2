"""The monitors that are compared: how each is started, and where it comes from."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

COLLECTORS: Final = ("kernel", "netlink", "traditional")
SIZE: Final = (200, 50)

_MONTAUK: Final = (sys.executable, "-m", "montauk_tui")
_UNSET: Final = ("NO_COLOR", "MONTAUK_CONFIG", "PYTHONDONTWRITEBYTECODE")
"""Variables that would change what a monitor does or how fast it starts."""

_FILES: Final = {"btop/btop.conf": "update_ms = 1000\n"}
"""Settings, below XDG_CONFIG_HOME; all others are the defaults."""


@dataclass(frozen=True)
class Monitor:
    """A program that refreshes once a second in a terminal."""

    name: str
    command: tuple[str, ...]
    package: str = ""
    """What the distribution calls it; empty where it is no package."""
    environment: Mapping[str, str] = field(default_factory=dict)
    thread_options: tuple[str, ...] = ()
    thread_keys: str = ""
    """What makes threads rows of their own, where that is not the default."""
    shows_threads: bool = True
    version_option: str = "--version"

    def started(self, *, threads: bool) -> list[str]:
        """Return the command."""
        program, *arguments = self.command
        return [program, *(self.thread_options if threads else ()), *arguments]

    @property
    def is_montauk(self) -> bool:
        """Whether it is this program, with one of its collectors."""
        return self.command[: len(_MONTAUK)] == _MONTAUK

    def version(self) -> str:
        """Return the first line of what it says of itself."""
        program = _MONTAUK if self.is_montauk else self.command[:1]
        done = subprocess.run(
            [*program, self.version_option], capture_output=True, text=True, check=False
        )
        return (done.stdout.strip() or done.stderr.strip()).partition("\n")[0]


def _montauk(collector: str) -> Monitor:
    return Monitor(
        collector,
        _MONTAUK,
        environment={"MONTAUK_COLLECTOR": collector},
        thread_keys="H",
    )


GLANCES: Final = "glances"

ALL: Final = (
    *map(_montauk, COLLECTORS),
    Monitor("htop", ("htop", "-d", "10"), "htop"),
    Monitor("btop", ("btop", "--utf-force"), "btop", shows_threads=False),
    Monitor("top", ("top", "-d", "1"), "procps", thread_options=("-H",),
            version_option="-V"),
    Monitor("atop", ("atop", "1"), "atop", thread_options=("-y",),
            version_option="-V"),
    Monitor(GLANCES, (GLANCES, "-t", "1", "--disable-check-update"),
            shows_threads=False),
    Monitor("bottom", ("btm", "-r", "1s"), "bottom", shows_threads=False),
)  # fmt: skip


def environment(home: Path) -> dict[str, str]:
    """Return variables under which every monitor has its default settings.

    Args:
        home: An empty folder, which settings and state of all monitors go to.
    """
    config = home / "config"
    for name, text in _FILES.items():
        (config / name).parent.mkdir(parents=True, exist_ok=True)
        (config / name).write_text(text, "utf-8")
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(config),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "LC_ALL": "C.UTF-8",
        **dict.fromkeys(_UNSET, ""),
    }
