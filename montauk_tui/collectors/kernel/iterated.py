"""The logs of the probes as iterators write them, for who gets no map of the kernel.

Each reading opens a pin and takes what the probes recorded in the last seconds
(probes/readers.c); a reader that reads more rarely loses some, which are counted.
"""

import os
from collections.abc import Callable
from typing import Final

import numpy as np

from montauk_tui.collectors.kernel.log import Records
from montauk_tui.collectors.kernel.pinfolder import READ

_CHUNK: Final = 1 << 20


def whole_output(descriptor: int) -> bytes:
    """Return all that an iterator writes, and close it.

    Raises:
        OSError: It cannot be read.
    """
    try:
        return b"".join(iter(lambda: os.read(descriptor, _CHUNK), b""))
    finally:
        os.close(descriptor)


class IteratedArray:
    """A few records, read anew each time."""

    def __init__(
        self, open_pin: Callable[[], int], record: np.dtype[np.void], count: int
    ) -> None:
        """Read `count` records of what `open_pin` returns.

        Raises:
            ValueError: There are not so many.
            OSError: It cannot be read.
        """
        self._open_pin, self._record, self._count = open_pin, record, count
        _ = self.records

    @property
    def records(self) -> Records:
        """They as they are now."""
        return np.frombuffer(whole_output(self._open_pin()), self._record, self._count)

    def close(self) -> None:
        """Release nothing."""


class IteratedSlots:
    """The records of a log."""

    def __init__(self, open_pin: Callable[[], int], record: np.dtype[np.void]) -> None:
        """Read what `open_pin` returns, each time another descriptor.

        Raises:
            ValueError: It is something else.
            OSError: It cannot be read.
        """
        self._open_pin, self.record = open_pin, record
        self._written = np.dtype([("slot", "<u8"), ("record", record), ("seq", "<u8")])
        self.refresh()

    def refresh(self) -> None:
        """Read it; slots ascend.

        Raises:
            OSError: It cannot be read.
        """
        written = np.frombuffer(whole_output(self._open_pin()), self._written)
        # A record that was overwritten while it was copied has another number then.
        self._found = written[written["seq"] == written["record"]["seq"]]

    def part(self, first: int, count: int) -> Records:
        """Return these records, and zeros in place of those that were not read."""
        ends = np.searchsorted(self._found["slot"], (first, first + count))
        found = self._found[slice(*ends)]
        part: Records = np.zeros(count, dtype=self.record)
        part[found["slot"].astype(np.int64) - first] = found["record"]
        return part


class Iterated:
    """What the probes write, by the pins of its iterators."""

    def __init__(self, open_pin: Callable[[str], int]) -> None:
        """Use a function that opens the pin of an iterator."""
        self._open_pin = open_pin

    def array(self, name: str, record: np.dtype[np.void], count: int) -> IteratedArray:
        """Return a few records."""
        return IteratedArray(self._opener(name), record, count)

    def slots(self, name: str, record: np.dtype[np.void], _: int) -> IteratedSlots:
        """Return the records of a log."""
        return IteratedSlots(self._opener(name), record)

    def _opener(self, name: str) -> Callable[[], int]:
        return lambda: self._open_pin(f"{READ}{name}")
