"""A collector that tells of events made by hand."""

from collections.abc import Sequence
from typing import Any

from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.errors import CollectorFailed
from montauk_tui.model.sample import Counters, Sample
from montauk_tui.model.schema import Need
from tests.support.builders import BOOT_S, MONOTONIC_S, FakeLookups, Row, make_sample
from tests.support.exits import make_exits
from tests.support.starts import exec_, fork, make_starts

BOOT_NS = int(BOOT_S * 1e9)
EARLY_S = -MONOTONIC_S
"""Before any end of a stream."""


class Made(Collector):
    """Hands out its samples, then the last again with nothing new; or fails then."""

    def __init__(self, name: str, *samples: Sample, fails: bool = False) -> None:
        self.name = name  # type: ignore[misc]
        self._samples = list(samples)
        self._fails = fails
        self.closed = 0
        self.lookups = FakeLookups(users={0: "root", 7: "somebody-long"})

    @property
    def detail(self) -> str:
        return "made"

    def availability(self) -> Availability:
        return Availability(available=True)

    def open(self) -> None:
        pass

    def sample(self, needs: Need) -> Sample:  # noqa: ARG002 - the contract's name
        if self._samples:
            return self._samples.pop(0)
        if self._fails:
            raise CollectorFailed("it broke", "mend it")
        return sample_of(after_s=1e9)

    def close(self) -> None:
        self.closed += 1


def sample_of(
    starts: Sequence[Row] = (), ends: Sequence[Row] = (), after_s: float = EARLY_S,
    **values: Any,
) -> Sample:  # fmt: skip
    """Return a sample; one that is late ends the stream."""
    usual = {"counters": Counters(0, 0, 0), "exits": make_exits(ends)}
    usual["starts"] = make_starts(starts)
    return make_sample(after_s=after_s, **{**usual, **values})


LIFE = [
    fork(42, BOOT_NS, comm=b"sh", ppid=2),
    exec_(42, BOOT_NS + 10**6, comm=b"true", ppid=2, cmdline=b"/bin/true\0a b"),
]
END: Row = {
    "pid": 42, "ppid": 2, "end_ns": BOOT_NS + 5 * 10**6, "lifetime_ns": 5 * 10**6,
    "utime_ns": 10**6, "stime_ns": 250_000, "comm": b"true", "exit_code": 3,
    "cmdline": b"/bin/true\0a b",
}  # fmt: skip
