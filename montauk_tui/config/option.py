"""What a row of a table of settings says, for all who read the table."""

from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

LOOK: Final = "Look"
BEHAVIOUR: Final = "Behaviour"


class Flag(NamedTuple):
    """How the command line says it."""

    name: str
    help: str
    metavar: str | None = None
    """None for a switch."""
    short: str = ""
    of_monitor: bool = False
    """Whether it is refused where text is printed instead."""


@dataclass(frozen=True, slots=True)
class Row(Generic[T_co]):
    """What is said of a setting beside its name, type and default."""

    read: Callable[[Any], T_co]
    """Makes it of a value of the file, or raises `UsageError`."""
    about: str = ""
    """What it may be, in Markdown; empty where the hint says all."""
    key: str = ""
    """Its name in the file, where the attribute has a unit as well."""
    flag: Flag | None = None
    title: str = ""
    """What the setup screen calls it; empty where a page of its own sets it."""
    hint: str = ""
    page: str = BEHAVIOUR
    """The page of the setup screen."""
    steps: tuple[float, ...] = ()
    """Values that the setup screen goes through; empty for a switch."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: a field of a dataclass."""

    _field: Field[Any]

    @property
    def field(self) -> str:
        """The attribute that holds it."""
        return self._field.name

    @property
    def id(self) -> str:
        """Its name in the file."""
        return self.row.key or self.field

    @property
    def type(self) -> Any:
        """What its values are."""
        return self._field.type

    @property
    def row(self) -> Row[Any]:
        """What else is said of it."""
        return cast("Row[Any]", self._field.metadata["row"])

    @property
    def default(self) -> Any:
        """What it is where nobody says anything."""
        make = self._field.default_factory
        return self._field.default if make is MISSING else make()


def option(default: T, row: Row[T]) -> T:
    """Return the field of a dataclass that is a setting."""
    value: T = field(default=default, metadata={"row": row})
    return value


def made_option(make: Callable[[], T], row: Row[T]) -> T:
    """Return the same for a default that is costly to import."""
    value: T = field(default_factory=make, metadata={"row": row})
    return value


def options_of(table: Any) -> tuple[Option, ...]:
    """Return the settings among the fields of a dataclass, in their order."""
    return tuple(Option(one) for one in fields(table) if "row" in one.metadata)
