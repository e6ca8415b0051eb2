"""The settings of file and environment, and a line for each thing wrong with them."""

import dataclasses
import os
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from montauk_tui.config.readers import (
    FIELD_OF_KEY,
    KNOWN,
    READERS,
    one_line,
    one_of,
)
from montauk_tui.config.settings import Settings, config_path
from montauk_tui.config.tables import read_keys, read_tabs
from montauk_tui.errors import UsageError, followed, near

_TABLES: Final[dict[str, Callable[[Any], tuple[Any, list[str]]]]] = {
    "keys": read_keys,
    "tabs": read_tabs,
}


def from_file(
    path: Path, collectors: Collection[str] | None = None
) -> tuple[Settings, list[str]]:
    """Return the settings of a file, and a line for each thing wrong with it.

    What is wrong keeps its default. A file that does not exist is no error.

    Args:
        path: The TOML file.
        collectors: The names there are; None lets any name pass.
    """
    name = one_line(path)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Settings(), []
    except (OSError, ValueError, RecursionError) as error:
        # tomllib also raises a bare ValueError (a number of 5,000 digits) and, where
        # brackets nest deep, RecursionError.
        reason = f"{name}: cannot be read: {one_line(error)}"
        return Settings(), [f"{reason}; using the defaults"]
    settings, problems = from_document(document, collectors)
    return settings, [f"{name}: {problem}" for problem in problems]


def from_document(
    document: Mapping[str, Any], collectors: Collection[str] | None = None
) -> tuple[Settings, list[str]]:
    """Return the settings of what a file holds, and a line for each thing wrong."""
    problems: list[str] = []
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in KNOWN:
            every = f"remove it, or use one of: {', '.join(sorted(KNOWN))}"
            remedy = near(key, KNOWN) or every
            problems.append(f"unknown key {one_line(key)!r}; {remedy}")
            continue
        try:
            if key in _TABLES:
                setting, wrong = _TABLES[key](value)
                problems += wrong
            else:
                setting = READERS[key](value)
            if key == "collector" and collectors is not None:
                one_of(setting, tuple(collectors), "no collector is")
            values[FIELD_OF_KEY.get(key, key)] = setting
        except UsageError as error:
            reason = f"bad value for {key!r}: {error}"
            problems.append(followed(reason, "using the default"))
    return dataclasses.replace(Settings(), **values), problems


def from_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """Return `settings` with what the environment asks for."""
    if collector := environment.get("MONTAUK_COLLECTOR"):
        settings = dataclasses.replace(settings, collector=collector)
    return settings


def load(collectors: Collection[str] | None = None) -> tuple[Settings, list[str]]:
    """Return the settings of file and environment, and a line for each thing wrong."""
    environment = os.environ
    path = config_path(environment)
    settings, warnings = from_file(path, collectors)
    if environment.get("MONTAUK_CONFIG") and not path.exists():
        reason = f"{one_line(path)}: MONTAUK_CONFIG names no file"
        warnings.append(f"{reason} yet; saving settings (W) creates it")
    return from_environment(settings, environment), warnings
