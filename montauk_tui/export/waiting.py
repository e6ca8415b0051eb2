"""Telling on stderr that a collector takes its time to open."""

import sys
from typing import Final

from montauk_tui import streams

_FIRST_S: Final = 3.0
_EVERY_S: Final = 15.0


class Waiting:
    """Says at first soon, then now and then, that something still opens.

    Of a collector that the user asked for; of another only to a person, so that scripts
    read no more than what went wrong.
    """

    def __init__(self, *, is_forced: bool) -> None:
        """Say nothing yet."""
        self._is_forced = is_forced
        self._due_s = _FIRST_S

    def __call__(self, name: str, seconds: float) -> None:
        """Tell of the collector called `name`, where it is time to."""
        if seconds < self._due_s or sys.stderr is None:
            return
        if not (self._is_forced or sys.stderr.isatty()):
            return
        self._due_s = seconds + _EVERY_S
        told = f"collector {name}: loading for {seconds:.0f} s; Ctrl-C cancels"
        streams.complain(told)
