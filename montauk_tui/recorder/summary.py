"""What the header of a moment says, so that a timeline decodes none."""

import math
from typing import Final

from montauk_tui.model.frame import Frame
from montauk_tui.model.recording import Mark
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import UNKNOWN
from montauk_tui.recorder.layout import NO_USAGE, Usage

_STEP_S: Final = 0.5
"""Smaller differences between clocks are the time between reading them."""


def usage_of(frame: Frame) -> Usage:
    """Return the CPU time of the interval of a frame, in cores."""
    ledger = frame.ledger
    interval_s = frame.interval_s or math.nan
    if ledger is None or not ledger.interval_s:
        return NO_USAGE._replace(interval_s=interval_s)
    exited_s = math.nan if ledger.exited_s is None else ledger.exited_s
    return Usage(
        interval_s,
        ledger.busy_s / ledger.interval_s,
        exited_s / ledger.interval_s,
        ledger.unexplained_s / ledger.interval_s,
    )


def marks_of(before: Frame | None, frame: Frame) -> Mark:
    """Return the events of the interval of a frame."""
    found = Mark(0)
    if before is not None:
        now, then = frame.sample.counters, before.sample.counters
        if frame.collector.name != before.collector.name:
            found |= Mark.COLLECTOR
        elif now.lost > then.lost:
            found |= Mark.LOST
        found |= _clock_marks(before.sample, frame.sample)
    exits = frame.sample.exits
    if exits is None:
        return found
    if any(death.out_of_memory is not None for death in exits.deaths.values()):
        found |= Mark.OOM
    code, number = exits.exit_code, exits.exit_signal
    if (((code != 0) & (code != UNKNOWN)) | (number != UNKNOWN)).any():
        found |= Mark.FAILED
    return found


def _clock_marks(before: Sample, now: Sample) -> Mark:
    """Return what happened to the clocks: CLOCK_BOOTTIME goes on in a suspend."""
    found = Mark(0)
    if abs(now.booted_at_s - before.booted_at_s) > _STEP_S:
        found |= Mark.CLOCK
    slept_s = [sample.boot_s - sample.monotonic_s for sample in (before, now)]
    if slept_s[1] - slept_s[0] > _STEP_S:
        found |= Mark.SUSPENDED
    return found
