"""A row of the settings table."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, NamedTuple, TypeVar

from montauk_tui.config.readers import switch as read_switch

T = TypeVar("T")


class Flag(NamedTuple):
    """The command-line flag of a setting."""

    name: str
    help: str
    metavar: str | None = None
    """None for a switch."""
    short: str = ""
    """One letter; more letters for more short forms."""
    aliases: tuple[str, ...] = ()
    """More names, without `--`."""
    of_monitor: bool = False
    """Whether it applies to the monitor only."""
    read: Callable[[Any], Any] | None = None
    """Its reader if it accepts more than the file; None: that of the file."""
    value: Any = True
    """What a switch sets."""
    alone: str | None = None
    """The text that is read if its value is left out; None: it cannot be."""
    repeats: bool = False
    """Whether it may be repeated; the reader gets a list."""

    @property
    def names(self) -> tuple[str, ...]:
        """Its notations, short ones first."""
        long = (f"--{name}" for name in (self.name, *self.aliases))
        return (*(f"-{letter}" for letter in self.short), *long)


@dataclass(frozen=True, slots=True)
class Option:
    """One setting."""

    read: Callable[[Any], Any]
    """Converts a value of the file, or raises `UsageError`."""
    about: str = ""
    """Allowed values, in Markdown; empty if the hint suffices."""
    id: str = ""
    """Its name in the file; default: that of the attribute."""
    flag: Flag | None = None
    in_file: bool = True
    """Whether the settings file may have it; else it is a flag only."""
    title: str = ""
    """Title in the setup screen; empty if it has a separate page there."""
    hint: str = ""
    page: str = "Behaviour"
    """The page of the setup screen."""
    steps: tuple[float, ...] = ()
    """Values that the setup screen steps through; empty for a switch."""
    attribute: str = ""
    """Its field; set by `options_of`, like type and default."""
    type: Any = None
    make: Callable[[], Any] = dict

    @property
    def default(self) -> Any:
        """The default value."""
        return self.make()


def option(default: T, read: Callable[[Any], T], about: str = "", **more: Any) -> T:
    """Return the field of a dataclass that is a setting; see `Option`."""
    value: T = field(default=default, metadata={"row": Option(read, about, **more)})
    return value


def made_option(make: Callable[[], T], read: Callable[[Any], T], about: str) -> T:
    """Return the same for a default that is expensive to import."""
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
