"""A recorded host: its processes can be viewed, but not acted on."""

from typing import Final

from montauk_tui.pipeline.frames import FrameSource


class RecordedHost(FrameSource):
    """Frames from a collector that replays."""

    actions: Final = None
