"""Which monitors can be measured here; the missing ones are installed if possible."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Final

from bench.peers.monitors import GLANCES, Monitor
from montauk_tui.collectors import registry
from montauk_tui.errors import CollectorUnavailable

_APT: Final = ("apt-get", "install", "-qq", "--no-install-recommends")


class Unavailable(Exception):
    """Why a monitor cannot be measured."""


def prepared(monitor: Monitor, *, may_install: bool) -> Monitor:
    """Return a monitor as it can be started.

    Raises:
        Unavailable: It is not installed, or does not work here.
    """
    if monitor.is_montauk:
        _check_collector(monitor.name)
        return monitor
    if monitor.name == GLANCES:
        program = _glances(may_install=may_install)
        return replace(monitor, command=(str(program), *monitor.command[1:]))
    if not which(monitor.command[0]):
        if not may_install:
            raise Unavailable("not installed")
        _install(monitor.package)
    return monitor


def _check_collector(name: str) -> None:
    try:
        state = registry.load(name).availability()
    except CollectorUnavailable as error:
        raise Unavailable(str(error)) from error
    if not state.available:
        raise Unavailable(f"{state.reason}; {state.remedy}")


def _install(package: str) -> None:
    """Install a package of the distribution."""
    if os.geteuid() != 0 or not which(_APT[0]):
        raise Unavailable(f"not installed; the distribution may have {package}")
    print(f"installing {package} from the distribution", flush=True)
    _run([*_APT, package], f"the distribution has no package {package} to install")


def _glances(*, may_install: bool) -> Path:
    """Return the program glances, in its own environment in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(cache, "montauk-bench", GLANCES)
    program = folder / "bin" / GLANCES
    if not program.exists():
        if not may_install:
            raise Unavailable("not installed")
        print(f"installing {GLANCES} from PyPI into {folder}", flush=True)
        _run([sys.executable, "-m", "venv", str(folder)], "no virtual environment")
        _run([str(folder / "bin" / "pip"), "install", "-q", GLANCES], "not on PyPI")
    return program


def _run(command: list[str], failure: str) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise Unavailable(f"{failure} ({said[-1]})" if said else failure)
