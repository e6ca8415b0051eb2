"""Several moments as one: the state of the last, with the events of all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeVar

import numpy as np

from montauk_tui.model.exits import ExitTable
from montauk_tui.model.recording import Answers, Mark, Moment
from montauk_tui.model.records import RecordTable
from montauk_tui.model.sample import ProcessTable
from montauk_tui.model.starts import StartTable
from montauk_tui.recorder.blocks import MOST_NUMBERS
from montauk_tui.recorder.layout import Usage
from montauk_tui.recorder.segment import Entries

MERGED_S: Final = 60.0
"""The time that one moment stands for; less where a collector begins or ends."""

_MOST_TEXT_BYTES: Final = 1 << 24
"""Of the events that are merged, each as wide as the widest: what a reader takes."""

_MOST_EVENT_NUMBERS: Final = MOST_NUMBERS // 4
"""Of their columns: what a reader takes, and is not too much to hold."""

_Records = TypeVar("_Records", bound=RecordTable)


def merged(moments: Sequence[Moment]) -> Moment:
    """Return the last of some moments of one collector, with the events of all.

    Counters count from the start of the collector, so that the last has their sum.
    """
    last = moments[-1]
    if len(moments) == 1:
        return last
    samples = [moment.sample for moment in moments]
    users: dict[int, str] = {}
    cgroups: dict[int, str] = {}
    for moment in moments:
        users.update(moment.answers.users)
        cgroups.update(moment.answers.cgroups)
    return Moment(
        replace(
            last.sample,
            exits=_joined(ExitTable, [sample.exits for sample in samples]),
            starts=_joined(StartTable, [sample.starts for sample in samples]),
            vanished=sum(sample.vanished for sample in samples),
        ),
        Answers(last.answers.arguments, users, cgroups),
        last.source,
        last.opening,
        sum(moment.samples for moment in moments),
    )


def _joined(kind: type[_Records], tables: Iterable[_Records | None]) -> _Records | None:
    known = [table for table in tables if table is not None]
    return kind.joined([table for table in known if len(table)]) if known else None


def groups(moments: Iterable[Moment]) -> Iterator[list[Moment]]:
    """Yield the moments that become one, in order.

    The first and the last moment of each collector stay. A group ends early where its
    events would be too many for a frame. Of all but its last moment only what `merged`
    takes is there: the processes of each are 1.5 MB where there are 5,000.
    """
    group: list[Moment] = []
    kept_s = -np.inf
    opening: int | None = None
    for moment in moments:
        is_first = moment.opening != opening
        if group and (is_first or _is_too_much([*group, moment])):
            yield group
            kept_s, group = group[-1].sample.monotonic_s, []
        if group:
            group[-1] = _events_of(group[-1])
        group.append(moment)
        opening = moment.opening
        # The clock of samples is not exact.
        if is_first or moment.sample.monotonic_s >= kept_s + MERGED_S - 0.5:
            yield group
            kept_s, group = moment.sample.monotonic_s, []
    if group:
        yield group


def _events_of(moment: Moment) -> Moment:
    """Return a moment without its processes, and arguments, which it may share."""
    sample = replace(moment.sample, processes=ProcessTable.empty())
    answers = Answers({}, moment.answers.users, moment.answers.cgroups)
    return replace(moment, sample=sample, answers=answers)


def _is_too_much(moments: Sequence[Moment]) -> bool:
    for name in ("exits", "starts"):
        tables = [getattr(moment.sample, name) for moment in moments]
        known = [table for table in tables if table is not None and len(table)]
        rows = sum(map(len, known))
        if known and rows * len(known[0].FIELDS) > _MOST_EVENT_NUMBERS:
            return True
        for text in ("comm", "cmdline", "exe"):
            widths = [getattr(table, text).dtype.itemsize for table in known]
            if max(widths, default=0) * rows > _MOST_TEXT_BYTES:
                return True
    return False


def marks_of(entries: Entries) -> Mark:
    """Return the marks of all moments in the index of a segment."""
    return Mark(int(np.bitwise_or.reduce(entries["marks"])))


def usage_of(entries: Entries) -> Usage:
    """Return the CPU time of the intervals together; NaN where it is never known."""
    seconds, cores = np.split(entries["usage"].astype(np.float64), [1], axis=1)
    known = np.isfinite(cores) & np.isfinite(seconds)
    total = np.where(known, seconds, 0.0).sum(axis=0)
    used = np.where(known, seconds * np.nan_to_num(cores), 0.0).sum(axis=0)
    mean = np.full(len(total), np.nan)
    np.divide(used, total, out=mean, where=total > 0)
    is_timed = np.isfinite(seconds)
    interval_s = float(seconds[is_timed].sum()) if is_timed.any() else np.nan
    return Usage(interval_s, *mean.tolist())
