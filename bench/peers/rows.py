"""When a screen shows processes, whatever monitor drew it."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from bench.terminal import Terminal

_ENOUGH: Final = 2
"""Lines: one could be a meter whose figure happens to be a PID."""

_NUMBER: Final = re.compile(r"\d+")
_LETTERS: Final = 6
"""Of a name, which some monitors cut."""

CommOf = Callable[[int], str | None]


def comm_of(pid: int) -> str | None:
    """Return the name of a process; None if there is none."""
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return None


def shows_rows(lines: Iterable[str], comm_of: CommOf) -> bool:
    """Tell whether lines of a screen have PID and name of processes."""
    return sum(_is_row(line, comm_of) for line in lines) >= _ENOUGH


def _is_row(line: str, comm_of: CommOf) -> bool:
    comms = (comm_of(int(number)) for number in _NUMBER.findall(line))
    return any(comm and comm[:_LETTERS] in line for comm in comms)


class FirstRows:
    """Finds when the first rows were complete, from what was written.

    It is drawn afterwards, so that drawing takes no time from the monitor.
    """

    def __init__(self, terminal: Terminal) -> None:
        """Draw in a terminal that drew nothing yet."""
        self._terminal = terminal
        self._comms: dict[int, str | None] = {}
        self.at_s: float | None = None
        """The moment; None as long as there are no rows."""

    def look(self, pieces: Iterable[tuple[float, bytes]]) -> None:
        """Draw the next pieces, each with the moment it came, as far as necessary."""
        for at_s, data in pieces:
            if self.at_s is not None:
                return
            self._terminal.draw(data)
            if shows_rows(self._terminal.lines, self._comm_of):
                self.at_s = at_s

    def _comm_of(self, pid: int) -> str | None:
        if pid not in self._comms:
            self._comms[pid] = comm_of(pid)
        return self._comms[pid]
