"""Finds a process by text in its command, or by typing its PID."""

import time
from typing import Final, NamedTuple

from montauk_tui.engine.columns.extra_cells import pid_key
from montauk_tui.engine.projection import Projection
from montauk_tui.model.frame import Frame
from montauk_tui.model.kinds import RowKey
from montauk_tui.model.text import clean

PID_SEARCH_S: Final = 1.5
"""Digits typed after a longer pause start a new number."""


def next_match(
    frame: Frame,
    projection: Projection,
    text: str,
    start: int,
    *,
    step: int = 1,
    merged: bool = False,
) -> int | None:
    """Return the first position from `start` on that contains `text`, wrapping around.

    Command lines that are not cached are not read: the names are used instead.

    Args:
        frame: The listed frame.
        projection: Its rows.
        text: The text to find.
        start: Where to begin.
        step: 1 to search downwards, -1 upwards.
        merged: Whether the names of processes match, too.
    """
    table = frame.sample.processes
    texts = frame.lookups.known_texts(table)
    wanted, count = text.lower(), len(projection.rows)
    for distance in range(count):
        position = (start + step * distance) % count
        row = int(projection.rows[position])
        if wanted in texts[row].lower():
            return position
        if merged and wanted in clean(table.comm[row]).lower():
            return position
    return None


class Typed:
    """A text as it is typed, forgotten after a pause."""

    def __init__(self, pause_s: float) -> None:
        """Start with nothing typed."""
        self.text = ""
        self._pause_s = pause_s
        self._typed_s = 0.0

    def type(self, char: str) -> None:
        """Take a character."""
        now_s = time.monotonic()
        is_new = now_s - self._typed_s > self._pause_s
        self.text = char if is_new else self.text + char
        self._typed_s = now_s

    def rub_out(self) -> None:
        """Take the last character back."""
        self.text = self.text[:-1]
        self._typed_s = time.monotonic()

    def expire(self) -> bool:
        """Forget text typed long ago; tell whether there was any."""
        if not self.text or time.monotonic() - self._typed_s < self._pause_s:
            return False
        self.text = ""
        return True


class PidSearch(NamedTuple):
    """A PID as it is typed, digit by digit."""

    text: str = ""
    typed_s: float = 0.0
    """Time of the last digit."""
    origin: RowKey | None = None
    """The selection before; None for the first row."""
    problem: str = ""
    """Why nothing is found, and more digits will not help."""

    @property
    def shown(self) -> str:
        """The typed PID and the search result."""
        return f"{self.text}: {self.problem}" if self.problem else self.text

    def typed(self, digit: str, selected: RowKey | None) -> "PidSearch":
        """Return the search after another digit, the first one after a pause."""
        before = self.expired()
        origin = before.origin if before.text else selected
        return PidSearch(before.text + digit, time.monotonic(), origin)

    def expired(self) -> "PidSearch":
        """Return the search without digits typed long ago."""
        is_new = time.monotonic() - self.typed_s < PID_SEARCH_S
        return self if is_new or not self.text else PidSearch()

    def found(
        self, frame: Frame, projection: Projection
    ) -> tuple["PidSearch", int | None]:
        """Return the position of the process with that PID, or the reason for none."""
        pids = pid_key(frame)[projection.rows]
        shown = [f"{pid:.0f}" for pid in pids.tolist()]
        wanted = self.text.lstrip("0") or "0"
        if wanted in shown:
            return self, shown.index(wanted)
        if any(pid.startswith(wanted) for pid in shown):
            return self, None
        living = (frame.whole or frame).sample.processes.pid.tolist()
        is_there = wanted in map(str, living)
        problem = "not in this list" if is_there else "no such process"
        return self._replace(problem=problem), None
