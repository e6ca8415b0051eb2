"""This machine, recorded while it is watched."""

from montauk_tui.collectors.registry import Opened
from montauk_tui.collectors.replay.recorder import Recorder
from montauk_tui.host.local import LocalHost
from montauk_tui.model.recording import Recording
from montauk_tui.model.schema import Need
from montauk_tui.pipeline.chain import Reading


class RecordingHost(LocalHost):
    """Keeps every sample and look-up in memory, so it is for a limited time."""

    def __init__(self, opened: Opened) -> None:
        """Take an open collector."""
        super().__init__(opened)
        self._recorder = Recorder()

    def read(self, needs: Need) -> Reading:
        """Sample now, and record it; SHR, a usual column, is read for all rows."""
        reading = super().read(needs | Need.SHARED)
        lookups = self._recorder.take(
            reading.sample, reading.status.name, reading.opening, reading.lookups
        )
        return reading._replace(lookups=lookups)

    def recording(self) -> Recording:
        """Return what was recorded so far."""
        return self._recorder.recording()
