"""The user's choices: flags over environment over the TOML file over defaults."""

import dataclasses
import os
import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from montauk_tui.engine import columns, meters, query
from montauk_tui.errors import UsageError
from montauk_tui.model.text import clean

SHORTEST_INTERVAL_S: Final = 0.1
LONGEST_INTERVAL_S: Final = 3600.0

_DURATION: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|m)?", re.ASCII)
_DURATION_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the user can choose before the program starts."""

    collector: str | None = None
    """Forced collector; None takes the best that opens."""
    interval_s: float = 1.0
    theme: str = "montauk-dark"
    columns: tuple[str, ...] = columns.DEFAULT
    meters: tuple[str, ...] = meters.DEFAULT
    """Entries as engine.meters.parse takes them."""
    sort: str = "cpu_pct"
    descending: bool | None = None
    """None takes the sort column's usual direction."""
    filter: str = ""
    tree: bool = False
    kernel_threads: bool = False
    user_threads: bool = False
    machine_scale: bool = False
    """Whether CPU% is of the whole machine rather than of one core."""
    ascii: bool = False
    """Whether to draw with ASCII characters only."""
    mouse: bool = True
    panel: bool = True
    """Whether wide screens tell about the selected process."""
    linger_s: float = 5.0
    """How long a process that ended stays in the table; 0 for not at all."""
    read_only: bool = False
    """Whether keys that act on processes do nothing."""


def config_path(environment: Mapping[str, str]) -> Path:
    """Return the settings file: `MONTAUK_CONFIG`, or the one below the XDG folder."""
    if chosen := environment.get("MONTAUK_CONFIG"):
        return Path(chosen)
    return platformdirs.user_config_path("montauk") / "config.toml"


def user_themes() -> Path:
    """Return the folder of the user's own themes."""
    return platformdirs.user_config_path("montauk") / "themes"


def parse_duration(text: str) -> float:
    """Return the seconds that `1.5`, `1500ms`, `2s` or `1m` means.

    Raises:
        UsageError: It is no duration, or out of range.
    """
    text = text.strip()
    match = _DURATION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{text!r} is not a duration", "write for example 1.5, 2s or 500ms"
        )
    seconds = float(match[1]) * _DURATION_UNITS[match[2] or "s"]
    return _in_range(seconds, f"an interval of {text!r}")


def _in_range(seconds: float, what: str) -> float:
    if not SHORTEST_INTERVAL_S <= seconds <= LONGEST_INTERVAL_S:
        remedy = f"choose {SHORTEST_INTERVAL_S} to {LONGEST_INTERVAL_S:.0f} seconds"
        raise UsageError(f"{what} is out of range", remedy)
    return seconds


def _interval(value: Any) -> float:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        reason = "it is not a duration"
        raise UsageError(reason, 'write seconds, or text like "500ms"')
    return float(_in_range(value, "it"))


def _linger(value: Any) -> float:
    if value in (0, "0", "0s") and not isinstance(value, bool):
        return 0.0
    return _interval(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        reason = "it is not text"
        raise UsageError(reason, "put it in quotes")
    return value


def _filter(value: Any) -> str:
    text = _text(value)
    query.parse(text)
    return text


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        reason = "it is neither true nor false"
        raise UsageError(reason, "write true or false, without quotes")
    return value


def _check_collector(name: str, collectors: Collection[str]) -> None:
    if name not in collectors:
        reason = f"no collector is called '{_one_line(name)}'"
        raise UsageError(reason, f"choose one of: {', '.join(collectors)}")


def _column(value: Any) -> str:
    return columns.find(_text(value)).id


def _columns(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        reason = "it is not a list of columns"
        raise UsageError(reason, 'write for example ["pid", "cpu_pct", "command"]')
    ids = dict.fromkeys(_column(item) for item in value)
    if "command" in ids:
        # It takes what is left of the line, so nothing can stand behind it.
        ids["command"] = ids.pop("command")
    return tuple(ids)


def _meters(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        reason = "it is not a list of meters"
        raise UsageError(reason, 'write for example ["cpu", "memory:graph"]')
    return tuple(one.entry for one in meters.parse(value))


_READERS: Final[dict[str, Callable[[Any], Any]]] = {
    "collector": _text,
    "interval": _interval,
    "linger": _linger,
    "theme": _text,
    "columns": _columns,
    "meters": _meters,
    "sort": _column,
    "descending": _flag,
    "filter": _filter,
    "tree": _flag,
    "kernel_threads": _flag,
    "user_threads": _flag,
    "machine_scale": _flag,
    "ascii": _flag,
    "mouse": _flag,
    "panel": _flag,
    "read_only": _flag,
}
"""By key of the file, which is the field of `Settings` but for the unit."""

_FIELD_OF_KEY: Final = {"interval": "interval_s", "linger": "linger_s"}


def from_file(
    path: Path, collectors: Collection[str] | None = None
) -> tuple[Settings, list[str]]:
    """Return the settings of a file, and a line for each thing wrong with it.

    What is wrong keeps its default. A file that does not exist is no error.

    Args:
        path: The TOML file.
        collectors: The names there are; None lets any name pass.
    """
    settings = Settings()
    name = _one_line(path)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return settings, []
    except (OSError, ValueError, RecursionError) as error:
        # tomllib also raises a bare ValueError (a number of 5,000 digits) and, where
        # brackets nest deep, RecursionError.
        reason = f"{name}: cannot be read: {_one_line(error)}"
        return settings, [f"{reason}; using the defaults"]
    warnings: list[str] = []
    values: dict[str, Any] = {}
    for key, value in document.items():
        reader = _READERS.get(key)
        if reader is None:
            remedy = f"remove it, or use one of: {', '.join(sorted(_READERS))}"
            warnings.append(f"{name}: unknown key {_one_line(key)!r}; {remedy}")
            continue
        try:
            setting = reader(value)
            if key == "collector" and collectors is not None:
                _check_collector(setting, collectors)
            values[_FIELD_OF_KEY.get(key, key)] = setting
        except UsageError as error:
            reason = f"{name}: bad value for {key!r}: {error}"
            warnings.append(f"{reason}; using the default")
    return dataclasses.replace(settings, **values), warnings


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
        reason = f"{_one_line(path)}: MONTAUK_CONFIG names no file"
        warnings.append(f"{reason}; create it or unset MONTAUK_CONFIG")
    return from_environment(settings, environment), warnings


def _one_line(problem: object) -> str:
    return clean(" ".join(str(problem).split()).encode("utf-8", "surrogateescape"))
