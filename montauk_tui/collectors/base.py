"""The contract of a collector.

A collector is used from one thread, its `lookups` from any. It reports raw facts: no
rate, no share, no text for a screen. Register one under the entry point group
`montauk.collectors` (docs/collectors.md).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, NamedTuple, Self

from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need


class Availability(NamedTuple):
    """Whether a collector can be opened on this host."""

    available: bool
    reason: str = ""
    """Why not, in one line; empty where it is available."""
    remedy: str = ""
    """What would make it available, in one line."""


class Collector(ABC):
    """A source of process samples."""

    name: ClassVar[str]
    """Its name in `--collector` and `MONTAUK_COLLECTOR`."""

    free: ClassVar[Need] = Need.NONE
    """Needs that every sample meets at negligible cost, asked for or not."""

    on_wait: Callable[[float], None] = staticmethod(lambda _: None)
    """Called by `open` about every second that it takes, with the seconds so far."""

    lookups: Lookups
    """Strings of the processes sampled; there once the collector is open."""

    @property
    def slow_to_open(self) -> bool:
        """Whether a screen should be drawn with another while this one opens."""
        return False

    @property
    @abstractmethod
    def detail(self) -> str:
        """How it works here, in a few words, shown in parentheses behind the name."""

    @abstractmethod
    def availability(self) -> Availability:
        """Tell cheaply and without side effect whether `open` should work."""

    @abstractmethod
    def open(self) -> None:
        """Acquire what sampling needs.

        Raises:
            CollectorUnavailable: The host refuses, with reason and remedy.
        """

    def give_up(self) -> None:  # noqa: B027 - of use to few
        """Have an `open` in another thread end soon, and never open again.

        Of use where `slow_to_open`; it opens nothing and closes nothing.
        """

    @abstractmethod
    def sample(self, needs: Need) -> Sample:
        """Return the state of the system now, expensive parts only as `needs` asks.

        Raises:
            CollectorFailed: It can no longer sample; close it.
        """

    @abstractmethod
    def close(self) -> None:
        """Release everything; harmless when closed already."""

    def __enter__(self) -> Self:
        """Open the collector."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the collector."""
        self.close()
