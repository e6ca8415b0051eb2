"""The replay collector: hands out the samples of a recording."""

from typing import ClassVar

from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.collectors.replay.lookups import RecordedLookups
from montauk_tui.errors import (
    CollectorFailed,
    CollectorUnavailable,
    MomentDamaged,
    RecordingEnded,
)
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.recording import Moment, Moments
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need


class ReplayCollector(Collector):
    """Each call of `sample` returns the next sample, with all that was recorded.

    `lookups` are those of the sample that was returned last. It reads nothing of the
    machine that it runs on, and opening it again starts with the first sample.
    """

    name: ClassVar[str] = "replay"

    def __init__(self, recording: Moments) -> None:
        """Take a recording."""
        self._recording = recording
        self._next = 0
        self._is_open = False
        self.moment: Moment
        """The moment of the last sample; the first one before that."""
        self.damaged = 0
        """Samples that could not be read."""

    @property
    def detail(self) -> str:
        """The collector of the last sample, and the position of the sample."""
        total = len(self._recording)
        if not total:
            return "no sample"
        damaged = f", {self.damaged} damaged" if self.damaged else ""
        merged = self.moment.samples
        thinned = f", thinned from {merged:,}" if merged > 1 else ""
        note = f", {note}" if (note := self.moment.note) else ""
        about = f"{thinned}{note}{damaged}"
        return f"{self.moment.source}, sample {self._next} of {total}{about}"

    @property
    def position(self) -> int:
        """The number of the last sample, from 0; -1 before the first."""
        return self._next - 1

    def availability(self) -> Availability:
        """Tell whether there is a sample."""
        if len(self._recording):
            return Availability(available=True)
        return Availability(
            available=False,
            reason="the recording is empty",
            remedy="record at least one sample",
        )

    def open(self) -> None:
        """Start with the first sample.

        Raises:
            CollectorUnavailable: There is none.
            RecordingEnded: None can be read.
        """
        state = self.availability()
        if not state.available:
            raise CollectorUnavailable(state.reason, state.remedy)
        self._is_open = True
        first = self._recording.timeline.first
        self.go_to(first)
        self._advance()
        self.go_to(first)
        self.damaged = 0

    def go_to(self, number: int) -> None:
        """Let the next sample be the one of this number."""
        self._next = number

    def sample(self, needs: Need) -> Sample:  # noqa: ARG002 - nothing costs more
        """Return the next sample.

        Raises:
            CollectorFailed: It is not open.
            RecordingEnded: There is no later sample.
        """
        if not self._is_open:
            raise CollectorFailed("the replay collector is not open")
        self._advance()
        return self.moment.sample

    def _advance(self) -> None:
        """Take the next moment that can be read."""
        while self._next < len(self._recording):
            self._next += 1
            try:
                self.moment = self._recording[self._next - 1]
            except MomentDamaged:
                self.damaged += 1
            else:
                self.lookups: Lookups = RecordedLookups(self.moment)
                return
        raise RecordingEnded(f"the recording ends after sample {self._next}")

    def close(self) -> None:
        """Stop; the look-ups handed out stay valid."""
        self._is_open = False
