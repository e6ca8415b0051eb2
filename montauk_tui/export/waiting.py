"""Reports on stderr that a collector is slow to open."""

import sys
from typing import Final

from montauk_tui import streams

_FIRST_S: Final = 3.0
_EVERY_S: Final = 15.0


class Waiting:
    """Reports at growing intervals that a collector is still opening.

    For a forced collector always; for another only on a terminal, so that scripts see
    errors only.
    """

    def __init__(self, *, is_forced: bool) -> None:
        """Start without a report."""
        self._is_forced = is_forced
        self._due_s = _FIRST_S

    def __call__(self, name: str, seconds: float) -> None:
        """Report the collector `name` if it is time to."""
        if seconds < self._due_s or sys.stderr is None:
            return
        if not (self._is_forced or sys.stderr.isatty()):
            return
        self._due_s = seconds + _EVERY_S
        message = f"collector {name}: loading for {seconds:.0f} s; Ctrl-C cancels"
        streams.complain(message)
