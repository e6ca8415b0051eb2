"""What an action returns: the session as it is then, and what it asks of the screen."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from montauk_tui.model.sample import Identity
from montauk_tui.session.state import Session

if TYPE_CHECKING:
    from montauk_tui.host.base import Program


class Update:
    """A session, and effects in their order."""

    __slots__ = ("effects", "session")

    def __init__(self, session: Session, *effects: "Effect") -> None:
        """Take the session as it is now."""
        self.session = session
        self.effects = effects


Result = Session | Update
"""A session alone asks nothing of the screen."""


class Choice(NamedTuple):
    """One line of a list."""

    id: str
    title: str
    description: str
    note: str = ""
    """Said below the list while the line is under the cursor; lines of text."""


class Picked(NamedTuple):
    """The line that was taken, and how the switch stood."""

    id: str
    switched: bool = False


class Say(NamedTuple):
    """Show one line, in place of the one before."""

    text: str
    severity: Literal["information", "warning", "error"] = "warning"


class Choose(NamedTuple):
    """Offer a list; `then` is told what was chosen, if anything was."""

    title: str
    choices: Sequence[Choice]
    current: str
    then: Callable[[Session, str], Result]


class Pick(NamedTuple):
    """Offer a list in which typing finds a line, with a switch where it has a title."""

    title: str
    choices: Sequence[Choice]
    current: str
    then: Callable[[Session, Picked], Result]
    switched_title: str = ""
    switch_hint: str = ""
    """What Tab switches to."""


class Toggle(NamedTuple):
    """Offer numbers that are on or off."""

    title: str
    name: str
    numbers: Sequence[int]
    chosen: Collection[int]
    then: Callable[[Session, frozenset[int]], Result]


class Ask(NamedTuple):
    """Ask for a text; what is typed comes as the actions `prompt_*`."""

    kind: str
    text: str
    hint: str


class EndAsking(NamedTuple):
    """Bring the keys back."""


class Open(NamedTuple):
    """Open a screen that needs no more than the session."""

    screen: Literal["help", "setup", "commands", "themes"]


class LookInto(NamedTuple):
    """Open the closer look at a process."""

    process: Identity
    name: str
    section: str


class Watch(NamedTuple):
    """Show what a program says that looks into a process."""

    running: "Program"
    name: str


class Sample(NamedTuple):
    """Look at the processes now."""

    anew: bool = False
    """Whether the whole screen is drawn anew as well."""


class Scroll(NamedTuple):
    """Scroll the table, and leave the selection where it is."""

    rows: int = 0
    cells: int = 0
    """To the right; less than the line is long, more than none."""


class Later(NamedTuple):
    """Run an action some time later."""

    after_s: float
    action: str


Effect = (
    Say | Choose | Pick | Toggle | Ask | EndAsking | Open | LookInto | Watch | Sample
    | Scroll | Later
)  # fmt: skip
