"""What was between two moments: a gap, a suspend, a clock that was set, a boot."""

from typing import Any

import numpy as np

from montauk_tui.engine.units import duration_text
from montauk_tui.model.recording import Mark
from montauk_tui.recorder.meant import SLACK_S


def note_of(before: Any, entry: Any, *, has_booted: bool) -> str:
    """Return what was between two entries of an index, empty if nothing special.

    Args:
        before: The entry before.
        entry: The entry.
        has_booted: Whether the machine was started between the two.
    """
    wall_s, passed_s = (
        (int(entry[name]) - int(before[name])) / 1e9
        for name in ("wall_ns", "monotonic_ns")
    )
    if has_booted:
        return f"after a boot and {_duration(wall_s)} without a sample"
    found = []
    marks, jump_s = int(entry["marks"]), wall_s - passed_s
    if marks & Mark.SUSPENDED:
        found.append(f"suspended for {_duration(jump_s)}")
    if marks & Mark.CLOCK:
        how = "suspended and " if found else ""
        way = "forward" if jump_s > 0 else "back"
        found = [f"{how}clock set {way} by {_duration(jump_s)}"]
    interval_s = float(entry["usage"][0])
    missing_s = passed_s - (0.0 if np.isnan(interval_s) else interval_s)
    if missing_s > SLACK_S:
        found.append(f"after {_duration(missing_s)} without a sample")
    return ", ".join(found)


def _duration(seconds: float) -> str:
    return duration_text(abs(seconds))
