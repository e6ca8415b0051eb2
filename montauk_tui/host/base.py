"""The protocol of a host. Nothing above it reads /proc or acts on a process itself."""

from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple, Protocol

from montauk_tui.model.frame import Frame
from montauk_tui.model.outcome import Result
from montauk_tui.model.recording import Mark, Timeline
from montauk_tui.model.sample import Identity
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.chain import Reading
from montauk_tui.pipeline.sampler import Source

Watchable = Literal["system calls", "backtrace"]


class CannotWatch(Exception):
    """A process cannot be inspected; has the reason, or the result of the check."""

    def __init__(self, reason: str, refused: Result | None = None) -> None:
        """Give the reason in one line, or the answer that has it."""
        super().__init__(reason)
        self.refused = refused


class Output(Protocol):
    """The last lines that a program wrote."""

    @property
    def total(self) -> int:
        """Lines so far, those too that are no longer kept."""
        ...

    def lines(self) -> Sequence[bytes]:
        """Return what is kept, oldest first."""
        ...


class Program(Protocol):
    """A running program that inspects a process."""

    @property
    def command(self) -> Sequence[str]:
        """How it was started."""
        ...

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        ...

    @property
    def output(self) -> Output:
        """Its output so far."""
        ...

    @property
    def lasts(self) -> bool:
        """Whether it runs until it is terminated."""
        ...

    def stop(self) -> None:
        """Terminate it; harmless after its exit."""
        ...


class Actions(Protocol):
    """Actions on processes; never on another process that took the PID."""

    def send_signal(self, identity: Identity, number: int) -> Result:
        """Send a signal."""
        ...

    def add_nice(self, identity: Identity, step: int) -> Result:
        """Add to the nice value."""
        ...

    def set_nice(self, identity: Identity, value: int) -> Result:
        """Set the nice value."""
        ...

    def autogroup_adder(self, step: int) -> Callable[[Identity], Result]:
        """Return what adds to the nice value of an autogroup, once for each group."""
        ...

    def io_priority(self, identity: Identity) -> tuple[str, int]:
        """Return I/O class and level."""
        ...

    def set_io_priority(self, identity: Identity, name: str, level: int) -> Result:
        """Set I/O class and level."""
        ...

    def affinity(self, identity: Identity) -> frozenset[int]:
        """Return the CPUs that it may run on; empty where that is not known."""
        ...

    def set_affinity(self, identity: Identity, cpus: Collection[int]) -> Result:
        """Set the CPUs that it may run on."""
        ...

    def policy(self, identity: Identity) -> str:
        """Return the name of the scheduling policy, empty where it is not known."""
        ...

    def set_policy(self, identity: Identity, name: str, priority: int) -> Result:
        """Set the scheduling policy; the priority is 0 but in real time."""
        ...

    def watch(self, what: Watchable, identity: Identity) -> Program:
        """Start a program that inspects a process.

        Raises:
            CannotWatch: It is not installed, or the process may not be stopped.
        """
        ...


class Sought(NamedTuple):
    """What a moment is searched for by."""

    name: str
    """What it is, as part of a sentence: `spike`."""
    mark: Mark = Mark(0)
    """Of its timeline; 0: a spike."""
    matches: Callable[[Frame], bool] | None = None
    """Tells by its frame, if the timeline cannot."""


class Place(NamedTuple):
    """A moment of the past; one of the first fields says which."""

    samples: int = 0
    """Forward from the last frame, or back where negative."""
    seconds: float = 0.0
    """The same in seconds."""
    time: str = ""
    """A time as people write it, as of `recorder.times`."""
    wall_s: float | None = None
    """A wall clock."""
    sought: Sought | None = None
    """The next moment where this is, in the direction of `samples`."""
    since_s: float | None = None
    """The wall clock from which on everything until that moment is summed up."""


class Past(Protocol):
    """Other times of a host. All but `past_frame` is for the screen's thread."""

    @property
    def plays(self) -> bool:
        """Whether time goes on from where one has gone, unless paused."""
        ...

    @property
    def timeline(self) -> Timeline:
        """What is known of all its moments."""
        ...

    def go(self, place: Place) -> None:
        """Let the next frame be another one; the nearest where there is none.

        Raises:
            UsageError: It cannot be read as a time.
        """
        ...

    def play_at(self, stride: int) -> None:
        """Let a frame that was not gone to be so many moments after the last."""
        ...

    def past_frame(self, needs: Need) -> Frame:
        """Return the frame that was gone to, without a sample."""
        ...


class Host(Source, Protocol):
    """A source of frames, whose look-ups are valid also after it is closed."""

    @property
    def is_live(self) -> bool:
        """Whether a frame shows the moment at which it is asked for."""
        ...

    @property
    def failure(self) -> str:
        """Why the last collector failed, in one line; empty if none did."""
        ...

    def read(self, needs: Need) -> Reading:
        """Return the next sample without a frame, for what needs no rates.

        Raises:
            CollectorFailed: The collector can no longer sample, nor can another.
            RecordingEnded: There is no later sample.
        """
        ...

    @property
    def past(self) -> Past | None:
        """Other times that can be gone to; None if there are none."""
        ...

    @property
    def turn_recording(self) -> Callable[[], str] | None:
        """What turns recording on or off, and returns in one line what happens.

        None where nothing can be recorded. It raises MontaukError with the reason.
        """
        ...

    @property
    def actions(self) -> Actions | None:
        """Actions on its processes; None if there are none, as for a recording."""
        ...
