"""The samples of a recording one after the other, for what needs no history."""

from collections.abc import Iterator

from montauk_tui.collectors.replay.lookups import RecordedLookups
from montauk_tui.errors import MomentDamaged
from montauk_tui.model.frame import CollectorStatus
from montauk_tui.model.recording import Moments
from montauk_tui.pipeline.chain import Reading


def readings(
    recording: Moments, first: int, last: int
) -> Iterator[tuple[int, Reading | None]]:
    """Yield the numbers of samples with each sample, None where it is damaged."""
    for number in range(first, last + 1):
        try:
            moment = recording[number]
        except MomentDamaged:
            yield number, None
            continue
        status = CollectorStatus(moment.source, "")
        lookups = RecordedLookups(moment)
        yield number, Reading(moment.sample, status, lookups, moment.opening)
