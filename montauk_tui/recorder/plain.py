"""Objects of the model as JSON, and back with every type checked.

The types are those of the annotations, so a field that is added to the model is
recorded too; a field that a recording lacks has its default.
"""

import json
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Final, TypeVar

from montauk_tui.model.schema import UNKNOWN
from montauk_tui.model.text import clean_text
from montauk_tui.recorder.layout import BadFrame

_T = TypeVar("_T")

_LARGEST: Final = 1 << 63


def plain(value: Any) -> Any:
    """Return an object as what JSON has; NaN is null, bytes are Latin-1."""
    found, kind = value, _any(type(value))
    if isinstance(value, float):
        found = value if math.isfinite(value) else None
    elif isinstance(value, Enum):
        found = value.value
    elif isinstance(value, bytes):
        found = value.decode("latin-1")
    elif isinstance(value, Mapping):
        found = {str(key): plain(item) for key, item in value.items()}
    elif names := _names(kind):
        found = {name: plain(getattr(value, name)) for name in names}
    elif isinstance(value, Iterable) and not isinstance(value, str):
        found = [plain(item) for item in value]
    return found


def _any(kind: Any) -> Any:
    """Return a class for a cache: mypy does not know that classes are hashable."""
    return kind


@cache
def _names(kind: Any) -> tuple[str, ...]:
    """Return the fields of a class, () if it has none."""
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    return getattr(kind, "_fields", ())


def read_json(data: bytes) -> Any:
    """Return what a text of JSON says.

    Raises:
        BadFrame: It is not JSON.
    """
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFrame("a frame has damaged JSON") from error


def built(kind: type[_T], value: Any, **given: Any) -> _T:
    """Return an object of a class from its plain form.

    Args:
        kind: A dataclass or a named tuple.
        value: What `plain` returned.
        given: Fields that are not in it.

    Raises:
        BadFrame: A value is of another type, or is missing and has no default.
    """
    if not isinstance(value, dict):
        raise BadFrame(f"a frame has no {kind.__name__} where one belongs")
    readers, needed = _readers(_any(kind))
    try:
        known = {
            name: read(value[name])
            for name, read in readers
            if name in value and name not in given
        }
    except (TypeError, ValueError, RecursionError) as error:
        raise BadFrame(f"a frame has a damaged {kind.__name__}") from error
    missing = needed - known.keys() - given.keys()
    if missing:
        raise BadFrame(f"a frame has no {min(missing)} of {kind.__name__}")
    return kind(**known, **given)


@cache
def _readers(
    kind: Any,
) -> tuple[tuple[tuple[str, Callable[[Any], Any]], ...], frozenset[str]]:
    """Return what checks each field, and which have no default."""
    hints, needed = _hints(kind)
    return tuple((name, _reader(hint)) for name, hint in hints.items()), needed


def _hints(kind: Any) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the types of the fields, and which have no default."""
    hints = typing.get_type_hints(kind)
    if not hasattr(kind, "_fields"):
        needed = {
            field.name
            for field in fields(kind)
            if field.default is MISSING and field.default_factory is MISSING
        }
        return {name: hints[name] for name in _names(_any(kind))}, frozenset(needed)
    defaults: Iterable[str] = getattr(kind, "_field_defaults", ())
    return hints, frozenset(hints.keys() - set(defaults))


def _checked(hint: Any, value: Any) -> Any:
    """Return a value as the type `hint` wants it.

    Raises:
        TypeError: It is of another type.
        ValueError: It is out of range.
    """
    return _reader(hint)(value)


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """Return the function that checks values of a type."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        (only,) = (it for it in typing.get_args(hint) if it is not type(None))
        inner = _reader(only)
        return lambda value: None if value is None else inner(value)
    if origin is not None:
        parts = typing.get_args(hint)
        return lambda value: _checked_many(origin, parts, value)
    if hint in _READERS:
        return _READERS[hint]
    if _names(hint):
        return lambda value: built(hint, value)
    return lambda value: hint(_checked_int(value))


def _checked_many(origin: Any, parts: tuple[Any, ...], value: Any) -> Any:
    if origin is not tuple:
        found: dict[Any, Any] = _of_type(dict, value)
        return {
            clean_text(key): _checked(parts[1], item) for key, item in found.items()
        }
    items = _of_type(list, value)
    if parts[1:] == (...,):
        return tuple(_checked(parts[0], item) for item in items)
    return tuple(_checked(part, item) for part, item in zip(parts, items, strict=True))


def _checked_float(value: Any) -> float:
    if value is None:
        return math.nan
    if type(value) is float and math.isfinite(value):
        # Nearly all are that.
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _of_type(kind: type[_T], value: Any) -> _T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(value)
    return value


def _checked_int(value: Any) -> int:
    number = _of_type(int, value)
    if not UNKNOWN <= number < _LARGEST:
        raise ValueError(number)
    return number


_READERS: Final[dict[Any, Callable[[Any], Any]]] = {
    float: _checked_float,
    int: _checked_int,
    bool: lambda value: _of_type(bool, value),
    str: lambda value: clean_text(_of_type(str, value)),
    bytes: lambda value: _of_type(str, value).encode("latin-1"),
}
"""By annotation; other classes are built, or are enumerations of integers."""
