"""What a row of a table of settings says, for all who read the table."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, NamedTuple, TypeVar

from montauk_tui.config.readers import switch as read_switch

T = TypeVar("T")


class Flag(NamedTuple):
    """How the command line says it."""

    name: str
    help: str
    metavar: str | None = None
    """None for a switch."""
    short: str = ""
    of_monitor: bool = False
    """Whether it is refused where text is printed instead."""
    read: Callable[[str], Any] | None = None
    """What reads it where a file may say less; None for what reads the file."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting."""

    read: Callable[[Any], Any]
    """Makes it of a value of the file, or raises `UsageError`."""
    about: str = ""
    """What it may be, in Markdown; empty where the hint says all."""
    id: str = ""
    """Its name in the file: the attribute's, unless that has a unit."""
    flag: Flag | None = None
    title: str = ""
    """What the setup screen calls it; empty where a page of its own sets it."""
    hint: str = ""
    page: str = "Behaviour"
    """The page of the setup screen."""
    steps: tuple[float, ...] = ()
    """Values that the setup screen goes through; empty for a switch."""
    attribute: str = ""
    """The field that holds it; `options_of` says it, its type and its default."""
    type: Any = None
    make: Callable[[], Any] = dict

    @property
    def default(self) -> Any:
        """What it is where nobody says anything."""
        return self.make()


def option(default: T, read: Callable[[Any], T], about: str = "", **more: Any) -> T:
    """Return the field of a dataclass that is a setting; see `Option`."""
    value: T = field(default=default, metadata={"row": Option(read, about, **more)})
    return value


def made_option(make: Callable[[], T], read: Callable[[Any], T], about: str) -> T:
    """Return the same for a default that is costly to import."""
    value: T = field(default_factory=make, metadata={"row": Option(read, about)})
    return value


def switch(title: str, hint: str, *, on: bool = False, **more: Any) -> bool:
    """Return the same for a setting that is on or off."""
    return option(on, read_switch, title=title, hint=hint, **more)


def options_of(table: Any) -> tuple[Option, ...]:
    """Return the settings among the fields of a dataclass, in their order."""
    return tuple(
        replace(
            one.metadata["row"],
            id=one.metadata["row"].id or one.name,
            attribute=one.name,
            type=one.type,
            make=(lambda it=one.default: it)
            if one.default_factory is MISSING
            else one.default_factory,
        )
        for one in fields(table)
        if "row" in one.metadata
    )
