"""The replay collector: hands out the samples of a recording."""

from typing import ClassVar

from montauk_tui.collectors.base import Availability, Collector
from montauk_tui.collectors.replay.lookups import RecordedLookups
from montauk_tui.collectors.replay.recording import Moment, Recording
from montauk_tui.errors import CollectorFailed, CollectorUnavailable, RecordingEnded
from montauk_tui.model.lookups import Lookups
from montauk_tui.model.sample import Sample
from montauk_tui.model.schema import Need


class ReplayCollector(Collector):
    """Each call of `sample` returns the next sample, with all that was recorded.

    `lookups` are those of the sample that was returned last. It reads nothing of the
    machine that it runs on, and opening it again starts with the first sample.
    """

    name: ClassVar[str] = "replay"

    def __init__(self, recording: Recording) -> None:
        """Take a recording."""
        self._recording = recording
        self._next = 0
        self._is_open = False

    @property
    def detail(self) -> str:
        """The collector of the last sample, and the position of the sample."""
        total = len(self._recording.moments)
        if not total:
            return "no sample"
        return f"{self.moment.source}, sample {self._next} of {total}"

    @property
    def moment(self) -> Moment:
        """The moment of the last sample; the first one before that."""
        return self._recording.moments[max(0, self._next - 1)]

    def availability(self) -> Availability:
        """Tell whether there is a sample."""
        if self._recording.moments:
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
        """
        state = self.availability()
        if not state.available:
            raise CollectorUnavailable(state.reason, state.remedy)
        self._next = 0
        self._is_open = True
        self.lookups: Lookups = RecordedLookups(self.moment)

    def sample(self, needs: Need) -> Sample:  # noqa: ARG002 - nothing costs more
        """Return the next sample.

        Raises:
            CollectorFailed: It is not open.
            RecordingEnded: There is no later sample.
        """
        if not self._is_open:
            raise CollectorFailed("the replay collector is not open")
        if self._next == len(self._recording.moments):
            raise RecordingEnded(f"the recording ends after sample {self._next}")
        self._next += 1
        self.lookups = RecordedLookups(self.moment)
        return self.moment.sample

    def close(self) -> None:
        """Stop; the look-ups handed out stay valid."""
        self._is_open = False
