"""The entry points of installed packages.

`importlib.metadata` finds the same. To import it takes 1.4 MiB and a twentieth of the
start, as it brings modules for mail, CSV and archives; to ask it takes 9 ms each time.
"""

import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

_FOLDERS = (".dist-info", ".egg-info")


class EntryPoint(NamedTuple):
    """What a package offers under a name."""

    name: str
    value: str
    """Module, colon, attribute."""

    def load(self) -> object:
        """Import it; what that raises is the package's."""
        module, _, attributes = self.value.partition(":")
        found: object = import_module(module)
        for attribute in filter(None, attributes.split(".")):
            found = getattr(found, attribute)
        return found


def entry_points(*, group: str, name: str | None = None) -> list[EntryPoint]:
    """Return the entry points of a group, those of earlier folders of the path first.

    Args:
        group: The section of entry_points.txt (the entry points specification).
        name: Only those of this name.
    """
    found = _found(group, tuple(dict.fromkeys(sys.path)))
    return [point for point in found if name in (None, point.name)]


@cache
def _found(group: str, path: tuple[str, ...]) -> list[EntryPoint]:
    """Return the entry points of a group in these folders, which are read once."""
    return [
        point
        for folder in path
        for file in _files(folder or ".")
        for point in _points(file, group)
    ]


def _files(folder: str) -> Iterator[str]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - strings are enough
    except OSError:
        return
    for name in names:
        if name.endswith(_FOLDERS):
            yield f"{folder}/{name}/entry_points.txt"


def _points(file: str, group: str) -> Iterator[EntryPoint]:
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return
    section = ""
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = line.strip("[]").strip()
        elif section == group and "=" in line and not line.startswith(("#", ";")):
            name, _, value = line.partition("=")
            # What may follow in brackets are extras, no part of the name.
            yield EntryPoint(name.strip(), value.partition("[")[0].strip())
