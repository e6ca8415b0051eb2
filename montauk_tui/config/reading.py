"""The settings of file and environment, and a line for each error in them."""

import dataclasses
import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from montauk_tui import files
from montauk_tui.config.options import BY_ID, KNOWN, Settings
from montauk_tui.config.paths import config_path
from montauk_tui.config.readers import one_line, one_of, unknown_keys
from montauk_tui.config.tables import read_groups, read_keys, read_tabs
from montauk_tui.errors import UsageError, few, followed
from montauk_tui.model.text import named

_DEEPEST: Final = 50
_STRING: Final = re.compile(rb'"(?:[^"\\\n]|\\.)*+"|' rb"'[^'\n]*+'")
_DEEP: Final = re.compile(rb"(?:[\w-]++[ \t]*+\.[ \t]*+){%d}" % _DEEPEST)

_TABLES: Final[dict[str, Callable[[Any], tuple[Any, list[str]]]]] = {
    "keys": read_keys,
    "tabs": read_tabs,
    "groups": read_groups,
}


def from_file(
    path: Path, collectors: Collection[str] | None = None
) -> tuple[Settings, list[str]]:
    """Return the settings of a file, and a line for each error in it.

    An invalid setting keeps its default. A missing file is no error.

    Args:
        path: The TOML file.
        collectors: Known names; None accepts any name.
    """
    name = named(path)
    try:
        read = files.read_trusted(path, os.environ)
        settings, problems = from_document(parse(read.data), collectors)
    except (FileNotFoundError, NotADirectoryError):
        return Settings(), []
    except files.DistrustedError as error:
        remedy = "set MONTAUK_CONFIG to a file owned by root; using the defaults"
        return Settings(), [f"{name}: {one_line(error.strerror)}; {remedy}"]
    except OSError as error:
        reason = f"{name}: cannot be read: {error.strerror or error}"
        return Settings(), [f"{one_line(reason)}; using the defaults"]
    except (ValueError, RecursionError) as error:
        # tomllib also raises a bare ValueError (a number of 5,000 digits) and, where
        # brackets nest deep, RecursionError.
        reason = f"{name}: cannot be read: {one_line(error)}"
        return Settings(), [f"{reason}; using the defaults"]
    return settings, [f"{name}: {problem}" for problem in problems]


def parse(data: bytes) -> dict[str, Any]:
    """Return the contents of a TOML file.

    Raises:
        ValueError: It is not TOML, or its keys are nested too deeply.
        RecursionError: Its brackets are nested too deeply.
    """
    # tomllib needs quadratic time in the parts of a dotted key.
    if _DEEP.search(_STRING.sub(b"s", data)):
        reason = f"a key has more than {_DEEPEST} parts"
        raise ValueError(reason)
    # 3 ms of start-up that only a settings file needs.
    import tomllib  # noqa: PLC0415

    return tomllib.loads(data.decode())


def from_document(
    document: Mapping[str, Any], collectors: Collection[str] | None = None
) -> tuple[Settings, list[str]]:
    """Return the settings of a document, and a line for each error."""
    problems = unknown_keys(document, sorted(KNOWN))
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key not in KNOWN:
            continue
        try:
            if key in _TABLES:
                values[key], wrong = _TABLES[key](value)
                problems += wrong
                continue
            setting = BY_ID[key].read(value)
            if key == "collector" and collectors is not None:
                one_of(setting, tuple(collectors), "unknown collector")
            values[BY_ID[key].attribute] = setting
        except UsageError as error:
            reason = f"bad value for {key!r}: {error}"
            problems.append(followed(reason, "using the default"))
    return dataclasses.replace(Settings(), **values), few(problems)


def from_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """Return `settings` with those of the environment."""
    if collector := environment.get("MONTAUK_COLLECTOR"):
        settings = dataclasses.replace(settings, collector=collector)
    return settings


def load(collectors: Collection[str] | None = None) -> tuple[Settings, list[str]]:
    """Return the settings of file and environment, and a line for each error."""
    environment = os.environ
    path = config_path(environment)
    settings, warnings = from_file(path, collectors)
    # Path.exists() raises on a folder without search permission.
    is_missing = not warnings and not os.path.exists(path)  # noqa: PTH110
    if environment.get("MONTAUK_CONFIG") and is_missing:
        reason = f"{named(path)}: MONTAUK_CONFIG names a file that does not exist"
        warnings.append(f"{reason}; saving settings (W) creates it")
    return from_environment(settings, environment), warnings
