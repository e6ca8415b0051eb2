"""The result of an action: the new session, and effects on the screen."""

from collections.abc import Callable, Collection, Generator, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from montauk_tui.host.base import Place
from montauk_tui.model.sample import Identity
from montauk_tui.session.state import Session

if TYPE_CHECKING:
    from montauk_tui.host.base import Program


class Update:
    """A session, and effects in their order."""

    __slots__ = ("effects", "session")

    def __init__(self, session: Session, *effects: "Effect") -> None:
        """Take the new session."""
        self.session = session
        self.effects = effects


Result = Session | Update
"""A session alone has no effects."""


class Choice(NamedTuple):
    """One line of a list."""

    id: str
    title: str
    description: str
    note: str = ""
    """Lines of text below the list while the line is selected."""


class Picked(NamedTuple):
    """The accepted line, and the state of the switch."""

    id: str
    switched: bool = False


class Say(NamedTuple):
    """Show one line, in place of the previous one; none if it is empty."""

    text: str
    severity: Literal["information", "warning", "error"] = "warning"


class Copy(NamedTuple):
    """Put a text on the clipboard of the terminal; `what` describes it."""

    text: str
    what: str


class Choose(NamedTuple):
    """Offer a list; `then` gets the chosen id, if any."""

    title: str
    choices: Sequence[Choice]
    current: str
    then: Callable[[Session, str], Result]


class Pick(NamedTuple):
    """Offer a list searchable by typing, with a switch if it has a title."""

    title: str
    choices: Sequence[Choice]
    current: str
    then: Callable[[Session, Picked], Result]
    verb: str = "select"
    """What Enter does."""
    first: int = 0
    """How many choices are above a rule."""
    switched_title: str = ""
    switch_adds: str = ""
    """Whom Tab adds."""


class Toggle(NamedTuple):
    """Offer numbers that are on or off."""

    title: str
    name: str
    numbers: Sequence[int]
    chosen: Collection[int]
    then: Callable[[Session, frozenset[int]], Result]


class Ask(NamedTuple):
    """Ask for a text; the input arrives as the actions `prompt_*`."""

    kind: str
    text: str
    hint: str


class EndAsking(NamedTuple):
    """Close the prompt."""


class Open(NamedTuple):
    """Open a screen that needs only the session."""

    screen: Literal["help", "setup", "commands", "themes"]


class LookInto(NamedTuple):
    """Open the details of a process."""

    process: Identity
    name: str
    section: str


class Watch(NamedTuple):
    """Show the output of a program that traces a process."""

    running: "Program"
    name: str


class Sample(NamedTuple):
    """Take a sample now."""

    anew: bool = False
    """Whether to redraw the whole screen as well."""


class GoTo(NamedTuple):
    """Go to another moment of the past."""

    place: Place


class TurnRecording(NamedTuple):
    """Turn recording on or off."""


class Scroll(NamedTuple):
    """Scroll the table without moving the selection."""

    rows: int = 0
    cells: int = 0
    """To the right; limited to the length of the line."""


Steps = Generator[None, None, Say]
"""Work in short steps; the line it returns is shown."""


class Work(NamedTuple):
    """Do something in steps, with keys and frames between them."""

    steps: Steps


class Later(NamedTuple):
    """Run an action some time later."""

    after_s: float
    action: str


Effect = (
    Say | Copy | Choose | Pick | Toggle | Ask | EndAsking | Open | LookInto | Watch
    | Sample | GoTo | TurnRecording | Scroll | Later | Work
)  # fmt: skip
