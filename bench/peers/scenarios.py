"""What the machine does while a monitor is measured."""

import re
import time
from argparse import ArgumentTypeError
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from bench.crowd import crowd, load, present

USUAL: Final = ("70", "1000", "5000", "10000", "threads", "churn", "1000-busy")

HELP: Final = (
    "N idle processes, N-busy: one in a hundred is busy, threads: 20,000 in 500 "
    "processes, or churn: 500 processes start and exit a second"
)
_OTHERS: Final = {"threads": 500, "churn": 500}
_MACHINE: Final = 70
"""Processes of an idle machine."""

_OTHERS_MAY: Final = 100
"""Processes that others may have beside a scenario."""

_SHARE: Final = 0.05
_FEW: Final = 200
_PATIENCE_S: Final = 60.0
_COUNTED: Final = re.compile(r"([1-9][0-9]*)(-busy)?")


@dataclass(frozen=True)
class Scenario:
    """A load of `bench.loads`, by its name on the command line."""

    name: str
    kind: str
    count: int
    is_total: bool = True
    """Whether the machine is filled up to so many processes."""

    @property
    def has_threads(self) -> bool:
        """Whether monitors show threads."""
        return self.kind == "threads"

    def is_met(self, processes: float | None) -> bool:
        """Tell whether there are about so many processes on the machine."""
        if processes is None:
            return True
        own = self.count if self.kind != "churn" else 0
        expected = own if self.is_total else own + _MACHINE
        return abs(processes - expected) <= _OTHERS_MAY + expected * _SHARE

    def running(self) -> AbstractContextManager[object]:
        """Return what starts its processes, and ends them."""
        if self.is_total:
            return crowd(self.count, self.kind)
        return load(self.kind, self.count)


def wait_for_calm() -> None:
    """Wait until others have few processes; give up after a minute."""
    end = time.monotonic() + _PATIENCE_S
    while present() > _FEW and time.monotonic() < end:
        time.sleep(1.0)


def parse(name: str) -> Scenario:
    """Return the scenario of a name.

    Raises:
        ArgumentTypeError: There is no such scenario.
    """
    if name in _OTHERS:
        return Scenario(name, name, _OTHERS[name], is_total=False)
    if found := _COUNTED.fullmatch(name):
        return Scenario(name, "busy" if found[2] else "idle", int(found[1]))
    raise ArgumentTypeError(f"no scenario is called {name!r}: {HELP}")
