"""The sums of a part of a recording, and what of it was not recorded."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from montauk_tui.engine.units import counted
from montauk_tui.engine.usage.report import Report, Totals
from montauk_tui.host.readings import readings
from montauk_tui.model.schema import Bools
from montauk_tui.recorder.reader import DiskRecording, NoRecording

_LATE: Final = 1.5
"""How much later than its interval a sample may come, as a factor."""
_LATE_S: Final = 0.5


class Part(NamedTuple):
    """Moments of a recording, by number."""

    first: int
    """It only begins the first interval."""
    last: int


def part_of(recording: DiskRecording, begin: str | None, end: str | None) -> Part:
    """Return the moments of a report; times are as of `recorder.times.read_moment`.

    Raises:
        NoRecording: Fewer than two moments are in it.
        UsageError: One of the times is no time.
    """
    first, last = recording.part(begin, end)
    # The interval that ends with the first one belongs to it.
    if first and not after_gap(recording)[first]:
        first -= 1
    if first == last:
        raise NoRecording(
            "one sample was recorded then, and a report needs two",
            "name a longer time with --from and --to",
        )
    return Part(first, last)


def after_gap(recording: DiskRecording) -> Bools:
    """Tell before which moments something was not recorded."""
    timeline = recording.timeline
    passed_s = np.diff(timeline.monotonic_s, prepend=0.0)
    # The first sample of a run has no interval: NaN compares false.
    in_time = passed_s <= timeline.interval_s * _LATE + _LATE_S
    in_time &= passed_s >= 0
    gaps: Bools = ~in_time
    return gaps


def report_of(recording: DiskRecording, part: Part, by: Sequence[str]) -> Report:
    """Return the sums of a part, by what `Report` takes.

    Raises:
        NoRecording: All samples of it are damaged, or all but one.
    """
    report = Report(by)
    boot = recording.boot(part.first)
    for number, reading in readings(recording, *part):
        if recording.boot(number) != boot:
            boot = recording.boot(number)
            report.restart()
        if reading is None:
            report.totals.damaged += 1
        else:
            sample, status, lookups, opening = reading
            report.add(sample, lookups, status.name, opening)
    if part.last - part.first < report.totals.damaged + 1:
        raise NoRecording(
            f"{counted_text(report.totals.damaged, 'sample')} of "
            f"{part.last - part.first + 1:,} damaged, and a report needs two",
            "name another time with --from and --to",
        )
    return report


def gaps_of(recording: DiskRecording, part: Part) -> list[tuple[float, float]]:
    """Return begin and end of each time in a part that was not recorded."""
    found = np.flatnonzero(after_gap(recording)[part.first + 1 : part.last + 1])
    wall_s = recording.wall_s
    places = (found + part.first + 1).tolist()
    return [(float(wall_s[at - 1]), float(wall_s[at])) for at in places]


def not_seen(totals: Totals, gaps: Sequence[tuple[float, float]]) -> list[str]:
    """Return a few words for each thing that is missing from the sums."""
    gaps_s = sum(max(0.0, end_s - begin_s) for begin_s, end_s in gaps)
    sentences = (
        (totals.lost, f"{counted_text(totals.lost, 'event')} lost"),
        (len(gaps), f"{gaps_s:,.0f} s not recorded ({counted(len(gaps), 'gap')})"),
        (totals.damaged, f"{counted_text(totals.damaged, 'sample')} damaged"),
        (totals.boots, f"the machine started {counted(totals.boots, 'time')}"),
        (totals.no_exits_s, f"exits not reported for {totals.no_exits_s:,.0f} s"),
        (totals.no_busy_s, f"CPU time not known for {totals.no_busy_s:,.0f} s"),
    )
    return [sentence for is_so, sentence in sentences if is_so]


def counted_text(count: int, noun: str) -> str:
    """Return a count with its noun: `1 event`, `12,400 events`."""
    return f"{count:,} {noun if count == 1 else f'{noun}s'}"
